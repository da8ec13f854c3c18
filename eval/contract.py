"""What evaluation takes and gives. It imports no other room's code, only contracts: it is
handed callables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.contract import BadInput

MEASURES = ("nDCG@10", "RR@10", "R@5", "R@10", "R@100", "Success@1")
DEPTH = 100
QUESTION_MEASURES = ("Success@1", "Success@3", "Success@10", "RR@10")
QUESTION_DEPTH = 10


class BadDataset(BadInput):
    """A dataset folder, qrels, run or question file that cannot be used; says which line."""


@dataclass(frozen=True, slots=True)
class DatasetDocument:
    """A passage of a dataset's corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A BEIR dataset. `qrels` maps a query id to the grade (over 0 is relevant) of each judged
    document; `queries` are those with judgements, in file order. `notes` says, one line each,
    what was left out or looks wrong; `sources` maps each file read to its SHA-256.
    """

    name: str
    documents: Sequence[DatasetDocument]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]
    notes: Sequence[str] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a corpus of files, judged at the level given: the document, and its page
    or heading where stated. `document` is the document's id (its relative path).
    """

    id: str
    text: str
    document: str
    page: int | None = None
    heading: str | None = None
    answer: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions about one corpus of files. `documents` is the size of the corpus as far as it is
    known: at least the documents asked about; `sources` maps each file read to its SHA-256.
    """

    name: str
    questions: Sequence[Question]
    documents: int
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Located:
    """What a search returned at one rank, as far as a Question can judge it."""

    document: str
    pages: tuple[int, int] | None
    heading_path: Sequence[str]


@dataclass(frozen=True, slots=True)
class LegRun:
    """The run of one leg: for each query the document ids with their scores, best first, and
    the latency of each search in milliseconds.
    """

    leg: str
    rankings: Mapping[str, Sequence[tuple[str, float]]]
    latencies_ms: Sequence[float]


@dataclass(frozen=True, slots=True)
class LegReport:
    """Measures of one leg, their values per query (`per_query[measure][query id]`), and
    latencies.
    """

    leg: str
    measures: Mapping[str, float]
    per_query: Mapping[str, Mapping[str, float]]
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation. `settings` says what was measured, well enough to do it again."""

    dataset: str
    queries: int
    documents: int
    legs: Mapping[str, LegReport]
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Miss:
    """A query that a leg served badly. `expected` says what should have come, `found` what came,
    best first; `rank` is that of the first right result, None where it did not come at all.
    """

    leg: str
    query_id: str
    query: str
    expected: Sequence[str]
    found: Sequence[str]
    rank: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Two legs on one measure over the same queries. `difference` is right minus left, `low` and
    `high` bound its 95% interval, `p_value` is two-sided; `wins` counts the queries on which
    right is better.
    """

    measure: str
    left: str
    right: str
    left_mean: float
    right_mean: float
    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    ties: int
    losses: int


class Progress(Protocol):
    """Is told after each search how many of them are done."""

    def __call__(self, done: int, total: int) -> None: ...


class ReportWriter(Protocol):
    """Turns a report, and the queries that went badly, into the text of a file."""

    def __call__(self, report: Report, misses: Sequence[Miss]) -> str: ...


class DocumentSearch(Protocol):
    """Ranks a dataset's documents: a document stands at the rank of its best chunk."""

    def __call__(self, query: str, leg: str, k: int) -> Sequence[tuple[str, float]]: ...


class LocatedSearch(Protocol):
    """Ranks places in documents (chunks) for a question."""

    def __call__(self, query: str, leg: str, k: int) -> Sequence[Located]: ...
