"""Tables on scans: the columns that the layout model gave, checked against where the words are."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ingest.pdf_layout import Bounds, Grid, Line, Region

_LEAST_STRIP = 0.5


def with_columns(regions: Sequence[Region], lines: Sequence[Line]) -> list[Region]:
    """The regions, without texts that are cells of a table around them. A table's columns are
    those between white strips that run from its top to its bottom, where there are more of them
    than the model saw; rules of the model that go through cells for nothing are left out."""
    tables = [region for region in regions if region.kind == "table"]
    out: list[Region] = []
    for region in regions:
        if region.kind == "text" and any(_is_cell(region, table, lines) for table in tables):
            continue
        if region.kind == "table" and region.grid is not None:
            region = replace(region, grid=_checked(region.grid, _inside(region.box, lines)))
        out.append(region)
    return out


def _is_cell(region: Region, table: Region, lines: Sequence[Line]) -> bool:
    """Whether a text lies within a table, beside other text of it."""
    own = _inside(region.box, lines)
    return bool(own) and all(
        line in (cells := _inside(table.box, lines))
        and any(other not in own and _beside(line, other) for other in cells)
        for line in own
    )


def _inside(box: Bounds, lines: Sequence[Line]) -> list[Line]:
    return [
        line
        for line in lines
        if box[0] - 2 <= _middle(line) <= box[2] + 2
        and box[1] - 1.5 <= (line.box[1] + line.box[3]) / 2 <= box[3] + 1.5
    ]


def _checked(grid: Grid, cells: Sequence[Line]) -> Grid:
    kept = _true_rules(grid.columns, cells)
    strips = _strips(cells)
    if len(strips) > len(kept) and min(_counts(strips, cells)) > 1:
        return replace(grid, columns=tuple(strips), merged=(), phrases=())
    if len(kept) == len(grid.columns):
        return grid
    moved = [sum(rule in kept for rule in grid.columns[:column]) for column in _every(grid)]
    places = ((r0, r1, moved[c0], moved[c1]) for r0, r1, c0, c1 in grid.merged)
    merged = tuple(place for place in places if place[0] < place[1] or place[2] < place[3])
    return replace(grid, columns=tuple(kept), merged=merged, phrases=())


def _every(grid: Grid) -> range:
    return range(len(grid.columns) + 1)


def _true_rules(columns: Sequence[float], cells: Sequence[Line]) -> list[float]:
    """The rules, without those that go through a cell where no row has cells on both sides: a
    header that is wider than the cells below it was taken for two."""
    kept: list[float] = []
    for index, rule in enumerate(columns):
        left = kept[-1] if kept else float("-inf")
        right = columns[index + 1] if index + 1 < len(columns) else float("inf")
        cut = [cell for cell in cells if cell.box[0] + 2 < rule < cell.box[2] - 2]
        whole = [cell for cell in cells if cell not in cut]
        before = [cell for cell in whole if left < _middle(cell) < rule]
        after = [cell for cell in whole if rule < _middle(cell) < right]
        if not cut or any(_beside(one, other) for one in before for other in after):
            kept.append(rule)
    return kept


def _middle(cell: Line) -> float:
    return (cell.box[0] + cell.box[2]) / 2


def _beside(one: Line, other: Line) -> bool:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    return shared > 0.5 * (one.box[3] - one.box[1])


def _strips(cells: Sequence[Line]) -> list[float]:
    """The middles of the white strips that no cell reaches into. Signs without a letter or a
    digit, such as bullets, are no column of their own."""
    if len(cells) < 4:
        return []
    least = _LEAST_STRIP * median(cell.size for cell in cells)
    found: list[float] = []
    reach, worded = 0.0, False
    for cell in sorted(cells, key=lambda cell: cell.box[0]):
        if worded and cell.box[0] - reach >= least:
            found.append((reach + cell.box[0]) / 2)
            worded = False
        reach = max(reach, cell.box[2])
        worded = worded or any(char.isalnum() for char in cell.text)
    return found


def _counts(columns: Sequence[float], cells: Sequence[Line]) -> list[int]:
    """How many cells have their middle in each column."""
    counts = [0] * (len(columns) + 1)
    for cell in cells:
        counts[bisect(columns, _middle(cell))] += 1
    return counts
