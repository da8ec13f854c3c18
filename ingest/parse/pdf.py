"""PDF by pymupdf and its layout model: one page at a time, text from the file, never from OCR."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ingest.contract import BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.pdf_blocks import Draft, drafts_of
from ingest.pdf_flow import carry_headers, finished, join_paragraphs, mark_furniture, nest_lists
from ingest.pdf_headings import Outline, set_levels, title_of
from ingest.pdf_layout import Bounds, Grid, Line, PageLayout, Places, Region, Span, lay_out, union

# MuPDF and the layout model keep state for the whole process: one document at a time.
_ONE_AT_A_TIME = threading.Lock()

_MONO_FONT = re.compile(r"Courier|Mono|Consol|Menlo|Typewriter|CMTT|LetterGothic", re.IGNORECASE)
_MONOSPACED, _BOLD, _ITALIC = 8, 16, 2


@dataclass(frozen=True)
class PdfParser:
    """Reads application/pdf.

    `layout` False leaves the layout model out: text blocks, headings by font size, no tables;
    a hundred times as fast.
    """

    layout: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        with _ONE_AT_A_TIME:
            return _parse(source, self.layout)


def _parse(source: Source, layout: bool) -> Parsed:
    pymupdf = _pymupdf()
    document = _open(pymupdf, source.data)
    try:
        body_size = _body_size(document)
        drafts: list[Draft] = []
        without_text: list[int] = []
        failed: dict[int, str] = {}
        for index in range(document.page_count):
            try:
                page = _read_page(pymupdf, document, index, layout, body_size, failed)
            except Exception as error:  # MuPDF raises many kinds on a damaged page
                failed[index + 1] = f"{type(error).__name__}: {error}"
                continue
            if page.regions:
                drafts.extend(drafts_of(page, body_size))
            else:
                without_text.append(index + 1)
        if not drafts:
            raise UnreadableFile(_why_no_text(document.page_count, failed))
        return _assemble(document, drafts, without_text, failed)
    finally:
        document.close()
        pymupdf.TOOLS.store_shrink(100)


def _pymupdf() -> Any:
    """The library, with its printing to the terminal turned off."""
    library: Any = import_module("pymupdf")
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    return library


def _open(pymupdf: Any, data: bytes) -> Any:
    """The document; an empty password is tried, as every reader does.

    Raises UnreadableFile where it is locked, damaged beyond repair, or has no pages.
    """
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
        locked = bool(document.needs_pass) and not document.authenticate("")
        pages = 0 if locked else document.page_count
    except Exception as error:  # pymupdf has its own error types beside RuntimeError and ValueError
        raise UnreadableFile(
            f"the PDF is damaged or cut off and could not be opened ({error}): get a whole copy"
        ) from error
    if locked:
        document.close()
        raise UnreadableFile(
            "the PDF is encrypted; it needs its password: save a copy without the password"
        )
    if pages == 0:
        document.close()
        raise UnreadableFile("the PDF is damaged or cut off: no page of it can be found")
    return document


def _why_no_text(pages: int, failed: Mapping[int, str]) -> str:
    if len(failed) == pages:
        return f"no page of the PDF could be read; page 1: {failed.get(1, 'unknown')}"
    what = "1 page" if pages == 1 else f"{pages} pages"
    return (
        f"the PDF has no text layer ({what}, most likely scanned): it needs OCR, which this "
        "version does not have; run it through an OCR program first"
    )


def _body_size(document: Any) -> float:
    """The font size of most characters, from up to 20 pages."""
    sizes: Counter[float] = Counter()
    count = document.page_count
    for index in range(0, count, max(1, count // 20)):
        try:
            blocks = document[index].get_text("dict", flags=0)["blocks"]
        except Exception:  # a damaged page is reported when its turn comes
            continue
        for block in blocks:
            for line in block.get("lines", ()):
                for span in line["spans"]:
                    sizes[round(span["size"] * 2) / 2] += len(span["text"].strip())
    return min(sizes, key=lambda size: (-sizes[size], size)) if sizes else 10.0


def _read_page(
    pymupdf: Any,
    document: Any,
    index: int,
    layout: bool,
    body_size: float,
    failed: dict[int, str],
) -> PageLayout:
    page = document.load_page(index)
    page.remove_rotation()
    lines = _lines(pymupdf, page, "dict")
    if not lines:
        return PageLayout(index + 1, page.rect.width, page.rect.height, ())
    regions: list[Region] | None = None
    if layout:
        try:
            regions = _regions(page)
        except (
            Exception
        ) as error:  # the model's runtime can raise anything; the text is still there
            failed[index + 1] = f"layout: {type(error).__name__}: {error}"
    if regions is None:
        regions = _blocks_as_regions(lines, body_size)
    elif any(region.kind == "table" for region in regions):
        lines = _lines(pymupdf, page, "rawdict")
    return lay_out(index + 1, page.rect.width, page.rect.height, regions, lines)


def _lines(pymupdf: Any, page: Any, how: str) -> list[Line]:
    """The text of the page; with "rawdict" every word is a span of its own with its exact box."""
    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    lines: list[Line] = []
    for number, block in enumerate(page.get_text(how, flags=flags)["blocks"]):
        for line in block.get("lines", ()):
            spans: list[Span] = []
            for raw in line["spans"]:
                pieces = _words(raw) if "chars" in raw else ((raw["text"], tuple(raw["bbox"])),)
                mono = bool(raw["flags"] & _MONOSPACED or _MONO_FONT.search(raw["font"]))
                bold = bool(raw["flags"] & _BOLD) or bool(raw.get("char_flags", 0) & 8)
                spans.extend(
                    Span(
                        _repaired(text),
                        box,
                        raw["size"],
                        bold,
                        bool(raw["flags"] & _ITALIC),
                        mono,
                    )
                    for text, box in pieces
                )
            if any(span.text.strip() for span in spans):
                direction = (float(line["dir"][0]), float(line["dir"][1]))
                lines.append(Line(tuple(spans), number, direction))
    return lines


def _words(raw: Mapping[str, Any]) -> Iterator[tuple[str, Bounds]]:
    """The characters of a span put together to words; a blank stays at the end of its word."""
    text = ""
    boxes: list[Bounds] = []
    for char in raw["chars"]:
        box = char["bbox"]
        far = bool(boxes) and box[0] - boxes[-1][2] > 0.6 * raw["size"]
        if text and (far or (text[-1].isspace() and not char["c"].isspace())):
            yield text, union(boxes)
            text, boxes = "", []
        text += char["c"]
        if not char["c"].isspace() or not boxes:
            boxes.append(box)
    if text:
        yield text, union(boxes)


def _repaired(text: str) -> str:
    """Ligatures of Latin letters as letters; control characters out."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", text.translate(_LIGATURES))


