"""The thread that carries out jobs: one at a time, each collection's in order.

What a job has done is recorded after it is durable, so a job that was cut off is taken up again
without harm: documents that were stored but not recorded are found unchanged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog
from structlog.contextvars import bound_contextvars

from api.events import State, Stopping
from api.fetching import FetchLimits
from api.ingestion import Ingested, Ingestor
from api.rest.job_fetching import Fetching
from api.rest.job_watch import Progress, Wanted
from api.rest.watching import Watcher, Watchers
from index.contract import Locked
from index.pipeline import Collection, Job, JobDocument, JobState, Store, tags_of, with_tags
from ingest.contract import BraidError, Document, Json, Unavailable
from ingest.pipeline import StoredSource, document_from_text, load

MAX_ATTEMPTS = 3
"""A job that took the whole process down with it this often is not tried again."""

_SWEEP_S = 3600.0
_STORED = (State.ADDED, State.UPDATED, State.UNCHANGED, State.UNPACKED)
_MAX_REQUESTS = 1_000
"""So many jobs are known by the request that handed them in."""

_log = structlog.get_logger("braid.jobs")


def _leave_alone(collection: Collection) -> None:
    """Nothing is tuned."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of the files handed in: those of documents that are stored, and for so many days
    those of documents that failed."""

    originals: bool = True
    failed_days: float = 7.0


@dataclass
class Worker:
    """Carries out the jobs of a store until it is stopped; `keep_tuned` is called for a collection
    when its jobs are done. Documents are fetched within `fetching`, and files kept as `keeping`
    says. Where another process holds what a job needs, the job waits and is tried again after
    `retry_s`; `poll_s` is how often jobs are looked for that another process took in and left. The
    log lines of a job have the id of the request that handed it in, where that came to this
    process."""

    store: Store
    ingestor: Ingestor
    max_bytes: int
    keep_tuned: Callable[[Collection], None] = _leave_alone
    watcher: Watcher = field(default_factory=lambda: Watchers(()))
    fetching: FetchLimits = field(default_factory=lambda: FetchLimits(()))
    keeping: Keeping = field(default_factory=Keeping)
    retry_s: float = 1.0
    poll_s: float = 10.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _requests: dict[str, str] = field(default_factory=dict)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins with the jobs that an earlier process left."""
        self._thread = threading.Thread(target=self._run, name="braid-jobs", daemon=True)
        self._thread.start()

    def notify(self, job: str = "", request_id: str = "") -> None:
        """There is a new job, handed in by a request."""
        if job and request_id:
            self._requests[job] = request_id
            for oldest in list(self._requests)[:-_MAX_REQUESTS]:  # another process had them
                self._requests.pop(oldest, None)
        self._wake.set()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ends when what is read is stored, without waiting for what is being read; what is
        left waits for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        swept: dict[str, float] = {}
        while not self._stopping.is_set():
            waiting = False
            for name in self.store.names():
                try:
                    collection = self.store.get(name)
                    if time.monotonic() - swept.get(name, -_SWEEP_S) >= _SWEEP_S:
                        swept[name] = time.monotonic()
                        collection.jobs.sweep(self.keeping.failed_days)
                        collection.originals.sweep()
                    waiting = self._work(collection) or waiting
                except (BraidError, OSError) as error:
                    # Deleted meanwhile, or not to be opened: its jobs wait for better days.
                    _log.warning("no jobs taken", collection=name, reason=str(error))
                except Exception:
                    _log.exception("job worker", collection=name)
            self._wake.wait(self.retry_s if waiting else self.poll_s)
            self._wake.clear()

    def _work(self, collection: Collection) -> bool:
        """Carries out a collection's jobs; True where one is left waiting."""
        jobs = collection.jobs
        if jobs.next() is None:
            return False
        try:
            with jobs.claim():
                while not self._stopping.is_set() and (job := jobs.next()) is not None:
                    if not self._watched(collection, job):
                        return True
        except Locked:
            return True
        except Unavailable:
            if collection.is_in_place:
                raise
            return True  # another process has replaced it, and its jobs have gone with it
        if not self._stopping.is_set():
            self.keep_tuned(collection)
        return False

    def _watched(self, collection: Collection, job: Job) -> bool:
        """Carries a job out and tells of it; its log lines have the id of its request."""
        request_id = self._requests.get(job.id)
        with bound_contextvars(**({"request_id": request_id} if request_id else {})):
            self.watcher.on_job_begin(collection.name, job.id, len(job.documents))
            try:
                return self._carry_out(collection, job)
            finally:
                state = collection.jobs.get(job.id).state
                self.watcher.on_job_end(state.value)
                if state not in (JobState.QUEUED, JobState.RUNNING):
                    self._requests.pop(job.id, None)

    def _carry_out(self, collection: Collection, job: Job) -> bool:
        """False where the job has to wait."""
        jobs = collection.jobs
        if job.attempts >= MAX_ATTEMPTS:
            note = (
                f"the server died {job.attempts} times while it worked on this job; hand in its "
                "unfinished documents one by one to find the one that does it"
            )
            jobs.finish(job.id, JobState.FAILED, note)
            return True
        if not jobs.start(job.id):
            return True
        log = _log.bind(collection=collection.name, job=job.id)
        try:
            is_whole = self._ingest(collection, job)
        except Locked as error:
            jobs.wait(job.id, str(error))
            return False
        except BraidError as error:
            log.warning("job failed", reason=str(error))
            jobs.finish(job.id, JobState.FAILED, str(error))
            return True
        except Exception:  # whatever it is, the other jobs go on
            log.exception("job failed")
            note = "a defect of Braid stopped this job; the server's log has it under the job's id"
            jobs.finish(job.id, JobState.FAILED, note)
            return True
        if jobs.is_over(job.id):
            jobs.tidy(job.id)
            log.info("job cancelled")
            return True
        if not is_whole:
            jobs.wait(job.id, "the server was stopped; the job goes on when it is started again")
            return False
        jobs.finish(job.id, JobState.DONE)
        log.info("job done")
        return True

    def _ingest(self, collection: Collection, job: Job) -> bool:
        """Whether every document has had its turn."""
        jobs = collection.jobs
        wanted, progress = Wanted(jobs, job.id, self._stopping), Progress(jobs, job.id)
        pending = [item for item in job.documents if item.state == "queued"]
        _log.info("job begins", collection=collection.name, job=job.id, documents=len(pending))
        fetching = Fetching(collection, job.id, self.fetching, wanted, progress)
        ready = fetching.fetched(pending)
        left = {item.document_id: item for item in ready}
        sources = self._sources(collection, job, ready, wanted)
        for event in self.ingestor.ingest(collection, sources, wanted, progress) if ready else ():
            self.watcher.on_document(event)
            item = left.pop(event.document_id, None)
            if item is not None:
                if event.state in _STORED:
                    self._keep(collection, job, item)
                jobs.record(job.id, _after(item, event))
            else:  # it was found packed in another
                tags = _tags_of(collection, job, event)
                found = JobDocument(0, event.document_id, metadata=with_tags({}, tags))
                jobs.add(job.id, _after(found, event))
        return all(item.state != "queued" for item in jobs.get(job.id).documents)

    def _keep(self, collection: Collection, job: Job, item: JobDocument) -> None:
        """Keeps the file of a document that is stored, or what was kept of it no longer."""
        name = item.file_name or f"{item.document_id.rpartition('/')[2]}.txt"
        if self.keeping.originals:
            path = collection.jobs.path(job.id, item.number)
            collection.originals.keep(item.document_id, path, name)
        elif collection.originals.get(item.document_id) is not None:
            collection.originals.forget(item.document_id)

    def _sources(
        self, collection: Collection, job: Job, ready: list[JobDocument], wanted: Stopping
    ) -> Iterator[StoredSource | SpooledText]:
        for item in ready:
            if wanted.is_set():
                return
            path = collection.jobs.path(job.id, item.number)
            name = item.document_id
            if item.title is not None:
                yield SpooledText(path, name, item.title, item.metadata, self.max_bytes)
            else:
                file_name = item.file_name or name
                yield StoredSource(path, name, file_name, item.metadata, self.max_bytes)


@dataclass(frozen=True, slots=True)
class SpooledText:
    """A text that was handed in, loaded when its turn comes."""

    path: Path
    document_id: str
    title: str
    metadata: Mapping[str, Json]
    max_bytes: int

    def __call__(self) -> Document:
        data = load(self.path, self.document_id, self.max_bytes).data
        text = data.decode("utf-8")
        return document_from_text(self.document_id, self.title, text, self.metadata)


def _tags_of(collection: Collection, job: Job, event: Ingested) -> frozenset[str]:
    """The access tags of what was found packed in a document of a job: its own, or, where it is
    gone, those of what packed it."""
    states = collection.ledger.states
    state = states.get(event.document_id) or states.get(event.container)
    if state is not None:
        return tags_of(state.origin.given)
    within = [item.metadata for item in job.documents if item.document_id == event.container]
    return tags_of(within[0]) if within else frozenset()


def _after(item: JobDocument, event: Ingested) -> JobDocument:
    return replace(
        item,
        state=event.state.value,
        stage=event.stage,
        reason=event.reason,
        chunks=event.chunks,
        embedded=event.embedded,
    )
