"""Outlook messages (.msg): the properties of a message in an OLE file.

Source: [MS-OXMSG] for the streams, [MS-OXPROPS] for the properties. An attached message is
written as an Internet message, so that it is read as any other.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import HeaderParser
from pathlib import PurePosixPath
from typing import Any

from ingest.contract import UnreadableFile
from ingest.encodings import decode, naturalness
from ingest.mail import Attachment, Mail, header

_SUBJECT, _SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0037, 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC, _BODY, _HTML, _RTF = 0x0E04, 0x0E03, 0x1000, 0x1013, 0x1009
_HEADERS, _MESSAGE_ID, _IN_REPLY_TO = 0x007D, 0x1035, 0x1042
_SUBMITTED, _DELIVERED, _CODE_PAGE, _HTML_CODE_PAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_DATA, _LONG_NAME, _SHORT_NAME, _MIME, _METHOD = 0x3701, 0x3707, 0x3704, 0x370E, 0x3705
_CONTENT_ID, _HIDDEN = 0x3712, 0x7FFE
_EMBEDDED = 5
_ATTACHMENTS = "__attach_version1.0_"
_RECIPIENTS = "__recip_version1.0_"
_NAME, _ADDRESS, _SMTP, _RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
_MAX_ATTACHMENTS = 2_000
_MAX_DEPTH = 8
_SMALL_PICTURE = 20_000
_STREAM = 2
_COUNTS = (44, 64, 72)
"""Where the header counts the sectors of its tables."""

_DAMAGED = "the Outlook message is damaged (a size in it cannot be): get a whole copy"
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_message(data: bytes) -> Mail:
    """The message in the bytes of an .msg file. Raises UnreadableFile where it is damaged."""
    import olefile

    try:
        _check_header(data)
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            _check_size(ole.root.size, len(data))
            return _Storage(ole, (), len(data)).mail(0)
    except UnreadableFile:
        raise
    except RecursionError as error:
        raise UnreadableFile("the message is nested too deeply to be read") from error
    except Exception as error:  # the library raises anything on a damaged file
        raise UnreadableFile(
            f"the Outlook message is damaged ({type(error).__name__}: {error}): get a whole copy"
        ) from error


def _check_header(data: bytes) -> None:
    """Raises UnreadableFile where the header counts more sectors than there are."""
    if len(data) < 512:
        raise UnreadableFile(_DAMAGED)
    shift = struct.unpack_from("<H", data, 30)[0]
    sectors = (len(data) >> min(shift, 16)) + 1
    counts = (struct.unpack_from("<I", data, place)[0] for place in _COUNTS)
    if any(count > sectors for count in counts):
        raise UnreadableFile(_DAMAGED)


def _check_size(size: int, limit: int) -> None:
    """Raises UnreadableFile for a stream that cannot be in the file: the library follows a chain
    of sectors as far as its size says, round and round."""
    if size > limit:
        raise UnreadableFile(_DAMAGED)


@dataclass(frozen=True)
class _Storage:
    """A storage of the file: a message, an attachment or a recipient. `path` leads to it;
    `limit` is what a stream can have at most, in bytes."""

    ole: Any
    path: tuple[str, ...]
    limit: int

    def stream(self, name: str) -> bytes | None:
        """The bytes of a stream of this storage, None where there is none."""
        place = [*self.path, name]
        if not self.ole.exists(place) or self.ole.get_type(place) != _STREAM:
            return None
        _check_size(self.ole.get_size(place), self.limit)
        with self.ole.openstream(place) as stream:
            return bytes(stream.read())

    def raw(self, property_id: int, kinds: str) -> tuple[str, bytes] | None:
        """The type and the bytes of a property that has a stream of its own."""
        for kind in kinds.split():
            data = self.stream(f"__substg1.0_{property_id:04X}{kind}")
            if data is not None:
                return kind, data
        return None

    def text(self, property_id: int, code_page: str = "") -> str:
        """A property of text, "" where there is none."""
        found = self.raw(property_id, "001F 001E")
        if found is None:
            return ""
        kind, data = found
        wide = kind == "001F"
        text = data.decode("utf-16-le", "replace") if wide else _narrow(data, code_page)
        return text.replace("\x00", "")

    def fixed(self) -> Mapping[int, bytes]:
        """The properties of fixed size, eight bytes each."""
        data = self.stream("__properties_version1.0") or b""
        begin = 8 if self.path and self.path[-1].startswith((_ATTACHMENTS, _RECIPIENTS)) else 24
        begin = 32 if not self.path else begin
        found: dict[int, bytes] = {}
        for start in range(begin, len(data) - 15, 16):
            tag = struct.unpack_from("<I", data, start)[0]
            found[tag >> 16] = data[start + 8 : start + 16]
        return found

    def children(self, prefix: str) -> list[_Storage]:
        """The storages right below whose names begin so, in order."""
        names: dict[str, None] = {}
        for entry in self.ole.listdir(streams=True, storages=True):
            depth = len(self.path)
            below = len(entry) > depth and tuple(entry[:depth]) == self.path
            if below and entry[depth].startswith(prefix):
                names[entry[depth]] = None
        return [_Storage(self.ole, (*self.path, name), self.limit) for name in sorted(names)]

    def mail(self, depth: int) -> Mail:
        """The message in this storage."""
        fixed = self.fixed()
        code_page = _code_page(fixed.get(_CODE_PAGE))
        headers = HeaderParser(policy=policy.compat32).parsestr(self.text(_HEADERS, code_page))
        address = self.text(_SENDER_SMTP) or self.text(_SENDER_ADDRESS)
        sender = _shown(self.text(_SENDER, code_page), address)
        stated = header(headers, "date")
        sent = _time(fixed.get(_SUBMITTED)) or _time(fixed.get(_DELIVERED)) or stated
        to, cc = self._recipients(code_page)
        html = self.raw(_HTML, "0102 001F 001E")
        return Mail(
            subject=" ".join(self.text(_SUBJECT, code_page).split()),
            sender=sender,
            to=to or self.text(_TO, code_page),
            cc=cc or self.text(_CC, code_page),
            date=sent,
            message_id=self.text(_MESSAGE_ID).strip("<> "),
            is_reply=bool(self.text(_IN_REPLY_TO) or header(headers, "references")),
            text=self.text(_BODY, code_page),
            html=_html(html, _code_page(fixed.get(_HTML_CODE_PAGE)) or code_page),
            attachments=tuple(self._attachments(code_page, depth)),
        )

    def _recipients(self, code_page: str) -> tuple[str, str]:
        """Those the message is sent to, and those that get a copy."""
        found: dict[int, list[str]] = {1: [], 2: []}
        for one in self.children(_RECIPIENTS)[:_MAX_ATTACHMENTS]:
            kind = struct.unpack_from("<I", one.fixed().get(_RECIPIENT_TYPE, b"\1\0\0\0"))[0]
            address = one.text(_SMTP) or one.text(_ADDRESS)
            if kind in found:
                found[kind].append(_shown(one.text(_NAME, code_page), address))
        return ", ".join(filter(None, found[1])), ", ".join(filter(None, found[2]))

    def _attachments(self, code_page: str, depth: int) -> list[Attachment]:
        found: list[Attachment] = []
        for number, one in enumerate(self.children(_ATTACHMENTS), 1):
            if number > _MAX_ATTACHMENTS:
                raise UnreadableFile(f"the message has over {_MAX_ATTACHMENTS:,} attachments")
            item = one.attachment(code_page, number, depth)
            if item is not None:
                found.append(item)
        return found

    def attachment(self, code_page: str, number: int, depth: int) -> Attachment | None:
        """The attachment in this storage; None where it is a small picture within the text."""
        inner = f"__substg1.0_{_DATA:04X}000D"
        name = self.text(_LONG_NAME, code_page) or self.text(_SHORT_NAME, code_page)
        name = PurePosixPath(name.replace("\\", "/")).name or f"attachment {number}"
        if self.ole.exists([*self.path, inner]):
            if depth >= _MAX_DEPTH:
                raise UnreadableFile(f"messages are attached to one another over {_MAX_DEPTH} deep")
            method = self.fixed().get(_METHOD, b"\0" * 8)
            if struct.unpack_from("<I", method)[0] not in (0, _EMBEDDED):
                return None  # an object drawn in the text, of the program that made it
            mail = _Storage(self.ole, (*self.path, inner), self.limit).mail(depth + 1)
            data = as_internet_message(mail)
            return Attachment(f"{mail.subject or name}.eml", lambda: data, _MESSAGE)
        found = self.raw(_DATA, "0102")
        if found is None:
            return None
        content = found[1]
        kind = self.text(_MIME) or "application/octet-stream"
        inline = bool(self.text(_CONTENT_ID)) and any(self.fixed().get(_HIDDEN, b""))
        if inline and len(content) < _SMALL_PICTURE:
            return None
        return Attachment(name, lambda: content, kind.lower())


_MESSAGE = "message/rfc822"


def as_internet_message(mail: Mail) -> bytes:
    """The message as it would be sent (RFC 5322)."""
    message = EmailMessage(policy=policy.SMTP)
    fields = (
        ("From", mail.sender),
        ("To", mail.to),
        ("Cc", mail.cc),
        ("Subject", mail.subject),
        ("Date", _rfc_date(mail.date)),
        ("Message-ID", f"<{mail.message_id}>" if mail.message_id else ""),
    )
    head = "".join(f"{name}: {_encoded(value)}\r\n" for name, value in fields if value)
    message.set_content(mail.text or "", charset="utf-8", cte="base64")
    if mail.html:
        message.add_alternative(mail.html, subtype="html", charset="utf-8", cte="base64")
    for item in mail.attachments:
        main, _, sub = item.media_type.partition("/")
        if item.media_type == _MESSAGE or not (main.isalnum() and sub):
            main, sub = "application", "octet-stream"
        message.add_attachment(item.data, maintype=main, subtype=sub, filename=item.name)
    return head.encode("ascii") + message.as_bytes()


def _encoded(value: str) -> str:
    """A field's text in ASCII (RFC 2047); an address stays readable."""
    from email.header import Header

    flat = " ".join(value.split())
    if flat.isascii():
        return flat
    parts = [
        part if part.isascii() else Header(part, "utf-8", maxlinelen=10_000).encode()
        for part in flat.split(" ")
    ]
    return " ".join(parts)


