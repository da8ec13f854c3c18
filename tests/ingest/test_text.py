from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import Block, BlockKind, Source
from ingest.lines import join_lines, join_pair
from ingest.numbering import numbering, scheme_levels
from ingest.parse.text import TextParser


def read(text: str) -> list[tuple[str, int, str]]:
    return [shape(block) for block in TextParser().parse_text(text).blocks]


def shape(block: Block) -> tuple[str, int, str]:
    return (block.kind.value, block.level, block.text)


def test_hard_wrapped_english_is_joined() -> None:
    text = (
        "The committee met on Monday to discuss the budget for the coming year and\n"
        "agreed that the depart-\n"
        "ment needs a well-\n"
        "known auditor before the end of the first quarter, which is close by now.\n"
        "\n"
        "A second paragraph follows here and it is wrapped at the same width as is\n"
        "the first one.\n"
    )
    assert read(text) == [
        (
            "paragraph",
            0,
            "The committee met on Monday to discuss the budget for the coming year and agreed that "
            "the department needs a well-known auditor before the end of the first quarter, which "
            "is close by now.",
        ),
        (
            "paragraph",
            0,
            "A second paragraph follows here and it is wrapped at the same width as is the first "
            "one.",
        ),
    ]


def test_hard_wrapped_chinese_is_joined_without_spaces() -> None:
    text = (
        "员工每年享有十五天年假，具体安排由部门经\n理决定，并报人事部门备案。当年没有使用的\n"
        "假期可以顺延。\n"
    )
    assert read(text) == [
        ("paragraph", 0, text.replace("\n", "")),
    ]


def test_one_paragraph_to_a_line_stays_so() -> None:
    text = "公司上半年收入增长。\n利润也有所提高，主要由于成本下降。\n下半年预计平稳。\n"
    assert [b[2] for b in read(text)] == text.split("\n")[:3]


def test_chinese_numbering_gives_levels() -> None:
    text = (
        "星河公司员工手册\n\n第一章 总则\n第一条 为了规范管理，制定本手册。\n"
        "第二条 本手册适用于全体员工。\n\n第二章 休假\n\n一、年假\n每年十五天。\n"
        "（一）申请流程\n1. 填写申请表；\n2. 经理批准；\n   - 附上说明\n3. 人事备案。\n"
    )
    parsed = TextParser().parse_text(text)
    assert parsed.title == "星河公司员工手册"
    assert [shape(block) for block in parsed.blocks] == [
        ("heading", 1, "星河公司员工手册"),
        ("heading", 2, "第一章 总则"),
        ("paragraph", 0, "第一条 为了规范管理，制定本手册。"),
        ("paragraph", 0, "第二条 本手册适用于全体员工。"),
        ("heading", 2, "第二章 休假"),
        ("heading", 3, "一、年假"),
        ("paragraph", 0, "每年十五天。"),
        ("heading", 4, "（一）申请流程"),
        ("list_item", 1, "1. 填写申请表；"),
        ("list_item", 1, "2. 经理批准；"),
        ("list_item", 2, "附上说明"),
        ("list_item", 1, "3. 人事备案。"),
    ]


def test_title_under_the_name_of_the_issuer() -> None:
    parsed = TextParser().parse_text(
        "星河科技有限公司\n\n差旅费管理规定\n\n第一章 总则\n\n正文。\n"
    )
    assert parsed.title == "差旅费管理规定"
    assert [shape(block) for block in parsed.blocks] == [
        ("paragraph", 0, "星河科技有限公司"),
        ("heading", 1, "差旅费管理规定"),
        ("heading", 2, "第一章 总则"),
        ("paragraph", 0, "正文。"),
    ]


def test_english_structure() -> None:
    text = (
        "Annual Report\n=============\n\n1. Introduction\n\nSome words about the year.\n\n"
        "1.1 Background\n\n  * first item which is long enough to be wrapped onto\n"
        "    another line\n"
        "  * second\n    1) nested one\n    2) nested two\n\n"
        "    def area(r):\n        return 3.14 * r\n\nRISK FACTORS\n\nThere are some.\n"
    )
    assert read(text) == [
        ("heading", 1, "Annual Report"),
        ("heading", 3, "1. Introduction"),
        ("paragraph", 0, "Some words about the year."),
        ("heading", 4, "1.1 Background"),
        ("list_item", 1, "first item which is long enough to be wrapped onto another line"),
        ("list_item", 1, "second"),
        ("list_item", 2, "1) nested one"),
        ("list_item", 2, "2) nested two"),
        ("code", 0, "def area(r):\n    return 3.14 * r"),
        ("heading", 2, "RISK FACTORS"),
        ("paragraph", 0, "There are some."),
    ]


