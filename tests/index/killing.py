"""Kills a process that writes to a collection, and tells whether anything it acknowledged is
missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from index_room import texts_of
from ingesting_child import chunks_of, collection_at

from index.collection import CATALOG
from ingest.contract import BraidError

HERE = Path(__file__).parent


class Child:
    """The writing process, and what it has said so far."""

    def __init__(self, folder: Path, *numbers: int) -> None:
        self.lines: list[list[str]] = []
        command = [sys.executable, str(HERE / "ingesting_child.py"), str(folder)]
        self.process = subprocess.Popen(
            [*command, *map(str, numbers)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        assert self._output.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._output:
            self.lines.append(line.split())

    def wait_for(self, lines: int) -> None:
        """Until so many lines have been said, or the process has ended."""
        while len(self.lines) < lines and self.process.poll() is None:
            time.sleep(0.001)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> int:
        code = self.process.wait(timeout=60)
        self._reader.join()
        self._output.close()
        return code


@dataclass
class Truth:
    """What was acknowledged of a collection, whose documents have so many paragraphs: the version
    of each document. `faults` says what was found wrong; `acknowledged` counts operations."""

    folder: Path
    paragraphs: int
    versions: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)

    def judge(self, lines: list[list[str]]) -> None:
        """After a kill: every operation that was acknowledged has to be there, the one under way
        wholly or not at all, and nothing else."""
        under_way: dict[str, int] = {}
        for word, name, version in lines:
            if word == "begin":
                under_way = {name: int(version)}
            else:
                self.versions[name] = int(version)
                self.acknowledged += 1
                under_way = {}
        if not (self.folder / CATALOG).is_file():
            if any(self.versions.values()):
                self.faults.append("lost: the collection is gone")
            return
        try:
            collection = collection_at(self.folder)
        except BraidError as error:
            self.faults.append(f"failed open: {error}")
            return
        stored = texts_of(collection)
        self.faults += [f"unsound: {fault}" for fault in collection.check()]
        collection.close()
        for name in sorted(self.versions.keys() | under_way.keys() | stored.keys()):
            self._judge(name, stored.get(name), under_way.get(name))

    def _judge(self, name: str, found: list[str] | None, under_way: int | None) -> None:
        known = self.versions.get(name, 0)
        for version in (known, under_way):
            wanted = chunks_of(name, version, self.paragraphs) if version else None
            if version is not None and found == wanted:
                self.versions[name] = version
                return
        if found is None:
            self.faults.append(f"lost: {name}")
        elif known == 0 and under_way is None:
            self.faults.append(f"deleted and back: {name}")
        else:
            self.faults.append(f"half-visible or lost: {name}")
