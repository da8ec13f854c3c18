"""Responses that are kept under the keys of their requests, in the service's own store.

While a request is carried out its key is claimed by its process, which holds a lock on a file for
as long as it lives: a claim of a process that is gone counts for nothing.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from api.service_store import ServiceStore
from ingest.contract import Unavailable

if TYPE_CHECKING:
    from filelock import FileLock

DAY_S = 24 * 3600.0
MAX_KEPT = 10_000
FOLDER = "processes"
_COLUMNS = "mark, owner, body_hash, status, headers, body"


@dataclass(frozen=True)
class Kept:
    """A response under a key. `mark` stands for who asked, and for what; `status` is 0 while the
    request is being carried out."""

    mark: str
    body_hash: str = ""
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Replays:
    """The responses of the last day, MAX_KEPT of them at the most. For all processes."""

    def __init__(self, store: ServiceStore, folder: Path) -> None:
        self._store = store
        self._folder = folder / FOLDER
        self._owner = ""
        self._lock: FileLock | None = None
        self._guard = threading.Lock()

    def claim(self, key: str, mark: str) -> Kept | None:
        """What there is under the key; None where there was nothing, and the key is the caller's
        until `keep` or `release`. Raises Unavailable."""
        owner = self._own()
        now = time.time()
        with self._store.transaction() as cursor:
            cursor.execute("DELETE FROM replays WHERE created_at < ?", (now - DAY_S,))
            found = cursor.execute(
                f"SELECT {_COLUMNS} FROM replays WHERE key = ?", (key,)
            ).fetchone()
            if found is not None and (found[3] or self._is_alive(found[1])):
                return Kept(found[0], found[2], found[3], json.loads(found[4]), found[5])
            cursor.execute(
                "INSERT OR REPLACE INTO replays VALUES (?, ?, ?, ?, '', 0, '{}', x'')",
                (key, now, mark, owner),
            )
            cursor.execute(
                "DELETE FROM replays WHERE key IN (SELECT key FROM replays WHERE status <> 0 "
                "ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
                (MAX_KEPT,),
            )
        return None

    def keep(self, key: str, response: Kept) -> None:
        """The response to the request under a key that was claimed."""
        with self._store.transaction() as cursor:
            cursor.execute(
                "UPDATE replays SET body_hash = ?, status = ?, headers = ?, body = ? "
                "WHERE key = ? AND owner = ?",
                (
                    response.body_hash, response.status, json.dumps(dict(response.headers)),
                    response.body, key, self._owner,
                ),
            )  # fmt: skip

    def release(self, key: str) -> None:
        """Nothing came of the request: it may be sent again."""
        with self._store.transaction() as cursor:
            sql = "DELETE FROM replays WHERE key = ? AND owner = ? AND status = 0"
            cursor.execute(sql, (key, self._owner))

    def close(self) -> None:
        """The process ends; what it has claimed is free."""
        with self._guard:
            if self._lock is not None:
                self._lock.release()
                Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock, self._owner = None, ""

    def _own(self) -> str:
        """The name of this process, whose lock it holds."""
        from filelock import FileLock

        with self._guard:
            if self._lock is None:
                owner = secrets.token_hex(16)
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    lock = FileLock(str(self._folder / owner), timeout=0, thread_local=False)
                    lock.acquire()
                except OSError as error:
                    raise Unavailable(f"{self._folder} cannot be written to: {error}") from error
                self._lock, self._owner = lock, owner
            return self._owner

    def _is_alive(self, owner: str) -> bool:
        from filelock import FileLock, Timeout

        if owner == self._owner:
            return True
        path = self._folder / owner
        if not path.exists():
            return False
        try:
            with FileLock(str(path), timeout=0):
                path.unlink(missing_ok=True)
                return False
        except (Timeout, OSError):
            return True
