"""Jobs of a collection: documents handed in, to be ingested in their turn.

A job is two things: rows in the catalog, and a folder with the bytes, `spool/<job id>/<n>`. The
bytes are durable before the rows are, so a job that was acknowledged survives any kill. The
folder goes when the job has ended, but for documents that failed, which can be tried again for some
days; a folder that no row speaks of is an upload that broke off.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from index.catalog import Catalog
from index.database import Row, first
from index.job_rows import (
    CANCELLED,
    DOCUMENTS,
    FAILED,
    INSERT,
    JOBS,
    QUEUED,
    Job,
    JobDocument,
    JobState,
    job_of,
    row_of,
)
from index.lock import writer_lock
from index.moments import utc_now
from index.originals import Originals, link
from index.swap import flush
from ingest.contract import Conflict, NotFound, Unavailable

if TYPE_CHECKING:
    import apsw
    from filelock import FileLock

__all__ = ["SPOOL", "Job", "JobDocument", "JobState", "Jobs"]

SPOOL = "spool"
KEPT_DAYS = 7.0
"""How long the bytes of documents that failed are kept, to be tried again."""

_ID = re.compile(r"[0-9a-f]{32}")
_KEPT = 1_000
"""Ended jobs that are remembered; older ones are forgotten."""
_UPLOADING = ".uploading"
"""A file in a job's folder, locked for as long as the process lives that uploads to it."""


