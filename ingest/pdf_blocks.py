"""Regions of laid-out pages to drafts of blocks; what needs the whole document comes later
(heading levels, furniture, paragraphs over page breaks)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ingest.contract import BlockKind, Box, Table
from ingest.lines import ends_sentence, is_spaceless, join_lines, tidy
from ingest.numbering import numbering
from ingest.pdf_layout import Bounds, Line, PageLayout, Region, is_page_number
from ingest.pdf_tables import is_contents, table_of
from ingest.pdf_turn import turned_back
from ingest.tables import to_markdown

_BULLET = re.compile(
    "(?:[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\ufffd\uf000-\uf0ff\u2219\u2043]+\\s*|[-–—*]\\s+|o\\s+(?=[A-Z]))(?=\\S)"
)
_MARK = re.compile("[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\ufffd\uf000-\uf0ff\u2219-]+")
_ENUMERATED = re.compile(
    r"(?:\d{1,3}[.)）、]|[a-zA-Z][.)]|[ivx]{1,5}[.)]|[(（](?:\d{1,3}|[a-zA-Z]|[ivx]{1,5}|"
    r"[一二三四五六七八九十]{1,3})[)）]|[①-⑳])\s*(?=\S)"
)
_CAPTION = re.compile(
    r"(?:图|圖|表|Figure|Fig\.|FIGURE|Table|TABLE|Exhibit|Chart)\s*"
    r"(?:\d|[A-Z](?![A-Za-z])|[一二三四五六七八九十]+(?![\u4e00-\u9fff]))"
)
_LARGER = 1.15
CHAPTERS = ("cn-part", "cn-chapter", "cn-section", "cn-list", "cn-paren")


@dataclass(slots=True)
class Draft:
    """A block in the making, with the looks that later steps go by: `size`, `bold` and `italic`
    of most of its characters; `first_x` and `last_x`, where its first line begins and its last
    one ends; `column`, the box of the region it came from; `layout_kind`, the layout's class;
    `told`, the level that the file itself states (0 where it does not); `edges`, where the
    columns of a table part."""

    kind: BlockKind
    text: str
    boxes: list[Box]
    layout_kind: str = "text"
    level: int = 0
    told: int = 0
    size: float = 0.0
    bold: bool = False
    italic: bool = False
    first_x: float = 0.0
    last_x: float = 0.0
    column: Bounds = (0.0, 0.0, 0.0, 0.0)
    page_height: float = 0.0
    table: Table | None = field(default=None)
    edges: tuple[float, ...] = ()

    @property
    def page(self) -> int:
        return self.boxes[0].page


def drafts_of(page: PageLayout, body_size: float) -> list[Draft]:
    """The drafts of a page in reading order. `body_size` is the document's usual font size."""
    drafts: list[Draft] = []
    for region in page.regions:
        drafts.extend(_drafts_of_region(region, page, body_size))
    if all(draft.kind is BlockKind.FURNITURE for draft in drafts):
        # Nothing runs above or below a page that has no other text: it is the text.
        for draft in drafts:
            edge = draft.layout_kind in ("page-header", "page-footer")
            if edge and not is_page_number(draft.text):
                draft.kind = BlockKind.PARAGRAPH
    if page.turn:
        shown = (page.height, page.width)
        for draft in drafts:
            draft.boxes = [_shown(box, page.turn, shown) for box in draft.boxes]
    return drafts


def _caption_above(region: Region) -> Region | None:
    """The caption that a layout took for the first row of the table below it, taken out of it."""
    first = min(region.lines, key=lambda line: line.box[1], default=None)
    others = [line for line in region.lines if line is not first]
    if first is None or len(others) < 4 or _is_row(first) or not is_caption(first.text.strip()):
        return None
    if any(line.box[1] < first.box[3] - 0.3 * first.size for line in others):
        return None
    region.lines = others
    return Region("caption", first.box, [first])


def _heading_below(region: Region) -> Region | None:
    """The heading that a layout took for the last row of the table above it, taken out of the
    table: a single text in larger print, apart from the row before."""
    last = max(region.lines, key=lambda line: line.box[1], default=None)
    others = [line for line in region.lines if line is not last]
    if last is None or len(others) < 4 or _is_row(last):
        return None
    usual = median(line.size for line in others)
    gap = last.box[1] - max(line.box[3] for line in others)
    if last.size < _LARGER * usual or gap < 0.5 * usual or not can_head(last.text):
        return None
    region.lines = others
    return Region("section-header", last.box, [last])


