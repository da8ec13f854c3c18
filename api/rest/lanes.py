"""Where requests wait for their turn: so many at once, in threads, and a line that has an end.

Python runs one thread at a time, so thirty searches at once take as long as thirty in turn, and
each of them all of that time. A few at once keep the cores busy, and the others wait without
slowing those down. Searches and answers have lanes of their own: an answer may take a minute,
most of it waiting for a language model, and no search has to wait for it.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock
from typing import TypeVar, cast

from anyio import CapacityLimiter, fail_after, to_thread

from api.settings_server import ServerSettings
from ingest.contract import Unavailable, cached_property

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
_LEAST_SEARCHES = 2


class Busy(Unavailable):
    """The line is too long to wait in."""


class TooSlow(Unavailable):
    """It took longer than it may."""


class Stopping(Unavailable):
    """The server is being stopped."""


@dataclass
class Lane:
    """So many `places`, and a `line` of so many that wait; what is run has `timeout_s`, waiting
    included. `came` is told of each."""

    name: str
    places: int
    line: int
    timeout_s: float
    came: Callable[[], None] | None = None

    @cached_property
    def _limiter(self) -> CapacityLimiter:
        return CapacityLimiter(self.places)

    @property
    def running(self) -> int:
        """How many have a place."""
        return int(self._limiter.borrowed_tokens)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """What a function gives that a thread carries out when its turn has come. Raises Busy,
        TooSlow (the thread ends by itself, unheard), and what the function raises."""
        self._come()
        try:
            with fail_after(self.timeout_s):
                return await to_thread.run_sync(
                    function, abandon_on_cancel=True, limiter=self._limiter
                )
        except TimeoutError as error:
            raise self._too_slow() from error

    async def steps(
        self,
        items: Iterator[_Item],
        stop: asyncio.Event | None = None,
        total_s: float | None = None,
    ) -> AsyncGenerator[_Item, None]:
        """The items, each made in a thread, and given within the time; all of them within
        `total_s`, where that is said. Closing this closes them once the step in hand has ended.
        Raises as `run`, and Stopping once `stop` is set."""
        self._come()
        end_at = math.inf if total_s is None else time.monotonic() + total_s
        stepping, end = _Stepping(items), object()
        stopped = asyncio.ensure_future((stop or asyncio.Event()).wait())
        try:
            while True:
                step = asyncio.ensure_future(
                    to_thread.run_sync(
                        stepping.next, end, abandon_on_cancel=True, limiter=self._limiter
                    )
                )
                try:
                    await asyncio.wait(
                        {step, stopped},
                        timeout=min(self.timeout_s, max(0.0, end_at - time.monotonic())),
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    if not step.done():
                        step.cancel()
                if step.cancelled() or not step.done():
                    raise _stopping() if stopped.done() else self._too_slow()
                item = step.result()
                if item is end:
                    return
                yield cast(_Item, item)
        finally:
            stopped.cancel()
            stepping.close()

    def _come(self) -> None:
        if self.came is not None:
            self.came()
        if self.line < self.waiting + 1 and self.running >= self.places:
            raise Busy(
                f"{self.waiting} {self.name} wait already: try again in a while, or give the "
                "server more workers (server.workers) or a longer line "
                f"(server.waiting_{self.name})"
            )

    def _too_slow(self) -> TooSlow:
        return TooSlow(
            f"this took longer than {self.timeout_s:g} s: ask for less (`k`, `context_tokens`, "
            "`budget_ms`), or raise server.request_timeout_s"
        )


def _stopping() -> Stopping:
    return Stopping("the server is being stopped: ask again")


class _Stepping:
    """Takes one item after another in whatever thread, and closes the iterator: at once, or by
    the thread that is within it, when it comes out."""

    def __init__(self, items: Iterator[object]) -> None:
        self._items = items
        self._guard = Lock()
        self._closed = Event()

    def next(self, end: object) -> object:
        """The next item; `end` where there is none."""
        with self._guard:
            if self._closed.is_set():
                return end
            try:
                return next(self._items, end)
            finally:
                if self._closed.is_set():
                    self._close()

    def close(self) -> None:
        """May be called from any thread, and waits for none. What is under way is told, where it
        has a `stop`."""
        self._closed.set()
        stop = getattr(self._items, "stop", None)
        if stop is not None:
            stop()
        if self._guard.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._guard.release()

    def _close(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()


@dataclass(frozen=True)
class Lanes:
    """Those of a server."""

    searches: Lane
    answers: Lane

    @classmethod
    def of(cls, server: ServerSettings, came: Callable[[], None] | None = None) -> Lanes:
        """As the settings say; `came` is told of each search and answer."""
        seconds = server.request_timeout_s
        places = server.concurrent_searches or max(_LEAST_SEARCHES, cores() // server.workers)
        return cls(
            Lane("searches", places, server.waiting_searches, seconds, came),
            Lane("answers", server.concurrent_answers, server.waiting_answers, seconds, came),
        )


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
