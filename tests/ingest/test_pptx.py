"""PowerPoint presentations, made with python-pptx and raw XML where it has no way."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pptx
import pytest
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.diagrams import diagram_blocks
from ingest.parse.pptx import PptxParser

H, P, L, F = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.FURNITURE
TITLE, CONTENT, SECTION, TWO, ONLY, BLANK = 0, 1, 2, 3, 5, 6


def saved(deck: Any) -> bytes:
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def parse(deck: Any, **options: bool) -> Parsed:
    data = deck if isinstance(deck, bytes) else saved(deck)
    return PptxParser(**options).parse(Source("a.pptx", data, "a.pptx"), "")


def shown(parsed: Parsed) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parsed.blocks if b.kind is not F]


def add(deck: Any, layout: int, title: str = "") -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def box(slide: Any, text: str, x: float, y: float, size: float = 0, width: float = 2) -> Any:
    shape = slide.shapes.add_textbox(Inches(x), Inches(y), Inches(width), Inches(0.5))
    shape.text_frame.text = text
    if size:
        shape.text_frame.paragraphs[0].runs[0].font.size = Pt(size)
    return shape


def edited(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for item in before.namelist():
            content = before.read(item)
            if item == part:
                assert old in content
                content = content.replace(old, new)
            after.writestr(item, content)
    return out.getvalue()


def test_titles_bullets_levels_and_boxes() -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, TITLE, "年度\v总结")
    slide.placeholders[1].text = "第一分公司"
    slide = add(deck, CONTENT, "进展")
    frame = slide.placeholders[1].text_frame
    frame.text = "一级"
    frame.add_paragraph().text = "二级"
    frame.paragraphs[1].level = 1
    plain = frame.add_paragraph()
    plain.text = "无符号"
    etree.SubElement(plain._p.get_or_add_pPr(), f"{{{plain._p.nsmap['a']}}}buNone")
    parsed = parse(deck)
    assert shown(parsed) == [
        (H, 1, "年度总结"),
        (P, 0, "第一分公司"),
        (H, 1, "进展"),
        (L, 1, "- 一级"),
        (L, 2, "- 二级"),
        (P, 0, "无符号"),
    ]
    assert parsed.title == "年度总结"
    assert parsed.page_count == 2
    place = parsed.blocks[3].boxes[0]
    assert (place.page, place.x0, place.x1) == (2, 36.0, 684.0)  # the layout's


def test_automatic_numbers_go_on_and_begin_anew() -> None:
    deck: Any = pptx.Presentation()
    frame = add(deck, CONTENT, "Steps").placeholders[1].text_frame
    schemes = [
        "arabicPeriod",
        "arabicPeriod",
        "",
        "ea1ChsPlain",
        "circleNumDbPlain",
        "alphaUcParenR",
    ]
    for n, scheme in enumerate(schemes):
        paragraph = frame.paragraphs[0] if not n else frame.add_paragraph()
        paragraph.text = f"t{n}"
        settings = paragraph._p.get_or_add_pPr()
        name = f"{{{paragraph._p.nsmap['a']}}}"
        if scheme:
            etree.SubElement(settings, f"{name}buAutoNum", {"type": scheme, "startAt": "2"})
        else:
            etree.SubElement(settings, f"{name}buNone")
    assert [text for _, _, text in shown(parse(deck))[1:]] == [
        "2. t0",
        "3. t1",
        "t2",
        "二 t3",
        "② t4",
        "B) t5",
    ]


def test_columns_are_read_one_after_the_other() -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, ONLY, "Compare")
    for text, x, y in [("R2", 5, 4), ("L1", 1, 2), ("R1", 5, 2), ("L2", 1, 4), ("below", 1, 6)]:
        box(slide, text, x, y, width=3 if text != "below" else 7)
    assert [text for _, _, text in shown(parse(deck))] == [
        "Compare",
        "L1",
        "L2",
        "R1",
        "R2",
        "below",
    ]


def test_places_inside_groups_count_on_the_slide() -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, ONLY, "Groups")
    box(slide, "right", 6, 2)
    group = slide.shapes.add_group_shape()
    box(group, "inner", 1, 2)
    group.left, group.width = Inches(2), Inches(4)  # twice as wide as what is in it
    parsed = parse(deck)
    assert [text for _, _, text in shown(parsed)] == ["Groups", "inner", "right"]
    assert [b.boxes[0].x0 for b in parsed.blocks[1:2]] == [144.0]
    assert parsed.blocks[1].boxes[0].x1 == 432.0


def test_a_large_text_at_the_top_is_the_title_of_a_slide_without_one() -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, "First").placeholders[1].text = "x"
    slide = add(deck, BLANK)
    box(slide, "body text", 1, 3, 16)
    box(slide, "A Made Title", 1, 0.4, 32, width=6)
    assert shown(parse(deck))[2:] == [(H, 1, "A Made Title"), (P, 0, "body text")]


def with_sections(deck: Any, sections: list[tuple[str, list[int]]]) -> bytes:
    ids = [entry.get("id") for entry in deck.slides._sldIdLst]
    p14 = "http://schemas.microsoft.com/office/powerpoint/2010/main"
    inner = "".join(
        f'<p14:section name="{name}" id="{{{n}}}"><p14:sldIdLst>'
        + "".join(f'<p14:sldId id="{ids[i]}"/>' for i in members)
        + "</p14:sldIdLst></p14:section>"
        for n, (name, members) in enumerate(sections)
    )
    extension = (
        f'<p:extLst><p:ext uri="{{521415D9-36F7-43E2-AB2F-B90AF26B5E84}}"><p14:sectionLst '
        f'xmlns:p14="{p14}">{inner}</p14:sectionLst></p:ext></p:extLst></p:presentation>'
    )
    return edited(saved(deck), "ppt/presentation.xml", b"</p:presentation>", extension.encode())


def test_sections_are_headings_over_their_slides() -> None:
    deck: Any = pptx.Presentation()
    for title in ("Cover", "Aims", "Aims (continued)", "Results", "Detail"):
        add(deck, CONTENT, title).placeholders[1].text = f"of {title}"
    sections = [("Default Section", [0]), ("Background", [1, 2]), ("Results", [3, 4])]
    parsed = parse(with_sections(deck, sections))
    headings = [(b.level, b.text) for b in parsed.blocks if b.kind is H]
    assert headings == [
        (1, "Cover"),
        (1, "Background"),
        (2, "Aims"),
        (1, "Results"),
        (2, "Detail"),
    ]
    going_on = [b for b in parsed.blocks if b.text == "Aims (continued)"]
    assert [(b.kind, b.boxes[0].page) for b in going_on] == [(F, 3)]


def test_section_header_slides_open_a_part() -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, "Agenda")
    add(deck, SECTION, "Part one")
    add(deck, CONTENT, "Inside")
    add(deck, SECTION, "Part two")
    levels = [(b.level, b.text) for b in parse(deck).blocks if b.kind is H]
    assert levels == [(1, "Agenda"), (1, "Part one"), (2, "Inside"), (1, "Part two")]


@pytest.mark.parametrize(
    ("first", "second", "goes_on"),
    [
        ("现状", "现状（续）", True),
        ("现状（一）", "现状（二）", True),
        ("Plan (1/2)", "Plan (2/2)", True),
        ("Plan", "Plan - continued", True),
        ("Plan", "Plan B", False),
        ("Sales (2023)", "Sales", False),
        ("A", "B (continued)", False),
    ],
)
def test_titles_that_go_on(first: str, second: str, goes_on: bool) -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, first).placeholders[1].text = "x"
    add(deck, CONTENT, second).placeholders[1].text = "y"
    headings = [b.text for b in parse(deck).blocks if b.kind is H]
    assert headings == ([first] if goes_on else [first, second])


def test_table_with_merges_and_header() -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, ONLY, "Numbers")
    table = slide.shapes.add_table(4, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for r, line in enumerate(
        [("Region", "Sales", ""), ("", "Q1", "Q2"), ("North", "1", "2"), ("", "3", "4")]
    ):
        for c, text in enumerate(line):
            table.cell(r, c).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(2, 0).merge(table.cell(3, 0))
    block = parse(deck).blocks[1]
    assert block.table is not None
    assert block.table.header_rows == 2
    assert block.table.rows == (
        ("Region", "Sales", "Sales"),
        ("Region", "Q1", "Q2"),
        ("North", "1", "2"),
        ("North", "3", "4"),
    )
    assert block.boxes[0].page == 1


def test_chart_as_a_table() -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, ONLY, "Chart")
    make: Any = CategoryChartData
    data = make(number_format="0.0%")
    data.categories = ["东", "西"]
    data.add_series("2023", (0.5, 0.25))
    data.add_series("2024", (0.125, None))
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(2), Inches(5), Inches(3), data
    )
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "份额"
    caption, table = parse(deck).blocks[1:3]
    assert (caption.kind, caption.text) == (BlockKind.CAPTION, "份额")
    assert table.table is not None
    assert table.table.rows == (("", "2023", "2024"), ("东", "50.0%", "12.5%"), ("西", "25.0%", ""))


def test_diagram_as_a_list() -> None:
    d = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    a = "http://schemas.openxmlformats.org/drawingml/2006/main"
    texts = {"root": "", "1": "Plan", "2": "Do", "1a": "Think"}
    points = "".join(
        f'<d:pt modelId="{key}"{" type=" + chr(34) + "doc" + chr(34) if key == "root" else ""}>'
        f"<d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>"
        for key, text in texts.items()
    )
    links = "".join(
        f'<d:cxn modelId="c{n}" srcId="{one}" destId="{two}" srcOrd="{order}" destOrd="0"/>'
        for n, (one, two, order) in enumerate([("root", "2", 1), ("root", "1", 0), ("1", "1a", 0)])
    )
    model = (
        f'<d:dataModel xmlns:d="{d}" xmlns:a="{a}"><d:ptLst>{points}</d:ptLst>'
        f"<d:cxnLst>{links}</d:cxnLst></d:dataModel>"
    )
    blocks = diagram_blocks(etree.fromstring(model))
    assert [(b.kind, b.level, b.text) for b in blocks] == [
        (L, 1, "- Plan"),
        (L, 2, "- Think"),
        (L, 1, "- Do"),
    ]


@pytest.mark.parametrize(
    ("title", "label"), [("季度业务回顾与计划", "备注："), ("Quarterly review", "Notes: ")]
)
def test_notes_stand_under_their_slide(title: str, label: str) -> None:
    deck: Any = pptx.Presentation()
    slide = add(deck, CONTENT, title)
    slide.placeholders[1].text = title
    slide.notes_slide.notes_text_frame.text = "first\nsecond"
    add(deck, CONTENT, "2")
    texts = [text for _, _, text in shown(parse(deck))]
    assert texts == [title, f"- {title}", f"{label}first", "second", "2"]
    assert parse(deck, notes=False).blocks[-1].text == "2"


def test_descriptions_of_pictures_that_say_something() -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    deck: Any = pptx.Presentation()
    slide = add(deck, ONLY, "Pictures")
    for text in (
        "Sales rose by a third",
        "image3.png",
        "图片 2",
        "A cat. Description automatically generated",
    ):
        picture.seek(0)
        shape = slide.shapes.add_picture(picture, Inches(1), Inches(3))
        shape._element.nvPicPr.cNvPr.set("descr", text)
    captions = [b.text for b in parse(deck).blocks if b.kind is BlockKind.CAPTION]
    assert captions == ["Sales rose by a third"]


def test_furniture_of_masters_footers_and_copies() -> None:
    deck: Any = pptx.Presentation()
    for n in range(4):
        slide = add(deck, ONLY, f"Slide {n}")
        box(slide, "Confidential", 7, 7)
        box(slide, f"Training {n + 1}", 1, 7)
        box(slide, f"own {n}", 1, 3)
    master = deck.slide_master.shapes
    footer = next(
        s for s in list(deck.slide_layouts[ONLY].placeholders) if s.placeholder_format.type == 15
    )
    shape = deck.slides[0].shapes
    shape._spTree.append(etree.fromstring(etree.tostring(footer._element)))
    shape[-1].text_frame.text = "Foot"
    logo = etree.fromstring(etree.tostring(deck.slides[0].shapes[1]._element))
    master._spTree.append(logo)
    parsed = parse(deck)
    furniture = [b.text for b in parsed.blocks if b.kind is F]
    pages = [f"Training {n}" for n in (1, 2, 3, 4)]
    assert sorted(set(furniture)) == ["Confidential", "Foot", *pages]
    assert furniture.count("Confidential") == 5  # one of the master
    assert "Confidential" not in [text for _, _, text in shown(parsed)]


def test_hidden_slides_are_kept_and_marked() -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, "One")
    add(deck, CONTENT, "Two")._element.set("show", "0")
    parsed = parse(deck)
    assert [text for _, _, text in shown(parsed)] == ["One", "Two"]
    assert parsed.metadata["hidden_slides"] == (2,)


def test_order_is_that_of_the_presentation_not_of_the_parts() -> None:
    deck: Any = pptx.Presentation()
    for title in ("a", "b", "c"):
        add(deck, CONTENT, title)
    listed = deck.slides._sldIdLst
    listed.insert(0, listed[2])
    assert [text for _, _, text in shown(parse(deck))] == ["c", "a", "b"]


def test_properties() -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, "x").placeholders[1].text = "one point that is long enough to be a body" * 3
    core = deck.core_properties
    core.title, core.author, core.keywords = "Stated", "王五; Li Si", "甲, 乙"
    parsed = parse(deck)
    assert parsed.title == "Stated"
    assert parsed.metadata["authors"] == ("王五", "Li Si")
    assert parsed.metadata["tags"] == ("甲", "乙")
    core.title = "PowerPoint Presentation"
    assert parse(deck).title == ""


def test_a_slide_whose_part_is_missing_is_named_and_the_others_are_read() -> None:
    deck: Any = pptx.Presentation()
    add(deck, CONTENT, "One")
    add(deck, CONTENT, "Two")
    data = edited(saved(deck), "ppt/_rels/presentation.xml.rels", b"slides/slide1.xml", b"NULL")
    parsed = parse(data)
    assert [(b.text, b.boxes[0].page) for b in parsed.blocks] == [("Two", 2)]
    assert parsed.metadata["unreadable_slides"] == (1,)


@pytest.mark.parametrize("damage", ["cut", "not a zip", "no slides", "entities"])
def test_broken_files_are_unreadable(damage: str) -> None:
    deck: Any = pptx.Presentation()
    empty = saved(deck)
    add(deck, CONTENT, "One")
    whole = saved(deck)
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'
    data = {
        "cut": whole[: len(whole) // 2],
        "not a zip": b"hello",
        "no slides": empty,
        "entities": edited(
            whole,
            "ppt/slides/slide1.xml",
            b"<?xml version='1.0' encoding='UTF-8' standalone='yes'?>",
            entity,
        ),
    }[damage]
    with pytest.raises(UnreadableFile, match=r"PowerPoint|no slides|entities"):
        parse(data)
