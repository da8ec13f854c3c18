"""Columns of running text on a page: which lines stand in which, and their reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median
from typing import TypeAlias

from ingest.pdf_layout import Bounds, Line, Region, union

Item: TypeAlias = Line | Region
"""A line of text, or a table that is read as a whole."""

_BULLET = re.compile("[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\uf000-\uf0ff\u2219\u2043–-]")
_LEAST_LINES = 4
_DEPTH = 4


def column_groups(items: Sequence[Item], depth: int = 0) -> list[list[Item]]:
    """The items in groups to be read one after the other, each from top to bottom. What
    reaches over two columns parts those above it from those below."""
    ordered = sorted(items, key=lambda item: (item.box[1], item.box[0]))
    gutter = _gutter(ordered) if depth < _DEPTH else None
    if gutter is None:
        return [ordered] if ordered else []
    groups: list[list[Item]] = []
    left: list[Item] = []
    right: list[Item] = []
    across: list[Item] = []

    def close_columns() -> None:
        for side in (left, right):
            groups.extend(column_groups(side, depth + 1))
            side.clear()

    for item in ordered:
        if item.box[0] < gutter - 2 and item.box[2] > gutter + 2:
            close_columns()
            across.append(item)
            continue
        if across:
            groups.append(list(across))
            across.clear()
        (left if item.box[2] <= gutter + 2 else right).append(item)
    close_columns()
    if across:
        groups.append(across)
    return groups


def _gutter(items: Sequence[Item]) -> float | None:
    """The middle of the blank stripe between two columns of text; None where there is none."""
    lines = [item for item in items if isinstance(item, Line)]
    if len(lines) < 2 * _LEAST_LINES:
        return None
    whole = union(line.box for line in lines)
    width = whole[2] - whole[0]
    best: tuple[int, float, float] | None = None
    for start, end, crossed in _stripes(lines, whole):
        middle = (start + end) / 2
        inside = whole[0] + 0.15 * width < middle < whole[2] - 0.15 * width
        if end - start < 6 or not inside or crossed > 0.35 * len(lines):
            continue
        rank = (crossed, start - end, middle)
        if (best is None or rank < best) and _are_columns(lines, middle):
            best = rank
    return best[2] if best is not None else None


def _stripes(lines: Sequence[Line], whole: Bounds) -> list[tuple[float, float, int]]:
    """Stripes (start, end, how many lines cross them) where the count is at a low."""
    events = sorted(
        [(line.box[0], 1) for line in lines] + [(line.box[2], -1) for line in lines],
        key=lambda event: (event[0], -event[1]),
    )
    found: list[tuple[float, float, int]] = []
    depth = 0
    falling = False
    for index, (place, change) in enumerate(events):
        if change < 0:
            depth -= 1
            falling = True
        else:
            if falling and index and place > events[index - 1][0]:
                found.append((events[index - 1][0], place, depth))
            falling = False
            depth += 1
    return found


def _are_columns(lines: Sequence[Line], gutter: float) -> bool:
    """Whether both sides are running text, or lists, over a common height."""
    left = [line for line in lines if line.box[2] <= gutter + 2]
    right = [line for line in lines if line.box[0] >= gutter - 2]
    if len(left) < _LEAST_LINES or len(right) < _LEAST_LINES:
        return False
    one, other = union(x.box for x in left), union(x.box for x in right)
    common = min(one[3], other[3]) - max(one[1], other[1])
    if common < 0.3 * min(one[3] - one[1], other[3] - other[1]):
        return False
    return _is_text(left, one) and _is_text(right, other)


def _is_text(lines: Sequence[Line], box: Bounds) -> bool:
    """Whether most of the height is taken by lines that fill the width, or by list items."""
    width = box[2] - box[0]
    if width < 8 * median(line.size for line in lines):
        return False
    heights: dict[int, float] = {}
    starts = set()
    for line in lines:
        row = round(line.box[3] / 3)
        heights[row] = heights.get(row, 0.0) + line.box[2] - line.box[0]
        if _BULLET.match(line.text.strip()):
            starts.add(row)
    full = sum(taken > 0.62 * width for taken in heights.values())
    if full * 2 >= len(heights) and full >= 3:
        return True
    return len(starts) >= 2 and len(starts) * 3 >= len(heights)
