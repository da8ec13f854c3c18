"""Multipart uploads, streamed to the disk: no file is whole in memory, none over the limit is
taken in whole, and none is stored under a name that a client chose."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from api.handing_in import metadata_with
from api.rest.middleware import drain
from api.rest.values import AccessTags, JsonObject, document_id_of
from index.pipeline import JobDocument, View
from ingest.contract import BadInput, Denied, Unavailable

if TYPE_CHECKING:
    from api.settings_server import ServerSettings

MAX_FILES = 1_000
"""Documents of one request that is JSON."""
MAX_FIELD_BYTES = 2**20
FIELDS = ("metadata", "ids", "access")
_WRITE_BYTES = 2**20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_METADATA: TypeAdapter[dict[str, Any] | list[dict[str, Any]]] = TypeAdapter(
    JsonObject | list[JsonObject]
)
_IDS: TypeAdapter[list[str]] = TypeAdapter(list[str])
_TAGS: TypeAdapter[list[str]] = TypeAdapter(AccessTags)


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bytes of one file and of all, files, and seconds for all to arrive."""

    file_bytes: int
    total_bytes: int
    files: int
    timeout_s: float

    @classmethod
    def of(cls, server: ServerSettings) -> UploadLimits:
        """As the settings have it."""
        return cls(
            server.max_upload_mb * 2**20,
            server.max_request_mb * 2**20,
            server.max_upload_files,
            server.upload_timeout_s,
        )


@dataclass
class _Part:
    """The part of the body being read."""

    disposition: bytes = b""
    name: str = ""
    file_name: str | None = None
    size: int = 0
    sink: IO[bytes] | None = None
    value: bytearray = field(default_factory=bytearray)


