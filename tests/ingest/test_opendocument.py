"""OpenDocument files, made as packages of XML and, where it has a way, with odfdo."""

from __future__ import annotations

import io
import zipfile

import odfdo
import pytest

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.opendocument import OpenDocumentParser
from ingest.sheets import GROUP_ROWS

H, P, L, C, T, N, F = (
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.LIST_ITEM,
    BlockKind.CAPTION,
    BlockKind.TABLE,
    BlockKind.FOOTNOTE,
    BlockKind.FURNITURE,
)
ODF = "application/vnd.oasis.opendocument."
_NAMES = {
    "office": "office",
    "text": "text",
    "table": "table",
    "draw": "drawing",
    "style": "style",
    "fo": "xsl-fo-compatible",
    "svg": "svg-compatible",
    "presentation": "presentation",
    "meta": "meta",
    "chart": "chart",
}
NS = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in _NAMES.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def package(body: str, kind: str = "text", automatic: str = "", **parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", f"{ODF}{kind}")
        archive.writestr(
            "content.xml",
            f"<office:document-content {NS}><office:automatic-styles>{automatic}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>",
        )
        for name, content in parts.items():
            path = name.replace("__", "/") + ".xml"
            archive.writestr(path, f"<office:x {NS}>{content}</office:x>")
    return stream.getvalue()


def parse(data: bytes, kind: str = "text") -> Parsed:
    return OpenDocumentParser().parse(Source("a.odx", data, "a.odx"), f"{ODF}{kind}")


def shown(data: bytes, kind: str = "text") -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(data, kind).blocks if b.kind is not F]


def tables(parsed: Parsed) -> list[tuple[int, tuple[tuple[str, ...], ...]]]:
    return [(b.table.header_rows, b.table.rows) for b in parsed.blocks if b.table is not None]


def test_a_document_of_odfdo() -> None:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Header(1, "第一章 总则"))
    document.body.append(odfdo.Paragraph("正文内容。"))
    document.body.append(odfdo.Header(2, "目的"))
    document.body.append(odfdo.List(["甲", "乙"]))
    table = odfdo.Table("T", width=2, height=2)
    table.set_values([["品名", "数量"], ["苹果", 3]])
    document.body.append(table)
    document.meta.title = "办法"
    document.meta.keyword = "甲, 乙"
    stream = io.BytesIO()
    document.save(stream)
    parsed = parse(stream.getvalue())
    assert [(b.kind, b.level, b.text) for b in parsed.blocks][:5] == [
        (H, 1, "1. 第一章 总则"),  # odfdo's own template numbers headings
        (P, 0, "正文内容。"),
        (H, 2, "1.1. 目的"),
        (L, 1, "- 甲"),
        (L, 1, "- 乙"),
    ]
    assert tables(parsed) == [(1, (("品名", "数量"), ("苹果", "3")))]
    assert parsed.title == "办法"
    assert parsed.metadata["tags"] == ("甲", "乙")


NUMBERED = (
    '<text:list-style style:name="N"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" '
    'style:num-format="a" style:num-suffix=")" text:display-levels="2"/></text:list-style>'
)


def item(*parts: str) -> str:
    return f"<text:list-item>{''.join(parts)}</text:list-item>"


def p(text: str, style: str = "") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def test_lists_count_nest_and_go_on() -> None:
    inner = f"<text:list>{item(p('b'))}{item(p('c'))}</text:list>"
    first = (
        f'<text:list text:style-name="N">{item(p("a"), p("more"), inner)}{item(p("d"))}</text:list>'
    )
    second = (
        f'<text:list text:style-name="N" text:continue-numbering="true">{item(p("e"))}</text:list>'
    )
    third = f'<text:list text:style-name="N">{item(p("f"))}</text:list>'
    assert shown(package(first + p("between") + second + third, automatic=NUMBERED)) == [
        (L, 1, "1. a"),
        (L, 1, "more"),
        (L, 2, "1.a) b"),
        (L, 2, "1.b) c"),
        (L, 1, "2. d"),
        (P, 0, "between"),
        (L, 1, "3. e"),
        (L, 1, "1. f"),
    ]


def test_heading_numbers_of_the_outline() -> None:
    outline = (
        '<text:outline-style><text:outline-level-style text:level="1" style:num-format="一, 二" '
        'style:num-prefix="第" style:num-suffix="章"/><text:outline-level-style text:level="2" '
        'style:num-format="1" text:display-levels="1"/></text:outline-style>'
    )
    body = "".join(
        f'<text:h text:outline-level="{level}">{text}</text:h>'
        for level, text in [(1, "总则"), (2, "目的"), (2, "范围"), (1, "职责"), (2, "部门")]
    )
    assert [text for _, _, text in shown(package(body, styles=outline))] == [
        "第一章 总则",
        "1 目的",
        "2 范围",
        "第二章 职责",
        "1 部门",
    ]


