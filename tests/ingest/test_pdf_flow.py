"""What reading a PDF decides over its pages: headings, paragraphs, tables and contents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ingest.contract import BlockKind, Box, Table
from ingest.pdf_blocks import Draft
from ingest.pdf_columns import column_groups
from ingest.pdf_flow import (
    demote_cut_sentences,
    join_titles,
    mark_chapter_names,
    mark_page_numbers,
)
from ingest.pdf_gutters import gutters_of
from ingest.pdf_headings import promote_numbered, set_levels, title_of
from ingest.pdf_layout import Line, Span
from ingest.pdf_rows import Row
from ingest.pdf_stitch import mark_contents, mark_repeated_heads, stitch_tables
from ingest.pdf_survey import EdgeRow, _count_of, _counting
from ingest.pdf_tables import without_repeats
from ingest.pdf_tag_gaps import with_gaps
from ingest.pdf_tags import CellPlace
from ingest.tables import to_markdown

H, P, T = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.TABLE
FURNITURE = BlockKind.FURNITURE


def draft(kind: BlockKind, text: str, page: int = 1, size: float = 11.0) -> Draft:
    box = Box(page, 60, 100, 530, 120)
    return Draft(kind, text, [box], size=size, column=(60, 100, 530, 120), page_height=800)


def table(rows: Sequence[Sequence[str]], page: int, edges: tuple[float, ...]) -> Draft:
    made = Table(tuple(map(tuple, rows)), 1)
    out = draft(T, to_markdown(made), page)
    out.table, out.edges, out.column = made, edges, (edges[0], 0, edges[-1], 0)
    return out


def kinds(drafts: Sequence[Draft]) -> list[BlockKind]:
    return [d.kind for d in drafts]


def test_articles_without_a_title_are_headings_as_their_likes_are() -> None:
    body = "本办法所称仓储，是指对危险化学品的存放。"
    drafts = [
        draft(H, "第一条"), draft(P, body),
        draft(P, "第二条"), draft(P, body),
        draft(H, "(一)服务范围"), draft(P, body),
        draft(P, "（二）服务期限 Term"), draft(P, body),
    ]  # fmt: skip
    promote_numbered(drafts)
    assert kinds(drafts) == [H, P] * 4
    names = ["一、概况", "二、业务", "三、数据", "四、股东", "五、事项"]
    drafts = [d for name in names for d in (draft(P, name), draft(P, body))]
    drafts.insert(5, draft(P, "单位：万元"))
    promote_numbered(drafts)
    assert [d.text for d in drafts if d.kind is H] == names
    items = [draft(P, "(1)"), draft(P, body), draft(P, "(2)"), draft(P, body)]
    promote_numbered(items)
    assert kinds(items) == [P] * 4


def test_a_heading_whose_sentence_goes_on_is_the_first_line_of_it() -> None:
    first = "A party prevented from performing shall notify the other within 7 days"
    drafts = [draft(H, first, size=14), draft(P, "and shall furnish evidence."), draft(P, "Next.")]
    joined = demote_cut_sentences(drafts)
    assert [(d.kind, d.text) for d in joined] == [
        (P, f"{first} and shall furnish evidence."),
        (P, "Next."),
    ]
    assert len(joined[0].boxes) == 2
    for head, below in (("Scope", "and so on."), ("2. " + first, "and so on."), (first, "Anyone.")):
        assert kinds(demote_cut_sentences([draft(H, head), draft(P, below)])) == [H, P]


def test_levels_of_headings_without_numbers_go_by_size() -> None:
    drafts = [draft(H, "Title", size=20), draft(H, "One", size=14), draft(H, "Two", size=12)]
    set_levels(drafts, ())
    assert [d.level for d in drafts] == [1, 2, 3]


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Annual Report 2025", "Annual Report 2025"),
        ("Screenshot 2025-07-29 at 00.15.56.png", "The company"),
        ("report-final.DOCX", "The company"),
        ("Microsoft Word - x", "The company"),
        ("", "The company"),
    ],
)
def test_a_file_name_is_no_title(stated: str, title: str) -> None:
    assert title_of([draft(H, "The company", size=20), draft(P, "Text.")], stated) == title


HEAD = ["货号", "口径（mm）", "单价"]


@pytest.mark.parametrize("repeated", [HEAD, ["货号", "口径(mm)", "单 价"]])
def test_a_table_goes_on_under_its_repeated_header_however_wide_it_is(repeated: list[str]) -> None:
    first = table([HEAD, ["A-1", "20", "2.5"]], 1, (60, 150, 300, 530))
    second = table([repeated, ["A-2", "25", "3.5"]], 2, (60, 110, 180, 260))
    (whole,) = stitch_tables([first, second])
    assert whole.table is not None
    assert [row[0] for row in whole.table.rows] == ["货号", "A-1", "A-2"]
    assert [box.page for box in whole.boxes] == [1, 2]


def test_tables_with_other_headers_stay_apart() -> None:
    first = table([["货号", "单价"], ["A-1", "2.5"]], 1, (60, 150, 300))
    second = table([["服务", "费用"], ["检修", "300"]], 2, (60, 110, 180))
    assert len(stitch_tables([first, second])) == 2


def test_the_last_lines_of_contents_are_contents() -> None:
    dots = "." * 40
    drafts = [
        draft(P, "Contents"),
        draft(FURNITURE, f"1 Overview{dots}2\n2 Review{dots}3\n2.1 Works{dots}4"),
        draft(P, f"3.1 Supply{dots}6 4 Plans{dots}6"),
        draft(P, "The year went well."),
    ]
    mark_contents(drafts)
    assert kinds(drafts) == [FURNITURE, FURNITURE, FURNITURE, P]


def line(text: str, x: float, y: float, width: float) -> Line:
    return Line((Span(text, (x, y, x + width, y + 10), 10.0),))


def test_columns_part_beside_a_heading_that_reaches_over_some_of_the_blank() -> None:
    """The second column's text is indented, its heading is not."""
    left = [line(f"L{n} " + "word " * 10, 60, 100 + 14 * n, 230) for n in range(9)]
    right = [line(f"R{n} " + "word " * 8, 345, 128 + 14 * n, 190) for n in range(7)]
    head = line("References", 312, 104, 60)
    groups = column_groups([*right, head, *left])
    texts = [item.text[:2] for group in groups for item in group if isinstance(item, Line)]
    assert texts == [*(f"L{n}" for n in range(9)), "Re", *(f"R{n}" for n in range(7))]


