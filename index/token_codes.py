"""A passage's pooled token vectors as bytes: four bits a number.

Each row is divided by its largest number and rounded to -7..7, with the divisor beside it as a
16-bit float: half a byte a dimension, an eighth of float32. Ranking by late interaction loses
nothing that could be measured by it (docs/quality.md).
"""

from __future__ import annotations

import numpy as np

from index.contract import Vectors

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


def unpack(packed: bytes, dimension: int) -> Vectors:
    """What `pack` was given, to within half a step, shape (n, dimension). Raises ValueError
    where the bytes are no whole number of rows."""
    width = 2 + (dimension + 1) // 2
    rows = np.frombuffer(packed, dtype=np.uint8).reshape(-1, width)
    steps = np.ascontiguousarray(rows[:, :2]).view("<f2").astype(np.float32)
    codes = np.empty((len(rows), 2 * (width - 2)), dtype=np.float32)
    codes[:, 0::2] = rows[:, 2:] & 15
    codes[:, 1::2] = rows[:, 2:] >> 4
    tokens: Vectors = (codes[:, :dimension] - _LEVELS) * steps
    return tokens
