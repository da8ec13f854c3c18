"""One collection: a writer, any number of readers, and caches that follow the catalog.

All changes go through the catalog. Afterwards, and whenever a collection is opened or read at
an older generation, each cache takes in what it has missed. There is no other way into a cache,
so a kill between the two loses nothing.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index import rows
from index.catalog import Catalog, Changes
from index.contract import (
    Analyzer,
    CollectionStats,
    DeleteReceipt,
    DenseChanges,
    DenseIndex,
    DenseReader,
    DocumentRecord,
    Embedder,
    FingerprintMismatch,
    Keys,
    Locked,
    Origin,
    SparseChanges,
    SparseIndex,
    SparseReader,
    StoredChunk,
    Vectors,
    WriteReceipt,
)
from index.filters import compile_filter
from index.jobs import Jobs
from index.lock import writer_lock
from index.states import Ledger
from index.windows import Windows
from ingest.contract import Chunk, Conflict, Document, Json, NotFound, Unavailable

CATALOG = "catalog.sqlite"
_DRAFT = "catalog.draft"
"""A catalog in the making: it takes its name when it is whole."""
SCRATCH = "scratch"
"""Files of the writer, gone when it has finished."""
_REPLAY_BATCH = 5_000


@dataclass(frozen=True)
class Parts:
    """What collections are made of: the analyzer and embedder, and how the two caches are
    built (from their folder; the dense one also from the dimension)."""

    analyzer: Analyzer
    embedder: Embedder
    sparse: Callable[[Path], SparseIndex]
    dense: Callable[[Path, int], DenseIndex]


@dataclass(frozen=True)
class Snapshot:
    """One generation of a collection, for reading. Chunks deleted after it was taken are
    missing from `chunks`, never wrong."""

    generation: int
    sparse: SparseReader
    dense: DenseReader
    parts: Parts
    _catalog: Catalog

    def allowed(self, expression: Mapping[str, Json]) -> Keys:
        """Keys that a filter leaves, ascending. Raises BadInput for a wrong filter."""
        return self._catalog.matching(compile_filter(expression))

    def scripts(self, keys: Keys) -> list[str]:
        """The script that each chunk is written in ("han", "latin" or empty), in the order
        given; empty for one that is gone."""
        found = self._catalog.scripts(keys.tolist())
        return [found.get(int(key), "") for key in keys]

    def has_script(self, script: str) -> bool:
        """Whether any chunk is written in that script."""
        return self._catalog.has_script(script)

    def chunks(self, keys: Sequence[int]) -> dict[int, StoredChunk]:
        """The chunks of those keys that are still there."""
        return self._catalog.chunks(keys)

    def tokens(self, keys: Keys) -> dict[int, Vectors]:
        """The token vectors, shape (n, dimension), of each chunk that is there and has some."""
        return self._catalog.tokens(keys.tolist(), self.parts.embedder.dimension)


class Collection:
    """A durable, searchable set of documents in one folder. Safe to use from many threads."""

    def __init__(self, path: Path, parts: Parts, catalog: Catalog) -> None:
        self.name = path.name
        self._path = path
        self._parts = parts
        self._catalog = catalog
        self._guard = threading.RLock()
        self._snapshot: Snapshot | None = None
        self.jobs = Jobs(catalog, path)
        self.ledger = Ledger(catalog)
        self._dimension = int(catalog.meta("dimension") or 0)
        self._sparse: SparseIndex
        self._dense: DenseIndex
        self._open_caches()

    @classmethod
    def create(cls, path: Path, parts: Parts) -> Collection:
        """A new, empty collection. Raises Conflict where there is one already."""
        if (path / CATALOG).exists():
            raise Conflict(f"the collection {path.name!r} exists already at {path}")
        path.mkdir(parents=True, exist_ok=True)
        with writer_lock(path, timeout_s=10.0):
            if (path / CATALOG).exists():
                raise Conflict(f"the collection {path.name!r} was just made by another process")
            # What a kill left here: the log of a catalog that is gone would spoil the new one.
            for leftover in path.glob("catalog.*"):
                leftover.unlink()
            catalog = Catalog(path / _DRAFT, create=True)
            catalog.set_meta(
                {
                    "analyzer": parts.analyzer.fingerprint,
                    "embedder": parts.embedder.fingerprint,
                    "dimension": str(parts.embedder.dimension),
                }
            )
            catalog.close()
            (path / _DRAFT).rename(path / CATALOG)
        return cls.open(path, parts)

    @classmethod
    def open(cls, path: Path, parts: Parts) -> Collection:
        """An existing collection. Raises NotFound, or FingerprintMismatch where it was built
        with another analyzer or embedder."""
        catalog = Catalog(path / CATALOG)
        for kind, component in (("analyzer", parts.analyzer), ("embedder", parts.embedder)):
            recorded, wanted = catalog.meta(kind), component.fingerprint
            if recorded != wanted:
                catalog.close()
                raise FingerprintMismatch(
                    f"the collection {path.name!r} was built with the {kind} {recorded!r}, and "
                    f"the settings ask for {wanted!r}: set it back, or build the collection anew "
                    f"with 'braid reindex {path.name}'"
                )
        return cls(path, parts, catalog)

    def close(self) -> None:
        """Releases files and memory."""
        with self._guard:
            self._snapshot = None
            self._sparse.close()
            self._dense.close()
            self._catalog.close()

    # --- reading -----------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The newest generation, this process's or another's writes included."""
        current = self._snapshot
        if current is not None and current.generation >= self._catalog.generation:
            return current
        # While a writer of this process brings the caches up to date, the last snapshot serves.
        if not self._guard.acquire(blocking=current is None):
            assert current is not None
            return current
        try:
            self._catch_up_as_able()
            return self._take_snapshot()
        finally:
            self._guard.release()

    def _take_snapshot(self) -> Snapshot:
        generation = min(self._sparse.generation, self._dense.generation)
        self._snapshot = Snapshot(
            generation, self._sparse.reader(), self._dense.reader(), self._parts, self._catalog
        )
        return self._snapshot

    def record(self, document_id: str) -> DocumentRecord:
        """What is known of a document. Raises NotFound."""
        record = self._catalog.record(document_id)
        if record is None:
            raise NotFound(f"no document {document_id!r} in the collection {self.name!r}")
        return record

    def records(self, after: str = "", limit: int = 1000) -> list[DocumentRecord]:
        """Documents in order of id, after the one given."""
        return self._catalog.records(after, limit)

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in order."""
        return self._catalog.document_chunks(document_id)

    def stats(self) -> CollectionStats:
        """Rows in each store."""
        snapshot = self.snapshot()
        documents, chunks, vectors = self._catalog.counts()
        return CollectionStats(
            name=self.name,
            generation=self._catalog.generation,
            documents=documents,
            chunks=chunks,
            vectors=vectors,
            sparse=len(snapshot.sparse),
            dense=len(snapshot.dense),
            fingerprints={k: self._catalog.meta(k) or "" for k in ("analyzer", "embedder")},
        )

    def check(self) -> list[str]:
        """Faults found, one line each; empty where catalog and caches agree."""
        faults = [f"catalog: {fault}" for fault in self._catalog.check()]
        snapshot = self.snapshot()
        wanted = np.array(self._catalog.since(-1).added, dtype=np.int64)
        for name, reader in (("sparse", snapshot.sparse), ("dense", snapshot.dense)):
            if not np.array_equal(np.sort(reader.keys()), wanted):
                faults.append(f"{name} index: its keys are not those of the catalog")
        return faults

    # --- writing -----------------------------------------------------------------------------

    @contextmanager
    def writer(self, timeout_s: float = 0.0) -> Iterator[Writer]:
        """The right to write, until the block ends. Raises Locked, naming the holder."""
        with writer_lock(self._path, timeout_s):
            with self._guard:
                self._catch_up(owner=True)
            scratch = self._path / SCRATCH
            shutil.rmtree(scratch, ignore_errors=True)  # what a kill left
            try:
                yield Writer(self, scratch)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    def _open_caches(self) -> None:
        """Opens both caches; one that is damaged, or does not match the catalog, is built anew."""
        for attempt in (1, 2, 3):
            try:
                self._sparse = self._parts.sparse(self._path / "sparse")
                self._dense = self._parts.dense(self._path / "dense", self._dimension)
                self._catch_up_as_able()
                if self._agrees():
                    return
                reason: Exception = ValueError("a cache holds other chunks than the catalog")
            except (ValueError, OSError) as error:
                reason = error
            # A writer may have swapped a file meanwhile: look twice before building anew.
            if attempt == 2:
                self._drop_caches()
        raise Unavailable(
            f"the indexes of the collection {self.name!r} cannot be opened or rebuilt: {reason}; "
            f"check the disk at {self._path}"
        ) from reason

    def _agrees(self) -> bool:
        """True where each cache at the catalog's generation has as many rows as it."""
        chunks = self._catalog.counts()[1]
        generation = self._catalog.generation
        caches = ((self._sparse, self._sparse.reader), (self._dense, self._dense.reader))
        return all(
            len(reader()) == chunks for cache, reader in caches if cache.generation == generation
        )

    def _drop_caches(self) -> None:
        with writer_lock(self._path, timeout_s=10.0):
            for name in ("sparse", "dense"):
                shutil.rmtree(self._path / name, ignore_errors=True)

    def _catch_up_as_able(self) -> None:
        """Brings the caches up to date; those on disk only where no other writer is about to."""
        if self._sparse.generation == self._catalog.generation == self._dense.generation:
            return
        try:
            with writer_lock(self._path):
                self._catch_up(owner=True)
        except (Locked, PermissionError):
            self._catch_up(owner=False)

    def _catch_up(self, *, owner: bool) -> None:
        newest = self._catalog.generation
        if max(self._sparse.generation, self._dense.generation) > newest:
            raise ValueError("a cache is newer than the catalog")
        if self._sparse.generation < newest and (owner or self._sparse.in_memory):
            changes = self._catalog.since(self._sparse.generation)
            for part in _in_batches(changes):
                self._sparse.apply(self._sparse_changes(part))
        if self._dense.generation < newest:
            changes = self._catalog.since(self._dense.generation)
            keys, vectors = self._catalog.vectors(changes.added, self._dimension)
            dense = DenseChanges(changes.generation, keys, vectors, changes.deleted)
            self._dense.apply(dense, owner=owner)

    def _sparse_changes(self, changes: Changes) -> SparseChanges:
        chunks = self._catalog.chunks(changes.added)
        wanted = sorted({stored.chunk.document_id for stored in chunks.values()})
        windows = Windows(self._parts.analyzer, self._catalog.texts(wanted))
        entries = [windows.entry(key, stored.chunk) for key, stored in sorted(chunks.items())]
        return SparseChanges(changes.generation, entries, changes.deleted)


