"""A system measured as it is set, to be compared with a baseline."""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Ids
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from api.compose import Braid
from api.evaluation import Evaluation
from api.evaluation_stages import (
    Library,
    Tracing,
    dataset_tracing,
    question_tracing,
    with_traces,
)
from eval.contract import (
    DEPTH,
    MEASURES,
    QUESTION_DEPTH,
    QUESTION_MEASURES,
    Dataset,
    ParsedFile,
    Progress,
    QuestionSet,
    Report,
    Trace,
)
from eval.pipeline import (
    SOURCE_PREFIX,
    ask_questions,
    evaluate,
    evaluate_questions,
    load_judged,
    load_questions,
    load_truths,
    measure_files,
    sha256_of,
    stages,
    with_answers,
)
from generate.contract import Answer
from index.pipeline import Collection
from ingest.contract import BadInput, Chunk, Document, cached_property

_TRUTHS = "*.truth.json"


@dataclass(frozen=True)
class Wanted:
    """What is to be measured: `path` (a BEIR or TREC folder, or a file of questions, whose files
    lie in `corpus`), of it `split` (empty: the usual one), by `leg`. `queries` are the ids of those
    that count (None: all), or `sample` of them at the most; `measures` are names (none: the usual
    ones). Where `is_fresh`, nothing that was indexed before is used. Where `is_answered`, questions
    are answered, too."""

    path: Path
    corpus: Path | None = None
    split: str = ""
    leg: str = "default"
    queries: Ids[str] | None = None
    sample: int | None = None
    measures: Sequence[str] = ()
    is_fresh: bool = False
    is_answered: bool = False

    def takes(self, query_ids: Sequence[str]) -> list[str]:
        """Those of a set that count, in its order. A sample is the same each time, and a larger
        one has the smaller within it. Raises BadInput where none is left."""
        wanted = [name for name in query_ids if self.queries is None or name in self.queries]
        if self.sample is not None:
            order = sorted(wanted, key=lambda name: hashlib.sha256(name.encode()).digest())
            kept = set(order[: self.sample])
            wanted = [name for name in wanted if name in kept]
        if not wanted:
            raise BadInput(f"{self.path} has none of the queries of the baseline: name its dataset")
        return wanted


@dataclass(frozen=True)
class Healths(Mapping[str, stages.Health]):
    """The health of every document's chunks, by id. Chunks are read when it is first asked for:
    a comparison of rankings alone needs that of few documents."""

    library: Library
    _known: dict[str, stages.Health] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(self.library.ids())

    def __getitem__(self, document_id: str) -> stages.Health:
        if document_id not in self._ids:
            raise KeyError(document_id)
        if document_id not in self._known:
            chunks = self.library.collection.document_chunks(document_id)
            self._known[document_id] = stages.health_of(chunks)
        return self._known[document_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.library.ids())

    def __len__(self) -> int:
        return len(self.library.ids())


@dataclass(frozen=True)
class Measured:
    """A report, with what its queries are followed by, and the answers, where there are any."""

    report: Report
    leg: str
    tracing: Tracing
    answers: Mapping[str, Answer] = field(default_factory=dict)

    @cached_property
    def corpus(self) -> Mapping[str, stages.Health]:
        """The health of every document's chunks."""
        return Healths(self.tracing.library)

    def rerun(self) -> stages.Rerun:
        """To be compared with a baseline."""
        tracing = self.tracing
        return stages.Rerun(
            self.report,
            self.leg,
            tracing.relevant,
            self.corpus,
            self._follow,
            tracing.library,
        )

    def _follow(self, query_id: str, k: int) -> Trace:
        return self.tracing.follow(query_id, k, self.answers.get(query_id))

    def traced(self, progress: Progress | None = None) -> Report:
        """The report with a trace of every query."""
        names = next(iter(self.report.legs[self.leg].per_query.values()))
        traces = self.tracing.traces(names, answers=self.answers.get, progress=progress)
        return with_traces(self.report, self.leg, traces)


def is_truth_folder(path: Path) -> bool:
    """Whether a folder holds files of known content."""
    return path.is_dir() and next(path.rglob(_TRUTHS), None) is not None


@contextmanager
def measured(
    braid: Braid, wanted: Wanted, command: str, progress: Progress | None = None
) -> Iterator[Measured]:
    """The report of one leg, with what it was searched in, which may be gone afterwards. Raises
    BadInput for a dataset or questions that cannot be used."""
    measure = _measured_questions if wanted.path.suffix == ".jsonl" else _measured_dataset
    if not wanted.is_fresh:
        yield measure(Evaluation(braid), wanted, command, progress)
        return
    with TemporaryDirectory(prefix="braid-gate-") as folder:
        evaluation = Evaluation(braid, Path(folder))
        try:
            yield measure(evaluation, wanted, command, progress)
        finally:
            evaluation.close()


