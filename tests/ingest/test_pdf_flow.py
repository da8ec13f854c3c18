"""What reading a PDF decides over its pages: headings, paragraphs, tables and contents."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.contract import BlockKind, Box, Table
from ingest.pdf_blocks import Draft
from ingest.pdf_columns import column_groups
from ingest.pdf_flow import demote_cut_sentences
from ingest.pdf_headings import promote_numbered, set_levels
from ingest.pdf_layout import Line, Span
from ingest.pdf_stitch import mark_contents, stitch_tables
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
