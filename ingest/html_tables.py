"""Tables of a web page: which of them hold data, and their cells."""

from __future__ import annotations

from lxml import etree

from ingest.contract import Table
from ingest.tables import Cell, clean_cell, expand, make_table

BLOCK_TAGS = frozenset(
    """
    address article aside blockquote body center dd details dialog dir div dl dt fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol
    p pre section summary table tbody td tfoot th thead tr ul caption listing xmp html
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
"""What begins a new block of text."""
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_INLINE = frozenset(
    """
    a abbr b bdi bdo cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp
    small span strong sub sup time tt u var wbr big strike
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_LONG_CELL = 300
_SAMPLED_ROWS = 200
_MAX_ROWSPAN = 65_534


def plain_text(element: etree._Element) -> str:
    """The text below the element on one line; blocks and line breaks part words."""
    if not len(element):
        return clean_cell(element.text or "")
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if node.tag not in _INLINE:
            parts.append(" ")
        if event == "start":
            parts.append(node.text or "")
        elif node is not element:
            parts.append(node.tail or "")
    return clean_cell("".join(parts))


def own_rows(table: etree._Element) -> list[etree._Element]:
    """The rows of the table itself, head first and foot last, not of tables inside it."""
    groups: dict[str, list[etree._Element]] = {"thead": [], "tbody": [], "tfoot": []}
    for child in table:
        if child.tag == "tr":
            groups["tbody"].append(child)
        elif child.tag in groups:
            groups[str(child.tag)] += [row for row in child if row.tag == "tr"]
    return [*groups["thead"], *groups["tbody"], *groups["tfoot"]]


def own_cells(row: etree._Element) -> list[etree._Element]:
    """The cells of a row."""
    return [cell for cell in row if cell.tag in ("td", "th")]


def holds_data(table: etree._Element) -> bool:
    """Whether the table is data. One that lays out the page is not: it has a single column or
    row, holds headings or other tables, or its cells are long texts."""
    if table.get("role") in ("presentation", "none"):
        return False
    rows = [cells for cells in map(own_cells, own_rows(table)) if cells]
    if any(next(table.iter(tag), None) is not None for tag in HEADINGS):
        return False
    if len(rows) < 2 or max(len(cells) for cells in rows) < 2:
        return False
    if any(cell.tag == "th" for cells in rows for cell in cells):
        return True
    if sum(1 for _ in table.iter("table")) > 1:
        return False
    lengths = [len(plain_text(cell)) for cells in rows[:_SAMPLED_ROWS] for cell in cells]
    return sum(lengths) <= _LONG_CELL * len(lengths)


def read_table(table: etree._Element) -> tuple[str, Table]:
    """The caption and the cells of a data table. A first row that is one cell over the whole
    width is a caption. Rows in <thead> and leading rows of <th> are headers; where no cell is
    a <th>, the first row is."""
    rows = own_rows(table)
    caption = next((plain_text(child) for child in table if child.tag == "caption"), "")
    width = max((sum(_span(c, "colspan") for c in own_cells(row)) for row in rows), default=0)
    while len(rows) > 1 and width > 1:
        cells = own_cells(rows[0])
        if len(cells) != 1 or _span(cells[0], "colspan") < width:
            break
        text = plain_text(cells[0])
        if text and text != caption:
            caption = f"{caption}. {text}" if caption else text
        rows = rows[1:]
    headers = 0
    for row in rows:
        in_head = (parent := row.getparent()) is not None and parent.tag == "thead"
        cells = own_cells(row)
        if not in_head and not (cells and all(cell.tag == "th" for cell in cells)):
            break
        headers += 1
    if not headers and not any(cell.tag == "th" for row in rows for cell in own_cells(row)):
        headers = 1
    headers = min(headers, max(len(rows) - 1, 0))
    laid_out = expand(
        [
            [
                Cell(plain_text(cell), _span(cell, "colspan"), _span(cell, "rowspan"))
                for cell in own_cells(row)
            ]
            for row in rows
        ]
    )
    return caption, make_table(laid_out, headers)


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    if not value.isdecimal():
        return 1
    number = int(value[:6])
    return _MAX_ROWSPAN if name == "rowspan" and number == 0 else max(number, 1)
