"""Tables keep every cell, stay rectangular, and render as Markdown that reads back."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given
from markdown_it import MarkdownIt

from ingest.contract import BlockKind, Table
from ingest.tables import (
    Cell,
    body_lines,
    column_names,
    expand,
    grid,
    header_lines,
    make_table,
    table_block,
    to_markdown,
)

WORDS = st.text(alphabet="ab|\\ 中文\n1", min_size=1, max_size=6)


def read_back(markdown: str) -> list[list[str]]:
    """The cells of the only table in the text, as another reader of Markdown sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token.content)
    return rows


def test_markdown_has_header_and_separator() -> None:
    table = make_table([["Year", "Sales"], ["2020", "1|2"], ["2021", "a\nb"]])
    assert to_markdown(table) == (
        "| Year | Sales |\n| --- | --- |\n| 2020 | 1\\|2 |\n| 2021 | a b |"
    )


def test_second_header_row_stands_below_the_separator() -> None:
    table = make_table([["2021", "2021"], ["Q1", "Q2"], ["1", "2"]], header_rows=2)
    assert header_lines(table) == ["| 2021 | 2021 |", "| --- | --- |", "| Q1 | Q2 |"]
    assert body_lines(table) == ["| 1 | 2 |"]
    assert column_names(table) == ["2021 / Q1", "2021 / Q2"]


def test_table_without_header_gets_a_blank_one() -> None:
    table = make_table([["a", "b"]], header_rows=0)
    assert read_back(to_markdown(table)) == [["", ""], ["a", "b"]]
    assert column_names(table) == ["", ""]


def test_empty_table_renders_as_nothing() -> None:
    assert to_markdown(Table((), 1)) == ""
    assert to_markdown(make_table([["", " "], [None]])) == ""


def test_grid_drops_empty_rows_and_columns_and_pads() -> None:
    assert grid([["a", None, "b"], ["", " "], ["c"]]) == (("a", "b"), ("c", ""))


def test_empty_rows_among_headers_are_not_counted() -> None:
    assert make_table([["", ""], ["h", "i"], ["1", "2"]], header_rows=2).header_rows == 1


def test_spans_repeat_their_text() -> None:
    rows = [
        [Cell("a", columns=2), Cell("b", rows=3)],
        [Cell("c", rows=2), Cell("d")],
        [Cell("e")],
        [Cell("f", columns=3)],
    ]
    assert expand(rows) == [
        ["a", "a", "b"],
        ["c", "d", "b"],
        ["c", "e", "b"],
        ["f", "f", "f"],
    ]


def test_span_from_above_reaches_past_a_short_row() -> None:
    assert expand([[Cell("a"), Cell("b"), Cell("c", rows=2)], [Cell("d")]]) == [
        ["a", "b", "c"],
        ["d", "", "c"],
    ]


def test_absurd_spans_do_not_explode() -> None:
    rows = expand([[Cell("a", columns=10**9, rows=10**9), Cell("b")], [Cell("c")]])
    assert rows == [["a", "b"], ["a", "c"]]


@given(st.lists(st.lists(WORDS, max_size=4), max_size=5), st.integers(0, 3))
def test_every_cell_survives_rendering(rows: list[list[str]], header_rows: int) -> None:
    table = make_table(rows, header_rows)
    assert len({len(row) for row in table.rows}) <= 1
    assert sorted(c for row in table.rows for c in row if c) == sorted(
        " ".join(cell.split()) for row in rows for cell in row if cell.strip()
    )
    block = table_block(table)
    assert block.kind is BlockKind.TABLE and block.table is table
    if table.rows:
        blank = [] if table.header_rows else [[""] * len(table.rows[0])]
        assert read_back(block.text) == blank + [list(row) for row in table.rows]
