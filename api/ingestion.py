"""Sources into a collection: unchanged ones passed over, the rest read, chunked and stored.

Documents are stored in batches, so that their chunks are embedded together; an event for a
document comes after it is durable.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from api.events import Ingested, State, Stopping, Summary, Watch, unwatched
from api.turns import Given, Outcome, Planned, Reader, Ready, Settled, Stopped, Turns, Unpacked
from index.contract import Status, WriteReceipt
from index.pipeline import Collection, Ledger, Writer
from ingest.contract import BraidError, Chunk, Chunker, Document, NotFound, TokenCounter
from ingest.pipeline import Limits, Workers, fingerprint

__all__ = ["Given", "Ingested", "Ingestor", "State", "Summary"]

_BATCH_CHUNKS = 256
"""Chunks embedded together: enough to sort by length, few enough to see progress."""
_BATCH_DOCUMENTS = 256
_SECRET = "password"


def _untold(stage: str, seconds: float) -> None:
    """Nobody asks how long a stage took."""


@dataclass(frozen=True)
class Ingestor:
    """Puts sources into collections. `counter` is the embedder.

    Files are read in as many processes as `workers` (None: one to each core; 0: in this one),
    each reading within `limits`. `parser_options` are options of the parsers by media type, as
    `{"application/pdf": {"layout": False}}`: they travel to the process that reads (so their
    values must go through pickle) and become fields of the parser of that type. They are part
    of the fingerprint of what they read. `passwords` are tried on files that are encrypted;
    they are kept nowhere. `on_stage` is told how long a stage took: "read" (the wait for the
    processes that read), "chunk", "embed" or "store"."""

    chunker: Chunker
    counter: TokenCounter
    parser_options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    passwords: Sequence[str] = field(default=(), repr=False)
    workers: int | None = 0
    limits: Limits = field(default_factory=Limits)
    on_stage: Callable[[str, float], None] = _untold

    @property
    def pipeline(self) -> str:
        """Names the reading and chunking, with every option; documents of another are read
        again."""
        options = "".join(self._options(kind) for kind in sorted(self.parser_options))
        return f"{fingerprint()} | {options}{self.chunker.fingerprint}"

    def pipeline_of(self, media_type: str) -> str:
        """Names the reading and chunking of one type of file."""
        return f"{fingerprint(media_type)} | {self._options(media_type)}{self.chunker.fingerprint}"

    def pipeline_for(self, document: Document) -> str:
        """Names the reading and chunking of a document."""
        return self.pipeline_of(document.media_type)

    def _options(self, media_type: str) -> str:
        given = self.parser_options.get(media_type, {})
        shown = {name: given[name] for name in sorted(given) if name != _SECRET}
        return f"{media_type} {shown!r} | " if shown else ""

    def ingest(
        self,
        collection: Collection,
        sources: Iterable[Given],
        stopping: Stopping | None = None,
        watch: Watch = unwatched,
    ) -> Iterator[Ingested]:
        """An event for every document, in order but for failures and unchanged ones, which may
        come before the batch in hand; what is packed in a file comes before it. A source is
        loaded when its turn comes; one that is a document already is not read again. Once
        `stopping` is set, what is read is stored and the rest left; `watch` is told what is at
        hand. Raises Locked before the first where another process writes."""
        with collection.writer() as writer:
            yield from self.ingest_with(writer, collection.ledger, sources, stopping, watch)

    def ingest_with(
        self,
        writer: Writer,
        ledger: Ledger,
        sources: Iterable[Given],
        stopping: Stopping | None = None,
        watch: Watch = unwatched,
    ) -> Iterator[Ingested]:
        """As `ingest`, by one who may write already; `ledger` is of the writer's collection."""
        with self._workers() as workers:
            reader = Reader(
                workers, self.pipeline_of, self.parser_options, self.passwords, watch=watch
            )
            turns = Turns(reader, ledger, writer.scratch, stopping)
            batch = _Batch(self, writer, ledger, turns, watch)
            with suppress(Stopped):
                for outcome in self._timed(turns.outcomes(sources)):
                    yield from self._take(outcome, batch)
            yield from batch.stored()

    def plan(
        self, ledger: Ledger | None, sources: Iterable[Given], scratch: Path
    ) -> Iterator[Ingested]:
        """What `ingest` would do, told without reading texts, writing or loading a model:
        documents that would be added, updated or deleted, those unchanged, and those skipped,
        with the reason. Whether a file can be read to its end shows only when it is read.
        `ledger` is None for a collection that is not there; `scratch` is an empty folder."""
        with self._workers() as workers:
            reader = Reader(
                workers, self.pipeline_of, self.parser_options, self.passwords, is_plan=True
            )
            for outcome in Turns(reader, ledger, scratch).outcomes(sources):
                yield from _planned(outcome, ledger)

    def store(self, writer: Writer, documents: Iterable[Document]) -> Iterator[WriteReceipt]:
        """Chunks and stores documents that are read already; a receipt for each, when it is
        durable."""
        batch: list[tuple[Document, list[Chunk]]] = []
        for document in documents:
            batch.append((document, self.chunker.chunk(document, self.counter)))
            if sum(len(chunks) for _, chunks in batch) >= _BATCH_CHUNKS:
                yield from writer.put(batch, self.pipeline_for)
                batch = []
        if batch:
            yield from writer.put(batch, self.pipeline_for)

    def _workers(self) -> Workers:
        return Workers(_cores() if self.workers is None else self.workers, self.limits)

    def _timed(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """The same; the wait for each is told."""
        while True:
            begun = time.perf_counter()
            outcome = next(outcomes, None)
            self.on_stage("read", time.perf_counter() - begun)
            if outcome is None:
                return
            yield outcome

    def _take(self, outcome: Outcome, batch: _Batch) -> Iterator[Ingested]:
        if isinstance(outcome, Settled):
            batch.record(outcome)
            yield outcome.event
        elif isinstance(outcome, Ready):
            document = outcome.document
            batch.watch(document.id, "chunk")
            begun = time.perf_counter()
            try:
                chunks = self.chunker.chunk(document, self.counter)
                self.on_stage("chunk", time.perf_counter() - begun)
            except BraidError as error:
                batch.turns.waiting[document.id] -= 1
                failed = Ingested(
                    document.id, State.FAILED, reason=str(error), stage="chunk",
                    container=outcome.origin.container,
                )  # fmt: skip
                batch.record(Settled(failed, outcome.origin))
                yield failed
                return
            yield from batch.add(outcome, chunks)
        elif isinstance(outcome, Unpacked):
            yield from batch.add(outcome, [])


@dataclass
class _Batch:
    """Documents that are chunked and wait to be stored together, in order, with the ends of
    the containers between them."""

    ingestor: Ingestor
    writer: Writer
    ledger: Ledger
    turns: Turns
    watch: Watch
    items: list[Ready | Unpacked] = field(default_factory=list)
    chunks: dict[int, list[Chunk]] = field(default_factory=dict)

    def add(self, item: Ready | Unpacked, chunks: list[Chunk]) -> Iterator[Ingested]:
        """Takes in an item; the events of all of them, where they are stored for it."""
        self.chunks[len(self.items)] = chunks
        self.items.append(item)
        so_far = sum(map(len, self.chunks.values()))
        if so_far >= _BATCH_CHUNKS or len(self.items) >= _BATCH_DOCUMENTS:
            yield from self.stored()

    def stored(self) -> Iterator[Ingested]:
        """The events of all that is in the batch, once it is durable; it is empty then."""
        items, chunks = self.items, self.chunks
        self.items, self.chunks = [], {}
        ready = [item for item in items if isinstance(item, Ready)]
        documents = [
            (item.document, chunks[place])
            for place, item in enumerate(items)
            if isinstance(item, Ready)
        ]
        known = {d.id for d, _ in documents if _is_known(self.ledger, d.id)}
        receipts = iter(self._put(documents, ready))
        for item in items:
            if isinstance(item, Unpacked):
                yield from self._close(item)
                continue
            # A document named twice in a batch: the last one stands, as it would in two.
            receipt = next(receipts)
            name = receipt.document_id
            self.turns.waiting[name] -= 1
            state = State.UPDATED if name in known else State.ADDED
            known.add(name)
            kept = receipt.added + receipt.kept
            yield Ingested(name, state, kept, receipt.embedded, container=item.origin.container)

    def _put(
        self, documents: Sequence[tuple[Document, Sequence[Chunk]]], ready: Sequence[Ready]
    ) -> Sequence[WriteReceipt]:
        if not documents:
            return []
        self.watch(documents[0][0].id, "embed")
        origins = {item.document.id: item.origin for item in ready}
        before = dict(self.writer.seconds)
        try:
            receipts = self.writer.put(documents, self.ingestor.pipeline_for, origins)
        except Exception as error:
            # The run ends here, but says of each document how far it came.
            with suppress(BraidError):
                for name, origin in origins.items():
                    state = self.ledger.states.get(name)
                    if state is None or state.origin != origin or state.status is not Status.OK:
                        self.ledger.states.fail(name, self.writer.stage, str(error), origin)
            raise
        for stage, seconds in self.writer.seconds.items():
            self.ingestor.on_stage(stage, seconds - before.get(stage, 0.0))
        return receipts

    def _close(self, item: Unpacked) -> Iterator[Ingested]:
        if item.gone:
            self.writer.delete(item.gone, packed=False)
        for name in item.gone:
            yield Ingested(name, State.DELETED, container=item.document_id)
        if not item.is_document:
            if _is_known(self.ledger, item.document_id):  # it was a text once
                self.writer.delete([item.document_id], packed=False)
            self.ledger.states.settle(item.document_id, Status.UNPACKED, item.origin)
            yield Ingested(item.document_id, State.UNPACKED)

    def record(self, settled: Settled) -> None:
        """Brings the state of a document up to date that is not stored anew."""
        event, origin = settled.event, settled.origin
        if origin is None:
            return
        states = self.ledger.states
        if event.state is State.FAILED:
            states.fail(event.document_id, event.stage, event.reason, origin)
            return
        state = states.get(event.document_id)
        if state is None:
            states.settle(event.document_id, Status.OK, origin)
            return
        # What was handed in stays so, though a file with the same id and bytes turns up.
        moved = bool(origin.path and state.origin.path) and state.origin != origin
        if state.status is not Status.OK or moved:
            states.settle(event.document_id, Status.OK, origin if moved else None)


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _planned(outcome: Outcome, ledger: Ledger | None) -> Iterator[Ingested]:
    if isinstance(outcome, Settled):
        event = outcome.event
        if event.state is State.FAILED:
            yield Ingested(
                event.document_id, State.SKIPPED, reason=event.reason, stage=event.stage,
                container=event.container,
            )  # fmt: skip
        else:
            yield event
    elif isinstance(outcome, Planned | Ready):
        name = outcome.document.id if isinstance(outcome, Ready) else outcome.document_id
        container = outcome.container if isinstance(outcome, Planned) else ""
        known = ledger is not None and _is_known(ledger, name)
        yield Ingested(name, State.UPDATED if known else State.ADDED, container=container)
    else:
        for name in outcome.gone:
            yield Ingested(name, State.DELETED, container=outcome.document_id)
        if not outcome.is_document:
            yield Ingested(outcome.document_id, State.UNPACKED)


def _is_known(ledger: Ledger, document_id: str) -> bool:
    try:
        ledger.record(document_id)
    except NotFound:
        return False
    return True
