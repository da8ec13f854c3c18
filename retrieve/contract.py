"""What retrieval takes and gives: a query, and ranked hits that explain themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.contract import Ranking
from ingest.contract import BadInput, Chunk, Json

MAX_QUERY_CHARS = 20_000
MAX_K = 1_000


class BadQuery(BadInput):
    """The query text, the filter or the number of results asked for is not usable."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a collection.

    `k` hits are returned at most (1 to MAX_K). `fusion` names an entry of
    `retrieve.components.FUSIONS`, or a single leg ("sparse", "dense"). `filter` is a Mongo
    expression over document metadata, `document_id`, `title` and `media_type`.
    """

    text: str
    k: int = 10
    fusion: str = "default"
    filter: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class LegScore:
    """Where one leg placed a hit: its rank from 1 (None where the leg did not return it among
    its candidates) and its score (None where the leg has none)."""

    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its place in the result, and why it is there. `rank` counts from 1."""

    rank: int
    score: float
    chunk: Chunk
    legs: Mapping[str, LegScore] = field(default_factory=dict)
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a result came about: the terms the words were cut into, the fusion and the weight of
    each leg, how many chunks the filter left (None without one), and milliseconds by stage."""

    terms: Sequence[str]
    fusion: str
    weights: Mapping[str, float]
    allowed: int | None
    timings_ms: Mapping[str, float]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with the generation of the collection that they come from."""

    query: Query
    hits: Sequence[Hit]
    generation: int
    explanation: Explanation


class Fusion(Protocol):
    """Merges the rankings of several legs. Every leg is rescored over the union of candidates
    where it can be, so `scores` holds a score for every candidate of every scored leg."""

    def fuse(self, legs: Mapping[str, Ranking]) -> tuple[Ranking, Mapping[str, float]]:
        """The fused ranking and the weight that each leg was given."""
        ...
