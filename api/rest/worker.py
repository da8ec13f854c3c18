"""The thread that carries out jobs: one at a time, each collection's in order.

What a job has done is recorded after it is durable, so a job that was cut off is taken up again
without harm: documents that were stored but not recorded are found unchanged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from api.ingestion import Ingested, Ingestor
from index.contract import Locked
from index.pipeline import Collection, Job, JobDocument, JobState, Store
from ingest.contract import BraidError, Document, Json, Unavailable
from ingest.pipeline import StoredSource, document_from_text, load

MAX_ATTEMPTS = 3
"""A job that took the whole process down with it this often is not tried again."""

_log = structlog.get_logger("braid.jobs")


def _leave_alone(collection: Collection) -> None:
    """Nothing is tuned."""


@dataclass
class Worker:
    """Carries out the jobs of a store until it is stopped; `keep_tuned` is called for a collection
    when its jobs are done. Where another process holds what a
    job needs, the job waits and is tried again after `retry_s`; `poll_s` is how often jobs are
    looked for that another process took in and left."""

    store: Store
    ingestor: Ingestor
    max_bytes: int
    keep_tuned: Callable[[Collection], None] = _leave_alone
    retry_s: float = 1.0
    poll_s: float = 10.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins with the jobs that an earlier process left."""
        self._thread = threading.Thread(target=self._run, name="braid-jobs", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """There is a new job."""
        self._wake.set()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ends when what is read is stored, without waiting for what is being read; what is
        left waits for the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        swept: set[str] = set()
        while not self._stopping.is_set():
            waiting = False
            for name in self.store.names():
                try:
                    collection = self.store.get(name)
                    if name not in swept:
                        swept.add(name)
                        collection.jobs.sweep()
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
                    if not self._carry_out(collection, job):
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
        jobs.start(job.id)
        pending = [item for item in job.documents if item.state == "queued"]
        left = {item.document_id: item for item in pending}
        log = _log.bind(collection=collection.name, job=job.id)
        log.info("job begins", documents=len(pending))
        sources = self._sources(collection, job, pending)
        try:
            for event in self.ingestor.ingest(collection, sources, self._stopping):
                item = left.pop(event.document_id, None)
                if item is not None:
                    jobs.record(job.id, _after(item, event))
                else:  # it was found packed in another
                    jobs.add(job.id, _after(JobDocument(0, event.document_id), event))
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
        if left:
            jobs.wait(job.id, "the server was stopped; the job goes on when it is started again")
            return False
        jobs.finish(job.id, JobState.DONE)
        log.info("job done")
        return True

    def _sources(
        self, collection: Collection, job: Job, pending: list[JobDocument]
    ) -> Iterator[StoredSource | SpooledText]:
        for item in pending:
            if self._stopping.is_set():
                return
            path = collection.jobs.path(job.id, item.number)
            name = item.document_id
            if item.title is not None:
                yield SpooledText(path, name, item.title, item.metadata, self.max_bytes)
            else:
                yield StoredSource(path, name, item.file_name, item.metadata, self.max_bytes)


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


def _after(item: JobDocument, event: Ingested) -> JobDocument:
    return replace(
        item,
        state=event.state.value,
        stage=event.stage,
        reason=event.reason,
        chunks=event.chunks,
        embedded=event.embedded,
    )
