"""The lists of IVF: unit vectors parted by k-means on the sphere.

In NumPy, for FAISS multiplies matrices at a seventh of its speed: the BLAS in its wheels knows
no wide registers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from index.contract import Vectors

SAMPLE = 48
"""So many vectors for each list are enough to train on."""
_ROUNDS = 8
_BLOCK = 2_048


def count_for(size: int) -> int:
    """How many lists pay for so many vectors: scanning codes is cheap, comparing with centres
    is not."""
    return max(1, min(size // SAMPLE, int(2 * size**0.5)))


def nearest(vectors: Vectors, centres: Vectors) -> npt.NDArray[np.int64]:
    """The list of each vector: that of the centre with the greatest inner product."""
    found = np.empty(len(vectors), dtype=np.int64)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] @ centres.T
        found[start : start + _BLOCK] = block.argmax(axis=1)
    return found


def centres_of(vectors: Vectors, count: int, go_on: Callable[[], None]) -> Vectors:
    """`count` unit vectors, each the direction of the mean of those nearest to it; the same for
    the same vectors. A list that has lost all of its vectors takes one out of a large list.
    `go_on` is called between two rounds and may raise."""
    random = np.random.default_rng(0)
    centres: Vectors = vectors[np.sort(random.choice(len(vectors), count, replace=False))]
    for _ in range(_ROUNDS):
        go_on()
        places = nearest(vectors, centres)
        order = np.argsort(places, kind="stable")
        sizes = np.bincount(places, minlength=count)
        starts = np.cumsum(sizes) - sizes
        full, empty = np.flatnonzero(sizes), np.flatnonzero(sizes == 0)
        sums = np.add.reduceat(vectors[order], starts[full], axis=0)
        large = np.resize(full[np.argsort(-sizes[full], kind="stable")], len(empty))
        centres[empty] = vectors[order[starts[large]]]
        centres[full] = sums
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    return centres
