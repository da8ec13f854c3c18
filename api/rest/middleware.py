"""What every request goes through: an id and a log line, and a limit on its body."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.keys import masked
from api.rest.metrics import Metrics
from api.rest.problems import problem_of, response_of
from api.rest.watching import begin_notes

REQUEST_ID = "X-Request-Id"
MAX_JSON_BYTES = 10 * 2**20

_GIVEN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_log = structlog.get_logger("braid.rest")


@dataclass(frozen=True)
class RequestLog:
    """Gives each request an id (its own, where it brings a fit one), logs and counts it, and makes
    a problem of an error that nobody expected. One that takes longer than `slow_s` is logged as a
    warning."""

    app: ASGIApp
    metrics: Metrics
    slow_s: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        start = time.perf_counter()
        page = begin_notes()
        self.metrics.on_request_begin()

        async def noted() -> Message:
            message = await receive()
            if not message.get("more_body", False):
                scope["state"]["body_ended"] = True
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, noted, send_with_id)
            except ClientDisconnect:
                status = 0
            except Exception:
                _log.exception("request failed", method=scope["method"], path=shown_path(scope))
                if status:
                    raise
                problem = problem_of(
                    500,
                    "something went wrong inside Braid; the server's log has the details "
                    f"under the request id {request_id}",
                    scope["path"],
                    request_id,
                )
                await response_of(problem)(scope, receive, send_with_id)
            finally:
                self._ended(scope, status, time.perf_counter() - start, page)

    def _ended(self, scope: Scope, status: int, seconds: float, page: Mapping[str, Any]) -> None:
        """Counts and logs a request that is over; without a status its client went away."""
        route = template_of(scope)
        self.metrics.on_request_end(route, scope["method"], status, seconds)
        if status >= 400:
            self.metrics.on_problem(_kind(status))
        is_slow = seconds > self.slow_s
        (_log.warning if is_slow else _log.info)(
            _event(status, is_slow),
            method=scope["method"],
            path=shown_path(scope),
            route=route,
            status=status or None,
            ms=round(seconds * 1000, 1),
            **_about(scope),
            **page,
        )


def _event(status: int, is_slow: bool) -> str:
    if not status:
        return "client went away"
    return "slow request" if is_slow else "request"


def template_of(scope: Scope) -> str:
    """The route that took the request, with its parameters as names: there are few of them."""
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(path) if path else "unmatched"


def shown_path(scope: Scope) -> str:
    """The path for the log: as it was sent, so in ASCII without control characters, and without
    the secret of a key that somebody put into it."""
    raw = scope.get("raw_path")
    return masked(raw.decode("latin-1") if raw else scope["path"])


def _kind(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower().replace(" ", "-")
    except ValueError:
        return "other"


def _about(scope: Scope) -> dict[str, str]:
    """Whose request it is, and of which collection."""
    found = {}
    caller = scope["state"].get("caller")
    if isinstance(caller, Caller):
        found["key"] = caller.id
    collection = scope.get("path_params", {}).get("collection")
    if collection is not None:
        found["collection"] = str(collection)
    return found


@dataclass(frozen=True)
class BodyLimit:
    """Refuses bodies over MAX_JSON_BYTES. Uploads of files have limits of their own."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        is_upload = headers.get("Content-Type", "").lower().startswith("multipart/form-data")
        if scope["type"] != "http" or is_upload:
            await self.app(scope, receive, send)
            return
        length = headers.get("Content-Length", "")
        if length.isdigit() and int(length) > MAX_JSON_BYTES:
            await drain(scope, receive)
            problem = problem_of(413, _too_large(), scope["path"], scope["state"]["request_id"])
            await response_of(problem)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_JSON_BYTES:
                await drain(scope, receive)
                raise HTTPException(413, _too_large())
            return message

        await self.app(scope, counted, send)


async def drain(scope: Scope, receive: Receive, max_bytes: int = 64 * 2**20) -> None:
    """Reads what is left of a body that is refused, up to a limit: a client that is still
    sending would see a broken connection instead of the answer."""
    taken = 0
    while taken <= max_bytes and not scope["state"].get("body_ended", False):
        taken += len((await receive()).get("body", b""))


def _too_large() -> str:
    return (
        f"the body is over {MAX_JSON_BYTES // 2**20} MB: send less at once, or upload the text "
        "as files"
    )
