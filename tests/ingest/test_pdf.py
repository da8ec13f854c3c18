from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import pytest
from tagged_pdf import build_tagged

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.parse import pdf as pdf_module
from ingest.parse.pdf import PdfParser
from ingest.pdf_layout import Grid, Line, Region, Span, is_page_number, reading_order
from ingest.pdf_tables import count_header_rows, is_contents, table_of
from ingest.tables import column_names

pymupdf: Any = import_module("pymupdf")
PAGE = pymupdf.paper_rect("a4")
SENTENCE = "公司全年实现营业收入一百二十亿元，同比增长百分之八，主要来自海外市场的拓展。"
RISK = "原材料价格上涨可能影响利润水平，公司将采取套期保值等措施加以应对，"
HTML = f"""
<h1>星河公司年度报告</h1>
<h2>第一章 经营情况</h2><p>{SENTENCE * 5}</p>
<h3>第一节 收入</h3><p>各分部收入如下。</p>
<ul><li>第一项内容</li><li>第二项内容</li></ul>
<h2>第二章 风险因素</h2><p>{RISK * 60}到此为止。</p>
<h2>Appendix A Notes</h2><p>The end of the report is here, with an example of plain words.</p>
"""


def story(html: str) -> bytes:
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    text = pymupdf.Story(html)
    more = 1
    while more:
        device = writer.begin_page(PAGE)
        more, _ = text.place(pymupdf.Rect(60, 80, PAGE.width - 60, PAGE.height - 80))
        text.draw(device)
        writer.end_page()
    writer.close()
    return buffer.getvalue()


def running(data: bytes) -> bytes:
    """The PDF with a header and a page number on every page."""
    document = pymupdf.open(stream=data)
    for number, page in enumerate(document, start=1):
        page.insert_text((60, 40), "Annual Report 2023 of Xinghe", fontsize=9)
        page.insert_text((290, 815), str(number), fontsize=9)
    return bytes(document.tobytes())


def ruled(rows: Sequence[Sequence[str]], rotation: int = 0) -> bytes:
    """A page with a paragraph and a ruled table."""
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 80), "The table lists the revenue of each segment by year.", fontsize=11)
    height, width, top, left = 24, 110, 110, 72
    for index in range(len(rows) + 1):
        y = top + index * height
        page.draw_line((left, y), (left + width * len(rows[0]), y))
    for index in range(len(rows[0]) + 1):
        x = left + index * width
        page.draw_line((x, top), (x, top + height * len(rows)))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            page.insert_text((left + c * width + 8, top + r * height + 16), cell, fontsize=10)
    page.insert_text((72, 600), "A closing sentence stands below the table.", fontsize=11)
    page.set_rotation(rotation)
    return bytes(document.tobytes())


def parse(data: bytes, layout: bool = True) -> Parsed:
    return PdfParser(layout).parse(Source("a.pdf", data, "a.pdf"), "application/pdf")


@cache
def report(layout: bool) -> Parsed:
    return parse(running(story(HTML)), layout)


def of_kind(parsed: Parsed, kind: BlockKind) -> list[Block]:
    return [block for block in parsed.blocks if block.kind is kind]


@pytest.mark.parametrize("layout", [True, False])
def test_headings_have_the_levels_of_their_numbers(layout: bool) -> None:
    levels = {b.text: b.level for b in of_kind(report(layout), BlockKind.HEADING)}
    chapter = levels["第一章 经营情况"]
    assert levels["第二章 风险因素"] == levels["Appendix A Notes"] == chapter
    assert levels["第一节 收入"] == chapter + 1
    assert report(layout).title == "星河公司年度报告"


@pytest.mark.parametrize("layout", [True, False])
def test_paragraph_over_the_page_break_is_one_block(layout: bool) -> None:
    parsed = report(layout)
    blocks = [b for b in of_kind(parsed, BlockKind.PARAGRAPH) if b.text.startswith(RISK)]
    assert [b.text for b in blocks] == [RISK * 60 + "到此为止。"]
    assert [box.page for box in blocks[0].boxes] == [1, 2]
    assert parsed.page_count == 2


