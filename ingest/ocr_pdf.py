"""Pages of a PDF that OCR has to read: which they are, drawn as pictures, one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from ingest.contract import Block, BlockKind, BraidError, Json
from ingest.ocr_page import Certainty, OcrPage, PageReader, with_confidence
from ingest.pdf_blocks import Draft, drafts_of
from ingest.pdf_layout import Line
from ingest.picture_pages import MAX_PIXELS
from ingest.text_layer import is_garbage, is_stamp

_FINEST = 300
_EDGE = 0.13


@dataclass(slots=True)
class Scans:
    """What OCR read of a document so far. Without a `reader` no page is taken, and `wanted`
    tells which would have been."""

    pymupdf: Any
    reader: PageReader | None = None
    drafts: dict[int, list[Draft]] = field(default_factory=dict)
    certainties: dict[int, tuple[Certainty, ...]] = field(default_factory=dict)
    wanted: list[int] = field(default_factory=list)
    quarters: int = 0

    def takes(self, page: Any, number: int, lines: Sequence[Line]) -> bool:
        """Reads the page by OCR where it has no text layer to be believed; whether that gave
        its text. The page is as it is displayed (no rotation set)."""
        text = "\n".join(line.text for line in lines)
        characters = sum(not char.isspace() for char in text)
        garbage = is_garbage(text)
        if characters and not garbage and not is_stamp(characters, 1.0):
            return False
        covered = _covered(page)
        blank = not characters and not covered and not page.get_cdrawings()
        if blank or (characters and not garbage and not is_stamp(characters, covered)):
            return False
        if self.reader is None:
            if not characters or garbage:
                self.wanted.append(number)
            return False
        read = self._read(page, number)
        found = sum(one.characters for one in read.certainties)
        if not found or (characters and not garbage and found < 2 * characters):
            return False
        self.quarters = read.quarters
        self.drafts[number] = drafts_of(read.layout, read.body_size)
        self.certainties[number] = read.certainties
        return True

    def _read(self, page: Any, number: int) -> OcrPage:
        assert self.reader is not None
        import numpy as np

        dpi = _dpi(page, self.reader.dpi)
        pixmap = page.get_pixmap(dpi=dpi, colorspace=self.pymupdf.csRGB, alpha=False)
        picture = np.frombuffer(pixmap.samples_mv, np.uint8)
        picture = picture.reshape(pixmap.height, pixmap.stride)[:, : pixmap.width * 3]
        picture = picture.reshape(pixmap.height, pixmap.width, 3).copy()
        scale = float(page.rect.width) / pixmap.width
        del pixmap
        self.pymupdf.TOOLS.store_shrink(100)
        return self.reader.read(picture, scale, number, self.quarters)

    def merged(self, drafts: Iterable[Draft]) -> list[Draft]:
        """The drafts of the other pages with those of OCR at their places; what runs over the
        scanned pages is marked."""
        pending = sorted(self.drafts)
        mark_running([draft for number in pending for draft in self.drafts[number]])
        out: list[Draft] = []
        for draft in drafts:
            while pending and pending[0] < draft.page:
                out.extend(self.drafts[pending.pop(0)])
            out.append(draft)
        for number in pending:
            out.extend(self.drafts[number])
        return out

    @property
    def advice(self) -> str:
        """What to do about pages without text."""
        if self.reader is not None:
            return "OCR found no text on them; scan them anew at 200 dpi or more"
        return (
            "they need OCR: pip install 'braid-rag[ocr]', and leave the setting ocr.engine at auto"
        )

    def confident(self, blocks: Iterable[Block]) -> list[Block]:
        """The blocks with the confidence of their lines."""
        return with_confidence(blocks, self.certainties)

    @property
    def metadata(self) -> dict[str, Json]:
        """`ocr_pages` (numbers) and `ocr_confidence` (mean, by characters), where OCR read."""
        if not self.certainties:
            return {}
        every = [one for page in self.certainties.values() for one in page]
        total = sum(one.characters for one in every)
        mean = sum(one.characters * one.confidence for one in every) / max(total, 1)
        return {"ocr_pages": tuple(sorted(self.certainties)), "ocr_confidence": round(mean, 4)}


def _covered(page: Any) -> float:
    """The share of the page that pictures cover; strips and tiles of one scan add up."""
    try:
        infos = page.get_image_info()
    except BraidError:
        raise
    except Exception:  # a damaged picture: MuPDF draws what it can
        return 0.0
    area = 0.0
    width, height = float(page.rect.width), float(page.rect.height)
    for info in infos:
        x0, y0, x1, y1 = info["bbox"]
        area += max(0.0, min(x1, width) - max(x0, 0)) * max(0.0, min(y1, height) - max(y0, 0))
    return min(1.0, area / max(width * height, 1.0))


def _dpi(page: Any, usual: int) -> int:
    """The resolution to draw a page at: that of the picture that it holds, from `usual` to 300,
    less where the page is very large."""
    finest = float(usual)
    for info in page.get_image_info():
        x0, y0, x1, y1 = info["bbox"]
        wide, high = x1 - x0, y1 - y0
        if wide * high > 0.3 * page.rect.width * page.rect.height and wide > 1:
            finest = max(finest, min(info["width"] / wide, info["height"] / high) * 72)
    inches = max(1e-6, page.rect.width * page.rect.height / 72**2)
    return max(1, int(min(finest, _FINEST, (MAX_PIXELS / inches) ** 0.5)))


def mark_running(drafts: Sequence[Draft]) -> None:
    """Texts near the edge of pages that are nearly the same, at nearly the same place, on three
    pages (both, where there are two) become furniture: scans shift and OCR errs."""
    pages = len({draft.page for draft in drafts})
    if pages < 2:
        return
    groups: list[tuple[str, float, list[Draft]]] = []
    for draft in drafts:
        box, height = draft.boxes[0], draft.page_height
        near = box.y1 < _EDGE * height or box.y0 > (1 - _EDGE) * height
        if not near or draft.table is not None or len(draft.text) > 150:
            continue
        key = re.sub(r"\d+", "#", re.sub(r"[\W_]+", "", draft.text.casefold()))
        for other, place, members in groups:
            if abs(place - box.y0) <= 14 and len(key) > 2 and _alike(key, other):
                members.append(draft)
                break
        else:
            groups.append((key, box.y0, [draft]))
    for _, _, members in groups:
        if len({draft.page for draft in members}) >= min(3, pages):
            for draft in members:
                draft.kind = BlockKind.FURNITURE


def _alike(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 0.25 * max(len(one), len(other)):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.8
