"""One writer to a collection, and one that asks a language model about it: locks that the
operating system frees when their holder dies, with a note that says who the holder is."""

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

_WRITER, _MODEL = "writer", "model"
_DOING = {_WRITER: "written to", _MODEL: "asked about with a language model"}
_in_process: dict[tuple[Path, str], threading.Lock] = {}
_guard = threading.Lock()


@contextmanager
def writer_lock(folder: Path, timeout_s: float = 0.0) -> Iterator[None]:
    """Holds the writer's lock of a collection's folder. Raises Locked, naming the holder, when
    it is not free within the timeout, and NotWritable where there can be none."""
    with _held(folder, _WRITER, timeout_s):
        yield


@contextmanager
def model_lock(folder: Path, timeout_s: float = 0.0) -> Iterator[None]:
    """Holds the right to ask a language model about a collection's chunks, so that nothing is
    asked, and paid for, twice; others can write meanwhile. Raises as `writer_lock` does."""
    with _held(folder, _MODEL, timeout_s):
        yield


@contextmanager
def _held(folder: Path, right: str, timeout_s: float) -> Iterator[None]:
    from filelock import FileLock, Timeout

    with _guard:
        local = _in_process.setdefault((folder.resolve(), right), threading.Lock())
    # A lock of this process comes first: the file lock does not tell its threads apart.
    if not local.acquire(timeout=max(timeout_s, 0.0)):
        raise Locked(_message(folder, right))
    try:
        lock = FileLock(str(folder / f"{right}.lock"), timeout=timeout_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise Locked(_message(folder, right)) from error
        except OSError as error:
            raise NotWritable(
                f"nothing can be written to {folder} ({error}): look at its permissions, and "
                "whether its disk is read-only or full; reading goes on"
            ) from error
        try:
            _sign(folder, right)
            yield
        finally:
            lock.release()
    finally:
        local.release()


def _sign(folder: Path, right: str) -> None:
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with contextlib.suppress(OSError):  # The lock holds without it.
        (folder / f"{right}.json").write_text(json.dumps(note))


def _message(folder: Path, right: str) -> str:
    try:
        note = json.loads((folder / f"{right}.json").read_text())
        holder = f"process {note['pid']} on {note['host']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another process"
    return (
        f"the collection {folder.name!r} is being {_DOING[right]} by {holder}; wait until it has "
        "finished, or stop it"
    )
