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
    monkeypatch.setattr("ingest.package.MAX_UNPACKED", 1000)
    with pytest.raises(UnreadableFile, match="split the document"):
        parse(saved(docx.Document()))


def paragraph(text: str, settings: str = "", run: str = "") -> str:
    return (
        f"<w:p {NS}><w:pPr>{settings}</w:pPr><w:r><w:rPr>{run}</w:rPr>"
        f'<w:t xml:space="preserve">{text}</w:t></w:r></w:p>'
    )


def test_table_of_contents_is_furniture() -> None:
    document = docx.Document()
    document.add_paragraph("目录")
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC \\o</w:instrText></w:r>'
    )
    end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    add_xml(document, f"<w:p {NS}>{begin}<w:r><w:t>One</w:t><w:tab/><w:t>1</w:t></w:r></w:p>")
    add_xml(document, f"<w:p {NS}><w:r><w:t>Two</w:t><w:tab/><w:t>2</w:t></w:r>{end}</w:p>")
    document.add_heading("One", 1)
    document.add_paragraph("text")
    parsed = parse(document)
    assert body(document) == [(H, 1, "One"), (P, 0, "text")]
    assert [b.text for b in parsed.blocks[:3]] == ["目录", "One 1", "Two 2"]


def test_contents_drawn_by_hand_and_in_controls() -> None:
    document = docx.Document()
    for line in ("Contents", "Aim .......... 1", "Ways\t2", "Ends……5"):
        document.add_paragraph(line)
    add_xml(
        document,
        f"<w:sdt {NS}><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/>"
        f"</w:docPartObj></w:sdtPr><w:sdtContent>{paragraph('listed')}</w:sdtContent></w:sdt>",
    )
    document.add_paragraph("Total ..... 5")
    assert body(document) == [(P, 0, "Total ..... 5")]


def test_a_field_that_is_never_closed_hides_nothing() -> None:
    document = docx.Document()
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC</w:instrText></w:r>'
    add_xml(document, f"<w:p {NS}>{begin}<w:r><w:t>shown</w:t></w:r></w:p>")
    assert body(document) == [(P, 0, "shown")]


def test_headings_by_number_and_look_where_there_are_no_styles() -> None:
    document = docx.Document()
    bold, large = "<w:b/>", '<w:b/><w:sz w:val="44"/>'
    running = "本办法适用于公司全体员工，自发布之日起施行，由人力资源部负责解释。"
    for text, run in [
        ("员工管理办法", large),
        ("第一章 总则", bold),
        ("第一节 目的", bold),
        (running, ""),
        ("第二章 职责", bold),
        ("一、部门职责", bold),
        (running, ""),
        ("1.1 细则", bold),
        (running, ""),
        ("一、这一条只是列举的正文", ""),
    ]:
        add_xml(document, paragraph(text, '<w:jc w:val="center"/>' if run == large else "", run))
    document.core_properties.title = ""
    headings = [(level, text) for kind, level, text in body(document) if kind is H]
    assert headings == [
        (1, "员工管理办法"),
        (1, "第一章 总则"),
        (2, "第一节 目的"),
        (1, "第二章 职责"),
        (3, "一、部门职责"),
        (4, "1.1 细则"),
    ]
    assert parse(document).title == "员工管理办法"


def test_sections_by_look_lie_below_their_article() -> None:
    document = docx.Document()
    running = "The Company employs the Executive, who reports to the Chief Technology Officer."
    for text, run in [
        ("Article 1. Employment", "<w:b/>"),
        ("Section 1.1 Position", "<w:b/>"),
        (running, ""),
        ("Section 1.2 Place of Work", "<w:b/>"),
        (running, ""),
        ("Article 2. Term", "<w:b/>"),
        (running, ""),
        ("Section 2.1 is not bold and goes on as text does", ""),
    ]:
        add_xml(document, paragraph(text, "", run))
    assert [(level, text) for kind, level, text in body(document) if kind is H] == [
        (1, "Article 1. Employment"),
        (2, "Section 1.1 Position"),
        (2, "Section 1.2 Place of Work"),
        (1, "Article 2. Term"),
    ]


def test_bold_lines_are_no_headings_where_styles_make_them() -> None:
    document = docx.Document()
    document.add_heading("One", 1)
    document.add_heading("Two", 2)
    add_xml(document, paragraph("A bold claim", "", "<w:b/>"))
    assert body(document)[-1] == (P, 0, "A bold claim")


def test_header_of_two_rows_and_title_row() -> None:
    document = docx.Document()
    lines = [("销售表",) * 3, ("地区", "销量", "销量"), ("地区", "甲", "乙"), ("北", "1", "2")]
    table = document.add_table(rows=4, cols=3)
    for r, line in enumerate(lines):
        for c, text in enumerate(line):
            table.cell(r, c).text = text
    for one, two in [((0, 0), (0, 2)), ((1, 1), (1, 2)), ((1, 0), (2, 0))]:
        first, last = table.cell(*one), table.cell(*two)
        text = first.text
        merged = first.merge(last)
        merged.text = text
    caption, block = (b for b in parse(document).blocks if b.kind is not BlockKind.FURNITURE)
    assert (caption.kind, caption.text) == (BlockKind.CAPTION, "销售表")
    assert block.table is not None
    assert block.table.header_rows == 2
    assert block.table.rows[2] == ("北", "1", "2")


