from __future__ import annotations

import base64
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from compound_file import (
    attached_message,
    compound_file,
    outlook_attachment,
    outlook_recipient,
    outlook_tree,
)
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import BlockKind, Document, Failure, Source, UnreadableFile
from ingest.mail import read_mail
from ingest.mail_text import paragraphs, plain_blocks, unflowed
from ingest.pipeline import read, unpacked

HEAD = "From: Ann <ann@x.com>\nTo: Bob <bob@x.com>\nDate: Mon, 1 Jan 2024 10:00:00 +0800\n"


def mail(body: str, subject: str = "Budget", more: str = "") -> Document:
    text = f"{HEAD}Subject: {subject}\n{more}Content-Type: text/plain; charset=utf-8\n\n{body}"
    return read(Source("a.eml", text.encode(), "a.eml"))


def texts(document: Document, kind: BlockKind) -> list[str]:
    return [block.text for block in document.blocks if block.kind is kind]


def body_of(document: Document) -> list[str]:
    return texts(document, BlockKind.PARAGRAPH)[1:]


def test_header_is_title_metadata_and_a_paragraph() -> None:
    document = mail("Text.", more="Cc: Cy <cy@x.com>\nMessage-ID: <1@x>\n")
    assert document.title == "Budget"
    assert document.media_type == "message/rfc822"
    assert document.metadata["from"] == "Ann <ann@x.com>"
    assert document.metadata["to"] == "Bob <bob@x.com>"
    assert document.metadata["cc"] == "Cy <cy@x.com>"
    assert document.metadata["date"] == "2024-01-01T10:00:00+08:00"
    assert document.metadata["message_id"] == "1@x"
    assert texts(document, BlockKind.HEADING) == ["Budget"]
    assert texts(document, BlockKind.PARAGRAPH)[0] == (
        "From: Ann <ann@x.com>\nTo: Bob <bob@x.com>\nCc: Cy <cy@x.com>\n"
        "Date: 2024-01-01 10:00 +08:00"
    )
    chinese = mail("预算已经通过，请各部门按照附件执行。谢谢大家的配合与支持。", subject="预算")
    assert texts(chinese, BlockKind.PARAGRAPH)[0].startswith("发件人：Ann")


@pytest.mark.parametrize(
    ("body", "aside"),
    [
        ("On Mon, 1 Jan 2024 Bob <b@x.com> wrote:\n> Old words.\n> More.", "Old words."),
        (
            "On Mon, 1 Jan 2024 at 9:00 AM Bob Example\n<b@x.com> wrote:\n\n> Old words.",
            "Old words.",
        ),
        ("在 2024年1月1日，Bob <b@x.com> 写道：\n> 旧的内容。", "旧的内容。"),
        ("Bob <b@x.com> 于2024年1月1日周一 09:00写道：\n\n旧的内容。", "旧的内容。"),
        ("-----Original Message-----\nFrom: Bob\n\nOld words.", "Old words."),
        ("------------------ 原始邮件 ------------------\n发件人: Bob\n\n旧的内容。", "旧的内容。"),
        ("From: Bob\nSent: Monday\nTo: Ann\nSubject: Budget\n\nOld words.", "Old words."),
        (
            "发件人: Bob\n发送时间: 2024年1月1日\n收件人: Ann\n主题: 预算\n\n旧的内容。",
            "旧的内容。",
        ),
    ],
)
def test_quoted_message_of_a_reply_is_furniture(body: str, aside: str) -> None:
    document = mail(f"New words, which count.\n\n{body}\n", subject="Re: Budget")
    assert body_of(document) == ["New words, which count."]
    assert aside in "\n".join(texts(document, BlockKind.FURNITURE))


def test_what_is_not_certainly_quoted_is_kept() -> None:
    interleaved = mail("On 1 Jan 2024 Bob wrote:\n> Q1?\nA1.\n> Q2?\nA2.\n", subject="Re: Budget")
    assert "Q1?" in interleaved.text
    assert texts(interleaved, BlockKind.FURNITURE) == []
    no_reply = mail("As follows.\n\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: B\n\nText.\n")
    assert "Text." in body_of(no_reply)
    quoting = mail("She said:\n> Words to keep.\nAnd then she left.\n")
    assert "Words to keep." in "\n".join(body_of(quoting))
    only_quoted = mail("> Nothing but this.\n", subject="Re: Budget")
    assert body_of(only_quoted) == ["> Nothing but this."]


