"""A small good file of every format, made here: what hostile files and fuzz cases start from."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from compound_file import compound_file, outlook_attachment, outlook_tree

DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument."
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: Mapping[str, str | bytes], *, first: str = "") -> bytes:
    """A ZIP archive; the part `first` comes first and is stored as it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts, key=lambda name: name != first):
            how = zipfile.ZIP_STORED if name == first else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), parts[name], how)
    return buffer.getvalue()


def relations(*targets: tuple[str, str], external: Sequence[tuple[str, str]] = ()) -> str:
    """A part of relationships: (kind, target) each, ids rId1 and so on."""
    items = [
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    ]
    items += [
        f'<Relationship Id="rIdX{n}" Type="{RELATIONS}/{kind}" Target="{target}" '
        'TargetMode="External"/>'
        for n, (kind, target) in enumerate(external)
    ]
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'{DECLARATION}<Relationships xmlns="{space}">{"".join(items)}</Relationships>'


def content_types(overrides: Mapping[str, str]) -> str:
    """The part that names the types of the others."""
    items = "".join(
        f'<Override PartName="/{part}" ContentType="{_TYPES}{kind}+xml"/>'
        for part, kind in overrides.items()
    )
    return (
        f'{DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{items}</Types>'
    )


def docx_parts(body: str = "", prolog: str = "") -> dict[str, str | bytes]:
    """The parts of a Word document."""
    text = body or (
        "<w:p><w:r><w:t>第一章 总则</w:t></w:r></w:p><w:p><w:r><w:t>Good words of a document."
        "</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Name</w:t></w:r></w:p></w:tc><w:tc>"
        "<w:p><w:r><w:t>3</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    return {
        "[Content_Types].xml": content_types(
            {"word/document.xml": "wordprocessingml.document.main"}
        ),
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/_rels/document.xml.rels": relations(),
        "word/document.xml": f"{DECLARATION}{prolog}<w:document {W} {R}><w:body>{text}"
        "<w:sectPr/></w:body></w:document>",
    }


def xlsx_parts(
    rows: str = "", prolog: str = "", dimension: str = "A1:B2"
) -> dict[str, str | bytes]:
    """The parts of an Excel workbook."""
    cells = rows or (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c><c r="B1" '
        't="inlineStr"><is>'
        '<t>金额</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is>'
        "<t>Good words</t></is></c>"
        '<c r="B2"><v>3.5</v></c></row>'
    )
    return {
        "[Content_Types].xml": content_types(
            {
                "xl/workbook.xml": "spreadsheetml.sheet.main",
                "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
            }
        ),
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations(("worksheet", "worksheets/sheet1.xml")),
        "xl/workbook.xml": f'{DECLARATION}<workbook {S} {R}><sheets><sheet name="Data" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f"{DECLARATION}{prolog}<worksheet {S}><dimension "
        f'ref="{dimension}"/><sheetData>{cells}</sheetData></worksheet>',
    }


def pptx_parts(shapes: str = "", prolog: str = "") -> dict[str, str | bytes]:
    """The parts of a PowerPoint presentation."""
    inside = shapes or (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Title"/><p:cNvSpPr/><p:nvPr><p:ph type="title"/>'
        "</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>Good words 标题</a:t>"
        "</a:r></a:p></p:txBody></p:sp>"
    )
    group = (
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    )
    return {
        "[Content_Types].xml": content_types(
            {
                "ppt/presentation.xml": "presentationml.presentation.main",
                "ppt/slides/slide1.xml": "presentationml.slide",
            }
        ),
        "_rels/.rels": relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/_rels/presentation.xml.rels": relations(("slide", "slides/slide1.xml")),
        "ppt/presentation.xml": f"{DECLARATION}<p:presentation {P} {R}><p:sldIdLst>"
        '<p:sldId id="256" '
        'r:id="rId1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        "ppt/slides/slide1.xml": f"{DECLARATION}{prolog}<p:sld {P} {A} {R}><p:cSld>"
        f"<p:spTree>{group}"
        f"{inside}</p:spTree></p:cSld></p:sld>",
    }