@pytest.mark.parametrize("layout", [True, False])
def test_running_header_and_page_number_are_furniture(layout: bool) -> None:
    document = pymupdf.open(stream=story(HTML.replace(RISK * 60, RISK * 150)))
    parsed = parse(running(document.tobytes()), layout)
    assert parsed.page_count >= 3
    kept = "".join(b.text for b in parsed.blocks if b.kind is not BlockKind.FURNITURE)
    assert "Annual Report 2023" not in kept
    furniture = [b.text for b in of_kind(parsed, BlockKind.FURNITURE)]
    assert {"1", "2", "3"} <= set(furniture)


@pytest.mark.parametrize("layout", [True, False])
def test_no_character_is_lost(layout: bool) -> None:
    data = running(story(HTML))
    raw = Counter(c for page in pymupdf.open(stream=data) for c in page.get_text() if c.isalnum())
    got = Counter(c for block in parse(data, layout).blocks for c in block.text if c.isalnum())
    assert raw - got == Counter()


@pytest.mark.parametrize("layout", [True, False])
def test_list_items_lose_their_bullets(layout: bool) -> None:
    items = of_kind(report(layout), BlockKind.LIST_ITEM)
    assert [(item.text, item.level) for item in items] == [("第一项内容", 1), ("第二项内容", 1)]


@pytest.mark.parametrize("rotation", [0, 90])
def test_table_has_its_cells_and_header(rotation: int) -> None:
    rows = [
        ["Segment", "Revenue 2020", "Revenue 2021", "Change"],
        ["Mobility", "6,089", "6,953", "14 %"],
        ["Delivery", "3,904", "8,362", "114 %"],
        ["Freight", "1,011", "2,132", "111 %"],
    ]
    # A turned page is shown turned: its boxes are in the coordinates of what is seen.
    parsed = parse(ruled(rows, rotation))
    width, height = (PAGE.width, PAGE.height) if rotation == 0 else (PAGE.height, PAGE.width)
    for block in parsed.blocks:
        box = block.boxes[0]
        assert 0 <= box.x0 < box.x1 <= width + 1
        assert 0 <= box.y0 < box.y1 <= height + 1
    text = "\n".join(block.text for block in parsed.blocks)
    assert all(cell in text for row in rows for cell in row)
    if rotation == 0:
        (block,) = of_kind(parsed, BlockKind.TABLE)
        assert block.table is not None
        assert [list(row) for row in block.table.rows] == rows
        assert block.table.header_rows == 1
        assert "| Delivery | 3,904 | 8,362 | 114 % |" in block.text


def test_boxes_lie_where_the_text_is() -> None:
    data = running(story(HTML))
    document = pymupdf.open(stream=data)
    for block in report(True).blocks:
        if block.kind is BlockKind.HEADING:
            box = block.boxes[0]
            clip = pymupdf.Rect(box.x0 - 2, box.y0 - 4, box.x1 + 2, box.y1 + 4)
            found = document[box.page - 1].get_text(clip=clip).split()
            assert "".join(found) == block.text.replace(" ", "")


def test_outline_decides_levels() -> None:
    document = pymupdf.open(stream=story(HTML))
    document.set_toc(
        [
            [1, "星河公司年度报告", 1],
            [2, "第一章 经营情况", 1],
            [3, "第一节 收入", 1],
            [2, "第二章 风险因素", 1],
        ]
    )
    levels = {b.text: b.level for b in of_kind(parse(document.tobytes()), BlockKind.HEADING)}
    assert levels["星河公司年度报告"] == 1
    assert levels["第一章 经营情况"] == levels["第二章 风险因素"] == 2
    assert levels["第一节 收入"] == 3


def test_metadata_and_stated_title() -> None:
    document = pymupdf.open(stream=story("<p>Some words stand here, not many.</p>"))
    document.set_metadata(
        {"title": "Real Title", "author": "Li Lei", "creationDate": "D:20220224171056Z"}
    )
    parsed = parse(document.tobytes(), layout=False)
    assert parsed.title == "Real Title"
    assert parsed.metadata["author"] == "Li Lei"
    assert parsed.metadata["created"] == "2022-02-24"
    document.set_metadata({"title": "Microsoft Word - draft.doc"})
    assert parse(document.tobytes(), layout=False).title == ""


def picture_only(pages: int) -> Any:
    document = pymupdf.open()
    pixels = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 60, 60), False)
    pixels.set_rect(pixels.irect, (128,))
    for _ in range(pages):
        document.new_page().insert_image(pymupdf.Rect(50, 50, 500, 700), pixmap=pixels)
    return document


