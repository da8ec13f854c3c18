"""What evaluation takes and gives. It imports no other room's code, only contracts: it is
handed callables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from generate.contract import Answer
from ingest.contract import BadInput, Chunk, Document, Json

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
    """A question about a corpus of files, judged at the level given, so that chunking anew breaks
    nothing. `document` is the document's id (its relative path; empty where any will do), `page`
    and `heading` are in it. `chunk` is the text of a passage: a result is right that holds most
    of it. `answer` is a string that a right result has, where nothing nearer is said.

    `reference` is an answer as a person would give it, and `points` what it has to say, for
    judging answers. Where `answerable` is false nothing in the corpus answers, and none of the
    places is given. `tags` are slices ("domain: law"), `split` is its part of the set ("dev",
    "test", empty for none).
    """

    id: str
    text: str
    document: str = ""
    page: int | None = None
    heading: str | None = None
    answer: str = ""
    tags: Sequence[str] = ()
    chunk: str = ""
    reference: str = ""
    points: Sequence[str] = ()
    answerable: bool = True
    split: str = ""


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
    """What a search returned at one rank, as far as a Question can judge it. `copies` say the
    same, and stand in no place of their own."""

    document: str
    pages: tuple[int, int] | None
    heading_path: Sequence[str]
    text: str = ""
    copies: Sequence[Located] = ()


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
    """Measures of one leg (or system), their values per query (`per_query[measure][query id]`),
    and latencies. Measures of answers stand beside those of retrieval, by their names. `found`
    are the first results of each query, a line each, best first; `traces` say where answers were
    lost. `costs` are of the whole run: `index_s`, `index_mb`, `memory_mb`, `tokens`, `cost`.
    """

    leg: str
    measures: Mapping[str, float]
    per_query: Mapping[str, Mapping[str, float]]
    p50_ms: float
    p95_ms: float
    latencies_ms: Sequence[float] = ()
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)


class Stage(StrEnum):
    """Where an answer can get lost, in the order in which it passes them."""

    PARSING = "parsing"
    CHUNKING = "chunking"
    CANDIDATES = "candidates"
    FUSION = "fusion"
    RERANKING = "reranking"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Trace:
    """How far the answer of one question came. `lost` is the first stage that does not have it
    any more (None: it was found, and used where answers were asked for); `ranks` are those of the
    first right result by leg, of "fusion" and of "reranking" (None: not among them); `detail`
    says it in a line."""

    lost: Stage | None
    ranks: Mapping[str, int | None] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation. `settings` says what was measured, well enough to do it again. `texts` are
    the queries by id, `slices` the ids of parts of them by name ("language: chinese")."""

    dataset: str
    queries: int
    documents: int
    legs: Mapping[str, LegReport]
    settings: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    slices: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class System:
    """A configuration that is measured: `settings` (dotted names, as in braid.toml) over those
    that hold anyway, searched by `leg`."""

    name: str
    settings: Mapping[str, Json] = field(default_factory=dict)
    leg: str = "default"


@dataclass(frozen=True, slots=True)
class Run:
    """One system on one dataset, as it is stored: `report` has the system as its only leg, by its
    name. `id` is a fingerprint of all that decides the figures; `begun` is ISO 8601 in UTC;
    `versions` are of packages and of Braid, `machine` says what it ran on."""

    id: str
    experiment: str
    system: System
    begun: str
    report: Report
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Study:
    """What a report file tells: one evaluation, or those of an experiment (a report for each
    dataset, whose legs are the systems). `baseline` is the leg that others are compared with;
    empty: the best of the others. `misses` are by dataset. `verdict` is a gate's sentence on the
    two legs; traces are then of the questions that got worse."""

    name: str
    reports: Sequence[Report]
    baseline: str = ""
    misses: Mapping[str, Sequence[Miss]] = field(default_factory=dict)
    verdict: str = ""


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
    """Turns a study into the text of a file."""

    def __call__(self, study: Study) -> str: ...


class DocumentSearch(Protocol):
    """Ranks a dataset's documents: a document stands at the rank of its best chunk."""

    def __call__(self, query: str, leg: str, k: int) -> Sequence[tuple[str, float]]: ...


class LocatedSearch(Protocol):
    """Ranks places in documents (chunks) for a question."""

    def __call__(self, query: str, leg: str, k: int) -> Sequence[Located]: ...


@dataclass(frozen=True, slots=True)
class Staged:
    """What each stage of one search had: the candidates of each leg, the merged ranking before
    anything was reranked, and the hits in the end; best first."""

    legs: Mapping[str, Sequence[Located]]
    fused: Sequence[Located]
    final: Sequence[Located]


class StagedSearch(Protocol):
    """Searches once, and shows what each stage had, `depth` places deep."""

    def __call__(self, query: str, depth: int) -> Staged: ...


class Answering(Protocol):
    """Answers a question as a user is answered."""

    def __call__(self, question: str) -> Answer: ...


@dataclass(frozen=True, slots=True)
class TruthBlock:
    """A block as it stands in a file whose content is known.

    `kind` is one of title, heading, paragraph, list_item, table, code, caption, footnote.
    `heading_path` runs from the outermost heading inwards, without the title. `page` and
    `last_page` count from 1 and differ where the block runs over a page; None where the format
    has no pages. `mark` is a list item's number as shown. The text of a table has a merged cell
    once, while `rows` repeat it.
    """

    kind: str
    text: str
    heading_path: Sequence[str] = ()
    page: int | None = None
    last_page: int | None = None
    mark: str = ""
    rows: Sequence[Sequence[str]] = ()
    header_rows: int = 0

    @property
    def crosses(self) -> bool:
        """Whether it begins on one page and ends on another."""
        return self.page is not None and self.last_page is not None and self.last_page > self.page


@dataclass(frozen=True, slots=True)
class Truth:
    """What a file holds. `furniture` are (kind, text) of what must not reach a chunk: header,
    footer, watermark, toc, navigation; `optional` is text that may come or not; `answers` are
    texts that each should lie within one chunk; `scan` says how a picture was made, None where
    the text is in the file.
    """

    path: Path
    format: str
    producer: str
    language: str
    title: str
    blocks: Sequence[TruthBlock]
    furniture: Sequence[tuple[str, str]] = ()
    optional: Sequence[str] = ()
    answers: Sequence[str] = ()
    scan: Mapping[str, float] | None = None


class DocumentReader(Protocol):
    """Reads and chunks a file. Raises BraidError where it cannot."""

    def __call__(self, path: Path, /) -> tuple[Document, Sequence[Chunk]]: ...


class CountTokens(Protocol):
    """Tokens of each text, as the embedder sees it."""

    def __call__(self, texts: Sequence[str], /) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """A share as what it is made of: `part` of `whole`. Tallies add up over documents."""

    part: float = 0.0
    whole: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.part + other.part, self.whole + other.whole)

    @property
    def value(self) -> float | None:
        """The share; None where there was nothing to count."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reader got wrong: the measure, and what should have come."""

    measure: str
    text: str


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The measures of one file. `failure` is the reason where it could not be read; then every
    measure stands at its worst. `chunk_tokens` are the sizes of its chunks."""

    name: str
    format: str
    language: str
    scan: bool
    tallies: Mapping[str, Tally]
    chunk_tokens: Sequence[int] = ()
    findings: Sequence[Finding] = ()
    failure: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ParseReport:
    """Measures of reading and chunking, over files of known content, for each reader by name."""

    readers: Mapping[str, Sequence[ParsedFile]]
    settings: Mapping[str, str] = field(default_factory=dict)
