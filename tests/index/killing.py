"""Kills a process that writes to a collection, and tells whether anything it acknowledged is
missing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from index_room import texts_of
from ingesting_child import chunks_of, collection_at

from index.collection import CATALOG
from ingest.contract import BraidError

HERE = Path(__file__).parent


class Writers:
    """Starts writing processes, each of which is forked from one that has all of it imported."""

    def __enter__(self) -> Writers:
        self._asking, answering = socket.socketpair()
        number = answering.fileno()
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "ingesting_child.py"), str(number)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            pass_fds=[number],
        )
        answering.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._asking.close()
        self._process.wait(timeout=60)

    def start(self, folder: Path, *numbers: int) -> Child:
        """A process that has begun."""
        reading, writing = os.pipe()
        socket.send_fds(self._asking, [json.dumps([str(folder), *numbers]).encode()], [writing])
        os.close(writing)
        return Child(os.fdopen(reading, encoding="utf-8"))


class Child:
    """The writing process, and what it has said so far."""

    def __init__(self, output: IO[str]) -> None:
        self.lines: list[list[str]] = []
        self._output = output
        ready, process = output.readline().split()
        assert ready == "ready"
        self._process = int(process)
        self._status: int | None = None
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._output:
            word, *rest = line.split()
            if word == "ended":
                self._status = int(rest[0])
            else:
                self.lines.append([word, *rest])

    def wait_for(self, lines: int) -> None:
        """Until so many lines have been said, or the process has ended."""
        while len(self.lines) < lines and self._reader.is_alive():
            time.sleep(0.001)

    def kill(self) -> None:
        os.kill(self._process, signal.SIGKILL)
        assert self.end() == -signal.SIGKILL

    def end(self) -> int | None:
        """Its status, once it has ended."""
        self._reader.join(timeout=60)
        self._output.close()
        return self._status


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