def test_scan_without_text_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"no text layer \(3 pages.*OCR"):
        parse(picture_only(3).tobytes())


def test_pages_without_text_are_told_of() -> None:
    document = picture_only(2)
    document.insert_pdf(pymupdf.open(stream=story("<p>Some words stand here.</p>")))
    parsed = parse(document.tobytes())
    assert parsed.metadata["pages_without_text"] == (1, 2)
    assert parsed.blocks[0].boxes[0].page == 3


def test_encrypted_pdf_is_refused() -> None:
    data = pymupdf.open(stream=story("<p>Secret words.</p>")).tobytes(
        encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"
    )
    with pytest.raises(UnreadableFile, match="is encrypted; it needs its password"):
        parse(data)


def test_owner_password_alone_does_not_lock() -> None:
    data = pymupdf.open(stream=story("<p>Open words.</p>")).tobytes(
        encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="o"
    )
    assert parse(data, layout=False).blocks[0].text == "Open words."


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", b"%PDF-"])
def test_damaged_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        parse(data)


def test_cut_off_pdf_is_refused_or_partly_read() -> None:
    whole = story(HTML)
    for share in (10, 30, 60, 90):
        try:
            parsed = parse(whole[: len(whole) * share // 100], layout=False)
        except UnreadableFile as error:
            assert str(error)
        else:
            assert parsed.blocks


def test_page_is_read_without_layout_where_the_model_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> list[Region]:
        raise RuntimeError("no such tensor")

    monkeypatch.setattr(pdf_module, "model_regions", broken)
    monkeypatch.setattr(pdf_module, "_DOUBT", 0)
    parsed = parse(story("<h1>Heading</h1><p>Some words stand here, not many.</p>"))
    assert [b.text for b in parsed.blocks] == ["Heading", "Some words stand here, not many."]
    assert parsed.metadata["page_errors"] == ("page 1: layout: RuntimeError: no such tensor",)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    parse(story("<p>Some words stand here, not many.</p>"))
    with pytest.raises(UnreadableFile):
        parse(b"%PDF-1.7\n")
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def region(name: str, x0: float, y0: float, x1: float, y1: float) -> Region:
    box = (x0, y0, x1, y1)
    return Region("text", box, [Line((Span(name, box, 10.0),))])


def test_columns_are_read_one_after_the_other() -> None:
    left = [region(f"L{i}", 50, 100 + 60 * i, 290, 150 + 60 * i) for i in range(4)]
    right = [region(f"R{i}", 310, 130 + 70 * i, 550, 190 + 70 * i) for i in range(3)]
    title = region("T", 50, 40, 550, 80)
    foot = region("F", 50, 500, 550, 520)
    mixed = [right[1], left[2], foot, left[0], right[0], title, left[3], right[2], left[1]]
    order = [r.lines[0].text for r in reading_order(mixed)]
    assert order == ["T", "L0", "L1", "L2", "L3", "R0", "R1", "R2", "F"]


def test_lines_that_alternate_sides_are_no_columns() -> None:
    alternating = [
        region("a", 50, 100, 200, 110),
        region("b", 400, 120, 550, 130),
        region("c", 50, 140, 200, 150),
    ]
    assert [r.lines[0].text for r in reading_order(alternating[::-1])] == ["a", "b", "c"]


def word(text: str, x: float, y: float) -> Line:
    return Line((Span(text, (x, y, x + 6.0 * len(text), y + 10), 10.0),))


def test_merged_cell_repeats_its_text_and_currency_finds_its_amount() -> None:
    lines = [
        word("Year", 110, 0),
        word("2020", 110, 20),
        word("2021", 210, 20),
        word("Sales", 0, 40),
        word("$", 110, 40),
        word("5,025", 150, 40),
        word("$", 190, 40),
        word("6,368", 230, 40),
    ]
    grid = Grid((15.0, 35.0), (100.0, 200.0), merged=((0, 0, 1, 2),))
    table = table_of(Region("table", (0, 0, 300, 55), lines, grid))
    assert table is not None
    assert table.rows == (("", "Year", "Year"), ("", "2020", "2021"), ("Sales", "$5,025", "$6,368"))
    assert table.header_rows == 2


def test_table_without_a_useful_grid_is_none() -> None:
    lines = [word("one", 0, 0), word("two", 0, 20)]
    assert table_of(Region("table", (0, 0, 300, 55), lines, None)) is None
    assert table_of(Region("table", (0, 0, 300, 55), lines, Grid((15.0,), ()))) is None


def test_header_rows() -> None:
    assert count_header_rows([["Name", "Age"], ["Ann", "12"], ["Bob", "14"]]) == 1
    assert count_header_rows([["1", "12"], ["2", "14"]]) == 0
    assert count_header_rows([["", "2020", "2021"], ["Sales", "12", "14"]]) == 1


def test_contents_and_page_numbers_are_known() -> None:
    assert is_contents(["One . . . . . . 1", "Two ........ 12", "Three ....... 20"])
    assert not is_contents(["One.", "Two...", "Three"])
    for text in ("12", "- 3 -", "第 3 页", "第3页 共10页", "Page 2 of 9", "iv"):
        assert is_page_number(text)
    for text in ("12 items", "第三页", "Page", "2021年"):
        assert not is_page_number(text)


def columns_page(lines: int, gutter: float = 14.0) -> bytes:
    """A page of two justified columns with a title across, each line told apart by its number."""
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 80), "A title that reaches over both columns", fontsize=20)
    width = (PAGE.width - 144 - gutter) / 2
    for side in range(2):
        for row in range(lines):
            x, y = 72 + side * (width + gutter), 120 + 14 * row
            words = f"line {side} {row} of the column goes on and"
            stretched = pymupdf.get_text_length(words, fontsize=10)
            page.insert_text((x, y), words, fontsize=10 * width / stretched)
    return bytes(document.tobytes())


