"""Limits on a request as it comes in: its head, the pace of its body, and how many there are."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import problem_of, response_of

MAX_HEAD_BYTES = 32_768
"""Of the URL and all headers; more is refused before there is a request (uvicorn answers 400)."""

MAX_URL_BYTES = 8_192
MAX_HEADERS = 100
LEAST_BYTES_S = 1_024
"""How fast a body has to come, over all of it; after the time that it may stall."""

_UNCOUNTED = frozenset({"/health", "/ready", "/metrics"})
"""What has to answer most of all when there is too much to do."""


@dataclass
class RequestLimits:
    """Refuses what is too large with 414 and 431, too much at once with 503, and cuts off bodies
    that stall or drip with 408."""

    app: ASGIApp
    body_timeout_s: float
    concurrent: int
    _in_hand: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, why = self._fault(scope)
        if status:
            await self._refuse(scope, receive, send, status, why)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        counted = scope["path"] not in _UNCOUNTED
        self._in_hand += counted
        body = _PacedBody(receive, self.body_timeout_s)
        try:
            await self.app(scope, body, watched)
        except TooSlow as error:
            if begun:
                raise
            await self._refuse(scope, receive, send, 408, str(error.detail))
        finally:
            self._in_hand -= counted

    def _fault(self, scope: Scope) -> tuple[int, str]:
        url = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
        if url > MAX_URL_BYTES:
            return 414, f"the URL has {url:,} bytes, and {MAX_URL_BYTES:,} is the limit"
        if len(scope["headers"]) > MAX_HEADERS:
            return 431, f"there are more than {MAX_HEADERS} headers"
        if self._in_hand >= self.concurrent and scope["path"] not in _UNCOUNTED:
            return 503, (
                f"{self.concurrent} requests are in hand (server.concurrent_requests): try again "
                "in a moment"
            )
        return 0, ""

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, status: int, why: str
    ) -> None:
        problem = problem_of(status, why, scope["path"], scope["state"]["request_id"])
        headers = {"Connection": "close"}  # there may be a body that nobody is going to read
        if status == 503:
            headers["Retry-After"] = "1"
        await response_of(problem, headers)(scope, receive, send)


class TooSlow(HTTPException):
    """A body stalled, or came in drops."""

    def __init__(self) -> None:
        super().__init__(
            408,
            "the body did not go on coming (server.body_timeout_s): send it again, at once",
            {"Connection": "close"},
        )


@dataclass
class _PacedBody:
    """Receives, and raises TooSlow. The time that the application takes does not count."""

    receive: Receive
    timeout_s: float
    _taken: int = 0
    _waited_s: float = 0.0
    _is_over: bool = False

    async def __call__(self) -> Message:
        if self._is_over:
            return await self.receive()  # what comes is that the client goes away
        allowed_s = self.timeout_s + self._taken / LEAST_BYTES_S - self._waited_s
        begin = time.monotonic()
        try:
            with anyio.fail_after(max(0.0, min(self.timeout_s, allowed_s))):
                message = await self.receive()
        except TimeoutError as error:
            raise TooSlow from error
        self._waited_s += time.monotonic() - begin
        self._taken += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        return message
