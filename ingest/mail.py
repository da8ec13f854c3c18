"""An e-mail message as it is sent (RFC 5322, MIME): its header, its body and what is attached.

Mail is seldom what the standards say: header text without an encoding, GB2312 declared where
GB18030 is used, names of files in every way there is. What is declared is a hint here.
"""

from __future__ import annotations

import binascii
import email
import email.errors
import email.utils
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import policy
from email.header import decode_header
from email.message import Message
from functools import partial
from urllib.parse import unquote_to_bytes

from ingest.contract import UnreadableFile
from ingest.encodings import decode, known_charset, naturalness

_MAX_PARTS = 2_000
_MAX_DEPTH = 40
_SMALL_PICTURE = 20_000
_WESTERN = ("cp1252", "iso8859-1", "latin-1", "ascii", "iso8859-15")
_ENCODED_GAP = re.compile(r"(\?=)\s+(=\?)")
_PAGE_PARTS = ("text/css", "text/javascript", "application/javascript", "application/x-javascript")
_CID = re.compile(r"""(?:src|background)\s*=\s*["']?cid:([^"'\s>]+)""", re.IGNORECASE)
_ENDINGS = {
    "message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics",
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "application/pdf": ".pdf",
    "text/csv": ".csv", "application/zip": ".zip", "application/ms-tnef": ".dat",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a message; `media_type` is what the message says it is. `load`
    decodes it: a mail may carry more than is good to have in memory twice."""

    name: str
    load: Callable[[], bytes] = field(repr=False, compare=False)
    media_type: str = "application/octet-stream"

    @property
    def data(self) -> bytes:
        """Its bytes, decoded anew at every call."""
        return self.load()


@dataclass(frozen=True, slots=True)
class Mail:
    """A message. `date` is ISO 8601 with its offset; `flowed` tells of RFC 3676, and `delsp`
    of its variant for texts without spaces. `is_reply` and `page_url` come from the header."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    date: str = ""
    message_id: str = ""
    is_reply: bool = False
    page_url: str = ""
    text: str = ""
    html: str = ""
    flowed: bool = False
    delsp: bool = False
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)


def read_mail(data: bytes) -> Mail:
    """The message in the bytes. Raises UnreadableFile where its parts are nested too deeply or
    too many."""
    try:
        message = email.message_from_bytes(data, policy=policy.compat32)
        parts = list(_leaves(message, 0))
    except RecursionError as error:
        raise UnreadableFile("the parts of the message are nested too deeply") from error
    text, html, attachments = _sorted_out(message, parts)
    flowed, delsp = False, False
    plain = _text_of(text) if text is not None else ""
    if text is not None:
        flowed = str(text.get_param("format", "")).lower() == "flowed"
        delsp = str(text.get_param("delsp", "")).lower() == "yes"
    return Mail(
        subject=header(message, "subject"),
        sender=addresses(message, "from"),
        to=addresses(message, "to"),
        cc=addresses(message, "cc"),
        date=_date(header(message, "date")),
        message_id=header(message, "message-id").strip("<> "),
        is_reply=bool(header(message, "in-reply-to") or header(message, "references")),
        page_url=header(message, "snapshot-content-location"),
        text=plain,
        html=_text_of(html) if html is not None else "",
        flowed=flowed,
        delsp=delsp,
        attachments=tuple(attachments),
    )


def _leaves(part: Message, depth: int, count: list[int] | None = None) -> Iterator[Message]:
    """Parts that hold content, in order; a message inside is one of them, and is not entered."""
    count = count if count is not None else [0]
    count[0] += 1
    if count[0] > _MAX_PARTS:
        raise UnreadableFile(f"the message has more than {_MAX_PARTS:,} parts, the limit")
    if depth > _MAX_DEPTH:
        raise UnreadableFile(f"the parts of the message are nested over {_MAX_DEPTH} deep")
    inside = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(inside, list):
        for child in inside:
            if isinstance(child, Message):
                yield from _leaves(child, depth + 1, count)
    else:
        yield part


