"""A passage's pooled token vectors as bytes: four bits a number.

Each row is divided by its largest number and rounded to -7..7, with the divisor beside it as a
16-bit float: half a byte a dimension, an eighth of float32. Ranking by late interaction loses
nothing that could be measured by it (docs/quality.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Vectors

_LEVELS = 7


def pack(tokens: Vectors) -> bytes:
    """The rows of `tokens`, shape (n, dimension), as n * (2 + ceil(dimension / 2)) bytes."""
    if not len(tokens):
        return b""
    peak = np.maximum(np.abs(tokens).max(axis=1, keepdims=True), 1e-6)
    steps = (peak / _LEVELS).astype("<f2")
    codes = np.clip(np.round(tokens / steps.astype(np.float32)), -_LEVELS, _LEVELS)
    nibbles = (codes + _LEVELS).astype(np.uint8)
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
    codes, steps = _read(packed, dimension)
    tokens: Vectors = codes.swapaxes(1, 2).reshape(len(codes), 2 * codes.shape[2])
    return (tokens[:, :dimension] - _LEVELS) * steps


def _read(packed: bytes, dimension: int) -> tuple[Vectors, Vectors]:
    """The codes in the lower and in the upper half of each byte, shape (n, 2, width), and what
    those of each row, less _LEVELS, are to be multiplied by."""
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, row_bytes(dimension))
    steps = np.ascontiguousarray(rows[:, :2]).view("<f2").astype(np.float32)
    codes = np.empty((len(rows), 2, rows.shape[1] - 2), dtype=np.uint8)
    np.bitwise_and(rows[:, 2:], 15, out=codes[:, 0])
    np.right_shift(rows[:, 2:], 4, out=codes[:, 1])
    return codes.astype(np.float32), steps


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The token vectors of several chunks, one chunk after the other, as they are `packed`.
    `places` are those chunks among the ones asked for that have some, ascending, and `starts`
    where the rows of each begin."""

    places: Keys
    starts: Keys
    packed: bytes
    dimension: int

    @property
    def vectors(self) -> Vectors:
        """Shape (n, dimension)."""
        return unpack(self.packed, self.dimension)

    def products(self, vectors: Vectors) -> Vectors:
        """The inner product of each row with each of the vectors, shape (n, len(vectors)).
        Quicker than with unpacked rows: the codes are left in the order that they are packed
        in."""
        codes, steps = _read(self.packed, self.dimension)
        halves = np.zeros((len(vectors), *codes.shape[1:]), dtype=np.float32)
        halves[:, 0] = vectors[:, 0::2]
        halves[:, 1, : self.dimension // 2] = vectors[:, 1::2]
        width = 2 * codes.shape[2]
        found: Vectors = codes.reshape(-1, width) @ halves.reshape(-1, width).T
        found -= _LEVELS * halves.sum(axis=(1, 2))
        found *= steps
        return found
