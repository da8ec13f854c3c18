"""What retrieval takes and gives: a query, and ranked hits that explain themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from index.contract import AnyOf, Keys, QueryEmbedding, Ranking, Vectors
from index.graph.contract import Quote
from ingest.contract import BadInput, Box, Chunk, Json, Model, cached_property

if TYPE_CHECKING:
    from index.pipeline import Snapshot

Scores: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Leads: TypeAlias = Mapping[int, tuple[int, float]]
"""By the keys of chunks, what chunk leads there, and how likely the query means it (0 to 1)."""

MAX_QUERY_CHARS = 20_000
MAX_K = 1_000
MAX_TURNS = 50
MAX_CHAINS = 100

NAIVE, LOCAL, GLOBAL, HYBRID, MIX = MODES = ("naive", "local", "global", "hybrid", "mix")
"""What the entity graph may have to do with a search, by LightRAG's names."""


class BadQuery(BadInput):
    """The query text, the filter or the number of results asked for is not usable."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question asked before in the same conversation, with the answer that was given."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A question to a collection.

    `k` hits are returned at most (1 to MAX_K). `fusion` names an entry of
    `retrieve.components.FUSIONS`, or a single leg ("sparse", "dense"). `filter` is a Mongo
    expression over document metadata, `document_id`, `title` and `media_type`. `history` are the
    turns before, oldest first (MAX_TURNS at most). `steps` switches entries of
    `retrieve.components.STEPS` and rerankers on or off, over the settings. `budget_ms` is the time
    that the search may take: what does not fit is cut, and said. `diversity` (0 to 1) weighs how
    little a hit repeats those before it; `per_document` limits the hits of one document; up to
    `context_tokens` of what stands around a hit are given with it for reading.

    `mode` (of MODES) says what the entity graph has to do with it: nothing ("naive"), what the
    texts find and what the graph leads on to ("mix"), or the graph alone, by the entities that the
    question names ("local"), by its themes ("global"), or by both ("hybrid"). Up to `chains` chains
    of evidence are given with the hits.
    """

    text: str
    k: int = 10
    fusion: str = "default"
    filter: Mapping[str, Json] | None = None
    history: Sequence[Turn] = ()
    steps: Mapping[str, bool] = field(default_factory=dict)
    budget_ms: float | None = None
    diversity: float = 0.0
    per_document: int | None = None
    context_tokens: int = 0
    mode: str = "mix"
    chains: int = 0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a question is made of. `language` is a Snowball algorithm's or "chinese", `script`
    "han" or "latin", each empty where it cannot be told. `question_type` is one of fact, quantity,
    time, place, person, definition, how, why, procedure, list, comparison, yes-no, identifier and
    keywords. `identifiers`, `numbers` and `dates` are in the form that they are indexed in."""

    text: str
    language: str
    script: str
    question_type: str
    keywords: Sequence[str]
    identifiers: Sequence[str]
    numbers: Sequence[str]
    dates: Sequence[str]


@dataclass(frozen=True, slots=True)
class Understood:
    """A query as it is to be searched: `text` without its constraints, put right and completed,
    for all that goes by meaning; the `terms` for all that goes by words; the keys `allowed` by its
    filter and its constraints (ascending; None for all), and those that come `first` (ascending;
    None for none in particular). `reports` say what each step found, and `notes` what the searcher
    should know."""

    text: str
    terms: Sequence[str | AnyOf]
    allowed: Keys | None
    analysis: Analysis
    first: Keys | None = None
    notes: Sequence[str] = ()
    reports: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LegScore:
    """Where one leg or reranker placed a hit: its rank from 1 (None where it did not return it
    among its candidates) and its score (None where it has none)."""

    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class ContextPlace:
    """Where the context of a hit stands; the fields are as in Chunk."""

    span: tuple[int, int]
    pages: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with its place in the result, and why it is there. `rank` counts from 1. `copies`
    are the ids of chunks that say the same and stand in no place of their own; `context` is the
    text around it, its own included, to be read in its place (None where it was not asked for,
    empty where the hit stands in the context of a better one), and `context_place` where that
    stands."""

    rank: int
    score: float
    chunk: Chunk
    legs: Mapping[str, LegScore] = field(default_factory=dict)
    metadata: Mapping[str, Json] = field(default_factory=dict)
    copies: Sequence[str] = ()
    context: str | None = None
    context_place: ContextPlace | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What a sentence says of two entities, by their names: `relation` in its own words where they
    are known, else "together". `span` is the place of the sentence in the text of its chunk."""

    head: str
    relation: str
    tail: str
    sentence: str
    chunk_id: str
    document_id: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chain:
    """How the graph leads to a hit, by its `rank`: from an entity of the question, or one that a
    passage found is about, link by link to one that the hit is about ("path"); or what the hit
    says of an entity of the question and one beside it ("neighbour")."""

    kind: str
    rank: int
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a result came about: the terms the words were cut into, what their translations were
    looked up as (empty where no chunk is in the other language), the fusion, the weight of each
    leg and reranker, how many chunks the filter left (None without one), and milliseconds by
    stage. `steps` says of each step that did something what it found, and `cut` which ones the
    budget left no time for. `understood` is the Analysis of the question, with the text that was
    `searched`."""

    terms: Sequence[str]
    translations: Sequence[AnyOf]
    fusion: str
    weights: Mapping[str, float]
    allowed: int | None
    timings_ms: Mapping[str, float]
    notes: Sequence[str] = ()
    steps: Mapping[str, Json] = field(default_factory=dict)
    cut: Sequence[str] = ()
    understood: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theme:
    """What a part of the collection is about. `community` is the id of the one that it stands
    for, `summary` sentences of its chunks, `keys` the chunks that tell of it, the most telling
    first, `chunks` and `documents` how many there are of each in all, and `weight` its share in
    the answer (0 to 1, the shares of all themes are 1 at the most). `answer` is what a language
    model says of it to the question; empty without one."""

    community: str
    title: str
    keywords: Sequence[str]
    summary: Sequence[Quote]
    keys: Sequence[int]
    documents: int
    chunks: int
    weight: float
    answer: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with the generation of the collection that they come from. `question` is
    the query's, made to stand by itself where it goes on from turns before. Where `is_relevant` is
    false, nothing in the collection seems to answer it: the hits are merely what is nearest.
    `themes` answer a question to the collection as a whole; `overview` is what a language model
    makes of them (empty without one): it names a theme by its number in brackets, from 1. `chains`
    are evidence from the entity graph, where asked for."""

    query: Query
    hits: Sequence[Hit]
    generation: int
    explanation: Explanation
    is_relevant: bool = True
    themes: Sequence[Theme] = ()
    overview: str = ""
    chains: Sequence[Chain] = ()
    question: str = ""


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


@dataclass(frozen=True, slots=True)
class StepModel:
    """A language model with what one call of it may take in a search: tokens written, and
    seconds."""

    model: Model
    max_tokens: int = 256
    timeout_s: float = 10.0


class Translator(Protocol):
    """Finds words in the other language of a collection."""

    def translate(self, text: str, script: str) -> Sequence[AnyOf]:
        """The wordings, as index terms, of each word of the text that it knows. `script` is
        that of the text ("han", "latin" or empty). Raises Unavailable."""


class Leg(Protocol):
    """One way to find chunks in a snapshot."""

    def search(
        self, snapshot: Snapshot, query: AnalyzedQuery, k: int, allowed: Keys | None
    ) -> Ranking:
        """The best k of what is allowed (all, where it is None)."""

    def score(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys) -> Scores:
        """The exact score of each key, in the order given; 0 for a chunk that the leg knows
        nothing for, nan for one that it does not hold."""

    def silent(self, foreign: Mask) -> Mask:
        """True for each chunk that the leg cannot judge for this query. `foreign` is true for
        those in another script than the query's."""