@pytest.mark.parametrize(
    ("subject", "mark"),
    [
        ("Fwd: Budget", "---------- Forwarded message ---------"),
        ("Budget", "Begin forwarded message:"),
        ("转发: 预算", "-----原始邮件-----"),
        ("FW: Budget", "-----Original Message-----"),
    ],
)
def test_forwarded_message_is_kept(subject: str, mark: str) -> None:
    document = mail(f"See below.\n\n{mark}\nFrom: Bob\nDate: x\nTo: y\n\nInner words.", subject)
    assert "Inner words." in body_of(document)


def test_signatures_are_furniture() -> None:
    document = mail("Words.\n\n-- \nAnn Example\nHead of Things\n")
    assert body_of(document) == ["Words."]
    assert "Head of Things" in texts(document, BlockKind.FURNITURE)[0]
    assert body_of(mail("Words.\n\nSent from my iPhone\n")) == ["Words."]
    assert body_of(mail("文字。\n\n发自我的 iPhone\n")) == ["文字。"]
    dashes = mail("Above.\n-- \n" + "\n\n".join(f"Paragraph {n}." for n in range(30)))
    assert "Paragraph 29." in body_of(dashes)


@pytest.mark.parametrize(
    ("declared", "used"),
    [("gb2312", "gb18030"), ("gbk", "gb18030"), ("us-ascii", "gb18030"), ("iso-8859-1", "gbk"),
     ("", "gbk"), ("nonsense", "utf-8"), ("utf-8", "gb18030"), ("big5", "big5"), ("hz", "hz"),
     ("iso-2022-jp", "iso-2022-jp"), ("utf-7", "utf-7")],
)  # fmt: skip
def test_charset_trouble(declared: str, used: str) -> None:
    text = (
        "今日は会議です。"
        if used == "iso-2022-jp"
        else "會議紀要請查收謝謝合作"
        if used == "big5"
        else ("会议纪要，请查收，谢谢合作。")
    )
    if used == "gb18030":
        text += "镕喆"
    charset = f"; charset={declared}" if declared else ""
    head = f"{HEAD}Subject: x\nContent-Type: text/plain{charset}\n\n"
    assert read_mail(head.encode() + text.encode(used)).text == text


def test_western_mail_stays_western() -> None:
    head = f"{HEAD}Subject: x\nContent-Type: text/plain; charset=iso-8859-1\n\n".encode()
    assert read_mail(head + "Grüße aus München, René".encode("latin-1")).text.endswith("René")


def test_header_words_in_any_encoding() -> None:
    half = "中文主题".encode()
    words = [base64.b64encode(piece).decode() for piece in (half[:4], half[4:])]
    cut = f"Subject: =?utf-8?B?{words[0]}?=\n =?utf-8?B?{words[1]}?= tail\n"
    assert read_mail(cut.encode() + b"\nx").subject == "中文主题 tail"
    assert read_mail("Subject: 关于合同\nFrom: 张三 <z@x.cn>\n\nx".encode("gbk")).sender == (
        "张三 <z@x.cn>"
    )
    gb = base64.b64encode("王喆".encode("gb18030")).decode()
    assert read_mail(f"From: =?gb2312?B?{gb}?= <a@b>\n\nx".encode()).sender == "王喆 <a@b>"
    assert read_mail(b"Subject: =?utf-8?B?%%%?= x\n\nx").subject
    assert read_mail(b"Date: not a date\nFrom: <<<>>>,,\n\nx").date == ""