def test_text_with_blanks_notes_boxes_and_deletions() -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>the proof</text:p></text:note-body></text:note>"
    )
    box = (
        "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
        "<draw:frame><svg:desc>Sales rose by a third</svg:desc><draw:image/></draw:frame>"
    )
    gone = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
    )
    body = (
        f"{gone}<text:p>a<text:s text:c='3'/>b<text:tab/>c<text:line-break/>d{note} e"
        f"<office:annotation><text:p>remark</text:p></office:annotation>{box}</text:p>"
        "<text:p>next</text:p>"
    )
    assert shown(package(body)) == [
        (P, 0, "a b c\nd e"),
        (P, 0, "boxed"),
        (C, 0, "Sales rose by a third"),
        (N, 0, "the proof"),
        (P, 0, "next"),
    ]


def test_contents_title_captions_code_and_running_heads() -> None:
    contents = (
        "<text:table-of-content><text:table-of-content-source/><text:index-body><text:index-title>"
        "<text:p>目录</text:p></text:index-title><text:p>一 ... 1</text:p></text:index-body>"
        "</text:table-of-content>"
    )
    styles = (
        '<style:style style:family="paragraph" style:name="Preformatted_20_Text"/>'
        '<style:style style:family="paragraph" style:name="Title"/>'
        '<style:style style:family="paragraph" style:name="Caption"/>'
        '<style:style style:family="paragraph" style:name="Table" '
        'style:parent-style-name="Caption"/>'
        "<style:master-page><style:header><text:p>页眉</text:p></style:header></style:master-page>"
    )
    body = (
        p("The title", "Title")
        + contents
        + p("x = 1", "Preformatted_20_Text")
        + p("y = 2", "Preformatted_20_Text")
        + p("Sums", "Table")
    )
    data = package(body, styles=styles)
    assert shown(data) == [
        (H, 1, "The title"),
        (BlockKind.CODE, 0, "x = 1\ny = 2"),
        (C, 0, "Sums"),
    ]
    assert [b.text for b in parse(data).blocks if b.kind is F] == ["目录", "一 ... 1", "页眉"]
    assert parse(data).title == "The title"


def test_paragraphs_of_a_heading_style_are_headings() -> None:
    style = (
        '<style:style style:family="paragraph" style:name="Heading_20_2" '
        'style:default-outline-level="2"/><style:style style:family="paragraph" style:name="P1" '
        'style:parent-style-name="Heading_20_2"/>'
        '<style:style style:family="paragraph" style:name="Heading_20_1"/>'
    )
    body = p("第一章", "Heading_20_1") + p("第一节", "P1") + p("x")
    assert shown(package(body, automatic=style)) == [
        (H, 1, "第一章"),
        (H, 2, "第一节"),
        (P, 0, "x"),
    ]


def test_headings_by_look_where_there_are_none() -> None:
    bold = (
        '<style:style style:family="paragraph" style:name="B"><style:text-properties '
        'fo:font-weight="bold"/></style:style>'
    )
    running = "本办法适用于公司全体员工，自发布之日起施行，由人力资源部负责解释。"
    body = p("第一章 总则", "B") + p(running) + p("一、范围", "B") + p(running)
    assert [(k, level) for k, level, _ in shown(package(body, automatic=bold))] == [
        (H, 1),
        (P, 0),
        (H, 2),
        (P, 0),
    ]


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def test_tables_with_spans_and_headers() -> None:
    covered = "<table:covered-table-cell/>"
    tall, wide = 'table:number-rows-spanned="2"', 'table:number-columns-spanned="2"'
    repeated = 'table:number-columns-repeated="3"'
    body = (
        "<table:table><table:table-header-rows>"
        + row(cell("Region", tall), cell("Sales", wide), covered)
        + row(covered, cell("Q1"), cell("Q2"))
        + "</table:table-header-rows>"
        + row(cell("North"), cell("x", 'table:number-columns-repeated="2"'))
        + row(cell("same", repeated), attributes='table:number-rows-repeated="2"')
        + "</table:table>"
    )  # fmt: skip
    assert tables(parse(package(body))) == [
        (
            2,
            (
                ("Region", "Sales", "Sales"),
                ("Region", "Q1", "Q2"),
                ("North", "x", "x"),
                ("same", "same", "same"),
                ("same", "same", "same"),
            ),
        )
    ]


def frame(text: str, x: int, y: int, kind: str = "") -> str:
    place = f'svg:x="{x}cm" svg:y="{y}cm" svg:width="8cm" svg:height="2cm"'
    shape = f'presentation:class="{kind}"' if kind else ""
    return f"<draw:frame {place} {shape}><draw:text-box>{text}</draw:text-box></draw:frame>"


