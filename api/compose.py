"""The composition root: settings in, a working Braid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.choices import embedder_choice, model_options, parser_options, prices_of, rerankers_of
from api.ingestion import Ingested, Ingestor
from api.settings import Settings
from api.similarity import Nearness
from api.sources import Files
from generate.contract import Answer, Event
from generate.pipeline import (
    AnswerPipeline,
    Packed,
    build_answers,
    build_model,
    passages_from_hits,
    room_for_passages,
)
from index.contract import AnyOf, Embedder
from index.graph.contract import EntityType
from index.graph.pipeline import ModelExtraction
from index.pipeline import (
    Choice,
    Collection,
    Parts,
    Store,
    Tuning,
    View,
    build_parts,
    script_of,
)
from ingest.contract import BadInput, Chunk, Chunker, Unavailable, cached_property
from ingest.pipeline import Limits, build_chunker
from retrieve.contract import MAX_K, Query, SearchResult, StepModel, Translator
from retrieve.pipeline import (
    Fit,
    Listwise,
    Retriever,
    build_translator,
    tuned,
)

LEAST_JUDGED = 50
"""Questions with ratings from which a collection is tuned by them."""

_JUDGED = "judged"
"""Among the values of a tuning: by how many such questions it was made."""

_SPARE = 4
"""So many hits are looked at for each passage that is given to the writer."""
_OUTGROWN = 1.5
"""By so much a collection has grown, or shrunk, when it is tuned anew."""


@dataclass(frozen=True)
class Braid:
    """Everything that the command line and the service call. Parts are built when they are
    first used; none is built twice. Those that are `lent` are taken in place of its own."""

    settings: Settings
    lent: Parts | None = field(default=None, kw_only=True)

    @cached_property
    def parts(self) -> Parts:
        """Analyzer, embedder and indexes."""
        return self.lent or self._build_parts()

    def uncompiled_embedder(self) -> Embedder:
        """The embedder run as sentence-transformers runs it, to be measured against."""
        return self._build_parts(compiled=False).embedder

    def _build_parts(self, *, compiled: bool = True) -> Parts:
        settings = self.settings
        return build_parts(
            analyzer=Choice(
                settings.analyzer.engine, settings.analyzer.model_dump(exclude={"engine"})
            ),
            embedder=embedder_choice(settings.embedder, settings.cache_dir, compiled=compiled),
            sparse=Choice(settings.sparse.backend, settings.sparse.model_dump(exclude={"backend"})),
            dense=Choice("faiss", settings.dense.model_dump()),
            extractor=None if settings.graph.extractor == "off" else Choice("rules", {}),
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
        return Retriever(
            retrieval.depth,
            options,
            self.translator,
            rerankers_of(self.settings),
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

    @cached_property
    def _step_model(self) -> StepModel | None:
        """The model that writes answers, as steps of a search ask it; None where none is set."""
        if not self.settings.answer.model:
            return None
        retrieval = self.settings.retrieval
        model = build_model(model_options(self.settings))
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
            parser_options(self.settings.ocr),
            workers=reading.workers,
            limits=limits,
        )

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
        model = model_options(self.settings)
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
            model=model_options(self.settings) if self.settings.answer.model else None,
            translate=self._translated if self.settings.retrieval.translate else None,
            min_support=self.settings.answer.min_support,
        )

    def _translated(self, text: str) -> Sequence[AnyOf]:
        """The words of a text in the other language; none where there is no dictionary."""
        try:
            return self.translator.translate(text, script_of(text)) if self.translator else ()
        except Unavailable:
            return ()

    @cached_property
    def similarity(self) -> Nearness:
        """How near sentences are to a question."""
        return Nearness(self.parts.embedder)

    def prepare(self, collection: Collection) -> None:
        """Waits for what a search would else go on without: the graph of a large collection."""
        if self.parts.extractor is not None:
            collection.graph()

    def search(
        self, collection: Collection | View, query: Query, tags: frozenset[str] | None = None
    ) -> SearchResult:
        """Hits for a query over the newest snapshot, as it is to a reader with these access tags
        (None: all of it)."""
        return self.retriever.search(collection.snapshot(tags), query)

    def tune(
        self, collection: Collection, questions: Mapping[str, Mapping[str, int]] | None = None
    ) -> tuple[Tuning, Fit]:
        """What a collection would be tuned to: by itself, or by questions with the grades of their
        right documents. Nothing is changed."""
        return tuned(self.retriever, collection.snapshot(trusting=True), questions)

    def tune_by_feedback(self, collection: Collection) -> tuple[Tuning, Fit]:
        """What a collection would be tuned to by the ratings that people gave. Raises BadInput
        where there are too few."""
        questions = collection.feedback.judged()
        if len(questions) < LEAST_JUDGED:
            raise BadInput(
                f"{collection.name} has ratings that help for {len(questions)} questions, and "
                f"{LEAST_JUDGED} are needed: collect more, or tune it without them"
            )
        tuning, fit = self.tune(collection, questions)
        values = {**tuning.values, _JUDGED: [float(len(questions))]}
        return replace(tuning, source="feedback", values=values), fit

    def keep_tuned(self, collection: Collection) -> None:
        """Tunes a collection where it has grown or shrunk by a half since it was last tuned, or
        there are half as many questions more that people rated the results of: by those, where
        there are enough, else by itself; unless it was tuned by judged questions."""
        snapshot = collection.snapshot()
        before, chunks = snapshot.tuning, len(snapshot.dense)
        if not (self.settings.retrieval.tune and chunks and before.source != "qrels"):
            return
        judged = len(collection.feedback.judged())
        rated = judged >= max(LEAST_JUDGED, _OUTGROWN * before.values.get(_JUDGED, [0.0])[0])
        grown = chunks > _OUTGROWN * before.chunks or before.chunks > _OUTGROWN * chunks
        if rated or (grown and judged >= LEAST_JUDGED):
            collection.tune(self.tune_by_feedback(collection)[0])
        elif grown:
            collection.tune(self.tune(collection)[0])

    def answer(self, collection: Collection, query: Query) -> tuple[Answer, SearchResult]:
        """A checked answer with the hits that it rests on."""
        events, result = self.answer_events(collection, query)
        *_, answer = events
        assert isinstance(answer, Answer)
        return answer, result

    def answer_events(
        self, collection: Collection | View, query: Query, tags: frozenset[str] | None = None
    ) -> tuple[Iterator[Event], SearchResult]:
        """As `answer`, piece by piece, for a reader with these access tags; the last event is the
        Answer."""
        result, packed = self._passages(collection, query, tags)
        if result.themes:
            return iter([self._answer_themes(collection.view(tags), result, packed.notes)]), result
        events = self.answers.stream(
            result.question, packed.passages, doubted=not result.is_relevant, notes=packed.notes
        )
        return events, result

    def _answer_themes(
        self, collection: Collection | View, result: SearchResult, notes: Sequence[str]
    ) -> Answer:
        """The answer to a question about the collection as a whole."""
        chunks = self.theme_chunks(collection, result)
        return self.answers.answer_themes(
            result.question, result.themes, chunks, result.overview, notes
        )

    def theme_chunks(self, collection: Collection | View, result: SearchResult) -> dict[int, Chunk]:
        """The chunks that the themes of a result quote, by their keys, as far as they are still
        there."""
        keys = dict.fromkeys(quote.key for theme in result.themes for quote in theme.summary)
        stored = collection.snapshot().chunks(list(keys)) if keys else {}
        return {key: one.chunk for key, one in stored.items()}

    def _passages(
        self, collection: Collection | View, query: Query, tags: frozenset[str] | None
    ) -> tuple[SearchResult, Packed]:
        """The hits, and what the writer reads of them. More are searched for than are shown, so
        that some can be passed over. What speaks to a language model is found as by any search,
        but what the writer reads is searched for as if it were not there: it has been written to be
        found, and is not to change even the order of the rest."""
        given = self.settings.answer
        wider = replace(query, k=min(max(query.k, _SPARE * given.passages), MAX_K))
        if not query.context_tokens:
            wider = replace(wider, context_tokens=given.passage_context_tokens)
        room = given.passages_tokens or room_for_passages(given.context_tokens, given.max_tokens)
        snapshot = collection.snapshot(tags)
        shown = result = self.retriever.search(snapshot, wider)
        packed = passages_from_hits(shown.hits, given.passages, room)
        notes = packed.notes
        trusted = collection.snapshot(tags, trusting=True)
        if trusted is not snapshot:
            result = self.retriever.search(trusted, wider)
            packed = passages_from_hits(result.hits, given.passages, room)
        told = replace(
            shown,
            query=query,
            hits=shown.hits[: query.k],
            is_relevant=result.is_relevant,
            themes=result.themes,
            overview=result.overview,
        )
        return told, replace(packed, notes=tuple(dict.fromkeys((*notes, *packed.notes))))

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
        given, model = self.settings.graph.model, model_options(self.settings)
        window = max(model["context_tokens"], given.max_tokens + 1)
        return ModelExtraction(
            build_model({**model, "max_tokens": given.max_tokens, "context_tokens": window}),
            self.parts.embedder.count,
            types=tuple(map(EntityType, given.types)),
            gleanings=given.gleanings,
            max_tokens=given.max_tokens,
            timeout_s=given.timeout_s,
            attempts=given.attempts,
            prices=prices_of(self.settings),
        )

    def close(self) -> None:
        """Closes the collections that are open."""
        if "store" in self.__dict__:
            self.store.close()
