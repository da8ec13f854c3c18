"""OLE compound files (old Office documents, Outlook messages): what streams they hold.

Only the directory is read. Source: [MS-CFB], the Compound File Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENTRY = 128
_NONE = 0xFFFFFFFF
_END = 0xFFFFFFFA
_MAX_ENTRIES = 50_000
_IN_HEADER = 109


def root_names(data: bytes) -> list[str] | None:
    """Names of the streams and storages at the root, sorted; None where the directory cannot
    be followed."""
    try:
        entries = _directory(data)
        if not entries:
            return None
        names: list[str] = []
        pending = [_child(entries[0])]
        seen: set[int] = set()
        while pending:
            number = pending.pop()
            if number == _NONE or number in seen or number >= len(entries):
                continue
            seen.add(number)
            entry = entries[number]
            names.append(_name(entry))
            pending.extend(struct.unpack_from("<II", entry, 68))
    except (struct.error, IndexError, UnicodeDecodeError):
        return None
    return sorted(names)


def _directory(data: bytes) -> list[bytes]:
    """The entries of the directory, in order."""
    shift = struct.unpack_from("<H", data, 30)[0]
    if shift not in (9, 12):
        return []
    size = 1 << shift
    fat = list(struct.unpack_from(f"<{_IN_HEADER}I", data, 76))
    sector = struct.unpack_from("<I", data, 48)[0]
    entries: list[bytes] = []
    seen: set[int] = set()
    while sector < _END and sector not in seen and len(entries) < _MAX_ENTRIES:
        seen.add(sector)
        start = (sector + 1) * size
        entries.extend(_entries(data[start : start + size]))
        sector = _next(data, fat, sector, size)
    return entries


def _entries(sector: bytes) -> Iterator[bytes]:
    for start in range(0, len(sector) - _ENTRY + 1, _ENTRY):
        yield sector[start : start + _ENTRY]


def _next(data: bytes, fat: list[int], sector: int, size: int) -> int:
    """The sector that follows in the chain, by the allocation table."""
    table, place = divmod(sector, size // 4)
    if table >= len(fat) or fat[table] >= _END:
        return _END
    where = (fat[table] + 1) * size + 4 * place
    if where + 4 > len(data):
        return _END
    return int(struct.unpack_from("<I", data, where)[0])


def _name(entry: bytes) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(0, min(length, 64) - 2)].decode("utf-16-le")


def _child(entry: bytes) -> int:
    return int(struct.unpack_from("<I", entry, 76)[0])