def test_columns_with_a_narrow_gutter_are_read_one_after_the_other() -> None:
    parsed = parse(columns_page(12), layout=False)
    assert parsed.blocks[0].kind is BlockKind.HEADING
    text = " ".join(block.text for block in parsed.blocks[1:])
    places = [text.index(f"line {side} {row} ") for side in range(2) for row in range(12)]
    assert places == sorted(places)
    assert not of_kind(parsed, BlockKind.TABLE)


def long_table(rows: int, header: bool = True) -> bytes:
    """A ruled table that runs over pages, its two header rows on each of them where asked for."""
    document = pymupdf.open()
    xs, height = [72, 172, 252, 332, 412, 492], 20
    done = 0
    while done < rows:
        page = document.new_page()
        page.insert_text((72, 40), "Quarterly report of the works", fontsize=9)
        y = 80
        for number in range(2 if header or done == 0 else 0):
            for left, right in itertools.pairwise(xs):
                page.draw_line((left, y + height * number), (right, y + height * number))
        if header or done == 0:
            heads = [(72, "Part"), (180, "First half"), (340, "Second half")]
            for x, text in heads:
                page.insert_text((x + 4, y + 14), text, fontname="hebo", fontsize=10)
            for x in (72, 172, 332, 492):
                page.draw_line((x, y), (x, y + height))
            for x, text in zip(xs[1:], ("Plan", "Sold", "Plan", "Sold"), strict=False):
                page.insert_text((x + 4, y + 34), text, fontname="hebo", fontsize=10)
            for x in xs:
                page.draw_line((x, y + height), (x, y + 2 * height))
            page.draw_line((172, y + height), (492, y + height))
            y += 2 * height
        while done < rows and y < 740:
            cells = [f"Part {done}", *(str(1000 + 7 * done + k) for k in range(4))]
            for left, text in zip(xs, cells, strict=False):
                page.insert_text((left + 4, y + 14), text, fontsize=10)
            page.draw_line((72, y), (492, y))
            for x in xs:
                page.draw_line((x, y), (x, y + height))
            y += height
            done += 1
        page.draw_line((72, y), (492, y))
        page.insert_text((290, 815), str(page.number + 1), fontsize=9)
    return bytes(document.tobytes())


@pytest.mark.parametrize("header", [True, False])
def test_table_over_pages_is_one_block_with_its_header_once(header: bool) -> None:
    parsed = parse(long_table(80, header), layout=False)
    (block,) = of_kind(parsed, BlockKind.TABLE)
    assert block.table is not None
    assert [box.page for box in block.boxes] == list(range(1, parsed.page_count + 1))
    assert block.table.header_rows == 2
    names = column_names(block.table)
    assert names[1:] == [
        "First half / Plan", "First half / Sold", "Second half / Plan", "Second half / Sold"
    ]  # fmt: skip
    body = block.table.rows[2:]
    assert [row[0] for row in body] == [f"Part {number}" for number in range(80)]
    assert body[41] == ("Part 41", "1287", "1288", "1289", "1290")
    kept = [b.text for b in parsed.blocks if b.kind is not BlockKind.FURNITURE]
    assert not any("Quarterly report" in text for text in kept)


