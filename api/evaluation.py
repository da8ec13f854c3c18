"""Datasets and sample questions evaluated over collections that are kept for the next time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from api.compose import Braid
from eval.contract import (
    Dataset,
    DatasetDocument,
    DocumentReader,
    DocumentSearch,
    Located,
    LocatedSearch,
)
from index.pipeline import Collection, Store
from ingest.contract import Chunk, Document, UnreadableFile
from ingest.pipeline import document_from_text, load, read
from retrieve.contract import MAX_K, MODES, Query

_CHUNKS_PER_DOCUMENT = 3
"""Chunks asked for, for each document wanted: a document stands once, at its best chunk."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Evaluation:
    """Collections for evaluation, below the cache folder."""

    braid: Braid

    @cached_property
    def _store(self) -> Store:
        return Store(self.braid.settings.cache_dir / "eval", self.braid.parts)

    def dataset_collection(self, dataset: Dataset, progress: Progress | None) -> Collection:
        """The collection of a dataset's corpus, filled where it is not there or incomplete.
        Documents without text are left out: no search can find them."""
        marks = [dataset.sources.get("corpus.jsonl", dataset.name)]
        collection = self._collection(dataset.name, marks)
        done = set(_ids(collection))
        missing = [document for document in dataset.documents if document.id not in done]
        if not missing:
            self.braid.keep_tuned(collection)
            return collection
        documents = [document for document in map(_document, missing) if document is not None]
        before = len(dataset.documents) - len(documents)
        with collection.writer() as writer:
            for count, _ in enumerate(self.braid.ingestor.store(writer, documents), start=1):
                if progress:
                    progress(before + count, len(dataset.documents))
        collection.settle()
        self.braid.keep_tuned(collection)
        return collection

    def corpus_collection(self, corpus: Path) -> Collection:
        """The collection of a folder of files, brought up to date: what is unchanged stays."""
        collection = self._collection(corpus.resolve().name, [str(corpus.resolve())])
        present = set()
        for event in self.braid.ingest_paths(collection, [corpus]):
            present.add(event.document_id)
        gone = [name for name in _ids(collection) if name not in present]
        if gone:
            with collection.writer() as writer:
                writer.delete(gone)
        collection.settle()
        self.braid.keep_tuned(collection)
        return collection

    def _collection(self, name: str, marks: Sequence[str]) -> Collection:
        parts = self.braid.parts
        identity = [
            *marks, parts.analyzer.fingerprint, parts.embedder.fingerprint,
            self.braid.ingestor.pipeline, repr(self.braid.settings.sparse),
        ]  # fmt: skip
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]
        safe = "".join(c if c.isalnum() or c in "-." else "-" for c in name).strip("-.") or "set"
        collection = self._store.get_or_create(f"{safe[:40]}-{digest}")
        if parts.extractor is not None:
            for _ in self.braid.build_graph(collection):
                pass
        return collection

    def document_search(self, collection: Collection) -> DocumentSearch:
        """Ranks documents by their best chunk. Relevance is judged of each document, so one that
        repeats another has a place of its own."""
        self.braid.prepare(collection)

        def search(query: str, leg: str, k: int) -> list[tuple[str, float]]:
            wanted = min(MAX_K, k * _CHUNKS_PER_DOCUMENT)
            asked = replace(_asked(query, leg, wanted), steps={"duplicates": False})
            result = self.braid.search(collection, asked)
            best: dict[str, float] = {}
            for hit in result.hits:
                best.setdefault(hit.chunk.document_id, hit.score)
            return list(best.items())[:k]

        return search

    def located_search(self, collection: Collection) -> LocatedSearch:
        """Ranks the places of chunks."""
        self.braid.prepare(collection)

        def search(query: str, leg: str, k: int) -> list[Located]:
            result = self.braid.search(collection, _asked(query, leg, k))
            return [
                Located(hit.chunk.document_id, hit.chunk.pages, hit.chunk.heading_path)
                for hit in result.hits
            ]

        return search

    def document_reader(self) -> DocumentReader:
        """Reads and chunks a file as ingesting does."""
        ingestor = self.braid.ingestor

        def read_chunks(path: Path) -> tuple[Document, list[Chunk]]:
            document = read(load(path), ingestor.parser_options)
            return document, ingestor.chunker.chunk(document, ingestor.counter)

        return read_chunks

    def described(self, command: str) -> dict[str, str]:
        """What was measured, for a report."""
        parts = self.braid.parts
        return {
            "command": command,
            "analyzer": parts.analyzer.fingerprint,
            "embedder": parts.embedder.fingerprint,
            "pipeline": self.braid.ingestor.pipeline,
            "retrieval": self.braid.settings.retrieval.model_dump_json(),
            "rerank": self.braid.settings.rerank.model_dump_json(),
            "graph": parts.extractor.fingerprint if parts.extractor is not None else "off",
        }


def _asked(text: str, leg: str, k: int) -> Query:
    """The query that a leg stands for: a fusion, a leg alone, or a mode of the default fusion."""
    return Query(text, k, mode=leg) if leg in MODES else Query(text, k, leg)


def _document(item: DatasetDocument) -> Document | None:
    """As plain text is read, under the dataset's own title, which may be empty: an id that
    stands in for it would be searched as if it were text."""
    try:
        document = document_from_text(item.id, item.title, item.text)
    except UnreadableFile:
        return None
    return replace(document, title=" ".join(item.title.split()))


def _ids(collection: Collection) -> Iterator[str]:
    after = ""
    while page := collection.records(after):
        yield from (record.id for record in page)
        after = page[-1].id
