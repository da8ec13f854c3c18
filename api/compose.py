"""The composition root: settings in, a working Braid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.ingestion import Ingested, Ingestor
from api.settings import Settings
from generate.contract import Answer, Event
from generate.pipeline import AnswerPipeline, build_answers, passages_from_hits
from index.contract import Embedder
from index.pipeline import Choice, Collection, Parts, Store, build_parts
from ingest.contract import Failure, Source
from ingest.pipeline import Found, build_chunker, discover, load
from retrieve.contract import Query, SearchResult, Translator
from retrieve.pipeline import Retriever, build_translator


@dataclass(frozen=True)
class Braid:
    """Everything that the command line and the service call. Parts are built when they are
    first used; none is built twice."""

    settings: Settings

    @cached_property
    def parts(self) -> Parts:
        """Analyzer, embedder and indexes."""
        return self._build_parts()

    def unpacked_embedder(self) -> Embedder:
        """The embedder run as sentence-transformers runs it, to be measured against."""
        return self._build_parts(packed=False).embedder

    def _build_parts(self, *, packed: bool = True) -> Parts:
        settings = self.settings
        embedder = {
            "cache": settings.cache_dir / "models",
            "packed": packed,
            **settings.embedder.model_dump(),
        }
        return build_parts(
            analyzer=Choice("jieba", settings.analyzer.model_dump()),
            embedder=Choice("sentence-transformers", embedder),
            sparse=Choice(settings.sparse.backend, settings.sparse.model_dump(exclude={"backend"})),
            dense=Choice("faiss", settings.dense.model_dump()),
        )

    @cached_property
    def store(self) -> Store:
        """The collections."""
        return Store(self.settings.data_dir / "collections", self.parts)

    @cached_property
    def retriever(self) -> Retriever:
        """The search over a snapshot."""
        retrieval = self.settings.retrieval
        options = {
            "default": {"cosine_weight": retrieval.cosine_weight},
            "convex": {"dense_weight": retrieval.convex_dense_weight},
            "rrf": {"k": retrieval.rrf_k},
        }
        return Retriever(retrieval.depth, options, self.translator)

    @cached_property
    def translator(self) -> Translator | None:
        """The dictionary between Chinese and English; None where it is switched off."""
        if not self.settings.retrieval.translate:
            return None
        cache = self.settings.cache_dir / "dictionaries"
        return build_translator("cedict", cache, self.parts.analyzer)

    @cached_property
    def ingestor(self) -> Ingestor:
        """Reading, chunking and storing."""
        chunker = build_chunker("structure", **self.settings.chunker.model_dump())
        return Ingestor(chunker, self.parts.embedder)

    @cached_property
    def answers(self) -> AnswerPipeline:
        """The writer of answers: the model that is set, with quoted sentences to fall back on."""
        given = self.settings.answer
        model_options = {
            "model": given.model,
            "base_url": given.base_url,
            "api_key": given.api_key.get_secret_value(),
            "timeout_s": given.timeout_s,
            "max_retries": given.max_retries,
            "max_tokens": given.max_tokens,
            "context_tokens": given.context_tokens,
        }
        return build_answers(
            terms=self.parts.analyzer.terms,
            similarity=self.similarity,
            model=model_options if given.model else None,
        )

    def similarity(self, question: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Cosine of a question to each sentence, shape (len(sentences),)."""
        embedder = self.parts.embedder
        scores: npt.NDArray[np.float32] = embedder.embed_passages(
            list(sentences)
        ) @ embedder.embed_query(question)
        return scores

    def search(self, collection: Collection, query: Query) -> SearchResult:
        """Hits for a query over the newest snapshot."""
        return self.retriever.search(collection.snapshot(), query)

    def answer(self, collection: Collection, query: Query) -> tuple[Answer, SearchResult]:
        """A checked answer with the hits that it rests on."""
        result = self.search(collection, query)
        passages = passages_from_hits(result.hits, self.settings.answer.passages)
        return self.answers.answer(query.text, passages), result

    def answer_events(
        self, collection: Collection, query: Query
    ) -> tuple[Iterator[Event], SearchResult]:
        """As `answer`, piece by piece; the last event is the Answer."""
        result = self.search(collection, query)
        passages = passages_from_hits(result.hits, self.settings.answer.passages)
        return self.answers.stream(query.text, passages), result

    def ingest_paths(self, collection: Collection, paths: Iterable[Path]) -> Iterator[Ingested]:
        """Ingests files and folders; ids are paths relative to the folder given. A second file
        with the id of an earlier one is a failure: it would take the other's place."""
        return self.ingestor.ingest(collection, self._sources(paths))

    def _sources(self, paths: Iterable[Path]) -> Iterator[FileSource | Failure]:
        limit = self.settings.server.max_upload_mb * 2**20
        taken: dict[str, Path] = {}
        for found in discover(paths):
            if isinstance(found, Failure):
                yield found
            elif (other := taken.setdefault(found.document_id, found.path)) is not found.path:
                yield Failure(
                    found.document_id,
                    f"{found.path} has the same id as {other}; ingest their common folder instead",
                )
            else:
                yield FileSource(found, limit)

    def close(self) -> None:
        """Closes the collections that are open."""
        if "store" in self.__dict__:
            self.store.close()


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that is loaded when its turn comes."""

    found: Found
    max_bytes: int

    @property
    def document_id(self) -> str:
        """The id that its document will have."""
        return self.found.document_id

    def __call__(self) -> Source:
        return load(self.found.path, self.found.document_id, self.max_bytes)
