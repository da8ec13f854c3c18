"""BM25 by the `rank-bm25` package: the exact reference, and for small throw-away collections.

It lives in memory, and is filled from the catalog each time it is opened. The formula is that
of the other indexes (with Lucene's inverse document frequency); nothing in it is rounded.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import (
    IDENTIFIER_MARK,
    SPARSE_FIELDS,
    AnyOf,
    Keys,
    Ranking,
    SparseChanges,
    SparseEntry,
    SparseReader,
)


@dataclass
class _Held:
    entries: dict[int, SparseEntry] = field(default_factory=dict)
    generation: int = 0
    reader: SparseReader | None = None


@dataclass(frozen=True)
class RankBm25Index:
    """Takes the options of the other sparse index; `path` is not used."""

    path: Path
    title_weight: float = 0.2
    headings_weight: float = 0.2
    body_weight: float = 0.5
    window_weight: float = 0.5
    identifiers_weight: float = 1.0
    k1: float = 1.2
    b: float = 0.75
    _held: _Held = field(default_factory=_Held, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @property
    def generation(self) -> int:
        return self._held.generation

    @property
    def in_memory(self) -> bool:
        return True

    def apply(self, changes: SparseChanges) -> None:
        with self._lock:
            entries = dict(self._held.entries)
            for key in changes.deleted:
                entries.pop(key, None)
            entries.update((entry.key, entry) for entry in changes.added)
            self._held.entries = entries
            self._held.generation = changes.generation
            self._held.reader = None

    def reader(self) -> SparseReader:
        weights = [getattr(self, f"{name}_weight") for name in SPARSE_FIELDS]
        with self._lock:
            if self._held.reader is None:
                self._held.reader = RankBm25Reader.over(
                    self._held.entries, weights, self.k1, self.b
                )
            return self._held.reader

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class RankBm25Reader:
    """Scores of every chunk for each query, as rank-bm25 computes them."""

    _keys: Keys
    _engines: Mapping[str, tuple[float, Any]]
    _narrowed: Callable[[Keys], RankBm25Reader]

    @classmethod
    def over(
        cls, entries: Mapping[int, SparseEntry], weights: Sequence[float], k1: float, b: float
    ) -> RankBm25Reader:
        """A reader of the entries as they are now; a field that is empty everywhere, or has no
        weight, is left out."""
        keys = sorted(entries)
        engines: dict[str, tuple[float, Any]] = {}
        for name, weight in zip(SPARSE_FIELDS, weights, strict=True):
            texts = [list(getattr(entries[key], name)) for key in keys]
            if weight > 0 and any(texts):
                engines[name] = (weight, _engine(texts, k1, b))

        def narrowed(kept: Keys) -> RankBm25Reader:
            own = {key: entries[key] for key in kept.tolist() if key in entries}
            return cls.over(own, weights, k1, b)

        return cls(np.array(keys, dtype=np.int64), engines, narrowed)

    def __len__(self) -> int:
        return len(self._keys)

    def search(self, terms: Sequence[str | AnyOf], k: int, allowed: Keys | None = None) -> Ranking:
        if not terms or k <= 0:
            return Ranking.of([], [])
        plain = [term for term in terms if isinstance(term, str)]
        notions = [term for term in terms if isinstance(term, AnyOf)]
        scores: npt.NDArray[np.float64] = np.zeros(len(self._keys))
        for weight, engine in self._engines.values():
            scores += weight * engine.get_scores(plain)
            for notion in notions:
                each = [engine.get_scores(list(w)) / len(w) for w in notion.wordings]
                scores += weight * notion.weight * np.max(each, axis=0)
        found = scores > 0
        if allowed is not None:
            found &= np.isin(self._keys, allowed, assume_unique=True)
        return Ranking.of(self._keys[found], scores[found]).head(k)

    def by_term(self, terms: Sequence[str | AnyOf], keys: Keys) -> npt.NDArray[np.float32]:
        counts = Counter(terms)
        found = np.zeros((len(counts), len(keys)), dtype=np.float32)
        for row, (term, count) in enumerate(counts.items()):
            found[row] = self.search([term] * count, len(keys), keys).scores_of(keys)
        return found

    def counts(self, terms: Sequence[str], allowed: Keys | None = None) -> list[int]:
        found: list[int] = []
        among = self._keys if allowed is None else allowed
        wanted = np.isin(self._keys, among, assume_unique=True).tolist()
        for term in terms:
            name = "identifiers" if term.startswith(IDENTIFIER_MARK) else "body"
            known = self._engines.get(name)
            chunks = compress(known[1].doc_freqs, wanted) if known else ()
            found.append(sum(term in chunk for chunk in chunks))
        return found

    def keys(self) -> Keys:
        return self._keys

    def among(self, keys: Keys) -> RankBm25Reader:
        return self._narrowed(keys)


def _engine(texts: list[list[str]], k1: float, b: float) -> Any:
    from rank_bm25 import BM25Okapi

    class LuceneBm25(BM25Okapi):  # type: ignore[misc]
        """BM25Okapi with ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative."""

        def _calc_idf(self, nd: Mapping[str, int]) -> None:
            size = self.corpus_size
            self.idf = {t: math.log1p((size - n + 0.5) / (n + 0.5)) for t, n in nd.items()}

    return LuceneBm25(texts, k1=k1, b=b)
