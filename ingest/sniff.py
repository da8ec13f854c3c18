"""The media type of a file from its content; the name only tells text formats apart."""

from __future__ import annotations

import io
import re
import zipfile

from ingest import ole
from ingest.contract import UnreadableFile
from ingest.encodings import decode, looks_binary
from ingest.media import DAMAGED_ZIP, ENCRYPTED_OFFICE, ODF, OOXML
from ingest.sniff_text import HEAD_BYTES, text_type
from ingest.tars import is_tar

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MSCF\x00\x00\x00\x00", "application/vnd.ms-cab-compressed"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (4, b"1AY&SY", "application/x-bzip2"),
    (4, b"\x17\x72\x45\x38\x50\x90", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/x-executable"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"%!PS", "application/postscript"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS\x00", "audio/ogg"),
    (0, b"fLaC\x00", "audio/flac"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
)
_BINARY_ONLY = {
    "image/bmp", "image/webp", "application/x-executable", "video/mp4", "audio/mpeg", "audio/mp4",
    "audio/wav", "image/heic", "image/avif",
}  # fmt: skip
_OOXML_FOLDERS = (
    ("word/", OOXML + "wordprocessingml.document"),
    ("ppt/", OOXML + "presentationml.presentation"),
    ("xl/", OOXML + "spreadsheetml.sheet"),
    ("visio/", "application/vnd.visio"),
)
_OLE_STREAMS = (
    ("EncryptedPackage", ENCRYPTED_OFFICE),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("VisioDocument", "application/vnd.visio"),
    ("HwpSummaryInformation", "application/x-hwp"),
)
_ODF_TYPE = re.compile(re.escape(ODF) + r"[a-z-]{1,40}")
_MAX_ENTRIES = 50_000


def sniff(data: bytes, name: str = "") -> str:
    """The media type of the content. `name` is a hint among text formats only.

    Raises UnreadableFile for an empty file, and for a ZIP that lists absurdly many members.
    """
    if not data[:HEAD_BYTES].strip(_BLANK) and not data.strip(_BLANK):
        what = "is empty (0 bytes)" if not data else "holds nothing but blanks"
        raise UnreadableFile(f"the file {what}: there is nothing to read")
    # First: a PDF that is packed without compression shows its own signature.
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")):
        return _zip_type(data)
    if b"%PDF-" in data[:1024] and not _is_text_about_pdf(data):
        return "application/pdf"
    if data.startswith(ole.MAGIC):
        return _ole_type(data)
    if is_tar(data):
        return "application/x-tar"
    for offset, magic, media_type in _MAGIC:
        if data[offset : offset + len(magic)] == magic and (
            media_type not in _BINARY_ONLY or b"\x00" in data[:16] or looks_binary(data)
        ):
            return media_type
    if looks_binary(data):
        return "application/octet-stream"
    return text_type(decode(data[:HEAD_BYTES]).text, name, data)


_BLANK = b"\x00\t\n\r\x0c \xef\xbb\xbf\xfe\xff"


def _is_text_about_pdf(data: bytes) -> bool:
    """A text that mentions the PDF signature some way into its first kilobyte."""
    start = data.index(b"%PDF-")
    return start > 0 and b"%%EOF" not in data and b" obj" not in data


def _zip_type(data: bytes) -> str:
    # The directory is read into objects as a whole, so it is counted first.
    entries = data.count(b"PK\x01\x02", _directory_start(data))
    if entries > _MAX_ENTRIES:
        raise UnreadableFile(
            f"the archive lists {entries:,} members, over the limit of {_MAX_ENTRIES:,}: split it"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = ""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype").decode("ascii", "replace").strip()
    except Exception:  # a damaged directory raises anything, from ValueError to struct.error
        return DAMAGED_ZIP
    if mimetype == "application/epub+zip" or _ODF_TYPE.fullmatch(mimetype):
        for template in ("-template", "-master", "-web"):
            mimetype = mimetype.removesuffix(template)
        return mimetype
    return _package_type(names)


def _directory_start(data: bytes) -> int:
    """Where the central directory may begin at the earliest; 0 where that is not known."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or end + 22 > len(data):
        return 0
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    return 0 if size == 0xFFFFFFFF else max(0, end - size - 100)


def _package_type(names: set[str]) -> str:
    if "[Content_Types].xml" in names:
        if "xl/workbook.bin" in names:
            return "application/vnd.ms-excel.sheet.binary.macroenabled.12"
        for folder, media_type in _OOXML_FOLDERS:
            if any(member.startswith(folder) for member in names):
                return media_type
    if "META-INF/container.xml" in names and any(n.endswith(".opf") for n in names):
        return "application/epub+zip"
    if "META-INF/MANIFEST.MF" in names and any(n.endswith((".class", ".dex")) for n in names):
        return "application/java-archive"
    if any(n.endswith(".iwa") for n in names) or "Index.zip" in names:
        return "application/x-iwork"
    return "application/zip"


def _ole_type(data: bytes) -> str:
    names = ole.root_names(data) or []
    for stream, media_type in _OLE_STREAMS:
        if any(stream in name for name in names):
            return media_type
    # The directory is damaged or hard to follow: the names of its entries lie somewhere.
    for stream, media_type in _OLE_STREAMS:
        if f"{stream}\x00".encode("utf-16-le") in data:
            return media_type
    return "application/x-ole-storage"