def test_a_header_at_one_height_on_many_pages_stays_with_its_table() -> None:
    """It runs over the pages as a running head does; amounts go out or in, never both."""
    document = pymupdf.open()
    xs = [72, 172, 272, 372, 472]
    for number in range(4):
        page = document.new_page()
        page.insert_text((72, 40), "Bank of the river", fontsize=9)
        for row in range(12):
            y = 60 + 20 * row
            out, into = ("12.50", "") if (row + number) % 2 else ("", "30.00")
            day = f"2025-0{number + 1}-{row + 1:02}"
            cells = ("Date", "Out", "In", "Balance") if not row else (day, out, into, "47,236.14")
            for x, text in zip(xs, cells, strict=False):
                page.insert_text((x + 4, y + 14), text, fontsize=10)
            for height in (y, y + 20):
                page.draw_line((72, height), (472, height))
            for x in xs:
                page.draw_line((x, y), (x, y + 20))
    parsed = parse(bytes(document.tobytes()), layout=False)
    (block,) = of_kind(parsed, BlockKind.TABLE)
    assert block.table is not None and len(block.table.rows) == 1 + 4 * 11
    assert block.table.rows[:2] == (
        ("Date", "Out", "In", "Balance"), ("2025-01-02", "12.50", "", "47,236.14")
    )  # fmt: skip
    assert "Bank of the river" in {b.text for b in of_kind(parsed, BlockKind.FURNITURE)}


def test_row_that_a_page_break_left_open_is_in_its_table() -> None:
    document = pymupdf.open()
    page = document.new_page()
    for x in (72, 172, 272):
        page.draw_line((x, 66), (x, 126))
    for y in (86, 106, 126):
        page.draw_line((72, y), (272, y))
    for row in range(3):
        page.insert_text((78, 81 + 20 * row), f"Seal {row}", fontsize=10)
        page.insert_text((178, 81 + 20 * row), f"{7 + row} bar", fontsize=10)
    page.insert_text((72, 170), "A sentence stands below the table, not in it.", fontsize=10)
    (block,) = of_kind(parse(document.tobytes(), layout=False), BlockKind.TABLE)
    assert block.table is not None
    assert block.table.rows == (("Seal 0", "7 bar"), ("Seal 1", "8 bar"), ("Seal 2", "9 bar"))


def aligned(rows: Sequence[Sequence[str]]) -> bytes:
    """A table without rules between two paragraphs, its figures to the right."""
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 80), "The table below shows what was sold in the two years.", fontsize=10)
    page.insert_text((330, 112), "Year ended 31 December", fontsize=10, fontname="hebo")
    for number, row in enumerate(rows):
        y = 126 + 15 * number
        page.insert_text((72, y), row[0], fontsize=10)
        for place, cell in enumerate(row[1:]):
            length = pymupdf.get_text_length(cell, fontsize=10)
            page.insert_text((370 + 90 * place - length, y), cell, fontsize=10)
    page.insert_text((72, 300), "All figures are in thousands of euros, and audited.", fontsize=10)
    return bytes(document.tobytes())


def test_table_without_rules_has_its_columns_and_the_head_over_them() -> None:
    rows = [
        ["", "2023", "2024"],
        ["Pumps and valves", "1,204", "1,377"],
        ["Services", "88", "(12)"],
        ["Total", "1,292", "1,365"],
    ]
    (block,) = of_kind(parse(aligned(rows), layout=False), BlockKind.TABLE)
    assert block.table is not None
    heads = block.table.rows[: block.table.header_rows]
    assert all("Year ended 31 December" in "".join(row[c] for row in heads) for c in (1, 2))
    assert [list(row) for row in block.table.rows[block.table.header_rows :]] == rows[1:]


