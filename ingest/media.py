"""The names of media types, and the reason given for a file that is not read."""

from __future__ import annotations

from collections.abc import Collection, Mapping

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
ENCRYPTED_OFFICE = "application/x-encrypted-office"
DAMAGED_ZIP = "application/x-damaged-zip"

_LABELS: Mapping[str, tuple[str, str]] = {
    "application/pdf": ("PDF", "a PDF"),
    OOXML + "wordprocessingml.document": ("DOCX", "a Word document"),
    OOXML + "presentationml.presentation": ("PPTX", "a PowerPoint presentation"),
    OOXML + "spreadsheetml.sheet": ("XLSX", "an Excel workbook"),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": (
        "XLSB",
        "a binary Excel workbook",
    ),
    ODF + "text": ("ODT", "an OpenDocument text"),
    ODF + "presentation": ("ODP", "an OpenDocument presentation"),
    ODF + "spreadsheet": ("ODS", "an OpenDocument spreadsheet"),
    ODF + "graphics": ("ODG", "an OpenDocument drawing"),
    "application/rtf": ("RTF", "a Rich Text document"),
    "application/epub+zip": ("EPUB", "an EPUB book"),
    "application/msword": ("DOC", "an old Word document"),
    "application/vnd.ms-excel": ("XLS", "an old Excel workbook"),
    "application/vnd.ms-powerpoint": ("PPT", "an old PowerPoint presentation"),
    "application/vnd.visio": ("Visio", "a Visio drawing"),
    "application/x-hwp": ("HWP", "a Hangul document"),
    "application/x-iwork": ("iWork", "a Pages, Numbers or Keynote document"),
    "application/x-ole-storage": ("OLE", "an OLE container of an unknown kind"),
    "text/html": ("HTML", "a web page"),
    "text/markdown": ("Markdown", "a Markdown text"),
    "text/x-rst": ("reStructuredText", "a reStructuredText"),
    "text/plain": ("plain text", "a plain text"),
    "text/csv": ("CSV", "a table of comma-separated values"),
    "text/tab-separated-values": ("TSV", "a table of tab-separated values"),
    "application/json": ("JSON", "JSON data"),
    "application/x-ndjson": ("JSON Lines", "JSON Lines data"),
    "application/xml": ("XML", "XML data"),
    "application/x-ipynb+json": ("IPYNB", "a Jupyter notebook"),
    "text/x-source": ("source code", "source code"),
    "message/rfc822": ("EML", "an e-mail message"),
    "application/vnd.ms-outlook": ("MSG", "an Outlook message"),
    "application/mbox": ("MBOX", "a mailbox"),
    "application/zip": ("ZIP", "a ZIP archive"),
    "application/x-tar": ("TAR", "a TAR archive"),
    "application/gzip": ("gzip", "a gzip-compressed file"),
    "application/x-bzip2": ("bzip2", "a bzip2-compressed file"),
    "application/x-xz": ("xz", "an xz-compressed file"),
    "application/zstd": ("Zstandard", "a Zstandard-compressed file"),
    "application/x-7z-compressed": ("7z", "a 7z archive"),
    "application/vnd.rar": ("RAR", "a RAR archive"),
    "application/vnd.ms-cab-compressed": ("CAB", "a cabinet archive"),
    "application/java-archive": ("JAR", "a Java archive"),
    "application/postscript": ("PostScript", "a PostScript file"),
    "application/x-executable": ("program", "a program"),
    "application/vnd.sqlite3": ("SQLite", "an SQLite database"),
    "application/octet-stream": ("binary", "binary data of an unknown kind"),
    "image/png": ("PNG", "a PNG image"),
    "image/jpeg": ("JPEG", "a JPEG image"),
    "image/tiff": ("TIFF", "a TIFF image"),
    "image/webp": ("WebP", "a WebP image"),
    "image/bmp": ("BMP", "a BMP image"),
    "image/gif": ("GIF", "a GIF image"),
    "image/heic": ("HEIC", "a HEIC image"),
    "image/avif": ("AVIF", "an AVIF image"),
}
"""By media type: the short name, and what a file of it is called in a sentence."""

_UNPACK = "unpack it and ingest what is inside"
_ADVICE: Mapping[str, str] = {
    "image": "save it as PNG or PDF",
    "audio": "transcribe it and ingest the text",
    "video": "transcribe it and ingest the text",
    "application/zip": _UNPACK,
    "application/gzip": _UNPACK,
    "application/x-bzip2": _UNPACK,
    "application/x-xz": _UNPACK,
    "application/x-tar": _UNPACK,
    "application/zstd": _UNPACK,
    "application/x-7z-compressed": _UNPACK,
    "application/vnd.rar": _UNPACK,
    "application/vnd.ms-cab-compressed": _UNPACK,
    "application/java-archive": "leave it out",
    "application/x-executable": "leave it out",
    "application/octet-stream": "open it in the program that made it and save it as PDF or text",
    "application/vnd.sqlite3": "export its tables as CSV",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": "save it as XLSX",
}


def label(media_type: str) -> str:
    """The short name of a type (`PDF`, `XLSX`); the type itself where it has none."""
    return _LABELS.get(media_type, (media_type, ""))[0]


def describe(media_type: str) -> str:
    """What a file of the type is called in a sentence, with its article."""
    if media_type in _LABELS:
        return _LABELS[media_type][1]
    family = media_type.split("/")[0]
    if family in ("image", "audio", "video"):
        return f"{'a' if family == 'video' else 'an'} {family} file"
    return "of a kind that Braid does not know"


def why_unreadable(media_type: str, readable: Collection[str] = ()) -> str:
    """The reason given for a file of a type that is not read, with what to do. `readable` are
    the types that are (the parser table)."""
    if media_type == ENCRYPTED_OFFICE:
        return "the file is an encrypted Office document: save it without its password first"
    if media_type == DAMAGED_ZIP:
        return (
            "the file begins as a ZIP archive or a ZIP-based document (DOCX, PPTX, ...) but is "
            "cut off or damaged: get a whole copy of it"
        )
    advice = _ADVICE.get(media_type) or _ADVICE.get(media_type.split("/")[0], "save it as PDF")
    known = [name for kind, (name, _) in _LABELS.items() if kind in readable]
    what = f"the file is {describe(media_type)} ({media_type})"
    if not known:
        return f"{what}, which is not read: {advice}"
    return f"{what}, which is not read: {advice}; read are {', '.join(known)}"