def test_names_whose_numbers_make_an_outline_are_headings_whatever_they_look_like() -> None:
    names = ["1 范围", "2 术语", "2.1 储能柜", "2.2 热失控", "3 要求", "3.1 场地", "3.1.1 选址"]
    drafts = [d for name in names for d in (draft(P, name), draft(P, "按下列步骤进行"))]
    drafts.insert(3, draft(P, "7 天内"))
    promote_numbered(drafts)
    assert [d.text for d in drafts if d.kind is H] == names


@pytest.mark.parametrize(
    "items",
    [
        ["1 套", "2 套", "3 套", "4 套"],  # one level: amounts, or a list
        ["1. 成立小组，明确职责", "2. 每半年演练，由组长负责"],
        ["3.2 升", "1.5 升", "2.7 升", "4.1 升"],
    ],
)
def test_numbers_that_make_no_outline_make_no_headings(items: list[str]) -> None:
    drafts = [d for item in items for d in (draft(P, item), draft(BlockKind.LIST_ITEM, "细目"))]
    promote_numbered(drafts)
    assert H not in kinds(drafts)


def test_a_title_of_two_lines_is_one_heading() -> None:
    def at(text: str, top: float, size: float) -> Draft:
        made = draft(H, text, size=size)
        made.boxes = [Box(1, 57, top, 57 + len(text) * 9, top + size)]
        return made

    body = draft(P, "The probe measures the temperature of food and beverages." * 3)
    drafts = [at("TQ-118 Digital Temperature", 61, 26), at("Probe", 102, 26), body]
    assert [d.text for d in join_titles(drafts)][:2] == [
        "TQ-118 Digital Temperature Probe",
        body.text,
    ]
    for other in (at("1 Probe data", 102, 26), at("Probe", 140, 26), at("Probe", 92, 18)):
        assert len(join_titles([at("TQ-118 Digital", 61, 26), other, body])) == 3


def test_chapter_names_that_run_over_their_pages_are_furniture() -> None:
    running = draft(H, "第四章 采购需求", 2, size=9)
    running.boxes = [Box(2, 400, 30, 520, 40)]
    cited = draft(P, "第四章 采购需求", 2, size=9)
    foot = draft(P, "Chapter 2. Roles and duties 11", 2)
    foot.boxes = [Box(2, 60, 760, 400, 770)]
    drafts = [
        draft(H, "第四章 采购需求", 1, size=16),
        running,
        cited,
        draft(H, "Roles and duties"),
        foot,
    ]
    mark_chapter_names(drafts)
    assert kinds(drafts) == [H, FURNITURE, P, H, FURNITURE]


@pytest.mark.parametrize(
    "text", ["Registered in England - Page 1", "机密 CONFIDENTIAL 第 1 页", "Rev. C | Page 2 of 9"]
)
def test_footers_with_a_page_number_are_furniture_on_a_single_page(text: str) -> None:
    foot, inside = draft(P, text), draft(P, text)
    foot.boxes = [Box(1, 60, 770, 530, 780)]
    mark_page_numbers([draft(P, "Body."), inside, foot])
    assert kinds([inside, foot]) == [P, FURNITURE]


