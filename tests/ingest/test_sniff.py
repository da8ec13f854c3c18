from __future__ import annotations

import io
import zipfile

import pytest

from ingest.components import DOCX, PARSERS
from ingest.contract import UnreadableFile
from ingest.sniff import sniff, why_unreadable


def zipped(*members: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for member in members:
            archive.writestr(member, "<x/>")
    return buffer.getvalue()


def ole(*streams: str) -> bytes:
    names = b"".join(stream.encode("utf-16-le").ljust(64, b"\0") for stream in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + names


OOXML = "application/vnd.openxmlformats-officedocument."
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
        (b"junk before\n%PDF-1.4\n1 0 obj\n%%EOF", "application/pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), DOCX),
        (
            zipped("[Content_Types].xml", "ppt/presentation.xml"),
            OOXML + "presentationml.presentation",
        ),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), OOXML + "spreadsheetml.sheet"),
        (zipped("a.xml", mimetype="application/epub+zip"), "application/epub+zip"),
        (
            zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        (zipped("a.txt", "b.txt"), "application/zip"),
        (ole("Root Entry", "WordDocument"), "application/msword"),
        (ole("Root Entry", "Workbook"), "application/vnd.ms-excel"),
        (ole("Root Entry", "PowerPoint Document"), "application/vnd.ms-powerpoint"),
        (ole("__substg1.0_0037001F"), "application/vnd.ms-outlook"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(50), "image/jpeg"),
        (b"GIF89a" + bytes(30), "image/gif"),
        (b"II*\0" + bytes(30), "image/tiff"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(30), "image/webp"),
        (b"{\\rtf1\\ansi Hello}", "application/rtf"),
        (b"From: a@b.c\r\nTo: d@e.f\r\nSubject: Hi\r\n\r\nBody", "message/rfc822"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "text/html"),
        (b"\xef\xbb\xbf  <html><head></head></html>", "text/html"),
        (b"<div><p>One</p><p>Two</p></div>", "text/html"),
        (b"# Title\n\nText.\n\n## Part\n\n- a\n- b\n", "text/markdown"),
        ("# 标题\n\n正文 **重点** 与 **其他**。\n".encode("gb18030"), "text/markdown"),
        ("第一章 总则\n\n本办法自发布之日起施行。\n".encode("gb18030"), "text/plain"),
        ("会议纪要：项目进展顺利。".encode("utf-16-le"), "text/plain"),
        (b"Plain words, nothing else.", "text/plain"),
        (b"MZ is how this sentence begins, a plain text all the same.", "text/plain"),
        (bytes(range(256)) * 20, "application/octet-stream"),
        (b"\x01\x02\x03\x04\x05\x06" * 200, "application/octet-stream"),
    ],
)
def test_media_type_comes_from_the_content(data: bytes, media_type: str) -> None:
    assert sniff(data, "anything.pdf") == media_type


def test_name_decides_among_text_formats_only() -> None:
    assert sniff(b"A line without any marks.", "note.md") == "text/markdown"
    assert sniff(b"A line without any marks.", "note.txt") == "text/plain"
    assert sniff(b"# comment\n\n# another\n\nx = {}\n", "setup.py") == "text/plain"
    assert sniff(b"<html><body>x</body></html>", "page.md") == "text/html"
    assert sniff(PNG, "scan.md") == "image/png"


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\0" * 100])
def test_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"nothing to read"):
        sniff(data, "a.txt")


def test_cut_off_docx_is_called_damaged() -> None:
    whole = zipped("[Content_Types].xml", "word/document.xml")
    assert "damaged" in why_unreadable(sniff(whole[: len(whole) // 2], "a.docx"))


def test_encrypted_office_document_is_called_encrypted() -> None:
    assert "encrypted" in why_unreadable(sniff(ole("EncryptionInfo", "EncryptedPackage"), "a.docx"))


@pytest.mark.parametrize(
    ("media_type", "words"),
    [
        (OOXML + "presentationml.presentation", "a PowerPoint presentation"),
        (OOXML + "spreadsheetml.sheet", "an Excel workbook"),
        ("application/epub+zip", "an EPUB book"),
        ("image/png", "an image"),
        ("message/rfc822", "an e-mail message"),
    ],
)
def test_reason_names_the_format_and_what_to_do(media_type: str, words: str) -> None:
    reason = why_unreadable(media_type)
    assert words in reason
    assert media_type in reason
    assert "PDF" in reason
    assert media_type not in PARSERS