def test_sentences_with_numbers_are_no_headings() -> None:
    text = "1.5 million people live there.\n\n2021 was a good year.\n\n第三条街道上有一家书店。\n"
    assert [kind for kind, _, _ in read(text)] == ["paragraph"] * 3


@pytest.mark.parametrize("piece", ["x", "word and more. ", "这是一个句子。"])
def test_giant_line_is_cut_in_sensible_time(piece: str) -> None:
    text = piece * (8_000_000 // len(piece))
    started = time.perf_counter()
    blocks = TextParser().parse_text(text).blocks
    assert time.perf_counter() - started < 20
    assert max(len(block.text) for block in blocks) <= 20_000
    got = "".join(block.text for block in blocks)
    assert got.replace(" ", "") == text.replace(" ", "")


@given(st.text(st.sampled_from("ab 。，.1一第章-=*#\n\t　"), max_size=200))
def test_no_letter_is_lost(text: str) -> None:
    def letters(value: str) -> list[str]:
        return sorted(c for c in value if c in "ab。，.1一第章")

    got = "".join(block.text for block in TextParser().parse_text(text).blocks)
    assert letters(got) == letters(text)


def test_encoding_is_recorded() -> None:
    source = Source("a.txt", "本公司成立于二〇〇三年，总部在杭州。".encode("gb18030"), "a.txt")
    parsed = TextParser().parse(source, "text/plain")
    assert parsed.metadata["encoding"] == "gb18030"
    assert parsed.blocks[0].kind is BlockKind.PARAGRAPH


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["one", "two"], "one two"),
        (["exam-", "ple"], "example"),
        (["self-", "locking"], "self-locking"),
        (["New-", "York"], "New-York"),
        (["收入", "增长"], "收入增长"),
        (["收入为", "20%"], "收入为20%"),
        (["see https://", "example.org/a"], "see https://example.org/a"),
        (["737–", "9"], "737–9"),
        (["soft\u00ad", "ware"], "software"),
        (["", "  a  b ", ""], "a b"),
    ],
)
def test_join_lines(lines: list[str], joined: str) -> None:
    assert join_lines(lines) == joined
    if len(lines) == 2:
        assert join_pair(*lines) == joined


@pytest.mark.parametrize(
    ("text", "scheme", "title"),
    [
        ("第七章 企业资信状况", "cn-chapter", "企业资信状况"),
        ("第七章企业资信状况", "cn-chapter", "企业资信状况"),
        ("第二节　主要业务", "cn-section", "主要业务"),
        ("一、发行人概况", "cn-list", "发行人概况"),
        ("（三）其他", "cn-paren", "其他"),
        ("1.2.3 Results", "dec3", "Results"),
        ("1.1 背景", "dec2", "背景"),
        ("2. Methods", "dec1", "Methods"),
        ("1 Introduction", "dec1", "Introduction"),
        ("Article 4 Scope", "article", "Scope"),
        ("Appendix B", "appendix", ""),
        ("ITEM 1A. RISK FACTORS", "item", "RISK FACTORS"),
    ],
)
def test_numbering(text: str, scheme: str, title: str) -> None:
    found = numbering(text)
    assert found is not None
    assert (found.scheme, found.title) == (scheme, title)


@pytest.mark.parametrize(
    "text", ["14 CFR Part 39", "一般来说", "2021 Compared to 2020", "3.5%", "abc"]
)
def test_no_numbering(text: str) -> None:
    assert numbering(text) is None


def test_scheme_levels_follow_what_occurs() -> None:
    assert scheme_levels(["dec2", "cn-chapter", "dec3"]) == {"cn-chapter": 1, "dec2": 2, "dec3": 3}
    assert scheme_levels(["dec1", "dec2"], top=2) == {"dec1": 2, "dec2": 3}
    assert scheme_levels(["dec1", "dec2"], {"dec1": 3}) == {"dec1": 3, "dec2": 4}


RULE = "+------+-----+\n"


