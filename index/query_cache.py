"""An embedder that remembers the queries it was last asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from index.contract import QueryEmbedding
from index.stand_in import StandIn
from ingest.contract import cached_property

REMEMBERED = 64
"""Queries; the longest has token vectors of 800 kB."""


@dataclass(frozen=True)
class QueryCache(StandIn):
    """`real`, whose last `size` queries are not computed again: the legs of a search, a question
    asked twice, and the runs of an evaluation share them. Safe to use from many threads."""

    size: int = REMEMBERED

    def embed_query(self, text: str) -> QueryEmbedding:
        """Its arrays are shared, and so are not to be written to."""
        return self._remembered(text)

    def forget(self) -> None:
        """Remembers none any more: what is asked next takes as long as it did at first."""
        self.__dict__.pop("_remembered", None)

    @cached_property
    def _remembered(self) -> Callable[[str], QueryEmbedding]:
        return lru_cache(self.size)(self._embedded)

    def _embedded(self, text: str) -> QueryEmbedding:
        found = self.real.embed_query(text)
        found.vector.flags.writeable = False
        found.tokens.flags.writeable = False
        return found