def _is_row(line: Line) -> bool:
    """Whether the spans of a line stand apart as cells do."""
    spans = [span for span in line.spans if span.text.strip()]
    return any(b.box[0] - a.box[2] > 1.2 * b.size for a, b in pairwise(spans))


def _shown(box: Box, turn: int, size: tuple[float, float]) -> Box:
    return Box(box.page, *turned_back((box.x0, box.y0, box.x1, box.y1), turn, size))


def _drafts_of_region(region: Region, page: PageLayout, body_size: float) -> Iterator[Draft]:
    kind = _trusted_kind(region, page, body_size)
    texts = [tidy(line.text) for line in region.lines]
    if kind == "table":
        above, below = _caption_above(region), _heading_below(region)
        table = table_of(region)
        if table is not None and not is_contents(texts):
            if above is not None:
                yield _plain(above.kind, above, [tidy(above.lines[0].text)], page, body_size)
            draft = draft_of(BlockKind.TABLE, to_markdown(table), region, region.lines, page)
            draft.table = table
            draft.edges = region.grid.columns if region.grid else ()
            yield draft
            if below is not None:
                yield _plain(below.kind, below, [tidy(below.lines[0].text)], page, body_size)
            return
        block = BlockKind.FURNITURE if is_contents(texts) else BlockKind.PARAGRAPH
        yield draft_of(block, "\n".join(filter(None, texts)), region, region.lines, page)
        return
    if kind in ("page-header", "page-footer", "watermark"):
        yield draft_of(BlockKind.FURNITURE, join_lines(texts), region, region.lines, page)
        return
    if is_contents(texts):
        yield draft_of(BlockKind.FURNITURE, "\n".join(texts), region, region.lines, page)
        return
    if kind in ("text", "list-item") and _is_code(region.lines):
        yield draft_of(BlockKind.CODE, _code_text(region.lines), region, region.lines, page)
        return
    if kind in ("text", "list-item", "footnote") and (
        kind == "list-item" or _BULLET.match(texts[0])
    ):
        yield from _items(region, texts, page, kind)
        return
    yield _plain(kind, region, texts, page, body_size)


def _plain(
    kind: str, region: Region, texts: Sequence[str], page: PageLayout, body_size: float
) -> Draft:
    text = join_lines(texts)
    block = {
        "caption": BlockKind.CAPTION,
        "footnote": BlockKind.FOOTNOTE,
        "formula": BlockKind.FORMULA,
        "title": BlockKind.HEADING,
        "section-header": BlockKind.HEADING,
    }.get(kind, BlockKind.PARAGRAPH)
    draft = draft_of(block, text, region, region.lines, page)
    if block is BlockKind.HEADING and is_caption(text):
        draft.kind = BlockKind.CAPTION
    elif block is BlockKind.HEADING and not can_head(text):
        draft.kind = BlockKind.PARAGRAPH
    elif block is BlockKind.PARAGRAPH and kind == "text" and _is_note(draft, body_size):
        draft.kind = BlockKind.FOOTNOTE
    elif block is BlockKind.PARAGRAPH and kind == "text" and _stands_out(draft, texts, body_size):
        draft.kind = BlockKind.HEADING
    return draft


def _trusted_kind(region: Region, page: PageLayout, body_size: float) -> str:
    """The layout's class, unless place and size speak against page furniture."""
    if region.kind not in ("page-header", "page-footer"):
        return region.kind
    head = region.kind == "page-header"
    body = [other.box for other in page.regions if not other.kind.startswith("page-")]
    outside = all(region.box[3] <= b[1] + 4 if head else region.box[1] >= b[3] - 4 for b in body)
    half = (region.box[1] + region.box[3]) / 2 < page.height / 2
    at_edge = region.box[3] < 0.15 * page.height or region.box[1] > 0.85 * page.height
    placed = at_edge or (outside and (half == head or len(body) > 1))
    size = max((span.size for line in region.lines for span in line.spans), default=0.0)
    if placed and size <= 1.8 * body_size:
        return region.kind
    text = join_lines(line.text for line in region.lines)
    if is_page_number(text):
        return region.kind
    return "section-header" if size > 1.3 * body_size and can_head(text) else "text"


def without_bullet(text: str) -> str:
    """The text of a list item without the bullet before it."""
    return _BULLET.sub("", text, count=1)


