"""What each stage of a search had, shown to whoever traces a lost answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from api.compose import Braid
from api.evaluation import CHUNKS_PER_DOCUMENT, dataset_document, document_ids, query_of
from eval.contract import (
    DEPTH,
    QUESTION_DEPTH,
    Dataset,
    LegReport,
    Located,
    Progress,
    Question,
    QuestionSet,
    Report,
    Staged,
    Trace,
)
from eval.pipeline import stages
from generate.contract import Answer
from index.contract import Status
from index.pipeline import Collection
from ingest.contract import BraidError, Chunk, Document, NotFound, cached_property
from ingest.pipeline import load, read
from retrieve.contract import MAX_K, MODES, Hit, Query
from retrieve.pipeline import LEGS, STEPS

_READING = ("sections", "quotes", "filters", "spelling", "synonyms")
"""Steps that decide what a question is searched as: a leg alone takes them, too, where the default
fusion does."""
_AFTER_FUSION = ("listwise", "feedback", "verbatim")
"""Steps that order the merged ranking anew, beside the rerankers."""
_DEFAULT = "default"


@dataclass(frozen=True)
class Staging:
    """Searches a collection by `leg` (a fusion, a leg alone, or a mode of the graph), stage by
    stage: each leg alone, as deep as it is asked for candidates; what they are merged into, nothing
    ordered anew; and the search as it is. Places are those of chunks, or where `by_document` as
    many as it takes to rank documents, each of which then stands for itself."""

    braid: Braid
    collection: Collection
    leg: str = _DEFAULT
    by_document: bool = False

    def __call__(self, query: str, depth: int) -> Staged:
        """A StagedSearch: `depth` places deep, or deeper where the retriever looks deeper."""
        final = self._query(query, depth)
        deep = replace(final, k=min(MAX_K, max(final.k, self.braid.settings.retrieval.depth)))
        merged = replace(deep, steps={**deep.steps, **dict.fromkeys(self._after_fusion, False)})
        alone = self._alone
        legs = {
            name: self._places(replace(deep, fusion=name, mode="mix", steps=alone))
            for name in self._legs
        }
        return Staged(legs, self._places(merged), self._places(final))

    def _query(self, text: str, depth: int) -> Query:
        """The query as it is measured."""
        if not self.by_document:
            return query_of(text, self.leg, depth)
        query = query_of(text, self.leg, min(MAX_K, depth * CHUNKS_PER_DOCUMENT))
        return replace(query, steps={"duplicates": False})

    @property
    def _fusion(self) -> str:
        return _DEFAULT if self.leg in MODES else self.leg

    @property
    def _legs(self) -> Sequence[str]:
        return (self.leg,) if self.leg in LEGS else tuple(LEGS)

    @property
    def _alone(self) -> Mapping[str, bool]:
        """The steps of a leg by itself: those that read the question, as the fusion has them."""
        if self._fusion != _DEFAULT:
            return {}
        given = {**STEPS, **self.braid.retriever.steps}
        return {name: given[name] for name in _READING}

    @property
    def _after_fusion(self) -> Sequence[str]:
        return (*self.braid.retriever.rerankers, *_AFTER_FUSION)

    def _places(self, query: Query) -> list[Located]:
        return [self._place(hit) for hit in self.braid.search(self.collection, query).hits]

    def _place(self, hit: Hit) -> Located:
        copies = []
        for chunk_id in hit.copies:
            try:
                copies.append(stages.located(self.collection.chunk(chunk_id).chunk))
            except NotFound:  # it has been deleted since
                continue
        return replace(stages.located(hit.chunk), copies=tuple(copies))


@dataclass(frozen=True)
class Library:
    """The documents of a collection as they were stored, and as they are read: its files, where
    they lie where they were ingested from, or the texts of a `dataset`."""

    braid: Braid
    collection: Collection
    dataset: Dataset | None = None
    _chunks: dict[str, Sequence[Chunk]] = field(default_factory=dict, init=False, repr=False)
    _documents: dict[str, Document | None] = field(default_factory=dict, init=False, repr=False)
    """What was looked at: again for each question that names no document."""

    def ids(self) -> Sequence[str]:
        """Those that are stored, in order."""
        return self._ids

    @cached_property
    def _ids(self) -> Sequence[str]:
        return tuple(document_ids(self.collection))

    @cached_property
    def _texts(self) -> Mapping[str, Document | None]:
        given = self.dataset.documents if self.dataset else ()
        return {document.id: dataset_document(document) for document in given}

    def failure(self, document_id: str) -> str:
        """Why a document cannot be found; empty where it can."""
        try:
            record = self.collection.record(document_id)
        except NotFound:
            return f"{document_id} {self._why_absent(document_id)}"
        return "" if record.chunk_count else f"{document_id} has no text"

    def _why_absent(self, document_id: str) -> str:
        state = self.collection.ledger.states.get(document_id)
        if state is not None and state.status is Status.FAILED:
            return f"failed ({state.stage}): {state.error}"
        if document_id in self._texts:
            return "has no text"
        return "is not in the collection"

    def chunks(self, document_id: str) -> Sequence[Chunk]:
        """The chunks that are stored, in order."""
        if document_id not in self._chunks:
            self._chunks[document_id] = self.collection.document_chunks(document_id)
        return self._chunks[document_id]

    def parsed(self, document_id: str) -> Document | None:
        """The document, read anew as ingesting reads it; None where that cannot be."""
        if document_id not in self._documents:
            self._documents[document_id] = self._parsed(document_id)
        return self._documents[document_id]

    def _parsed(self, document_id: str) -> Document | None:
        if self.dataset is not None:
            return self._texts.get(document_id)
        state = self.collection.ledger.states.get(document_id)
        if state is None or state.origin.path is None or state.origin.container:
            return None
        try:
            source = load(state.origin.path, document_id)
            return read(source, self.braid.ingestor.parser_options)
        except BraidError:
            return None


@dataclass(frozen=True)
class Tracing:
    """Follows queries through the stages. `relevant` are the documents that have the answer of
    each, as far as they are known; `questions` are those about files, by id (none for a dataset,
    where whole documents are right). Searches are as deep as they are measured."""

    staging: Staging
    library: Library
    texts: Mapping[str, str]
    relevant: Mapping[str, Sequence[str]]
    questions: Mapping[str, Question]

    def follow(self, query_id: str, k: int, answer: Answer | None = None) -> Trace:
        """The trace of one query, within k places; an answer to it, where there is one, has to use
        what was found, among the passages that the writer was given."""
        if answer is not None:
            k = min(k, self.staging.braid.settings.answer.passages)
        question = self.questions.get(query_id)
        depth = DEPTH if question is None else QUESTION_DEPTH
        staged = self.staging(self.texts[query_id], depth)
        if question is None:
            relevant = self.relevant[query_id]
            return stages.trace_documents(relevant, staged, self.library, k, answer)
        return stages.trace_question(question, staged, self.library, k, answer)

    def traces(
        self,
        query_ids: Iterable[str],
        k: int = QUESTION_DEPTH,
        answers: Callable[[str], Answer | None] = lambda query_id: None,
        progress: Progress | None = None,
    ) -> dict[str, Trace]:
        """The traces of several, by id; those that cannot be judged are left out."""
        judged = [name for name in query_ids if self._is_judged(name)]
        found: dict[str, Trace] = {}
        for done, name in enumerate(judged, start=1):
            found[name] = self.follow(name, k, answers(name))
            if progress:
                progress(done, len(judged))
        return found

    def _is_judged(self, query_id: str) -> bool:
        question = self.questions.get(query_id)
        return bool(self.relevant.get(query_id)) if question is None else stages.is_judged(question)


def dataset_tracing(
    braid: Braid, collection: Collection, dataset: Dataset, leg: str = _DEFAULT
) -> Tracing:
    """Follows the queries of a dataset, searched by a leg."""
    return Tracing(
        Staging(braid, collection, leg, by_document=True),
        Library(braid, collection, dataset),
        dataset.queries,
        {
            query_id: sorted(name for name, grade in dataset.qrels[query_id].items() if grade > 0)
            for query_id in dataset.queries
        },
        {},
    )


def question_tracing(
    braid: Braid, collection: Collection, questions: QuestionSet, leg: str = _DEFAULT
) -> Tracing:
    """Follows questions about files, searched by a leg."""
    by_id = {question.id: question for question in questions.questions}
    return Tracing(
        Staging(braid, collection, leg),
        Library(braid, collection),
        {name: question.text for name, question in by_id.items()},
        {name: [question.document] for name, question in by_id.items() if question.document},
        by_id,
    )


def with_traces(report: Report, leg: str, traces: Mapping[str, Trace]) -> Report:
    """The report with where answers were lost by a leg."""
    traced = replace(report.legs[leg], traces=traces)
    return replace(report, legs={**report.legs, leg: traced})


def missed(leg: LegReport) -> list[str]:
    """The queries whose answer a leg does not have among its first ten."""
    for name in ("Success@10", "R@10", "RR@10", "nDCG@10", *leg.per_query):
        if name in leg.per_query:
            return [query_id for query_id, value in leg.per_query[name].items() if not value]
    return []


def shown_leg(legs: Sequence[str]) -> str:
    """The leg that is followed: the default one, else the last."""
    return _DEFAULT if _DEFAULT in legs else legs[-1]
