"""What every request goes through: an id and a log line, the key, and a limit on its body."""

from __future__ import annotations

import hmac
import re
import time
import uuid
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import LOCAL
from api.rest.problems import problem_of, response_of

REQUEST_ID = "X-Request-Id"
MAX_JSON_BYTES = 10 * 2**20
OPEN_PATHS = frozenset({"/health"})

_GIVEN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_log = structlog.get_logger("braid.rest")


@dataclass(frozen=True)
class RequestLog:
    """Gives each request an id (its own, where it brings a fit one), logs it, and makes a
    problem of an error that nobody expected."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0
        start = time.perf_counter()

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
                _log.info("client went away", path=scope["path"])
                return
            except Exception:
                _log.exception("request failed", method=scope["method"], path=scope["path"])
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
            elapsed_ms = round((time.perf_counter() - start) * 1000, 1)
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=elapsed_ms,
            )


@dataclass(frozen=True)
class KeyCheck:
    """Finds who asks, and lets nobody in without the key, but to OPEN_PATHS. An empty key lets
    everybody in."""

    app: ASGIApp
    key: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        open_to_all = not self.key or scope["type"] != "http" or scope["path"] in OPEN_PATHS
        if open_to_all or self._has_key(Headers(scope=scope)):
            scope.setdefault("state", {})["caller"] = LOCAL
            await self.app(scope, receive, send)
            return
        problem = problem_of(
            401,
            "this server asks for a key: send the header 'Authorization: Bearer <key>'",
            scope["path"],
            scope["state"]["request_id"],
        )
        await drain(scope, receive)
        response = response_of(problem, {"WWW-Authenticate": "Bearer"})
        await response(scope, receive, send)

    def _has_key(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        # latin-1 is what header bytes were decoded with: this gives them back as they came.
        given = token.strip().encode("latin-1")
        return scheme.lower() == "bearer" and hmac.compare_digest(given, self.key.encode())


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
