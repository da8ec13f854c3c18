"""What the service keeps for itself, beside the collections: one SQLite file in the data folder,
shared by all of its processes.

Its tables are small and none of them is the truth about documents: keys, the audit log,
conversations, idempotency keys, tasks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from ingest.contract import Unavailable

Row: TypeAlias = tuple[Any, ...]

FILE = "service.db"
_BUSY_MS = 10_000
_SCHEMA: tuple[str, ...] = (
    """CREATE TABLE IF NOT EXISTS conversations (
        id TEXT PRIMARY KEY, caller TEXT NOT NULL, collection TEXT NOT NULL, title TEXT NOT NULL,
        created_at REAL NOT NULL, used_at REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS conversations_held ON conversations (caller, collection, used_at)",
    "CREATE INDEX IF NOT EXISTS conversations_used ON conversations (used_at)",
    """CREATE TABLE IF NOT EXISTS turns (
        conversation TEXT NOT NULL, number INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT,
        known INTEGER NOT NULL, generator TEXT NOT NULL, citations TEXT NOT NULL,
        asked_at REAL NOT NULL, PRIMARY KEY (conversation, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS tasks (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        collection TEXT NOT NULL, state TEXT NOT NULL, given TEXT NOT NULL, result TEXT,
        note TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER, attempts INTEGER NOT NULL,
        cancelled INTEGER NOT NULL, created_at TEXT NOT NULL, started_at TEXT, finished_at TEXT
    )""",
    "CREATE INDEX IF NOT EXISTS tasks_open ON tasks (state, number)",
    "CREATE INDEX IF NOT EXISTS tasks_of ON tasks (collection, kind, number)",
    "CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, "
    "name TEXT NOT NULL, grants TEXT NOT NULL, tags TEXT, created_at TEXT NOT NULL, "
    "expires_at TEXT, revoked_at TEXT, used_at TEXT) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, "
    "request_id TEXT NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL, method TEXT NOT NULL, "
    "route TEXT NOT NULL, path TEXT NOT NULL, collection TEXT NOT NULL, status INTEGER NOT NULL)",
    "CREATE INDEX IF NOT EXISTS audit_at ON audit (at)",
    "CREATE TABLE IF NOT EXISTS replays (key TEXT PRIMARY KEY, created_at REAL NOT NULL, "
    "mark TEXT NOT NULL, owner TEXT NOT NULL, body_hash TEXT NOT NULL, status INTEGER NOT NULL, "
    "headers TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID",
)
"""A statement for each table or index, each with IF NOT EXISTS."""


class ServiceStore:
    """One connection for each thread. A transaction is wholly there or not there, also when
    the machine stops in the middle."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._local = threading.local()
        self._made = False
        self._guard = threading.Lock()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a statement gives. Raises Unavailable where the file cannot be used."""
        with self._translated():
            return list(self._connection().execute(statement, values))

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """A cursor that writes; all of it or nothing. Raises Unavailable as `rows` does."""
        with self._translated():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection.cursor()
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connection(self) -> Any:
        found = getattr(self._local, "connection", None)
        if found is None:
            import apsw

            with self._guard:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                found = apsw.Connection(str(self.path))
                found.set_busy_timeout(_BUSY_MS)
                found.execute("PRAGMA journal_mode=WAL")
                found.execute("PRAGMA synchronous=FULL")
                if not self._made:
                    for statement in _SCHEMA:
                        found.execute(statement)
                    self.path.chmod(0o600)
                    self._made = True
            self._local.connection = found
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import apsw

        try:
            yield
        except (apsw.Error, OSError) as error:
            raise Unavailable(
                f"{self.path} cannot be used ({error}): see that the folder can be written to and "
                "its disk has room"
            ) from error
