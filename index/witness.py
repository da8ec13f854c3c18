"""How many writes a catalog has acknowledged, told by a small file beside it.

SQLite takes a log that was damaged or lost for one that ends earlier, and goes on with an older
state, without a word. The count in the catalog then falls behind the one here, which is written
after each commit: a catalog that is behind has lost what it acknowledged. The file is never ahead
of what is durable, so it needs no flush of its own; after a kill, or a loss of power, it may be
behind, which proves nothing and does no harm.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path

_SLOT = 32
"""Bytes of a slot. Two take turns, so that one is whole whatever happens to the other."""


class Witness:
    """The file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self) -> int:
        """The writes that were certainly acknowledged; 0 where the file cannot tell."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return 0
        return max(_number(data[:_SLOT]), _number(data[_SLOT:]))

    def record(self, number: int) -> None:
        """That many have been. Where the file cannot be written it stays behind."""
        if number <= self.count():
            return  # another process was faster
        with contextlib.suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
            try:
                os.lseek(handle, number % 2 * _SLOT, os.SEEK_SET)
                os.write(handle, _line(number))
            finally:
                os.close(handle)

    def accept(self, number: int) -> None:
        """What the catalog holds is all there is. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self.record(number)


def _line(number: int) -> bytes:
    digits = f"{number:022}"
    return f"{digits} {zlib.crc32(digits.encode()):08x}\n".encode()


def _number(line: bytes) -> int:
    digits = line[:22]
    return int(digits) if digits.isdigit() and line == _line(int(digits)) else 0
