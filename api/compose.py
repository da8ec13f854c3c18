"""The composition root: settings in, a working Braid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from api.ingestion import Ingested, Ingestor
from api.settings import Settings
from api.sources import Files
from generate.contract import Answer, Event
from generate.pipeline import AnswerPipeline, build_answers, build_model, passages_from_hits
from index.contract import Embedder
from index.pipeline import Choice, Collection, Parts, Store, build_parts
from ingest.contract import BadInput, Chunker
from ingest.pipeline import Limits, build_chunker, ocr_types
from retrieve.contract import Query, Reranker, SearchResult, Translator
from retrieve.pipeline import Retriever, build_reranker, build_translator


@dataclass(frozen=True)
class Braid:
    """Everything that the command line and the service call. Parts are built when they are
    first used; none is built twice."""

    settings: Settings

    @cached_property
    def parts(self) -> Parts:
        """Analyzer, embedder and indexes."""
        return self._build_parts()

    def uncompiled_embedder(self) -> Embedder:
        """The embedder run as sentence-transformers runs it, to be measured against."""
        return self._build_parts(compiled=False).embedder

    def _build_parts(self, *, compiled: bool = True) -> Parts:
        settings = self.settings
        return build_parts(
            analyzer=Choice(
                settings.analyzer.engine, settings.analyzer.model_dump(exclude={"engine"})
            ),
            embedder=self._embedder(compiled),
            sparse=Choice(settings.sparse.backend, settings.sparse.model_dump(exclude={"backend"})),
            dense=Choice("faiss", settings.dense.model_dump()),
        )

    def _embedder(self, compiled: bool) -> Choice:
        """The embedder that is set, with the options that it has."""
        given = self.settings.embedder
        shared = {
            "model": given.model,
            "cut_to": given.dimension,
            "query_prefix": given.query_prefix,
            "passage_prefix": given.passage_prefix,
        }
        if given.backend == "openai":
            if "model" not in given.model_fields_set:
                raise BadInput("set embedder.model to the endpoint's name for its model")
            served = {"base_url", "batch_size", "timeout_s", "max_retries", "max_tokens"}
            key = {"api_key": given.api_key.get_secret_value()}
            return Choice("openai", {**shared, **given.model_dump(include=served), **key})
        own = {
            "cache": self.settings.cache_dir / "models",
            "precision": given.precision,
            "pooled_tokens": given.pooled_tokens,
            "compiled": compiled,
        }
        return Choice("sentence-transformers", {**shared, **own})

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
        return Retriever(retrieval.depth, options, self.translator, self._rerankers())

    def _rerankers(self) -> dict[str, Reranker]:
        """What orders the default ranking anew."""
        retrieval = self.settings.retrieval
        if not (retrieval.interaction_weight and self.settings.embedder.pooled_tokens):
            return {}
        name = "late_interaction"
        options = {"weight": retrieval.interaction_weight, "depth": retrieval.interaction_depth}
        return {name: build_reranker(name, **options)}

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
        chunker = self._build_chunker()
        reading = self.settings.ingest
        limits = Limits(reading.timeout_s, reading.memory_mb, reading.recycle_after)
        return Ingestor(
            chunker,
            self.parts.embedder,
            self._parser_options(),
            workers=reading.workers,
            limits=limits,
        )

    def _parser_options(self) -> dict[str, dict[str, object]]:
        """What parsers are told, by media type: how to read pictures, where that is set."""
        given = self.settings.ocr.model_dump(exclude_defaults=True)
        if "dictionary" in given:
            given["dictionary"] = str(given["dictionary"])
        return {kind: {"ocr": given} for kind in ocr_types()} if given else {}

    def _build_chunker(self) -> Chunker:
        """The chunker that is set, with the options that are, and what it needs from here."""
        options = self.settings.chunker.model_dump(exclude_none=True)
        name = options.pop("name")
        needed = {"semantic": self._embedding, "proposition": self._writing}
        given = needed[name]() if name in needed else {}
        return build_chunker(name, **options, **given)

    def _embedding(self) -> dict[str, object]:
        embedder = self.parts.embedder
        return {"embed": embedder.embed_passages, "embedder": embedder.fingerprint}

    def _writing(self) -> dict[str, object]:
        if not self.settings.answer.model:
            raise BadInput(
                "the chunker 'proposition' needs a language model: set answer.model (and "
                "answer.base_url), or choose another chunker.name"
            )
        model = self._model_options()
        return {"ask": build_model(model), "writer": f"{model['model']} at {model['base_url']}"}

    @cached_property
    def answers(self) -> AnswerPipeline:
        """The writer of answers: the model that is set, with quoted sentences to fall back on."""
        return build_answers(
            terms=self.parts.analyzer.terms,
            similarity=self.similarity,
            model=self._model_options() if self.settings.answer.model else None,
        )

    def _model_options(self) -> dict[str, Any]:
        given = self.settings.answer
        return {
            "model": given.model,
            "base_url": given.base_url,
            "api_key": given.api_key.get_secret_value(),
            "timeout_s": given.timeout_s,
            "max_retries": given.max_retries,
            "max_tokens": given.max_tokens,
            "context_tokens": given.context_tokens,
        }

    def similarity(self, question: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Cosine of a question to each sentence, shape (len(sentences),)."""
        embedder = self.parts.embedder
        scores: npt.NDArray[np.float32] = (
            embedder.embed_passages(list(sentences)) @ embedder.embed_query(question).vector
        )
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
        """Ingests files and folders; ids are paths relative to the folder given."""
        return self.ingestor.ingest(collection, self.files().under(paths))

    def files(self) -> Files:
        """How files are taken from the disk."""
        return Files(self.settings.server.max_upload_mb * 2**20)

    def close(self) -> None:
        """Closes the collections that are open."""
        if "store" in self.__dict__:
            self.store.close()