def odf_parts(kind: str, body: str = "", prolog: str = "") -> dict[str, str | bytes]:
    """The parts of an OpenDocument file of the kind `text`, `spreadsheet` or `presentation`."""
    inside = (
        body
        or {
            "text": "<text:h text:outline-level='1'>标题</text:h><text:p>Good words of a "
            "text.</text:p>",
            "spreadsheet": "<table:table table:name='T'><table:table-row><table:table-cell "
            "office:value-type='string'><text:p>Good words</text:p></table:table-cell>"
            "</table:table-row></table:table>",
            "presentation": "<draw:page draw:name='1'><draw:frame><draw:text-box><text:p>Good words"
            "</text:p></draw:text-box></draw:frame></draw:page>",
        }[kind]
    )
    spaces = " ".join(
        f'xmlns:{name}="{_ODF}:{uri}:1.0"'
        for name, uri in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
        )
    )
    media = f"application/vnd.oasis.opendocument.{kind}"
    return {
        "mimetype": media,
        "META-INF/manifest.xml": f"{DECLARATION}<manifest:manifest "
        f'xmlns:manifest="{_ODF}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>",
        "content.xml": f"{DECLARATION}{prolog}<office:document-content {spaces}><office:body>"
        f"<office:{kind}>{inside}</office:{kind}></office:body></office:document-content>",
    }


def epub_parts(page: str = "", prolog: str = "") -> dict[str, str | bytes]:
    """The parts of an EPUB book."""
    inside = page or "<h1>第一章</h1><p>Good words of a book.</p>"
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{DECLARATION}<container version="1.0" '
        f'xmlns="urn:oasis:names:tc:'
        'opendocument:xmlns:container"><rootfiles><rootfile full-path="b.opf" '
        'media-type="application/oebps-package+xml"/></rootfiles></container>',
        "b.opf": f'{DECLARATION}<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title></metadata>'
        '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>',
        "c.xhtml": f'{DECLARATION}{prolog}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t'
        f"</title></head><body>{inside}</body></html>",
    }


def pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    data = b"%PDF-1.7\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return data


def pdf_stream(content: bytes, more: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
    b"/Resources << /Font << /F1 5 0 R >> >> >>"
)
TEXT = pdf_stream(
    b"BT /F1 12 Tf 72 700 Td (Good words of a page, enough of them to be read.) Tj ET"
)
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def png(width: int = 40, height: int = 20, data: bytes | None = None) -> bytes:
    """A grey PNG; with `data` given, those are its compressed pixels whatever the size says."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    if data is None:
        data = zlib.compress((b"\0" + b"\xff" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bmp(width: int = 8, height: int = 8) -> bytes:
    """A white BMP; its size is only what it says."""
    pixels = b"\xff" * (min(width, 8) * 3 * min(height, 8))
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + head + pixels


def gif(width: int = 4, height: int = 4) -> bytes:
    """A GIF of one colour."""
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0"
        + struct.pack("<HH", width, height) + b"\0\x02\x02\x4c\x01\0;"
    )  # fmt: skip


def tiff(width: int = 8, height: int = 8, *, next_page: int = 0) -> bytes:
    """A grey TIFF of one page; `next_page` is where it says that the next one is."""
    pixels = b"\xff" * 64
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 64),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = 8 + len(pixels)
    return b"II*\0" + struct.pack("<I", start) + pixels + directory + struct.pack("<I", next_page)


def tarred(members: Mapping[str, bytes]) -> bytes:
    """A TAR archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