def edge(page: int, text: str, place: float = -30.0) -> EdgeRow:
    return EdgeRow(page, text, place, 8.0, False, _count_of(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("28 Row and Column Access", 28),
        ("第三章 权限 15", 15),
        ("Chapter 4. Banking example 77", 77),
        ("2021 Annual Report 45", None),
        ("Row and Column Access", None),
        ("77", None),
        ("Invoice 12345", None),
    ],
)
def test_a_running_text_counts_at_one_of_its_ends(text: str, count: int | None) -> None:
    assert _count_of(text) == count


def test_texts_that_count_the_pages_run_whatever_they_say() -> None:
    """The title on one side and each chapter on the other, pages left out in between."""
    feet = [
        edge(1, "4 The title of all"),
        edge(2, "Chapter 1. Roles 11"),
        edge(3, "Chapter 2. Rights 15"),
        edge(5, "28 The title of all"),
    ]
    assert _counting([*feet, edge(5, "A line 29", -80.0)], 10.0) == set(feet)
    assert _counting(feet[:3], 10.0) == set()
    for other in (edge(6, "Total 12"), edge(6, "Total 28"), edge(5, "Total 30")):
        assert _counting([*feet, other], 10.0) == set()
    heads = [replace(row, place=40.0) for row in feet]
    assert _counting(heads, 10.0) == set(heads)
    # As large as the body: chapters ("4 Results", "11 Outlook") on pages of their own.
    assert _counting(heads, 8.0) == set()


def test_a_repeated_header_outside_of_its_table_is_furniture() -> None:
    whole = table([["Art. no.", "Price from 1 pack"], ["104", "2.5"]], 1, (60, 150, 300))
    whole.boxes.append(Box(2, 60, 50, 300, 400))
    repeated = draft(H, "Price from Art. no. 1 pack", 2)
    other = draft(H, "Delivery", 2)
    mark_repeated_heads([whole, repeated, other])
    assert kinds([repeated, other]) == [FURNITURE, H]


def row(*cells: tuple[str, float, float]) -> Row:
    made = [Line((Span(text, (x0, 0, x1, 10), 9.0),)) for text, x0, x1 in cells]
    return Row(made, (cells[0][1], 0, cells[-1][2], 10))


def test_names_and_cells_at_two_sides_of_a_column_are_one_column() -> None:
    rows = [
        row(("Terminal", 69, 106), ("Signal", 157, 184)),
        *(row((str(n), 140, 145), ("Supply", 157, 192)) for n in range(1, 6)),
    ]
    assert gutters_of(rows, (69, 0, 192, 90)) == (151.0,)


def test_a_name_apart_makes_a_column_however_few_cells_are_below() -> None:
    head = row(("Art.", 62, 93), ("Price", 374, 459), ("Remark", 470, 503))
    rows = [head, *(row(("104", 69, 94), ("68.01", 438, 460)) for _ in range(30))]
    rows[9] = row(("105", 69, 94), ("65.08", 438, 460), ("new", 470, 490))
    gutters = gutters_of(rows, (62, 0, 503, 400))
    assert len(gutters) == 2 and 460 <= gutters[1] <= 470


def test_columns_that_no_row_fills_both_of_are_one_where_one_has_no_name() -> None:
    rows = [
        ["Measure", "Target", "", "Met"],
        ["Leaks", "", "72.0", "Yes"],
        ["Time", "5:00", "", ""],
    ]
    merged = without_repeats(rows, 1)
    assert merged is not None
    assert merged.rows[1:] == (("Leaks", "72.0", "Yes"), ("Time", "5:00", ""))
    both = [["Date", "Out", "In"], ["1", "5", ""], ["2", "", "7"]]
    for kept, headers in ((both, 1), (both[1:], 0)):
        table = without_repeats(kept, headers)
        assert table is not None and table.rows == tuple(map(tuple, kept))


def test_cells_that_are_missing_in_a_tagged_row_are_put_where_nothing_is_printed() -> None:
    def cells(*names: str) -> list[CellPlace]:
        return [CellPlace((ord(name),)) for name in names]

    rows = [cells("a", "b", "c"), cells("d", "e"), cells("f")]
    where = {
        "a": (0.0, 9.0),
        "b": (50, 70),
        "c": (90, 99),
        "d": (0, 9),
        "e": (92, 97),
        "f": (55, 60),
    }
    reach: dict[tuple[int, ...], tuple[float, float]] = {}
    for name, place in where.items():
        reach[ord(name),] = place
    names = [["".join(map(chr, c.path)) for c in r] for r in with_gaps(rows, reach)]
    assert names == [["a", "b", "c"], ["d", "", "e"], ["", "f", ""]]
