"""One writer to a collection: a lock that the operating system frees when its holder dies, and
a note that says who the holder is."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from index.contract import Locked, NotWritable

_LOCK = "writer.lock"
_NOTE = "writer.json"
_in_process: dict[Path, threading.Lock] = {}
_guard = threading.Lock()


@contextmanager
def writer_lock(folder: Path, timeout_s: float = 0.0) -> Iterator[None]:
    """Holds the writer's lock of a collection's folder. Raises Locked, naming the holder, when
    it is not free within the timeout, and NotWritable where there can be none."""
    from filelock import FileLock, Timeout

    with _guard:
        local = _in_process.setdefault(folder.resolve(), threading.Lock())
    # A lock of this process comes first: the file lock does not tell its threads apart.
    if not local.acquire(timeout=max(timeout_s, 0.0)):
        raise Locked(_message(folder))
    try:
        lock = FileLock(str(folder / _LOCK), timeout=timeout_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise Locked(_message(folder)) from error
        except OSError as error:
            raise NotWritable(
                f"nothing can be written to {folder} ({error}): look at its permissions, and "
                "whether its disk is read-only or full; reading goes on"
            ) from error
        try:
            _sign(folder)
            yield
        finally:
            lock.release()
    finally:
        local.release()


def _sign(folder: Path) -> None:
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with contextlib.suppress(OSError):  # The lock holds without it.
        (folder / _NOTE).write_text(json.dumps(note))


def _message(folder: Path) -> str:
    try:
        note = json.loads((folder / _NOTE).read_text())
        holder = f"process {note['pid']} on {note['host']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another process"
    return (
        f"the collection {folder.name!r} is being written to by {holder}; wait until it has "
        "finished, or stop it"
    )
