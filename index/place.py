"""Where an open catalog lies: tells when another process has put another one there."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from ingest.contract import Unavailable


class Replaced(Unavailable):
    """Another catalog has taken the place of the one that was open."""


class Place:
    """The folder and the file of a catalog as they are now. The folder is held open, so that the
    system gives its number to no other meanwhile: collections come and go in whole folders.
    Raises Replaced where the file is not there (any more)."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            if os.name != "nt":  # there a folder cannot be opened, nor one in use replaced
                weakref.finalize(self, os.close, os.open(file.parent, os.O_RDONLY))
            self._seen = _identity(file)
        except OSError as error:
            raise Replaced(f"{file.parent} was replaced or deleted meanwhile: try again") from error

    def check(self) -> None:
        """Raises Replaced where something else lies there now, or nothing."""
        if not self.holds():
            raise Replaced(self._message)

    @property
    def _message(self) -> str:
        return f"{self._file.parent} was replaced or deleted meanwhile: try again"

    def holds(self) -> bool:
        """True while the same catalog lies there."""
        try:
            return _identity(self._file) == self._seen
        except OSError:
            return False


def _identity(file: Path) -> tuple[int, ...]:
    folder, found = file.parent.stat(), file.stat()
    return folder.st_dev, folder.st_ino, found.st_dev, found.st_ino
