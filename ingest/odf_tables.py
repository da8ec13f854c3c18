"""Tables of OpenDocument texts and slides: repeated and merged cells, headers; charts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.header_rows import header_rows, title_above
from ingest.odf import CHART, OFFICE, TABLE, TEXT
from ingest.ooxml import whole
from ingest.tables import MAX_COLUMNS, Cell, clean_cell, expand, make_table, table_block

MAX_REPEATED_ROWS = 1_000
"""How often a filled row of a table in a text or on a slide is repeated at most."""

_GROUPS = frozenset(
    f"{TABLE}{name}" for name in ("table-rows", "table-row-group", "table-header-rows")
)
Reader = Callable[[etree._Element], str]


def table_blocks(table: etree._Element, text: Reader) -> list[Block]:
    """A table, its title row as a caption above it; `text` reads a paragraph."""
    rows: list[list[Cell]] = []
    stated = 0
    styled = table.get(f"{TABLE}use-first-row-styles") == "true"
    for row, in_header in _rows(table):
        cells = _cells(row, text)
        filled = any(cell.text for cell in cells) or any(cell.rows > 1 for cell in cells)
        times = whole(row.get(f"{TABLE}number-rows-repeated"), 1) if filled else 1
        for _ in range(min(max(times, 1), MAX_REPEATED_ROWS)):
            stated += in_header and stated == len(rows)
            rows.append(cells)
    laid = expand(rows)
    width = max((len(row) for row in laid), default=0)
    laid = [[*row, *[""] * (width - len(row))] for row in laid]
    title, skipped = title_above(laid)
    laid = laid[skipped:]
    made = make_table(laid, header_rows(laid, at_least=max(stated - skipped, int(styled))))
    blocks = [Block(BlockKind.CAPTION, line) for line in title.split("\n") if line]
    return [*blocks, table_block(made)] if made.rows else blocks


def chart_blocks(root: etree._Element | None, text: Reader) -> list[Block]:
    """The title of an embedded chart as a caption, and its data as a table; [] for objects of
    another kind."""
    chart = root.find(f"{OFFICE}body/{OFFICE}chart/{CHART}chart") if root is not None else None
    if chart is None:
        return []
    title = chart_title(chart, text)
    blocks = [Block(BlockKind.CAPTION, title)] if title else []
    for table in chart.iterfind(f"{TABLE}table"):
        blocks += table_blocks(table, text)
    return blocks


def chart_title(chart: etree._Element, text: Reader) -> str:
    """The title of a chart, "" where it has none."""
    lines = [text(p) for p in chart.iterfind(f"{CHART}title/{TEXT}p")]
    return " ".join(line for line in lines if line)


def _rows(table: etree._Element) -> Iterator[tuple[etree._Element, bool]]:
    """The table's own rows, and whether each is in its header."""
    stack = [(child, False) for child in reversed(table)]
    while stack:
        element, in_header = stack.pop()
        if element.tag == f"{TABLE}table-row":
            yield element, in_header
        elif element.tag in _GROUPS:
            inside = in_header or element.tag == f"{TABLE}table-header-rows"
            stack.extend((child, inside) for child in reversed(element))


def _cells(row: etree._Element, text: Reader) -> list[Cell]:
    """The cells that the row begins; covered ones are filled by the span over them."""
    cells: list[Cell] = []
    for cell in row:
        if cell.tag != f"{TABLE}table-cell":
            continue
        lines = (text(p) for p in cell.iter(f"{TEXT}p", f"{TEXT}h"))
        shown = clean_cell(" ".join(line for line in lines if line))
        columns = max(whole(cell.get(f"{TABLE}number-columns-spanned"), 1), 1)
        rows = max(whole(cell.get(f"{TABLE}number-rows-spanned"), 1), 1)
        times = max(whole(cell.get(f"{TABLE}number-columns-repeated"), 1), 1)
        room = MAX_COLUMNS - len(cells)
        cells += [Cell(shown, columns, rows)] * min(times, room)
    while cells and not cells[-1].text and cells[-1].rows == 1 and cells[-1].columns == 1:
        cells.pop()
    return cells
