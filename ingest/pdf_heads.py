"""The texts of an aligned table that reach over several of its columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ingest.pdf_layout import Bounds, Line, Places, union
from ingest.pdf_rows import Row
from ingest.pdf_tables import holds_value


def phrases(
    rows: Sequence[Row], gutters: Sequence[float], edges: Sequence[float]
) -> tuple[tuple[Bounds, Places], ...]:
    """Texts that reach over several columns, and heads that stand in the middle over several."""
    columns = _extents(rows, gutters)
    found: list[tuple[Bounds, Places]] = []
    for number, row in enumerate(rows):
        below = rows[number + 1] if number + 1 < len(rows) else None
        for place, cell in enumerate(row.cells):
            first = bisect_right(gutters, cell.box[0] + 2)
            last = bisect_right(gutters, cell.box[2] - 2)
            heads = number < 3 and below is not None and len(below.cells) > len(row.cells)
            at = bisect_right(edges, (cell.box[1] + cell.box[3]) / 2)
            line_of = _goes_on(cell, row, at, gutters, found) if first > 0 else None
            if line_of is not None:
                box, places = found[line_of]
                found[line_of] = (union((box, cell.box)), places)
                continue
            if heads and first > 0 and not holds_value(cell.text.strip()):
                free = (
                    _last_column(row.cells[place - 1], gutters) + 1 if place else 1,
                    bisect_right(gutters, row.cells[place + 1].box[0] + 2) - 1
                    if place + 1 < len(row.cells)
                    else len(gutters),
                )
                first, last = _centred(cell.box, (first, last), free, columns)
            if first != last:
                found.append((cell.box, (at, at, first, last)))
    return tuple(found)


def _goes_on(
    cell: Line,
    row: Row,
    at: int,
    gutters: Sequence[float],
    found: Sequence[tuple[Bounds, Places]],
) -> int | None:
    """Which head the cell is the next line of: one in the same row of the table, close above it,
    set to the same side or middle, with no other cell below it."""
    x0, y0, x1, _ = cell.box
    for index, (box, (first, _, start, end)) in enumerate(found):
        off = (box[0] - x0, box[2] - x1, (box[0] + box[2] - x0 - x1) / 2)
        if first != at or not -2 < y0 - box[3] < 0.6 * cell.size or min(map(abs, off)) >= 3:
            continue
        below = [c for c in row.cells if start <= bisect_right(gutters, c.box[0] + 2) <= end]
        if below == [cell]:
            return index
    return None


def _last_column(cell: Line, gutters: Sequence[float]) -> int:
    return bisect_right(gutters, cell.box[2] - 2)


def _extents(rows: Sequence[Row], gutters: Sequence[float]) -> list[tuple[float, float] | None]:
    """From where to where the texts of each column reach; None for one that has none."""
    found: list[tuple[float, float] | None] = [None] * (len(gutters) + 1)
    for row in rows:
        for cell in row.cells:
            first, last = bisect_right(gutters, cell.box[0] + 2), _last_column(cell, gutters)
            if first != last:
                continue
            known = found[first]
            found[first] = (
                (cell.box[0], cell.box[2])
                if known is None
                else (min(known[0], cell.box[0]), max(known[1], cell.box[2]))
            )
    return found


def _centred(
    box: Bounds,
    touched: tuple[int, int],
    free: tuple[int, int],
    columns: Sequence[tuple[float, float] | None],
) -> tuple[int, int]:
    """The columns around those that a head touches in the middle of which it stands best, none
    that another head of its row takes."""
    middle = (box[0] + box[2]) / 2
    best, least = touched, float("inf")
    for first in range(min(free[0], touched[0]), touched[0] + 1):
        for last in range(touched[1], max(free[1], touched[1]) + 1):
            inside = [extent for extent in columns[first : last + 1] if extent is not None]
            if not inside or columns[first] is None or columns[last] is None:
                continue
            off = abs((inside[0][0] + inside[-1][1]) / 2 - middle)
            if off < least - 4:
                best, least = (first, last), off
    return best