def tagged() -> bytes:
    """A tagged file of two pages, written by hand: a heading, a paragraph that goes on over the
    page, a list, and a table with a cell over two columns and an empty one."""
    return build_tagged(
        [
            ("H1", "Annual report"),
            ("P", "The paragraph begins here and"),
            ("LI", "An item of the list"),
            ("P2", "goes on over the page."),
            ("TABLE", [["Part", "Sold in 2024"], ["Pump", "12", ""], ["Seal", "7", "9"]]),
        ]
    )


def test_tags_tell_headings_paragraphs_over_pages_lists_and_cells() -> None:
    parsed = parse(tagged(), layout=False)
    kinds = [(b.kind, b.level, b.text) for b in parsed.blocks if b.table is None]
    assert kinds == [
        (BlockKind.HEADING, 1, "Annual report"),
        (BlockKind.PARAGRAPH, 0, "The paragraph begins here and goes on over the page."),
        (BlockKind.LIST_ITEM, 1, "An item of the list"),
    ]
    assert [box.page for box in parsed.blocks[1].boxes] == [1, 2]
    (block,) = of_kind(parsed, BlockKind.TABLE)
    assert block.table is not None
    assert block.table.rows == (
        ("Part", "Sold in 2024", "Sold in 2024"),
        ("Pump", "12", ""),
        ("Seal", "7", "9"),
    )


def test_first_heading_of_pages_is_no_running_head() -> None:
    document = pymupdf.open()
    for number in range(1, 5):
        page = document.new_page()
        page.insert_text((72, 40), "Rules of the works", fontsize=9)
        page.insert_text((72, 80), f"Section {number}", fontname="hebo", fontsize=12)
        for row in range(8):
            text = f"Every keeper of part {number} writes line {row} into the book, and signs it."
            page.insert_text((72, 110 + 15 * row), text, fontsize=11)
        page.insert_text((290, 815), f"Page {number}", fontsize=9)
    parsed = parse(document.tobytes(), layout=False)
    heads = [b.text for b in of_kind(parsed, BlockKind.HEADING)]
    assert heads == [f"Section {number}" for number in range(1, 5)]
    kept = " ".join(b.text for b in parsed.blocks if b.kind is not BlockKind.FURNITURE)
    assert "Rules of the works" not in kept
    assert "Page 2" not in kept


def test_sideways_page_is_read_with_boxes_where_it_is_seen() -> None:
    document = pymupdf.open()
    page = document.new_page()
    for row in range(6):
        text = f"Row {row} of a page that was printed on its side, as wide tables are."
        page.insert_text((100 + 16 * row, 700), text, fontsize=10, rotate=90)
    parsed = parse(document.tobytes(), layout=False)
    text = " ".join(block.text for block in parsed.blocks)
    assert [text.index(f"Row {row} ") for row in range(6)] == sorted(
        text.index(f"Row {row} ") for row in range(6)
    )
    (box, *_) = parsed.blocks[0].boxes
    assert 85 <= box.x0 < box.x1 <= 200
    assert 300 <= box.y0 < box.y1 <= 705


def test_password_opens_an_encrypted_file() -> None:
    data = pymupdf.open(stream=story("<p>Secret words.</p>")).tobytes(
        encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"
    )
    source = Source("a.pdf", data, "a.pdf")
    parsed = PdfParser(layout=False, password="u").parse(source, "application/pdf")
    assert parsed.blocks[0].text == "Secret words."
    with pytest.raises(UnreadableFile, match="password"):
        PdfParser(layout=False, password="v").parse(source, "application/pdf")


def test_contents_are_furniture_and_drawn_bullets_are_bullets() -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((72, 80), "Contents", fontname="hebo", fontsize=14)
    for row, name in enumerate(("Pumps", "Valves", "Seals", "Bearings")):
        page.insert_text((72, 110 + 16 * row), f"{name} {'.' * 60} {row + 2}", fontsize=10)
    page.insert_text((72, 220), "The following parts are kept in store:", fontsize=10)
    for row in range(3):
        page.draw_circle((80, 237 + 16 * row), 1.6, fill=(0, 0, 0))
        page.insert_text((92, 240 + 16 * row), f"Part number {row} of the store", fontsize=10)
    parsed = parse(document.tobytes(), layout=False)
    kept = [(b.kind, b.text) for b in parsed.blocks if b.kind is not BlockKind.FURNITURE]
    assert kept == [
        (BlockKind.PARAGRAPH, "The following parts are kept in store:"),
        *((BlockKind.LIST_ITEM, f"Part number {row} of the store") for row in range(3)),
    ]
