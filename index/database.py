"""An SQLite file that many threads read and one writes."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.schema import PRAGMAS
from ingest.contract import Unavailable

_BATCH = 500
"""Values bound in one statement; SQLite takes 32,766."""


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly, so that it goes with the thread it serves:
    a service starts and ends threads all the time."""

    def __del__(self) -> None:
        self.close()


class Database:
    """The file at `path`, opened when it is first used: a connection to each thread. SQLite's
    errors come out as Unavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._closed = False

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            if self._closed:  # Another catalog may lie at the path by now.
                raise Unavailable(f"{self._path.parent} was closed or built anew: open it again")
            connection = sqlite3.connect(
                self._path,
                isolation_level=None,
                check_same_thread=False,
                timeout=30,
                factory=_Connection,
            )
            connection.row_factory = sqlite3.Row
            connection.executescript(PRAGMAS)
            self._local.connection = connection
            with self._guard:
                self._all.add(connection)
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise Unavailable(
                f"the catalog {self._path} cannot be used: {error}; check the disk, or restore "
                "the collection from a backup"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Durable when the block ends; undone where it raises."""
        with self._translated():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            for connection in list(self._all):
                connection.close()
            self._all.clear()
            self._closed = True
            self._local = threading.local()

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a statement that changes nothing."""
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """The first row, where there is one."""
        with self._translated():
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row


def batched(values: list[Any]) -> Iterator[list[Any]]:
    """The values in lists short enough for one statement."""
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]


def marks(values: Sequence[Any]) -> str:
    """As many question marks, for an IN list."""
    return ", ".join("?" * len(values))
