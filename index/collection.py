"""One collection: a writer, any number of readers, and caches that follow the catalog.

All changes go through the catalog. Afterwards, and whenever a collection is opened or read at
an older generation, each cache takes in what it has missed. There is no other way into a cache,
so a kill between the two loses nothing.
"""

from __future__ import annotations

import itertools
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from index.access import Reader, Sight, Sights
from index.caches import Caches, Parts, drop_caches
from index.catalog import CATALOG, DRAFT, SCRATCH, Catalog
from index.contents import Contents
from index.contract import (
    CollectionStats,
    Damaged,
    DocumentRecord,
    FingerprintMismatch,
    StoredChunk,
)
from index.document_filter import DocumentFilter
from index.feedback import Ratings
from index.graph.contract import Decision, Graph
from index.graph.extraction import Extraction
from index.graph.graphs import Graphs
from index.graph.model_store import ModelStore
from index.graph.store import FactStore
from index.jobs import Jobs
from index.lock import model_lock, writer_lock
from index.originals import Originals
from index.repair import clear_leftovers, mend_catalog
from index.restricted import RestrictedSnapshot
from index.seen import Seen
from index.snapshot import Snapshot
from index.soundness import catalog_faults, index_faults
from index.states import Ledger
from index.tuning import Tuning, Tunings
from index.view import View
from index.writer import Writer
from ingest.contract import Chunk, Conflict, NotFound, Unavailable

__all__ = ["CATALOG", "Collection", "Snapshot"]

_OPENED = itertools.count()
"""Numbers the collections that a process opens."""

_RESTRICTED = 8
"""So many snapshots of readers who do not see all are kept."""