def draft_of(
    kind: BlockKind, text: str, region: Region, lines: Sequence[Line], page: PageLayout
) -> Draft:
    """The draft of some lines of a region, with their looks."""
    sizes: Counter[float] = Counter()
    bold = italic = total = 0
    for line in lines:
        for span in line.spans:
            weight = len(span.text.strip())
            sizes[round(span.size * 2) / 2] += weight
            bold += weight * span.bold
            italic += weight * span.italic
            total += weight
    size = min(sizes, key=lambda s: (-sizes[s], s)) if sizes else 0.0
    box = region.box
    if lines and len(lines) < len(region.lines):
        box = (box[0], min(x.box[1] for x in lines), box[2], max(x.box[3] for x in lines))
    return Draft(
        kind=kind,
        text=text,
        boxes=[Box(page.number, *(round(value, 1) for value in box))],
        layout_kind=region.kind,
        size=size,
        bold=bold * 2 > total,
        italic=italic * 2 > total,
        first_x=lines[0].box[0] if lines else box[0],
        last_x=lines[-1].box[2] if lines else box[2],
        column=region.box,
        page_height=page.height,
    )


def _items(region: Region, texts: Sequence[str], page: PageLayout, kind: str) -> Iterator[Draft]:
    """The items of a list region; a line that begins with a mark of the first line's kind (or
    any bullet) begins an item."""
    enumerated = _ENUMERATED.match(texts[0]) is not None
    starts = [
        index
        for index, text in enumerate(texts)
        if index == 0
        or _BULLET.match(text)
        or (enumerated and _ENUMERATED.match(text) and _flush(region.lines, index))
    ]
    block = BlockKind.FOOTNOTE if kind == "footnote" else BlockKind.LIST_ITEM
    for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
        lines = region.lines[start:end]
        joined = join_lines([_BULLET.sub("", texts[start], count=1), *texts[start + 1 : end]])
        if joined and not _MARK.fullmatch(joined):
            yield draft_of(block, joined, region, lines, page)


def _flush(lines: Sequence[Line], index: int) -> bool:
    """Whether a line begins about where the first one does."""
    return abs(lines[index].box[0] - lines[0].box[0]) < 1.2 * lines[0].spans[0].size


def is_caption(text: str) -> bool:
    """Whether a text begins as a caption does: `Figure 3`, `表 2`."""
    return _CAPTION.match(text) is not None and not ends_sentence(text[:1]) and len(text) < 200


def can_head(text: str) -> bool:
    """Whether a text can be a heading: short, with letters, no sentence."""
    limit = 80 if sum(map(is_spaceless, text)) * 2 > len(text) else 200
    if len(text) > limit or not re.search(r"[^\W\d_]", text):
        return False
    if "。" in text[:-1] or (len(text) > 40 and "，" in text):
        return False
    return not text.rstrip().endswith(("。", "；", "，", ";", ",")) or len(text) < 12


def _is_note(draft: Draft, body_size: float) -> bool:
    """Small print under the text that begins with its mark."""
    marked = re.match(r"(?:\d{1,3}|[*†‡§]|[①-⑳])\s*[^\W\d_]|\[\d{1,3}\]\s", draft.text) is not None
    low = draft.boxes[0].y0 > 0.4 * draft.page_height
    return marked and low and draft.size <= 0.92 * body_size


def _stands_out(draft: Draft, texts: Sequence[str], body_size: float) -> bool:
    """A line of text that its number and its looks make a heading."""
    if len(texts) > 1 or ends_sentence(draft.text) or not can_head(draft.text):
        return False
    if draft.size >= 1.5 * body_size and len(draft.text) <= 80:
        return True
    number = numbering(draft.text)
    if number is None or not number.title or len(number.title) > 40:
        return False
    if number.scheme in ("cn-part", "cn-chapter", "cn-section"):
        return True
    looks = draft.bold or draft.size > body_size * 1.1
    return looks and number.scheme in (*CHAPTERS, "dec1", "dec2", "dec3", "dec4")


def _is_code(lines: Sequence[Line]) -> bool:
    spans = [span for line in lines for span in line.spans if span.text.strip()]
    return len(lines) >= 2 and bool(spans) and all(span.mono for span in spans)


def _code_text(lines: Sequence[Line]) -> str:
    """The lines with the indentation that their places show."""
    left = min(line.box[0] for line in lines)
    out: list[str] = []
    for line in lines:
        text = line.text.rstrip()
        size = line.spans[0].size or 10.0
        columns = round((line.box[0] - left) / (0.6 * size))
        indent = max(0, columns - (len(text) - len(text.lstrip())))
        out.append(" " * indent + text)
    return "\n".join(out)
