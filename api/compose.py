"""The composition root: settings in, a working Braid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from api.ingestion import Ingested, Ingestor
from api.settings import Settings
from api.sources import Files
from generate.contract import Answer, Event, Passage
from generate.pipeline import AnswerPipeline, build_answers, build_model, passages_from_hits
from index.contract import Embedder
from index.graph.contract import EntityType
from index.graph.pipeline import ModelExtraction, Prices
from index.pipeline import Choice, Collection, Parts, Store, Tuning, build_parts
from ingest.contract import BadInput, Chunk, Chunker
from ingest.pipeline import Limits, build_chunker, ocr_types
from retrieve.contract import Query, Reranker, SearchResult, StepModel, Translator
from retrieve.pipeline import (
    Fit,
    Listwise,
    Retriever,
    build_reranker,
    build_translator,
    tuned,
)

_OUTGROWN = 1.5
"""By so much a collection has grown, or shrunk, when it is tuned anew."""


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
            extractor=None if settings.graph.extractor == "off" else Choice("rules", {}),
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
        return Retriever(
            retrieval.depth,
            options,
            self.translator,
            self._rerankers(),
            retrieval.steps,
            model=self._step_model,
            listwise=self._listwise(),
        )

    def _listwise(self) -> Listwise | None:
        """What orders passages by the language model; None where none is set."""
        if self._step_model is None:
            return None
        given = self.settings.retrieval
        depth, window = given.listwise_depth, given.listwise_window
        return Listwise(self._step_model, depth, window, window // 2)

    def _rerankers(self) -> dict[str, Reranker]:
        """What orders the default ranking anew."""
        given = self.settings.rerank
        remote = given.remote.model_dump()
        options: dict[str, dict[str, Any]] = {
            "late_interaction": self._late_interaction(),
            "cross_encoder": given.cross_encoder.model_dump(),
            "remote": {**remote, "api_key": given.remote.api_key.get_secret_value()},
        }
        return {
            name: build_reranker(name, **options[name]) for name in given.rerankers if options[name]
        }

    def _late_interaction(self) -> dict[str, Any]:
        """Its options; none where it has no token vectors."""
        embedder, given = self.settings.embedder, self.settings.rerank.late_interaction
        stored = embedder.pooled_tokens > 0
        if embedder.backend == "openai" or not (stored or given.compute):
            return {}
        return {"weight": given.weight, "depth": given.depth, "computed": not stored}

    @cached_property
    def _step_model(self) -> StepModel | None:
        """The model that writes answers, as steps of a search ask it; None where none is set."""
        if not self.settings.answer.model:
            return None
        retrieval = self.settings.retrieval
        model = build_model(self._model_options())
        return StepModel(model, retrieval.model_tokens, retrieval.model_timeout_s)

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
        writer = build_model(model)
        return {
            "ask": lambda message: writer.complete(message).text,
            "writer": f"{model['model']} at {model['base_url']}",
        }

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

    def prepare(self, collection: Collection) -> None:
        """Waits for what a search would else go on without: the graph of a large collection."""
        if self.parts.extractor is not None:
            collection.graph()

    def search(
        self, collection: Collection, query: Query, tags: frozenset[str] | None = None
    ) -> SearchResult:
        """Hits for a query over the newest snapshot, as it is to a reader with these access tags
        (None: all of it)."""
        return self.retriever.search(collection.snapshot(tags), query)

    def tune(
        self, collection: Collection, questions: Mapping[str, Mapping[str, int]] | None = None
    ) -> tuple[Tuning, Fit]:
        """What a collection would be tuned to: by itself, or by questions with the grades of their
        right documents. Nothing is changed."""
        return tuned(self.retriever, collection.snapshot(), questions)

    def keep_tuned(self, collection: Collection) -> None:
        """Tunes a collection by itself where it has grown or shrunk by a half since it was last
        tuned, unless that was by judged questions."""
        snapshot = collection.snapshot()
        before, chunks = snapshot.tuning, len(snapshot.dense)
        grown = chunks > _OUTGROWN * before.chunks or before.chunks > _OUTGROWN * chunks
        if self.settings.retrieval.tune and chunks and grown and before.source != "qrels":
            collection.tune(self.tune(collection)[0])

    def answer(self, collection: Collection, query: Query) -> tuple[Answer, SearchResult]:
        """A checked answer with the hits that it rests on."""
        events, result = self.answer_events(collection, query)
        *_, answer = events
        assert isinstance(answer, Answer)
        return answer, result

    def answer_events(
        self, collection: Collection, query: Query, tags: frozenset[str] | None = None
    ) -> tuple[Iterator[Event], SearchResult]:
        """As `answer`, piece by piece, for a reader with these access tags; the last event is the
        Answer."""
        result, passages = self._passages(collection, query, tags)
        if result.themes:
            return iter([self._answer_themes(collection, result)]), result
        return self.answers.stream(query.text, passages), result

    def _answer_themes(self, collection: Collection, result: SearchResult) -> Answer:
        """The answer to a question about the collection as a whole."""
        chunks = self.theme_chunks(collection, result)
        return self.answers.answer_themes(result.query.text, result.themes, chunks, result.overview)

    def theme_chunks(self, collection: Collection, result: SearchResult) -> dict[int, Chunk]:
        """The chunks that the themes of a result quote, by their keys, as far as they are still
        there."""
        keys = dict.fromkeys(quote.key for theme in result.themes for quote in theme.summary)
        stored = collection.snapshot().chunks(list(keys)) if keys else {}
        return {key: one.chunk for key, one in stored.items()}

    def _passages(
        self, collection: Collection, query: Query, tags: frozenset[str] | None
    ) -> tuple[SearchResult, Sequence[Passage]]:
        """The hits, and what the writer reads of them."""
        given = self.settings.answer
        if not query.context_tokens:
            query = replace(query, context_tokens=given.passage_context_tokens)
        result = self.search(collection, query, tags)
        return result, passages_from_hits(result.hits, given.passages)

    def ingest_paths(self, collection: Collection, paths: Iterable[Path]) -> Iterator[Ingested]:
        """Ingests files and folders; ids are paths relative to the folder given."""
        return self.ingestor.ingest(collection, self.files().under(paths))

    def files(self) -> Files:
        """How files are taken from the disk."""
        return Files(self.settings.server.max_upload_mb * 2**20)

    def build_graph(self, collection: Collection) -> Iterator[int]:
        """Brings the graph's facts up to date with the chunks: those that were stored before there
        was a graph, or by another extractor. Gives how many are left, first all. Raises BadInput
        where the graph is switched off, Locked."""
        if self.parts.extractor is None:
            raise BadInput("the graph is switched off: set graph.extractor to 'rules'")
        with collection.writer() as writer:
            yield from writer.extract()

    def model_extraction(self) -> ModelExtraction:
        """What finds entities with the model that writes answers. Raises BadInput where none is
        set."""
        if not self.settings.answer.model:
            raise BadInput(
                "finding entities with a language model needs one: set answer.model (and "
                "answer.base_url)"
            )
        given, model = self.settings.graph.model, self._model_options()
        window = max(model["context_tokens"], given.max_tokens + 1)
        return ModelExtraction(
            build_model({**model, "max_tokens": given.max_tokens, "context_tokens": window}),
            self.parts.embedder.count,
            types=tuple(map(EntityType, given.types)),
            gleanings=given.gleanings,
            max_tokens=given.max_tokens,
            timeout_s=given.timeout_s,
            attempts=given.attempts,
            prices=Prices(given.prompt_price, given.completion_price),
        )

    def close(self) -> None:
        """Closes the collections that are open."""
        if "store" in self.__dict__:
            self.store.close()