class Collection:
    """A durable, searchable set of documents in one folder. Safe to use from many threads."""

    def __init__(self, path: Path, parts: Parts, catalog: Catalog) -> None:
        self.name = path.name
        self._path = path
        self._parts = parts
        self._catalog = catalog
        self._guard = threading.RLock()
        self._views_guard = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._number = next(_OPENED)
        self._restricted: OrderedDict[Reader, RestrictedSnapshot] = OrderedDict()
        self.jobs = Jobs(catalog, path)
        self.originals = Originals(catalog, path)
        self.ledger = Ledger(catalog)
        self.facts = FactStore(catalog)
        self.feedback = Ratings(catalog)
        self.model_answers = ModelStore(catalog)
        self._contents = Contents(catalog)
        self._sights = Sights(catalog, self._contents.documents)
        self._graphs = Graphs(catalog)
        self._caches = Caches(path, parts, catalog)
        self._donors: Sequence[Catalog] = ()

    @property
    def folder(self) -> Path:
        """The folder that holds all of it."""
        return self._path

    @classmethod
    def create(cls, path: Path, parts: Parts) -> Collection:
        """A new, empty collection. Raises Conflict where there is one already."""
        if (path / CATALOG).exists():
            raise Conflict(f"the collection {path.name!r} exists already at {path}")
        path.mkdir(parents=True, exist_ok=True)
        with writer_lock(path, timeout_s=10.0):
            if (path / CATALOG).exists():
                raise Conflict(f"the collection {path.name!r} was just made by another process")
            # What a kill left here: the log and caches of a catalog that is gone would spoil the
            # new one.
            for leftover in path.glob("catalog.*"):
                leftover.unlink()
            drop_caches(path)
            catalog = Catalog(path / DRAFT, create=True)
            catalog.set_meta(
                {
                    "analyzer": parts.analyzer.fingerprint,
                    "embedder": parts.embedder.fingerprint,
                    "dimension": str(parts.embedder.dimension),
                }
            )
            catalog.close()
            (path / DRAFT).rename(path / CATALOG)
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

    def settle(self) -> None:
        """Waits until the indexes have been written as the size of the collection asks for,
        which a thread does after writes; searches are right meanwhile, too."""
        self._caches.settle()
        self._graphs.settle()

    def close(self) -> None:
        """Releases files and memory. Call `settle` first, where there is time."""
        with self._guard:
            self._snapshot = None
            self._caches.close()
            self._catalog.close()

    def version(self, tags: frozenset[str] | None = None) -> tuple[int, int, int, bool]:
        """Which open collection this is, the number of its last write of any kind, its generation,
        and whether the graph is of them: a reader with these access tags finds the same for as
        long as this is the same."""
        with_graph = self._parts.extractor is not None
        is_newest = not with_graph or self._graphs.is_newest(self._sights.of(tags))
        return self._number, self._catalog.commits, self._catalog.generation, is_newest

    @property
    def is_in_place(self) -> bool:
        """False once another collection, or none, lies in its folder."""
        return self._catalog.is_in_place

    # --- reading -----------------------------------------------------------------------------

    def snapshot(self, tags: frozenset[str] | None = None, *, trusting: bool = False) -> Snapshot:
        """The newest generation, this process's or another's writes included; all of it, or what
        a reader with these access tags may see; of what is trusted alone where he is `trusting`
        (see index.withholding)."""
        whole = self._whole_snapshot()
        # After it: what was hidden since is hidden.
        sight = self._sights.of(tags, trusting=trusting)
        if sight is None:
            return whole
        with self._views_guard:
            held = self._restricted.get(sight.reader)
            if held is None or held.sight is not sight or not held.is_of(whole):
                seen = Seen(self._catalog, self._contents) if held is None else held.seen
                held = RestrictedSnapshot.of(whole, sight, seen)
                self._restricted[sight.reader] = held
                while len(self._restricted) > _RESTRICTED:
                    self._restricted.popitem(last=False)
            self._restricted.move_to_end(sight.reader)
            return held

    def _whole_snapshot(self) -> Snapshot:
        current = self._snapshot
        if (
            current is not None
            and current.generation >= self._catalog.generation
            and current.dense is self._caches.dense.reader()
        ):
            return current
        # While a writer of this process brings the caches up to date, the last snapshot serves.
        if not self._guard.acquire(blocking=current is None):
            assert current is not None
            return current
        try:
            self._caches.catch_up_as_able()
            return self._take_snapshot()
        finally:
            self._guard.release()

    def _take_snapshot(self) -> Snapshot:
        caches = self._caches
        self._snapshot = Snapshot(
            caches.generation,
            caches.sparse.reader(),
            caches.dense.reader(),
            caches.scripts,
            replace(self._parts, analyzer=caches.analyzer),
            caches.languages,
            self._contents,
            self._graphs,
            self._catalog,
        )
        return self._snapshot

    def graph(self, tags: frozenset[str] | None = None) -> Graph:
        """The entity graph of all that is stored now, or of what a reader with these access tags
        may see."""
        return self._graphs.newest(self._sights.of(tags))

    def sight(self, tags: frozenset[str] | None) -> Sight | None:
        """What a reader with these access tags sees now; None where that is all."""
        return self._sights.of(tags)

    def decisions(self, tags: frozenset[str] | None = None) -> tuple[Decision, ...]:
        """What people decided of names, as far as a reader with these access tags may see these."""
        return self._graphs.decisions(self._sights.of(tags))

    def view(self, tags: frozenset[str] | None = None) -> View:
        """The collection as a reader with these access tags may see it."""
        return View(self, tags)

    def tune(self, tuning: Tuning) -> None:
        """Tunes the collection: durable on return, and searches follow at once. No index changes,
        and no writer is waited for."""
        Tunings(self._catalog).put(tuning)

    def record(self, document_id: str) -> DocumentRecord:
        """What is known of a document. Raises NotFound."""
        record = self._catalog.record(document_id)
        if record is None:
            raise NotFound(f"no document {document_id!r} in the collection {self.name!r}")
        return record

    def records(
        self, after: str = "", limit: int = 1000, wanted: DocumentFilter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of id, after the one given; those that are wanted."""
        return self._catalog.records(after, limit, wanted)

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in order."""
        return self._catalog.document_chunks(document_id)

    def chunk(self, chunk_id: str) -> StoredChunk:
        """A chunk by its id. Raises NotFound."""
        found = self._catalog.chunk(chunk_id)
        if found is None:
            raise NotFound(f"no chunk {chunk_id!r} in the collection {self.name!r}")
        return found

    def around(self, chunk: Chunk, reach: int) -> list[Chunk]:
        """The chunk with up to `reach` before and after it in its document, in order."""
        return self._catalog.around([chunk], reach)

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
            facts=self.facts.count(),
            sparse=len(snapshot.sparse),
            dense=len(snapshot.dense),
            originals=self.originals.count(),
            fingerprints={k: self._catalog.meta(k) or "" for k in ("analyzer", "embedder")},
        )

    def check(self) -> list[str]:
        """Faults found, one line each; empty where catalog and caches agree."""
        faults = [f"catalog: {fault}" for fault in catalog_faults(self._catalog)]
        return faults or index_faults(self._catalog, self.snapshot())

    @classmethod
    def repair(cls, path: Path, parts: Parts) -> Iterator[str]:
        """Mends what it can of a collection that is not open; says each thing when it is done.
        Raises Locked while it is written to, NotWritable, FingerprintMismatch, and Damaged where
        nothing can be saved."""
        with writer_lock(path, timeout_s=10.0):
            yield from clear_leftovers(path)
            yield from mend_catalog(path, parts.embedder)
        try:
            collection = cls.open(path, parts)
        except Damaged:  # sound, but older than its indexes
            drop_caches(path)
            collection = cls.open(path, parts)
            yield f"accepted {path / CATALOG} as it stands, though its indexes were newer"
        mended, faults = collection._caches.mended, collection.check()
        collection.jobs.sweep()
        collection.originals.sweep()
        with collection.writer(timeout_s=10.0) as writer:
            (missing, *_) = (*writer.extract(), 0)
        collection.close()
        if missing:
            yield f"found anew what {missing} chunks say for the graph"
        if faults:
            with writer_lock(path, timeout_s=10.0):
                drop_caches(path)
            cls.open(path, parts).close()
        yield from (f"built the indexes anew: {fault}" for fault in [*mended, *faults])

    # --- writing -----------------------------------------------------------------------------

    @contextmanager
    def writer(self, timeout_s: float = 0.0) -> Iterator[Writer]:
        """The right to write, until the block ends. Raises Locked, naming the holder, and
        Unavailable where another collection, or none, lies here now."""
        with writer_lock(self._path, timeout_s):
            self._catalog.check_place()
            self._follow()
            scratch = self._path / SCRATCH
            shutil.rmtree(scratch, ignore_errors=True)  # what a kill left
            try:
                embedder, caches = self._parts.embedder, self._caches
                yield Writer(
                    self._catalog, embedder, caches, self._follow, scratch, self._donors,
                    self._extraction(),
                )  # fmt: skip
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    @contextmanager
    def borrowing(self, donors: Sequence[Catalog]) -> Iterator[None]:
        """Until the block ends, every writer takes vectors of these, too, which have to be of the
        same embedder."""
        self._donors = donors
        try:
            yield
        finally:
            self._donors = ()

    @contextmanager
    def asking(self) -> Iterator[ModelStore]:
        """The right to ask a language model about the chunks and to store what it says, until the
        block ends; others can write meanwhile. Raises Locked, naming who has it, NotWritable, and
        Unavailable where another collection, or none, lies here now."""
        with model_lock(self._path):
            self._catalog.check_place()
            yield self.model_answers

    def _extraction(self) -> Extraction | None:
        """What finds facts for the graph, in step with the collection's words."""
        if self._parts.extractor is None:
            return None
        extraction = Extraction(self._catalog, self._parts.extractor)
        extraction.mend()
        return extraction

    def _follow(self) -> None:
        with self._guard:
            try:
                self._caches.catch_up(owner=True)
            except OSError as error:
                raise Unavailable(
                    f"the indexes of {self.name!r} cannot take in what is stored ({error}): free "
                    "space on the disk; nothing is lost, the catalog has all that was stored so "
                    "far, and the indexes follow with the next write, or when it is opened again"
                ) from error
            self._take_snapshot()
