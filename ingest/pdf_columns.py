"""Columns of running text on a page: which lines stand in which, and their reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import TypeAlias

from ingest.pdf_layout import Bounds, Line, Region, union
from ingest.pdf_tables import holds_value

Item: TypeAlias = Line | Region
"""A line of text, or a table that is read as a whole."""

_BULLET = re.compile("[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\uf000-\uf0ff\u2219\u2043–-]")
_LEAST_LINES = 4
_LEAST_GUTTER = 5
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
    first, last = round(whole[0] + 0.15 * width), round(whole[2] - 0.15 * width)
    if last - first < _LEAST_GUTTER:
        return None
    crossed = _crossed(lines, first, last)
    least = min(crossed)
    if least > 0.35 * len(lines):
        return None
    stripes = sorted(
        _runs(crossed, least + max(1, len(lines) // 40)), key=lambda run: (run[0] - run[1], run)
    )
    for start, end in stripes[:6]:
        middle = first + _clearest(crossed, start, end)
        if end - start >= _LEAST_GUTTER and _are_columns(lines, middle):
            return middle
    return None


def _clearest(crossed: Sequence[int], start: int, end: int) -> float:
    """The middle of the widest part of a stripe that the fewest lines reach over."""
    part = crossed[start:end]
    a, b = max(_runs(part, min(part)), key=lambda run: run[1] - run[0])
    if b - a < _LEAST_GUTTER:
        a, b = 0, end - start
    return start + (a + b) / 2


def _crossed(lines: Sequence[Line], first: int, last: int) -> list[int]:
    """For each point from `first` to `last` how many lines reach over it."""
    changes = [0] * (last - first + 2)
    for line in lines:
        start, end = max(first, int(line.box[0])), min(last + 1, int(line.box[2]) + 1)
        if start < end:
            changes[start - first] += 1
            changes[end - first] -= 1
    return list(accumulate(changes))[:-1]


def _runs(values: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of values that are `most` at most."""
    runs: list[tuple[int, int]] = []
    for index, value in enumerate(values):
        if value > most:
            continue
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


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
    if not (_is_text(left, one) and _is_text(right, other)):
        return False
    return not _are_rows(left, right)


def _are_rows(left: Sequence[Line], right: Sequence[Line]) -> bool:
    """Whether most heights have texts on both sides, three or more on one, or two on each with
    a value among them: rows of a table."""
    edge = max(line.box[2] for line in left)
    rows: list[tuple[float, list[Line], list[Line]]] = []
    for line in sorted((*left, *right), key=_height):
        if not rows or _height(line) - rows[-1][0] > 0.5 * line.size:
            rows.append((_height(line), [], []))
        _, one, other = rows[-1]
        (one if line.box[2] <= edge else other).append(line)
    return sum(_is_row(one, other) for _, one, other in rows) * 2 > len(rows)


def _is_row(left: Sequence[Line], right: Sequence[Line]) -> bool:
    if not left or not right:
        return False
    one, other = _texts(left), _texts(right)
    valued = any(holds_value(line.text.strip()) for line in (*left, *right))
    return max(one, other) > 2 or (one == other == 2 and valued)


def _height(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2


def _texts(lines: Sequence[Line]) -> int:
    """How many texts lines at one height make, further apart than the words of a line are."""
    count, end = 0, float("-inf")
    for line in sorted(lines, key=lambda one: one.box[0]):
        count += line.box[0] - end > 1.5 * line.size
        end = max(end, line.box[2])
    return count


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
    # Further columns on this side may break its lines up: long pieces count as full.
    enough = min(0.62 * width, 14 * median(line.size for line in lines))
    full = sum(taken > enough for taken in heights.values())
    if full * 2 >= len(heights) and full >= 3:
        return True
    return len(starts) >= 2 and len(starts) * 3 >= len(heights)
