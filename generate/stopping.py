"""Ending what is under way for somebody who has gone, from another thread.

A generator that waits for a language model cannot be closed by anyone but who runs it. So whoever
runs it has a Stop in force meanwhile, and what waits registers how it is to be woken.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any


class Stopped(Exception):
    """Nobody wants what was under way any more."""


class Stop:
    """Set once, by anybody."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._set = False
        self._closers: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether nobody wants what is under way."""
        return self._set

    def set(self) -> None:
        """Wakes all that waits."""
        with self._guard:
            self._set = True
            closers, self._closers = self._closers, []
        for close in closers:
            close()

    def closes(self, close: Callable[[], None]) -> None:
        """Has `close` called when this is set: at once, where it is already. It may be called from
        any thread, also when all is over, and is to raise nothing."""
        with self._guard:
            if not self._set:
                self._closers.append(close)
                return
        close()

    def follow(self, request: Any) -> None:
        """A hook of an HTTP client (httpx, httpx2) on its requests: the connections that are made
        for them end when this is set, and whoever reads finds them broken off."""

        def connected(event: str, about: Mapping[str, Any]) -> None:
            if event.endswith(("connect_tcp.complete", "start_tls.complete")):
                plug = about["return_value"].get_extra_info("socket")
                self.closes(lambda: _shut(plug))

        request.extensions["trace"] = connected

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """What is called in the block, in this thread, can be stopped by this."""
        token = _IN_FORCE.set(self)
        try:
            yield
        finally:
            _IN_FORCE.reset(token)


_IN_FORCE: ContextVar[Stop | None] = ContextVar("stop", default=None)


def stop_in_force() -> Stop | None:
    """The one that the caller's caller can set."""
    return _IN_FORCE.get()


def is_stopped() -> bool:
    """Whether nobody wants what is under way in this thread."""
    stop = stop_in_force()
    return stop is not None and stop.is_set


def _shut(plug: socket.socket) -> None:
    """Closing alone would not wake a thread that reads."""
    with suppress(OSError):
        socket.socket.shutdown(plug, socket.SHUT_RDWR)
