"""Pictures of pages by OCR: PNG, JPEG, WebP, BMP, GIF (first frame) and TIFF, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.ocr_page import MUPDF, Certainty, PageReader, with_confidence
from ingest.ocr_pdf import mark_running
from ingest.pdf_blocks import Draft, drafts_of
from ingest.pdf_flow import finished, join_paragraphs, mark_page_numbers, nest_lists
from ingest.pdf_headings import set_levels, title_of
from ingest.pdf_stitch import mark_contents, stitch_tables
from ingest.picture_pages import pages


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
            return _parse(source, media_type, self.ocr)


def _parse(source: Source, media_type: str, reader: PageReader) -> Parsed:
    drafts: list[Draft] = []
    certainties: dict[int, tuple[Certainty, ...]] = {}
    quarters = count = 0
    for count, (picture, scale) in enumerate(pages(source.data, media_type), start=1):
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
