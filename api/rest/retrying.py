"""A request that meets a collection while one that was built anew takes its place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from index.pipeline import Replaced

_TRIES = 3


class RetryingRoute(APIRoute):
    """Carries a request out once more on the collection that lies there now, when the one that it
    began on was replaced before anything was written: whoever sends it need not know. A route
    that takes a body which FastAPI does not read for it, because it comes in pieces, has none left
    to do that with; the client is told to come again (409 with `Retry-After`)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, as FastAPI asks for it."""
        handle = super().get_route_handler()
        streams = self.body_field is None and "requestBody" in (self.openapi_extra or {})

        async def handle_again(request: Request) -> Response:
            for _ in range(0 if streams else _TRIES - 1):
                try:
                    return await handle(request)
                except Replaced:
                    continue
            return await handle(request)

        return handle_again
