"""Documents that are a ZIP archive of XML parts (OOXML, OpenDocument), read within bounds.

A part is unpacked when it is asked for, so that pictures and films cost nothing. XML is parsed
without entities, DTDs and network.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Literal

from lxml import etree

from ingest.contract import Source, UnreadableFile

MAX_PARTS = 100_000
MAX_UNPACKED = 1 << 30
MAX_TREE = 256 << 20
MAX_TAGS = 16_000_000
"""Bounds of parts in a package, of bytes unpacked from it, and of bytes and tags of one part
that is held in memory as a tree."""

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OSError)
"""What reading a damaged part raises."""

_STRICT = b"http://purl.oclc.org/ooxml/"
_YEAR = re.compile(
    rb"http://purl\.oclc\.org/ooxml/(wordprocessingml|presentationml|spreadsheetml|drawingml|"
    rb"officeDocument)/"
)
_TOO_LONG = re.compile(r"huge text|text node too long", re.I)
_TOO_DEEP = re.compile(r"excessive depth|depth in document|maximum depth|huge", re.I)


@dataclass
class Package:
    """An open package. `name` is the file's, `what` says what it should be ("a Word document"),
    for the reasons given."""

    name: str
    what: str
    archive: zipfile.ZipFile
    parts: dict[str, zipfile.ZipInfo]
    unpacked: int = 0
    damaged: list[str] = field(default_factory=list)

    @staticmethod
    def of(source: Source, what: str) -> Package:
        """The package in the file's bytes. Raises UnreadableFile where it is no ZIP archive, is
        cut off, locked with a password, or larger than what is read."""
        try:
            archive = zipfile.ZipFile(io.BytesIO(source.data))
            items = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise UnreadableFile(
                f"{source.name}: not readable as {what} ({error}); get a whole copy of it or "
                "save it again"
            ) from error
        if len(items) > MAX_PARTS:
            raise UnreadableFile(
                f"{source.name}: it holds {len(items)} parts, more than the {MAX_PARTS} that are "
                f"read; this is hardly {what}"
            )
        parts = {item.filename.lstrip("/").lower(): item for item in items}
        return Package(source.name, what, archive, parts)

    def __contains__(self, part: str) -> bool:
        return part.lower() in self.parts

    def stream(self, part: str) -> IO[bytes] | None:
        """The part to be read bit by bit, None where there is none. Raises UnreadableFile where
        it is locked or the package unpacks to more than what is read."""
        item = self.parts.get(part.lower())
        if item is None:
            return None
        self.unpacked += item.file_size
        if self.unpacked > MAX_UNPACKED:
            raise UnreadableFile(
                f"{self.name}: it unpacks to more than the {MAX_UNPACKED >> 20} MiB that are "
                "read; split the document"
            )
        if item.flag_bits & 1:
            raise UnreadableFile(
                f"{self.name}: it is locked with a password; save it without one first"
            )
        try:
            return self.archive.open(item)
        except (*_BROKEN, NotImplementedError, ValueError) as error:
            raise self._broken(part, error) from error

    def read(self, part: str) -> bytes | None:
        """The bytes of a part of at most MAX_TREE, None where there is none."""
        stream = self.stream(part)
        if stream is None:
            return None
        try:
            with stream:
                data = stream.read(MAX_TREE + 1)
        except _BROKEN as error:
            raise self._broken(part, error) from error
        if len(data) > MAX_TREE:
            raise UnreadableFile(
                f"{self.name}: its part {part} has more than the {MAX_TREE >> 20} MiB that are "
                "read; split the document"
            )
        return data

    def root(self, part: str) -> etree._Element | None:
        """The root element of an XML part, None where there is none. Strict OOXML is read as
        the common one. A part that is not well-formed is read as far as it goes and named in
        `damaged`; raises UnreadableFile where nothing of it can be read."""
        data = self.read(part)
        if data is None or not data.strip():
            return None
        if data.count(b"<") > MAX_TAGS:
            raise UnreadableFile(
                f"{self.name}: its part {part} has more than the {MAX_TAGS} tags that are read; "
                "split the document"
            )
        if _STRICT in data:
            data = transitional(data)
        refuse_entities(data, self.name)
        try:
            return etree.fromstring(data, _parser(recover=False))
        except (etree.XMLSyntaxError, ValueError) as error:
            if _TOO_LONG.search(str(error)):
                raise UnreadableFile(
                    f"{self.name}: it holds a text of more than 10 MB in one piece; split it"
                ) from error
            if _TOO_DEEP.search(str(error)):
                raise UnreadableFile(f"{self.name}: nested too deeply to be read") from error
            self.damaged.append(part)
            try:
                root: etree._Element | None = etree.fromstring(data, _parser(recover=True))
            except (etree.XMLSyntaxError, ValueError):
                root = None
            if root is None:
                raise self._broken(part, error) from error
            return root

    def walk(
        self, part: str, tags: Sequence[str], events: Sequence[Literal["start", "end"]] = ("end",)
    ) -> Iterator[tuple[str, etree._Element]]:
        """(event, element) for each element with one of the local names, in order, while the
        part is read. The caller clears what it has read. Raises UnreadableFile where the XML
        breaks off."""
        stream = self.stream(part)
        if stream is None:
            return
        with stream:
            try:
                head = stream.read(65536)
                refuse_entities(head, self.name)
                yield from etree.iterparse(
                    _Rest(head, stream),
                    events=tuple(events),
                    tag=tuple(f"{{*}}{tag}" for tag in tags),
                    resolve_entities=False,
                    no_network=True,
                    load_dtd=False,
                    huge_tree=False,
                )
            except (etree.XMLSyntaxError, *_BROKEN) as error:
                raise self._broken(part, error) from error

    def _broken(self, part: str, error: Exception) -> UnreadableFile:
        return UnreadableFile(
            f"{self.name}: not readable as {self.what}: its part {part} is damaged ({error}); "
            "save it again from the program that made it"
        )


@dataclass
class _Rest:
    """A stream whose head has been read already."""

    head: bytes
    stream: IO[bytes]

    def read(self, size: int = -1) -> bytes:
        if self.head:
            head, self.head = self.head, b""
            return head
        return self.stream.read(size)


def transitional(data: bytes) -> bytes:
    """Strict OOXML with the names of the common (transitional) one."""
    return _YEAR.sub(rb"http://schemas.openxmlformats.org/\1/2006/", data)


def refuse_entities(data: bytes, name: str) -> None:
    """Raises UnreadableFile where the XML defines entities, which no office program writes."""
    head = data[:65536]
    if b"<!ENTITY" in head or "<!ENTITY".encode("utf-16-le") in head:
        raise UnreadableFile(
            f"{name}: its XML defines entities, which are not read; save it again from the "
            "program that made it"
        )


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )
