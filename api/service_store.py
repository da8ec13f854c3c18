"""What the service keeps for itself, beside the collections: one SQLite file in the data folder,
shared by all of its processes.

Its tables are small and none of them is the truth about documents: keys, the audit log,
conversations, idempotency keys.
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
_SCHEMA: tuple[str, ...] = ()
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