def _rfc_date(date: str) -> str:
    from email.utils import format_datetime

    try:
        return format_datetime(datetime.fromisoformat(date)) if date else ""
    except ValueError:
        return ""


def _narrow(data: bytes, code_page: str) -> str:
    """Text of the 8-bit kind; the code page stated is often that of the reader's machine."""
    try:
        if code_page and naturalness(data, code_page) > 0.5:
            return data.decode(code_page)
        return decode(data.rstrip(b"\x00")).text
    except (UnicodeDecodeError, LookupError, UnreadableFile):
        return data.decode("cp1252", "replace")


def _html(found: tuple[str, bytes] | None, code_page: str) -> str:
    from ingest.encodings import declared_charset

    if found is None:
        return ""
    kind, data = found
    if kind == "001F":
        return data.decode("utf-16-le", "replace")
    try:
        return decode(data, declared_charset(data) or code_page or None).text
    except UnreadableFile:
        return ""


def _code_page(value: bytes | None) -> str:
    number = struct.unpack_from("<I", value)[0] if value else 0
    known = {65001: "utf-8", 936: "gb18030", 54936: "gb18030", 20936: "gb18030", 20127: "ascii"}
    if number in known:
        return known[number]
    return f"cp{number}" if number in range(400, 1300) and number != 1200 else ""


def _time(value: bytes | None) -> str:
    ticks = struct.unpack("<Q", value)[0] if value else 0
    try:
        moment = _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return ""
    return moment.replace(microsecond=0).isoformat() if ticks else ""


def _shown(name: str, address: str) -> str:
    address = address if "@" in address else ""
    if name and address and name.strip("'") != address:
        return f"{name} <{address}>"
    return name.strip("'") or address
