"""The order in which the shapes of a slide are read: titles, then columns, then rows.

The recursive XY cut of Nagy and Seth (1984): where a gap runs through the whole height, what is
left of it is read first; else where one runs through the whole width, what is above it.
"""

from __future__ import annotations

from collections.abc import Sequence

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, in points."""

_SLACK = 0.15  # of the smaller side: shapes that overlap by less count as apart
_SAME_LINE = 8.0
_LEAST_ROWS = 3


def reading_order(boxes: Sequence[Rectangle]) -> list[int]:
    """Indices of the boxes in reading order; equal places keep the given order."""
    out: list[int] = []
    pending: list[list[int]] = [list(range(len(boxes)))]
    while pending:
        group = pending.pop()
        if len(group) < 2:
            out += group
            continue
        columns = _bands(group, boxes, 0)
        rows = _bands(group, boxes, 1)
        if len(columns) > 1 and not _is_grid(columns, rows, boxes):
            pending.extend(reversed(columns))
        elif len(rows) > 1:
            pending.extend(reversed(_in_columns(rows, boxes)))
        elif len(columns) > 1:
            pending.extend(reversed(columns))
        else:
            lines = {i: round(boxes[i][1] / _SAME_LINE) for i in group}
            out += sorted(group, key=lambda i: (lines[i], boxes[i][0], i))
    return out


def _bands(group: Sequence[int], boxes: Sequence[Rectangle], axis: int) -> list[list[int]]:
    """The boxes in groups that do not overlap along the axis (0: across, 1: down), but for a
    small part of the smaller of two."""
    ordered = sorted(group, key=lambda i: (boxes[i][axis], boxes[i][axis + 2], i))
    bands: list[list[int]] = []
    end = 0.0
    for i in ordered:
        low, high = boxes[i][axis], boxes[i][axis + 2]
        if bands:
            least = min(boxes[j][axis + 2] - boxes[j][axis] for j in (i, bands[-1][-1]))
            if low < end - max(least, 0.0) * _SLACK:
                bands[-1].append(i)
                end = max(end, high)
                continue
        bands.append([i])
        end = max(end, high)
    return bands


def _in_columns(rows: Sequence[list[int]], boxes: Sequence[Rectangle]) -> list[list[int]]:
    """Neighbouring rows put together where they share their columns, so that a text over the
    whole width above or below does not break the columns up."""
    merged: list[list[int]] = []
    for row in rows:
        if merged and len(row) > 1 and len(merged[-1]) > 1:
            columns = len(_bands(row, boxes, 0))
            both = [*merged[-1], *row]
            if columns > 1 and len(_bands(both, boxes, 0)) == columns:
                merged[-1] = both
                continue
        merged.append(row)
    return list(rows) if len(merged) == 1 else merged


def _is_grid(
    columns: Sequence[Sequence[int]], rows: Sequence[Sequence[int]], boxes: Sequence[Rectangle]
) -> bool:
    """Whether the boxes are a table by their places: three rows or more, each with a box in
    every column, the first of them narrow labels."""
    if len(rows) < _LEAST_ROWS or any(len(row) != len(columns) for row in rows):
        return False
    if len(columns) > 2:
        return True
    widths = [max(boxes[i][2] for i in band) - min(boxes[i][0] for i in band) for band in columns]
    return widths[0] * 2 < widths[1]
