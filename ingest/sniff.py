"""The media type of a file from its content; the name only tells text formats apart."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from ingest.contract import UnreadableFile
from ingest.encodings import decode, looks_binary

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-executable"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"%!PS", "application/postscript"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
)
_BINARY_ONLY = {"image/bmp", "application/x-executable", "video/mp4", "audio/mpeg"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_NAMES: Mapping[str, str] = {
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
        "a PowerPoint presentation"
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "an Excel workbook",
    "application/vnd.oasis.opendocument.text": "an OpenDocument text",
    "application/vnd.oasis.opendocument.presentation": "an OpenDocument presentation",
    "application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet",
    "application/epub+zip": "an EPUB book",
    "application/rtf": "a Rich Text document",
    "message/rfc822": "an e-mail message",
    "application/vnd.ms-outlook": "an Outlook message",
    "application/msword": "an old Word document",
    "application/vnd.ms-excel": "an old Excel workbook",
    "application/vnd.ms-powerpoint": "an old PowerPoint presentation",
    "application/x-ole-storage": "an OLE container of an unknown kind",
    "application/zip": "a ZIP archive",
    "application/x-executable": "a program",
    "application/octet-stream": "binary data of an unknown kind",
    "application/vnd.sqlite3": "an SQLite database",
}
_ENCRYPTED_OFFICE = "application/x-encrypted-office"
_DAMAGED_ZIP = "application/x-damaged-zip"
_ADVICE: Mapping[str, str] = {
    "image": "its text would need OCR; make a PDF with a text layer of it",
    "audio": "transcribe it and ingest the text",
    "video": "transcribe it and ingest the text",
    "application/zip": "unpack it and ingest what is inside",
    "application/gzip": "unpack it and ingest what is inside",
    "application/x-7z-compressed": "unpack it and ingest what is inside",
    "application/vnd.rar": "unpack it and ingest what is inside",
    "application/octet-stream": "open it in the program that made it and save it as PDF or text",
    "application/x-executable": "leave it out",
    "application/epub+zip": "convert it to HTML or PDF",
    "message/rfc822": "save it as HTML or plain text",
    "application/vnd.ms-outlook": "save it as HTML or plain text",
    "application/msword": "save it as DOCX or PDF",
    "application/rtf": "save it as DOCX or PDF",
}
_MARKDOWN_NAMES = {".md", ".markdown", ".mdown", ".mkd"}
_PLAIN_NAMES = {".py", ".sh", ".c", ".h", ".java", ".js", ".ts", ".yaml", ".yml", ".toml", ".ini"}
_MAIL_HEADER = re.compile(
    r"^(?:from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|cc|"
    r"content-type|reply-to|x-[a-z0-9-]+):[ \t]*\S",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"<(?:html|head|body|div|p|h[1-6]|table|ul|ol|article|section|span|a\s+href|meta|title)\b[^<>]*>",
    re.IGNORECASE,
)


def sniff(data: bytes, name: str = "") -> str:
    """The media type of the content. `name` is a hint among text formats only.

    Raises UnreadableFile for an empty file.
    """
    if not data.strip(b"\x00\t\n\r\x0c \xef\xbb\xbf\xfe\xff"):
        what = "is empty (0 bytes)" if not data else "holds nothing but blanks"
        raise UnreadableFile(f"the file {what}: there is nothing to read")
    if b"%PDF-" in data[:1024] and not _is_text_about_pdf(data):
        return "application/pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_type(data)
    if data.startswith(_OLE):
        return _ole_type(data)
    for offset, magic, media_type in _MAGIC:
        if data[offset : offset + len(magic)] == magic and (
            media_type not in _BINARY_ONLY or looks_binary(data)
        ):
            return media_type
    if looks_binary(data):
        return "application/octet-stream"
    return _text_type(decode(data[:65536]).text, name)


def why_unreadable(media_type: str) -> str:
    """The reason given for a file of a type that has no parser, with what to do."""
    if media_type == _ENCRYPTED_OFFICE:
        return "the file is an encrypted Office document: save it without its password first"
    if media_type == _DAMAGED_ZIP:
        return (
            "the file begins as a ZIP-based document (DOCX, PPTX, ...) but is cut off or damaged: "
            "get a whole copy of it"
        )
    family = media_type.split("/")[0]
    if family in ("image", "audio", "video"):
        article = "an" if family in ("image", "audio") else "a"
        what = f"{article} {family} file"
    else:
        what = _NAMES.get(media_type, "of a kind that Braid does not know")
    advice = _ADVICE.get(media_type, _ADVICE.get(family, "save it as PDF"))
    return (
        f"the file is {what} ({media_type}): this version reads PDF, DOCX, HTML, Markdown and "
        f"plain text; {advice}"
    )


def _is_text_about_pdf(data: bytes) -> bool:
    """A text that mentions the PDF signature some way into its first kilobyte."""
    start = data.index(b"%PDF-")
    return start > 0 and b"%%EOF" not in data and b" obj" not in data


def _zip_type(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = ""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype").decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return _DAMAGED_ZIP
    if mimetype == "application/epub+zip" or mimetype.startswith(_ODF):
        return mimetype.removesuffix("-template")
    if "[Content_Types].xml" in names:
        for folder, kind in (
            ("word/", "wordprocessingml.document"),
            ("ppt/", "presentationml.presentation"),
            ("xl/", "spreadsheetml.sheet"),
        ):
            if any(member.startswith(folder) for member in names):
                return _OOXML + kind
    return "application/zip"


def _ole_type(data: bytes) -> str:
    for stream, media_type in (
        ("EncryptedPackage", _ENCRYPTED_OFFICE),
        ("__substg1.0_", "application/vnd.ms-outlook"),
        ("WordDocument", "application/msword"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
        ("Workbook", "application/vnd.ms-excel"),
        ("Book\x00", "application/vnd.ms-excel"),
    ):
        if stream.encode("utf-16-le") in data:
            return media_type
    return "application/x-ole-storage"


def _text_type(text: str, name: str) -> str:
    head = text.lstrip("\ufeff \t\r\n")[:20_000]
    suffix = PurePosixPath(name.lower()).suffix
    if head.startswith("{\\rtf"):
        return "application/rtf"
    if _is_mail(head):
        return "message/rfc822"
    if _is_html(head, suffix):
        return "text/html"
    if suffix in _MARKDOWN_NAMES:
        return "text/markdown"
    if suffix not in _PLAIN_NAMES and _is_markdown(head):
        return "text/markdown"
    return "text/plain"


def _is_mail(head: str) -> bool:
    """Header lines from the first line on, with at least three of the well-known ones."""
    known: set[str] = set()
    for number, line in enumerate(head.splitlines()[:60]):
        if not line.strip():
            break
        if _MAIL_HEADER.match(line):
            known.add(line.split(":")[0].lower())
        elif not _goes_on_as_header(line, number):
            return False
    wanted = {"from", "to", "subject", "date", "received", "message-id", "mime-version"}
    return len(known) >= 3 and len(known & wanted) >= 3


def _goes_on_as_header(line: str, number: int) -> bool:
    """Whether a line can stand in a mail header: a field, a folded line, or the envelope."""
    if number == 0:
        return line.startswith("From ")
    return line[0].isspace() or re.match(r"[\w-]+:", line) is not None


def _is_html(head: str, suffix: str) -> bool:
    start = head[:2000].lower()
    start = re.sub(r"^(?:<\?xml[^>]*\?>|<!--.*?-->|\s)+", "", start, flags=re.DOTALL)
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return True
    if start.startswith("<!doctype") and "<html" in start:
        return True
    tags = len(_TAG.findall(head))
    if suffix in (".html", ".htm", ".xhtml"):
        return tags >= 1
    return start.startswith("<") and tags >= 3 and "</" in head


def _is_markdown(head: str) -> bool:
    """At least two kinds of Markdown structure, or a run of headings with text under them."""
    if head.startswith("---\n") and re.search(r"^---\s*$", head[4:4000], re.MULTILINE):
        return re.search(r"^#{1,6} \S", head, re.MULTILINE) is not None
    headings = len(re.findall(r"^#{1,6} \S.*$", head, re.MULTILINE))
    kinds = [
        headings > 0,
        len(re.findall(r"^(?:```|~~~)", head, re.MULTILINE)) >= 2,
        re.search(r"!?\[[^\]\n]+\]\([^)\s]+\)", head) is not None,
        re.search(r"^\|?[ :]*-{3,}[ :]*(?:\|[ :]*-{3,}[ :]*)+\|?[ \t]*$", head, re.M) is not None,
        len(re.findall(r"\*\*[^*\n]+\*\*", head)) >= 2,
        len(re.findall(r"^[-*+] \S", head, re.MULTILINE)) >= 2,
    ]
    deep = re.search(r"^#{2,6} \S", head, re.MULTILINE) is not None
    return (headings > 0 and sum(kinds) >= 2) or (headings >= 2 and deep) or sum(kinds[1:5]) >= 3
