"""ETags: what a client has already is not sent again, and what it has not seen is not changed.

Every JSON document that a GET gives has a strong ETag made of its bytes, so it is right whatever
the document depends on: the generation, the query, what the caller may see. Routes whose
work can be saved state their own, which is compared before the work is done (see `fresh_or_304`).
A DELETE, PATCH or PUT with `If-Match` is carried out where the same address gives what it names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.guard import routes_of
from api.rest.problems import problem_of, response_of

PREFIX = "/v1/"
CACHING = "private, no-cache"
"""Nobody but the client keeps it, and asks each time whether it is still so."""
CHANGING = ("DELETE", "PATCH", "PUT")
_MAX_BYTES = 16 * 2**20
_TAG = re.compile(r'(W/)?"([^"]*)"')


def etag_of(*parts: object) -> str:
    """A strong ETag for what these make."""
    text = "\0".join(map(str, parts)).encode("utf-8", "replace")
    return f'"{hashlib.sha256(text).hexdigest()[:32]}"'


class NotModified(Exception):
    """The client has it already; `headers` are those of the response."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("not modified")
        self.headers = dict(headers)


def fresh_or_304(request: Request, etag: str) -> dict[str, str]:
    """Headers for a response with this ETag. Raises NotModified where the client has that."""
    headers = {"ETag": etag, "Cache-Control": CACHING}
    if _names(request.headers.get("If-None-Match", ""), etag):
        raise NotModified(headers)
    return headers


async def not_modified(_: Request, error: Exception) -> Response:
    """NotModified as a response."""
    assert isinstance(error, NotModified)
    return Response(status_code=304, headers=error.headers)


@dataclass(frozen=True)
class Etags:
    """Gives JSON its ETag, and keeps to If-None-Match and If-Match. `routes` gives the application,
    once it has them: an If-Match of what no route does is passed on to be refused."""

    app: ASGIApp
    routes: Callable[[], FastAPI]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            await _Tagging(scope, send).run(self.app, receive)
        elif "If-Match" in Headers(scope=scope) and self._is_change(scope):
            await self._checked(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_change(self, scope: Scope) -> bool:
        return scope["method"] in CHANGING and any(
            route.matches(scope)[0] is Match.FULL for route in routes_of(self.routes())
        )

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = Headers(scope=scope)["If-Match"]
        found = await self._present(scope)
        if found is None or _names(wanted, found, strongly=True):
            await self.app(scope, receive, send)
            return
        detail = (
            "it is not as the If-Match says: read it again, and look whether it should still be "
            "changed"
        )
        problem = problem_of(412, detail, scope["path"], scope["state"]["request_id"])
        await response_of(problem, {"ETag": found} if found else {})(scope, receive, send)

    async def _present(self, scope: Scope) -> str | None:
        """The ETag that the address gives now: empty where there is none; None where there is
        nothing at the address, which is for the route to say."""
        unwanted = (b"if-none-match", b"if-match", b"content-length", b"content-type")
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in unwanted]
        asked = {**scope, "method": "GET", "headers": headers, "state": dict(scope["state"])}
        status, etag = 0, ""

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def look(message: Message) -> None:
            nonlocal status, etag
            if message["type"] == "http.response.start":
                status, etag = message["status"], Headers(raw=message["headers"]).get("ETag", "")

        await _Tagging(asked, look).run(self.app, nothing)
        return None if status == 404 else etag


@dataclass
class _Tagging:
    """One GET: its response is held until its ETag is known, where it is to have one."""

    scope: Scope
    send: Send
    start: Message | None = None
    held: list[Message] = field(default_factory=list)
    size: int = 0

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        """Asks the application, and answers."""
        await app(self.scope, receive, self.take)
        if self.start is not None:
            await self._answer()

    async def take(self, message: Message) -> None:
        """A message of the response."""
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            is_json = headers.get("Content-Type", "").startswith("application/json")
            if message["status"] == 200 and is_json and "ETag" not in headers:
                self.start = message
                return
        if self.start is None:
            await self.send(message)
            return
        self.held.append(message)
        self.size += len(message.get("body", b""))
        if self.size > _MAX_BYTES:  # it is sent without
            start, self.start = self.start, None
            for one in (start, *self.held):
                await self.send(one)

    async def _answer(self) -> None:
        assert self.start is not None
        body = hashlib.sha256()
        for message in self.held:
            body.update(message.get("body", b""))
        etag = f'"{body.hexdigest()[:32]}"'
        headers = MutableHeaders(scope=self.start)
        headers["ETag"] = etag
        headers.setdefault("Cache-Control", CACHING)
        if not _names(Headers(scope=self.scope).get("If-None-Match", ""), etag):
            for message in (self.start, *self.held):
                await self.send(message)
            return
        kept = [pair for pair in self.start["headers"] if not pair[0].startswith(b"content-")]
        await self.send({**self.start, "status": 304, "headers": kept})
        await self.send({"type": "http.response.body", "body": b""})


def _names(given: str, etag: str, *, strongly: bool = False) -> bool:
    """Whether a list of ETags names this one (RFC 9110, 8.8.3.2 and 13.1)."""
    if given.strip() == "*":
        return bool(etag)
    own = _TAG.fullmatch(etag)
    if own is None or (strongly and own[1]):
        return False
    return any(tag[2] == own[2] and not (strongly and tag[1]) for tag in _TAG.finditer(given))
