"""Members of a TAR archive, from a stream that is read once."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from ingest.bounds import check_count, check_member
from ingest.contract import Failure, Source, UnreadableFile
from ingest.member_names import (
    admitted,
    decode_names,
    is_passed_over,
)

_BLOCK = 512
_PIECE = 1 << 20


def is_tar(block: bytes) -> bool:
    """Whether a file that begins so is a TAR archive: the checksum of the first header says so,
    in the old format too, which has no magic."""
    block = block[:_BLOCK]
    if len(block) < _BLOCK or not block[0]:
        return False
    try:
        stated = int(block[148:156].strip(b" \x00") or b"-", 8)
    except ValueError:
        return False
    return sum(block) - sum(block[148:156]) + 8 * 32 == stated


class Stream(Protocol):
    """What is read from front to end."""

    def read(self, size: int, /) -> bytes: ...


class _Member(tarfile.TarInfo):
    """A member whose damaged header is an error; the library would end the archive there."""

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> Any:
        """As the library's. Raises ReadError for a header that is damaged."""
        try:
            return super().fromtarfile(tarfile)
        except _InvalidHeader as error:
            raise _damaged(str(error)) from error


_InvalidHeader: type[tarfile.TarError] = getattr(tarfile, "InvalidHeaderError", tarfile.ReadError)


def _damaged(detail: str) -> tarfile.ReadError:
    return tarfile.ReadError(f"a header is damaged: {detail}")


@dataclass(frozen=True)
class TarBounds:
    """How many members, how large each, and how much the stream can give at most, in bytes."""

    max_members: int
    max_member_bytes: int
    available: int


def tar_members(stream: Stream, source: Source, bounds: TarBounds) -> Iterator[Source | Failure]:
    """The members in order; folders are passed over. A link, a device, a sparse file, a name
    that leads out, a repeated one, and one that is too large come out as Failures. Raises
    UnreadableFile where the archive is damaged or has too many members."""
    seen: dict[str, int] = {}
    count = 0
    try:
        # The stubs ask of the stream what only writing needs.
        readable = cast(IO[bytes], stream)
        with tarfile.open(fileobj=readable, mode="r|", tarinfo=_Member) as archive:
            for entry in archive:
                count += 1
                check_count(count, bounds.max_members)
                if not 0 <= entry.size <= bounds.available:
                    # The library would skip what is not there bit by bit.
                    raise _damaged(f"a member is stated to have {entry.size:,} bytes")
                if entry.isdir():
                    continue
                member = _member(archive, entry, source, bounds, seen)
                if member is not None:
                    yield member
    except (tarfile.TarError, EOFError, OverflowError) as error:
        raise UnreadableFile(f"the TAR archive is damaged or cut off ({error})") from error


def _member(
    archive: tarfile.TarFile,
    entry: tarfile.TarInfo,
    source: Source,
    bounds: TarBounds,
    seen: dict[str, int],
) -> Source | Failure | None:
    name = decode_names([entry.name.encode("utf-8", "surrogateescape")])[0]
    if is_passed_over(name):
        return None
    path = admitted(name, source.document_id, seen)
    if isinstance(path, Failure):
        return path
    identifier = f"{source.document_id}/{path}"
    try:
        return Source(identifier, _read(archive, entry, bounds), path.rsplit("/", 1)[-1])
    except UnreadableFile as error:
        return Failure(identifier, str(error))


def _read(archive: tarfile.TarFile, entry: tarfile.TarInfo, bounds: TarBounds) -> bytes:
    if entry.issym() or entry.islnk():
        raise UnreadableFile("it is a link, which is never followed")
    if not entry.isreg():
        raise UnreadableFile("it is a device or a pipe, which is never opened")
    if entry.issparse():
        raise UnreadableFile("it is a sparse file, which is not unpacked: pack it anew")
    check_member(entry.size, bounds.max_member_bytes)
    handle = archive.extractfile(entry)
    if handle is None:
        raise UnreadableFile("it holds no data")
    pieces: list[bytes] = []
    while piece := handle.read(_PIECE):
        pieces.append(piece)
    data = b"".join(pieces)
    if len(data) != entry.size:
        raise UnreadableFile("it is cut off in the archive")
    return data