def _in_batches(changes: Changes) -> Iterator[Changes]:
    """The same changes in pieces of bounded size; only the last carries the generation, so that
    a kill in between starts over."""
    added = list(changes.added)
    while len(added) > _REPLAY_BATCH:
        yield Changes(0, added[:_REPLAY_BATCH], [])
        added = added[_REPLAY_BATCH:]
    yield Changes(changes.generation, added, changes.deleted)


class Writer:
    """Writes to a collection, for as long as its lock is held. `scratch` is a folder that it
    may make, and that goes with it; `stage` is what `put` is at, or was when it failed: "embed"
    or "store"."""

    def __init__(self, collection: Collection, scratch: Path) -> None:
        self._collection = collection
        self.scratch = scratch
        self.stage = ""

    def put(
        self,
        items: Sequence[tuple[Document, Sequence[Chunk]]],
        pipeline: str | Callable[[Document], str],
        origins: Mapping[str, Origin] | None = None,
    ) -> list[WriteReceipt]:
        """Stores documents with their chunks, each replacing what had its id. On return every
        one is durable and can be found. What has been embedded already is not embedded again.
        `pipeline` is the fingerprint of what read and chunked them, or gives each one's;
        `origins` says by id where they come from."""
        self.stage = "embed"
        collection = self._collection
        catalog, embedder = collection._catalog, collection._parts.embedder
        marks = [[rows.embedding_hash(chunk) for chunk in chunks] for _, chunks in items]
        vectors = catalog.known_vectors({mark for row in marks for mark in row})
        fresh = [0] * len(items)
        texts: dict[bytes, str] = {}
        for place, (row, (_, chunks)) in enumerate(zip(marks, items, strict=True)):
            for mark, chunk in zip(row, chunks, strict=True):
                if mark not in vectors and mark not in texts:
                    texts[mark] = chunk.embedding_text
                    fresh[place] += 1
        embedded = embedder.embed_with_tokens(list(texts.values()))
        vectors.update(zip(texts, rows.stored_vectors(embedded), strict=True))
        self.stage = "store"
        receipts = []
        try:
            for (document, chunks), count in zip(items, fresh, strict=True):
                read_by = pipeline if isinstance(pipeline, str) else pipeline(document)
                origin = (origins or {}).get(document.id)
                result = catalog.put(document, chunks, vectors, read_by, origin)
                receipts.append(
                    WriteReceipt(
                        document.id,
                        result.generation,
                        len(result.added),
                        result.kept,
                        len(result.deleted),
                        count,
                    )
                )
        finally:
            self._follow()
        return receipts

    def delete(self, document_ids: Sequence[str], *, packed: bool = True) -> DeleteReceipt:
        """Deletes documents, with what is `packed` in them, from every store and counts what
        went. Ids that are not there count nothing."""
        collection = self._collection
        before = (len(collection._sparse.reader()), len(collection._dense.reader()))
        documents, chunks, vectors, changes = collection._catalog.delete(
            document_ids, packed=packed
        )
        self._follow()
        return DeleteReceipt(
            documents=documents,
            chunks=chunks,
            vectors=vectors,
            sparse=before[0] - len(collection._sparse.reader()),
            dense=before[1] - len(collection._dense.reader()),
            generation=changes.generation,
        )

    def _follow(self) -> None:
        with self._collection._guard:
            self._collection._catch_up(owner=True)
            self._collection._take_snapshot()
