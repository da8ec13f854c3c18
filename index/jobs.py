"""Jobs of a collection: documents handed in, to be ingested in their turn.

A job is two things: rows in the catalog, and a folder with the bytes, `spool/<job id>/<n>`. The
bytes are durable before the rows are, so a job that was acknowledged survives any kill. The
folder goes when the job has ended; a folder that no row speaks of is an upload that broke off.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.catalog import Catalog
from index.database import Row, first
from index.lock import writer_lock
from index.moments import utc_now
from index.swap import flush
from ingest.contract import Json, NotFound, Unavailable

if TYPE_CHECKING:
    from filelock import FileLock

SPOOL = "spool"
QUEUED = "queued"
"""The state of a document whose turn has not come."""

_INSERT = "INSERT INTO job_documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ID = re.compile(r"[0-9a-f]{32}")
_KEPT = 1_000
"""Ended jobs that are remembered; older ones are forgotten."""
_UPLOADING = ".uploading"
"""A file in a job's folder, locked for as long as the process lives that uploads to it."""


class JobState(StrEnum):
    """Where a job is. DONE says that every document has had its turn, not that each could be
    read; FAILED says that the job itself could not be carried out."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobDocument:
    """One document of a job; its bytes are `spool/<job id>/<number>`.

    `title` is None for a file, and the title given for a text that was handed in. `state` is
    QUEUED until its turn has come, then what became of it; `stage` and `reason` are a failure's.
    What was found packed in a document stands among the others, without bytes of its own.
    """

    number: int
    document_id: str
    file_name: str = ""
    title: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    state: str = QUEUED
    stage: str = ""
    reason: str = ""
    chunks: int = 0
    embedded: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its documents. `note` says why it waits or failed; `attempts` counts how often
    work on it was begun and cut off. Times are ISO 8601 in UTC."""

    id: str
    state: JobState
    note: str
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    documents: Sequence[JobDocument]


