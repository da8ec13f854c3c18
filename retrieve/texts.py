"""Judging texts that no collection holds, as a reranker of a search judges passages.

A cross-encoder reads the question with each text, where one is set. Else the tokens of the question
look for their best places among those of the text (late interaction), and where the embedder has no
tokens, its vectors are compared. A text that is longer than a passage may be is judged in pieces,
and counts what its best piece does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from index.contract import Embedder, QueryEmbedding, Vectors
from ingest.contract import BadInput
from retrieve.contract import Reranker, Scores

CROSS_ENCODER, LATE_INTERACTION, COSINE = "cross_encoder", "late_interaction", "cosine"
_PIECE_TOKENS = 400
_MAX_PIECES = 4_000
_AT_ONCE = 32


@runtime_checkable
class _Reader(Protocol):
    """A reranker that reads question and text together."""

    def read(self, question: str, texts: Sequence[str]) -> Scores: ...


@dataclass(frozen=True)
class TextJudge:
    """By an `embedder`, or by one of the `rerankers` of searches."""

    embedder: Embedder
    rerankers: Mapping[str, Reranker]

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to judge that there are here, the best first."""
        reads = isinstance(self.rerankers.get(CROSS_ENCODER), _Reader)
        return (*((CROSS_ENCODER,) if reads else ()), LATE_INTERACTION, COSINE)

    def judge(
        self, question: str, texts: Sequence[str], max_tokens: int, way: str = ""
    ) -> tuple[str, Scores]:
        """The way taken, and a score from 0 to 1 for each text, of which the first `max_tokens` or
        so are looked at. Raises BadInput for a way that there is not, or too much text, and
        Unavailable."""
        way = way or self.ways[0]
        if way not in self.ways:
            raise BadInput(f"there is no way {way!r} to judge here: {', '.join(self.ways)}")
        pieces, owners = self._pieces(texts, max_tokens)
        if len(pieces) > _MAX_PIECES:
            raise BadInput(
                f"the texts make {len(pieces):,} pieces of {_PIECE_TOKENS} tokens, and "
                f"{_MAX_PIECES:,} is the limit: send fewer, or a smaller max_tokens_per_doc"
            )
        scores = np.zeros(len(texts), dtype=np.float32)
        if pieces:
            np.maximum.at(scores, owners, np.clip(self._scores(way, question, pieces), 0.0, 1.0))
        return way, scores

    def _pieces(self, texts: Sequence[str], max_tokens: int) -> tuple[list[str], list[int]]:
        """Texts cut to what may be looked at and to what can be at once; with the number of the
        text that each piece is of."""
        pieces: list[str] = []
        owners: list[int] = []
        for number, (text, tokens) in enumerate(zip(texts, self._counts(texts), strict=True)):
            looked_at = text if tokens <= max_tokens else text[: len(text) * max_tokens // tokens]
            parts = -(-min(tokens, max_tokens) // _PIECE_TOKENS)
            size = -(-len(looked_at) // max(parts, 1))
            found = [looked_at[at : at + size] for at in range(0, len(looked_at), max(size, 1))]
            pieces += [piece for piece in found if piece.strip()]
            owners += [number for piece in found if piece.strip()]
        return pieces, owners

    def _counts(self, texts: Sequence[str]) -> Sequence[int]:
        return self.embedder.count(list(texts)) if texts else []

    def _scores(self, way: str, question: str, pieces: Sequence[str]) -> Scores:
        if way == CROSS_ENCODER:
            return self._read(question, pieces)
        asked = self.embedder.embed_query(question)
        scores = [
            score
            for begin in range(0, len(pieces), _AT_ONCE)
            for score in self._near(way, asked, pieces[begin : begin + _AT_ONCE])
        ]
        return np.asarray(scores, dtype=np.float32)

    def _near(self, way: str, asked: QueryEmbedding, pieces: Sequence[str]) -> list[float]:
        if way == LATE_INTERACTION and len(asked.tokens):
            return [_best(asked.tokens, own) for own in self.embedder.embed_tokens(pieces)]
        return [float(score) for score in self.embedder.embed_passages(pieces) @ asked.vector]

    def _read(self, question: str, pieces: Sequence[str]) -> Scores:
        reader = self.rerankers[CROSS_ENCODER]
        assert isinstance(reader, _Reader)
        scores = reader.read(question, pieces)
        if len(scores) and not 0.0 <= float(scores.min()) <= float(scores.max()) <= 1.0:
            scores = (1.0 / (1.0 + np.exp(-scores))).astype(np.float32)  # log odds
        return scores


def _best(question: Vectors, text: Vectors) -> float:
    """The mean, over the question's tokens, of the best cosine to a token of the text."""
    return float((question @ text.T).max(axis=1).mean()) if len(text) else 0.0
