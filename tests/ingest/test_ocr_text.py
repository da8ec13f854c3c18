"""What OCR does without a picture: text layers judged, words mended, engines weighed, columns,
running heads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import BadInput, BlockKind, Box, OcrLine
from ingest.ocr_columns import gutters, in_columns, parted_at_gutters, parted_by_size
from ingest.ocr_correction import Correction, better_lines
from ingest.ocr_pdf import mark_running
from ingest.pdf_blocks import Draft
from ingest.pdf_layout import Line, PageLayout, Region, Span
from ingest.text_layer import is_garbage, is_stamp

EN = (
    "The pump must be vented before it is started for the first time, and again after every "
    "repair of the suction line. Only trained staff may open the casing while it is warm."
)
ZH = (
    "公司全年实现营业收入一百二十亿元，同比增长百分之八，主要来自海外市场的拓展。本报告所载数据已经"
    "会计师事务所审计，除特别注明外，金额单位为人民币万元，增减幅度为与上年同期相比的结果。"
)
WORDS = Correction(frozenset({"valve", "impeller", "IE4", "已付款", "未到期", "末端阀"}))


@pytest.mark.parametrize(
    "text",
    [
        EN,
        EN.upper(),
        ZH,
        ZH + EN,
        "",
        "12",
        "1,234.50  2,345.60  -12.3%\n" * 20,
        "AV-210 SN 2404-0117 DN80 PN16 IP68 M12x1.75 X7R\n" * 8,
        "Der Vertrag wird für die Dauer von zwölf Monaten geschlossen und verlängert sich. " * 3,
        "Le présent règlement est applicable à tous les établissements de la société. " * 3,
        "Contents\n1 Scope ............ 3\n2 Terms ............ 5\n" * 5,
        "王小明 李建国 张伟 刘洋 陈静 杨帆 黄磊 赵敏 周杰 吴昊 徐丽 孙悦 朱琳 胡军 郭涛 " * 2,
        "本條例自公布之日起施行，經銷商應於三十日內將庫存數量報送總公司，逾期視為放棄。" * 2,
    ],
)
def test_texts_of_languages_are_no_garbage(text: str) -> None:
    assert not is_garbage(text)


@pytest.mark.parametrize("shift", [-29, -3, 1, 3, 13, 31])
def test_shifted_letters_are_garbage(shift: int) -> None:
    shifted = "".join(c if c.isspace() else chr(max(33, ord(c) + shift)) for c in EN * 2)
    assert is_garbage(shifted)


@pytest.mark.parametrize(
    "text",
    [
        "\ufffd" * 12 + EN[:40],
        "".join(chr(0xE000 + ord(char)) for char in EN),
        "(cid:12)(cid:44)(cid:3)" * 12,
        "".join(random.Random(5).choices([chr(c) for c in range(0x4E00, 0x9FA5)], k=120)),
        "ÖÐ¹úÈËÃñ¹²ºÍ¹ú¾Ó×¡Éí·ÝÖ¤±àºÅ" * 4,
        "!\"#$%&'()*+,-./:;<=>" * 6,
    ],
)
def test_what_broken_fonts_leave_is_garbage(text: str) -> None:
    assert is_garbage(text)


def test_a_stamp_is_little_text_on_a_page_full_of_picture() -> None:
    assert is_stamp(20, 0.95)
    assert not is_stamp(20, 0.3)
    assert not is_stamp(2000, 1.0)


def line(text: str, confidence: float = 0.7, x: float = 0, y: float = 0) -> OcrLine:
    corners = ((x, y), (x + 100, y), (x + 100, y + 10), (x, y + 10))
    return OcrLine(text, corners, confidence)


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("the va1ve is open", "the valve is open"),
        ("the irnpeller", "the impeller"),
        ("class lE4", "class IE4"),
        ("货款己付款", "货款已付款"),
        ("末到期债务", "未到期债务"),
        ("未端阀", "末端阀"),
        ("the vaXve is open", "the vaXve is open"),
        ("自己", "自己"),
    ],
)
def test_doubtful_words_are_mended_by_the_dictionary(read: str, right: str) -> None:
    assert WORDS.corrected(line(read)).text == right


def test_sure_lines_and_two_ways_of_mending_are_left_alone() -> None:
    assert WORDS.corrected(line("va1ve", 0.99)).text == "va1ve"
    both = Correction(frozenset({"0X", "OX"}))
    assert both.corrected(line("QX")).text == "QX"


@given(st.text(max_size=40), st.floats(0, 1))
def test_mending_by_a_dictionary_settles(text: str, confidence: float) -> None:
    once = WORDS.corrected(line(text, confidence))
    assert WORDS.corrected(once).text == once.text


def test_a_dictionary_is_a_file_of_words(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\ufeffvalve\n\n# comment\n已付款  # paid\n", encoding="utf-8")
    assert Correction.from_file(path).words == {"valve", "已付款"}
    with pytest.raises(BadInput, match="dictionary"):
        Correction.from_file(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="dictionary"):
        Correction.from_file(path)


def test_of_two_engines_the_surer_line_stands() -> None:
    first = [line("rnotor", 0.6), line("good line", 0.99, y=20), line("abc", 0.5, y=40)]
    second = [
        line("motor", 0.95),
        line("g00d l1ne", 0.97, y=20),
        line("something else altogether", 0.9, y=40),
        line("missed", 0.95, y=60),
        line("dirt", 0.4, y=80),
    ]
    read = [one.text for one in better_lines(first, second)]
    assert read == ["motor", "good line", "abc", "missed"]


def test_a_line_over_several_of_the_first_engine_is_not_added() -> None:
    first = [line("S4", 0.99, x=0), line("24", 0.99, x=400)]
    wide = OcrLine("S4 24", ((0, 0), (1500, 0), (1500, 10), (0, 10)), 0.97)
    assert better_lines(first, [wide]) == first


def printed(text: str, x0: float, y0: float, x1: float) -> Line:
    return Line((Span(text, (x0, y0, x1, y0 + 10), 10.0),))


def test_regions_over_two_columns_are_parted() -> None:
    lines = [printed("title over both", 50, 40, 400)]
    for row in range(12):
        lines.append(printed("left", 50, 80 + 14 * row, 280))
        lines.append(printed("right", 310, 80 + 14 * row, 540))
    gaps = gutters(lines, 0, 595)
    assert len(gaps) == 1
    regions = [Region("title", (50, 38, 400, 52)), Region("text", (50, 78, 540, 250))]
    parts = parted_at_gutters(regions, lines, gaps)
    assert [part.kind for part in parts] == ["title", "text", "text"]
    assert parts[1].box[2] == 280
    assert parts[2].box[0] == 310
    table = [Region("table", (50, 78, 540, 250))]
    assert parted_at_gutters(table, lines, gaps) == table


def test_columns_are_read_one_after_the_other_between_what_reaches_over_both() -> None:
    boxes = {
        "title": (50.0, 20.0, 540.0, 40.0),
        "table right": (310.0, 50.0, 540.0, 90.0),
        "left": (50.0, 60.0, 280.0, 300.0),
        "right": (310.0, 100.0, 540.0, 300.0),
        "wide": (50.0, 310.0, 540.0, 330.0),
        "below left": (50.0, 350.0, 280.0, 400.0),
        "below right": (310.0, 345.0, 540.0, 400.0),
    }
    regions = tuple(Region("text", box) for box in boxes.values())
    page = in_columns(PageLayout(1, 595, 842, regions), [295.0])
    names = {box: name for name, box in boxes.items()}
    assert [names[region.box] for region in page.regions] == [
        "title", "left", "table right", "right", "wide", "below left", "below right",
    ]  # fmt: skip


def test_a_heading_is_parted_from_the_text_that_it_was_framed_with() -> None:
    big = Line((Span("Rules for pumps", (50, 40, 300, 58), 18.0),))
    lines = [big, printed("text", 50, 70, 400), printed("more text", 50, 84, 300)]
    parts = parted_by_size([Region("text", (50, 38, 400, 96))], lines, 10.0)
    assert [part.kind for part in parts] == ["section-header", "text"]
    plain = [Region("text", (50, 68, 400, 96))]
    assert parted_by_size(plain, lines[1:], 10.0) == plain


def test_one_column_has_no_gutter() -> None:
    lines = [printed("words", 50, 80 + 14 * row, 540 - 20 * (row % 3)) for row in range(20)]
    assert gutters(lines, 0, 595) == []


def test_what_runs_over_scanned_pages_is_furniture_in_spite_of_errors() -> None:
    drafts = []
    for page, head in enumerate(
        ("Annual Report 2024", "Annua1 Report 2024", "Annual Repor t 2024")
    ):
        for text, y in ((head, 30.0 + 4 * page), (f"The text of page {page} stands here.", 300.0)):
            box = Box(page + 1, 50, y, 200, y + 12)
            drafts.append(Draft(BlockKind.PARAGRAPH, text, [box], page_height=800))
    mark_running(drafts)
    kinds = [draft.kind for draft in drafts]
    assert kinds == [BlockKind.FURNITURE, BlockKind.PARAGRAPH] * 3
