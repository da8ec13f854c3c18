"""Files that are made to hang, to exhaust, or to reach what is not theirs, with good ones beside.

Each is made from a good file of `seeds`. `CANARY` is a word that lies in a file outside of what is
ingested: it must not come out of any of them.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable

from compound_file import attached_message, compound_file, outlook_tree
from seeds import (
    CATALOG,
    FONT,
    MAIL,
    PAGE,
    PAGES,
    TEXT,
    bmp,
    docx_parts,
    epub_parts,
    gif,
    good_files,
    odf_parts,
    pdf,
    pdf_stream,
    png,
    pptx_parts,
    relations,
    tiff,
    xlsx_parts,
    zipped,
)

CANARY = "kingfisher7713"

_LOL = "<!DOCTYPE r [<!ENTITY a0 'lol lol lol lol '>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip
_PLAIN = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"


def _external(secret: str) -> str:
    """A DTD that asks for a file and for an address."""
    return f"<!DOCTYPE r [<!ENTITY x SYSTEM '{secret}'><!ENTITY % y SYSTEM '{secret}'> %y;]>"


def hostile_files(secret: str, url: str) -> dict[str, bytes]:
    """The files by name. `secret` is the path of a file with CANARY, `url` an address of this
    machine; they are asked for in every way that a format knows."""
    files: dict[str, bytes] = {}
    for make in (
        _archives, _zip_structures, _tars, _entities, _damaged, _pdfs, _texts, _pictures,
        _sheets, _mails,
    ):  # fmt: skip
        files.update(make())
    for reach in (_reaching, _linked):
        files.update(reach(secret, url))
    return files


def _nested(levels: int, pack: Callable[[bytes, int], bytes], inner: bytes) -> bytes:
    for level in range(levels):
        inner = pack(inner, level)
    return inner


def _zip_of(members: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)
    return buffer.getvalue()


def _archives() -> dict[str, bytes]:
    blanks = bytes(17_200_000)
    leaf = _zip_of([(f"{n}.bin", bytes(1_000_000)) for n in range(4)])
    wide = _nested(5, lambda data, _: _zip_of([(f"{n}.zip", data) for n in range(10)]), leaf)
    deep = _nested(60, lambda data, _: _zip_of([("in.zip", data)]), b"Good words")
    return {
        "bomb_flat.zip": _zip_of([("blanks.txt", blanks)]),
        "bomb_nested.zip": wide,
        "bomb_deep.zip": deep,
        "bomb.txt.gz": gzip.compress(blanks),
        "bomb.txt.bz2": bz2.compress(blanks),
        "bomb.txt.xz": lzma.compress(blanks),
        "bomb_twice.gz": gzip.compress(gzip.compress(blanks)),
        "bomb.docx": zipped({**docx_parts(), "word/media/x.bin": blanks}),
        "bomb_body.docx": zipped(docx_parts(_PLAIN.format("x" * 17_200_000))),
        "bomb.odt": zipped(
            odf_parts("text", "<text:p>" + "x" * 17_200_000 + "</text:p>"), first="mimetype"
        ),
        "spaces.odt": zipped(
            odf_parts("text", "<text:p>Good words<text:s text:c='999999999'/></text:p>"),
            first="mimetype",
        ),
        "bomb.epub": zipped(epub_parts("<p>" + " " * 17_200_000 + "</p>"), first="mimetype"),
        "many.zip": _many(20_050),
        "xz_dictionary.xz": _xz_with_large_dictionary(),
    }


def _many(count: int) -> bytes:
    """An archive of so many empty members."""
    rest = (20, 0, 0, 0, 33, 0, 0, 0, 6, 0)
    local = b"".join(
        struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *rest) + b"%06d" % n for n in range(count)
    )
    entries = b"".join(
        struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, *rest, 0, 0, 0, 0, 36 * n)
        + b"%06d" % n
        for n in range(count)
    )
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + end


def _xz_with_large_dictionary() -> bytes:
    """A stream whose header asks for 1.5 GB to be unpacked."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(b"Good words", lzma.FORMAT_XZ, filters=filters))
    # Block header: size, flags, filter id, size of its properties, the dictionary's size.
    size = (data[12] + 1) * 4
    data[12 + 4] = 39
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(bytes(data[12 : 12 + size - 4])))
    return bytes(data)


