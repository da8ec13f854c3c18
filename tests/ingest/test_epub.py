"""E-books: chapters in reading order under the headings of their table of contents."""

from __future__ import annotations

import io
import zipfile

import pytest

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.epub import EpubParser

H, P, NOTE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.FOOTNOTE
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
METADATA = (
    "<dc:title>幸福的地理</dc:title><dc:creator>王小明</dc:creator><dc:creator>Ann Lee</dc:creator>"
    "<dc:language>zh</dc:language><dc:date>2020-01-02</dc:date><dc:subject>travel</dc:subject>"
)


def page(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>x</title></head>{body}</html>'
    )


def book(pages: dict[str, str], toc: str, ncx: bool = False, **more: str) -> bytes:
    """An EPUB of the pages in order; `toc` is the inside of its table of contents."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    if ncx:
        items += '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    else:
        items += (
            '<item id="toc" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata>{METADATA}</metadata><manifest>{items}</manifest>"
        f'<spine toc="toc">{spine}<itemref idref="toc"/></spine></package>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OPS/book.opf", opf)
        for name, text in pages.items():
            archive.writestr(f"OPS/{name}", page(text))
        if ncx:
            xml = f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{toc}</navMap></ncx>'
            archive.writestr("OPS/toc.ncx", xml)
        else:
            nav = f'<body><nav epub:type="toc"><ol>{toc}</ol></nav></body>'
            archive.writestr("OPS/nav.xhtml", page(nav))
        for name, text in more.items():
            archive.writestr(f"META-INF/{name}.xml", text)
    return out.getvalue()


def parse(data: bytes) -> Parsed:
    return EpubParser().parse(Source("a.epub", data, "a.epub"), "application/epub+zip")


def shape(data: bytes) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(data).blocks]


TWO = {
    "t/c1.xhtml": (
        '<body><p class="n">第一章</p><p>启程</p><p>第一段<a epub:type="noteref" href="#n1">1</a>'
        '正文。</p><h2>小节</h2><p>第二段<sup><a href="notes.xhtml#fn2" epub:type="noteref">2</a>'
        '</sup>。</p><aside epub:type="footnote" id="n1"><p>脚注一。</p></aside></body>'
    ),
    "t/c2.xhtml": (
        '<body><div><h1 id="a">Chapter 2</h1><p>Text of two.</p><p id="b"><b>Part B</b></p>'
        "<p>Text of B.</p><table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table>"
        "</div></body>"
    ),
    "t/notes.xhtml": (
        '<body><section epub:type="endnotes"><h2>Notes</h2><ol><li epub:type="endnote" id="fn2">'
        '<p>尾注二。<a epub:type="backlink" href="c1.xhtml#r">↩</a></p></li></ol></section></body>'
    ),
}
NAV = (
    '<li><a href="t/c1.xhtml">第一章 启程</a></li><li><a href="t/c2.xhtml#a">Chapter 2</a><ol>'
    '<li><a href="t/c2.xhtml#b">Part B</a></li></ol></li>'
)
NCX = (
    "<navPoint><navLabel><text>第一章 启程</text></navLabel><content src='t/c1.xhtml'/></navPoint>"
    "<navPoint><navLabel><text>Chapter 2</text></navLabel><content src='t/c2.xhtml#a'/>"
    "<navPoint><navLabel><text>Part B</text></navLabel><content src='t/c2.xhtml#b'/></navPoint>"
    "</navPoint>"
)


@pytest.mark.parametrize("ncx", [False, True])
def test_chapters_footnotes_and_metadata(ncx: bool) -> None:
    data = book(TWO, NCX if ncx else NAV, ncx)
    assert shape(data) == [
        (H, 1, "第一章 启程"),
        (P, 0, "第一段正文。"),
        (NOTE, 0, "脚注一。"),
        (H, 2, "小节"),
        (P, 0, "第二段。"),
        (NOTE, 0, "尾注二。"),
        (H, 1, "Chapter 2"),
        (P, 0, "Text of two."),
        (H, 2, "Part B"),
        (P, 0, "Text of B."),
        (BlockKind.TABLE, 0, "| k | v |\n| --- | --- |\n| 1 | 2 |"),
    ]
    parsed = parse(data)
    assert parsed.title == "幸福的地理"
    assert parsed.metadata == {
        "author": "王小明, Ann Lee",
        "lang": "zh",
        "created": "2020-01-02",
        "tags": ("travel",),
    }


def test_a_page_of_contents_is_left_out() -> None:
    links = "".join(f'<p><a href="t/c{n}.xhtml">Chapter {n}</a></p>' for n in range(1, 9))
    data = book({"t/toc.xhtml": f"<body><h1>Contents</h1>{links}</body>", **TWO}, NAV)
    assert shape(data)[0] == (H, 1, "第一章 启程")


def test_a_book_without_contents_keeps_its_own_headings() -> None:
    assert [b[:2] for b in shape(book(TWO, "")) if b[0] is H] == [(H, 2), (H, 1)]


DRM = (
    '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData>'
    '<e:EncryptionMethod Algorithm="{}"/><e:CipherData><e:CipherReference URI="OPS/{}"/>'
    "</e:CipherData></e:EncryptedData></encryption>"
)


def test_encrypted_books_are_named_as_such() -> None:
    locked = DRM.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "t/c1.xhtml")
    with pytest.raises(UnreadableFile, match="Adobe ADEPT"):
        parse(book(TWO, NAV, encryption=locked, rights="<rights/>"))
    fonts = DRM.format("http://www.idpf.org/2008/embedding", "a.otf")
    assert parse(book(TWO, NAV, encryption=fonts)).title


def test_damaged_books_give_a_reason() -> None:
    with pytest.raises(UnreadableFile, match="EPUB"):
        parse(b"PK\x03\x04 nothing")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
    with pytest.raises(UnreadableFile, match="list of pages"):
        parse(out.getvalue())
    with pytest.raises(UnreadableFile, match="no text"):
        parse(book({"c.xhtml": "<body><img src='x'/></body>"}, NAV))
