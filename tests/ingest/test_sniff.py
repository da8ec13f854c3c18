from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile

import pytest

from ingest.components import DOCX
from ingest.contract import UnreadableFile
from ingest.media import why_unreadable
from ingest.sniff import sniff


def zipped(*members: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for member in members:
            archive.writestr(member, "<x/>")
    return buffer.getvalue()


def ole(*streams: str, below: str = "") -> bytes:
    """An OLE file of a header, a sector of allocation table, and a directory whose root holds
    the streams, the first of them a storage that holds `below`."""
    names = ["Root Entry", *streams, *([below] if below else [])]
    none = 0xFFFFFFFF
    entries = b""
    for number, name in enumerate(names):
        encoded = (name + "\0").encode("utf-16-le")
        right = number + 1 if 0 < number < len(streams) else none
        child = 1 if number == 0 else (len(names) - 1 if below and number == 1 else none)
        kind = 5 if number == 0 else 2
        entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
        entries += (entry + struct.pack("<III", none, right, child)).ljust(128, b"\0")
    sectors = -(-len(entries) // 512)
    fat = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(24, b"\0")
    head += struct.pack("<HHHH", 0x3E, 3, 0xFFFE, 9) + b"\0" * 12 + struct.pack("<II", 1, 1)
    head = head.ljust(76, b"\0") + struct.pack("<I", 0)
    table = struct.pack(f"<{len(fat)}I", *fat)
    return (
        head.ljust(512, b"\xff") + table.ljust(512, b"\xff") + entries.ljust(sectors * 512, b"\0")
    )


def tarred(name: str, form: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    return buffer.getvalue()


OOXML = "application/vnd.openxmlformats-officedocument."
XLS = "application/vnd.ms-excel"
PLAIN, HTML, SOURCE = "text/plain", "text/html", "text/x-source"
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
        (ole("WordDocument", "1Table"), "application/msword"),
        (ole("ObjectPool", "WordDocument", below="Workbook"), "application/msword"),
        (ole("MBD0001", "Workbook", below="WordDocument"), "application/vnd.ms-excel"),
        (ole("Book"), "application/vnd.ms-excel"),
        (ole("PowerPoint Document"), "application/vnd.ms-powerpoint"),
        (ole("__substg1.0_0037001F", "__properties_version1.0"), "application/vnd.ms-outlook"),
        (ole("VisioDocument"), "application/vnd.visio"),
        (ole("Strange"), "application/x-ole-storage"),
        (
            ole("WordDocument")[:60] + b"\xff" * 500 + ole("WordDocument")[560:],
            "application/msword",
        ),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), f"{XLS}.sheet.binary.macroenabled.12"),
        (zipped("META-INF/container.xml", "content.opf"), "application/epub+zip"),
        (zipped("Index/Document.iwa"), "application/x-iwork"),
        (
            zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text-template"),
            "application/vnd.oasis.opendocument.text",
        ),
        (tarred("a.txt", tarfile.USTAR_FORMAT), "application/x-tar"),
        (tarred("长" * 90, tarfile.GNU_FORMAT), "application/x-tar"),
        (tarred("长" * 90, tarfile.PAX_FORMAT), "application/x-tar"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (bz2.compress(b"x"), "application/x-bzip2"),
        (lzma.compress(b"x"), "application/x-xz"),
        (b"BZhang San and PK are people, Rar!", "text/plain"),
        (b"BM" + bytes(60), "image/bmp"),
        (b"MM\0*" + bytes(30), "image/tiff"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
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


MAIL = "From: a@b.c\nTo: d@e.f\nSubject: Hi\n\nBody\n"
ENVELOPE = "From a@b.c Tue Nov 24 19:31:40 2026\n"
MHTML = 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x'
PROGRAM = (
    "import os\n\n\nclass A:\n    def f(self):\n        return os.sep\n\n\ndef g():\n    pass\n"
)
NOTEBOOK = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    ("text", "name", "media_type"),
    [
        # Tables, and prose with commas.
        ("Name,Age\nAlice,30\nBob,41\n", "", "text/csv"),
        ("Name,Age\nAlice,30\nBob,41\n", "people.txt", "text/csv"),
        ("姓名,部门,城市\n张三,财务部,北京\n李四,人事部,上海\n王五,研发部,深圳\n", "", "text/csv"),
        ("Name\nAlice\nBob\n", "names.csv", "text/csv"),
        ("a;b;c\n1;2;3\n", "a.csv", "text/csv"),
        ('Report,,\n\nName,Sum,Note\nA,1,"x, y"\nB,2,"two\nlines"\n', "a.csv", "text/csv"),
        ("sep=;\na;b\n", "a.csv", "text/csv"),
        ("a\tb\n1\t2\n3\t4\n", "a.txt", "text/tab-separated-values"),
        ("a\tb\n1\t2\n", "a.tsv", "text/tab-separated-values"),
        ("Dear all, hello,\nthis is prose, with commas.\nIt ends here, at last.\n", "a.csv", PLAIN),
        ("床前明月光,疑是地上霜\n举头望明月,低头思故乡\n春眠不觉晓,处处闻啼鸟\n", "", PLAIN),
        ("We came, we saw, we won\nI came, I hid, I lost\nyou sang, you ran, you sat\n", "", PLAIN),
        ("Hello Bob,\nThanks, Alice\n", "", PLAIN),
        ("12:00 INFO up, waiting\n12:01 INFO ready, set\n12:02 INFO go, now\n", "a.log", PLAIN),
        # JSON and text in brackets.
        ('{"a": 1, "b": [1.5e3, {"c": null}]}', "", "application/json"),
        ('"words"', "a.json", "application/json"),
        ('{"a": "' + "x" * 70_000 + '"}', "", "application/json"),
        (json.dumps([{"k": "汉" * 50, "n": i} for i in range(900)]), "", "application/json"),
        ("[" * 100_000, "", "application/json"),
        ('{"a": 1}\n{"a": 2}\n', "", "application/x-ndjson"),
        ("[1, 2]\n[3, 4]\n", "", "application/x-ndjson"),
        ('{"a": 1}\n', "a.jsonl", "application/x-ndjson"),
        (NOTEBOOK, "", "application/x-ipynb+json"),
        ("[1] Smith, J. (2019). A paper.\n[2] Another.\n", "", PLAIN),
        ("{name}, dear customer: we write to you.\n", "", PLAIN),
        ('{"a": 1} is how JSON looks.\n', "", PLAIN),
        # Markup.
        ('<?xml version="1.0"?>\n<a><b>x</b></a>', "", "application/xml"),
        ("<note><to>x</to></note>\n", "", "application/xml"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>', "", "application/xml"),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><html><p>x</p></html>', "", HTML),
        ('<p align="center">x</p>\n<h1>T</h1>\n<div>y</div>\n', "README.md", "text/markdown"),
        ("Title\n=====\n\n.. note::\n\n   See :ref:`y`.\n", "", "text/x-rst"),
        ("Words.\n", "a.rst", "text/x-rst"),
        # Programs.
        (PROGRAM, "", SOURCE),
        ("# comment\n\n# another\n\nx = {}\n", "setup.py", SOURCE),
        ("#!/usr/bin/env python3\nprint(1)\n", "run", SOURCE),
        ("all:\n\techo x\n", "Makefile", SOURCE),
        ("a: 1\nb:\n  - c\n", "a.yaml", SOURCE),
        ("He said:\n\nimport os\n\nand it ran. We went on;\nthere was more.", "", PLAIN),
        # Mail.
        (ENVELOPE + MAIL, "", "message/rfc822"),
        (ENVELOPE + MAIL, "a.mbox", "application/mbox"),
        (ENVELOPE + MAIL + "\n" + ENVELOPE + MAIL, "", "application/mbox"),
        (MHTML, "", "message/rfc822"),
        # The name decides among text formats only.
        ("A line without any marks.", "note.md", "text/markdown"),
        ("A line without any marks.", "note.txt", PLAIN),
        ("<html><body>x</body></html>", "page.md", HTML),
    ],
)  # fmt: skip
def test_text_formats_are_told_apart(text: str, name: str, media_type: str) -> None:
    assert sniff(text.encode(), name) == media_type
    assert sniff(text.replace("\n", "\r\n").encode(), name) == media_type
    assert sniff(b"\xef\xbb\xbf" + text.encode(), name) == media_type


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8"])
def test_chinese_in_legacy_encodings_changes_nothing(encoding: str) -> None:
    table = "姓名,金额\n张三,100\n李四,200\n王五,300\n".encode(encoding)
    assert sniff(table, "a.csv") == sniff(table, "") == "text/csv"
    assert sniff("# 注释：计算总额\nx = 1\n".encode(encoding), "a.py") == SOURCE
    prose = "各位同事,大家好。\n今天开会,讨论预算,请准时参加。\n谢谢大家。\n".encode(encoding)
    assert sniff(prose, "a.csv") == sniff(prose, "") == PLAIN


def test_a_binary_file_is_what_it_is_whatever_its_name() -> None:
    assert sniff(PNG, "scan.md") == "image/png"


def test_a_zip_that_lists_absurdly_many_members_is_refused() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    data = b"PK\x03\x04" + entry * 60_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 60_000, 60_000, len(entry) * 60_000, 4, 0)
    with pytest.raises(UnreadableFile, match=r"60,000 members, over the limit of 50,000"):
        sniff(data + end, "a.zip")


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
        ("application/x-7z-compressed", "a 7z archive"),
        ("image/heic", "a HEIC image"),
        ("audio/mpeg", "an audio file"),
        ("video/mp4", "a video file"),
        ("application/x-new", "of a kind that Braid does not know"),
    ],
)
def test_reason_names_the_format_and_what_is_read_instead(media_type: str, words: str) -> None:
    reason = why_unreadable(media_type, ["application/pdf", "text/csv"])
    assert words in reason
    assert media_type in reason
    assert reason.endswith("read are PDF, CSV")
    assert "\n" not in reason
