"""Files of documents as they were handed in, and their pages as pictures."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.access import Role
from api.originals import File, check_page, file_of, mark_of
from api.rest.chunks import ChunkId
from api.rest.etags import etag_of, fresh_or_304
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, Service, ServiceDep
from index.contract import Status
from index.pipeline import View
from ingest.contract import Box, NotFound

router = APIRouter(prefix="/v1/collections/{collection}", tags=["pages"], route_class=RetryingRoute)

_CLOSED = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""A file may be anything: whoever opens it, it runs nothing."""
_PNG: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The page",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
    },
}
_FILE: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    for status, text in ((200, "The file"), (206, "The part of the file that was asked for"))
}
_RANGE: dict[str, Any] = {
    "parameters": [
        {
            "name": "Range",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "a part of the file",
            "example": "bytes=0-1023",
        }
    ]
}

DocumentQuery = Annotated[
    str, Query(max_length=4096, description="id of the document", examples=["reports/2024.pdf"])
]
DpiQuery = Annotated[int, Query(ge=36, le=200, description="dots per inch")]
_MOST = 100_000
_RANGES = re.compile(r"bytes=(?!-$)([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


def shown_file(collection: View, document_id: str) -> File:
    """The file of a document that whoever asks may see, with all that is packed in it. Raises
    NotFound."""
    state = collection.state(document_id)
    try:
        record = collection.record(document_id)
    except NotFound:
        record = None
    if state is None or (record is None and state.status is not Status.UNPACKED):
        raise NotFound(f"no document {document_id!r} in the collection {collection.name!r}")
    return file_of(collection.unrestricted, document_id, record, state)


@router.get(
    "/chunks/{chunk_id}/pages/{page}",
    summary="Show a page with a chunk marked",
    response_class=Response,
    responses={**_PNG, **responses(404, 409)},
    dependencies=[needs(Role.READ)],
)
def page_of_chunk(
    collection: CollectionDep,
    service: ServiceDep,
    request: Request,
    chunk_id: ChunkId,
    page: Annotated[int, Path(ge=1, le=_MOST, description="number of the page", examples=[7])],
    dpi: DpiQuery = 96,
    highlight: Annotated[bool, Query(description="mark where the chunk stands")] = True,
) -> Response:
    """A page of the chunk's document as PNG, the places of the chunk marked on it. Documents
    without pages that can be drawn (office files, HTML, text) have none: 404."""
    chunk = collection.chunk(chunk_id).chunk
    boxes = chunk.boxes if highlight else ()
    return _drawn(request, service, shown_file(collection, chunk.document_id), (page, dpi), boxes)


@router.get(
    "/pages",
    summary="Show a page of a document",
    response_class=Response,
    responses={**_PNG, **responses(404, 409)},
    dependencies=[needs(Role.READ)],
)
def page_of_document(
    collection: CollectionDep,
    service: ServiceDep,
    request: Request,
    document: DocumentQuery,
    page: Annotated[int, Query(ge=1, le=_MOST, description="number of the page")] = 1,
    dpi: DpiQuery = 96,
) -> Response:
    """A page of a document as PNG."""
    return _drawn(request, service, shown_file(collection, document), (page, dpi), ())


def _drawn(
    request: Request,
    service: Service,
    file: File,
    place: tuple[int, int],
    boxes: tuple[Box, ...],
) -> Response:
    page, dpi = place
    check_page(file, page)
    headers = fresh_or_304(request, f'"{mark_of(file, page, dpi, boxes)[:32]}"')
    png = service.pages.png(file, page, dpi, boxes)
    return Response(png, media_type="image/png", headers={**headers, **_CLOSED})


@router.get(
    "/original",
    summary="Get the file of a document",
    response_class=Response,
    responses={**_FILE, **responses(404, 409, 416)},
    openapi_extra=_RANGE,
    dependencies=[needs(Role.READ)],
)
def original(
    collection: CollectionDep, service: ServiceDep, request: Request, document: DocumentQuery
) -> Response:
    """The file as it was handed in, or as it lies where it was ingested from, while it is the one
    that was read; in parts, where a `Range` is asked for. What was packed in another is taken out
    of it."""
    file = shown_file(collection, document)
    members = collection.unrestricted.ledger.states.members(document)
    if not all(map(collection.sees, members)):
        raise NotFound(
            f"{document!r} packs documents that this key does not see, so it is not given out"
        )
    headers = fresh_or_304(request, etag_of(file.hash, file.name)) | _CLOSED
    # Given as a header: of a text it is not known in which encoding it is.
    headers["Content-Type"] = file.media_type or "application/octet-stream"
    folder = FilePath(tempfile.mkdtemp(prefix="braid-")) if file.container else None
    try:
        if folder is not None:
            file = service.pages.taken_out(file, folder)
        _check_range(request, file.path.stat().st_size)
        return _Sent(file.path, headers=headers, filename=file.name, folder=folder)
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


class _Sent(FileResponse):
    """A file, or one part of it. The folder that it was put into goes with it."""

    def __init__(self, path: FilePath, *, folder: FilePath | None, **options: Any) -> None:
        super().__init__(path, **options)
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        if _range_in(Headers(scope=scope)) is None:
            rest = [pair for pair in scope["headers"] if pair[0].lower() != b"range"]
            scope = {**scope, "headers": rest}
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


def _range_in(headers: Headers) -> tuple[int | None, int | None] | None:
    """The first and the last byte that are asked for; None for what is not one range."""
    found = _RANGES.fullmatch(headers.get("Range", ""))
    if found is None:
        return None
    first, last = (int(part) if part else None for part in found.groups())
    return None if first is not None and last is not None and last < first else (first, last)


def _check_range(request: Request, size: int) -> None:
    """Raises HTTPException 416 for a part that the file does not have. What is no range, or more
    than one, is passed over, and the file given whole (RFC 9110, 14.2)."""
    asked = _range_in(request.headers)
    if asked is not None and (asked[0] >= size if asked[0] is not None else not asked[1]):
        raise HTTPException(
            416, f"the file has {size:,} bytes", headers={"Content-Range": f"bytes */{size}"}
        )
