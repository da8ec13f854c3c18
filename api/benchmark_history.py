"""What readers of a collection may see while it is written to, and what is a fault.

The writer notes every write before it begins and after it is acknowledged, in a file that readers
in any process follow. Times are of the monotonic clock, which processes of one machine share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TextIO

STALE_S = 2.0
"""So long after a write was acknowledged a reader may still see what was before."""

_KEPT = 16
"""So many writes to a document are remembered: memory is among what is watched."""


@dataclass(slots=True)
class Write:
    """One write to a document. `done` is None until it is acknowledged."""

    version: int
    deletes: bool
    begun: float
    done: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one look at a document: what was wrong (empty: nothing), and for how long what was seen
    had been replaced when the look began."""

    fault: str = ""
    stale_s: float = 0.0


@dataclass
class History:
    """The writes to each document, by its number, in order; versions ascend, deletions have one
    of their own."""

    writes: dict[int, list[Write]] = field(default_factory=dict)

    def begin(self, number: int, write: Write) -> None:
        """A write that is about to be made."""
        writes = self.writes.setdefault(number, [])
        writes.append(write)
        del writes[:-_KEPT]

    def acknowledge(self, number: int, version: int, done: float) -> None:
        """A write that has returned."""
        next(w for w in self.writes[number] if w.version == version).done = done

    def judge(self, number: int, seen: int | None, asked: float) -> Verdict:
        """On a look that began at `asked` and saw a version of the document, or none. The history
        has to hold every write that had begun when the look ended: a document may be missed, but
        not be seen in an old version, while it is being replaced."""
        writes = self.writes.get(number, [])
        if seen is not None and all(w.version != seen or w.deletes for w in writes):
            return Verdict(
                f"document {number} has a version {seen} that was never written, or long ago"
            )
        newer = [
            (w, w.done)
            for w in writes
            if w.done is not None and w.done <= asked and (seen is None or w.version > seen)
        ]
        if seen is None and newer:
            last = newer[-1][0]
            newer = [] if last.deletes or last is not writes[-1] else newer[-1:]
        if not newer:
            return Verdict()
        stale = asked - newer[0][1]
        if stale <= STALE_S:
            return Verdict(stale_s=stale)
        shown = "is missing" if seen is None else f"shows version {seen}"
        return Verdict(f"document {number} {shown} {stale:.1f} s after it was replaced", stale)


@dataclass
class Journal:
    """The writer's side: a history that is written to a file."""

    path: Path
    _file: TextIO = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open("a", encoding="ascii")

    def begin(self, number: int, version: int, *, deletes: bool) -> None:
        """To be called before a write."""
        self._note(f"{'delete' if deletes else 'put'} {number} {version}")

    def acknowledge(self, number: int, version: int) -> None:
        """To be called when it has returned."""
        self._note(f"done {number} {version}")

    def _note(self, text: str) -> None:
        self._file.write(f"{text} {time.monotonic()!r}\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


@dataclass
class Follower:
    """A reader's side: the history as far as the file tells it, for all threads of a process."""

    path: Path
    _history: History = field(default_factory=History)
    _lock: Lock = field(default_factory=Lock)
    _rest: str = ""
    _file: TextIO = field(init=False)

    def __post_init__(self) -> None:
        self._file = self.path.open(encoding="ascii")

    def numbers(self) -> list[int]:
        """The documents written so far, those deleted among them."""
        with self._lock:
            self._follow()
            return list(self._history.writes)

    def judge(self, number: int, seen: int | None, asked: float) -> Verdict:
        """As History.judge, on a look that has just ended."""
        with self._lock:
            self._follow()
            return self._history.judge(number, seen, asked)

    def _follow(self) -> None:
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            kind, number, version, at = line.split()
            if kind == "done":
                self._history.acknowledge(int(number), int(version), float(at))
            else:
                write = Write(int(version), kind == "delete", float(at))
                self._history.begin(int(number), write)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
