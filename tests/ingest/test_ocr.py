"""OCR: orientation, skew, lines, tables, confidence, on pictures that the tests draw."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.components import OCR_ENGINES
from ingest.contract import (
    BadInput,
    BlockKind,
    Document,
    OcrLine,
    Source,
    Unavailable,
    UnreadableFile,
    load_component,
)
from ingest.ocr.rapidocr import RapidOcr
from ingest.ocr.tesseract import Tesseract
from ingest.ocr_choice import page_reader, with_reader
from ingest.ocr_lines import measured, mended
from ingest.ocr_page import PageReader
from ingest.parse.image import ImageParser
from ingest.parse.pdf import PdfParser
from ingest.pictures import deskewed, grey_of, ink_of, slant_of, strokes_of, turned
from ingest.pipeline import read

if TYPE_CHECKING:
    from ingest.contract import Pixels

cv2: Any = import_module("cv2")
pymupdf: Any = import_module("pymupdf")
pillow: Any = import_module("PIL.Image")

TITLE = "水泵运行规程"
ENGLISH = "The pump must not run dry."
CHINESE = "轴承温度不得超过七十五度，发现异常应立即停机。"
ROWS = (("型号", "流量", "扬程"), ("AV-210", "25", "32"), ("AV-220", "60", "38"))


def page_pdf() -> Any:
    """A small page: a heading, a Chinese line, an English line, a ruled table."""
    document = pymupdf.open()
    page = document.new_page(width=330, height=300)
    page.insert_text((40, 50), TITLE, fontsize=20, fontname="china-s")
    page.insert_text((40, 85), CHINESE[:17], fontsize=12, fontname="china-s")
    page.insert_text((40, 105), CHINESE[17:], fontsize=12, fontname="china-s")
    page.insert_text((40, 140), ENGLISH, fontsize=12)
    left, top, wide, high = 40, 170, 80, 26
    for index in range(len(ROWS) + 1):
        page.draw_line((left, top + index * high), (left + 3 * wide, top + index * high))
    for index in range(4):
        page.draw_line((left + index * wide, top), (left + index * wide, top + 3 * high))
    for r, row in enumerate(ROWS):
        for c, cell in enumerate(row):
            point = (left + c * wide + 10, top + r * high + 18)
            font = "helv" if cell.isascii() else "china-s"
            page.insert_text(point, cell, fontsize=11, fontname=font)
    return document


@cache
def picture(dpi: int = 150) -> Pixels:
    pixmap = page_pdf()[0].get_pixmap(dpi=dpi, alpha=False)
    pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
    return pixels.copy()


def encoded(pixels: Any, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def scan(pages: Sequence[Pixels], dpi: int = 150) -> bytes:
    """A PDF of nothing but pictures."""
    document = pymupdf.open()
    for pixels in pages:
        height, width = (side * 72 / dpi for side in pixels.shape[:2])
        page = document.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=encoded(pixels, "JPEG", quality=80))
    data: bytes = document.tobytes()
    return data


def texts(document: Document, kind: BlockKind) -> list[str]:
    return [block.text for block in document.blocks if block.kind is kind]


def check(document: Document) -> None:
    assert document.title == TITLE
    body = "".join(block.text for block in document.blocks)
    assert CHINESE in body
    assert ENGLISH in body
    tables = [block.table for block in document.blocks if block.table is not None]
    assert [table.rows for table in tables] == [ROWS]
    assert tables[0].header_rows == 1
    confidences = [block.confidence for block in document.blocks]
    assert all(value is not None and 0.8 < value <= 1 for value in confidences)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_scan_is_read_whichever_way_it_lies(quarters: int) -> None:
    data = scan([turned(picture(), quarters)])
    document = read(Source("a.pdf", data, "a.pdf"))
    check(document)
    assert document.metadata["ocr_pages"] == (1,)
    heading = next(block for block in document.blocks if block.text == TITLE)
    box = heading.boxes[0]  # in points of the page when it is upright
    assert abs(box.x0 - 40) < 6
    assert 25 < box.y0 < box.y1 < 65


def test_a_skewed_noisy_scan_is_read() -> None:
    random = np.random.default_rng(3)
    pixels = deskewed(picture(), 2.0).astype(np.float32)
    noisy = np.clip(pixels + random.normal(0, 15, pixels.shape), 0, 255).astype(np.uint8)
    check(read(Source("a.pdf", scan([noisy]), "a.pdf")))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF"])
def test_pictures_of_every_kind_are_read(kind: str) -> None:
    strip = picture()[145:235]
    document = read(Source(f"a.{kind.lower()}", encoded(strip, kind), f"a.{kind.lower()}"))
    assert CHINESE in "".join(block.text for block in document.blocks)
    assert document.page_count == 1


def test_the_pages_of_a_tiff_are_pages() -> None:
    strip = pillow.fromarray(picture()[240:310])
    buffer = io.BytesIO()
    strip.save(buffer, "TIFF", save_all=True, append_images=[strip, strip], dpi=(150, 150))
    document = read(Source("a.tiff", buffer.getvalue(), "a.tiff"))
    assert document.page_count == 3
    assert {block.boxes[0].page for block in document.blocks} == {1, 2, 3}


def test_the_orientation_that_a_camera_notes_is_heeded() -> None:
    sideways = pillow.fromarray(turned(picture()[145:235], 1))
    exif = pillow.Exif()
    exif[0x0112] = 6  # to be turned to the right
    buffer = io.BytesIO()
    sideways.save(buffer, "JPEG", exif=exif)
    document = read(Source("a.jpg", buffer.getvalue(), "a.jpg"))
    assert CHINESE in "".join(block.text for block in document.blocks)


def test_transparent_and_sixteen_bit_pictures_stand_on_white_paper() -> None:
    grey = grey_of(picture()[240:310])
    ink = np.zeros((*grey.shape, 4), np.uint8)
    ink[:, :, 3] = 255 - grey
    deep = (grey.astype(np.uint16) * 200).astype(np.uint16)
    for pixels in (ink, deep):
        document = read(Source("a.png", encoded(pixels, "PNG"), "a.png"))
        assert ENGLISH in "".join(block.text for block in document.blocks)


def test_only_pages_without_text_go_through_ocr() -> None:
    document = pymupdf.open()
    page = document.new_page(width=330, height=300)
    for index in range(6):
        page.insert_text((40, 60 + 16 * index), "Digital text is taken from the file as it is.")
    document.insert_pdf(pymupdf.open(stream=scan([picture()])))
    document.new_page(width=330, height=300)
    found = read(Source("a.pdf", document.tobytes(), "a.pdf"))
    assert found.metadata["ocr_pages"] == (2,)
    for block in found.blocks:
        assert (block.confidence is None) == (block.boxes[0].page == 1)
    assert [b.boxes[0].page for b in found.blocks] == sorted(b.boxes[0].page for b in found.blocks)


def test_garbage_and_stamps_over_a_scan_do_not_hide_it() -> None:
    garbage = "".join(chr(0xE100 + index) for index in range(40))
    for layer, font in ((garbage, "china-s"), ("Copy 000123", "helv")):
        document = pymupdf.open(stream=scan([picture()]))
        document[0].insert_text((40, 290), layer, fontsize=8, fontname=font)
        found = read(Source("a.pdf", document.tobytes(), "a.pdf"))
        assert CHINESE in "".join(block.text for block in found.blocks)


def test_an_invisible_layer_of_an_earlier_ocr_is_kept() -> None:
    document = pymupdf.open(stream=scan([picture()]))
    for index in range(8):
        text = "This layer was put here by another program, and reads well enough."
        document[0].insert_text((20, 40 + 20 * index), text, fontsize=8, render_mode=3)
    found = read(Source("a.pdf", document.tobytes(), "a.pdf"))
    assert "ocr_pages" not in found.metadata


@pytest.mark.parametrize("degrees", [-13.0, -3.3, 0.0, 0.7, 2.0, 8.5])
def test_skew_is_found_to_a_fifth_of_a_degree(degrees: float) -> None:
    slant = slant_of(grey_of(deskewed(_lines_of_text(), degrees)))
    assert slant.level
    assert abs(slant.skew + degrees) < 0.2
    upended = slant_of(grey_of(turned(deskewed(_lines_of_text(), degrees), 1)))
    assert not upended.level
    assert abs(upended.skew + degrees) < 0.2


@cache
def _lines_of_text() -> Pixels:
    document = pymupdf.open()
    page = document.new_page(width=420, height=420)
    words = "Pumps wear long before anyone hears it, so that the sensor listens to them."
    for index in range(14):
        page.insert_text((60, 80 + 20 * index), words[index:], fontsize=9)
    pixmap = page.get_pixmap(dpi=150, alpha=False)
    pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, 3)
    return pixels.copy()


def test_rules_are_told_from_letters() -> None:
    strokes = strokes_of(grey_of(picture()), 60)
    assert sum(stroke.level for stroke in strokes) == 4
    assert sum(not stroke.level for stroke in strokes) == 4
    assert strokes_of(grey_of(_lines_of_text()), 60) == []


def test_sizes_come_from_the_ink() -> None:
    grey = grey_of(picture())
    engine = RapidOcr()
    found = measured(engine.recognize(picture()), ink_of(grey))
    sizes = {item.line.text: item.size * 72 / 150 for item in found}
    assert abs(sizes[TITLE] - 20) < 2
    assert abs(sizes[ENGLISH] - 12) < 1.5


def test_the_engine_gives_the_same_lines_each_time_and_alone() -> None:
    engine = RapidOcr(threads=1)
    strip = picture()[145:310]
    first = engine.recognize(strip)
    assert first == RapidOcr(threads=2).recognize(strip)
    assert all(len(line.starts) == len(line.text) for line in first)
    assert all(list(line.starts) == sorted(line.starts) for line in first)


def test_the_engine_never_asks_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = import_module("socket")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    texts_read = [line.text for line in RapidOcr(threads=1).recognize(picture()[240:310])]
    assert texts_read == [ENGLISH]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(import_module("sys").modules, "rapidocr", None)
    with pytest.raises(Unavailable, match=r"pip install 'braid-rag\[ocr\]'"):
        RapidOcr().recognize(picture())


def test_without_an_engine_the_reason_says_what_to_do() -> None:
    data = scan([picture()])
    with pytest.raises(UnreadableFile, match=r"braid-rag\[ocr\]"):
        PdfParser().parse(Source("a.pdf", data, "a.pdf"), "application/pdf")
    with pytest.raises(UnreadableFile, match=r"braid-rag\[ocr\]"):
        ImageParser().parse(Source("a.png", encoded(picture(), "PNG"), "a.png"), "image/png")
    off = {"application/pdf": {"ocr": {"engine": "none"}}}
    with pytest.raises(UnreadableFile, match="OCR"):
        read(Source("a.pdf", data, "a.pdf"), off)


@pytest.mark.parametrize(
    "options",
    [{"engine": "other"}, {"colour": 1}, {"dpi": 10}, {"languages": "eng"}, {"dpi": "200"}],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        page_reader(options)


def test_other_types_keep_their_options() -> None:
    assert with_reader("text/html", {"ocr": {"engine": "none"}}) == {"ocr": {"engine": "none"}}
    assert with_reader("image/png", {})["ocr"] is page_reader({})


def test_blank_and_damaged_pictures_have_a_reason() -> None:
    white = np.full((300, 300, 3), 255, np.uint8)
    with pytest.raises(UnreadableFile, match="no text"):
        read(Source("a.png", encoded(white, "PNG"), "a.png"))
    whole = encoded(picture(), "PNG")
    for data in (whole[: len(whole) // 3], whole[:60], whole[:8] + b"x" * 100):
        with pytest.raises(UnreadableFile):
            read(Source("a.png", data, "a.png"))


def test_a_decompression_bomb_is_not_unpacked() -> None:
    buffer = io.BytesIO()
    pillow.new("1", (30_000, 10_000)).save(buffer, "PNG")
    with pytest.raises(UnreadableFile, match="megapixels"):
        read(Source("a.png", buffer.getvalue(), "a.png"))


@pytest.mark.parametrize("size", [(8, 400_000), (400_000, 8)])
def test_a_picture_that_is_a_thread_is_not_enlarged(size: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    pillow.new("L", size, 255).save(buffer, "TIFF")
    with pytest.raises(UnreadableFile, match="that is no page"):
        read(Source("a.tiff", buffer.getvalue(), "a.tiff"))


@dataclass(frozen=True)
class Typist:
    """An engine that types what it was told, at the places it was told."""

    lines: tuple[OcrLine, ...]
    seen: list[int] = field(default_factory=list)
    fingerprint: str = "typist"

    def recognize(self, picture: Pixels) -> list[OcrLine]:
        self.seen.append(picture.shape[0])
        return list(self.lines)


def line(text: str, x: float, y: float, confidence: float = 0.99, high: float = 25) -> OcrLine:
    wide = high * 0.5 * len(text)
    corners = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
    return OcrLine(text, corners, confidence)


def test_a_sure_page_is_read_once_and_an_unsure_one_the_other_way_up_too() -> None:
    sure = Typist((line("a line of plain text", 80, 80),))
    PageReader(sure, layout=False).read(picture(), 0.48, 1)
    assert len(sure.seen) == 1
    unsure = Typist((line("a line of plain text", 80, 80, 0.6),))
    PageReader(unsure, layout=False).read(picture(), 0.48, 1)
    assert len(unsure.seen) == 2


def test_each_engine_of_the_table_is_one() -> None:
    for name in OCR_ENGINES:
        engine = load_component(OCR_ENGINES, name)
        assert engine.fingerprint


def test_tesseract_reads_where_it_is_installed() -> None:
    engine = Tesseract()
    try:
        found = engine.recognize(picture(200))
    except Unavailable:
        pytest.skip("tesseract is not installed")
    assert ENGLISH in [one.text for one in found]
    assert all(len(one.starts) == len(one.text) for one in found)


def test_tesseract_that_is_missing_or_slow_is_told() -> None:
    with pytest.raises(Unavailable, match="not installed"):
        Tesseract(program="no-such-program").recognize(picture())


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        ("（表号SV-02)，附照片", "（表号SV-02），附照片"),
        ("class lE4 motors", "class IE4 motors"),
        ("共1O0台", "共100台"),
        ("时间,地点", "时间，地点"),
        ("1.3职责", "1.3 职责"),
        ("1.5万元", "1.5万元"),
        ("f(x), g(y)", "f(x), g(y)"),
        ("AV- 220", "AV-220"),
    ],
)
def test_what_is_certain_is_mended(raw: str, right: str) -> None:
    assert mended(OcrLine(raw, (), 1.0)).text == right


@given(st.text(alphabet="汉字第一章12.,()（）lO Iaé ", max_size=30))
def test_mending_keeps_places_in_step(text: str) -> None:
    starts = tuple(index / max(len(text), 1) for index in range(len(text)))
    out = mended(OcrLine(text, (), 0.5, starts))
    assert len(out.starts) == len(out.text)
    assert list(out.starts) == sorted(out.starts)
    assert mended(out).text == out.text