@dataclass(frozen=True, slots=True)
class LegResult:
    """What a leg brings to a fusion: its own `ranking` of its candidates, and its `scores` of
    every candidate of any leg, in the order of the keys given to the fusion; `lent` is what other
    chunks add to those. Where `silent` is true the leg cannot judge the chunk, and a low score says
    nothing against it."""

    ranking: Ranking
    scores: Scores
    silent: Mask
    lent: Scores | None = None


class Fusion(Protocol):
    """Merges legs into one ranking."""

    @property
    def by_ranks(self) -> bool:
        """Whether the rankings alone are looked at. Legs are then spared to score what others
        have found: those scores are nan."""

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        """`keys` are the candidates of all legs, ascending; each is in the ranking that comes
        out. `terms` is how many index terms the query has."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A merged ranking and the weight that each leg had in it (0: no vote)."""

    ranking: Ranking
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found so far: the candidates of all legs (`keys`, ascending), what each
    leg says of them, their merged `ranking`, the weight that each leg and reranker had in it, how
    each reranker `judged` what it looked at, and the `leads` of the graph."""

    keys: Keys
    legs: Mapping[str, LegResult]
    ranking: Ranking
    weights: Mapping[str, float]
    judged: Mapping[str, Ranking] = field(default_factory=dict)
    leads: Leads = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reranked:
    """A ranking whose first places were ordered anew, with the reranker's `own` ranking of what
    it judged: empty where it could judge nothing. `report` is what it says of its work, `notes`
    what the searcher should know, and `cut` what there was no time for (empty: nothing)."""

    ranking: Ranking
    own: Ranking
    report: Mapping[str, Json] = field(default_factory=dict)
    notes: Sequence[str] = ()
    cut: str = ""


class Reranker(Protocol):
    """Judges the first of a merged ranking by more than a search over all can afford."""

    @property
    def weight(self) -> float:
        """How much its scores count beside those of the ranking, over 0."""

    @property
    def own_unit(self) -> bool:
        """True where its scores have a unit of their own: with weight 1 they then vary as much as
        those of the ranking. Else they are in the ranking's, once multiplied by the weight."""

    @property
    def depth(self) -> int:
        """Candidates that it judges at the most."""

    @property
    def at_once(self) -> int:
        """Candidates that are judged together: whether more are needed, and whether there is time
        for them, is looked at in between."""

    @property
    def by_call(self) -> bool:
        """Whether judging costs about the same for one candidate as for many: it is then done for
        as many as are judged at once, or not at all."""

    @property
    def guess_ms(self) -> float:
        """What one candidate (or call) costs, rather too much: until one has been timed."""

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        """The score of each of the keys, which come best first; nan for one that it cannot judge.
        `left_ms` is what is left of the search's budget; whoever waits for others does not wait
        longer. Raises Unavailable."""
