"""`/`, `/docs` and `/static/…`: open to all, for there is nothing in them that is anybody's own.

What the page shows comes from the REST routes, with the key that its reader gives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from api.web.assets import Asset, assets

PREFIX = "/static/"
PATHS = frozenset({"/", "/docs", PREFIX + "{name:path}"})
"""The routes of the page, as the router has them."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache",  # kept, and asked about each time: an upgrade shows at once
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def web_router() -> APIRouter:
    """The routes, over the files as they are now."""
    router = APIRouter(include_in_schema=False)
    files = assets()

    def index(request: Request) -> Response:
        """The application."""
        return _sent(files["index.html"], request)

    def docs(request: Request) -> Response:
        """The routes of the service, with forms to try them."""
        return _sent(files["docs.html"], request)

    def static(name: Annotated[str, Path()], request: Request) -> Response:
        """A file of either."""
        if name not in files or name.endswith(".html"):
            raise HTTPException(404)
        return _sent(files[name], request)

    for path, endpoint in (("/", index), ("/docs", docs), (PREFIX + "{name:path}", static)):
        router.add_api_route(path, endpoint, methods=["GET", "HEAD"], response_class=Response)
    return router


def _sent(asset: Asset, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": asset.etag}
    known = request.headers.get("If-None-Match", "")
    if asset.etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers=headers)
    content = asset.content
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content = asset.packed
        # One tag for both codings of a file can only be a weak one.
        headers |= {"Content-Encoding": "gzip", "ETag": f"W/{asset.etag}"}
    return Response(content, headers=headers, media_type=asset.media_type)