class Jobs:
    """The jobs of the collection in `folder`. Safe to use from many threads and processes."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._spool = folder / SPOOL
        self._uploads: dict[Path, FileLock] = {}

    # --- handing in --------------------------------------------------------------------------

    def new_folder(self) -> Path:
        """An empty folder for the bytes of a job to be; its name is the job's id, which cannot
        be guessed. Raises Unavailable where the disk refuses."""
        folder = self._spool / secrets.token_hex(16)
        try:
            folder.mkdir(parents=True)
            self._uploads[folder] = _lock(folder)
            self._uploads[folder].acquire()
        except OSError as error:
            raise Unavailable(f"no upload can be stored in {self._spool}: {error}") from error
        return folder

    def submit(self, folder: Path, documents: Sequence[JobDocument]) -> Job:
        """Queues the documents whose bytes lie in the folder. Durable on return."""
        try:
            for path in (*sorted(folder.iterdir()), folder, self._spool):
                flush(path)
        except OSError as error:
            raise Unavailable(f"the upload cannot be stored in {folder}: {error}") from error
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO jobs (id, state, note, attempts, created_at) VALUES (?, ?, '', 0, ?)",
                (folder.name, JobState.QUEUED.value, utc_now()),
            )
            number = connection.last_insert_rowid()
            connection.executemany(
                _INSERT,
                [_row(number, item) for item in documents],
            )
            connection.execute(
                "DELETE FROM jobs WHERE finished_at IS NOT NULL AND number <= "
                "(SELECT max(number) FROM jobs) - ?",
                (_KEPT,),
            )
        self._uploads.pop(folder).release()
        return self.get(folder.name)

    def discard(self, folder: Path) -> None:
        """Removes the folder of a job that was not submitted."""
        self._uploads.pop(folder).release()
        shutil.rmtree(folder, ignore_errors=True)

    def path(self, job_id: str, number: int) -> Path:
        """Where the bytes of a document of a job lie."""
        return self._spool / job_id / str(number)

    # --- looking -----------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """Raises NotFound."""
        rows = self._catalog.read("SELECT * FROM jobs WHERE id = ?", (job_id,))
        if not rows:
            raise NotFound(f"no job {job_id!r}")
        return self._job(rows[0])

    def newest(self, limit: int = 100, before: str = "") -> list[Job]:
        """Jobs, newest first; only those handed in before the one named, if one is."""
        rows = self._catalog.read(
            "SELECT * FROM jobs WHERE ? = '' OR number < (SELECT number FROM jobs WHERE id = ?) "
            "ORDER BY number DESC LIMIT ?",
            (before, before, limit),
        )
        return [self._job(row) for row in rows]

    def next(self) -> Job | None:
        """The oldest job that has not ended."""
        rows = self._catalog.read(
            "SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY number LIMIT 1",
            (JobState.QUEUED.value, JobState.RUNNING.value),
        )
        return self._job(rows[0]) if rows else None

    # --- working -----------------------------------------------------------------------------

    @contextmanager
    def claim(self) -> Iterator[None]:
        """The right to work on the jobs of this collection, which one thread of one process has
        at a time, and which ends with its process. Raises Locked where another has it."""
        try:
            self._spool.mkdir(exist_ok=True)
        except OSError as error:
            raise Unavailable(f"no job can be worked on in {self._spool}: {error}") from error
        with writer_lock(self._spool):
            yield

    def start(self, job_id: str) -> None:
        """The job is being worked on."""
        self._update(
            job_id,
            "state = ?, note = '', attempts = attempts + 1, started_at = coalesce(started_at, ?)",
            (JobState.RUNNING.value, utc_now()),
        )

    def wait(self, job_id: str, note: str) -> None:
        """The job is put back into the queue, for the reason given; the attempt does not
        count."""
        self._update(
            job_id,
            "state = ?, note = ?, attempts = max(attempts - 1, 0)",
            (JobState.QUEUED.value, note),
        )

    def record(self, job_id: str, document: JobDocument) -> None:
        """What became of a document: its state, stage, reason and counts."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE job_documents SET state = ?, stage = ?, reason = ?, chunks = ?, "
                "embedded = ? WHERE number = ? AND job = (SELECT number FROM jobs WHERE id = ?)",
                (
                    document.state, document.stage, document.reason, document.chunks,
                    document.embedded, document.number, job_id,
                ),
            )  # fmt: skip

    def add(self, job_id: str, document: JobDocument) -> None:
        """What became of a document that was found packed in one of the job's; its number is
        given to it here. Found once more, it takes the place of the first finding."""
        with self._catalog.transaction() as connection:
            job = first(connection, "SELECT number FROM jobs WHERE id = ?", (job_id,))
            known = first(
                connection,
                "SELECT number FROM job_documents WHERE job = ? AND document_id = ?",
                (job[0], document.document_id),
            )
            if known is None:
                sql = "SELECT max(number) + 1 FROM job_documents WHERE job = ?"
                known = first(connection, sql, (job[0],))
            number = known[0] or 0
            sql = "DELETE FROM job_documents WHERE job = ? AND number = ?"
            connection.execute(sql, (job[0], number))
            connection.execute(_INSERT, _row(job[0], replace(document, number=number)))

    def finish(self, job_id: str, state: JobState, note: str = "") -> None:
        """The job has ended; its bytes go."""
        self._update(job_id, "state = ?, note = ?, finished_at = ?", (state.value, note, utc_now()))
        shutil.rmtree(self._spool / job_id, ignore_errors=True)

    def sweep(self) -> None:
        """Removes what jobs that ended and uploads that broke off have left; not an upload that
        is under way, in whatever process."""
        if not self._spool.is_dir():
            return
        for folder in sorted(self._spool.iterdir()):
            if not _ID.fullmatch(folder.name) or not folder.is_dir():
                continue
            if self._is_over(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def _is_over(self, folder: Path) -> bool:
        from filelock import Timeout

        sql = "SELECT finished_at IS NOT NULL FROM jobs WHERE id = ?"
        rows = self._catalog.read(sql, (folder.name,))
        if rows:
            return bool(rows[0][0])
        try:
            with _lock(folder):  # nobody uploads; unless it was just submitted
                return not self._catalog.read(sql, (folder.name,))
        except (OSError, Timeout):
            return False

    def _update(self, job_id: str, assignments: str, values: tuple[str, ...]) -> None:
        with self._catalog.transaction() as connection:
            connection.execute(f"UPDATE jobs SET {assignments} WHERE id = ?", (*values, job_id))

    def _job(self, row: Row) -> Job:
        documents = self._catalog.read(
            "SELECT number, document_id, file_name, title, metadata, state, stage, reason, chunks, "
            "embedded FROM job_documents WHERE job = ? ORDER BY number",
            (row["number"],),
        )
        return Job(
            id=row["id"],
            state=JobState(row["state"]),
            note=row["note"],
            attempts=row["attempts"],
            created_at=row["created_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            documents=[
                JobDocument(
                    number=item["number"],
                    document_id=item["document_id"],
                    file_name=item["file_name"],
                    title=item["title"],
                    metadata=json.loads(item["metadata"]),
                    state=item["state"],
                    stage=item["stage"],
                    reason=item["reason"],
                    chunks=item["chunks"],
                    embedded=item["embedded"],
                )
                for item in documents
            ],
        )


def _row(job: int, item: JobDocument) -> tuple[Any, ...]:
    """Values of a row of `job_documents`, in the order of the schema."""
    return (
        job, item.number, item.document_id, item.file_name, item.title,
        json.dumps(item.metadata, ensure_ascii=False, sort_keys=True),
        item.state, item.stage, item.reason, item.chunks, item.embedded,
    )  # fmt: skip


def _lock(folder: Path) -> FileLock:
    """To be held while a job is uploaded to its folder. Begun and ended in any thread."""
    from filelock import FileLock

    return FileLock(str(folder / _UPLOADING), timeout=0, thread_local=False)
