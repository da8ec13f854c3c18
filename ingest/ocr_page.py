"""A picture of a page read by OCR and laid out: turned upright, lines recognised, tables ruled,
regions by the layout model, as pages with a text layer are."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.contract import Block, OcrEngine, OcrLine
from ingest.lines import is_spaceless
from ingest.numbering import numbering
from ingest.ocr_columns import (
    gutters,
    in_columns,
    parted_at_gutters,
    parted_by_size,
    with_whole_paragraphs,
)
from ingest.ocr_correction import Correction, better_lines
from ingest.ocr_lines import direction_of, measured, mended, page_lines
from ingest.ocr_parting import parted_at_gaps
from ingest.ocr_tables import with_columns
from ingest.pdf_blocks import is_caption
from ingest.pdf_layout import Bounds, Line, PageLayout, Region, lay_out, union
from ingest.pdf_model import model_regions
from ingest.pdf_rules import Drawn, Rule, ruled_tables
from ingest.pictures import (
    band_of,
    deskewed,
    grey_of,
    ink_of,
    opencv,
    slant_of,
    strokes_of,
    turned,
)

if TYPE_CHECKING:
    from ingest.contract import Pixels
    from ingest.pictures import Ink

# MuPDF and the layout model keep state for the whole process: one document at a time.
MUPDF = threading.RLock()

_SURE = 0.85
_LEAST = 12
_QUARTERS = {(1.0, 0.0): 0, (0.0, -1.0): 3, (-1.0, 0.0): 2, (0.0, 1.0): 1}
"""By how many quarter turns to the left a line of that direction comes to run to the right."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure a line was, where it lies on its page, and how many characters it has."""

    box: Bounds
    characters: int
    confidence: float


@dataclass(frozen=True, slots=True)
class OcrPage:
    """A page that was read: its layout, the certainty of its lines, its usual font size, and by
    how many quarter turns to the left it was turned upright."""

    layout: PageLayout
    certainties: tuple[Certainty, ...]
    body_size: float
    quarters: int


@dataclass(frozen=True)
class PageReader:
    """Reads pictures of pages with an engine; with a `second` one the better of both lines
    stands. `correction` mends doubtful lines by a dictionary. `layout` False leaves the layout
    model out. `dpi` is the resolution at which pages of a PDF are drawn, where what they hold
    is not finer."""

    engine: OcrEngine
    second: OcrEngine | None = None
    correction: Correction | None = None
    layout: bool = True
    dpi: int = 200

    @property
    def fingerprint(self) -> str:
        """Names the engines and all that changes what is read."""
        parts = [f"ocr/1;{self.engine.fingerprint};dpi={self.dpi};layout={self.layout}"]
        if self.second is not None:
            parts.append(self.second.fingerprint)
        if self.correction is not None:
            parts.append(self.correction.fingerprint)
        return ";".join(parts)

    def read(self, picture: Pixels, scale: float, number: int, expected: int = 0) -> OcrPage:
        """The page `number`; a pixel measures `scale` points. `expected` is by how many quarter
        turns the page before had to be turned, which is tried first."""
        upright, quarters, found = self._upright(picture, expected)
        if self.second is not None:
            found = better_lines(found, self.second.recognize(upright))
        found = [mended(line) for line in found]
        if self.correction is not None:
            found = [self.correction.corrected(line) for line in found]
        grey = grey_of(upright)
        strokes = strokes_of(grey, max(30, round(28 / scale)))
        drawn = Drawn(
            rules=[Rule(s.level, s.at * scale, s.start * scale, s.end * scale) for s in strokes]
        )
        ink = ink_of(grey)
        for stroke in strokes:
            _wipe(ink, stroke.level, stroke.at, stroke.start, stroke.end)
        read = parted_at_gaps(measured(found, ink), ink)
        lines = page_lines(read, scale)
        certainties = tuple(
            Certainty(
                (i.box[0] * scale, i.box[1] * scale, i.box[2] * scale, i.box[3] * scale),
                len(i.line.text),
                i.line.confidence,
            )
            for i in read
        )
        height, width = upright.shape[:2]
        size = (width * scale, height * scale)
        layout = self._laid_out(upright, size, lines, drawn, number)
        return OcrPage(layout, certainties, _body_size(lines), quarters)

    def _upright(self, picture: Pixels, expected: int) -> tuple[Pixels, int, list[OcrLine]]:
        """The picture upright and level, the quarter turns it took, and its lines.

        Which of the two directions lines run along shows in the ink; which end is up only in
        how sure the engine is of them.
        """
        slant = slant_of(grey_of(picture))
        quarters = 0 if slant.level else 1
        known = expected % 2 == quarters and (slant.level or expected > 0)
        if known:
            quarters = expected
        upright = deskewed(turned(picture, quarters), slant.skew)
        if not slant.level and not known:
            sure, side = self._sample(upright)
            more = side or self._flip_helps(upright, sure)
            upright, quarters = turned(upright, more), (quarters + more) % 4
        found = self.engine.recognize(upright)
        sure, side = _sureness(found)
        if not side and sure < _SURE and self._flip_helps(upright, sure):
            side = 2
        if side:
            upright, quarters = turned(upright, side), (quarters + side) % 4
            found = self.engine.recognize(upright)
        return upright, quarters, found

    def _sample(self, picture: Pixels) -> tuple[float, int]:
        top, bottom = band_of(grey_of(picture))
        return _sureness(self.engine.recognize(picture[top:bottom]))

    def _flip_helps(self, picture: Pixels, sure: float) -> int:
        """2 where the picture reads better upside down, else 0."""
        if sure >= _SURE:
            return 0
        flipped, side = self._sample(turned(picture, 2))
        return 2 if side == 0 and flipped > sure + 0.05 else 0

    def _laid_out(
        self,
        picture: Pixels,
        size: tuple[float, float],
        lines: Sequence[Line],
        drawn: Drawn,
        number: int,
    ) -> PageLayout:
        regions: list[Region] = []
        if self.layout and lines:
            with _searchable(picture, size, lines) as document:
                try:
                    regions = model_regions(document[0])
                except Exception:  # the model's runtime can raise anything; the lines are there
                    regions = []
        gaps = gutters(lines, 0.0, size[0])
        regions = parted_at_gutters(regions, lines, gaps)
        regions = parted_by_size(regions, lines, _body_size(lines))
        regions = with_columns(regions, lines)
        regions = with_ruled(regions, ruled_tables(drawn, lines))
        page = in_columns(_tightened(lay_out(number, *size, regions, lines)), gaps)
        return with_whole_paragraphs(page)


