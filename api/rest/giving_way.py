"""Cores for those who search, while somebody does.

A process that is nice still computes on every core that is free for a moment, and a search that
computes on several at once waits for the slowest. So the process of the jobs leaves as many cores
as there are workers (half of them at the most) while searches come in, and takes all of them again
when there have been none for a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from ctypes import c_double
from pathlib import Path

_QUIET_S = 5.0
_PROC = Path("/proc")


class GivingWay:
    """Of the process that makes it, and of those it starts. `last` is when a search last came, on
    the clock of the machine (`time.monotonic`), in memory that all processes share; `workers` are
    those that answer. Does nothing where a system has no such thing as the cores of a process."""

    def __init__(self, last: c_double, workers: int) -> None:
        self._last = last
        self._all = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
        left = min(workers, len(self._all) // 2)
        self._fewer = set(sorted(self._all)[left:])
        self._gives_way = False

    def look(self) -> None:
        """Gives way, or takes all cores again, where that is to be changed."""
        wanted = 0.0 < self._last.value > time.monotonic() - _QUIET_S
        if wanted != self._gives_way and self._fewer != self._all:
            self._gives_way = wanted
            for task in _tasks(os.getpid()):
                with suppress(OSError):  # it has ended
                    os.sched_setaffinity(task, self._fewer if wanted else self._all)


def _tasks(process: int) -> Iterator[int]:
    """The threads of a process and of those that it has started."""
    try:
        tasks = sorted(int(task.name) for task in (_PROC / str(process) / "task").iterdir())
    except OSError:
        return
    for task in tasks:
        yield task
        with suppress(OSError):
            children = (_PROC / str(process) / "task" / str(task) / "children").read_text()
            for child in children.split():
                yield from _tasks(int(child))
