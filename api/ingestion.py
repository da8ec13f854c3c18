"""Sources into a collection: unchanged ones passed over, the rest read, chunked and stored.

Documents are stored in batches, so that their chunks are embedded together; an event for a
document comes after it is durable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from index.contract import WriteReceipt
from index.pipeline import Collection, Writer
from ingest.contract import (
    BraidError,
    Chunk,
    Chunker,
    Document,
    Failure,
    NotFound,
    Source,
    TokenCounter,
)
from ingest.pipeline import fingerprint, read

_BATCH_CHUNKS = 256
"""Chunks embedded together: enough to sort by length, few enough to see progress."""


class State(StrEnum):
    """What became of a document."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one source. `embedded` counts new vectors; `reason` is a failure's."""

    document_id: str
    state: State
    chunks: int = 0
    embedded: int = 0
    reason: str = ""


@dataclass
class Summary:
    """Counts over a run."""

    states: Counter[State] = field(default_factory=Counter)
    chunks: int = 0
    embedded: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, event: Ingested) -> None:
        """Counts one event."""
        self.states[event.state] += 1
        self.chunks += event.chunks
        self.embedded += event.embedded
        if event.state is State.FAILED:
            self.failures.append(Failure(event.document_id, event.reason))


@dataclass(frozen=True)
class Ingestor:
    """Puts sources into collections. `counter` is the embedder."""

    chunker: Chunker
    counter: TokenCounter

    @property
    def pipeline(self) -> str:
        """Names the reading and chunking; documents of another are read again."""
        return f"{fingerprint()} | {self.chunker.fingerprint}"

    def ingest(
        self, collection: Collection, sources: Iterable[Callable[[], Source | Document] | Failure]
    ) -> Iterator[Ingested]:
        """An event for every source, in order but for failures and unchanged ones, which may
        come before the batch in hand. A source is loaded when its turn comes; one that is a
        document already is not read again. Raises Locked before the first where another process
        writes."""
        with collection.writer() as writer:
            batch: list[tuple[Document, list[Chunk]]] = []
            for load in sources:
                waiting = {document.id for document, _ in batch}
                outcome = self._prepare(collection, load, waiting)
                if isinstance(outcome, Ingested):
                    yield outcome
                    continue
                batch.append(outcome)
                if sum(len(chunks) for _, chunks in batch) >= _BATCH_CHUNKS:
                    yield from self._store(collection, writer, batch)
                    batch = []
            if batch:
                yield from self._store(collection, writer, batch)

    def store(self, writer: Writer, documents: Iterable[Document]) -> Iterator[WriteReceipt]:
        """Chunks and stores documents that are read already; a receipt for each, when it is
        durable."""
        batch: list[tuple[Document, list[Chunk]]] = []
        for document in documents:
            batch.append((document, self.chunker.chunk(document, self.counter)))
            if sum(len(chunks) for _, chunks in batch) >= _BATCH_CHUNKS:
                yield from writer.put(batch, self.pipeline)
                batch = []
        if batch:
            yield from writer.put(batch, self.pipeline)

    def _prepare(
        self,
        collection: Collection,
        load: Callable[[], Source | Document] | Failure,
        waiting: Set[str],
    ) -> Ingested | tuple[Document, list[Chunk]]:
        if isinstance(load, Failure):
            return Ingested(load.document_id, State.FAILED, reason=load.reason)
        name = getattr(load, "document_id", "")
        try:
            given = load()
            name = given.id if isinstance(given, Document) else given.document_id
            # One that waits in the batch will not be as it is stored by then.
            if name not in waiting and self._is_unchanged(collection, name, given):
                return Ingested(name, State.UNCHANGED)
            document = given if isinstance(given, Document) else read(given)
            return document, self.chunker.chunk(document, self.counter)
        except BraidError as error:
            return Ingested(name, State.FAILED, reason=str(error))

    def _is_unchanged(
        self, collection: Collection, document_id: str, given: Source | Document
    ) -> bool:
        try:
            record = collection.record(document_id)
        except NotFound:
            return False
        return (
            record.content_hash == given.content_hash
            and record.pipeline == self.pipeline
            and _contains(record.metadata, given.metadata)
            and (isinstance(given, Source) or given.title == record.title)
        )

    def _store(
        self, collection: Collection, writer: Writer, batch: list[tuple[Document, list[Chunk]]]
    ) -> Iterator[Ingested]:
        # A document named twice in a batch: the last one stands, as it would in two batches.
        known = {document.id for document, _ in batch if _is_known(collection, document.id)}
        for receipt in writer.put(batch, self.pipeline):
            state = State.UPDATED if receipt.document_id in known else State.ADDED
            known.add(receipt.document_id)
            chunks = receipt.added + receipt.kept
            yield Ingested(receipt.document_id, state, chunks, receipt.embedded)


def _is_known(collection: Collection, document_id: str) -> bool:
    try:
        collection.record(document_id)
    except NotFound:
        return False
    return True


def _contains(recorded: Mapping[str, object], given: Mapping[str, object]) -> bool:
    return all(recorded.get(key) == value for key, value in given.items())
