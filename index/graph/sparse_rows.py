"""Sparse matrices as a graph holds them, made of pairs in numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from index.graph.contract import Incidence

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def distinct(values: npt.ArrayLike) -> Ints:
    """Each value once, ascending. (np.unique makes a hash table, which is slower.)"""
    ordered = np.sort(np.asarray(values, dtype=np.int64))
    return ordered[_is_new(ordered)]


def _is_new(ordered: Ints) -> npt.NDArray[np.bool_]:
    found = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=found[1:])
    return found


def numbered(values: npt.ArrayLike) -> tuple[Ints, Ints]:
    """Each value once, ascending, and the place of each of the values among them."""
    array = np.asarray(values, dtype=np.int64)
    order = np.argsort(array, kind="stable")
    is_new = _is_new(array[order])
    places = np.empty(len(array), dtype=np.int64)
    places[order] = np.cumsum(is_new) - 1
    return array[order][is_new], places


def counted(first: npt.ArrayLike, second: npt.ArrayLike, width: int) -> tuple[Ints, Ints, Ints]:
    """Each pair once, in order, with how often it is there; `second` is below `width`."""
    codes = np.asarray(first, dtype=np.int64) * width + np.asarray(second, dtype=np.int64)
    codes.sort()
    first = np.flatnonzero(_is_new(codes))
    unique, counts = codes[first], np.diff(first, append=len(codes))
    return unique // max(width, 1), unique % max(width, 1), counts


def summed(
    first: npt.ArrayLike, second: npt.ArrayLike, values: npt.ArrayLike, width: int
) -> tuple[Ints, Ints, Floats]:
    """Each pair once, in order, with the sum of its values: exact where they are whole numbers."""
    codes = np.asarray(first, dtype=np.int64) * width + np.asarray(second, dtype=np.int64)
    unique, inverse = numbered(codes)
    sums: Floats = np.bincount(
        inverse, weights=np.asarray(values, np.float64), minlength=len(unique)
    ).astype(np.float64)
    return unique // max(width, 1), unique % max(width, 1), sums


def highest(
    first: npt.ArrayLike, second: npt.ArrayLike, values: npt.ArrayLike, width: int
) -> tuple[Ints, Ints, Floats]:
    """Each pair once, in order, with the highest of its values."""
    codes = np.asarray(first, dtype=np.int64) * width + np.asarray(second, dtype=np.int64)
    value = np.asarray(values, np.float64)
    order = np.lexsort((-value, codes))
    codes, value = codes[order], value[order]
    is_first = _is_new(codes)
    codes, value = codes[is_first], value[is_first]
    return codes // max(width, 1), codes % max(width, 1), value


def incidence(rows: Ints, columns: npt.ArrayLike, values: npt.ArrayLike, height: int) -> Incidence:
    """A matrix of `height` rows; the pairs are in order of rows and columns."""
    offsets = np.searchsorted(rows, np.arange(height + 1)).astype(np.int64)
    return frozen(
        Incidence(
            offsets,
            np.asarray(columns).astype(np.int32),
            np.asarray(values).astype(np.float32),
        )
    )


def turned(matrix: Incidence, width: int) -> Incidence:
    """The matrix with rows for columns."""
    order = np.argsort(matrix.columns, kind="stable")
    rows = np.repeat(np.arange(len(matrix), dtype=np.int64), np.diff(matrix.offsets))
    return incidence(
        matrix.columns[order].astype(np.int64), rows[order], matrix.values[order], width
    )


def frozen(matrix: Incidence) -> Incidence:
    """The same, which can no longer be changed."""
    for part in (matrix.offsets, matrix.columns, matrix.values):
        part.setflags(write=False)
    return matrix
