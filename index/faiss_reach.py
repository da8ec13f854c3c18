"""How far a search by FAISS has to go to find what is nearest: measured where an index is built.

Questions are not like passages: they lie farther from those that answer them, and these lie
farther apart, in more lists. Vectors of the collection asked for their neighbours are found far
more easily than questions are, so what is asked here are vectors drawn towards others. Over
39,257 passages of eight real sets (multilingual-e5-small), 0.99 of the ten nearest lie in lists
whose centre is nearer than the best centre less

    real questions                                0.058
    passages, as they are                         0.040
    passages, 0.2, 0.3, 0.4, 0.5 towards another  0.039  0.051  0.045  0.032
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import Vectors

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Find = Callable[[Vectors, float, int], Positions]
"""Given a question, a breadth and a depth: positions, the best by their codes first."""

_FEW, _MANY = 10, 100
"""The numbers of neighbours that are asked for while measuring."""
_QUESTIONS = 256
_DRAWN = np.float32(0.3)
_ROUNDING = 1e-5
_BLOCK = 16_384
_GROWTH = 1.25
_LOOSER = 6
"""Of the 100 nearest, so many times the share may be missed: the last of them hardly matter to
what is made of a ranking, and take twice the time."""
_BREADTHS = [round(16 * 2 ** (step / 2)) for step in range(17)]
"""Of a graph, up to 4,096."""


@dataclass(frozen=True)
class Reach:
    """`breadths` and `depths` are those for the 10 nearest and for the 100 nearest. A breadth is
    the gap below the best centre within which lists are visited, or efSearch of HNSW; a depth
    is how many of the best by their codes are scored anew. The gap grows by `rise` where one
    vector in ten counts. `target` is the recall for which it was measured, over `size`
    vectors."""

    target: float
    size: int
    breadths: tuple[float, float]
    rise: float
    depths: tuple[int, int]

    @staticmethod
    def of(told: Sequence[Any]) -> Reach:
        """Out of its fields in order, as JSON gives them."""
        target, size, breadths, rise, depths = told
        return Reach(target, size, tuple(breadths), rise, tuple(depths))

    def holds(self, target: float, size: int) -> bool:
        """Whether it need not be measured anew."""
        return self.target == target and size <= _GROWTH * self.size

    def breadth(self, k: int, rarity: float = 1.0) -> float:
        """For the k nearest, where one vector in `rarity` counts."""
        few, many = self.breadths
        wider = self.rise * math.log10(max(rarity, 1.0))
        return few + (many - few) * math.log10(max(k, _FEW) / _FEW) + wider

    def depth(self, k: int) -> int:
        """For the k nearest."""
        few, many = self.depths
        if k >= _MANY:
            return math.ceil(many * k / _MANY)
        return math.ceil(few * math.pow(many / few, math.log10(max(k, _FEW) / _FEW)))


@dataclass(frozen=True)
class Questions:
    """Vectors drawn towards others out of `rows`, shape (n, dimension), which `origins` are the
    positions of; the nearest to each among the rest, `nearest`, best first, with `scores`."""

    rows: Vectors
    vectors: Vectors
    origins: Positions
    nearest: Positions
    scores: Scores

    @staticmethod
    def of(rows: Vectors, go_on: Callable[[], None]) -> Questions:
        """The same for the same rows, of which there are two at least."""
        size = len(rows)
        origins = np.linspace(0, size - 1, min(_QUESTIONS, size)).astype(np.int64)
        others = np.random.default_rng(0).integers(0, size, len(origins))
        vectors = (1 - _DRAWN) * rows[origins] + _DRAWN * rows[others]
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        wanted = min(_MANY, size - 1)
        scores = np.empty((len(origins), 0), dtype=np.float32)
        places = np.empty((len(origins), 0), dtype=np.int64)
        for start in range(0, size, _BLOCK):
            go_on()
            block = vectors @ rows[start : start + _BLOCK].T
            inside = np.flatnonzero((origins >= start) & (origins < start + _BLOCK))
            block[inside, origins[inside] - start] = -np.inf
            here = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
            scores, places = _first(
                np.concatenate([scores, block], axis=1),
                np.concatenate([places, here], axis=1),
                wanted,
            )
        order = np.argsort(-scores, axis=1, kind="stable")
        ordered = np.take_along_axis(places, order, 1), np.take_along_axis(scores, order, 1)
        return Questions(rows, vectors, origins, *ordered)

    def hits(self, at: int, found: Positions, k: int) -> npt.NDArray[np.int64]:
        """How many of the k nearest to question `at` are among the first, the first two, the
        first three … found. Twins of the last count."""
        mine = found[found != self.origins[at]]
        least = self.scores[at, k - 1] - _ROUNDING
        near: npt.NDArray[np.bool_] = self.rows[mine] @ self.vectors[at] >= least
        return np.minimum(np.cumsum(near), k)


def _first(scores: Scores, places: Positions, count: int) -> tuple[Scores, Positions]:
    """The greatest of each row, with their places."""
    if scores.shape[1] <= count:
        return scores, places
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    return np.take_along_axis(scores, best, 1), np.take_along_axis(places, best, 1)


def of_lists(
    asked: Questions, list_of: npt.NDArray[np.uint16], centres: Vectors, find: Find, target: float
) -> Reach:
    """The lists may miss half of what may be missed, and half may lie too deep; one list misses
    nothing."""
    share = 0.5 if len(centres) > 1 else 1.0
    near = asked.vectors @ centres.T
    best = near.max(axis=1, keepdims=True)
    breadths, likely, depths = [], [], []
    for k, missed in _goals(asked, target):
        gaps = best - np.take_along_axis(near, list_of[asked.nearest[:, :k]].astype(np.int64), 1)
        breadths.append(float(np.quantile(gaps, 1 - missed / 2)))
        likely.append(float(np.quantile(gaps, max(0.0, 1 - 2 * (1 - target)))))
        deepest = 20 * k + 200
        hits = np.zeros(deepest)
        for at, vector in enumerate(asked.vectors):
            mine = asked.hits(at, find(vector, breadths[-1], deepest + 1), k)[:deepest]
            hits += np.pad(mine, (0, deepest - len(mine)), mode="edge" if len(mine) else "constant")
        depths.append(max(k, 1 + int(np.argmax(hits >= (1 - share * missed) * hits[-1]))))
    return Reach(
        target,
        len(asked.rows),
        (breadths[0], max(breadths)),
        max(0.0, likely[1] - likely[0]),
        (depths[0], depths[1]),
    )


def of_graph(asked: Questions, depth: Callable[[int], int], find: Find, target: float) -> Reach:
    """The least breadth that finds enough, where so many as `depth` says are scored anew."""
    breadths = []
    for k, missed in _goals(asked, target):
        for breadth in _BREADTHS:
            hits = 0
            for at, vector in enumerate(asked.vectors):
                found = asked.hits(at, find(vector, breadth, depth(k) + 1), k)
                hits += int(found[-1]) if len(found) else 0
            if hits >= (1 - missed) * k * len(asked.vectors):
                break
        breadths.append(float(breadth))
    depths = depth(_FEW), depth(_MANY)
    return Reach(target, len(asked.rows), (breadths[0], max(breadths)), 0.0, depths)


def _goals(asked: Questions, target: float) -> list[tuple[int, float]]:
    """Numbers of neighbours to ask for, with the share of them that may be missed: half of what
    may be at all, for real questions are harder still than these."""
    most = asked.nearest.shape[1]
    missed = (1 - target) / 2
    return [(min(_FEW, most), missed), (min(_MANY, most), min(1.0, _LOOSER * missed))]
