"""Tables of Rich Text Format: rows whose cells state where they end, in twips from the left."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.contract import Table
from ingest.header_rows import header_rows
from ingest.tables import MAX_COLUMNS, Cell, expand, make_table

_TOLERANCE = 60  # twips: edges nearer than this (about 1 mm) are one
_MAX_CELLS = 2_000


@dataclass
class RowShape:
    """How a row is laid out: the right edge of each cell and its merging, `header` where the
    row repeats on every page."""

    edges: list[int] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    merge: str = ""
    left: int = 0
    header: bool = False

    def end_cell(self, edge: int) -> None:
        """A cell ends at `edge`."""
        if len(self.edges) < _MAX_CELLS:
            self.edges.append(edge)
            self.merges.append(self.merge)
        self.merge = ""


@dataclass
class Row:
    """The texts of a row's cells, and its layout."""

    cells: list[str]
    shape: RowShape


def build_table(rows: Sequence[Row]) -> Table:
    """The table of the rows: cells that begin or end at the same place share a column."""
    grid = _grid(rows)
    header = 0
    while header < len(rows) and rows[header].shape.header:
        header += 1
    above: dict[int, str] = {}
    laid_out: list[list[Cell]] = []
    for row in rows:
        line: list[Cell] = []
        going: dict[int, str] = {}
        for index, text in enumerate(row.cells[:MAX_COLUMNS]):
            shape = row.shape
            merge = shape.merges[index] if index < len(shape.merges) else ""
            columns = _columns(shape, index, grid)
            if "h" in merge and line:
                previous = line.pop()
                line.append(Cell(previous.text, previous.columns + columns))
                continue
            start = sum(cell.columns for cell in line)
            if "v" in merge:
                text = above.get(start, text) if "c" in merge else text
                going[start] = text
            line.append(Cell(text, columns))
        above = going
        laid_out.append(line)
    cells = expand(laid_out)
    return make_table(cells, header_rows(cells, at_least=header or 1))


def _grid(rows: Sequence[Row]) -> list[int]:
    """The edges of all rows, those within the tolerance as one."""
    edges = sorted({edge for row in rows for edge in row.shape.edges})
    grid: list[int] = []
    for edge in edges:
        if not grid or edge - grid[-1] > _TOLERANCE:
            grid.append(edge)
    return grid[:MAX_COLUMNS]


def _columns(shape: RowShape, index: int, grid: list[int]) -> int:
    """How many columns of the grid the cell covers."""
    if index >= len(shape.edges):
        return 1
    end = bisect_left(grid, shape.edges[index] - _TOLERANCE)
    start = bisect_left(grid, shape.edges[index - 1] - _TOLERANCE) + 1 if index else 0
    return max(end - start + 1, 1)
