"""Sources that do harm to whatever reads them. The processes that read load this module, so it
loads nothing that they do not have."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from ingest.contract import Source, UnreadableFile
from ingest.pipeline import FileSource, StoredSource


@dataclass(frozen=True, slots=True)
class OddUpload(StoredSource):
    """An upload that takes its time where it is named for it, and one that fails the first time."""

    server: int = field(default_factory=os.getpid)

    def __call__(self) -> Source:
        if self.name.startswith("slow") and os.getpid() != self.server:
            time.sleep(60)
        if self.name.startswith("flaky") and not self.path.with_name("seen").exists():
            self.path.with_name("seen").touch()
            raise UnreadableFile("it was not to be read yet")
        return StoredSource.__call__(self)


@dataclass(frozen=True, slots=True)
class CrashingUpload(StoredSource):
    """An upload that ends any process but the server's own where it is named for it."""

    server: int = field(default_factory=os.getpid)

    def __call__(self) -> Source:
        if self.name.startswith("crash") and os.getpid() != self.server:
            os.kill(os.getpid(), signal.SIGSEGV)
        return StoredSource.__call__(self)


@dataclass(frozen=True, slots=True)
class HarmfulFile(FileSource):
    """A file that does what it is named for in any process but the one that found it."""

    finder: int = field(default_factory=os.getpid)

    def __call__(self) -> Source:
        if os.getpid() != self.finder:
            harm(self.found.path)
        return FileSource.__call__(self)


def harm(path: Path) -> None:
    """What a file of that name does to the process that reads it. One that hangs says so beside
    its folder."""
    name = path.name
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(10)
    elif name.startswith("hang"):
        path.parent.with_suffix(".hangs").touch()
        time.sleep(600)
    elif name.startswith("fill"):
        bytearray(2**40)
    elif name.startswith("late"):
        time.sleep(0.5)