_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st", "\t": " "}
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def _regions(page: Any) -> list[Region]:
    """What the layout model finds on the page."""
    model: Any = import_module("pymupdf.layout")
    model.activate()
    page.get_layout(return_raw=True)
    regions: list[Region] = []
    for raw in page.layout_information or ():
        x0, y0, x1, y1 = (float(value) for value in raw["group_bbox"])
        if x1 - x0 <= 1 or y1 - y0 <= 1:
            continue
        grid = _grid(raw, x0, y0) if raw["class_name"] == "table" else None
        regions.append(Region(raw["class_name"], (x0, y0, x1, y1), grid=grid))
    return regions


def _grid(raw: Mapping[str, Any], x0: float, y0: float) -> Grid | None:
    found = raw.get("table_grid")
    if not found:
        return None
    rows = tuple(sorted(float(y) + y0 for y in found.h_lines))
    columns = tuple(sorted(float(x) + x0 for x in found.v_lines))
    cells: list[tuple[Bounds, Places]] = []
    for cell in raw.get("table_cells") or ():
        box = raw["bboxes"][cell.bbox_idx]
        place = (cell.row_start, cell.row_end - 1, cell.col_start, cell.col_end - 1)
        cells.append(((box[0], box[1], box[2], box[3]), place))
    every = Counter(place for _, place in cells)
    wide = {place for place in every if place[0] != place[1] or place[2] != place[3]}
    alone = {p for p in wide if not any(other != p and _meet(p, other) for other in every)}
    # A text that crosses a column's rule belongs together, whatever place the model gave it.
    phrases = tuple(
        (box, (place[0], place[1], *reach))
        for box, place in cells
        if place not in alone
        and (reach := _columns_under(box, place, columns))
        and (reach[0] != reach[1] or place in wide)
    )
    return Grid(rows, columns, tuple(sorted(alone)), phrases)


def _columns_under(box: Bounds, place: Places, columns: Sequence[float]) -> tuple[int, int]:
    first, last = bisect_right(columns, box[0] + 3), bisect_right(columns, box[2] - 3)
    return min(first, place[2]), max(last, place[3])


def _meet(one: Places, other: Places) -> bool:
    rows = one[0] <= other[1] and other[0] <= one[1]
    return rows and one[2] <= other[3] and other[2] <= one[3]


def _blocks_as_regions(lines: Sequence[Line], body_size: float) -> list[Region]:
    """The file's own blocks of text as regions: larger or bold short ones are headings."""
    blocks: dict[int, list[Line]] = {}
    for line in lines:
        blocks.setdefault(line.block, []).append(line)
    regions: list[Region] = []
    for group in blocks.values():
        spans = [span for line in group for span in line.spans if span.text.strip()]
        length = sum(len(span.text) for span in spans)
        larger = all(span.size > 1.12 * body_size for span in spans)
        bold = len(group) == 1 and all(span.bold for span in spans)
        heads = length <= 150 and len(group) <= 3 and (larger or bold)
        kind = "section-header" if heads else "text"
        regions.append(Region(kind, union(line.box for line in group)))
    return regions


def _assemble(
    document: Any, drafts: list[Draft], without_text: list[int], failed: Mapping[int, str]
) -> Parsed:
    mark_furniture(drafts)
    set_levels(drafts, _outline(document))
    nest_lists(drafts)
    carry_headers(drafts)
    stated = document.metadata or {}
    title = title_of(drafts, stated.get("title") or "")
    blocks = tuple(finished(join_paragraphs(drafts)))
    metadata: dict[str, Json] = {}
    if stated.get("author"):
        metadata["author"] = stated["author"].strip()
    if created := _date(stated.get("creationDate") or ""):
        metadata["created"] = created
    if without_text:
        metadata["pages_without_text"] = tuple(without_text)
    if failed:
        metadata["page_errors"] = tuple(f"page {page}: {why}" for page, why in failed.items())
    if not any(block.kind is not BlockKind.FURNITURE for block in blocks):
        raise UnreadableFile(
            "the PDF holds page headers and numbers only, its pages are most likely scanned: it "
            "needs OCR, which this version does not have"
        )
    return Parsed(blocks, title, document.page_count, metadata)


def _outline(document: Any) -> Outline:
    try:
        return [(level, title, page) for level, title, page, *_ in document.get_toc(simple=True)]
    except Exception:  # a broken outline is no reason to lose the text
        return []


def _date(stated: str) -> str:
    """`D:20220224171056-05'00'` as `2022-02-24`; "" where it is no date."""
    match = re.match(r"D?:?(\d{4})(\d\d)?(\d\d)?", stated)
    if not match or not 1980 <= int(match[1]) <= 2100:
        return ""
    return "-".join(part for part in match.groups() if part)