@pytest.mark.parametrize(
    "drawn",
    [
        f"{RULE}| Name | Qty |\n+======+=====+\n| a b  | 1   |\n{RULE}| c    | 2   |\n{RULE}",
        f"{RULE}| Name | Qty |\n{RULE}| a b  | 1   |\n| c    | 2   |\n{RULE}",
        "┌──────┬─────┐\n│ Name │ Qty │\n├──────┼─────┤\n│ a b  │ 1   │\n│ c    │ 2   │\n"
        "└──────┴─────┘",
        " Name | Qty\n------+-----\n a b  | 1\n c    | 2",
        "Name\tQty\na b\t1\nc\t2",
        "Name   Qty\n-----  ---\na b    1\nc      2",
        "Name   Qty\na b      1\nc        2",
    ],
)  # fmt: skip
def test_drawn_tables(drawn: str) -> None:
    (_, block) = TextParser().parse_text(f"Before it.\n\n{drawn}\n").blocks
    assert block.table is not None
    assert block.table.rows == (("Name", "Qty"), ("a b", "1"), ("c", "2"))
    assert block.table.header_rows == 1


def test_columns_of_wide_characters_and_a_caption() -> None:
    text = "前面的话。\n\n表1 价格\n项目    单价    数量\n苹果    5       10\n大西瓜  12      3\n"
    blocks = TextParser().parse_text(text).blocks
    assert blocks[1].text == "表1 价格"
    assert blocks[2].table is not None
    assert blocks[2].table.rows[2] == ("大西瓜", "12", "3")


def test_prose_is_no_table() -> None:
    text = "Some prose here\ngoes on  with two blanks\nbut is no table at all\n"
    assert all(b.table is None for b in TextParser().parse_text(text).blocks)


def test_running_heads_of_pages_are_furniture() -> None:
    body = "The report says that the results of the year were good and that the next one"
    others = ("", "", "", "Nothing else of note happened in the fourth quarter.")
    pages = [f"Annual report\n\n{others[n - 1] or body}\n\n{n}" for n in range(1, 5)]
    pages[0] = "Annual report\n\nA first page that says what is to come.\n\n1"
    pages[1] = f"Annual report\n\n{body} will\n\nPage 2 of 4"
    pages[2] = "Annual report\n\nbe better still.\n\n3"
    blocks = TextParser().parse_text("\x0c".join(pages)).blocks
    furniture = [b.text for b in blocks if b.kind is BlockKind.FURNITURE]
    assert furniture == ["Annual report", "1", "Page 2 of 4", "3", "4"]
    text = "\n".join(b.text for b in blocks if b.kind is not BlockKind.FURNITURE)
    assert "the next one will be better still." in text
    assert "Annual report" not in text


def test_a_form_feed_without_pages_loses_nothing() -> None:
    blocks = TextParser().parse_text("One part of it.\x0cAnother part of it.\x0c").blocks
    assert [b.text for b in blocks] == ["One part of it.", "Another part of it."]


def test_numbers_out_of_turn_are_those_of_items() -> None:
    text = (
        "1 Overview\n\nBody one goes here.\n\n2 Risks\n\nBody two goes here.\n\n"
        "1. Form an emergency group\n\n2. Rehearse the loss of a supplier\n\nBody three.\n\n"
        "3 Outlook\n\nBody four.\n"
    )
    assert [kind for kind, _, _ in read(text)] == [
        "heading", "paragraph", "heading", "paragraph", "list_item", "list_item", "paragraph",
        "heading", "paragraph",
    ]  # fmt: skip
    parts = (
        "第一章 甲章",
        "1. 子题",
        "正文。",
        "2. 丑题",
        "正文。",
        "第二章 乙章",
        "1. 寅题",
        "正文。",
    )
    restarted = "\n\n".join(parts)
    assert [level for kind, level, _ in read(restarted) if kind == "heading"] == [1, 2, 2, 1, 2]


def test_an_article_number_alone_is_a_heading() -> None:
    assert read("第一章 总则\n\n第一条\n\n本办法适用于全体员工。\n")[:2] == [
        ("heading", 1, "第一章 总则"),
        ("heading", 2, "第一条"),
    ]


