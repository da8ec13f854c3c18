"""Tables of Word documents: their rows, merged cells and headers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.docx_numbering import W, number, value
from ingest.docx_text import OMITTED
from ingest.header_rows import header_rows, title_above
from ingest.tables import Cell, expand, make_table, table_block

_WRAPPERS = frozenset(
    f"{W}{n}" for n in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
)


def content(container: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """Paragraphs and tables (or elements with the tags) of the container, those in content
    controls and insertions included."""
    wanted = tags or (f"{W}p", f"{W}tbl")
    stack = list(reversed(container))
    while stack:
        element = stack.pop()
        if element.tag in wanted:
            yield element
        elif element.tag in _WRAPPERS:
            stack.extend(reversed(element))


def frame_cells(table: etree._Element) -> list[etree._Element] | None:
    """The cells of a table that is but a frame around text: it has a single column. None for
    other tables."""
    rows = _rows(table)
    if max((len(list(content(row, f"{W}tc"))) for row in rows), default=0) != 1:
        return None
    return [cell for row in rows for cell in content(row, f"{W}tc")]


def table_blocks(table: etree._Element, text: Callable[[etree._Element], str]) -> list[Block]:
    """The table, its title row as a caption above it; `text` reads a paragraph."""
    rows = _rows(table)
    stated = 0
    while stated < len(rows) and _is_header(rows[stated]):
        stated += 1
    laid = expand(_cells(rows, text))
    width = max((len(row) for row in laid), default=0)
    laid = [[*row, *[""] * (width - len(row))] for row in laid]
    title, skipped = title_above(laid)
    laid = laid[skipped:]
    made = make_table(laid, header_rows(laid, at_least=max(stated - skipped, 0)))
    blocks = [Block(BlockKind.CAPTION, line) for line in title.split("\n") if line]
    return [*blocks, table_block(made)] if made.rows else blocks


def paragraphs_in(container: etree._Element) -> Iterator[etree._Element]:
    """All paragraphs below, those of tables and text boxes too, each once, without what a
    reader does not see."""
    stack = list(reversed(container))
    while stack:
        element = stack.pop()
        if element.tag in OMITTED:
            continue
        if element.tag == f"{W}p":
            yield element
        stack.extend(reversed(element))


def _rows(table: etree._Element) -> list[etree._Element]:
    return [row for row in content(table, f"{W}tr") if row.find(f"{W}trPr/{W}del") is None]


def _is_header(row: etree._Element) -> bool:
    found = row.find(f"{W}trPr/{W}tblHeader")
    return found is not None and found.get(f"{W}val", "1") not in ("0", "false", "off")


def _cells(rows: list[etree._Element], text: Callable[[etree._Element], str]) -> list[list[Cell]]:
    """The rows' cells; one that is merged downwards covers as many rows as it goes on in."""
    above: dict[int, str] = {}
    out: list[list[Cell]] = []
    for row in rows:
        column = max(number(row, f"{W}trPr/{W}gridBefore") or 0, 0)
        cells = [Cell("") for _ in range(min(column, 64))]
        column = len(cells)
        going: dict[int, str] = {}
        for cell in content(row, f"{W}tc"):
            columns = max(number(cell, f"{W}tcPr/{W}gridSpan") or 1, 1)
            shown = " ".join(filter(None, (text(p) for p in paragraphs_in(cell))))
            if cell.find(f"{W}tcPr/{W}vMerge") is not None:
                if value(cell, f"{W}tcPr/{W}vMerge") in (None, "continue"):
                    shown = above.get(column, shown)
                going[column] = shown
            if value(cell, f"{W}tcPr/{W}hMerge") == "continue" and cells:
                shown = cells[-1].text
            cells.append(Cell(shown, columns))
            column += columns
        above = going
        out.append(cells)
    return out
