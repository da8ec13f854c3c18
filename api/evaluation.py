"""Datasets and sample questions evaluated over collections that are kept for the next time."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.compose import Braid
from api.evaluation_faults import Faults
from api.events import State
from api.provenance import machine, versions
from api.settings import DenseSettings
from eval.contract import (
    QUESTION_DEPTH,
    Answering,
    Dataset,
    DatasetDocument,
    DocumentReader,
    DocumentSearch,
    Located,
    LocatedSearch,
    QuestionSet,
    Report,
)
from eval.pipeline import (
    MACHINE_PREFIX,
    NOTES,
    VERSION_PREFIX,
    dataset_slices,
    note,
    question_slices,
)
from generate.contract import Answer
from index.contract import Status
from index.pipeline import Collection, Store
from ingest.contract import Chunk, Document, UnreadableFile, cached_property
from ingest.pipeline import document_from_text, load, read
from retrieve.contract import MAX_K, MODES, Query

CHUNKS_PER_DOCUMENT = 3
"""Chunks asked for, for each document wanted: a document stands once, at its best chunk."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Evaluation:
    """Collections for evaluation, below the cache folder, or in a `place` of their own."""

    braid: Braid
    place: Path | None = None
    indexing_s: dict[str, float] = field(default_factory=dict)
    """Seconds that indexing took, by collection, where there was something to index and every
    vector of it was computed."""
    faults: Faults = field(default_factory=Faults)

    @cached_property
    def _store(self) -> Store:
        return Store(self.folder, self.braid.parts)

    def dataset_collection(self, dataset: Dataset, progress: Progress | None) -> Collection:
        """The collection of a dataset's corpus, filled where it is not there or incomplete.
        Documents without text are left out: no search can find them."""
        collection = self._collection(self.dataset_name(dataset.name, dataset.sources))
        done = set(document_ids(collection))
        missing = [document for document in dataset.documents if document.id not in done]
        if not missing:
            self.braid.keep_tuned(collection)
            return collection
        documents = [
            document for document in map(dataset_document, missing) if document is not None
        ]
        before, begun = len(dataset.documents) - len(documents), time.perf_counter()
        with collection.writer() as writer:
            for count, _ in enumerate(self.braid.ingestor.store(writer, documents), start=1):
                if progress:
                    progress(before + count, len(dataset.documents))
        collection.settle()
        if documents:
            self.indexing_s[collection.name] = time.perf_counter() - begun
        self.braid.keep_tuned(collection)
        return collection

    def corpus_collection(self, corpus: Path) -> Collection:
        """The collection of a folder of files, brought up to date: what is unchanged stays, and
        what a collection of the user's holds already is not embedded again."""
        collection = self._collection(self.corpus_name(corpus))
        present, generation = set(), collection.stats().generation
        has_borrowed = False
        begun = time.perf_counter()
        with self.braid.store.lending() as donors, collection.borrowing(donors):
            for event in self.braid.ingest_paths(collection, [corpus]):
                present.add(event.document_id)
                has_borrowed |= event.state is State.ADDED and event.embedded < event.chunks
        gone = [name for name in document_ids(collection) if name not in present]
        if gone:
            with collection.writer() as writer:
                writer.delete(gone)
        collection.settle()
        if collection.stats().generation != generation and not has_borrowed:
            self.indexing_s[collection.name] = time.perf_counter() - begun
        self.braid.keep_tuned(collection)
        return collection

    def dataset_name(self, name: str, sources: Mapping[str, str]) -> str:
        """What the collection of a dataset is called, whether it is there or not."""
        marks = [mark for file, mark in sources.items() if file.startswith("corpus")]
        return self._name(name, marks or [name])

    def corpus_name(self, corpus: Path) -> str:
        """What the collection of a folder of files is called, whether it is there or not."""
        return self._name(corpus.resolve().name, [str(corpus.resolve())])

    @property
    def folder(self) -> Path:
        """Where the collections lie."""
        return self.place or self.braid.settings.cache_dir / "eval"

    def close(self) -> None:
        """Closes the collections that are open."""
        if "_store" in self.__dict__:
            self._store.close()
            del self.__dict__["_store"]

    def _name(self, name: str, marks: Sequence[str]) -> str:
        parts, settings = self.braid.parts, self.braid.settings
        identity = [
            *marks, parts.analyzer.fingerprint, parts.embedder.fingerprint,
            self.braid.ingestor.pipeline, repr(settings.sparse),
        ]  # fmt: skip
        if settings.dense != DenseSettings():
            identity.append(repr(settings.dense))
        if not settings.retrieval.tune:
            identity.append("not tuned")
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]
        safe = "".join(c if c.isalnum() or c in "-." else "-" for c in name).strip("-.") or "set"
        return f"{safe[:40]}-{digest}"

    def _collection(self, name: str) -> Collection:
        collection = self._store.get_or_create(name)
        if self.braid.parts.extractor is not None:
            for _ in self.braid.build_graph(collection):
                pass
        return collection

    def document_search(self, collection: Collection) -> DocumentSearch:
        """Ranks documents by their best chunk. Relevance is judged of each document, so one that
        repeats another has a place of its own. A search raises Unavailable as `Faults.look`
        does."""
        self.braid.prepare(collection)

        def search(query: str, leg: str, k: int) -> list[tuple[str, float]]:
            wanted = min(MAX_K, k * CHUNKS_PER_DOCUMENT)
            given = replace(query_of(query, leg, wanted), steps={"duplicates": False})
            result = self.braid.search(collection, given)
            self.faults.look(leg, result.explanation.notes)
            best: dict[str, float] = {}
            for hit in result.hits:
                best.setdefault(hit.chunk.document_id, hit.score)
            return list(best.items())[:k]

        return search

    def located_search(self, collection: Collection) -> LocatedSearch:
        """Ranks the places of chunks. A search raises Unavailable as `Faults.look` does."""
        self.braid.prepare(collection)

        def search(query: str, leg: str, k: int) -> list[Located]:
            result = self.braid.search(collection, query_of(query, leg, k))
            self.faults.look(leg, result.explanation.notes)
            return [
                Located(
                    hit.chunk.document_id,
                    hit.chunk.pages,
                    hit.chunk.heading_path,
                    hit.chunk.to_read.text,
                )
                for hit in result.hits
            ]

        return search

    def answering(self, collection: Collection, leg: str) -> Answering:
        """Answers as `braid ask` does, from the passages that a leg finds. An answer raises
        Unavailable as `Faults.look` does."""
        self.braid.prepare(collection)

        def answer(question: str) -> Answer:
            query = query_of(question, leg, QUESTION_DEPTH)
            found, result = self.braid.answer(collection, query)
            self.faults.look(f"answers by {leg}", (*result.explanation.notes, *found.notes))
            return found

        return answer

    def completed(
        self, report: Report, asked: Dataset | QuestionSet, collection: Collection
    ) -> Report:
        """The report with the slices of what was asked, by language and kind of question too, with
        what searches went without, and with the files that could not be read."""
        snapshot = collection.snapshot()

        def told(text: str) -> dict[str, str]:
            analysis = self.braid.retriever.analyzed(snapshot, text)
            return {"language": analysis.language, "type": analysis.question_type}

        if isinstance(asked, Dataset):
            slices = dataset_slices(asked, told)
        else:
            slices = question_slices(asked, told)
        settings = {**report.settings, **self.faults.settings()}
        unread = [
            state.document_id
            for state in collection.ledger.states.every()
            if state.status is Status.FAILED
        ]
        if unread:
            notes = (settings.get(NOTES, ""), note("files that could not be read", unread))
            settings[NOTES] = "; ".join(filter(None, notes))
        return replace(report, slices=slices, settings=settings)

    def document_reader(self) -> DocumentReader:
        """Reads and chunks a file as ingesting does."""
        ingestor = self.braid.ingestor

        def read_chunks(path: Path) -> tuple[Document, list[Chunk]]:
            document = read(load(path), ingestor.parser_options)
            return document, ingestor.chunker.chunk(document, ingestor.counter)

        return read_chunks

    def described(self, command: str) -> dict[str, str]:
        """What was measured, with which versions and on what machine, for a report."""
        parts = self.braid.parts
        return {
            "command": command,
            "analyzer": parts.analyzer.fingerprint,
            "embedder": parts.embedder.fingerprint,
            "pipeline": self.braid.ingestor.pipeline,
            "retrieval": self.braid.settings.retrieval.model_dump_json(),
            "rerank": self.braid.settings.rerank.model_dump_json(),
            "graph": parts.extractor.fingerprint if parts.extractor is not None else "off",
            **{VERSION_PREFIX + name: value for name, value in versions().items()},
            **{MACHINE_PREFIX + name: value for name, value in machine().items()},
        }


def query_of(text: str, leg: str, k: int) -> Query:
    """The query that a leg stands for: a fusion, a leg alone, or a mode of the default fusion."""
    return Query(text, k, mode=leg) if leg in MODES else Query(text, k, leg)


def dataset_document(item: DatasetDocument) -> Document | None:
    """As plain text is read, under the dataset's own title, which may be empty: an id that
    stands in for it would be searched as if it were text."""
    try:
        document = document_from_text(item.id, item.title, item.text)
    except UnreadableFile:
        return None
    return replace(document, title=" ".join(item.title.split()))


def document_ids(collection: Collection) -> Iterator[str]:
    """The ids of all documents, in order."""
    after = ""
    while page := collection.records(after):
        yield from (record.id for record in page)
        after = page[-1].id