def test_wrapped_articles_are_paragraphs() -> None:
    text = (
        "　　第一章　总则\n\n"
        "　　第一条　为了加强电梯安全管理，预防和减少事故，保障人身和财产安全，根\n"
        "据《中华人民共和国特种设备安全法》等法律、行政法规，结合本市实际，制定本\n条例。\n"
        "　　第二条　本条例适用于本市行政区域内电梯的生产、经营、使用、维护保养、\n"
        "检验、检测及其监督管理。\n"
        "　　第三条　电梯安全工作应当坚持安全第一、预防为主、节能环保、综合治理的\n"
        "原则。\n\n　　第四条　监督检查\n　　监督检查由市场监督管理部门负责。\n"
    )
    assert read(text) == [
        ("heading", 1, "第一章 总则"),
        (
            "paragraph",
            0,
            "第一条 为了加强电梯安全管理，预防和减少事故，保障人身和财产安全，根据《中华人民"
            "共和国特种设备安全法》等法律、行政法规，结合本市实际，制定本条例。",
        ),
        (
            "paragraph",
            0,
            "第二条 本条例适用于本市行政区域内电梯的生产、经营、使用、维护保养、检验、检测及其"
            "监督管理。",
        ),
        (
            "paragraph",
            0,
            "第三条 电梯安全工作应当坚持安全第一、预防为主、节能环保、综合治理的原则。",
        ),
        ("heading", 2, "第四条 监督检查"),
        ("paragraph", 0, "监督检查由市场监督管理部门负责。"),
    ]


def test_wrapped_articles_tell_the_width_where_nothing_else_does() -> None:
    text = (
        "第一章 总则\n\n第一条 为了加强电梯安全管理，预防和减少事故，保障\n人身安全，制定本条例。\n"
    )
    assert [kind for kind, _, _ in read(text)] == ["heading", "paragraph"]
    longer = (
        "第一条 采购人、供应商，及代理机构的权利\n" + "本办法所称采购人，是指购买货物的单位。" * 3
    )
    assert [kind for kind, _, _ in read("第一章 总则\n\n" + longer)] == [
        "heading", "heading", "paragraph",
    ]  # fmt: skip


def test_wrapped_clauses_in_english_are_paragraphs() -> None:
    text = (
        "Article 1. The Supplier shall provide the Services described in Schedule A to\n"
        "the Customer in accordance with good industry practice.\n"
        "Article 2. The Customer shall pay the Fees within thirty days of the date of\n"
        "each invoice, and interest at four per cent runs on late sums.\n\n"
        "Article 3. Term\n\n"
        "3.1 This Agreement begins on the Effective Date and goes on for three years\n"
        "unless it is ended sooner under Article 9.\n\n"
        "3.2 Renewal\nThe parties may renew this Agreement in writing before its end.\n"
    )
    assert read(text) == [
        (
            "paragraph",
            0,
            "Article 1. The Supplier shall provide the Services described in Schedule A to the "
            "Customer in accordance with good industry practice.",
        ),
        (
            "paragraph",
            0,
            "Article 2. The Customer shall pay the Fees within thirty days of the date of each "
            "invoice, and interest at four per cent runs on late sums.",
        ),
        ("heading", 1, "Article 3. Term"),
        (
            "paragraph",
            0,
            "3.1 This Agreement begins on the Effective Date and goes on for three years unless it "
            "is ended sooner under Article 9.",
        ),
        ("heading", 2, "3.2 Renewal"),
        ("paragraph", 0, "The parties may renew this Agreement in writing before its end."),
    ]


def test_a_wrapped_heading_is_one() -> None:
    text = (
        "第一章 关于加强电梯使用管理和维护保养的若干规\n定\n\n"
        "本条例所称电梯，是指动力驱动的设备，不含矿山的\n设备和家用的设备。\n"
    )
    assert read(text) == [
        ("heading", 1, "第一章 关于加强电梯使用管理和维护保养的若干规定"),
        ("paragraph", 0, "本条例所称电梯，是指动力驱动的设备，不含矿山的设备和家用的设备。"),
    ]


def test_a_number_within_wrapped_text_begins_nothing() -> None:
    text = (
        "The parties have agreed that the rules on interest are those that are set out in\n"
        "Article 4 Schedule B of the Act, which has been in force for many years in the\n"
        "country. The sums are paid each quarter of the year by the holder of the shares.\n"
    )
    assert [kind for kind, _, _ in read(text)] == ["paragraph"]


def test_sections_of_an_article_are_headings_below_it() -> None:
    text = "Article 1. Duties\n\nSection 1.1 Position\n\nThe Company employs the Executive.\n"
    assert read(text)[:2] == [
        ("heading", 1, "Article 1. Duties"),
        ("heading", 2, "Section 1.1 Position"),
    ]