def _zip_structures() -> dict[str, bytes]:
    return {
        "overlapping.zip": _overlapping(200),
        "quine.zip": _holding_itself(),
        "traversal.zip": _zip_of(
            [
                ("../../up.txt", b"up"),
                ("/abs.txt", b"abs"),
                ("C:\\x.txt", b"x"),
                ("ok.txt", b"Good words"),
            ]
        ),
        "lying_size.zip": _with_stated_size(1 << 31),
        "lying_small.zip": _with_stated_size(3),
        "encrypted.zip": _flagged_encrypted(),
        "repeated.zip": _zip_of([("a.txt", b"Good words")] * 50),
        "link.zip": _zip_link(),
        "names.zip": _zip_of(
            [
                ("a\u202etxt.exe", b"Good words"),
                ("n" * 4096 + ".txt", b"Good words"),
                ("d/" * 2000 + "x.txt", b"Good words"),
                ("a\x01\x1b[31m.txt", b"Good words"),
            ]
        ),
        "nul_name.zip": _zip_of([("axb.txt", b"Good words")]).replace(b"axb.txt", b"a\0b.txt"),
        "no_directory.zip": _zip_of([("a.txt", b"Good words" * 99)])[:60],
        "huge_comment.zip": _zip_of([("a.txt", b"Good words")])[:-2] + b"\xff\xff" + b"c" * 65535,
        "zip64_lie.zip": _zip_of([("a.txt", b"Good words")])[:-22]
        + b"PK\x05\x06"
        + b"\xff" * 16
        + b"\0\0",
    }


def _overlapping(count: int) -> bytes:
    """Many entries of the directory that share one compressed kernel (D. Fifield)."""
    kernel = zlib.compress(bytes(1_000_000), 9)[2:-4]
    crc = zlib.crc32(bytes(1_000_000))
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(kernel), 1_000_000, 5, 0
    )
    data = local + b"a.txt" + kernel
    entry = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, crc, len(kernel), 1_000_000, 5,
        0, 0, 0, 0, 0, 0,
    ) + b"a.txt"  # fmt: skip
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, len(data), 0
    )
    return data + entry * count + end


def _holding_itself() -> bytes:
    """R. Cox's quine in effect: an archive whose member unpacks to an archive of the same, so
    deep that it might as well have no end."""
    return _nested(200, lambda data, n: _zip_of([("r/r.zip", data)]), b"Good words")


def _with_stated_size(size: int) -> bytes:
    data = bytearray(_zip_of([("a.txt", b"Good words " * 50), ("b.txt", b"Good words")]))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", size)
    return bytes(data)