def with_attachments(*names: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Files"
    message["From"] = "a@x"
    message.set_content("See the files.")
    for name in names:
        message.add_attachment(b"data of " + name.encode(), "application", "pdf", filename=name)
    return message


def test_attachments_come_out_under_the_mail() -> None:
    inner = with_attachments("deep.pdf")
    message = with_attachments("报告.pdf", "a.pdf", "a.pdf", "../../etc/passwd")
    message.add_attachment(inner)
    source = Source("in/m.eml", message.as_bytes(), "m.eml", {"team": "hr"})
    found = list(unpacked(source))
    assert [member.document_id for member in found] == [
        "in/m.eml/报告.pdf", "in/m.eml/a.pdf", "in/m.eml/a (2).pdf", "in/m.eml/passwd",
        "in/m.eml/Files.eml", "in/m.eml/Files.eml/deep.pdf",
    ]  # fmt: skip
    assert all(isinstance(m, Source) and m.metadata["container"] == "in/m.eml" for m in found)
    document = read(source)
    names = document.metadata["attachments"]
    assert names == ("报告.pdf", "a.pdf", "a.pdf", "passwd", "Files.eml")
    assert "See the files." in document.text


def test_names_of_attachments_in_every_way() -> None:
    parts = [
        b'Content-Type: application/pdf; name="=?gb2312?B?'
        + base64.b64encode("报告.pdf".encode("gbk"))
        + b'?="',
        b"Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.pdf",
        b"Content-Disposition: attachment; filename*0*=utf-8''%E6%8A%A5; filename*1*=%E5%91%8A.pdf",
        b'Content-Disposition: attachment; filename="' + "报告.pdf".encode("gbk") + b'"',
        b'Content-Disposition: attachment; filename="' + "报告.pdf".encode() + b'"',
        b'Content-Disposition: attachment; filename="%E6%8A%A5%E5%91%8A.pdf"',
    ]
    body = b"".join(b"--b\n" + part + b"\n\nx\n" for part in parts)
    data = b"Subject: c\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    names = [item.name for item in read_mail(data + body + b"--b--\n").attachments]
    assert names == ["报告.pdf"] * len(parts)


def test_logos_within_the_text_and_signatures_are_no_documents() -> None:
    message = with_attachments()
    message.add_alternative('<p>Hello <img src="cid:logo"> there</p>', subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(b"\x89PNG\r\n\x1a\n" + bytes(100), "image", "png", cid="<logo>")  # type: ignore[union-attr]
    message.add_attachment(b"sig", "application", "pgp-signature", filename="signature.asc")
    message.add_attachment(b"tnef", "application", "ms-tnef", filename="winmail.dat")
    found = list(unpacked(Source("m.eml", message.as_bytes(), "m.eml")))
    assert [type(member) for member in found] == [Failure]
    assert "winmail.dat" in str(found[0])
    assert "winmail.dat" in str(read(Source("m.eml", message.as_bytes(), "m.eml")).metadata["note"])


def test_html_body_is_taken_where_it_says_more() -> None:
    message = with_attachments()
    message.replace_header("Subject", "Re: 预算")
    message.add_alternative(
        "<style>p{}</style><p>新的数字在这里。</p><table><tr><th>项</th><th>数</th></tr>"
        "<tr><td>甲</td><td>3</td></tr></table>"
        '<div class="gmail_signature">签名</div>'
        '<div class="gmail_quote">写道：<blockquote type="cite">旧的内容</blockquote></div>',
        subtype="html",
    )
    document = read(Source("m.eml", message.as_bytes(), "m.eml"))
    (table,) = (block.table for block in document.blocks if block.table)
    assert table.rows == (("项", "数"), ("甲", "3"))
    assert "旧的内容" in "".join(texts(document, BlockKind.FURNITURE))
    assert "签名" in "".join(texts(document, BlockKind.FURNITURE))
    assert "旧的内容" not in "".join(body_of(document))


def test_plain_body_is_taken_where_both_say_the_same() -> None:
    message = with_attachments()
    message.add_alternative("<div>See the <b>files</b>.</div>", subtype="html")
    assert body_of(read(Source("m.eml", message.as_bytes(), "m.eml"))) == ["See the files."]


def test_page_saved_as_mhtml_is_read_as_a_page() -> None:
    page = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://x.org/a\nSubject: A page\n"
        "Date: Mon, 1 Jan 2024 10:00:00 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="b"\n\n--b\n'
        "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        "<html><nav>Home About</nav><main><h1>A page</h1><p>"
        + "Main words here. "
        * 20
        + "</p></main></html>\n"
        "--b\nContent-Type: text/css\nContent-Location: x.css\n\np {}\n--b--\n"
    )
    source = Source("a.mhtml", page.encode(), "a.mhtml")
    document = read(source)
    assert document.metadata["url"] == "https://x.org/a"
    assert "Main words here." in document.text
    assert "Saved by" not in document.text
    assert "Home About" not in document.text
    assert list(unpacked(source)) == []


def test_flowed_text_loses_its_soft_breaks() -> None:
    text = "One line \ngoes on.\n\n> quoted \n> too\n>> deeper\nnew\n-- \nsig\n"
    assert unflowed(text, delsp=False) == (
        "One line goes on.\n\n> quoted too\n> deeper\nnew\n-- \nsig\n"
    )
    assert unflowed("中文 \n文字\n", delsp=True) == "中文文字\n"


def test_lists_and_short_lines_keep_their_form() -> None:
    lines = ["Dear all,", "please note:", "- one thing", "- another", "", "Best regards,", "Ann"]
    blocks = list(paragraphs(lines))
    assert [(b.kind, b.text) for b in blocks] == [
        (BlockKind.PARAGRAPH, "Dear all,\nplease note:"),
        (BlockKind.LIST_ITEM, "one thing"),
        (BlockKind.LIST_ITEM, "another"),
        (BlockKind.PARAGRAPH, "Best regards,\nAnn"),
    ]


BODY_LINES = [
    "a b", "> q", "", "On 1 Jan Bob wrote:", "-- ", "- item", "From: x", "Sent: y", "To: z",
    "-----Original Message-----",
]  # fmt: skip


@given(st.lists(st.sampled_from(BODY_LINES), max_size=12), st.booleans(), st.booleans())
def test_no_word_of_a_body_is_lost(lines: list[str], reply: bool, forward: bool) -> None:
    blocks = plain_blocks("\n".join(lines), reply=reply, forward=forward)
    got = "".join("".join(block.text.split()) for block in blocks)
    for word in ("ab", "q", "item", "Bob", "x", "y", "z"):
        wanted = "".join("".join(line.split()) for line in lines).count(word)
        assert got.count(word) >= wanted
    if any(line.strip(" -") for line in lines):
        assert any(block.kind is not BlockKind.FURNITURE for block in blocks)


def test_mailbox_is_its_messages() -> None:
    envelope = "From ann@x.com Mon Jan  1 10:00:00 2024\n"
    one = f"{envelope}{HEAD}Subject: One\n\nFirst.\n>From here on quoted.\n\n"
    data = (one + one.replace("One", "Two").replace("First", "Second")).encode()
    found = [m for m in unpacked(Source("a.mbox", data, "a.mbox")) if isinstance(m, Source)]
    assert [member.document_id for member in found] == [
        "a.mbox/message 1.eml",
        "a.mbox/message 2.eml",
    ]
    assert [read(member).title for member in found] == ["One", "Two"]
    assert "\nFrom here on" in found[0].data.decode()


REPLY = "同意。\r\n\r\n发件人: B\r\n发送时间: 1\r\n收件人: A\r\n\r\n旧的。"


def outlook() -> bytes:
    inner = outlook_tree(
        {0x37: "内部主题", 0x1000: "内部正文在这里。", 0x0C1A: "李四", 0x5D01: "li@x.cn"},
        top=False,
        attachments=[outlook_attachment("深.txt", b"deep")],
    )
    return compound_file(
        outlook_tree(
            {0x37: "RE: 合同", 0x1000: REPLY,
             0x0C1A: "张三", 0x5D01: "z@x.cn", 0x1035: "<1@x>"},
            sent=datetime(2024, 1, 2, 3, 4, tzinfo=UTC),
            recipients=[outlook_recipient("Ann", "a@x"), outlook_recipient("Bob", "b@x", 2)],
            attachments=[outlook_attachment("报告.txt", b"hello" * 2000), attached_message(inner)],
        )
    )  # fmt: skip


def test_outlook_message_is_read_as_a_mail() -> None:
    source = Source("m.msg", outlook(), "m.msg")
    document = read(source)
    assert document.title == "RE: 合同"
    assert document.media_type == "application/vnd.ms-outlook"
    assert document.metadata["from"] == "张三 <z@x.cn>"
    assert document.metadata["to"] == "Ann <a@x>"
    assert document.metadata["cc"] == "Bob <b@x>"
    assert document.metadata["date"] == "2024-01-02T03:04:00+00:00"
    assert body_of(document) == ["同意。"]
    found = [member for member in unpacked(source) if isinstance(member, Source)]
    assert [member.document_id for member in found] == [
        "m.msg/报告.txt", "m.msg/内部主题.eml", "m.msg/内部主题.eml/深.txt"
    ]  # fmt: skip
    assert found[0].data == b"hello" * 2000
    inner = read(found[1])
    assert (inner.title, inner.metadata["from"]) == ("内部主题", "李四 <li@x.cn>")
    assert "内部正文在这里。" in inner.text


@pytest.mark.parametrize("cut", [600, 2000, 5000])
def test_damaged_outlook_message_gives_a_reason(cut: int) -> None:
    with pytest.raises(UnreadableFile):
        read(Source("m.msg", outlook()[:cut], "m.msg"))
