"""Makes OLE compound files ([MS-CFB]) and Outlook messages ([MS-OXMSG]) for the tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

Tree: TypeAlias = "Mapping[str, bytes | Tree]"

_NONE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096


class _Writer:
    def __init__(self) -> None:
        self.entries: list[bytearray] = []
        self.sectors: list[bytes] = []
        self.fat: list[int] = []
        self.mini = b""
        self.mini_fat: list[int] = []

    def chain(self, data: bytes) -> int:
        """The data in sectors of their own; the first of them."""
        count = max(1, -(-len(data) // _SECTOR))
        first = len(self.sectors)
        for number in range(count):
            self.sectors.append(
                data[number * _SECTOR : (number + 1) * _SECTOR].ljust(_SECTOR, b"\0")
            )
            self.fat.append(first + number + 1 if number < count - 1 else _END)
        return first

    def stream(self, data: bytes) -> int:
        """The data as a stream, small ones in the mini stream; where it starts."""
        if not data:
            return _END
        if len(data) >= _CUTOFF:
            return self.chain(data)
        first = len(self.mini) // _MINI
        count = -(-len(data) // _MINI)
        self.mini += data.ljust(count * _MINI, b"\0")
        self.mini_fat += [first + n + 1 if n < count - 1 else _END for n in range(count)]
        return first

    def entry(self, name: str, kind: int, start: int, size: int) -> int:
        encoded = (name + "\0").encode("utf-16-le")
        entry = bytearray(encoded.ljust(64, b"\0"))
        entry += struct.pack("<HBBIII", len(encoded), kind, 1, _NONE, _NONE, _NONE)
        entry += bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
        self.entries.append(entry)
        return len(self.entries) - 1

    def folder(self, parent: int, tree: Tree) -> None:
        """The children of an entry, each the right sibling of the one before."""
        before = -1
        for name in sorted(tree, key=lambda n: (len(n), n.upper())):
            content = tree[name]
            if isinstance(content, bytes):
                number = self.entry(name, 2, self.stream(content), len(content))
            else:
                number = self.entry(name, 1, 0, 0)
                self.folder(number, content)
            place, at = (parent, 76) if before < 0 else (before, 72)
            struct.pack_into("<I", self.entries[place], at, number)
            before = number


def compound_file(tree: Tree) -> bytes:
    """An OLE compound file with these streams and storages."""
    writer = _Writer()
    root = writer.entry("Root Entry", 5, _END, 0)
    writer.folder(root, tree)
    if writer.mini:
        struct.pack_into("<I", writer.entries[root], 116, writer.chain(writer.mini))
        struct.pack_into("<Q", writer.entries[root], 120, len(writer.mini))
    mini_fat = struct.pack(f"<{len(writer.mini_fat)}I", *writer.mini_fat)
    mini_start = writer.chain(_filled(mini_fat)) if mini_fat else _END
    mini_sectors = -(-len(mini_fat) // _SECTOR)
    while len(writer.entries) % 4:
        writer.entries.append(
            bytearray(64) + struct.pack("<HBBIII", 0, 0, 0, _NONE, _NONE, _NONE) + bytes(48)
        )
    directory = writer.chain(b"".join(bytes(entry) for entry in writer.entries))
    tables = 1
    while (len(writer.fat) + tables) * 4 > tables * _SECTOR:
        tables += 1
    places = list(range(len(writer.sectors), len(writer.sectors) + tables))
    table = struct.pack(f"<{len(writer.fat)}I", *writer.fat) + struct.pack("<I", _FAT) * tables
    table = table.ljust(tables * _SECTOR, b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<III", tables, directory, 0)
    head += struct.pack("<IIIII", _CUTOFF, mini_start, mini_sectors, _END, 0)
    head += struct.pack(f"<{len(places)}I", *places)
    return head.ljust(_SECTOR, b"\xff") + b"".join(writer.sectors) + table


def _filled(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // _SECTOR) * _SECTOR, b"\xff")


def outlook_tree(
    texts: Mapping[int, str],
    *,
    attachments: list[Tree] | None = None,
    recipients: list[Tree] | None = None,
    sent: datetime | None = None,
    top: bool = True,
    binary: Mapping[str, bytes] | None = None,
) -> Tree:
    """The storages of a message with these properties of text (by number)."""
    tree: dict[str, bytes | Tree] = {
        f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in texts.items()
    }
    tree.update(binary or {})
    properties = bytes(32 if top else 24)
    for number, text in texts.items():
        size = len(text.encode("utf-16-le")) + 2
        properties += struct.pack("<IIII", number << 16 | 0x1F, 6, size, 0)
    if sent is not None:
        ticks = int((sent - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
        properties += struct.pack("<IIQ", 0x0039 << 16 | 0x40, 6, ticks)
    tree["__properties_version1.0"] = properties
    for number, one in enumerate(attachments or []):
        tree[f"__attach_version1.0_#{number:08X}"] = one
    for number, one in enumerate(recipients or []):
        tree[f"__recip_version1.0_#{number:08X}"] = one
    return tree


def outlook_attachment(name: str, data: bytes) -> Tree:
    """The storage of an attached file."""
    return {
        "__substg1.0_3707001F": name.encode("utf-16-le"),
        "__substg1.0_37010102": data,
        "__properties_version1.0": bytes(8)
        + struct.pack("<IIQ", 0x3705 << 16 | 3, 6, 1)
        + struct.pack("<IIII", 0x3707 << 16 | 0x1F, 6, len(name.encode("utf-16-le")) + 2, 0)
        + struct.pack("<IIII", 0x3701 << 16 | 0x102, 6, len(data), 0),
    }


def attached_message(message: Tree) -> Tree:
    """The storage of an attached message."""
    return {
        "__substg1.0_3701000D": message,
        "__properties_version1.0": bytes(8) + struct.pack("<IIQ", 0x3705 << 16 | 3, 6, 5),
    }


def outlook_recipient(name: str, address: str, kind: int = 1) -> Tree:
    """The storage of a recipient: 1 to, 2 copy."""
    return {
        "__substg1.0_3001001F": name.encode("utf-16-le"),
        "__substg1.0_39FE001F": address.encode("utf-16-le"),
        "__properties_version1.0": bytes(8) + struct.pack("<IIQ", 0x0C15 << 16 | 3, 6, kind),
    }
