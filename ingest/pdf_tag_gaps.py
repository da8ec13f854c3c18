"""Rows of a tagged table that lack their empty cells, as some programs write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ingest.pdf_tags import CellPlace
from ingest.pdf_text import Path

Reach: TypeAlias = tuple[float, float]
"""From where to where the text of a cell reaches on its page."""
_EMPTY = CellPlace(())


def with_gaps(
    rows: Sequence[Sequence[CellPlace]], reach: Mapping[Path, Reach]
) -> list[list[CellPlace]]:
    """The rows, each that has too few cells filled up with empty ones, so that its cells stand
    in the columns in which they are printed. Rows beside cells over several rows stay as they
    are: what they lack is covered."""
    out = [list(row) for row in rows]
    width = max((len(row) for row in out), default=0)
    if any(cell.rows > 1 or cell.columns > 1 for row in out for cell in row):
        return out
    columns = _columns([row for row in out if len(row) == width], reach, width)
    for number, row in enumerate(out):
        if len(row) < width:
            placed = _placed(row, columns, reach)
            if placed is not None:
                out[number] = placed
    return out


def _columns(
    rows: Sequence[Sequence[CellPlace]], reach: Mapping[Path, Reach], width: int
) -> list[Reach | None]:
    """How far each column reaches in the rows that are whole."""
    found: list[Reach | None] = [None] * width
    for row in rows:
        for column, cell in enumerate(row):
            own, known = reach.get(cell.path), found[column]
            if own is not None:
                found[column] = (
                    own if known is None else (min(known[0], own[0]), max(known[1], own[1]))
                )
    return found


def _placed(
    row: Sequence[CellPlace], columns: Sequence[Reach | None], reach: Mapping[Path, Reach]
) -> list[CellPlace] | None:
    """The cells with empty ones between; None where they do not fit the columns in order."""
    out: list[CellPlace] = []
    for index, cell in enumerate(row):
        own = reach.get(cell.path)
        last = len(columns) - (len(row) - index)
        if len(out) > last:
            return None
        if own is not None:
            best = max(range(len(out), last + 1), key=lambda c: (_overlap(own, columns[c]), -c))
            out.extend(_EMPTY for _ in range(best - len(out)))
        out.append(cell)
    out.extend(_EMPTY for _ in range(len(columns) - len(out)))
    return out


def _overlap(one: Reach, other: Reach | None) -> float:
    """How far both reach over the same places; below zero how far they are apart."""
    if other is None:
        return float("-inf")
    return min(one[1], other[1]) - max(one[0], other[0])
