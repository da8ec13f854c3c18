"""Synthetic unit vectors that are as hard to search as those of real passages.

    x = unit(mean + topic + subtopic + latent + noise)

Every vector shares `mean` (the embeddings of text lie in a narrow cone). Topics and their
subtopics are directions drawn at random, their sizes fall by Zipf's law; `latent` moves along
few directions of the subtopic, drawn from a pool that all subtopics share, with a spread that
falls from one to the next; `noise` goes in every direction. The parameters are the expected
squares of the parts, and add up to 1.

The defaults were set beside the vectors that multilingual-e5-small gives the passages of real
sets, as many of each, 400 of them held out as queries: the mean cosine of random pairs, how far
that of the ten nearest lies over it, the local intrinsic dimension (Levina and Bickel's maximum
likelihood over 20 to 100 neighbours, averaged as MacKay and Ghahramani do), and recall@10 of
faiss' HNSW with M = 32, efConstruction = 256 and efSearch = 32, 64 and 128:

    vectors                    rows     pairs   gap    dimension  recall@10
    cmrc2018-dev                1,065   0.840   0.056  21.3       0.996  0.999  1.000
    synthetic                   1,065   0.744   0.072  32.8       0.985  0.998  1.000
    ohr-dev                    11,643   0.788   0.116  13.3       0.987  0.997  0.998
    hotpotqa                    6,844   0.761   0.084  27.9       0.976  0.995  0.999
    2wiki                       9,969   0.759   0.091  29.1       0.960  0.991  0.998
    synthetic                   9,969   0.745   0.094  32.0       0.960  0.987  0.997
    six sets together          33,521   0.745   0.129  22.3       0.968  0.990  0.998
    synthetic                  33,521   0.745   0.109  29.3       0.956  0.983  0.993
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import Vectors
from ingest.contract import cached_property

_BLOCK = 10_000
_QUERIES = 1 << 40
"""The number of the first block of queries: no block of rows comes so far."""


@dataclass(frozen=True)
class Topics:
    """A source of vectors of `dimension`; the same for the same seed, whatever is asked first."""

    dimension: int = 384
    seed: int = 0
    mean: float = 0.74
    topic: float = 0.04
    subtopic: float = 0.03
    latent: float = 0.15
    noise: float = 0.04
    topics: int = 64
    subtopics: int = 64
    directions: int = 48
    zipf: float = 1.0
    decay: float = 0.3

    def blocks(self, count: int) -> Iterator[Vectors]:
        """`count` vectors, a block of rows at a time."""
        for number, start in enumerate(range(0, count, _BLOCK)):
            yield self._block(number, min(_BLOCK, count - start))

    def vectors(self, count: int) -> Vectors:
        """`count` vectors, shape (count, dimension)."""
        rows = np.empty((count, self.dimension), dtype=np.float32)
        for number, block in enumerate(self.blocks(count)):
            rows[number * _BLOCK : number * _BLOCK + len(block)] = block
        return rows

    def queries(self, count: int) -> Vectors:
        """Vectors of the same process that are none of `vectors`."""
        parts = [
            self._block(_QUERIES + number, min(_BLOCK, count - start))
            for number, start in enumerate(range(0, count, _BLOCK))
        ]
        return np.concatenate(parts)

    def _block(self, number: int, count: int) -> Vectors:
        """Block `number`, its first `count` rows. All of it is made: how a product of matrices
        is rounded depends on how many rows it has."""
        random = np.random.default_rng((self.seed, 1, number))
        topic = random.choice(self.topics, _BLOCK, p=self._shares(self.topics))
        subtopic = random.choice(self.subtopics, _BLOCK, p=self._shares(self.subtopics))
        place = topic * self.subtopics + subtopic
        steps = random.standard_normal((_BLOCK, self.directions), dtype=np.float32)
        noise = random.standard_normal((_BLOCK, self.dimension), dtype=np.float32)
        rows: Vectors = self._centres[place]
        rows += noise * np.float32((self.noise / self.dimension) ** 0.5)
        spread = np.arange(1, self.directions + 1, dtype=np.float32) ** -self.decay
        spread *= (self.latent / (spread**2).sum()) ** 0.5
        pool, chosen = self._pool
        for which in np.unique(place):
            mine = place == which
            rows[mine] += (steps[mine] * spread) @ pool[chosen[which]]
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows[:count]

    def _shares(self, count: int) -> npt.NDArray[np.float64]:
        sizes = np.arange(1, count + 1, dtype=np.float64) ** -self.zipf
        shares: npt.NDArray[np.float64] = sizes / sizes.sum()
        return shares

    @cached_property
    def _centres(self) -> Vectors:
        """Of each subtopic, shape (topics * subtopics, dimension)."""
        random = np.random.default_rng((self.seed, 0))
        rows = _directions(random, self.topics * self.subtopics, self.dimension)
        rows *= np.float32(self.subtopic**0.5)
        topics = _directions(random, self.topics, self.dimension) * self.topic**0.5
        rows += np.repeat(topics.astype(np.float32), self.subtopics, axis=0)
        rows += _directions(random, 1, self.dimension) * np.float32(self.mean**0.5)
        return rows

    @cached_property
    def _pool(self) -> tuple[Vectors, npt.NDArray[Any]]:
        """Directions that subtopics share, and which of them each has."""
        random = np.random.default_rng((self.seed, 2))
        pool = _directions(random, 4 * self.directions, self.dimension)
        order = random.random((self.topics * self.subtopics, len(pool))).argsort(axis=1)
        return pool, order[:, : self.directions]


def _directions(random: np.random.Generator, count: int, dimension: int) -> Vectors:
    rows = random.standard_normal((count, dimension), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows
