"""Work of the service other than ingestion, which outlives requests and the server: building a
collection anew, tuning it, evaluation runs.

One process carries tasks out, one after another, and says so by a lock that ends with it. So who
has the lock knows of every task that stands as running that its process has died: it is begun
again, which is safe for every kind there is, until it has taken the process down too often.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import structlog

from api.service_store import Row, ServiceStore
from index.pipeline import utc_now
from ingest.contract import BraidError, Conflict, NotFound

MAX_ATTEMPTS = 3
"""A task that took the whole process down with it this often is not tried again."""

LOCK = "tasks.lock"
_COLUMNS = (
    "id, kind, collection, state, given, result, note, done, total, attempts, created_at, "
    "started_at, finished_at"
)
_TELL_EVERY_S = 0.5
_log = structlog.get_logger("braid.tasks")


class TaskState(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a kind, with what it was given and, once it is done, its result. `done` of `total`
    says how far it is (None: nobody knows). `note` says why it waits or failed. Times are ISO 8601
    in UTC."""

    id: str
    kind: str
    collection: str
    state: TaskState
    given: Mapping[str, Any]
    result: Mapping[str, Any] | None
    note: str
    done: int
    total: int | None
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None


class Cancelled(Exception):
    """Somebody wants the task no more, or the server is being stopped."""


class Progress(Protocol):
    """Told how much is done, and of how much; it raises Cancelled where the task is to end."""

    def __call__(self, done: int, total: int | None, /) -> None: ...


Work = Callable[[str, Mapping[str, Any], Progress], Mapping[str, Any]]
"""Carries a task out: given the collection's name, what the task was given, and whom to tell how
far it is, it gives the result, as plain JSON."""


@dataclass(frozen=True)
class Tasks:
    """The tasks in the service's store."""

    store: ServiceStore

    def submit(self, kind: str, collection: str, given: Mapping[str, Any]) -> Task:
        """Queues a task; durable on return."""
        task_id = secrets.token_hex(16)
        with self.store.transaction() as cursor:
            cursor.execute(
                "INSERT INTO tasks (id, kind, collection, state, given, note, done, attempts, "
                "cancelled, created_at) VALUES (?, ?, ?, ?, ?, '', 0, 0, 0, ?)",
                (
                    task_id, kind, collection, TaskState.QUEUED.value,
                    json.dumps(given, ensure_ascii=False), utc_now(),
                ),
            )  # fmt: skip
        return self.get(task_id)

    def get(self, task_id: str) -> Task:
        """Raises NotFound."""
        rows = self.store.rows(f"SELECT {_COLUMNS} FROM tasks WHERE id = ?", (task_id,))
        if not rows:
            raise NotFound(f"no task {task_id!r}; GET /v1/tasks lists those there are")
        return _task(rows[0])

    def newest(
        self, collections: Sequence[str] | None, kind: str, before: str, limit: int
    ) -> list[Task]:
        """Tasks of these collections (None: of all) and this kind (empty: of every), newest first;
        only those from before the one named, if one is."""
        among = "" if collections is None else "collection IN (SELECT value FROM json_each(?)) AND"
        values: list[Any] = [] if collections is None else [json.dumps(list(collections))]
        rows = self.store.rows(
            f"SELECT {_COLUMNS} FROM tasks WHERE {among} (? = '' OR kind = ?) AND "
            "(? = '' OR number < (SELECT number FROM tasks WHERE id = ?)) "
            "ORDER BY number DESC LIMIT ?",
            (*values, kind, kind, before, before, limit),
        )
        return [_task(row) for row in rows]

    def cancel(self, task_id: str) -> Task:
        """Ends a task that waits, and asks one that runs to end. Raises NotFound, and Conflict
        where it has ended."""
        with self.store.transaction() as cursor:
            cursor.execute(
                "UPDATE tasks SET cancelled = 1 WHERE id = ? AND state = ?",
                (task_id, TaskState.RUNNING.value),
            )
            cursor.execute(
                "UPDATE tasks SET state = ?, finished_at = ? WHERE id = ? AND state = ?",
                (TaskState.CANCELLED.value, utc_now(), task_id, TaskState.QUEUED.value),
            )
        task = self.get(task_id)
        if task.state in (TaskState.DONE, TaskState.FAILED):
            raise Conflict(f"the task {task_id!r} has ended: it is {task.state.value}")
        return task

    def forget(self, before: str) -> int:
        """Deletes the tasks that ended before a moment (ISO 8601 in UTC); how many."""
        sql = "DELETE FROM tasks WHERE finished_at IS NOT NULL AND finished_at < ? RETURNING number"
        with self.store.transaction() as cursor:
            return len(list(cursor.execute(sql, (before,))))

    def forget_collection(self, collection: str) -> None:
        """Deletes the ended tasks of a collection that is gone: what they were given are its
        questions."""
        sql = "DELETE FROM tasks WHERE collection = ? AND finished_at IS NOT NULL"
        with self.store.transaction() as cursor:
            cursor.execute(sql, (collection,))

    # --- of who carries them out -------------------------------------------------------------

    def recover(self) -> None:
        """Puts tasks back whose process has died, or ends them."""
        again = "the server was stopped or died while it worked on this; it was begun again"
        with self.store.transaction() as cursor:
            cursor.execute(
                "UPDATE tasks SET state = ?, note = ?, finished_at = ? WHERE state = ? AND "
                "attempts >= ?",
                (
                    TaskState.FAILED.value,
                    f"the server died {MAX_ATTEMPTS} times while it worked on this task; its log "
                    "may say why",
                    utc_now(), TaskState.RUNNING.value, MAX_ATTEMPTS,
                ),
            )  # fmt: skip
            cursor.execute(
                "UPDATE tasks SET state = CASE WHEN cancelled THEN ? ELSE ? END, note = ?, "
                "finished_at = CASE WHEN cancelled THEN ? END WHERE state = ?",
                (
                    TaskState.CANCELLED.value, TaskState.QUEUED.value, again, utc_now(),
                    TaskState.RUNNING.value,
                ),
            )  # fmt: skip

    def take(self) -> Task | None:
        """The oldest task that waits, which now runs."""
        with self.store.transaction() as cursor:
            rows = list(
                cursor.execute(
                    "UPDATE tasks SET state = ?, attempts = attempts + 1, done = 0, total = NULL, "
                    "started_at = coalesce(started_at, ?) WHERE number = (SELECT min(number) FROM "
                    f"tasks WHERE state = ?) RETURNING {_COLUMNS}",
                    (TaskState.RUNNING.value, utc_now(), TaskState.QUEUED.value),
                )
            )
        return _task(rows[0]) if rows else None

    def tell(self, task_id: str, done: int, total: int | None) -> bool:
        """Records how far a task is; True where it is to end."""
        sql = "UPDATE tasks SET done = ?, total = ? WHERE id = ? RETURNING cancelled"
        with self.store.transaction() as cursor:
            rows = list(cursor.execute(sql, (done, total, task_id)))
        return not rows or bool(rows[0][0])

    def end(
        self, task_id: str, state: TaskState, note: str, result: Mapping[str, Any] | None
    ) -> None:
        """The task has ended, or waits again."""
        with self.store.transaction() as cursor:
            cursor.execute(
                "UPDATE tasks SET state = ?, note = ?, result = ?, finished_at = ?, "
                "attempts = CASE WHEN ? THEN attempts - 1 ELSE attempts END WHERE id = ?",
                (
                    state.value, note,
                    None if result is None else json.dumps(result, ensure_ascii=False),
                    utc_now() if state in ENDED else None,
                    state is TaskState.QUEUED, task_id,
                ),
            )  # fmt: skip


