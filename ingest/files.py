"""Files where they lie: finding them under folders, loading their bytes, what is known of them.

A file's metadata may lie beside it: `report.pdf.meta.json` (or `report.pdf.metadata.json`) holds
a JSON object with what the user says of `report.pdf`, and is no document itself.
"""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NoReturn

from ingest.contract import ACCESS, Failure, Json, NotFound, Source, UnreadableFile

MAX_BYTES = 200 * 1024 * 1024
SIDECARS = (".meta.json", ".metadata.json")
"""What a file's name is followed by in the name of the file with its metadata."""

_MAX_SIDECAR_BYTES = 1024 * 1024
_TRIES = 3
_IGNORED_NAMES = {"thumbs.db", "desktop.ini", "__macosx"}

PassedOver = Callable[[str, str], None]
"""Told the id and the reason of what is found and not taken."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to ingest: where it lies, its id (relative to the root it was found under, forward
    slashes, NFC), and that root, without links; None for a file that was named itself."""

    path: Path
    document_id: str
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Barred(Failure):
    """A file that was found and may not be read; `metadata` is what it was handed in with."""

    found: Found | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file of the user's that is loaded when its turn comes, with the metadata that lies
    beside it; `metadata` stands over both. It can be sent to another process."""

    found: Found
    max_bytes: int = MAX_BYTES
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def document_id(self) -> str:
        """The id that its document will have."""
        return self.found.document_id

    def __call__(self) -> Source:
        """Raises as `load` does, and UnreadableFile where the metadata beside it is wrong."""
        source = load(self.found.path, self.found.document_id, self.max_bytes)
        beside = sidecar_metadata(self.found.path)
        return replace(source, metadata={**source.metadata, **beside, **self.metadata})


@dataclass(frozen=True, slots=True)
class StoredSource:
    """Bytes that Braid itself has put at `path` (an upload, a member of an archive), under the
    name and with the metadata that they came with."""

    path: Path
    document_id: str
    name: str
    metadata: Mapping[str, Json] = field(default_factory=dict)
    max_bytes: int = MAX_BYTES

    def __call__(self) -> Source:
        """Raises as `load` does, and UnreadableFile for an empty file."""
        source = load(self.path, self.document_id, self.max_bytes)
        if not source.data:
            raise UnreadableFile("the file is empty")
        known: dict[str, Json] = {
            "source": self.document_id,
            "file_name": PurePosixPath(self.name.replace("\\", "/")).name,
            "size": len(source.data),
        }
        return Source(self.document_id, source.data, self.name, {**known, **self.metadata})


def discover(
    paths: Iterable[str | Path], passed_over: PassedOver | None = None
) -> Iterator[Found | Failure]:
    """Files under the given files and folders, each folder in sorted order.

    Hidden files and lock files are passed over, and so are metadata beside a file, links that
    lead out of the folder or to what is found in it anyway, and what is no regular file; no
    folder is entered twice. What cannot be looked at comes out as a Failure, and so does a path
    that does not exist. A file that is named twice comes out once. Nothing is looked at before
    its turn, so a tree of any size begins at once.
    """
    tell = passed_over or _untold
    seen: set[str] = set()
    for given in paths:
        root = Path(given)
        if root.is_dir():
            found: Iterable[Found | Failure] = _walk(root, tell)
        elif root.exists():
            found = (Found(root, identifier(PurePosixPath(root.name))),)
        else:
            found = (Failure(str(given), f"there is no file or folder at {shown(root)}"),)
        for entry in found:
            if isinstance(entry, Found):
                key = os.path.realpath(entry.path)
                if key in seen:
                    continue
                seen.add(key)
                if is_sidecar(entry.path):
                    tell(entry.document_id, "it holds the metadata of the file beside it")
                    continue
            yield entry


def load(path: Path, document_id: str | None = None, max_bytes: int = MAX_BYTES) -> Source:
    """The bytes of a file as a source; the id is the file's name where none is given. The
    metadata are `source` (the id), `file_name`, `size` in bytes, and `modified`, the time of
    the last change in UTC (ISO 8601).

    Raises NotFound where the file is gone, UnreadableFile where it is too large, is no regular
    file, may not be read, or is being written to.
    """
    for _ in range(_TRIES):
        data, before, after = _bytes_of(path, max_bytes)
        if len(data) > max_bytes:
            raise UnreadableFile(
                f"the file grew over the limit of {max_bytes / 1e6:.0f} MB: split it"
            )
        if _state(before) == _state(after) and len(data) == after.st_size:
            break
    else:
        raise UnreadableFile(
            f"{shown(path)} changed while it was read: ingest it when it is written whole"
        )
    known = document_id or identifier(PurePosixPath(path.name))
    metadata: dict[str, Json] = {
        "source": known,
        "file_name": identifier(PurePosixPath(path.name)),
        "size": len(data),
        "modified": _iso(after.st_mtime),
    }
    return Source(known, data, path.name, metadata)


def _bytes_of(path: Path, max_bytes: int) -> tuple[bytes, os.stat_result, os.stat_result]:
    """The first bytes of a regular file, one over the limit at the most, and its state before
    and after they were read."""
    try:
        _check(path, path.stat(), max_bytes)  # before opening: that alone may move a device
        # A pipe that took the file's place meanwhile must not be waited for.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            before = os.fstat(handle)
            _check(path, before, max_bytes)
            data = file.read(max_bytes + 1)
            return data, before, os.fstat(handle)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file at {shown(path)} any more") from error
    except PermissionError as error:
        raise UnreadableFile(f"no permission to read {shown(path)}: change its rights") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableFile(f"{shown(path)} could not be read: {reason}") from error


def _check(path: Path, status: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile(f"{shown(path)} is not a regular file")
    if status.st_size > max_bytes:
        raise UnreadableFile(
            f"the file has {status.st_size / 1e6:.0f} MB, over the limit of "
            f"{max_bytes / 1e6:.0f} MB: split it or raise the limit"
        )


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _iso(timestamp: float) -> str:
    """A time in UTC; the year 1 or 9999 for one that a file system made up."""
    try:
        moment = datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        moment = (datetime.max if timestamp > 0 else datetime.min).replace(tzinfo=UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def is_sidecar(path: Path) -> bool:
    """Whether the file holds the metadata of a file that lies beside it."""
    return any(
        path.name.endswith(ending)
        and len(path.name) > len(ending)
        and path.with_name(path.name.removesuffix(ending)).is_file()
        for ending in SIDECARS
    )


def sidecar_metadata(path: Path) -> dict[str, Json]:
    """What lies beside a file of its metadata; the first of SIDECARS stands over the second.
    Raises UnreadableFile where that is no JSON object that can be stored."""
    found: dict[str, Json] = {}
    for ending in reversed(SIDECARS):
        beside = path.with_name(path.name + ending)
        if beside.is_file():
            data = load(beside, max_bytes=_MAX_SIDECAR_BYTES).data
            found.update(metadata_object(data, shown(Path(beside.name))))
    return found


def metadata_object(data: bytes, name: str) -> dict[str, Json]:
    """The metadata in a JSON text, but for access tags, which no file has a say in. Raises
    UnreadableFile, naming where it came from, for what is no JSON object that a catalog can
    hold."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON")

    try:
        value = json.loads(data, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UnreadableFile(f"the metadata in {name} are not valid JSON: {reason}") from error
    if not isinstance(value, dict):
        raise UnreadableFile(
            f'the metadata in {name} are no JSON object such as {{"author": "Li"}}'
        )
    value.pop(ACCESS, None)
    return value


def shown(path: Path) -> str:
    """The path as it can be printed: bytes that are no UTF-8 are marks of replacement."""
    return os.fspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def identifier(relative: PurePosixPath) -> str:
    """The id of a file: its path in NFC. A name that is not valid UTF-8 has surrogates in it,
    which no database takes."""
    text = relative.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


def _untold(document_id: str, reason: str) -> None:
    """Nobody asks what was passed over."""


def _walk(root: Path, tell: PassedOver) -> Iterator[Found | Failure]:
    """Depth first, names sorted, files and folders together."""
    top = os.path.realpath(root)
    entered = {top}
    pending: list[Path] = [root]
    while pending:
        path = pending.pop()
        name = identifier(PurePosixPath(path.relative_to(root).as_posix()))
        try:
            real = os.path.realpath(path)
            if path.is_symlink() and path != root and not _only_by_link(real, top):
                tell(name, "a link out of the folder, or to what is found in it anyway")
            elif path.is_dir():
                if path != root and real in entered:
                    continue
                entered.add(real)
                inside = sorted(path.iterdir(), key=lambda entry: entry.name, reverse=True)
                for entry in inside:
                    if _ignored(entry.name):
                        tell(identifier(PurePosixPath(entry.relative_to(root).as_posix())),
                             "hidden, temporary, or left by another program")  # fmt: skip
                    else:
                        pending.append(entry)
            elif not path.is_file():
                tell(name, "not a regular file")
            elif not os.access(path, os.R_OK):
                reason = f"no permission to read {shown(path)}: change its rights"
                yield Barred(name, reason, Found(path, name, Path(top)))
            else:
                yield Found(path, name, Path(top))
        except OSError as error:
            reason = error.strerror or str(error)
            yield Failure(name, f"{shown(path)} could not be looked at: {reason}")


def _only_by_link(real: str, top: str) -> bool:
    """Whether the target of a link lies under the root, where the walk does not come by itself:
    what it comes by keeps its own name, and what lies outside is not ours to read."""
    if os.path.commonpath([top, real]) != top:
        return False
    return any(_ignored(part) for part in PurePosixPath(os.path.relpath(real, top)).parts)


def _ignored(name: str) -> bool:
    """Hidden files, locks of office programs, and what file managers leave behind."""
    return (
        name.startswith((".", "~$", ".~lock."))
        or name.lower() in _IGNORED_NAMES
        or name.endswith(("~", ".tmp", ".crdownload", ".part"))
    )
