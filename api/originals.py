"""The file that a document was read from, wherever it is now: kept by Braid, or where the user has
it; packed in another, it is taken out of that. And its pages, drawn.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import structlog

from index.contract import DocumentRecord, DocumentState
from index.pipeline import Collection
from ingest.contract import BadInput, Box, NotFound, Unavailable, UnreadableFile
from ingest.pipeline import (
    Limits,
    Packed,
    PageTask,
    Workers,
    draw_page,
    has_page_pictures,
    take_out,
)

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")
_LIMITS = Limits(timeout_s=20.0, memory_mb=1024, recycle_after=200)
_CACHE_BYTES = 64 * 2**20
_WAITING = 16
"""So many callers may wait for the process; the threads that wait are wanted elsewhere, too."""
_log = structlog.get_logger("braid.pages")


@dataclass(frozen=True, slots=True)
class File:
    """A document's bytes as they were: where they lie, their SHA-256, their name, type and pages
    (empty and 0 where that is not known). `container` is what they are packed in, which is what
    lies there."""

    path: Path
    hash: str
    name: str
    media_type: str
    pages: int
    document_id: str
    container: str = ""


def file_of(
    collection: Collection, document_id: str, record: DocumentRecord | None, state: DocumentState
) -> File:
    """The file of a document: `record` where it is stored, and its `state`. Raises NotFound, with
    the reason, where there is none (any more)."""
    container = state.origin.container
    name = document_id.rpartition("/")[2]
    kept = collection.originals.get(container or document_id)
    digest = record.content_hash if record else kept.hash if kept else ""
    media_type, pages = (record.media_type, record.page_count) if record else ("", 0)
    if kept is not None and kept.path.is_file() and (container or kept.hash == digest):
        shown = name if container else kept.file_name.replace("\\", "/").rpartition("/")[2]
        return File(kept.path, digest, shown or name, media_type, pages, document_id, container)
    path = state.origin.path
    if path is None:
        raise NotFound(
            f"the file of {document_id!r} is not kept: it was handed in while "
            "server.keep_originals was off, or to an earlier version of Braid; hand it in again to "
            "have it kept"
        )
    if not path.is_file():
        raise NotFound(f"the file of {document_id!r} is not any more where it came from")
    if not container and _hash_of(path) != digest:
        raise NotFound(
            f"the file of {document_id!r} has changed since it was ingested: ingest it again"
        )
    return File(path, digest, name, media_type, pages, document_id, container)


@dataclass
class Pages:
    """Draws pages, and takes files out of others, in a process of its own; what was drawn lately is
    remembered. Usable from many threads."""

    _workers: Workers = field(default_factory=lambda: Workers(1, _LIMITS))
    _drawn: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _size: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_WAITING))

    def png(self, file: File, page: int, dpi: int, boxes: tuple[Box, ...] = ()) -> bytes:
        """The page with the boxes on it marked. Raises NotFound where there is no such page, or
        files of its type have no pages to be drawn; BadInput where it cannot be drawn; Unavailable
        where too many wait for theirs."""
        check_page(file, page)
        key = mark_of(file, page, dpi, boxes)
        with self._guard:
            found = self._drawn.get(key)
            if found is not None:
                self._drawn.move_to_end(key)
                return found
        with self.bytes_at(file) as path:
            task = PageTask(path, file.hash, file.media_type, page, dpi, boxes)
            drawn = self._draw(task, file.document_id)
        self._remember(key, drawn)
        return drawn

    def _draw(self, task: PageTask, document_id: str) -> bytes:
        try:
            return self._carried_out(draw_page, task)
        except UnreadableFile as error:
            _log.info("page not drawn", document=document_id, page=task.page, reason=str(error))
            raise BadInput(
                f"page {task.page} of {document_id!r} cannot be drawn: it is damaged or encrypted, "
                f"or takes over {_LIMITS.timeout_s:g} s or {_LIMITS.memory_mb:,} MB; show the text "
                "of the chunk, or open the file itself"
            ) from error

    def _carried_out(self, function: Callable[[_Given], _Result], given: _Given) -> _Result:
        if not self._places.acquire(blocking=False):
            raise Unavailable("too many pages and files are waited for: ask again in a while")
        try:
            return self._workers.submit(function, given).result()
        finally:
            self._places.release()

    def _remember(self, key: str, drawn: bytes) -> None:
        with self._guard:
            if key not in self._drawn and len(drawn) <= _CACHE_BYTES // 4:
                self._drawn[key] = drawn
                self._size += len(drawn)
            while self._size > _CACHE_BYTES:
                self._size -= len(self._drawn.popitem(last=False)[1])

    @contextmanager
    def bytes_at(self, file: File) -> Iterator[Path]:
        """Where the bytes of the document itself lie until the block ends."""
        if not file.container:
            yield file.path
            return
        folder = Path(tempfile.mkdtemp(prefix="braid-"))
        try:
            yield self.taken_out(file, folder).path
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def taken_out(self, file: File, folder: Path) -> File:
        """A file that is packed in another, put into a folder. Raises NotFound where it is not what
        it was any more, BadInput where it cannot be unpacked."""
        target = folder / "member"
        try:
            packed = Packed(file.path, file.container, file.document_id, target)
            self._carried_out(take_out, packed)
        except UnreadableFile as error:
            raise BadInput(
                f"{file.document_id!r} cannot be taken out of {file.container!r}: {error}"
            ) from error
        if _hash_of(target) != file.hash:
            raise NotFound(
                f"{file.document_id!r} has changed in {file.container!r} since it was ingested: "
                "ingest it again"
            )
        return replace(file, path=target, container="")

    def close(self) -> None:
        """Ends the process."""
        self._workers.close()


def check_page(file: File, page: int) -> None:
    """Raises NotFound where the file has no such page, or none that can be drawn."""
    if not has_page_pictures(file.media_type):
        raise NotFound(
            f"pages of {file.media_type or 'this type of file'} cannot be drawn: show the text of "
            "the chunk instead"
        )
    if page > file.pages:
        raise NotFound(f"{file.document_id!r} has no page {page}: it has {file.pages}")


def mark_of(file: File, page: int, dpi: int, boxes: tuple[Box, ...]) -> str:
    """Stands for the picture of a page; the same for the same."""
    drawn = [(b.x0, b.y0, b.x1, b.y1) for b in boxes if b.page == page]
    parts = f"{file.hash} {file.media_type} {page} {dpi} {drawn}"
    return hashlib.sha256(parts.encode()).hexdigest()


def _hash_of(path: Path) -> str:
    """Raises NotFound where the file cannot be read."""
    try:
        state = path.stat()
        return _hash_at(path, (state.st_ino, state.st_size, state.st_mtime_ns))
    except OSError as error:
        raise NotFound(f"the file cannot be read any more: {error.strerror or error}") from error


@lru_cache(maxsize=256)
def _hash_at(path: Path, _: tuple[int, int, int]) -> str:
    """That of the file as it is in this state; it is asked for each of its pages."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