def test_slides_with_titles_columns_notes_and_hidden_ones() -> None:
    notes = (
        "<presentation:notes><draw:frame presentation:class='notes'><draw:text-box><text:p>讲稿"
        "</text:p></draw:text-box></draw:frame></presentation:notes>"
    )
    hidden = (
        '<style:style style:family="drawing-page" style:name="dp"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )
    points = (
        f"<text:list>{item(p('一级'), f'<text:list>{item(p(str(2)))}</text:list>')}</text:list>"
    )
    body = (
        f"<draw:page>{frame(p('年度报告'), 1, 5, 'title')}{frame(p('财务部'), 1, 9, 'subtitle')}"
        f"</draw:page><draw:page draw:style-name='dp'>{frame(p('右'), 12, 6)}"
        f"{frame(p('题目'), 1, 1, 'title')}{frame(points, 1, 6, 'outline')}"
        f"{frame(p('7'), 1, 18, 'page-number')}{notes}</draw:page>"
    )
    data = package(body, "presentation", hidden)
    assert shown(data, "presentation") == [
        (H, 1, "年度报告"),
        (P, 0, "财务部"),
        (H, 1, "题目"),
        (L, 1, "- 一级"),
        (L, 2, "- 2"),
        (P, 0, "右"),
        (P, 0, "备注：讲稿"),
    ]
    parsed = parse(data, "presentation")
    assert (parsed.title, parsed.page_count) == ("年度报告", 2)
    assert parsed.metadata["hidden_slides"] == (2,)
    place = parsed.blocks[5].boxes[0]
    assert (place.page, round(place.x0), round(place.y1)) == (2, 340, 227)


def sheet(*rows: str, name: str = "库存", attributes: str = "") -> str:
    return f'<table:table table:name="{name}" {attributes}>{"".join(rows)}</table:table>'


def test_sheets_with_repetitions_merges_notes_and_hidden_parts() -> None:
    far = "<table:table-cell table:number-columns-repeated='16381'/>"
    note = "<office:annotation><text:p>checked</text:p></office:annotation>"
    hidden = (
        '<style:style style:family="table" style:name="ta"><style:table-properties '
        'table:display="false"/></style:style>'
    )
    body = sheet(
        row(cell("标题", 'table:number-columns-spanned="3"'), far),
        row(cell("品名"), cell("数量"), cell("占比"), far),
        row(
            cell("苹果"),
            f"<table:table-cell>{note}<text:p>1,234</text:p></table:table-cell>",
            cell("25%"),
        ),
        row(cell("梨"), cell("7", 'table:number-columns-repeated="2"')),
        row(far, attributes='table:number-rows-repeated="1048000"'),
    ) + sheet(
        row(cell("a"), cell("b")),
        row(cell("1"), cell("2")),
        name="s",
        attributes="table:style-name='ta'",
    )
    parsed = parse(package(body, "spreadsheet", hidden), "spreadsheet")
    assert [(b.kind, b.level, b.text) for b in parsed.blocks if b.kind is not T] == [
        (H, 1, "库存"),
        (H, 2, "标题"),
        (N, 0, "B3: checked"),
        (H, 1, "s"),
    ]
    assert tables(parsed)[0] == (
        1,
        (("品名", "数量", "占比"), ("苹果", "1,234", "25%"), ("梨", "7", "7")),
    )
    assert parsed.metadata["hidden_sheets"] == ("s",)


def test_long_sheets_come_in_groups() -> None:
    rows = [row(cell("n"), cell("m"))] + [
        row(cell(str(n)), cell("x")) for n in range(GROUP_ROWS * 2)
    ]
    found = tables(parse(package(sheet(*rows), "spreadsheet"), "spreadsheet"))
    assert [len(lines) for _, lines in found] == [GROUP_ROWS + 1] * 2


def test_bombs_of_repetition_are_refused() -> None:
    bomb = row(
        cell("x", "table:number-columns-repeated='16384'"),
        attributes="table:number-rows-repeated='1048576'",
    )
    with pytest.raises(UnreadableFile, match="export what matters as CSV"):
        parse(package(sheet(bomb), "spreadsheet"), "spreadsheet")
    found = tables(parse(package(f"<table:table>{row(cell('a'), cell('b'))}{bomb}</table:table>")))
    assert len(found[0][1]) <= 1_001


@pytest.mark.parametrize(
    ("damage", "reason"),
    [("cut", "OpenDocument text"), ("locked", "password"), ("no body", "no body")],
)
def test_broken_files_are_unreadable(damage: str, reason: str) -> None:
    whole = package("<text:p>x</text:p>")
    data = {
        "cut": whole[: len(whole) // 2],
        "locked": package("", **{"META-INF__manifest": "encryption-data"}),
        "no body": package("", kind="chart"),
    }[damage]
    with pytest.raises(UnreadableFile, match=reason):
        parse(data)
