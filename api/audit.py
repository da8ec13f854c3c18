"""The audit log: who did what, and who was turned away. In the service's store, bounded by age and
number, and as log lines. It holds no text of a question and no secret.

Entries are written by a thread, several at once, so that no request waits for the disk. A server
that stops writes what is left; one that is killed may lose the entries of its last second, whose
log lines are there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta

import structlog

from api.service_store import ServiceStore
from ingest.contract import BraidError

MAX_WAITING = 20_000
_WRITE_EVERY_S = 0.5
_PRUNE_EVERY = 1_000
_log = structlog.get_logger("braid.audit")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request, or one command. `key` is the id of the key, "local" where the server asks for
    none, "settings" for the one in the settings, "cli" for a command; "" where nobody was let in.
    `collection` is "" where the route names none."""

    at: str
    request_id: str
    key: str
    address: str
    method: str
    route: str
    path: str
    collection: str
    status: int


_COLUMNS = ", ".join(field.name for field in fields(Entry))
_MARKS = ", ".join("?" for _ in fields(Entry))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is empty does not matter. `since` and `until` are moments as in `at`;
    `denied`: only what was turned away."""

    key: str = ""
    collection: str = ""
    method: str = ""
    since: str = ""
    until: str = ""
    denied: bool = False


class AuditLog:
    """Takes entries and gives them back. `beside` is called by the thread whenever it writes."""

    def __init__(
        self,
        store: ServiceStore,
        days: int,
        rows: int,
        beside: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._store, self._days, self._rows = store, days, rows
        self._beside = beside
        self._waiting: list[Entry] = []
        self._lost = 0
        self._since_prune = _PRUNE_EVERY
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to write."""
        self._thread = threading.Thread(target=self._run, name="braid-audit", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Writes what is left."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._write()

    def note(self, entry: Entry) -> None:
        """Takes an entry; it waits to be written. Where the disk takes none for long, the log line
        is all there is."""
        values = {field.name: getattr(entry, field.name) for field in fields(Entry)}
        values.pop("at")
        values.pop("request_id")  # the log line has both of its own
        _log.info("audit", **values)
        with self._guard:
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append(entry)
            else:
                self._lost += 1

    def keep(self, entry: Entry) -> None:
        """Writes an entry at once. Raises Unavailable."""
        with self._guard:
            self._waiting.append(entry)
        self.flush()

    def flush(self) -> None:
        """Everything noted so far is in the store. Raises Unavailable."""
        with self._writing:
            with self._guard:
                taken, self._waiting = self._waiting, []
            if not taken:
                return
            try:
                self._store_all(taken)
            except BaseException:
                with self._guard:
                    self._waiting = (taken + self._waiting)[:MAX_WAITING]
                raise

    def page(self, wanted: Wanted, limit: int, before: int = 0) -> list[tuple[int, Entry]]:
        """Entries with their numbers, newest first, of numbers under `before` unless that is 0."""
        tests: list[tuple[str, str | int]] = [
            (f"{column} {operator} ?", value)
            for column, operator, value in (
                ("key", "=", wanted.key),
                ("collection", "=", wanted.collection),
                ("method", "=", wanted.method.upper()),
                ("at", ">=", wanted.since),
                ("at", "<", wanted.until),
                ("id", "<", before),
            )
            if value
        ]
        asked = [test for test, _ in tests] + ["status IN (401, 403)"] * wanted.denied
        where = " WHERE " + " AND ".join(asked) if asked else ""
        rows = self._store.rows(
            f"SELECT id, {_COLUMNS} FROM audit{where} ORDER BY id DESC LIMIT ?",
            [*(value for _, value in tests), limit],
        )
        return [(row[0], Entry(*row[1:])) for row in rows]

    def _store_all(self, entries: Sequence[Entry]) -> None:
        self._since_prune += len(entries)
        with self._store.transaction() as cursor:
            cursor.executemany(
                f"INSERT INTO audit ({_COLUMNS}) VALUES ({_MARKS})", map(astuple, entries)
            )
            if self._since_prune >= _PRUNE_EVERY:
                self._since_prune = 0
                oldest = moment(datetime.now(UTC) - timedelta(days=self._days))
                cursor.execute("DELETE FROM audit WHERE at < ?", (oldest,))
                cursor.execute(
                    "DELETE FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC "
                    "LIMIT 1 OFFSET ?)",
                    (self._rows,),
                )

    def _run(self) -> None:
        while not self._stopping.wait(_WRITE_EVERY_S):
            self._write()

    def _write(self) -> None:
        try:
            self.flush()
            for also in self._beside:
                also()
        except BraidError as error:
            _log.warning("audit log not written, tried again", reason=str(error), lost=self._lost)


def moment(at: datetime) -> str:
    """A moment as entries have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
