"""An embedder around another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.contract import Embedder, Embeddings, QueryEmbedding, Vectors


@dataclass(frozen=True)
class StandIn:
    """Has the fingerprint of `real`, and does what it does; what is to be different, a subclass
    says."""

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

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return self.real.embed_tokens(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        return self.real.embed_query(text)
