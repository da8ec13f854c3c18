"""Word documents, made with python-docx and raw XML where it has no way."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.docx import DocxParser

H, P, L = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
NS = nsdecls("w")


def saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def parse(data: Any) -> Parsed:
    content = data if isinstance(data, bytes) else saved(data)
    return DocxParser().parse(Source("a.docx", content, "a.docx"), "")


def body(document: Any) -> list[tuple[BlockKind, int, str]]:
    return [
        (b.kind, b.level, b.text)
        for b in parse(document).blocks
        if b.kind is not BlockKind.FURNITURE
    ]


def add_xml(document: Any, xml: str) -> None:
    document.element.body.insert(len(document.element.body) - 1, parse_xml(xml))


def test_headings_paragraphs_and_title() -> None:
    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("The title", 0)
    document.add_heading("One", 1)
    document.add_paragraph("Text  with\ta tab\nand a break.")
    document.add_heading("Deep", 4)
    add_xml(
        document,
        f'<w:p {NS}><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Outlined</w:t></w:r></w:p>',
    )
    assert parse(document).title == "The title"
    assert body(document) == [
        (H, 1, "The title"),
        (H, 1, "One"),
        (P, 0, "Text with a tab\nand a break."),
        (H, 4, "Deep"),
        (H, 2, "Outlined"),
    ]


def test_localized_and_derived_heading_styles() -> None:
    document = docx.Document()
    chinese = document.styles.add_style("标题 3", WD_STYLE_TYPE.PARAGRAPH)
    derived = document.styles.add_style("Mine", WD_STYLE_TYPE.PARAGRAPH)
    derived.base_style = document.styles["Heading 2"]
    document.add_paragraph("三级", style=chinese)
    document.add_paragraph("derived", style=derived)
    assert body(document) == [(H, 3, "三级"), (H, 2, "derived")]


def test_lists_by_style_and_by_numbering() -> None:
    document = docx.Document()
    for style in ("List Bullet", "List Bullet 2", "List Number", "List Number"):
        document.add_paragraph(style, style=style)
    assert body(document) == [
        (L, 1, "- List Bullet"),
        (L, 2, "- List Bullet 2"),
        (L, 1, "1. List Number"),
        (L, 1, "2. List Number"),
    ]


def test_numbers_of_many_forms() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    forms = [("chineseCounting", "%1、"), ("decimal", "%2)"), ("lowerRoman", "%2.%3")]
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate(forms)
    )
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {NS} w:abstractNumId="77">{levels}</w:abstractNum>')
    )
    numbering.append(parse_xml(f'<w:num {NS} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for depth in (0, 1, 2, 2, 1, 0, 1):
        add_xml(
            document,
            f'<w:p {NS}><w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>'
            "</w:pPr><w:r><w:t>x</w:t></w:r></w:p>",
        )
    assert [text for _, _, text in body(document)] == [
        "一、 x",
        "1) x",
        "1.i x",
        "1.ii x",
        "2) x",
        "二、 x",
        "1) x",
    ]


def test_table_merges_headers_and_order() -> None:
    document = docx.Document()
    document.add_paragraph("before")
    table = document.add_table(rows=4, cols=3)
    for r, row in enumerate(table.rows):
        for c, cell in enumerate(row.cells):
            cell.text = f"{r}{c}"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"
    table.cell(2, 0).merge(table.cell(3, 0)).text = "tall"
    for row in table.rows[:2]:
        row._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {NS}/>"))
    inner = table.cell(3, 2).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "ner"
    document.add_paragraph("after")
    blocks = [b for b in parse(document).blocks if b.kind is not BlockKind.FURNITURE]
    assert [b.kind for b in blocks] == [P, BlockKind.TABLE, P]
    assert blocks[1].table is not None
    assert blocks[1].table.header_rows == 2
    assert blocks[1].table.rows == (
        ("00", "wide", "wide"),
        ("10", "11", "12"),
        ("tall", "21", "22"),
        ("tall", "31", "32 in ner"),
    )


def test_table_of_one_column_is_a_frame() -> None:
    document = docx.Document()
    document.add_table(rows=1, cols=1).cell(0, 0).text = "framed"
    assert body(document) == [(P, 0, "framed")]


def test_code_by_font_keeps_its_lines() -> None:
    document = docx.Document()
    for line in ("def f():", "    return 1", "", "f()"):
        run = document.add_paragraph().add_run(line)
        run.font.name = "Courier New"
    document.add_paragraph("done")
    assert body(document) == [
        (BlockKind.CODE, 0, "def f():\n    return 1\n\nf()"),
        (P, 0, "done"),
    ]


def test_caption_and_link() -> None:
    document = docx.Document()
    document.add_paragraph("Table 1: sums", style="Caption")
    add_xml(
        document,
        f'<w:p {NS}><w:r><w:t xml:space="preserve">see </w:t></w:r><w:hyperlink w:anchor="x">'
        "<w:r><w:t>the link</w:t></w:r></w:hyperlink></w:p>",
    )
    assert body(document) == [(BlockKind.CAPTION, 0, "Table 1: sums"), (P, 0, "see the link")]


def test_tracked_changes_read_as_accepted() -> None:
    document = docx.Document()
    add_xml(
        document,
        f'<w:p {NS}><w:r><w:t>a</w:t></w:r><w:del w:id="1"><w:r><w:delText>gone</w:delText></w:r>'
        '</w:del><w:ins w:id="2"><w:r><w:t>new</w:t></w:r></w:ins></w:p>',
    )
    assert body(document) == [(P, 0, "anew")]


def test_text_boxes_are_read_once_and_controls_opened() -> None:
    document = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
    add_xml(
        document,
        f'<w:p {NS} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<w:r><w:t>host</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'>{box}"
        f"</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>",
    )
    add_xml(
        document,
        f"<w:sdt {NS}><w:sdtContent><w:p><w:r><w:t>control</w:t></w:r></w:p></w:sdtContent>"
        "</w:sdt>",
    )
    assert body(document) == [(P, 0, "host"), (P, 0, "boxed"), (P, 0, "control")]


def test_furniture_and_properties() -> None:
    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Running head"
    section.footer.paragraphs[0].text = "Page foot"
    document.core_properties.title = "Stated"
    document.core_properties.author = "王五"
    document.add_paragraph("x")
    parsed = parse(document)
    furniture = [b.text for b in parsed.blocks if b.kind is BlockKind.FURNITURE]
    assert furniture == ["Page foot", "Running head"]
    assert parsed.title == "Stated"
    assert parsed.metadata["author"] == "王五"
    assert str(parsed.metadata["created"])[:4].isdecimal()


def with_part(data: bytes, name: str, content: str, relation: str) -> bytes:
    """The package with one more part that the document refers to."""
    out = io.BytesIO()
    rels = "word/_rels/document.xml.rels"
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.namelist():
            text = old.read(item)
            if item == rels:
                text = text.replace(b"</Relationships>", f"{relation}</Relationships>".encode())
            if item == "[Content_Types].xml":
                kind = (
                    "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
                )
                override = f'<Override PartName="/word/{name}" ContentType="{kind}"/></Types>'
                text = text.replace(b"</Types>", override.encode())
            new.writestr(item, text)
        new.writestr(f"word/{name}", content)
    return out.getvalue()


def test_footnotes_follow_their_paragraph() -> None:
    document = docx.Document()
    add_xml(
        document,
        f'<w:p {NS}><w:r><w:t>claim</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>',
    )
    document.add_paragraph("next")
    notes = (
        f'<w:footnotes {NS}><w:footnote w:type="separator" w:id="0"><w:p><w:r><w:t>--</w:t></w:r>'
        '</w:p></w:footnote><w:footnote w:id="2"><w:p><w:r><w:t>the proof</w:t></w:r></w:p>'
        "</w:footnote></w:footnotes>"
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/>'
    blocks = parse(with_part(saved(document), "footnotes.xml", notes, relation)).blocks
    assert [(b.kind, b.text) for b in blocks] == [
        (P, "claim"),
        (BlockKind.FOOTNOTE, "the proof"),
        (P, "next"),
    ]


@pytest.mark.parametrize("damage", ["empty", "cut", "not a zip", "zip without a document"])
def test_broken_file_is_unreadable(damage: str) -> None:
    whole = saved(docx.Document())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    data = {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "not a zip": b"hello",
        "zip without a document": stream.getvalue(),
    }[damage]
    with pytest.raises(UnreadableFile, match="not readable as a Word document"):
        parse(data)


def test_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.parse.docx._MAX_BYTES", 1000)
    with pytest.raises(UnreadableFile, match="split the document"):
        parse(saved(docx.Document()))