class Jobs:
    """The jobs of the collection in `folder`. Safe to use from many threads and processes."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._originals = Originals(catalog, folder)
        self._spool = folder / SPOOL
        self._uploads: dict[Path, FileLock] = {}

    # --- handing in --------------------------------------------------------------------------

    def new_folder(self) -> Path:
        """An empty folder for the bytes of a job to be; its name is the job's id, which cannot
        be guessed. Raises Unavailable where the disk refuses, and Replaced."""
        folder = self._spool / secrets.token_hex(16)
        try:
            folder.mkdir(parents=True)
            self._uploads[folder] = _lock(folder)
            self._uploads[folder].acquire()
        except OSError as error:
            self.check_in_place()
            raise Unavailable(f"no upload can be stored in {self._spool}: {error}") from error
        return folder

    def check_in_place(self) -> None:
        """Raises Replaced where another collection, or none, lies here now: the folders of its
        jobs have gone with it."""
        self._catalog.check_place()

    def submit(self, folder: Path, documents: Sequence[JobDocument]) -> Job:
        """Queues the documents whose bytes lie in the folder. Durable on return."""
        try:
            for path in (*sorted(folder.iterdir()), folder, self._spool):
                flush(path)
        except OSError as error:
            self.check_in_place()
            raise Unavailable(f"the upload cannot be stored in {folder}: {error}") from error
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT INTO jobs (id, state, note, attempts, created_at) VALUES (?, ?, '', 0, ?)",
                (folder.name, JobState.QUEUED.value, utc_now()),
            )
            number = connection.last_insert_rowid()
            connection.executemany(INSERT, [row_of(number, item) for item in documents])
            connection.executemany(
                "INSERT INTO job_addresses VALUES (?, ?, ?)",
                [(number, item.number, item.url) for item in documents if item.url],
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

    def retry(self, job_id: str) -> Job:
        """Queues what is unfinished of a job that has ended, as a job of its own. Raises Conflict
        where nothing is, or the bytes are gone, or the job has not ended."""
        job = self.get(job_id)
        if not job.state.is_over:
            raise Conflict(f"the job {job_id!r} has not ended: wait for it, or cancel it first")
        if not job.unfinished:
            raise Conflict(
                f"every document of the job {job_id!r} is stored: nothing is to be tried"
            )
        folder = self.new_folder()
        try:
            again = [item for item in job.unfinished if self._hand_over(job_id, item, folder)]
            if again:
                return self.submit(folder, [item.as_new() for item in again])
        except BaseException:
            self.discard(folder)
            raise
        self.discard(folder)
        raise Conflict(
            f"the files of the job {job_id!r} that failed are not kept any more: hand them in again"
        )

    def _hand_over(self, job_id: str, item: JobDocument, folder: Path) -> bool:
        """Puts the bytes of a document into the folder of another job; False where it has none."""
        original = self._originals.get(item.document_id)
        for path in (self.path(job_id, item.number), *([original.path] if original else ())):
            try:
                link(path, folder / str(item.number))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unavailable(f"{path} cannot be handed in again: {error}") from error
            return True
        return bool(item.url)

    def path(self, job_id: str, number: int) -> Path:
        """Where the bytes of a document of a job lie."""
        return self._spool / job_id / str(number)

    # --- looking -----------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """Raises NotFound."""
        rows = self._catalog.read(f"{JOBS} WHERE id = ?", (job_id,))
        if not rows:
            raise NotFound(f"no job {job_id!r}")
        return self._job(rows[0])

    def newest(self, limit: int = 100, before: str = "") -> list[Job]:
        """Jobs, newest first; only those handed in before the one named, if one is."""
        rows = self._catalog.read(
            f"{JOBS} WHERE ? = '' OR number < (SELECT number FROM jobs WHERE id = ?) "
            "ORDER BY number DESC LIMIT ?",
            (before, before, limit),
        )
        return [self._job(row) for row in rows]

    def next(self) -> Job | None:
        """The oldest job that has not ended."""
        rows = self._catalog.read(
            f"{JOBS} WHERE state IN (?, ?) ORDER BY number LIMIT 1",
            (JobState.QUEUED.value, JobState.RUNNING.value),
        )
        return self._job(rows[0]) if rows else None

    def position(self, job_id: str) -> int | None:
        """The place in the queue of a job that waits in it, from 1; the one being worked on is
        first. None of other jobs."""
        row = self._catalog.first(
            "SELECT count(*) FROM jobs WHERE finished_at IS NULL AND number <= "
            "(SELECT number FROM jobs WHERE id = ? AND state = ?)",
            (job_id, JobState.QUEUED.value),
        )
        assert row is not None
        return row[0] or None

    def is_over(self, job_id: str) -> bool:
        """Whether the job has ended, was cancelled, or is not there."""
        sql = "SELECT 1 FROM jobs WHERE id = ? AND finished_at IS NULL"
        return self._catalog.first(sql, (job_id,)) is None

    @property
    def commits(self) -> int:
        """A number that differs once anything has changed, by whatever process."""
        return self._catalog.commits

    def waiting(self) -> tuple[dict[JobState, int], str]:
        """How many jobs have not ended, by state, and when the oldest of them was handed in (empty
        where there is none)."""
        rows = self._catalog.read(
            "SELECT state, count(*), min(created_at) FROM jobs WHERE finished_at IS NULL "
            "GROUP BY state"
        )
        counts = {JobState(state): count for state, count, _ in rows}
        return counts, min((oldest for *_, oldest in rows), default="")

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

    def start(self, job_id: str) -> bool:
        """The job is being worked on; False where it has ended meanwhile."""
        self._update(
            job_id,
            "state = ?, note = '', attempts = attempts + 1, started_at = coalesce(started_at, ?)",
            (JobState.RUNNING.value, utc_now()),
        )
        return not self.is_over(job_id)

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
            connection.execute(INSERT, row_of(job[0], replace(document, number=number)))

    def named(self, job_id: str, number: int, file_name: str) -> None:
        """A document that had to be fetched lies in the spool, and has this name."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "UPDATE job_documents SET file_name = ? WHERE number = ? "
                "AND job = (SELECT number FROM jobs WHERE id = ?)",
                (file_name, number, job_id),
            )

    def at(self, job_id: str, document_id: str, stage: str) -> None:
        """What is done now: a document, and the stage of its work."""
        with self._catalog.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO job_progress SELECT number, ?, ? FROM jobs "
                "WHERE id = ? AND finished_at IS NULL",
                (document_id, stage, job_id),
            )

    def finish(self, job_id: str, state: JobState, note: str = "") -> None:
        """The job has ended; its bytes go, but for those of what is unfinished."""
        with self._catalog.transaction() as connection:
            self._end(connection, job_id, state, note)
        self.tidy(job_id)

    def cancel(self, job_id: str) -> Job:
        """The job is not to be carried on, wherever it is; durable on return. What is stored stays.
        One that was cancelled already stays so. Raises Conflict where it has ended otherwise."""
        with self._catalog.transaction() as connection:
            self._end(connection, job_id, JobState.CANCELLED, "somebody cancelled it")
            if connection.changes():
                connection.execute(
                    "UPDATE job_documents SET state = ? WHERE state = ? "
                    "AND job = (SELECT number FROM jobs WHERE id = ?)",
                    (CANCELLED, QUEUED, job_id),
                )
        job = self.get(job_id)
        if job.state is not JobState.CANCELLED:
            raise Conflict(f"the job {job_id!r} has ended already: it is {job.state.value}")
        return job

    @staticmethod
    def _end(connection: apsw.Connection, job_id: str, state: JobState, note: str) -> None:
        sql = "DELETE FROM job_progress WHERE job = (SELECT number FROM jobs WHERE id = ?)"
        connection.execute(sql, (job_id,))
        connection.execute(
            "UPDATE jobs SET state = ?, note = ?, finished_at = ? "
            "WHERE id = ? AND finished_at IS NULL",
            (state.value, note, utc_now(), job_id),
        )

    def tidy(self, job_id: str) -> None:
        """Removes the bytes of a job that has ended, but for those of what is unfinished."""
        kept = {str(item.number) for item in self.get(job_id).unfinished}
        folder = self._spool / job_id
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        for path in found:
            if path.name not in kept:
                path.unlink(missing_ok=True)
        if not kept.intersection(path.name for path in found):
            shutil.rmtree(folder, ignore_errors=True)

    def drop(self, document_ids: Sequence[str]) -> None:
        """Removes the bytes of these documents from the jobs that have ended."""
        for document_id in document_ids:
            rows = self._catalog.read(
                "SELECT id, job_documents.number FROM job_documents JOIN jobs ON jobs.number = job "
                "WHERE document_id = ? AND finished_at IS NOT NULL AND job_documents.state IN "
                "(?, ?, ?)",
                (document_id, QUEUED, FAILED, CANCELLED),
            )
            for row in rows:
                self.path(row[0], row[1]).unlink(missing_ok=True)

    def sweep(self, kept_days: float = KEPT_DAYS) -> None:
        """Removes what jobs that ended longer ago than so many days and uploads that broke off have
        left; not an upload that is under way, in whatever process."""
        if not self._spool.is_dir():
            return
        for folder in sorted(self._spool.iterdir()):
            if not _ID.fullmatch(folder.name) or not folder.is_dir():
                continue
            if self._is_over(folder, kept_days):
                shutil.rmtree(folder, ignore_errors=True)

    def _is_over(self, folder: Path, kept_days: float) -> bool:
        from filelock import Timeout

        sql = "SELECT finished_at FROM jobs WHERE id = ?"
        rows = self._catalog.read(sql, (folder.name,))
        if rows:
            ended = rows[0][0]
            if ended is None:
                return False
            self.tidy(folder.name)
            passed = datetime.now(UTC) - datetime.fromisoformat(ended)
            return passed > timedelta(days=kept_days)
        try:
            with _lock(folder):  # nobody uploads; unless it was just submitted
                return not self._catalog.read(sql, (folder.name,))
        except (OSError, Timeout):
            return False

    def _update(self, job_id: str, assignments: str, values: tuple[str, ...]) -> None:
        with self._catalog.transaction() as connection:
            connection.execute(
                f"UPDATE jobs SET {assignments} WHERE id = ? AND finished_at IS NULL",
                (*values, job_id),
            )

    def _job(self, row: Row) -> Job:
        return job_of(row, self._catalog.read(DOCUMENTS, (row["number"],)))


def _lock(folder: Path) -> FileLock:
    """To be held while a job is uploaded to its folder. Begun and ended in any thread."""
    from filelock import FileLock

    return FileLock(str(folder / _UPLOADING), timeout=0, thread_local=False)
