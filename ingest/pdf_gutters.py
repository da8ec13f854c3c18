"""The gutters of an aligned table: where its columns part."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

from ingest.pdf_layout import Bounds, Line
from ingest.pdf_rows import Row
from ingest.pdf_tables import holds_value

_MOST_HEADS = 6
_LEAST = 3.0
_LEAST_NAMED = 2.0  # where names of the head say that columns part
_YEAR = re.compile(r"(?:19|20)\d\d年?")


def gutters_of(rows: Sequence[Row], box: Bounds) -> tuple[float, ...]:
    """The places between the columns, from left to right. Columns are told by what most rows
    leave blank; a name in the head that stands apart makes one, however few cells are below."""
    gutters = _stripes(rows, box)
    if not gutters:
        return gutters
    heads = head_rows(rows)
    return _with_sparse(_without_split(gutters, rows, heads), rows, heads)


def head_rows(rows: Sequence[Row]) -> int:
    """How many rows there are above the first that holds a value past its first cell."""
    for index, row in enumerate(rows[:_MOST_HEADS]):
        texts = [cell.text.strip() for cell in row.cells[1:]]
        if any(holds_value(text) and not _YEAR.fullmatch(text) for text in texts):
            return max(index, 1)
    return 1


def _without_split(gutters: Sequence[float], rows: Sequence[Row], heads: int) -> tuple[float, ...]:
    """The gutters without those between a column that has a name alone and one that has cells
    alone: the name stands at another side of the column than its cells, or is wider."""
    kept = list(gutters)
    pieces = [[piece for cell in row.cells for piece in _pieces(cell)] for row in rows]
    place = 0
    while place < len(kept):
        left = _rows_within(pieces, kept, place)
        right = _rows_within(pieces, kept, place + 1)
        over = min((left, right), key=lambda found: max(found, default=-1))
        below = right if over is left else left
        if over and below and max(over) < heads <= min(below):
            del kept[place]
        else:
            place += 1
    return tuple(kept)


def _rows_within(
    rows: Sequence[Sequence[tuple[float, float]]], gutters: Sequence[float], column: int
) -> set[int]:
    """The rows that have a text within the column."""
    return {
        index
        for index, pieces in enumerate(rows)
        for left, right in pieces
        if _column(left + 2, gutters) == column == _column(right - 2, gutters)
    }


def clear_of(gutters: Sequence[float], rows: Sequence[Row]) -> list[float]:
    """The gutters that no text of any row reaches over."""
    pieces = [piece for row in rows for cell in row.cells for piece in _pieces(cell)]
    return [
        gutter
        for gutter in gutters
        if not any(left < gutter - 0.5 and right > gutter + 0.5 for left, right in pieces)
    ]


def _pieces(cell: Line, far: float = 0.3) -> list[tuple[float, float]]:
    """From where to where the texts of a cell reach that stand `far` sizes of print apart or
    more, a word's space where it is not said."""
    found: list[tuple[float, float]] = []
    for span in cell.spans:
        if not span.text.strip():
            continue
        left, _, right, _ = span.box
        if found and left - found[-1][1] < far * span.size:
            found[-1] = (found[-1][0], max(right, found[-1][1]))
        else:
            found.append((left, right))
    return found


def _column(x: float, gutters: Sequence[float]) -> int:
    return bisect_right(gutters, x)


def _with_sparse(gutters: Sequence[float], rows: Sequence[Row], heads: int) -> tuple[float, ...]:
    """The gutters with one more between two names of the head that share a column, where no
    row reaches from one to the other."""
    found = list(gutters)
    names: list[tuple[float, float]] = []
    heads_at = (p for row in rows[:heads] for cell in row.cells for p in _pieces(cell, 0.6))
    for left, right in sorted(heads_at):
        if names and left < names[-1][1]:
            names[-1] = (names[-1][0], max(right, names[-1][1]))
        else:
            names.append((left, right))
    for (_, end), (start, _) in pairwise(names):
        if _column(end - 2, found) == _column(start + 2, found):
            blank = _blank_between(end, start, rows)
            if blank is not None:
                found = sorted([*found, blank])
    return tuple(found)


def _blank_between(start: float, end: float, rows: Sequence[Row]) -> float | None:
    """The middle of what all rows leave blank from `start` to `end`; None where that is no
    gutter."""
    for row in rows:
        for cell in row.cells:
            for left, right in _pieces(cell):
                if right <= start or left >= end:
                    continue
                if (left + right) / 2 < (start + end) / 2:
                    start = right
                else:
                    end = left
    return (start + end) / 2 if end - start >= _LEAST_NAMED else None


def _stripes(rows: Sequence[Row], box: Bounds) -> tuple[float, ...]:
    """The middles of the blank stripes between the columns: places that at most a few rows
    (those of spanning heads) reach over."""
    events: list[tuple[float, int]] = []
    for row in rows:
        for cell in row.cells:
            events.append((cell.box[0] + 0.5, 1))
            events.append((cell.box[2] - 0.5, -1))
    allowed = 0 if len(rows) < 4 else max(1, len(rows) // 12)
    events.sort()
    found: list[float] = []
    depth, open_from, seen = 0, box[0], 0
    for place, change in events:
        if change > 0:
            if depth <= allowed and seen and place - open_from >= _LEAST:
                found.append((open_from + place) / 2)
                seen = 0
            depth += 1
            seen = max(seen, depth - allowed)
        else:
            depth -= 1
            if depth == allowed:
                open_from = place
    if len(found) > 1 and not any(
        cell.box[2] < found[0] < other.box[0] and other.box[2] < found[1] + 2
        for row in rows
        for cell, other in pairwise(row.cells)
    ):
        found.pop(0)  # labels that are further in, and no column of their own
    return tuple(found)
