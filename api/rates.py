"""Limits on rates: so many requests in a minute, some of them at once, counted for all processes of
a service together.

The generic cell rate algorithm (ITU-T I.371), which decides as a token bucket does and needs one
number for a bucket: when it would be full again. The numbers are in a small file that the processes
map into their memory; the table has as many places whoever asks, so that a flood of addresses takes
no memory. A bucket that is full again is forgotten, which changes nothing; where a place is needed
and none is free, the one that is fullest goes.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = "service.rates"
_PLACE = struct.Struct("<8sd")
_PLACES = 8_192
_TRIED = 8
"""Places that a bucket may be in."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a minute, and so many of them at once."""

    per_minute: int
    burst: int

    @property
    def step_s(self) -> float:
        """How long one takes to come back."""
        return 60.0 / self.per_minute

    @property
    def depth_s(self) -> float:
        """How long an empty bucket takes to be full."""
        return self.step_s * self.burst


@dataclass(frozen=True, slots=True)
class Standing:
    """How a bucket stands: whether one more was let through, how many are left, and in how many
    seconds it is full again; `wait_s` until the next one where none was left."""

    passed: bool
    left: int
    full_in_s: float
    wait_s: float = 0.0


class Rates:
    """The buckets of a service, in a file of the folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._file = -1
        self._map: mmap.mmap | None = None
        self._guard = threading.Lock()
        self._locks = _locks()

    def close(self) -> None:
        """The file stays."""
        with self._guard:
            if self._map is not None:
                self._map.close()
                os.close(self._file)
                self._map = None

    def take(self, name: str, rate: Rate) -> Standing:
        """Lets one more through, if the bucket of this name has one."""
        return self._looked_at(name, rate, takes=True)

    def look(self, name: str, rate: Rate) -> Standing:
        """The same without taking."""
        return self._looked_at(name, rate, takes=False)

    def _looked_at(self, name: str, rate: Rate, takes: bool) -> Standing:
        mark = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        with self._locked() as table:
            now = time.monotonic()
            place, full_at = _place_of(table, mark, now, rate)
            after = max(full_at, now) + rate.step_s
            behind_s = after - now - rate.depth_s
            if behind_s > 1e-9:
                return Standing(False, 0, full_at - now, behind_s)
            if takes:
                _PLACE.pack_into(table, place, mark, after)
        return Standing(True, int(-behind_s / rate.step_s + 1e-6), after - now)

    @contextmanager
    def _locked(self) -> Iterator[mmap.mmap]:
        """The table, for this thread of this process alone."""
        with self._guard:
            table = self._map or self._open()
            if self._locks is None:
                yield table
                return
            self._locks.lockf(self._file, self._locks.LOCK_EX)
            try:
                yield table
            finally:
                self._locks.lockf(self._file, self._locks.LOCK_UN)

    def _open(self) -> mmap.mmap:
        size = _PLACES * _PLACE.size
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size != size:
            os.truncate(self._file, size)
        self._map = mmap.mmap(self._file, size)
        return self._map


def _place_of(table: mmap.mmap, mark: bytes, now: float, rate: Rate) -> tuple[int, float]:
    """Where a bucket is, or is to be, and when it is full."""
    first = int.from_bytes(mark, "little")
    best, best_full_at = 0, float("inf")
    for number in range(_TRIED):
        place = (first + number) % _PLACES * _PLACE.size
        found, full_at = _PLACE.unpack_from(table, place)
        if found == mark:
            # The clock begins anew with the machine, and settings change.
            is_sound = full_at <= now + rate.depth_s + rate.step_s
            return place, full_at if is_sound else now
        if full_at < best_full_at:
            best, best_full_at = place, full_at
    return best, now


def _locks() -> Any:
    """None on Windows: there, of requests that reach two processes at the same instant, one may go
    uncounted."""
    try:
        return import_module("fcntl")
    except ImportError:
        return None
