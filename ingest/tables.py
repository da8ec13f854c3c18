"""Tables: making a grid of cells, and writing it as Markdown that can be cut by rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import Block, BlockKind, Box, Table

MAX_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as a format states it: its text and how many columns and rows it covers."""

    text: str
    columns: int = 1
    rows: int = 1


def clean_cell(text: str) -> str:
    """The text on one line: every run of white space becomes one space."""
    return " ".join(text.split())


def grid(rows: Sequence[Sequence[str | None]], fill: str = "") -> tuple[tuple[str, ...], ...]:
    """The rows made equally long with `fill`, cells on one line (None is an empty cell); rows
    and columns that are wholly empty are left out.
    """
    cleaned = [["" if cell is None else clean_cell(cell) for cell in row] for row in rows]
    cleaned = [row for row in cleaned if any(row)]
    width = max((len(row) for row in cleaned), default=0)
    kept = [c for c in range(width) if any(c < len(row) and row[c] for row in cleaned)]
    return tuple(tuple(row[c] if c < len(row) else fill for c in kept) for row in cleaned)


def expand(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Cells laid out on their grid.

    A cell that covers several columns or rows repeats its text in each. A span over the last
    row ends there; a span that would make the table wider than MAX_COLUMNS counts as one.
    """
    out: list[list[str]] = []
    pending: dict[int, tuple[int, str]] = {}  # column -> rows still covered, text
    for row in rows:
        line: list[str] = []
        coming: dict[int, tuple[int, str]] = {}
        for cell in row:
            _carry(line, pending, coming)
            wide = len(line) + cell.columns > MAX_COLUMNS
            for _ in range(1 if wide else max(cell.columns, 1)):
                if cell.rows > 1:
                    coming[len(line)] = (cell.rows - 1, cell.text)
                line.append(cell.text)
        _carry(line, pending, coming)
        while any(column >= len(line) for column in pending):
            line.append("")
            _carry(line, pending, coming)
        pending = coming
        out.append(line)
    return out


def _carry(
    line: list[str], pending: dict[int, tuple[int, str]], coming: dict[int, tuple[int, str]]
) -> None:
    """Fill the next columns of `line` that cells of rows above still cover."""
    while len(line) in pending:
        left, text = pending.pop(len(line))
        if left > 1:
            coming[len(line)] = (left - 1, text)
        line.append(text)


def make_table(rows: Sequence[Sequence[str | None]], header_rows: int = 1) -> Table:
    """A table of these rows; see `grid`. Empty rows among the headers are not counted."""
    empty = sum(
        not any(cell and cell.strip() for cell in row) for row in rows[: max(header_rows, 0)]
    )
    cells = grid(rows)
    return Table(cells, min(max(header_rows - empty, 0), len(cells)))


def escape(cell: str) -> str:
    """Cell text that cannot end its cell: pipes escaped, line breaks to spaces."""
    return clean_cell(cell).replace("|", "\\|")


def row_line(cells: Sequence[str]) -> str:
    """One Markdown row, without a line end."""
    return "| " + " | ".join(escape(cell) for cell in cells) + " |"


def separator(columns: int) -> str:
    """The line under a Markdown header row."""
    return "|" + " --- |" * columns


def header_lines(table: Table) -> list[str]:
    """The lines at the top of the rendering: header row, separator, and the other header rows.
    Markdown knows one header row, so the first stands above the separator and the rest below;
    without header rows the header is blank.
    """
    width = len(table.rows[0]) if table.rows else 0
    if not table.header_rows:
        return [row_line([""] * width), separator(width)]
    first, *others = table.rows[: table.header_rows]
    return [row_line(first), separator(width), *(row_line(row) for row in others)]


def body_lines(table: Table) -> list[str]:
    """One Markdown row for each row that is not a header."""
    return [row_line(row) for row in table.rows[table.header_rows :]]


def to_markdown(table: Table) -> str:
    """The table as a Markdown (GFM) table; "" for a table without cells."""
    if not table.rows or not table.rows[0]:
        return ""
    return "\n".join([*header_lines(table), *body_lines(table)])


def column_names(table: Table) -> list[str]:
    """The name of each column: its header cells from top to bottom, repeats left out."""
    names: list[str] = []
    width = len(table.rows[0]) if table.rows else 0
    for column in range(width):
        parts: list[str] = []
        for row in table.rows[: table.header_rows]:
            if row[column] and row[column] not in parts:
                parts.append(row[column])
        names.append(" / ".join(parts))
    return names


def table_block(table: Table, boxes: tuple[Box, ...] = ()) -> Block:
    """The block of a table, its text rendered."""
    return Block(BlockKind.TABLE, to_markdown(table), boxes=boxes, table=table)
