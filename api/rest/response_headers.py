"""Headers that every response has, to keep browsers from doing what nobody asked for."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
)
"""What is shown by a browser runs nothing and loads nothing: it may come from anyone. A route that
serves a page which does more says so itself."""

_NOT_KEPT = ("application/json", "application/problem+json", "text/event-stream")


@dataclass(frozen=True)
class ResponseHeaders:
    """Sets them, but those that a route has set for itself."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("X-Frame-Options", "DENY")
                headers.setdefault("Content-Security-Policy", POLICY)
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
                kind = headers.get("Content-Type", "").partition(";")[0]
                if kind in _NOT_KEPT:
                    # What has an ETag is kept by the client that asked for it, and asked after.
                    kept = "private, no-cache" if "ETag" in headers else "no-store"
                    headers.setdefault("Cache-Control", kept)
            await send(message)

        await self.app(scope, receive, send_with_headers)
