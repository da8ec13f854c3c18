"""ZIP archives: each member read in memory, within bounds, and nothing followed."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.bounds import (
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    Exceeded,
    check_count,
    check_member,
    check_ratio,
)
from ingest.contract import Failure, Source, UnreadableFile
from ingest.member_names import (
    admitted,
    decode_names,
    is_passed_over,
)

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_UNIX = 3
_UNICODE_PATH = 0x7075
_PIECE = 1 << 20


@dataclass(frozen=True)
class ZipUnpacker:
    """Lists the members of a ZIP archive."""

    max_members: int = MAX_MEMBERS
    max_member_bytes: int = MAX_MEMBER_BYTES
    max_ratio: int = MAX_RATIO

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """The members in the order of the directory; folders are passed over. An encrypted
        member, a link, a device, a name that leads out, a repeated one, and one that is too large
        come out as Failures. Raises UnreadableFile where the directory is damaged, lists too
        many members, or lets them overlap."""
        del media_type
        try:
            archive = zipfile.ZipFile(io.BytesIO(source.data))
        except (zipfile.BadZipFile, struct.error, ValueError, OSError, EOFError) as error:
            raise UnreadableFile(f"the ZIP archive is damaged or cut off ({error})") from error
        with archive:
            entries = archive.infolist()
            check_count(len(entries), self.max_members)
            _refuse_overlap(entries, source.data)
            seen: dict[str, int] = {}
            for entry, name in zip(entries, _names(entries), strict=True):
                if name.endswith(("/", "\\")) or is_passed_over(name.replace("\\", "/")):
                    continue
                yield self._member(archive, entry, name, source, seen)

    def _member(
        self,
        archive: zipfile.ZipFile,
        entry: zipfile.ZipInfo,
        name: str,
        source: Source,
        seen: dict[str, int],
    ) -> Source | Failure:
        path = admitted(name, source.document_id, seen)
        if isinstance(path, Failure):
            return path
        identifier = f"{source.document_id}/{path}"
        try:
            data = self._read(archive, entry)
        except UnreadableFile as error:
            return Failure(identifier, str(error))
        return Source(identifier, data, path.rsplit("/", 1)[-1])

    def _read(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise UnreadableFile("it is encrypted: unpack the archive with its password first")
        _refuse_special(entry)
        # No more than the stated size is ever unpacked; what lies of it fails its checksum.
        check_member(entry.file_size, self.max_member_bytes)
        check_ratio(entry.compress_size, entry.file_size, self.max_ratio)
        pieces: list[bytes] = []
        try:
            with archive.open(entry) as handle:
                while piece := handle.read(_PIECE):
                    pieces.append(piece)
        except NotImplementedError as error:
            raise UnreadableFile(
                "it is packed by a method that is not supported: pack it anew as plain ZIP"
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise UnreadableFile(f"it is damaged in the archive ({error})") from error
        except (struct.error, ValueError, IndexError, LookupError) as error:
            raise UnreadableFile(f"its entry in the archive is damaged ({error})") from error
        data = b"".join(pieces)
        if len(data) != entry.file_size:
            raise UnreadableFile(
                f"it is damaged: {len(data):,} bytes where the archive states {entry.file_size:,}"
            )
        return data


def _refuse_special(entry: zipfile.ZipInfo) -> None:
    mode = entry.external_attr >> 16 if entry.create_system == _UNIX else 0
    if stat.S_ISLNK(mode):
        raise UnreadableFile("it is a symbolic link, which is never followed")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise UnreadableFile("it is a device or a pipe, which is never opened")


def _refuse_overlap(entries: list[zipfile.ZipInfo], data: bytes) -> None:
    """Raises Exceeded where members share their bytes, as in the zip bombs of D. Fifield ("A
    better zip bomb", WOOT 2019)."""
    spans: list[tuple[int, int]] = []
    for entry in entries:
        start = entry.header_offset
        if start < 0 or start + 30 > len(data):
            continue  # damaged; opening it says so
        name_size, extra_size = struct.unpack_from("<HH", data, start + 26)
        spans.append((start, start + 30 + name_size + extra_size + entry.compress_size))
    spans.sort()
    reached = 0
    for start, end in spans:
        if start < reached:
            raise Exceeded(
                "its members overlap in the file, as in a decompression bomb: get the archive "
                "anew or unpack it by hand"
            )
        reached = max(reached, end)


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """The names of the members, those of no stated encoding decoded together."""
    unstated: dict[int, bytes] = {}
    names = [entry.filename for entry in entries]
    for number, entry in enumerate(entries):
        stated = _unicode_path(entry)
        if stated:
            names[number] = stated
        elif not entry.flag_bits & _UTF8_FLAG:
            unstated[number] = entry.orig_filename.encode("cp437", "replace")
    for number, name in zip(unstated, decode_names(list(unstated.values())), strict=True):
        names[number] = name
    return names


def _unicode_path(entry: zipfile.ZipInfo) -> str:
    """The name in the Info-ZIP Unicode Path field, where it belongs to this name."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field = extra[4 : 4 + size]
        extra = extra[4 + size :]
        if kind != _UNICODE_PATH or len(field) < 6 or field[0] != 1:
            continue
        plain = entry.orig_filename.encode("cp437", "replace")
        if struct.unpack_from("<I", field, 1)[0] == zlib.crc32(plain):
            return field[5:].decode("utf-8", "replace")
    return ""
