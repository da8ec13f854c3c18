"""Tables on scans: the columns that the layout model gave, checked against where the words are."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ingest.pdf_blocks import is_caption
from ingest.pdf_layout import Bounds, Grid, Line, Places, Region, union

_LEAST_STRIP = 0.5
_HEADERS = 2


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
            caption, region = _without_caption(region, region.grid, lines)
            out.extend(caption)
        if region.kind == "table" and region.grid is not None:
            region = replace(region, grid=_checked(region.grid, _inside(region.box, lines)))
        out.append(region)
    return out


def _without_caption(
    region: Region, grid: Grid, lines: Sequence[Line]
) -> tuple[list[Region], Region]:
    """The caption that the model took for the first row of a table, and the table below it."""
    cells = _inside(region.box, lines)
    rest = _below(cells, 1) if len(cells) > 4 else []
    first = [cell for cell in cells if cell not in rest]
    if not rest or len({cell.block for cell in first}) > 1 or not is_caption(first[0].text.strip()):
        return [], region
    box = union(cell.box for cell in first)
    top = min(cell.box[1] for cell in rest)
    gone = sum(rule <= top + 1 for rule in grid.rows)
    merged = tuple((a - gone, b - gone, c, d) for a, b, c, d in grid.merged if a >= gone)
    phrases = tuple(
        (where, (a - gone, b - gone, c, d)) for where, (a, b, c, d) in grid.phrases if a >= gone
    )
    below = Grid(grid.rows[gone:], grid.columns, merged, phrases)
    x0, _, x1, y1 = region.box
    return [Region("caption", box)], replace(region, box=(x0, top, x1, y1), grid=below)


def _is_cell(region: Region, table: Region, lines: Sequence[Line]) -> bool:
    """Whether a text lies within a table, beside other text of it."""
    own, cells = _inside(region.box, lines), _inside(table.box, lines)
    return bool(own) and all(
        line in cells and any(other not in own and _beside(line, other) for other in cells)
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
    """The grid with the columns that hold the fewest pairs of cells side by side."""
    kept = _true_rules(grid.columns, cells)
    best, least = kept, _pairs(kept, cells)
    for top in range(_HEADERS + 1):
        strips = _strips(_below(cells, top))
        pairs = _pairs(strips, cells)
        enough = len(strips) >= len(kept) and min(_counts(strips, cells)) > 1
        if strips and enough and pairs < least:
            best, least = strips, pairs
    if best is not kept:
        return replace(grid, columns=tuple(best), merged=(), phrases=())
    phrases = tuple(phrase for phrase in grid.phrases if len(_inside(phrase[0], cells)) < 2)
    whole = tuple(place for place in grid.merged if not _holds_two(place, grid, cells))
    if len(kept) == len(grid.columns):
        beside = grid.columns if whole else tuple(_off_cells(kept, cells))
        return replace(grid, columns=beside, merged=whole, phrases=phrases)
    moved = [sum(rule in kept for rule in grid.columns[:column]) for column in _every(grid)]
    places = ((r0, r1, moved[c0], moved[c1]) for r0, r1, c0, c1 in whole)
    merged = tuple(place for place in places if place[0] < place[1] or place[2] < place[3])
    return replace(grid, columns=tuple(kept), merged=merged, phrases=())


def _off_cells(rules: Sequence[float], cells: Sequence[Line]) -> list[float]:
    """The rules, those that go through a cell moved to the white between the columns, where
    there is some."""
    out: list[float] = []
    for index, rule in enumerate(rules):
        left = rules[index - 1] if index else float("-inf")
        right = rules[index + 1] if index + 1 < len(rules) else float("inf")
        end = max((c.box[2] for c in cells if left < _middle(c) < rule), default=rule)
        start = min((c.box[0] for c in cells if rule < _middle(c) < right), default=rule)
        out.append((end + start) / 2 if end < start and not end <= rule <= start else rule)
    return out


def _every(grid: Grid) -> range:
    return range(len(grid.columns) + 1)


def _holds_two(place: Places, grid: Grid, cells: Sequence[Line]) -> bool:
    """Whether what the model took for one cell of a row are two, each in a column of its own."""
    first_row, last_row, first, last = place
    if first == last or first_row != last_row:
        return False
    edges = (float("-inf"), *grid.rows, float("inf"))
    inside = [
        cell
        for cell in cells
        if edges[first_row] < (cell.box[1] + cell.box[3]) / 2 < edges[first_row + 1]
        and first <= bisect(grid.columns, _middle(cell)) <= last
    ]
    rules = grid.columns[first:last]
    inside = [c for c in inside if not any(c.box[0] + 2 < r < c.box[2] - 2 for r in rules)]
    return any(
        _beside(one, other) and _middle(one) < rule < _middle(other)
        for one in inside
        for other in inside
        for rule in rules
    )


def _below(cells: Sequence[Line], rows: int) -> list[Line]:
    """The cells without those of the first rows."""
    left = sorted(cells, key=lambda cell: cell.box[1] + cell.box[3])
    for _ in range(rows):
        left = [cell for cell in left if not _beside(left[0], cell)]
    return left


def _pairs(columns: Sequence[float], cells: Sequence[Line]) -> int:
    """How many cells that hold words stand beside another one in the same column."""
    worded = [cell for cell in cells if any(char.isalnum() for char in cell.text)]
    by_column: dict[int, list[Line]] = {}
    for cell in sorted(worded, key=lambda cell: (cell.box[1] + cell.box[3], cell.box[0])):
        by_column.setdefault(bisect(columns, _middle(cell)), []).append(cell)
    return sum(
        _beside(one, other) for column in by_column.values() for one, other in pairwise(column)
    )


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
    return _rules_of_rows(found, cells)


def _rules_of_rows(rules: Sequence[float], cells: Sequence[Line]) -> list[float]:
    """The rules that part cells of a row; the numbers below a header that they are not aligned
    with are of its column."""
    kept: list[float] = []
    for index, rule in enumerate(rules):
        left = kept[-1] if kept else float("-inf")
        right = rules[index + 1] if index + 1 < len(rules) else float("inf")
        before = [cell for cell in cells if left < _middle(cell) < rule]
        after = [cell for cell in cells if rule < _middle(cell) < right]
        if any(_beside(one, other) for one in before for other in after):
            kept.append(rule)
    return kept


def _counts(columns: Sequence[float], cells: Sequence[Line]) -> list[int]:
    """How many cells have their middle in each column."""
    counts = [0] * (len(columns) + 1)
    for cell in cells:
        counts[bisect(columns, _middle(cell))] += 1
    return counts