@dataclass
class Upload:
    """Takes the bytes of a multipart body, in pieces of any size, and puts each file into the
    folder as `0`, `1`, ... Raises HTTPException 413 at the first byte over a limit."""

    folder: Path
    limits: UploadLimits
    collection: View
    whole: bool = False
    names: list[str] = field(default_factory=list)
    fields: dict[str, bytes] = field(default_factory=dict)
    _part: _Part = field(default_factory=_Part)
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))

    def parser(self, boundary: bytes) -> MultipartParser:
        """A parser that feeds this upload."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, a, b: self._header[0].extend(data[a:b]),
                "on_header_value": lambda data, a, b: self._header[1].extend(data[a:b]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._end_of_body,
            },
        )

    def close(self) -> None:
        """Closes the file in hand, if one is."""
        if self._part.sink is not None:
            self._part.sink.close()
            self._part.sink = None

    def documents(self) -> list[JobDocument]:
        """What was handed in. Raises BadInput for a wrong id or field."""
        if not self.whole:
            raise HTTPException(400, "the body ends before its last boundary: it was cut off")
        if not self.names:
            raise BadInput("no file was sent: put each into a form field named 'files'")
        metadata = _parsed(_METADATA, self.fields.get("metadata", b"{}"), "metadata")
        given = _parsed(_IDS, self.fields.get("ids", b"[]"), "ids")
        if given and len(given) != len(self.names):
            raise BadInput(
                f"ids: {len(given)} ids for {len(self.names)} files; give one for each, in order"
            )
        ids = [document_id_of(name) for name in (given or self.names)]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise BadInput(f"{twice[0]!r} names two documents of one upload: give each its own id")
        access = None
        if "access" in self.fields:
            access = _parsed(_TAGS, self.fields["access"], "access")
        if isinstance(metadata, dict):
            metadata = [metadata] * len(ids)
        elif len(metadata) != len(ids):
            raise BadInput(
                f"metadata: {len(metadata)} objects for {len(ids)} files; give one for each, in "
                "order, or a single one for all"
            )
        pairs = zip(ids, metadata, strict=True)
        own = [metadata_with(self.collection, name, told, access) for name, told in pairs]
        return [
            JobDocument(number, document_id, name, metadata=own[number])
            for number, (document_id, name) in enumerate(zip(ids, self.names, strict=True))
        ]

    def _begin(self) -> None:
        self._part = _Part()

    def _end_of_body(self) -> None:
        self.whole = True

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._part.disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        part = self._part
        _, options = parse_options_header(part.disposition)
        part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            if part.name not in FIELDS:
                raise BadInput(
                    f"unknown form field {part.name!r}; files go into 'files', and beside them "
                    f"there are: {', '.join(FIELDS)}"
                )
            return
        part.file_name = options[b"filename"].decode("utf-8", "replace")
        if not part.file_name:
            return  # how browsers send a form with no file chosen
        if len(self.names) == self.limits.files:
            raise HTTPException(
                413,
                f"more than {self.limits.files:,} files in one upload: send several, or raise "
                "server.max_upload_files",
            )
        part.sink = (self.folder / str(len(self.names))).open("wb")
        self.names.append(part.file_name)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.sink is not None:
            if part.size > self.limits.file_bytes:
                raise HTTPException(
                    413,
                    f"{part.file_name!r} is over {self.limits.file_bytes // 2**20} MB: split it, "
                    "or raise server.max_upload_mb",
                )
            part.sink.write(memoryview(data)[start:end])
        elif part.file_name is None:
            if part.size > MAX_FIELD_BYTES:
                raise HTTPException(413, f"the form field {part.name!r} is over 1 MB")
            part.value += data[start:end]

    def _end(self) -> None:
        if self._part.file_name is None:
            self.fields[self._part.name] = bytes(self._part.value)
        self.close()


async def receive_files(
    request: Request, folder: Path, limits: UploadLimits, collection: View
) -> list[JobDocument]:
    """The files of a request, stored in the folder, for a collection as their writer sees it.
    Raises HTTPException 408, 413, 415 and 507, BadInput, Denied, and Unavailable where the disk
    refuses."""
    upload = Upload(folder, limits, collection)
    parser = upload.parser(_boundary_of(request))
    try:
        _check_announced(request, folder, limits)
        pending = bytearray()
        async for piece in _arriving(request, limits):
            pending += piece
            if len(pending) >= _WRITE_BYTES:
                await run_in_threadpool(parser.write, bytes(pending))
                pending.clear()
        await run_in_threadpool(_write_last, parser, bytes(pending))
        return upload.documents()
    except FormParserError as error:
        raise HTTPException(400, f"the body is not valid multipart: {error}") from error
    except HTTPException as error:
        if error.status_code != 408:  # who sends nothing is not waited for again
            await drain(request.scope, request.receive)
        raise
    except (BadInput, Denied):
        await drain(request.scope, request.receive)
        raise
    except OSError as error:
        await drain(request.scope, request.receive)
        collection.unrestricted.jobs.check_in_place()
        raise not_stored("the upload", error) from error
    finally:
        upload.close()


def _boundary_of(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    if kind != b"multipart/form-data":
        raise HTTPException(
            415,
            f"this route takes multipart/form-data, not {kind.decode('latin-1') or 'this'}; JSON "
            "with texts goes to .../documents/text",
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise HTTPException(400, "the Content-Type has no boundary")
    return boundary


def _check_announced(request: Request, folder: Path, limits: UploadLimits) -> None:
    """Raises HTTPException for a body that says itself that it is too large."""
    announced = request.headers.get("Content-Length", "")
    size = int(announced) if announced.isdecimal() else 0
    if size > limits.total_bytes + MAX_FIELD_BYTES * len(FIELDS):
        raise _too_large(limits)
    if size > shutil.disk_usage(folder).free:
        raise HTTPException(507, "the disk of the server has no room for this upload")


async def _arriving(request: Request, limits: UploadLimits) -> AsyncIterator[bytes]:
    """The pieces of the body. Raises HTTPException 408 and 413."""
    pieces = request.stream()
    end = time.monotonic() + limits.timeout_s
    taken = 0
    while True:
        left = end - time.monotonic()
        try:
            with anyio.fail_after(max(0.0, left)):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise HTTPException(
                408,
                f"the upload did not arrive within {limits.timeout_s:g} s "
                "(server.upload_timeout_s): send less at once",
                headers={"Connection": "close"},
            ) from error
        if piece is None:
            return
        taken += len(piece)
        if taken > limits.total_bytes + MAX_FIELD_BYTES * len(FIELDS):
            raise _too_large(limits)
        yield piece


def _too_large(limits: UploadLimits) -> HTTPException:
    return HTTPException(
        413,
        f"the upload is over {limits.total_bytes // 2**20} MB in all: send several, or raise "
        "server.max_request_mb",
    )


def not_stored(what: str, error: OSError) -> Exception:
    """What a client is told of a disk that refuses."""
    if error.errno in _FULL:
        return HTTPException(
            507, f"{what} cannot be stored: the disk of the server is full; nothing was taken in"
        )
    return Unavailable(f"{what} cannot be stored: {error.strerror or error}")


def _write_last(parser: MultipartParser, data: bytes) -> None:
    parser.write(data)
    parser.finalize()


def _parsed(kind: TypeAdapter[Any], data: bytes, name: str) -> Any:
    try:
        return kind.validate_python(json.loads(data), strict=True)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join([name, *map(str, fault["loc"])])
        raise BadInput(f"{place}: {fault['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name}: not valid JSON: {error}") from error
