"""A passage's pooled token vectors as bytes: four bits a number.

Each row is divided by its largest number and rounded to -7..7, with the divisor beside it as a
16-bit float: half a byte a dimension, an eighth of float32. Ranking by late interaction loses
nothing that could be measured by it (docs/quality.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.contract import Keys, Vectors

LEVELS = 7


def pack(tokens: Vectors) -> bytes:
    """The rows of `tokens`, shape (n, dimension), as n * (2 + ceil(dimension / 2)) bytes."""
    if not len(tokens):
        return b""
    peak = np.maximum(np.abs(tokens).max(axis=1, keepdims=True), 1e-6)
    steps = (peak / LEVELS).astype("<f2")
    codes = np.clip(np.round(tokens / steps.astype(np.float32)), -LEVELS, LEVELS)
    nibbles = (codes + LEVELS).astype(np.uint8)
    if nibbles.shape[1] % 2:
        nibbles = np.pad(nibbles, ((0, 0), (0, 1)))
    pairs = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)
    return np.hstack([steps.view(np.uint8).reshape(len(tokens), 2), pairs]).tobytes()


def row_bytes(dimension: int) -> int:
    """The size of a packed row."""
    return 2 + (dimension + 1) // 2


def unpack(packed: bytes, dimension: int) -> Vectors:
    """What `pack` was given, to within half a step, shape (n, dimension). Raises ValueError
    where the bytes are no whole number of rows."""
    nibbles, steps = _read(packed, dimension)
    codes = np.empty((len(nibbles), 2 * nibbles.shape[1]), dtype=np.float32)
    codes[:, 0::2] = nibbles & 15
    codes[:, 1::2] = nibbles >> 4
    tokens: Vectors = (codes[:, :dimension] - LEVELS) * steps[:, None]
    return tokens


def _read(packed: bytes, dimension: int) -> tuple[npt.NDArray[np.uint8], Vectors]:
    """The codes, two in a byte, shape (n, ceil(dimension / 2)), and what those of each row, less
    LEVELS, are to be multiplied by."""
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, row_bytes(dimension))
    steps = np.ascontiguousarray(rows[:, :2]).view("<f2").astype(np.float32)
    return np.ascontiguousarray(rows[:, 2:]), steps[:, 0]


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The token vectors of several chunks, one chunk after the other, as they are `packed`.
    `places` are those chunks among the ones asked for that have some, ascending, and `starts`
    where the rows of each begin."""

    places: Keys
    starts: Keys
    packed: bytes
    dimension: int

    @staticmethod
    def of(packed: Sequence[bytes], dimension: int) -> TokenRows:
        """Of the packed rows of each chunk asked for, empty for one that has none."""
        places = [place for place, rows in enumerate(packed) if rows]
        held = [packed[place] for place in places]
        ends = np.cumsum([len(rows) // row_bytes(dimension) for rows in held], dtype=np.int64)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends])[: len(places)]
        return TokenRows(np.array(places, dtype=np.int64), starts, b"".join(held), dimension)

    @property
    def vectors(self) -> Vectors:
        """Shape (n, dimension)."""
        return unpack(self.packed, self.dimension)

    def max_products(self, vectors: Vectors) -> Vectors:
        """The greatest inner product of each of the vectors with a row of each chunk, shape
        (len(places), len(vectors))."""
        from index.token_kernels import AT_ONCE, take_best

        nibbles, steps = _read(self.packed, self.dimension)
        width = nibbles.shape[1]
        count = -(-len(vectors) // AT_ONCE) * AT_ONCE
        halves = np.zeros((count, 2 * width), dtype=np.float32)
        halves[: len(vectors), :width] = vectors[:, 0::2]
        halves[: len(vectors), width : width + self.dimension // 2] = vectors[:, 1::2]
        best = np.full((len(self.starts), count), -np.inf, dtype=np.float32)
        take_best(nibbles, steps, self.starts, halves, best)
        return best[:, : len(vectors)]