def _task(row: Row) -> Task:
    return Task(
        id=row[0],
        kind=row[1],
        collection=row[2],
        state=TaskState(row[3]),
        given=json.loads(row[4]),
        result=None if row[5] is None else json.loads(row[5]),
        note=row[6],
        done=row[7],
        total=row[8],
        attempts=row[9],
        created_at=row[10],
        started_at=row[11],
        finished_at=row[12],
    )


@dataclass
class TaskWorker:
    """Carries out the tasks of a store in a thread of its own, until it is stopped; `works` has
    what is done for each kind. Of several processes one does it."""

    tasks: Tasks
    works: Mapping[str, Work]
    poll_s: float = 1.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins with what an earlier process left."""
        self._thread = threading.Thread(target=self._run, name="braid-tasks", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """There is a new task."""
        self._wake.set()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Ends when the task in hand next says how far it is; it goes on at the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        from filelock import FileLock, Timeout

        path: Path = self.tasks.store.path.with_name(LOCK)
        while not self._stopping.is_set():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with FileLock(str(path), timeout=0):
                    self.tasks.recover()
                    self._work()
            except (Timeout, BraidError, OSError):
                self._wait()  # another process does it, or the disk refuses
            except Exception:
                _log.exception("task worker")
                self._wait()

    def _wait(self) -> None:
        self._wake.wait(self.poll_s)
        self._wake.clear()

    def _work(self) -> None:
        while not self._stopping.is_set():
            task = self.tasks.take()
            if task is None:
                self._wait()
            else:
                self._carry_out(task)

    def _carry_out(self, task: Task) -> None:
        log = _log.bind(task=task.id, kind=task.kind, collection=task.collection)
        log.info("task begins")
        told = 0.0

        def progress(done: int, total: int | None, /) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise Cancelled
            if time.monotonic() - told < _TELL_EVERY_S and done != total:
                return
            told = time.monotonic()
            if self.tasks.tell(task.id, done, total):
                raise Cancelled

        state, note, result = TaskState.DONE, "", None
        try:
            progress(0, None)
            result = self.works[task.kind](task.collection, task.given, progress)
        except Cancelled:
            state = TaskState.CANCELLED
            if self._stopping.is_set():
                state = TaskState.QUEUED
                note = "the server was stopped; the task goes on when it is started again"
        except BraidError as error:
            state, note = TaskState.FAILED, str(error)
        except Exception:
            log.exception("task failed")
            state = TaskState.FAILED
            note = (
                "a defect of Braid stopped this task; the server's log has it under the task's id"
            )
        with suppress(BraidError):
            self.tasks.end(task.id, state, note, result)
        log.info("task ended", state=state.value, **({"reason": note} if note else {}))