def _sorted_out(
    message: Message, parts: list[Message]
) -> tuple[Message | None, Message | None, list[Attachment]]:
    """The plain body, the HTML body, and everything else."""
    text: Message | None = None
    html: Message | None = None
    rest: list[Message] = []
    for part in parts:
        kind = part.get_content_type()
        is_body = part.get_content_disposition() != "attachment" and not _is_named(part)
        if kind == "text/html" and html is None and (is_body or len(parts) == 1):
            html = part
        elif kind == "text/plain" and text is None and (is_body or len(parts) == 1):
            text = part
        else:
            rest.append(part)
    shown = set(_CID.findall(_text_of(html))) if html is not None else set()
    is_page = message.get_content_type() == "multipart/related" and text is None
    attachments: list[Attachment] = []
    for part in rest:
        if part.get_content_type() in _PAGE_PARTS and is_page:
            continue
        attached = _attachment(part, len(attachments) + 1)
        cid = str(part.get("content-id", "")).strip("<> ")
        # Small pictures within the text are logos and smileys.
        inline = cid in shown or (is_page and not part.get_content_disposition())
        is_picture = attached.media_type.startswith("image/")
        size = _encoded_size(part)
        if not size or (inline and is_picture and size * 3 // 4 < _SMALL_PICTURE):
            continue
        attachments.append(attached)
    return text, html, attachments


def _attachment(part: Message, number: int) -> Attachment:
    kind = part.get_content_type()
    if part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        subject = header(first, "subject") if isinstance(first, Message) else ""
        name = _name(part) or f"{subject or 'message'}.eml"
        return Attachment(name, partial(_message_bytes, first), "message/rfc822")
    name = _name(part) or f"attachment {number}{_ENDINGS.get(kind, '')}"
    return Attachment(name, partial(_bytes_of, part), kind)


def _message_bytes(message: object) -> bytes:
    return message.as_bytes(policy=policy.compat32) if isinstance(message, Message) else b""


def _encoded_size(part: Message) -> int:
    """Characters of the content as it is sent; 1 for a message inside."""
    payload = part.get_payload()
    return len(payload.strip()) if isinstance(payload, str) else int(bool(payload))


def _bytes_of(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, binascii.Error, LookupError, AssertionError):
        payload = None
    return payload if isinstance(payload, bytes) else b""


def _text_of(part: Message) -> str:
    data = _bytes_of(part)
    declared = known_charset(str(part.get_param("charset") or "")) or None
    return decode_declared(data, declared)


def decode_declared(data: bytes, declared: str | None) -> str:
    """The text of bytes of which a charset is declared; a Western one is often what a program
    puts where it knows none, so it has to read as naturally as what is found."""
    if not data:
        return ""
    if declared == "utf-7":
        return data.decode("utf-7", "replace")
    if declared and declared.startswith(("iso2022", "hz")):
        return data.decode(declared, "replace")
    if declared in _WESTERN and not data.isascii():
        declared = declared if _reads_western(data) else None
    try:
        return decode(data, declared).text
    except UnreadableFile:
        return data.decode(declared or "utf-8", "replace")


def _reads_western(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return naturalness(data, "cp1252") >= naturalness(data, "gb18030")
    return False


def header(message: Message, name: str) -> str:
    """A field of the header as text: encoded words (RFC 2047) decoded, bytes without a charset
    guessed, folds removed."""
    return next((header_text(value) for value in _fields(message, name)), "")


def _fields(message: Message, name: str) -> Iterator[str]:
    """The fields of that name as they stand, bytes above ASCII as surrogates."""
    for key, value in message.raw_items():
        if key.lower() == name:
            yield str(value)


def header_text(value: str) -> str:
    """Decodes the raw text of a header field."""
    value = _ENCODED_GAP.sub(r"\1\2", value)
    pieces: list[str] = []
    pending, codec = b"", ""
    try:
        words = decode_header(value) if "=?" in value else [(value, None)]
    except (ValueError, binascii.Error, email.errors.HeaderParseError):
        words = [(value, None)]
    for word, charset in words:
        if isinstance(word, str):
            word = word.encode("utf-8", "surrogateescape")
        # Characters are cut in two between words; those of one charset are one.
        if pending and (charset or "") != codec:
            pieces.append(_word(pending, codec))
            pending = b""
        pending, codec = pending + word, charset or ""
    pieces.append(_word(pending, codec))
    return " ".join("".join(pieces).replace("\x00", "").split())


def _word(data: bytes, charset: str) -> str:
    return decode_declared(data, known_charset(charset) if charset else None)


def addresses(message: Message, name: str) -> str:
    """The addresses of a field, as `Name <address>`, with commas between."""
    values = [header_text(value) for value in _fields(message, name)]
    found: list[str] = []
    for value in values:
        pairs = email.utils.getaddresses([value]) if len(value) < 20_000 else []
        shown = [_address(*pair) for pair in pairs if any(pair)]
        found.extend(shown or [value[:2000]])
    return ", ".join(found)


def _address(name: str, address: str) -> str:
    if name and address and name != address:
        return f"{name} <{address}>"
    return name or address


def _date(value: str) -> str:
    try:
        return email.utils.parsedate_to_datetime(value).isoformat() if value else ""
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _is_named(part: Message) -> bool:
    return any("name" in value.lower() for value in _fields(part, "content-disposition")) or (
        part.get_param("name") is not None
    )


def _name(part: Message) -> str:
    """The name of the file: RFC 2231, RFC 2047 in quotes, or bare bytes."""
    for key, field_name in (("filename", "content-disposition"), ("name", "content-type")):
        found = _parameter(part, key, field_name)
        if "%" in found and re.fullmatch(r"(?:[\w.+() -]|%[0-9A-Fa-f]{2})+", found):
            found = decode_declared(unquote_to_bytes(found), None)
        name = found.replace("\\", "/").rsplit("/", 1)[-1].strip(" .\"'")
        if name:
            return name
    return ""


def _parameter(part: Message, key: str, field_name: str) -> str:
    field_text = next(_fields(part, field_name), "")
    bare = Message()
    bare[field_name] = decode_declared(field_text.encode("utf-8", "surrogateescape"), None)
    try:
        value = bare.get_param(key, None, field_name)
    except (ValueError, LookupError, AttributeError):
        return ""
    if isinstance(value, tuple):
        charset, _, text = value
        return decode_declared(text.encode("latin-1", "replace"), known_charset(charset or ""))
    return header_text(str(value)) if value else ""
