"""Pictures of pages by OCR: PNG, JPEG, WebP, BMP, GIF (first frame) and TIFF, page by page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.contract import BlockKind, BraidError, Json, Parsed, Source, UnreadableFile
from ingest.ocr_page import MAX_PIXELS, MUPDF, Certainty, PageReader, with_confidence
from ingest.ocr_pdf import mark_running
from ingest.pdf_blocks import Draft, drafts_of
from ingest.pdf_flow import finished, join_paragraphs, mark_page_numbers, nest_lists
from ingest.pdf_headings import set_levels, title_of
from ingest.pdf_stitch import mark_contents, stitch_tables

if TYPE_CHECKING:
    from ingest.contract import Pixels

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/gif": "GIF",
}
_MOST_PIXELS = 80_000_000
_MOST_PAGES = 1000
_MOST_STRETCH = 200
"""No text is so narrow; enlarging such a picture until OCR sees letters takes minutes."""
_A4_LONG = 841.9
_SMALL = 1100


@dataclass(frozen=True)
class ImageParser:
    """Reads pictures with text. `ocr` is the reader; without it a picture cannot be read."""

    ocr: PageReader | None = None

    def parse(self, source: Source, media_type: str) -> Parsed:
        if self.ocr is None:
            raise UnreadableFile(
                "the file is a picture, its text needs OCR: pip install 'braid-rag[ocr]', and "
                "leave the setting ocr.engine at auto"
            )
        with MUPDF:
            return _parse(source, _FORMATS[media_type], self.ocr)


def _parse(source: Source, kind: str, reader: PageReader) -> Parsed:
    drafts: list[Draft] = []
    certainties: dict[int, tuple[Certainty, ...]] = {}
    quarters = count = 0
    for count, (picture, scale) in enumerate(_pages(source.data, kind), start=1):
        page = reader.read(picture, scale, count, quarters)
        quarters = page.quarters
        drafts.extend(drafts_of(page.layout, page.body_size))
        certainties[count] = page.certainties
    if not drafts:
        raise UnreadableFile(
            "OCR found no text on the picture; if it has some, give a sharper one (200 dpi or more)"
        )
    mark_running(drafts)
    mark_page_numbers(drafts)
    mark_contents(drafts)
    set_levels(drafts, ())
    nest_lists(drafts)
    drafts = stitch_tables(drafts)
    title = title_of(drafts, "") or _largest_at_top(drafts)
    blocks = with_confidence(finished(join_paragraphs(drafts)), certainties)
    total = sum(one.characters for page in certainties.values() for one in page)
    sure = sum(one.characters * one.confidence for page in certainties.values() for one in page)
    metadata: dict[str, Json] = {
        "ocr_pages": tuple(number for number, found in certainties.items() if found),
        "ocr_confidence": round(sure / max(total, 1), 4),
    }
    return Parsed(tuple(blocks), title, count, metadata)


def _largest_at_top(drafts: list[Draft]) -> str:
    """The text in the largest print of the upper third of the first page."""
    top = [
        draft
        for draft in drafts
        if draft.page == 1
        and draft.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH)
        and draft.boxes[0].y0 < draft.page_height / 3
        and len(draft.text) <= 120
    ]
    if not top:
        return ""
    best = max(top, key=lambda draft: draft.size)
    others = [draft.size for draft in drafts if draft is not best]
    return best.text if not others or best.size > 1.1 * min(others) else ""


def _pages(data: bytes, kind: str) -> Iterator[tuple[Pixels, float]]:
    """Each page as a picture, with the points that a pixel measures."""
    pillow: Any = import_module("PIL.Image")
    try:
        with pillow.open(io.BytesIO(data), formats=[kind]) as image:
            count = _count(image, kind)
            for index in range(count):
                if index:
                    image.seek(index)
                yield _page(image)
    except BraidError:
        raise
    except MemoryError:
        raise
    except pillow.DecompressionBombError as error:
        raise UnreadableFile(
            f"the picture has over {_MOST_PIXELS / 1e6:.0f} megapixels: scan at 300 dpi or less"
        ) from error
    except Exception as error:  # the decoders raise many kinds on a damaged picture
        raise UnreadableFile(
            f"the picture is damaged or cut off ({type(error).__name__}: {error}): get a whole copy"
        ) from error


def _count(image: Any, kind: str) -> int:
    """The pages of the picture; of moving pictures the first frame alone is read."""
    count = int(getattr(image, "n_frames", 1)) if kind == "TIFF" else 1
    if count > _MOST_PAGES:
        raise UnreadableFile(
            f"the picture has {count:,} pages, over the limit of {_MOST_PAGES:,}: split it"
        )
    return count


def _page(image: Any) -> tuple[Pixels, float]:
    width, height = image.size
    if width * height > _MOST_PIXELS:
        raise UnreadableFile(
            f"the picture has {width * height / 1e6:,.0f} megapixels, over the limit of "
            f"{_MOST_PIXELS / 1e6:.0f}: scan at 300 dpi or less"
        )
    if max(width, height) > _MOST_STRETCH * min(width, height):
        raise UnreadableFile(
            f"the picture is {width:,} by {height:,} pixels, one side over {_MOST_STRETCH} times "
            "the other: that is no page; cut it"
        )
    stated = image.info.get("dpi")
    if width * height > 4 * MAX_PIXELS:
        image.draft("RGB", (width // 2, height // 2))
    upright = import_module("PIL.ImageOps").exif_transpose(image)
    picture = _rgb(upright)
    picture = _fitted(picture)
    full = max(upright.size if upright is not None else (width, height))
    pixels_per_point = _density(stated, max(width, height)) * max(picture.shape[:2]) / full
    return picture, 1.0 / max(pixels_per_point, 1e-6)


def _density(stated: Any, longest: int) -> float:
    """Pixels to a point: what the file states where that makes a page, else as if the longer
    side were that of A4."""
    try:
        dpi = float(stated[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = 0.0
    if 90 <= dpi <= 1300 and 3 <= longest / dpi <= 24:
        return dpi / 72
    return longest / _A4_LONG


def _rgb(image: Any) -> Pixels:
    """The pixels on white paper, eight bits a colour."""
    import numpy as np

    pillow: Any = import_module("PIL.Image")
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float32)
        low, high = float(values.min()), float(values.max())
        grey = ((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if "A" in image.mode or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = pillow.new("RGBA", layered.size, (255, 255, 255, 255))
        paper.alpha_composite(layered)
        image = paper
    pixels: Pixels = np.asarray(image.convert("RGB")).copy()
    return pixels


def _fitted(picture: Pixels) -> Pixels:
    """Reduced where it is very large; doubled where it is small, as pictures of screens are."""
    cv2: Any = import_module("cv2")
    height, width = picture.shape[:2]
    if height * width > MAX_PIXELS:
        scale = (MAX_PIXELS / (height * width)) ** 0.5
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        small: Pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return small
    if max(height, width) < _SMALL:
        large: Pixels = cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
        return large
    return picture
