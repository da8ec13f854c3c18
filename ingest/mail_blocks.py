"""A mail as blocks and metadata: a header to read, the best of its bodies, what is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingest.contract import Block, BlockKind, Json, Parsed
from ingest.language import language_of
from ingest.mail import Mail
from ingest.mail_text import is_forward_subject, is_reply_subject, plain_blocks, unflowed

_LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "from": "From: ", "to": "To: ", "cc": "Cc: ", "date": "Date: ", "files": "Attachments: ",
    },
    "zh": {
        "from": "发件人：", "to": "收件人：", "cc": "抄送：", "date": "日期：", "files": "附件：",
    },
}  # fmt: skip
_TNEF = "application/ms-tnef"
_MANY = 500
"""Characters of a list of recipients that are shown; the metadata have them all."""


def parsed_mail(mail: Mail) -> Parsed:
    """The document of a message."""
    is_page = bool(mail.page_url) or mail.sender.startswith("<Saved by")
    body = _body(mail, is_page=is_page)
    head: list[Block] = []
    if mail.subject and not is_page:
        head.append(Block(BlockKind.HEADING, mail.subject, 1))
        body = [_below(block) for block in body]
    shown = "" if is_page else _header(mail, body)
    if shown:
        head.append(Block(BlockKind.PARAGRAPH, shown))
    return Parsed((*head, *body), mail.subject, 0, _metadata(mail, is_page=is_page))


def _below(block: Block) -> Block:
    if block.kind is not BlockKind.HEADING:
        return block
    return Block(block.kind, block.text, block.level + 1)


def _body(mail: Mail, *, is_page: bool) -> list[Block]:
    reply = (mail.is_reply or is_reply_subject(mail.subject)) and not is_forward_subject(
        mail.subject
    )
    text = unflowed(mail.text, delsp=mail.delsp) if mail.flowed else mail.text
    plain = plain_blocks(text, reply=reply, forward=is_forward_subject(mail.subject))
    if not mail.html.strip():
        return plain
    from ingest.mail_html import html_blocks, html_tree, page_blocks

    tree = html_tree(mail.html)
    if tree is None:
        return plain
    rich = page_blocks(tree) if is_page else html_blocks(tree, reply=reply)
    return rich if _is_richer(rich, plain) else plain


def _is_richer(rich: Sequence[Block], plain: Sequence[Block]) -> bool:
    """Whether the HTML body says more than the plain one: it has structure that the plain one
    cannot have, or the plain one is a stub."""
    if not rich:
        return False
    kept = sum(len(block.text) for block in rich)
    stated = sum(len(block.text) for block in plain)
    if stated * 2 < kept:
        return True
    structured = any(block.kind in (BlockKind.TABLE, BlockKind.HEADING) for block in rich)
    return structured and kept * 2 > stated


def _header(mail: Mail, body: Sequence[Block]) -> str:
    """Who wrote to whom and when, in the language of the message."""
    texts = [mail.subject, *(b.text for b in body if b.kind is not BlockKind.FURNITURE)]
    labels = _LABELS["zh" if language_of(texts) in ("zh", "mixed") else "en"]
    fields = (("from", mail.sender), ("to", mail.to), ("cc", mail.cc), ("date", _day(mail.date)))
    lines = [labels[key] + _short(value) for key, value in fields if value]
    if mail.attachments:
        lines.append(labels["files"] + _short(", ".join(item.name for item in mail.attachments)))
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= _MANY else text[: _MANY - 1] + "…"


def _day(date: str) -> str:
    """`2024-01-31 10:05 +08:00` of an ISO 8601 date."""
    return f"{date[:10]} {date[11:16]} {date[19:]}".strip() if len(date) >= 16 else date


def _metadata(mail: Mail, *, is_page: bool) -> dict[str, Json]:
    stated = {
        "from": "" if is_page else mail.sender,
        "author": "" if is_page else mail.sender,
        "to": mail.to,
        "cc": mail.cc,
        "date": mail.date,
        "created": mail.date,
        "message_id": mail.message_id,
        "url": mail.page_url,
    }
    found: dict[str, Json] = {key: value for key, value in stated.items() if value}
    if mail.attachments and not is_page:
        found["attachments"] = [item.name for item in mail.attachments]
    if any(item.media_type == _TNEF for item in mail.attachments):
        found["note"] = "part of the message is in Outlook's own format (winmail.dat), not read"
    return found