MAIL = (
    b"From: Ann <ann@x.com>\nTo: Bob <bob@x.com>\nDate: Mon, 1 Jan 2024 10:00:00 +0800\n"
    b"Subject: =?utf-8?B?5Li76aKY?= Good words\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; '
    b"charset=gb2312\n\nGood words of a mail.\n\n> quoted\n--b\nContent-Type: text/html\n\n"
    b"<p>Good <b>words</b></p>\n"
    b'--b\nContent-Type: text/plain; name="a.txt"\nContent-Transfer-Encoding: base64\n\n'
    b"R29vZCB3b3JkcyBvZiBhIGZpbGUu\n--b--\n"
)
ENVELOPE = b"From ann@x.com Mon Jan  1 10:00:00 2024\n"
HTML = (
    "<!DOCTYPE html><html><head><title>Page</title><meta charset='utf-8'></head><body>"
    "<nav>Home</nav>"
    "<main><h1>标题</h1><p>Good words of a page, <a href='x'>linked</a>.</p><table><tr><th>A"
    "</th></tr>"
    "<tr><td>1</td></tr></table><ul><li>one<ul><li>two</li></ul></li></ul><pre>x = 1</pre></main>"
    "</body></html>"
)
MARKDOWN = (
    "---\ntitle: T\n---\n# Head\n\nGood words **bold** [a](b).\n\n| a | b |\n|---|---|\n| 1 "
    "| 2 |\n\n"
    "- x\n  - y\n\n```py\nx = 1\n```\n\n> quote[^1]\n\n[^1]: note\n"
)
RTF = (
    r"{\rtf1\ansi\ansicpg936{\fonttbl{\f0 Arial;}}{\stylesheet{\s1 heading 1;}}\s1\b Head\b0\par"
    r"\pard Good words \u20013?\'d6\'d0 of a text.\par\trowd\cellx1000\cellx2000 a\cell b\cell\row}"
)
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Head\n", "Good words"]},
            {
                "cell_type": "code",
                "metadata": {},
                "source": "x = 1",
                "outputs": [],
                "execution_count": 1,
            },
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


def good_files() -> dict[str, bytes]:
    """A good file of every format, by name; each but the pictures holds "Good words"."""
    text = "第一章 总则\n\nGood words of a plain text, and some more of them.\n"
    files: dict[str, bytes] = {
        "a.pdf": pdf([CATALOG, PAGES, PAGE, TEXT, FONT]),
        "a.docx": zipped(docx_parts()),
        "a.xlsx": zipped(xlsx_parts()),
        "a.pptx": zipped(pptx_parts()),
        "a.odt": zipped(odf_parts("text"), first="mimetype"),
        "a.ods": zipped(odf_parts("spreadsheet"), first="mimetype"),
        "a.odp": zipped(odf_parts("presentation"), first="mimetype"),
        "a.epub": zipped(epub_parts(), first="mimetype"),
        "a.rtf": RTF.encode(),
        "a.html": HTML.encode(),
        "a.md": MARKDOWN.encode(),
        "a.txt": text.encode(),
        "gbk.txt": text.encode("gb18030"),
        "a.rst": b"Head\n====\n\n.. note:: Good words\n\n* a\n* b\n\n== ==\na  b\n== ==\n1  "
        b"2\n== ==\n",
        "a.csv": "Name,金额\nGood words,3\nB,4\n".encode(),
        "a.tsv": b"Name\tSum\nGood words\t3\nB\t4\n",
        "a.json": json.dumps({"title": "T", "items": [{"a": "Good words", "b": 1}] * 3}).encode(),
        "a.jsonl": b'{"a": "Good words"}\n{"a": "more"}\n',
        "a.ipynb": NOTEBOOK.encode(),
        "a.xml": b'<?xml version="1.0"?><r><t>Title</t><p n="1">Good words</p></r>',
        "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><text>Good words</text></svg>',
        "a.py": b'"""Good words."""\nimport os\n\n\ndef f(x):\n    return os.sep\n\n\nclass '
        b'A:\n    def g(self):\n        pass\n',
        "a.eml": MAIL,
        "a.mbox": (ENVELOPE + MAIL + b"\n") * 2,
        "a.msg": compound_file(
            outlook_tree(
                {0x37: "主题", 0x1000: "Good words of a message.", 0x0C1A: "Ann"},
                attachments=[outlook_attachment("b.txt", b"Good words of a file.")],
            )
        ),
        "a.zip": zipped({"b.txt": text, "c/d.md": MARKDOWN}),
        "a.tar": tarred({"b.txt": text.encode(), "c.md": MARKDOWN.encode()}),
        "a.tar.gz": gzip.compress(tarred({"b.txt": text.encode()}), mtime=0),
        "b.txt.bz2": bz2.compress(text.encode()),
        "b.txt.xz": lzma.compress(text.encode()),
        "a.png": png(),
        "a.gif": gif(),
        "a.bmp": bmp(),
        "a.tiff": tiff(),
    }  # fmt: skip
    return files
