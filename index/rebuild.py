"""A collection built anew beside the old one, which serves readers and takes writes meanwhile.

Documents are taken over in the order in which they were written. How far that has come is recorded
as the generation of the old collection up to which the new one has everything, so what was stopped
or killed goes on from there, and what is written meanwhile comes last. When little is left the old
one is locked, and the rest follows, with what is not in documents: states, what is set for the
collection, and jobs with their uploads. For the moment in which the folders change places no
process can write to the old catalog, not even to hand in a job.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index.caches import Parts
from index.carried import (
    REBUILD,
    copy_feedback,
    copy_jobs,
    copy_model_facts,
    failed_jobs,
    link_uploads,
    settings_of,
    take_on,
    waiting_jobs,
)
from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.contract import Locked
from index.database import batched, marks
from index.jobs import SPOOL
from index.lock import writer_lock
from index.originals import Originals
from index.states import States
from index.swap import flush, put_in_place
from index.writer import Writer
from ingest.contract import Conflict, Document, NotFound, Unavailable

_FEW = 16
"""Documents that are followed under the lock."""
_RECORD_EVERY = 16
"""Documents that a kill makes to be looked at again; their chunks are there already."""
_PATIENCE_S = 1.0
"""How long a busy old collection is waited for before it is looked at again."""


@dataclass
class Rebuild:
    """A rebuilding under way. `writer` writes to the new collection. `is_resumed` says that it goes
    on where another was stopped; `is_discarded` that what another left was made for other settings,
    or of another collection, and was thrown away. `done` counts documents that the new one has had,
    `total` those of the old one when it began; `is_whole` says that nothing is left."""

    writer: Writer
    is_resumed: bool
    is_discarded: bool
    total: int
    _folder: Path
    _old: Catalog
    _new: Catalog
    _record: dict[str, str | int]
    _settle: Callable[[], None]
    _held: ExitStack
    done: int = 0
    is_whole: bool = False
    _given: deque[int] = field(default_factory=deque)

    def documents(self) -> Iterator[Document]:
        """The documents to be chunked and stored, each to be reported by `stored`. At the end
        nobody else may write to the old collection. Raises Unavailable where that is replaced."""
        after = int(self._record["generation"])
        is_first = True
        while not self.is_whole:
            self._old.check_place()
            pending = self._written(after)
            is_last = len(pending) <= (0 if is_first else _FEW) and self._lock()
            if is_last:  # what was written before it was locked
                pending = self._written(after)
            for generation, document_id in pending:
                document = self._old.document(document_id)
                after = generation
                if document is not None:
                    self._given.append(generation)
                    yield document
            is_first, self.is_whole = False, is_last

    def stored(self) -> None:
        """The first document that was given and not reported yet is durable in the new one."""
        self._record["generation"] = self._given.popleft()
        self.done += 1
        if self.done % _RECORD_EVERY == 0:
            self.record()

    def record(self) -> None:
        """Records how far it is."""
        self._new.set_meta({REBUILD: json.dumps(self._record)})

    def _written(self, after: int) -> list[tuple[int, str]]:
        sql = "SELECT generation, id FROM documents WHERE generation > ? ORDER BY generation"
        return [(row[0], row[1]) for row in self._old.read(sql, (after,))]

    def _lock(self) -> bool:
        self._settle()  # building an index takes its time, and needs no lock
        try:
            self._held.enter_context(writer_lock(self._folder, _PATIENCE_S))
        except Locked:
            return False
        return True

    def drop_deleted(self) -> None:
        """Deletes what the old collection no longer has."""
        after, sql = "", "SELECT id FROM documents WHERE id > ? ORDER BY id LIMIT 1000"
        while page := [row[0] for row in self._new.read(sql, (after,))]:
            after = page[-1]
            there: set[str] = set()
            for batch in batched(page):
                among = f"SELECT id FROM documents WHERE id IN ({marks(batch)})"
                there.update(row[0] for row in self._old.read(among, batch))
            gone = [document_id for document_id in page if document_id not in there]
            if gone:
                self.writer.delete(gone, packed=False)


@contextmanager
def rebuilt(folder: Path, aside: Path, parts: Parts, pipeline: str) -> Iterator[Rebuild]:
    """Builds the collection in `folder` anew in `aside`, and puts it in its place when the block
    ends without an error and `Rebuild.documents` has come to its end. `pipeline` names how its
    documents are read and chunked. Raises Unavailable where the old one is replaced meanwhile."""
    with ExitStack() as held:
        old = Catalog(folder / CATALOG)
        held.callback(old.close)
        record: dict[str, str | int] = {
            "source": (folder / CATALOG).stat().st_ino, "pipeline": pipeline, "generation": 0
        }  # fmt: skip
        was_there = aside.exists()
        found = _resumable(aside, parts, record, old.generation)
        new = found or Collection.create(aside, parts)
        held.callback(new.close)
        catalog = Catalog(aside / CATALOG)
        held.callback(catalog.close)
        if found is None:
            take_on(catalog, settings_of(old))
            catalog.set_meta({REBUILD: json.dumps(record)})
        else:
            record.update(json.loads(catalog.meta(REBUILD) or ""))
        is_same = old.meta("embedder") == parts.embedder.fingerprint
        with new.borrowing((old,) if is_same else ()), new.writer() as writer:
            rebuild = Rebuild(
                writer, found is not None, was_there and found is None, old.counts()[0],
                folder, old, catalog, record, new.settle, held, done=catalog.counts()[0],
            )  # fmt: skip
            try:
                yield rebuild
            finally:
                rebuild.record()
            if not rebuild.is_whole:
                return
            rebuild.drop_deleted()
            copy_model_facts(old, catalog)
        with old.kept_from_others():
            new.ledger.states.copy(States(old))
            take_on(catalog, settings_of(old))
            copy_jobs(old, catalog)
            _take_uploads(folder, [*waiting_jobs(old), *failed_jobs(folder, old)], aside)
            Originals(catalog, aside).copy(Originals(old, folder))
            copy_feedback(old, catalog)
            catalog.close()
            new.close()
            put_in_place(aside, folder)


def _resumable(
    aside: Path, parts: Parts, wanted: dict[str, str | int], newest: int
) -> Collection | None:
    """The collection that an earlier rebuilding left aside, if it was to be what is wanted now;
    else it is thrown away."""
    try:
        found = Collection.open(aside, parts)
    except (Conflict, Unavailable, NotFound):
        shutil.rmtree(aside, ignore_errors=True)
        return None
    with closing(Catalog(aside / CATALOG)) as catalog:
        record = json.loads(catalog.meta(REBUILD) or "{}")
    reached = record.get("generation", newest + 1)
    if reached <= newest and record == {**wanted, "generation": reached}:
        return found
    found.close()
    shutil.rmtree(aside)
    return None


def _take_uploads(folder: Path, job_ids: list[str], aside: Path) -> None:
    spool = aside / SPOOL
    shutil.rmtree(spool, ignore_errors=True)
    link_uploads(folder, job_ids, spool)
    for path in sorted(spool.rglob("*")) if spool.is_dir() else ():
        flush(path)
