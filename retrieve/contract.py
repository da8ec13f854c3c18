"""What retrieval takes and gives: a query, and ranked hits that explain themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from index.contract import AnyOf, Keys, QueryEmbedding, Ranking, Vectors
from ingest.contract import BadInput, Chunk, Json

if TYPE_CHECKING:
    from index.pipeline import Snapshot

Scores: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]

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
    """Where one leg or reranker placed a hit: its rank from 1 (None where it did not return it
    among its candidates) and its score (None where it has none)."""

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
    """How a result came about: the terms the words were cut into, what their translations were
    looked up as (empty where no chunk is in the other language), the fusion, the weight of each
    leg and reranker, how many chunks the filter left (None without one), and milliseconds by
    stage."""

    terms: Sequence[str]
    translations: Sequence[AnyOf]
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


@dataclass(frozen=True)
class AnalyzedQuery:
    """A query as the legs see it. `terms` are its words, with all forms of one that has several
    in the collection's languages, and its identifiers. `script` is "han", "latin" or empty;
    `translations` are the wordings of its words in the other language. The text is embedded when
    `vector` or `tokens` is first asked for, so a search by words alone never loads the
    embedder."""

    text: str
    terms: Sequence[str | AnyOf]
    script: str
    translations: Sequence[AnyOf]
    embed: Callable[[str], QueryEmbedding]

    @cached_property
    def _embedded(self) -> QueryEmbedding:
        return self.embed(self.text)

    @property
    def vector(self) -> Vectors:
        """The query's unit vector, shape (dimension,)."""
        return self._embedded.vector

    @property
    def tokens(self) -> Vectors:
        """Unit vectors of the query's tokens, shape (n, dimension); none where the embedder has
        none."""
        return self._embedded.tokens


class Translator(Protocol):
    """Finds words in the other language of a collection."""

    def translate(self, text: str, script: str) -> Sequence[AnyOf]:
        """The wordings, as index terms, of each word of the text that it knows. `script` is
        that of the text ("han", "latin" or empty). Raises Unavailable."""
        ...


class Leg(Protocol):
    """One way to find chunks in a snapshot."""

    def search(
        self, snapshot: Snapshot, query: AnalyzedQuery, k: int, allowed: Keys | None
    ) -> Ranking:
        """The best k of what is allowed (all, where it is None)."""
        ...

    def score(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys) -> Scores:
        """The exact score of each key, in the order given; 0 for a chunk that the leg knows
        nothing for, nan for one that it does not hold."""
        ...

    def silent(self, foreign: Mask) -> Mask:
        """True for each chunk that the leg cannot judge for this query. `foreign` is true for
        those in another script than the query's."""
        ...


@dataclass(frozen=True, slots=True)
class LegResult:
    """What a leg brings to a fusion: its own `ranking` of its candidates, and its `scores` of
    every candidate of any leg, in the order of the keys given to the fusion. Where `silent` is
    true the leg cannot judge the chunk, and a low score says nothing against it."""

    ranking: Ranking
    scores: Scores
    silent: Mask


class Fusion(Protocol):
    """Merges legs into one ranking."""

    @property
    def by_ranks(self) -> bool:
        """Whether the rankings alone are looked at. Legs are then spared to score what others
        have found: those scores are nan."""
        ...

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        """`keys` are the candidates of all legs, ascending; each is in the ranking that comes
        out. `terms` is how many index terms the query has."""
        ...


@dataclass(frozen=True, slots=True)
class Fused:
    """A merged ranking and the weight that each leg had in it (0: no vote)."""

    ranking: Ranking
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reranked:
    """A ranking whose first places were ordered anew, with the reranker's `own` ranking of what
    it judged: empty where it could judge nothing."""

    ranking: Ranking
    own: Ranking


class Reranker(Protocol):
    """Orders the first of a merged ranking anew, by more than a search over all can afford."""

    @property
    def weight(self) -> float:
        """What its scores are multiplied by before they are added to those of the ranking."""
        ...

    def rerank(self, snapshot: Snapshot, query: AnalyzedQuery, ranking: Ranking) -> Reranked:
        """The same keys; those beyond the reranker's depth stay where they are."""
        ...
