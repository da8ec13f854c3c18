"""Lines of OCR over several columns are parted at the gaps; columns of tables on scans."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ingest.contract import OcrLine
from ingest.ocr_columns import gutters, parted_at_gutters, with_whole_paragraphs
from ingest.ocr_lines import Read, measured
from ingest.ocr_page import PageReader
from ingest.ocr_parting import parted_at_gaps
from ingest.ocr_tables import with_columns
from ingest.pdf_layout import Grid, Line, PageLayout, Region, Span
from ingest.pictures import Slant

SIZE = 20.0


@dataclass
class Sheet:
    """A picture with words on it: each is a block of ink, ten pixels to a character."""

    ink: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    read: list[Read]

    @staticmethod
    def empty() -> Sheet:
        return Sheet(np.zeros((600, 900), dtype=bool), [])

    def add(self, y: int, *words: tuple[int, str]) -> None:
        """One line of OCR over words, each with its place."""
        text, at = "", list[float]()
        for x, word in words:
            if text:
                text += " "
                at.append(at[-1] + 10)
            text += word
            at += [float(x + 10 * index) for index in range(len(word))]
            for index in range(len(word)):
                self.ink[y : y + 20, x + 10 * index : x + 10 * index + 6] = True
        left, right = float(words[0][0]), float(words[-1][0] + 10 * len(words[-1][1]))
        starts = tuple((x - left) / (right - left) for x in at)
        box = (left, float(y), right, float(y + 20))
        corners = ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]))
        line = OcrLine(text, corners, 0.9, starts)
        self.read.append(Read(line, box, SIZE, 0.1, len(self.read)))

    def parted(self) -> list[str]:
        return [item.line.text for item in parted_at_gaps(self.read, self.ink)]


def test_a_line_over_columns_is_parted_where_the_rows_beside_it_are_white() -> None:
    sheet = Sheet.empty()
    sheet.add(100, (100, "2,500"), (168, "£1.84"))
    sheet.add(130, (90, "10,000"), (168, "£0.21"))
    sheet.add(160, (130, "24"), (168, "£46.50"))
    assert sheet.parted() == ["2,500", "£1.84", "10,000", "£0.21", "24", "£46.50"]
    pieces = parted_at_gaps(sheet.read, sheet.ink)
    assert [piece.block for piece in pieces] == [0, 0, 1, 1, 2, 2]
    assert pieces[0].box[2] <= 152
    assert pieces[1].box[0] == pytest.approx(168, abs=2)
    assert all(0 <= start <= 1 for piece in pieces for start in piece.line.starts)


def test_rows_of_another_column_of_the_page_do_not_stand_between() -> None:
    sheet = Sheet.empty()
    for row in range(3):
        sheet.add(100 + 60 * row, (500, "2,500"), (568, "£1.84"))
        sheet.add(130 + 60 * row, (50, "running text of the left column"))
    assert sheet.parted().count("£1.84") == 3


def test_one_wider_blank_alone_parts_nothing() -> None:
    sheet = Sheet.empty()
    sheet.add(100, (100, "justified"), (210, "text"))
    sheet.add(130, (100, "which goes on below"))
    sheet.add(160, (100, "and ends here now"))
    assert sheet.parted()[0] == "justified text"


def test_a_gap_of_two_characters_parts_a_line_by_itself() -> None:
    sheet = Sheet.empty()
    sheet.add(100, (100, "Name"), (260, "Ms. Varga"))
    assert sheet.parted() == ["Name", "Ms. Varga"]


def test_white_that_belongs_to_signs_is_no_gap() -> None:
    sheet = Sheet.empty()
    for row in range(3):
        sheet.add(100 + 30 * row, (100, "会议结束。"), (170, "（完）散会"))
    assert sheet.parted() == ["会议结束。 （完）散会"] * 3


def test_a_gap_is_put_where_the_text_has_one() -> None:
    sheet = Sheet.empty()
    for row in range(3):
        sheet.add(100 + 30 * row, (100, "2"), (140, "★"))
        line = sheet.read[-1].line
        sheet.read[-1] = replace(sheet.read[-1], line=replace(line, text="2★", starts=(0, 0.5)))
        sheet.add(300 + 30 * row, (100, "技术"), (134, "(50分)"))
        line = sheet.read[-1].line  # the bracket was seen too far left
        moved = (*line.starts[:3], line.starts[3] - 0.3, *line.starts[4:])
        sheet.read[-1] = replace(sheet.read[-1], line=replace(line, starts=moved))
    assert sheet.parted() == [*(["2", "★", "技术 (50分)"] * 3)]


def test_thin_low_signs_that_are_not_seen_make_no_line_smaller() -> None:
    ink = np.zeros((300, 900), dtype=bool)
    lines = []
    for row, (text, low) in enumerate([
        ("Building loses by day and by night, say they, in your judgement", 28),
        ("Surveys say they carry on, dry days going by quickly, happy guys", 28),
        ("The indoor temperature is not measured at all", 22),
        ("Some of it, which is all that there is of it", 24),
        ("A note in small print to which all of it is due", 16),
    ]):  # fmt: skip
        top, wide = 20 + 50 * row, 10 * len(text)
        for x in range(40, 40 + wide, 10):
            ink[top : top + min(low, 22), x : x + 2] = True
        if low > 22:
            ink[top : top + low, 60:63] = True
        corners = ((40, top - 4), (40 + wide, top - 4), (40 + wide, top + 32), (40, top + 32))
        lines.append(OcrLine(text, tuple((float(x), float(y)) for x, y in corners), 0.9))
    sizes = [item.size for item in measured(lines, ink)]
    assert sizes[:4] == [sizes[0]] * 4
    assert sizes[4] < 0.8 * sizes[0]


class Engine:
    """Gives lines as they are told."""

    fingerprint = "told"

    def __init__(self, lines: list[OcrLine]) -> None:
        self.lines = lines

    def recognize(self, picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> list[OcrLine]:
        return list(self.lines)


def test_a_page_is_laid_out_with_its_lines_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.ocr_page.slant_of", lambda grey: Slant(level=True, skew=0.0))
    sheet = Sheet.empty()
    for row in range(4):
        sheet.add(100 + 30 * row, (100, "2,500"), (168, "£1.84"))
    picture = np.where(sheet.ink[:, :, None], 0, 255).repeat(3, axis=2).astype(np.uint8)
    page = PageReader(Engine([item.line for item in sheet.read]), layout=False).read(picture, 1, 1)
    spans = [s.text for r in page.layout.regions for line in r.lines for s in line.spans]
    assert spans == ["2,500", "£1.84"] * 4
    assert len(page.certainties) == 8


def cell(text: str, x0: float, y0: float, x1: float) -> Line:
    return Line((Span(text, (x0, y0, x1, y0 + 8), 8.0),))


TABLE = [
    cell("Town", 309, 220, 328), cell("Reference", 387, 220, 421), cell("Built", 436, 220, 477),
    cell("Alnham", 309, 240, 335), cell("11", 423, 240, 430), cell("38", 471, 240, 478),
    cell("Seaton", 309, 260, 335), cell("12", 423, 260, 430), cell("29", 471, 260, 478),
]  # fmt: skip


def columns_of(columns: tuple[float, ...], lines: list[Line], **more: object) -> Grid:
    grid = Grid((234.0, 254.0), columns, **more)  # type: ignore[arg-type]
    (region,) = with_columns([Region("table", (309, 220, 478, 268), grid=grid)], lines)
    assert region.grid is not None
    return region.grid


def test_columns_that_the_model_missed_are_those_between_white_strips() -> None:
    assert columns_of((350.0,), TABLE).columns == (361.0, 433.0)


def test_rules_through_a_header_that_part_no_row_are_left_out() -> None:
    grid = columns_of((350.0, 410.0, 433.0, 460.0), TABLE, merged=((0, 0, 1, 2), (0, 1, 3, 4)))
    assert grid.columns == (350.0, 433.0)
    assert grid.merged == ((0, 1, 2, 2),)


def test_two_cells_of_a_row_are_not_one() -> None:
    merged = ((1, 1, 1, 2), (0, 0, 1, 2))
    wide = [cell("Readings", 400, 220, 440), *TABLE[3:]]
    kept = columns_of(
        (361.0, 445.0), wide, merged=merged, phrases=(((420, 240, 480, 248), (1, 1, 1, 2)),)
    )
    assert kept.merged == ((0, 0, 1, 2),)
    assert kept.phrases == ()
    third = [cell("A long name", 440, 240, 560), *wide, cell("2024", 540, 220, 560)]
    assert columns_of((361.0, 433.0, 500.0), third, merged=((1, 1, 0, 3),)).merged == ()


def test_a_rule_through_a_header_is_moved_beside_it() -> None:
    lines = [cell("Pack", 310, 220, 330), cell("Price from 10 packs", 350, 220, 420)]
    lines.append(cell("Remark", 430, 220, 460))
    for row in range(2):
        y = 240 + 20 * row
        lines += [cell("25", 320, y, 330), cell("4.10", 385, y, 400), cell("new", 430, y, 445)]
    assert columns_of((340.0, 410.0), lines).columns == (340.0, 425.0)


def test_numbers_that_are_not_aligned_with_their_header_are_below_it() -> None:
    lines = [cell("Terminal", 310, 220, 345), cell("Signal", 385, 220, 410)]
    for row in range(3):
        lines.append(cell(str(row), 366, 240 + 20 * row, 370))
        lines.append(cell("Supply", 385, 240 + 20 * row, 412))
    (rule,) = columns_of((357.0,), lines).columns
    assert 370 < rule < 385


def test_a_title_over_all_columns_hides_none() -> None:
    title = cell("Table 1 Results of all stations", 330, 204, 460)
    assert columns_of((350.0,), [title, *TABLE]).columns == (361.0, 433.0)


def test_a_caption_in_a_table_is_taken_out() -> None:
    title = cell("Table 1. Results of all stations", 330, 204, 460)
    grid = Grid((216.0, 234.0, 254.0), (361.0, 433.0), ((0, 0, 0, 2), (1, 1, 1, 2)))
    lines = [title, *TABLE[:1], cell("Both readings", 400, 220, 460), *TABLE[3:]]
    caption, table = with_columns([Region("table", (309, 204, 478, 268), grid=grid)], lines)
    assert caption == Region("caption", title.box)
    rest = Grid((234.0, 254.0), (361.0, 433.0), ((0, 0, 1, 2),))
    assert table == Region("table", (309, 220, 478, 268), grid=rest)
    named = Region("table", (309, 204, 478, 268), grid=grid)
    other = cell("Results of all stations", 330, 204, 460)
    assert [r.kind for r in with_columns([named], [other, *lines[1:]])] == ["table"]


def test_a_header_over_two_columns_keeps_them() -> None:
    wide = [
        cell("Year", 309, 220, 328), cell("Readings of 2024", 380, 220, 478), *TABLE[3:],
    ]  # fmt: skip
    assert columns_of((350.0, 450.0), wide).columns == (350.0, 450.0)


def test_bullets_are_no_column() -> None:
    lines = [cell("•", 309, 220 + 20 * row, 313) for row in range(3)]
    lines += [cell("words", 325, 220 + 20 * row, 360) for row in range(3)]
    lines += [cell("more", 420, 220 + 20 * row, 470) for row in range(3)]
    assert columns_of((390.0,), lines).columns == (390.0,)


def test_a_text_that_is_a_cell_goes_to_its_table() -> None:
    table = Region("table", (309, 220, 478, 268), grid=Grid((234.0,), (361.0, 433.0)))
    stray, caption = Region("text", (309, 239, 335, 249)), Region("text", (309, 200, 400, 210))
    lines = [*TABLE, cell("Table 1", 309, 200, 400)]
    assert with_columns([stray, table, caption], lines) == [table, caption]


def test_a_heading_framed_with_a_line_over_both_columns_is_cut_off() -> None:
    lines = [cell("authors over both columns", 120, 60, 480), cell("3 Data", 310, 72, 340)]
    for row in range(12):
        lines.append(cell("left", 50, 90 + 12 * row, 290))
        lines.append(cell("right", 310, 90 + 12 * row, 540))
    parts = parted_at_gutters([Region("text", (120, 60, 480, 80))], lines, gutters(lines, 0, 595))
    assert [(part.kind, part.box) for part in parts] == [
        ("text", (120, 60, 480, 68)),
        ("section-header", (310, 72, 340, 80)),
    ]
    last = [cell("a paragraph over both", 50, 60, 540), cell("columns ends.", 50, 72, 200)]
    whole = Region("text", (50, 60, 540, 80))
    assert parted_at_gutters([whole], [*last, *lines[2:]], [300.0]) == [whole]


def test_the_first_line_of_a_paragraph_is_no_heading() -> None:
    first = cell("施工方报告手续尚未办结会议决定由高建平负责四月十八日前取", 66, 100, 290)
    rest = [cell("得供电局的批复；如果不能按期取得，先从一期厂房临时接入", 50, 112, 290)]
    rest.append(cell("四百千瓦。", 50, 124, 90))
    short, name = cell("供电问题的说明", 50, 88, 106), cell("二、关于供电", 50, 76, 98)
    below = Region("text", (50, 112, 290, 132), rest)

    def kinds(*above: Region) -> list[str]:
        page = PageLayout(1, 595, 842, (*above, below))
        return [region.kind for region in with_whole_paragraphs(page).regions]

    assert kinds(Region("section-header", first.box, [first])) == ["text"]
    assert kinds(Region("section-header", short.box, [short])) == ["section-header", "text"]
    assert kinds(Region("section-header", name.box, [name])) == ["section-header", "text"]
    bold = Line(tuple(Span(span.text, span.box, 8.0, bold=True) for span in first.spans))
    assert kinds(Region("section-header", bold.box, [bold])) == ["section-header", "text"]
    far = cell(first.text, 66, 80, 290)
    assert kinds(Region("section-header", far.box, [far])) == ["section-header", "text"]


def test_the_first_line_of_a_paragraph_keeps_its_text_in_order() -> None:
    first, rest = (
        cell("We take the temperature to lie at", 62, 100, 280),
        cell("19 °C.", 50, 112, 80),
    )
    wide = cell("other running text of the column to the margin", 50, 140, 290)
    regions = (
        Region("section-header", first.box, [first]),
        Region("text", rest.box, [rest]),
        Region("text", wide.box, [wide]),
    )
    page = with_whole_paragraphs(PageLayout(1, 595, 842, regions))
    assert [[line.text for line in region.lines] for region in page.regions] == [
        [first.text, rest.text],
        [wide.text],
    ]
    assert page.regions[0].box == (50, 100, 280, 120)


def test_the_last_line_of_a_paragraph_is_no_heading() -> None:
    text = cell("You will get an estimate first if the", 50, 100, 290)
    last = Line((Span("cost is above 250 euros, if you decline it.1", (50, 112, 200, 122), 10.0),))
    name = Line((Span("Cost of repairs", (50, 112, 200, 120), 8.0),))
    ended = cell("You will get an estimate first, always.", 50, 100, 290)
    short = cell("You will get an estimate first if the", 50, 100, 190)

    def kinds(above: Line, below: Line) -> list[str]:
        other = cell("other running text of the column to the margin", 50, 140, 290)
        regions = (
            Region("text", above.box, [above]),
            Region("section-header", below.box, [below]),
            Region("text", other.box, [other]),
        )
        page = with_whole_paragraphs(PageLayout(1, 595, 842, regions))
        return [region.kind for region in page.regions]

    assert kinds(text, last) == ["text", "text"]
    for above, below in ((text, name), (ended, last), (short, last)):
        assert kinds(above, below) == ["text", "section-header", "text"]
