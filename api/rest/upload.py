"""Multipart uploads, streamed to the disk: no file is whole in memory, none over the limit is
taken in whole, and none is stored under a name that a client chose."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from api.rest.middleware import drain
from api.rest.values import JsonObject, document_id_of
from index.pipeline import JobDocument
from ingest.contract import BadInput, Unavailable

MAX_FILES = 1_000
MAX_FIELD_BYTES = 2**20
FIELDS = ("metadata", "ids")
_WRITE_BYTES = 2**20
_METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(JsonObject)
_IDS: TypeAdapter[list[str]] = TypeAdapter(list[str])


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
    max_bytes: int
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
        return [
            JobDocument(number, document_id, name, metadata=metadata)
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
        if len(self.names) == MAX_FILES:
            raise HTTPException(413, f"more than {MAX_FILES:,} files in one upload: send several")
        part.sink = (self.folder / str(len(self.names))).open("wb")
        self.names.append(part.file_name)

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.sink is not None:
            if part.size > self.max_bytes:
                raise HTTPException(
                    413,
                    f"{part.file_name!r} is over {self.max_bytes // 2**20} MB: split it, or raise "
                    "server.max_upload_mb",
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


async def receive_files(request: Request, folder: Path, max_bytes: int) -> list[JobDocument]:
    """The files of a request, stored in the folder. Raises HTTPException 413 and 415, BadInput,
    and Unavailable where the disk refuses."""
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
    upload = Upload(folder, max_bytes)
    try:
        parser = upload.parser(boundary)
        pending = bytearray()
        async for piece in request.stream():
            pending += piece
            if len(pending) >= _WRITE_BYTES:
                await run_in_threadpool(parser.write, bytes(pending))
                pending.clear()
        await run_in_threadpool(_write_last, parser, bytes(pending))
        return upload.documents()
    except FormParserError as error:
        raise HTTPException(400, f"the body is not valid multipart: {error}") from error
    except (HTTPException, BadInput):
        await drain(request.scope, request.receive)
        raise
    except OSError as error:
        raise Unavailable(f"the upload cannot be stored: {error.strerror or error}") from error
    finally:
        upload.close()


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