def test_text_boxes_in_cells_come_once_and_rows_are_numbered() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    box = "<w:txbxContent><w:p><w:r><w:t>boxed</w:t></w:r></w:p></w:txbxContent>"
    table.cell(0, 0).paragraphs[0]._p.append(
        parse_xml(
            f'<w:r {NS} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
            f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
            "</mc:AlternateContent></w:r>"
        )
    )
    table.cell(0, 1).text = "name"
    table.cell(1, 0).paragraphs[0].style = "List Number"
    table.cell(1, 1).text = "x"
    found = parse(document).blocks[0].table
    assert found is not None
    assert found.rows == (("boxed", "name"), ("1.", "x"))


def test_captions_by_sequence_field_and_by_place() -> None:
    document = docx.Document()
    add_xml(
        document,
        f'<w:p {NS}><w:r><w:t xml:space="preserve">图 </w:t></w:r><w:fldSimple w:instr=" SEQ 图 ">'
        "<w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t> 系统结构</w:t></w:r></w:p>",
    )
    document.add_paragraph("表1 各地销量")
    table = document.add_table(rows=2, cols=2)
    for n, cell in enumerate(table._cells):
        cell.text = f"c{n}"
    document.add_paragraph("Table 1 shows the sums of all regions.")
    assert [(k, t) for k, _, t in body(document) if k is not BlockKind.TABLE] == [
        (BlockKind.CAPTION, "图 1 系统结构"),
        (BlockKind.CAPTION, "表1 各地销量"),
        (P, "Table 1 shows the sums of all regions."),
    ]


def test_hidden_text_and_phonetic_guides_are_left_out() -> None:
    document = docx.Document()
    base = "<w:rubyBase><w:r><w:t>拼</w:t></w:r></w:rubyBase>"
    ruby = f"<w:ruby><w:rt><w:r><w:t>pin</w:t></w:r></w:rt>{base}</w:ruby>"
    add_xml(
        document,
        f"<w:p {NS}><w:r><w:t>a</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
        f"<w:r>{ruby}</w:r></w:p>",
    )
    assert body(document) == [(P, 0, "a拼")]


def test_numbers_of_outer_levels_in_digits_and_lists_by_style() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
        '<w:pStyle w:val="Heading1"/><w:lvlText w:val="第%1章"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        '<w:pStyle w:val="Heading2"/><w:isLgl/><w:lvlText w:val="%1.%2"/></w:lvl>'
    )
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {NS} w:abstractNumId="78">{levels}</w:abstractNum>')
    )
    numbering.append(parse_xml(f'<w:num {NS} w:numId="78"><w:abstractNumId w:val="78"/></w:num>'))
    for style in ("Heading 1", "Heading 2"):
        settings = document.styles[style].element.get_or_add_pPr()
        settings.append(parse_xml(f'<w:numPr {NS}><w:numId w:val="78"/></w:numPr>'))
    for text, level in [("绪论", 1), ("背景", 2), ("方法", 1), ("数据", 2), ("模型", 2)]:
        document.add_heading(text, level)
    assert [text for _, _, text in body(document)] == [
        "第一章 绪论",
        "1.1 背景",
        "第二章 方法",
        "2.1 数据",
        "2.2 模型",
    ]


def test_properties_that_programs_made_up_are_no_title() -> None:
    document = docx.Document()
    document.core_properties.title = "Microsoft Word - Document1"
    document.core_properties.keywords = "甲；乙"
    document.add_paragraph("x")
    parsed = parse(document)
    assert parsed.title == ""
    assert parsed.metadata["tags"] == ("甲", "乙")


def test_a_relation_that_leads_nowhere_does_no_harm() -> None:
    document = docx.Document()
    document.add_paragraph("kept")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    relation = f'<Relationship Id="rId77" Type="{kind}" Target="../NULL"/>'
    data = with_part(saved(document), "footnotes.xml", "<x/>", relation)
    assert [b.text for b in parse(data).blocks if b.kind is P] == ["kept"]


def test_formulas_read_on_one_line() -> None:
    m = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'

    def run(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    fraction = f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('n')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{run('y')}</m:e></m:rad>"
    summed = (
        f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i=1")}</m:sub>'
        f"<m:sup>{run('n')}</m:sup><m:e>{run('i')}</m:e></m:nary>"
    )
    document = docx.Document()
    math = f"<m:oMath>{run('z=')}{fraction}{run('+')}{power}{run('-')}{root}</m:oMath>"
    add_xml(document, f"<w:p {NS} {m}><m:oMathPara>{math}</m:oMathPara></w:p>")
    add_xml(
        document,
        f'<w:p {NS} {m}><w:r><w:t xml:space="preserve">with </w:t></w:r>'
        f"<m:oMath>{summed}</m:oMath></w:p>",
    )
    assert body(document) == [
        (BlockKind.FORMULA, 0, "z=(a+b)/2+x^n-√(y)"),
        (P, 0, "with ∑_(i=1)^n i"),
    ]


def test_bullets_that_were_typed_make_list_items() -> None:
    document = docx.Document()
    for text in ("• one", "●二", "- three", "-4 degrees", "plain"):
        document.add_paragraph(text)
    assert body(document) == [
        (L, 1, "- one"),
        (L, 1, "- 二"),
        (L, 1, "- three"),
        (P, 0, "-4 degrees"),
        (P, 0, "plain"),
    ]
