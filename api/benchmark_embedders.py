"""Embedders that stand where the real one does, so that embedding is not what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from index.contract import Embedder, Embeddings, QueryEmbedding, Vectors


@dataclass(frozen=True)
class StandIn:
    """Has the fingerprint of `real`, and does what it does."""

    real: Embedder

    @property
    def fingerprint(self) -> str:
        return self.real.fingerprint

    @property
    def dimension(self) -> int:
        return self.real.dimension

    @property
    def max_tokens(self) -> int:
        return self.real.max_tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.real.count(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.real.embed_passages(texts)

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        return self.real.embed_with_tokens(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        return self.real.embed_query(text)


@dataclass(frozen=True)
class Remembering(StandIn):
    """Knows some queries by heart."""

    known: Mapping[str, QueryEmbedding] = field(default_factory=dict)

    def embed_query(self, text: str) -> QueryEmbedding:
        found = self.known.get(text)
        return self.real.embed_query(text) if found is None else found
