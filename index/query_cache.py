"""An embedder that remembers the queries it was last asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from index.contract import Embedder, Embeddings, QueryEmbedding, Vectors

REMEMBERED = 64
"""Queries; the longest has token vectors of 800 kB."""


@dataclass(frozen=True)
class QueryCache:
    """`embedder`, whose last queries are not computed again: the legs of a search, a question
    asked twice, and the runs of an evaluation share them. Safe to use from many threads."""

    embedder: Embedder

    @property
    def fingerprint(self) -> str:
        return self.embedder.fingerprint

    @property
    def dimension(self) -> int:
        return self.embedder.dimension

    @property
    def max_tokens(self) -> int:
        return self.embedder.max_tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.embedder.count(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.embed_passages(texts)

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        return self.embedder.embed_with_tokens(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        """Its arrays are shared, and so are not to be written to."""
        return self._remembered(text)

    @cached_property
    def _remembered(self) -> Callable[[str], QueryEmbedding]:
        return lru_cache(REMEMBERED)(self._embedded)

    def _embedded(self, text: str) -> QueryEmbedding:
        found = self.embedder.embed_query(text)
        found.vector.flags.writeable = False
        found.tokens.flags.writeable = False
        return found