def _measured_dataset(
    evaluation: Evaluation, wanted: Wanted, command: str, progress: Progress | None
) -> Measured:
    if wanted.is_answered:
        raise BadInput("answers are measured on questions about files: give a .jsonl file")
    whole = load_judged(wanted.path, wanted.split)
    names = wanted.takes(list(whole.queries))
    dataset: Dataset = replace(
        whole,
        queries={name: whole.queries[name] for name in names},
        qrels={name: whole.qrels[name] for name in names},
    )
    collection = evaluation.dataset_collection(whole, None)
    report, _ = evaluate(
        dataset,
        evaluation.document_search(collection),
        [wanted.leg],
        stages.retrieval_measures(wanted.measures, DEPTH) or MEASURES,
        progress=progress,
        settings=evaluation.described(command),
    )
    tracing = dataset_tracing(evaluation.braid, collection, dataset, wanted.leg)
    return Measured(evaluation.completed(report, dataset, collection), wanted.leg, tracing)


def _measured_questions(
    evaluation: Evaluation, wanted: Wanted, command: str, progress: Progress | None
) -> Measured:
    whole = load_questions(wanted.path, wanted.split)
    folder = wanted.corpus or wanted.path.parent / "corpus"
    if not folder.is_dir():
        raise BadInput(f"no folder {folder}: name the questions' files with --corpus")
    names = set(wanted.takes([question.id for question in whole.questions]))
    collection = evaluation.corpus_collection(folder)
    questions: QuestionSet = replace(
        whole,
        questions=[question for question in whole.questions if question.id in names],
        documents=collection.stats().documents,
        sources={**whole.sources, "the corpus": corpus_digest(collection)},
    )
    report, _ = evaluate_questions(
        questions,
        evaluation.located_search(collection),
        [wanted.leg],
        progress=progress,
        settings=evaluation.described(command),
        measures=stages.retrieval_measures(wanted.measures, QUESTION_DEPTH) or QUESTION_MEASURES,
    )
    answers: Mapping[str, Answer] = {}
    if wanted.is_answered:
        answering = {wanted.leg: evaluation.answering(collection, wanted.leg)}
        runs = ask_questions(questions, answering, progress)
        report, answers = with_answers(report, questions, runs), runs[0].answers
    tracing = question_tracing(evaluation.braid, collection, questions, wanted.leg)
    return Measured(
        evaluation.completed(report, questions, collection), wanted.leg, tracing, answers
    )


def corpus_digest(collection: Collection) -> str:
    """SHA-256 over the ids and bytes of all files that a collection was made of: also of those
    that could not be read."""
    digest = hashlib.sha256()
    for state in collection.ledger.states.every():
        digest.update(state.document_id.encode() + b"\x00")
        path = state.origin.path
        if path is not None and path.is_file() and not state.origin.container:
            digest.update(bytes.fromhex(sha256_of(path)))
    return digest.hexdigest()


@dataclass(frozen=True)
class Parsed:
    """Files of known content as they were read: their measures, the documents and chunks of those
    that could be read, by name, and the settings."""

    files: Sequence[ParsedFile]
    read: Mapping[str, tuple[Document, Sequence[Chunk]]]
    settings: Mapping[str, str]


def parsed(braid: Braid, folder: Path, command: str, progress: Progress | None) -> Parsed:
    """Every file of a folder read and measured. Raises BadInput for a truth that cannot be
    used."""
    truths = load_truths(folder)
    evaluation = Evaluation(braid)
    reader = evaluation.document_reader()
    kept: dict[str, tuple[Document, Sequence[Chunk]]] = {}

    def keeping(path: Path) -> tuple[Document, Sequence[Chunk]]:
        kept[path.name] = reader(path)
        return kept[path.name]

    files = measure_files(truths, keeping, braid.parts.embedder.count, progress)
    settings = {**evaluation.described(command), **truth_sources(folder)}
    return Parsed(files, kept, settings)


def truth_sources(folder: Path) -> dict[str, str]:
    """The SHA-256 of all files below a folder, names included, as a report's settings have it."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\x00")
            digest.update(bytes.fromhex(sha256_of(path)))
    return {f"{SOURCE_PREFIX}the files and truths": digest.hexdigest()}
