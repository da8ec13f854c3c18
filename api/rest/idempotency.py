"""`Idempotency-Key`: a request that makes something is carried out once, however often it is sent.

A route says that it can be asked so by the dependency `creates`, which is all that a new one needs.
The first response that says the thing was made is kept for a day, and given again to whoever sends
the same request under the same key. What was refused or failed is not kept: it may be sent anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.rest.guard import routes_of
from api.rest.idempotency_store import Kept, Replays
from api.rest.problems import problem_of, response_of
from ingest.contract import BraidError

KEY, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
MAX_KEY_CHARS = 255
MAX_KEPT_BYTES = 2**20
_KEPT_HEADERS = ("content-type", "location", "etag")


def _creates(
    _: Annotated[
        str | None,
        Header(
            alias=KEY,
            min_length=1,
            max_length=MAX_KEY_CHARS,
            description="chosen by the client, a UUID for instance: a request that is sent again "
            "under the same key within a day is answered as it was the first time",
        ),
    ] = None,
) -> None:
    """Marks a route; the middleware does the work."""


creates = Depends(_creates)
"""For the `dependencies` of a route that makes something."""


def can_be_replayed(route: APIRoute) -> bool:
    """Whether a route takes keys."""
    return _has(route.dependant)


def _has(dependant: Dependant) -> bool:
    return any(part.call is _creates or _has(part) for part in dependant.dependencies)


@dataclass(frozen=True)
class Idempotency:
    """Answers what was answered before. `routes` gives the application, once it has them; a body
    that is sent again is read for up to `max_bytes`."""

    app: ASGIApp
    replays: Replays
    routes: Callable[[], FastAPI]
    max_bytes: int = 4 * 2**30

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get(KEY, "") if scope["type"] == "http" else ""
        if not key or len(key) > MAX_KEY_CHARS or not self._takes_keys(scope):
            await self.app(scope, receive, send)
            return
        caller = scope["state"]["caller"]
        assert isinstance(caller, Caller)
        body = _Fingerprint.of(scope)
        request = _Request(key, caller.id, f"{scope['method']} {scope['path']}?{_query(scope)}")
        try:
            known = await run_in_threadpool(self.replays.claim, key, request.mark)
        except BraidError as error:
            await _refuse(scope, receive, send, 503, str(error))
            return
        if known is None:
            await self._first(scope, body.reading(receive), send, request, body)
        else:
            await self._again(scope, body.reading(receive), send, known, request, body)

    def _takes_keys(self, scope: Scope) -> bool:
        for route in routes_of(self.routes()):
            if isinstance(route, APIRoute) and route.matches(scope)[0] is Match.FULL:
                return can_be_replayed(route)
        return False

    async def _first(
        self, scope: Scope, receive: Receive, send: Send, request: _Request, body: _Fingerprint
    ) -> None:
        """Carries the request out, and keeps the response before it is sent."""
        taken = _Taken()

        async def passed_on(message: Message) -> None:
            for whole in taken.add(message):
                await send(whole)

        kept = None
        try:
            await self.app(scope, receive, passed_on)
            kept = taken.kept(request.mark, body)
        finally:
            if kept is None:
                await run_in_threadpool(self.replays.release, request.key)
        if kept is not None:
            await run_in_threadpool(self.replays.keep, request.key, kept)
        for message in taken.held:
            await send(message)

    async def _again(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        known: Kept,
        request: _Request,
        body: _Fingerprint,
    ) -> None:
        try:
            taken, is_more = 0, True
            while is_more and taken <= self.max_bytes:
                message = await receive()
                taken += len(message.get("body", b""))
                is_more = message.get("more_body", False)
        except HTTPException as error:  # the body is over the limit
            await _refuse(scope, receive, send, error.status_code, str(error.detail))
            return
        if known.mark != request.mark or (known.status and known.body_hash != body.digest()):
            detail = (
                f"the {KEY} {request.key!r} was sent with another request: give each its own key"
            )
            await _refuse(scope, receive, send, 422, detail)
        elif not known.status:
            detail = f"the request with the {KEY} {request.key!r} is being carried out: wait for it"
            await _refuse(scope, receive, send, 409, detail)
        else:
            headers = {**known.headers, REPLAYED: "true"}
            await Response(known.body, known.status, headers)(scope, receive, send)


@dataclass(frozen=True)
class _Request:
    """What has to be the same when a key is sent again, but for the body."""

    key: str
    caller: str
    address: str

    @property
    def mark(self) -> str:
        text = f"{self.caller}\n{self.address}"
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass
class _Taken:
    """The response, held back until it is kept where it can be."""

    held: list[Message] = field(default_factory=list)
    size: int = 0
    is_open: bool = False

    def add(self, message: Message) -> list[Message]:
        """What can be sent on now: all, where it is of no use to hold it."""
        if self.is_open:
            return [message]
        self.held.append(message)
        self.size += len(message.get("body", b""))
        status = self.held[0]["status"]
        if not 200 <= status < 300 or self.size > MAX_KEPT_BYTES:
            self.is_open = True
            held, self.held = self.held, []
            return held
        return []

    def kept(self, mark: str, body: _Fingerprint) -> Kept | None:
        """None for what is not to be given again."""
        if not self.held:
            return None
        headers = Headers(raw=self.held[0]["headers"])
        return Kept(
            mark=mark,
            body_hash=body.digest(),
            status=self.held[0]["status"],
            headers={name: headers[name] for name in _KEPT_HEADERS if name in headers},
            body=b"".join(message.get("body", b"") for message in self.held),
        )


class _Fingerprint:
    """A hash of a body as it is read. The boundaries of a form, which differ each time that it is
    sent, do not count."""

    def __init__(self, parser: Callable[[_Fingerprint], MultipartParser] | None) -> None:
        self._hash = hashlib.sha256()
        self._sizes: list[int] = []
        self._parser = parser(self) if parser else None

    @classmethod
    def of(cls, scope: Scope) -> _Fingerprint:
        kind, options = parse_options_header(Headers(scope=scope).get("Content-Type", ""))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            return cls(None)
        return cls(lambda own: MultipartParser(boundary, own._callbacks()))

    def _callbacks(self) -> Any:
        def begin() -> None:
            self._sizes.append(0)

        def taken(data: bytes, start: int, end: int) -> None:
            self._sizes[-1] += end - start
            self._hash.update(memoryview(data)[start:end])

        return {
            "on_part_begin": begin,
            "on_header_field": taken,
            "on_header_value": taken,
            "on_headers_finished": begin,
            "on_part_data": taken,
        }

    def reading(self, receive: Receive) -> Receive:
        """As `receive`, hashing what comes by."""

        async def read() -> Message:
            message = await receive()
            data, parser = message.get("body", b""), self._parser
            if data and parser is None:
                self._hash.update(data)
            elif data and parser is not None:
                try:
                    await run_in_threadpool(parser.write, data)
                except FormParserError:  # it is refused by the route, too
                    self._parser = None
            return message

        return read

    def digest(self) -> str:
        """Of what was read so far."""
        return hashlib.sha256(self._hash.digest() + json.dumps(self._sizes).encode()).hexdigest()


def _query(scope: Scope) -> str:
    query: bytes = scope.get("query_string", b"")
    return query.decode("latin-1")


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, detail: str) -> None:
    problem = problem_of(status, detail, scope["path"], scope["state"]["request_id"])
    await response_of(problem)(scope, receive, send)