def _tightened(page: PageLayout) -> PageLayout:
    """The page with the boxes of its regions around their lines (the model's stick out), and
    numbered headings that it took for captions as headings."""
    for region in page.regions:
        if region.kind not in ("table", "picture") and region.lines:
            region.box = union(line.box for line in region.lines)
        text = region.lines[0].text if len(region.lines) == 1 else ""
        if region.kind == "caption" and numbering(text) is not None and not is_caption(text):
            region.kind = "section-header"
    return page


def with_ruled(regions: Sequence[Region], ruled: Sequence[Region]) -> list[Region]:
    """The regions, where rules show a table with the ruled one in place of what the model made
    of it."""
    kept = [r for r in regions if not any(_covers(table.box, r.box) for table in ruled)]
    return [*kept, *ruled]


def _covers(outer: Bounds, inner: Bounds) -> bool:
    width = min(outer[2], inner[2]) - max(outer[0], inner[0])
    height = min(outer[3], inner[3]) - max(outer[1], inner[1])
    area = max(0.1, (inner[2] - inner[0]) * (inner[3] - inner[1]))
    return max(0.0, width) * max(0.0, height) > 0.6 * area


def with_confidence(
    blocks: Iterable[Block], pages: dict[int, tuple[Certainty, ...]]
) -> list[Block]:
    """The blocks, those on pages that were read by OCR with the mean confidence of the lines
    that lie in them, weighted by characters."""
    out: list[Block] = []
    for block in blocks:
        total = sure = 0.0
        for box in block.boxes:
            for one in pages.get(box.page, ()):
                x, y = (one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2
                if box.x0 - 1 <= x <= box.x1 + 1 and box.y0 - 1 <= y <= box.y1 + 1:
                    total += one.characters
                    sure += one.characters * one.confidence
        out.append(replace(block, confidence=round(sure / total, 4)) if total else block)
    return out


def _sureness(lines: Sequence[OcrLine]) -> tuple[float, int]:
    """The mean confidence by characters of the lines that run to the right, and by how many
    quarter turns most sure lines want the picture turned."""
    votes: dict[int, float] = {}
    total = sure = 0.0
    for line in lines:
        weight = sum(2 if is_spaceless(char) else 1 for char in line.text)
        total += weight
        quarter = _QUARTERS[direction_of(line)]
        if line.confidence >= _SURE and weight >= 4:
            votes[quarter] = votes.get(quarter, 0.0) + weight
        if quarter == 0:
            sure += weight * line.confidence
    if total < _LEAST:
        return (0.0 if total == 0 else sure / total, 0)
    side = max(votes, key=lambda quarter: (votes[quarter], -quarter), default=0)
    return sure / total, side if votes.get(side, 0.0) > 0.5 * total else 0


def _wipe(ink: Ink, level: bool, at: float, start: float, end: float) -> None:
    """Takes a rule out of the ink, so that it is no part of letters."""
    place, first, last = round(at), int(start), int(end) + 1
    if level:
        ink[max(0, place - 3) : place + 4, first:last] = False
    else:
        ink[first:last, max(0, place - 3) : place + 4] = False


def _body_size(lines: Sequence[Line]) -> float:
    """The font size of most characters."""
    sizes: dict[float, int] = {}
    for line in lines:
        for span in line.spans:
            sizes[span.size] = sizes.get(span.size, 0) + len(span.text)
    return min(sizes, key=lambda size: (-sizes[size], size)) if sizes else 10.0


def _searchable(picture: Pixels, size: tuple[float, float], lines: Sequence[Line]) -> Any:
    """A PDF of one page: the picture, and over it the lines as text that is not shown."""
    cv2 = opencv()
    pymupdf: Any = import_module("pymupdf")
    document = pymupdf.open()
    page = document.new_page(width=size[0], height=size[1])
    _, jpeg = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    page.insert_image(page.rect, stream=jpeg.tobytes())
    latin = pymupdf.Font("helv")
    for line in lines:
        text = line.text.strip()
        if line.direction != (1.0, 0.0) or not text:
            continue
        name = "china-s" if any(ord(char) > 0x24F for char in text) else "helv"
        x0, y0, x1, y1 = line.box
        # MuPDF sets every character of its Chinese font an em wide, whatever the font says.
        length = len(text) * line.size if name != "helv" else latin.text_length(text, line.size)
        if length <= 0:
            continue
        point = pymupdf.Point(x0, y1 - 0.22 * (y1 - y0))
        stretch = pymupdf.Matrix((x1 - x0) / length, 1)
        page.insert_text(
            point, text, fontsize=line.size, fontname=name, render_mode=3, morph=(point, stretch)
        )
    return pymupdf.open(stream=io.BytesIO(document.tobytes()), filetype="pdf")
