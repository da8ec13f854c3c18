"""A collection as one reader may see it: what doors are given, in place of the collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from index.contract import CollectionStats, DocumentRecord, DocumentState, Status, StoredChunk
from index.document_filter import DocumentFilter
from index.feedback import Feedback
from index.graph.contract import Decision, Graph
from index.jobs import Job
from index.snapshot import Snapshot
from index.tagging import may_see, tags_of
from ingest.contract import Chunk, NotFound

if TYPE_CHECKING:
    from index.access import Sight
    from index.collection import Collection

_T = TypeVar("_T")
_PAGE = 500


@dataclass(frozen=True)
class View:
    """What a reader who holds `tags` (None: who sees all) may see of a collection. Whatever is
    hidden is as if it were not there, in every method; a whole collection cannot be had but by
    asking for `unrestricted`."""

    unrestricted: Collection
    """The collection itself, for what changes it: nothing that is read from it may be shown."""
    tags: frozenset[str] | None = None

    @property
    def name(self) -> str:
        return self.unrestricted.name

    def version(self) -> tuple[int, int, int, bool]:
        """As of the collection: the reader finds the same for as long as this is the same."""
        return self.unrestricted.version(self.tags)

    def snapshot(self, tags: frozenset[str] | None = None, *, trusting: bool = False) -> Snapshot:
        """The newest generation; of a reader with fewer tags, where some are given; of what is
        trusted alone where he is `trusting`."""
        return self.unrestricted.snapshot(self._both(tags), trusting=trusting)

    def view(self, tags: frozenset[str] | None = None) -> View:
        """The same for a reader with fewer tags, where some are given."""
        return View(self.unrestricted, self._both(tags))

    def graph(self) -> Graph:
        """The entity graph of what is seen."""
        return self.unrestricted.graph(self.tags)

    def decisions(self) -> tuple[Decision, ...]:
        """What people decided of names that stand in what is seen."""
        return self.unrestricted.decisions(self.tags)

    # --- documents ---------------------------------------------------------------------------

    def sees(self, document_id: str) -> bool:
        """False for a document that is hidden, stored or not; True for one that is not there."""
        if self.tags is None:
            return True
        sight = self._sight()
        if sight is not None and document_id in sight.hidden:
            return False
        state = self.unrestricted.ledger.states.get(document_id)
        return state is None or self._sees_state(sight, state)

    def record(self, document_id: str) -> DocumentRecord:
        """What is known of a document. Raises NotFound."""
        record, sight = self.unrestricted.record(document_id), self._sight()
        if sight is None:
            return record
        if document_id in sight.hidden:
            raise NotFound(f"no document {document_id!r} in the collection {self.name!r}")
        return sight.record(record)

    def records(
        self, after: str = "", limit: int = 1000, wanted: DocumentFilter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of id, after the one given; those that are wanted."""
        sight, whole = self._sight(), self.unrestricted
        if sight is None:
            return whole.records(after, limit, wanted)

        def page(start: str, count: int) -> list[DocumentRecord]:
            return whole.records(start, count, wanted)

        seen = (
            sight.record(one)
            for one in _each(page, lambda record: record.id, after)
            if one.id not in sight.hidden
        )
        return _first(seen, limit)

    def chunk(self, chunk_id: str) -> StoredChunk:
        """A chunk by its id. Raises NotFound."""
        stored, sight = self.unrestricted.chunk(chunk_id), self._sight()
        if sight is None:
            return stored
        if stored.chunk.document_id in sight.hidden:
            raise NotFound(f"no chunk {chunk_id!r} in the collection {self.name!r}")
        return sight.chunk(stored)

    def around(self, chunk: Chunk, reach: int) -> list[Chunk]:
        """A chunk that is seen, with up to `reach` before and after it in its document."""
        return self.unrestricted.around(chunk, reach)

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in order; none where it is not there."""
        return self.unrestricted.document_chunks(document_id) if self.sees(document_id) else []

    def state(self, document_id: str) -> DocumentState | None:
        """How far a document has come; None for one that was never handed in."""
        state = self.unrestricted.ledger.states.get(document_id)
        return state if state is None or self._sees_state(self._sight(), state) else None

    def states(
        self, status: Status | None = None, after: str = "", limit: int = 1000
    ) -> list[DocumentState]:
        """The same of several, in order of id, after the one given; of one status, if it is."""
        states, sight = self.unrestricted.ledger.states, self._sight()

        def page(start: str, count: int) -> list[DocumentState]:
            return states.of(status, start, count)

        if self.tags is None:
            return page(after, limit)
        each = _each(page, lambda state: state.document_id, after)
        return _first((state for state in each if self._sees_state(sight, state)), limit)

    def stats(self) -> CollectionStats:
        """Rows in each store."""
        stats, sight = self.unrestricted.stats(), self._sight()
        if sight is None:
            return stats
        snapshot = self.snapshot()
        return replace(
            stats,
            documents=stats.documents - len(sight.hidden),
            chunks=len(sight.keys),
            vectors=len(sight.keys),
            facts=self.unrestricted.facts.count_among(sight.keys.tolist()),
            sparse=len(snapshot.sparse),
            dense=len(snapshot.dense),
            originals=self.unrestricted.originals.count(sight.hidden),
        )

    # --- jobs --------------------------------------------------------------------------------

    def job(self, job_id: str) -> Job:
        """A job with those of its documents that are seen. Raises NotFound where none is."""
        job = self._seen(self.unrestricted.jobs.get(job_id))
        if job is None:
            raise NotFound(f"no job {job_id!r}")
        return job

    def newest_jobs(self, limit: int = 100, before: str = "") -> list[Job]:
        """Jobs, newest first; only those handed in before the one named, if one is."""
        newest = self.unrestricted.jobs.newest
        if self.tags is None:
            return newest(limit, before)
        each = _each(lambda start, count: newest(count, start), lambda job: job.id, before, 50)
        return _first((job for one in each if (job := self._seen(one)) is not None), limit)

    def _seen(self, job: Job) -> Job | None:
        if self.tags is None:
            return job
        seen = [
            one
            for one in job.documents
            if may_see(self.tags, tags_of(one.metadata)) and self.sees(one.document_id)
        ]
        if len(seen) == len(job.documents):
            return job
        return replace(job, documents=seen, note="", document_id="", stage="") if seen else None

    # --- feedback ----------------------------------------------------------------------------

    def newest_feedback(self, limit: int = 100, before: str = "") -> list[Feedback]:
        """Ratings of what is seen, newest first; only those before the one named, if one is."""
        newest = self.unrestricted.feedback.newest
        if self.tags is None:
            return newest(limit, before)
        each = _each(lambda start, count: newest(count, start), lambda one: one.id, before)
        return _first((one for one in each if self.sees(one.document_id)), limit)

    def judged(self) -> dict[str, dict[str, int]]:
        """The grades by query of the documents that are seen, as `Ratings.judged`."""
        found = self.unrestricted.feedback.judged()
        if self.tags is None:
            return found
        seen = {
            query: {name: grade for name, grade in grades.items() if self.sees(name)}
            for query, grades in found.items()
        }
        return {query: grades for query, grades in seen.items() if any(grades.values())}

    # --- what is seen ------------------------------------------------------------------------

    def _sight(self) -> Sight | None:
        return self.unrestricted.sight(self.tags)

    def _sees_state(self, sight: Sight | None, state: DocumentState) -> bool:
        """What is stored tells by its own tags, anything else by those that it was given."""
        if self.tags is None:
            return True
        if sight is not None and state.document_id in sight.hidden:
            return False
        return may_see(self.tags, tags_of(state.origin.given)) or self._is_stored(state)

    def _is_stored(self, state: DocumentState) -> bool:
        try:
            self.unrestricted.record(state.document_id)
        except NotFound:
            return False
        return True

    def _both(self, tags: frozenset[str] | None) -> frozenset[str] | None:
        if tags is None or self.tags is None:
            return self.tags if tags is None else tags
        return self.tags & tags


def _each(
    page: Callable[[str, int], Sequence[_T]],
    name: Callable[[_T], str],
    after: str,
    size: int = _PAGE,
) -> Iterator[_T]:
    """All of them, a page at a time."""
    while found := page(after, size):
        yield from found
        after = name(found[-1])


def _first(each: Iterator[_T], limit: int) -> list[_T]:
    return list(islice(each, limit))
