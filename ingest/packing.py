"""Grouping a row of pieces into packs under a budget, at the best places to part them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_PACK_COST = 1.0
_FILL_COST = 1.0
_SMALL_COST = 1.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What packing knows of a piece.

    `size` is its tokens, `lead` the tokens that come on top where a pack begins with it, and
    `parting` the cost of beginning a pack with it (0 is neutral, a pack costs 1 to 2).
    """

    size: int
    lead: int = 0
    parting: float = 0.0


def pack(pieces: Sequence[Piece], budget: int, small: int = 0) -> list[tuple[int, int]]:
    """Ranges (start, end) of pieces that fill the whole row, none over the budget.

    A piece over the budget stands alone. Fewer packs are better, then even ones, then those
    with no pack under `small` tokens, all weighed against the parting costs; of equal ways the
    one whose last pack begins latest. Linear in the pieces for a fixed budget.
    """
    count = len(pieces)
    best = [0.0] * (count + 1)
    origin = [0] * (count + 1)
    for end in range(1, count + 1):
        size = 0
        lowest = float("inf")
        for start in range(end - 1, -1, -1):
            piece = pieces[start]
            size += piece.size
            total = size + piece.lead
            if size > budget and start < end - 1:
                break
            if total > budget and start < end - 1:
                continue
            filled = total / budget
            cost = best[start] + _PACK_COST + _FILL_COST * filled * filled
            if start:
                cost += piece.parting
            if total < small:
                cost += _SMALL_COST * (1 - total / small)
            if cost < lowest:
                lowest, origin[end] = cost, start
        best[end] = lowest
    ranges: list[tuple[int, int]] = []
    end = count
    while end:
        ranges.append((origin[end], end))
        end = origin[end]
    return ranges[::-1]