def _flagged_encrypted() -> bytes:
    data = bytearray(_zip_of([("a.txt", b"secret"), ("b.txt", b"Good words")]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _zip_link() -> bytes:
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ok.txt", "Good words")
    return buffer.getvalue()


def _tars() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for kind, name, target in (
            (tarfile.SYMTYPE, "soft.txt", "/etc/passwd"),
            (tarfile.LNKTYPE, "hard.txt", "../../etc/passwd"),
            (tarfile.CHRTYPE, "zero", ""),
            (tarfile.BLKTYPE, "disk", ""),
            (tarfile.FIFOTYPE, "pipe", ""),
            (tarfile.REGTYPE, "../../up.txt", ""),
            (tarfile.REGTYPE, "/abs.txt", ""),
            (tarfile.REGTYPE, "n" * 4000 + ".txt", ""),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)
    members = buffer.getvalue()
    sized = bytearray(_header("huge.txt", 8 << 30))
    pax = _header("x", 1 << 30, b"x") + b"99 path=../../x\n"
    return {
        "links.tar": members,
        "huge_size.tar": bytes(sized) + b"Good words",
        "huge_pax.tar": pax,
        "negative.tar": _header("a.txt", -1024) * 3,
        "endless.tar": _header("huge.txt", 1 << 60) + b"Good words",
        "endless.tar.gz": gzip.compress(_header("huge.txt", 1 << 60) + b"Good words"),
        "bomb.tar.gz": gzip.compress(_header("a.txt", 25_000_000) + bytes(25_000_000)),
        "garbage.tar.gz": gzip.compress(_header("a.txt", 10) + bytes(range(256)) * 40),
    }


def _header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


def _entities() -> dict[str, bytes]:
    """Billions of laughs in everything that is XML."""
    used = "&a9;"
    svg = f"{_LOL}<svg xmlns='http://www.w3.org/2000/svg'><text>{used}</text></svg>"
    deep = "<!DOCTYPE r [<!ENTITY a '" + "x" * 100_000 + "'>]><r>" + "&a;" * 30_000 + "</r>"
    return {
        "laughs.xml": f"<?xml version='1.0'?>{_LOL}<r>{used}</r>".encode(),
        "quadratic.xml": f"<?xml version='1.0'?>{deep}".encode(),
        "laughs.svg": svg.encode(),
        "laughs.html": f"{_LOL}<html><body><p>Good words {used}</p></body></html>".encode(),
        "laughs.docx": zipped(docx_parts(_PLAIN.format(used), _LOL)),
        "laughs.xlsx": zipped(
            xlsx_parts(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{used}</t></is></c></row>', _LOL)
        ),
        "laughs.pptx": zipped(pptx_parts(f"<p:sp>{used}</p:sp>", _LOL)),
        "laughs.odt": zipped(odf_parts("text", f"<text:p>{used}</text:p>", _LOL), first="mimetype"),
        "laughs.epub": zipped(epub_parts(f"<p>{used}</p>", _LOL), first="mimetype"),
        "laughs_types.docx": zipped(
            {
                **docx_parts(),
                "[Content_Types].xml": f"<?xml version='1.0'?>{_LOL}<Types>{used}</Types>",
            }
        ),
    }


def _reaching(secret: str, url: str) -> dict[str, bytes]:
    """What asks for files and addresses outside."""
    files: dict[str, bytes] = {}
    for number, target in enumerate((f"file://{secret}", url)):
        dtd = _external(target)
        files |= {
            f"external{number}.xml": f"<?xml version='1.0'?>{dtd}<r>Good words &x;</r>".encode(),
            f"external{number}.svg": f"<?xml version='1.0'?>{dtd}<svg><text>Good words &x;</text>"
            f"<image href='{target}'/></svg>".encode(),
            f"external{number}.docx": zipped(docx_parts(_PLAIN.format("Good words &x;"), dtd)),
            f"external{number}.xlsx": zipped(
                xlsx_parts('<row r="1"><c r="A1"><v>&x;</v></c></row>', dtd)
            ),
            f"external{number}.pptx": zipped(pptx_parts("", dtd)),
            f"external{number}.odt": zipped(
                odf_parts("text", "<text:p>Good words &x;</text:p>", dtd), first="mimetype"
            ),
            f"external{number}.epub": zipped(
                epub_parts("<p>Good words &x;</p>", dtd), first="mimetype"
            ),
            f"schema{number}.xml": f"<?xml version='1.0'?><!DOCTYPE r SYSTEM '{target}'><r xmlns:i="
            f"'http://www.w3.org/2001/XInclude'><i:include href='{target}' parse='text'/>"
            "Good words</r>".encode(),
            f"include{number}.rst": f"Head\n====\n\nGood words\n\n.. include:: {secret}\n\n"
            f".. raw:: html\n"
            f"   :file: {secret}\n\n.. csv-table::\n   :file: {secret}\n\n.. image:: {target}\n\n"
            f".. literalinclude:: {secret}\n\n.. csv-table::\n   :url: {url}\n".encode(),
        }
    return files


def _linked(secret: str, url: str) -> dict[str, bytes]:
    """External links, objects and macros of office files, pages and PDFs."""
    parts = docx_parts(
        _PLAIN.format("Good words")
        + '<w:p><w:r><w:instrText xml:space="preserve"> INCLUDETEXT "'
        + secret
        + '" </w:instrText>'
        "</w:r></w:p>"
    )
    external = [
        ("attachedTemplate", f"{url}t.dotm"),
        ("image", url),
        ("oleObject", f"file://{secret}"),
    ]
    parts["word/_rels/document.xml.rels"] = relations(external=external)
    parts["word/vbaProject.bin"] = b"\xd0\xcf\x11\xe0Sub AutoOpen()"
    sheet = xlsx_parts(
        f'<row r="1"><c r="A1" t="str"><f>WEBSERVICE("{url}")</f><v>Good words</v></c>'
        f'<c r="B1"><f>DDE("cmd","/c calc","x")</f><v>1</v></c></row>'
    )
    sheet["xl/_rels/workbook.xml.rels"] = relations(
        ("worksheet", "worksheets/sheet1.xml"), external=[("externalLink", url)]
    )
    climbing = pptx_parts()
    climbing["ppt/_rels/presentation.xml.rels"] = relations(
        ("slide", "slides/slide1.xml"), ("slideMaster", "../../../../" + secret)
    )
    page = (
        f"<!DOCTYPE html><html><head><link rel=stylesheet href='{url}'><script src='{url}'>"
        f"</script>"
        f"<base href='{url}'></head><body><img src='{url}'><iframe src='file://{secret}'></iframe>"
        f"<object data='{url}'></object><p>Good words of a page that is long enough.</p>"
        f"</body></html>"
    )
    action = f"<< /Type /Action /S /URI /URI ({url}) >>".encode()
    script = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    launch = f"<< /S /Launch /F ({secret}) >>".encode()
    note = f"# Good words\n\n![x]({url})\n\n<img src='file://{secret}'>\n\n[a](file://{secret})\n"
    mail = MAIL.replace(b"<p>Good", f"<img src='{url}'><p>Good".encode()).replace(
        b"Content-Type: text/html",
        b'Content-Type: message/external-body; access-type=local-file; name="'
        + secret.encode()
        + b'"\n\n--b\nContent-Type: text/html',
    )
    book = epub_parts(f"<p>Good words</p><img src='{url}'/>")
    book["b.opf"] = str(book["b.opf"]).replace("c.xhtml", "../../../.." + secret)
    notebook = {
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": f"Good words ![x]({url})"}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return {
        "linked.docx": zipped(parts),
        "linked.xlsx": zipped(sheet),
        "climbing.pptx": zipped(climbing),
        "linked.html": page.encode(),
        "linked.md": note.encode(),
        "linked.eml": mail,
        "linked.ipynb": json.dumps(notebook).encode(),
        "climbing.epub": zipped(book, first="mimetype"),
        "linked.rtf": (
            r"{\rtf1 Good words {\field{\*\fldinst INCLUDEPICTURE " + f'"{url}"' + r"}{\fldrslt x}}"
            r"{\object\objlink{\*\objdata 00}}}"
        ).encode(),
        "actions.pdf": pdf(
            [
                b"<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 7 0 R /DS 8 0 "
                b"R >> >>",
                PAGES,
                PAGE,
                TEXT,
                FONT,
                action,
                script,
                launch,
            ]
        ),
        "external_stream.pdf": pdf(
            [CATALOG, PAGES, PAGE, pdf_stream(b"", f"/F ({secret}) /FFilter /None".encode()), FONT]
        ),
    }


def _damaged() -> dict[str, bytes]:
    """Truncated and bit-flipped files of the formats that people have most."""
    good = good_files()
    files: dict[str, bytes] = {}
    for ending in ("pdf", "docx", "pptx", "xlsx", "zip", "odt", "epub", "msg", "rtf", "tar.gz"):
        data = good[f"a.{ending}"]
        files[f"cut.{ending}"] = data[: len(data) * 2 // 3]
        flipped = bytearray(data)
        for at in range(40, len(data), 97):
            flipped[at] ^= 0x55
        files[f"flipped.{ending}"] = bytes(flipped)
    files["encrypted.docx"] = compound_file(
        {"EncryptionInfo": b"x" * 99, "EncryptedPackage": b"y" * 99}
    )
    odt = odf_parts("text")
    odt["META-INF/manifest.xml"] = str(odt["META-INF/manifest.xml"]).replace(
        'manifest:media-type="text/xml"/>',
        'manifest:media-type="text/xml"><manifest:encryption-data manifest:checksum="x"/>'
        "</manifest:file-entry>",
    )
    odt["content.xml"] = bytes(range(256)) * 4
    files["encrypted.odt"] = zipped(odt, first="mimetype")
    return files


def _pdfs() -> dict[str, bytes]:
    many = b" ".join(b"3 0 R" for _ in range(200_000))
    levels = [
        b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent %d 0 R >>" % (n + 1, n - 1)
        for n in range(2, 3000)
    ]
    image = (
        b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8 "
        b"/ColorSpace /DeviceRGB"
    )
    loops = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /XObject << /X 6 0 R >> >> >>"
    )
    blanks = zlib.compress(zlib.compress(bytes(30_000_000)))
    return {
        "loop_pages.pdf": pdf([CATALOG, b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"]),
        "loop_parent.pdf": pdf(
            [CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 2 0 R >>", PAGE, TEXT, FONT]
        ),
        "loop_object.pdf": pdf([CATALOG, PAGES, b"3 0 R", TEXT, FONT]),
        "loop_form.pdf": pdf(
            [
                CATALOG,
                PAGES,
                loops,
                pdf_stream(b"/X Do"),
                FONT,
                pdf_stream(
                    b"/X Do",
                    b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "
                    b"/Resources << /XObject << /X 6 0 R >> >>",
                ),
            ]
        ),
        "deep_tree.pdf": pdf([CATALOG, *levels, PAGE, TEXT, FONT]),
        "page_count.pdf": pdf(
            [CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count 999999999 >>", PAGE, TEXT, FONT]
        ),
        "same_page.pdf": pdf(
            [
                CATALOG,
                b"<< /Type /Pages /Kids [" + many + b"] /Count 200000 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
            ]
        ),
        "page_size.pdf": pdf(
            [CATALOG, PAGES, PAGE.replace(b"612 792", b"99999999 99999999"), TEXT, FONT]
        ),
        "page_nowhere.pdf": pdf(
            [CATALOG, PAGES, PAGE.replace(b"0 0 612 792", b"nan inf -1e99 1e99"), TEXT, FONT]
        ),
        "image.pdf": pdf(
            [
                CATALOG,
                PAGES,
                loops,
                pdf_stream(b"612 0 0 792 0 0 cm /X Do"),
                FONT,
                pdf_stream(b"x", image),
            ]
        ),
        "bomb.pdf": pdf(
            [CATALOG, PAGES, PAGE, pdf_stream(blanks, b"/Filter [/FlateDecode /FlateDecode]"), FONT]
        ),
        "nested.pdf": pdf(
            [CATALOG, PAGES, PAGE, pdf_stream(b"BT [" + b"[" * 100_000 + b"] TJ ET"), FONT]
        ),
        "dictionary.pdf": pdf([b"<< /A " * 50_000 + b">> " * 50_000, PAGES]),
        "outline.pdf": pdf(
            [
                b"<< /Type /Catalog /Pages 2 0 R /Outlines 6 0 R >>",
                PAGES,
                PAGE,
                TEXT,
                FONT,
                b"<< /First 7 0 R /Last 7 0 R /Count 1 >>",
                b"<< /Title (x) /Parent 6 0 R /Next 7 0 R /First 7 0 R /Dest [3 0 R /Fit] >>",
            ]
        ),
        "encrypted.pdf": pdf([CATALOG, PAGES, PAGE, TEXT, FONT]).replace(
            b"/Root 1 0 R",
            b"/Root 1 0 R /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <"
            + b"41" * 32
            + b"> /U <"
            + b"42" * 32
            + b"> >> /ID [<31> <32>]",
        ),
    }


def _texts() -> dict[str, bytes]:
    depth = 20_000
    table = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 3_000
    return {
        "one_line.txt": b"word " * 200_000,
        "no_blank.txt": b"x" * 1_000_000,
        "chinese_line.txt": ("这是一行很长的文字，没有换行。" * 15_000).encode("gb18030"),
        "blank_lines.txt": b"Good words" + b"\n" * 500_000,
        "dots.txt": ("1." * 200_000).encode(),
        "one_line.csv": b"a,b\n" + b"x," * 200_000,
        "open_quote.csv": b'a,b\n1,"' + b"x\n" * 30_000,
        "one_line.html": b"<p>" + b"word " * 100_000,
        "one_line.json": json.dumps({"a": "word " * 200_000}).encode(),
        "one_line.py": b"x = [" + b"1, " * 40_000 + b"]\n",
        "deep.html": ("<div>" * 6_000 + "Good words").encode(),
        "deep_tables.html": ("<table><tr><td>" * 200 + "Good words").encode(),
        "deep_lists.html": ("<ul><li>" * 300 + "Good words").encode(),
        "deep_quotes.html": ("<blockquote>" * depth + "Good words").encode(),
        "spans.html": b"<table><tr><td colspan=999999999 rowspan=999999999>Good words</td>"
        b"</tr><tr><td>x</td></tr></table>",
        "deep.json": ("[" * depth + "]" * depth).encode(),
        "deep_objects.json": ('{"a":' * depth + "1" + "}" * depth).encode(),
        "huge_number.json": b'{"a": ' + b"9" * 300_000 + b', "b": 1e999999}',
        "deep.rtf": (r"{\rtf1 " + "{" * depth + "Good words").encode(),
        "deep.md": ("> " * depth + "Good words").encode(),
        "deep_list.md": ("# T\n\n" + "\n".join("  " * n + "- x" for n in range(400))).encode(),
        "brackets.md": ("# T\n\n" + "[" * depth + "a" + "]" * depth + "(b)" * 100).encode(),
        "stars.md": ("# T\n\n" + "*a **b " * 4_000).encode(),
        "backticks.md": ("# T\n\n" + " ".join("`" * n for n in range(1, 400))).encode(),
        "table.md": ("# T\n\n" + table).encode(),
        "deep.xml": ("<a>" * depth + "Good words" + "</a>" * depth).encode(),
        "attributes.xml": (
            "<r " + " ".join(f"a{n}='x'" for n in range(100_000)) + ">Good words</r>"
        ).encode(),
        "wide.html": ("<p>Good words</p>" * 10_000).encode(),
        "controls.html": b"<html><body><p>Good\x0b words</p>&#11;<script>x</script>\x01&#8;<nav>y"
        b"</nav>\x1a&#xFFFF;<h1>T</h1>\x0c<p>"
        + b"more of them, so that there is a page. " * 20
        + b"</p></body></html>",
        "nested_links.html": (b"<main><h1>T</h1><p>Good words of a page, <a href='x'</head>" * 700),
        "comments.html": ("<p>Good words</p>" + "<!--" * 100_000).encode(),
        "deep.rst": (
            "Head\n====\n\n" + "\n\n".join("  " * n + f"* item {n}" for n in range(300))
        ).encode(),
        "nul.txt": b"Good words\0\0\0 with some\0 nuls, and more text that goes on for a "
        b"while." * 20,
        "deep.py": (b"(" * 20_000 + b"x" + b")" * 20_000 + b"\n"),
        "deep_blocks.py": "".join("    " * n + f"def f{n}():\n" for n in range(300)).encode(),
        "controls.txt": b"Good words \x1b[31m\x07\x08\x0b and more of them.\n" * 50,
        "bidi.txt": ("Good words \u202e\u2066 reversed \u202c\n" * 50).encode(),
    }


def _pictures() -> dict[str, bytes]:
    looping = tiff()
    second = struct.unpack_from("<I", looping, 4)[0]
    return {
        "huge.png": png(60_000, 60_000, zlib.compress(bytes(99))),
        "huger.png": png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(99))),
        "huge_data.png": png(9_000, 9_000, zlib.compress(bytes(9_001 * 9_000), 1)),
        "cut.png": png()[:50],
        "empty.png": png(0, 0),
        "huge.bmp": bmp(2**30, 2**30),
        "negative.bmp": bmp(-5, -5),
        "huge.gif": gif(65_535, 65_535),
        "huge.tiff": tiff(2**31, 2**31),
        "loop.tiff": tiff(next_page=second),
        "text.png": b"\x89PNG\r\n\x1a\n" + b"Good words" * 100,
        "riff.webp": b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(64),
    }


def _sheets() -> dict[str, bytes]:
    def cell(place: str) -> str:
        return f'<c r="{place}" t="inlineStr"><is><t>Good words</t></is></c>'

    merged = xlsx_parts()
    merged["xl/worksheets/sheet1.xml"] = str(merged["xl/worksheets/sheet1.xml"]).replace(
        "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    )
    strings = xlsx_parts('<row r="1"><c r="A1" t="s"><v>99999999</v></c></row>')
    repeated = (
        "<table:table table:name='T'><table:table-row table:number-rows-repeated='1048576'>"
        "<table:table-cell office:value-type='string' table:number-columns-repeated='16384'>"
        "<text:p>Good words</text:p></table:table-cell></table:table-row></table:table>"
    )
    return {
        "dimension.xlsx": zipped(xlsx_parts(dimension="A1:XFD1048576")),
        "far_cell.xlsx": zipped(
            xlsx_parts(f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("XFD1048576")}</row>')
        ),
        "wrong_cell.xlsx": zipped(
            xlsx_parts(f'<row r="99999999999">{cell("ZZZZZZZ9999999999")}</row>')
        ),
        "merged.xlsx": zipped(merged),
        "string.xlsx": zipped(strings),
        "number.xlsx": zipped(
            xlsx_parts(
                '<row r="1"><c r="A1"><v>1e999999</v></c><c '
                'r="B1"><v>' + "9" * 99_999 + "</v></c></row>"
            )
        ),
        "repeated.ods": zipped(odf_parts("spreadsheet", repeated), first="mimetype"),
        "wide.csv": (
            ",".join(f"c{n}" for n in range(20_000)) + "\n" + ",".join("1" for _ in range(20_000))
        ).encode(),
        "span.docx": zipped(
            docx_parts(
                '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr><w:p>'
                "<w:r><w:t>Good words</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
            )
        ),
        "deep.docx": zipped(
            docx_parts(
                "<w:tbl><w:tr><w:tc>" * 400
                + _PLAIN.format("Good words")
                + "</w:tc></w:tr></w:tbl>" * 400
            )
        ),
        "deep.pptx": zipped(pptx_parts("<p:grpSp>" * 2000 + "</p:grpSp>" * 2000)),
        "deep.odt": zipped(
            odf_parts(
                "text",
                "<text:list><text:list-item>" * 2000
                + "<text:p>Good words</text:p>"
                + "</text:list-item></text:list>" * 2000,
            ),
            first="mimetype",
        ),
    }


def _mails() -> dict[str, bytes]:
    head = b"From: a@b.c\nTo: d@e.f\nSubject: x\nMIME-Version: 1.0\n"
    parts = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(300)
    )
    attached = MAIL
    for _ in range(15):
        attached = (
            head
            + b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: message/rfc822\n"
            b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(attached) + b"--q--\n"
        )
    message = outlook_tree({0x37: "x", 0x1000: "Good words"})
    for _ in range(20):
        message = outlook_tree(
            {0x37: "x", 0x1000: "Good words"}, attachments=[attached_message(message)], top=False
        )
    looped = bytearray(compound_file(outlook_tree({0x37: "x", 0x1000: "Good words " * 900})))
    looped[512:1024] = struct.pack("<128I", *([0] * 128))
    endless = bytearray(compound_file(outlook_tree({0x37: "x", 0x1000: "Good words"})))
    endless[64:68] = struct.pack("<I", 1 << 30)
    sized = bytearray(looped)
    sized[512:1024] = struct.pack("<128I", *range(128))
    place = sized.index("__substg1.0_1000001F".encode("utf-16-le")) + 120
    sized[place : place + 8] = struct.pack("<Q", 0x7FFFFFFF)
    many = b"".join(b"--q\nContent-Type: text/plain; name=a\n\nx\n" for _ in range(5000))
    return {
        "nested.eml": head + parts,
        "attached.eml": attached,
        "many_parts.eml": head
        + b"Content-Type: multipart/mixed; boundary=q\n\n"
        + many
        + b"--q--\n",
        "long_header.eml": b"From: "
        + b"a@b.c, " * 100_000
        + b"\nTo: x@y.z\nSubject: "
        + b"=?utf-8?Q?a?= " * 20_000
        + b"\n\nGood words",
        "quotes.eml": head + b"\n" + b"> x\ny\n" * 15_000,
        "dashes.eml": head + b"\n" + b"-- \n" * 30_000,
        "attributions.eml": head.replace(b"Subject: ", b"Subject: Re: ")
        + b"\n"
        + ("在2024于" * 60 + "写道：\n").encode() * 1000,
        "encoded_name.eml": head + b"Content-Type: multipart/mixed; boundary=q\n\n--q\n"
        b'Content-Disposition: attachment; filename="../../../etc/cron.d/x"\n\nGood words\n'
        b'--q\nContent-Disposition: attachment; filename="' + b"n" * 5000 + b'"\n\nGood '
        b"words\n--q--\n",
        "nested.msg": compound_file(
            outlook_tree({0x37: "x", 0x1000: "Good words"}, attachments=[attached_message(message)])
        ),
        "looped.msg": bytes(looped),
        "endless_table.msg": bytes(endless),
        "endless_stream.msg": bytes(sized),
        "same_boundary.eml": head
        + b"Content-Type: multipart/mixed; boundary=q\n\n"
        + b"--q\nContent-Type: multipart/mixed; boundary=q\n\n" * 500,
    }
