"""A page as a layout model sees it: regions, the lines of text in them, their reading order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from ingest.lines import ends_sentence, is_spaceless

Bounds: TypeAlias = tuple[float, float, float, float]

Places: TypeAlias = tuple[int, int, int, int]
"""First row, last row, first column, last column of a table's grid, ends included."""

_LAST = ("page-footer",)
_FIRST = ("page-header",)
_GUTTER = 3.0


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; `box` is in points from the top left of the displayed page."""

    text: str
    box: Bounds
    size: float
    bold: bool = False
    italic: bool = False
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Spans on one line, left to right. `block` tells which lines the file itself holds
    together; `direction` is the unit vector of the writing; `box` is around all spans,
    `size` the font size of the longest, `text` the text with a space where a gap between spans
    asks for one."""

    spans: tuple[Span, ...]
    block: int = 0
    direction: tuple[float, float] = (1.0, 0.0)
    box: Bounds = field(init=False, compare=False)
    size: float = field(init=False, compare=False)
    text: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        spans = self.spans
        first = spans[0]
        box, size, text = first.box, first.size, first.text
        if len(spans) > 1:
            box = union(span.box for span in spans)
            size = max(spans, key=lambda span: len(span.text.strip())).size
            for before, span in pairwise(spans):
                text += f" {span.text}" if _gap(before, span, text) else span.text
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "text", text)


@dataclass(frozen=True, slots=True)
class Grid:
    """The inner rules of a table, in page coordinates; `merged` are cells that cover several
    places and have them to themselves; `phrases` are texts (their boxes) that reach over
    several places which hold other texts too."""

    rows: tuple[float, ...]
    columns: tuple[float, ...]
    merged: tuple[Places, ...] = ()
    phrases: tuple[tuple[Bounds, Places], ...] = ()


@dataclass(slots=True)
class Region:
    """A part of the page: `kind` is the class that the layout model gave (`text`, `title`,
    `section-header`, `list-item`, `table`, `caption`, `footnote`, `formula`, `picture`,
    `page-header`, `page-footer`) or `watermark`."""

    kind: str
    box: Bounds
    lines: list[Line] = field(default_factory=list)
    grid: Grid | None = None


@dataclass(frozen=True, slots=True)
class PageLayout:
    """A page: number (from 1), size in points, regions in reading order. Where `turn` is not 0
    the page was turned to make its text level, and the size is that of the turned page (see
    `ingest.pdf_turn`)."""

    number: int
    width: float
    height: float
    regions: tuple[Region, ...]
    turn: int = 0


def union(boxes: Iterable[Bounds]) -> Bounds:
    """The smallest box around all boxes (there must be one)."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))


def lay_out(
    number: int, width: float, height: float, regions: Sequence[Region], lines: Sequence[Line]
) -> PageLayout:
    """Give every line to the region that it lies in, make regions for those that lie in none,
    and put the regions in reading order. No line is dropped."""
    loose: list[Line] = []
    slanted: list[Region] = []
    for line in lines:
        if abs(line.direction[0] * line.direction[1]) > 0.05 or _runs_up_the_margin(line, width):
            slanted.append(Region("watermark", line.box, [line]))
            continue
        for region, part in _parted(line, regions):
            if region is None:
                loose.append(part)
            else:
                region.lines.append(part)
    every = [region for region in regions if region.lines or region.kind == "table"]
    every.extend(_gather(loose, every))
    for region in every:
        region.lines = visual_lines(region.lines)
    kept = [part for region in every if region.lines for part in _by_size(region)]
    return PageLayout(number, width, height, (*reading_order(kept), *slanted))


def _by_size(region: Region) -> list[Region]:
    """The region cut where the size of its print changes from one line to the next, with a gap
    between: a heading that was taken together with the text before or after it."""
    if region.kind not in ("text", "list-item", "section-header", "title"):
        return [region]
    groups: list[list[Line]] = [region.lines[:1]]
    for above, below in pairwise(region.lines):
        least = min(above.size, below.size)
        changes = abs(above.size - below.size) > 0.15 * least
        if changes and below.box[1] - above.box[3] > 0.4 * least:
            groups.append([])
        groups[-1].append(below)
    if len(groups) == 1:
        return [region]
    smallest = min(group[0].size for group in groups)
    parts: list[Region] = []
    for group in groups:
        larger = group[0].size > 1.15 * smallest and len(group) <= 3
        larger = larger and not ends_sentence(group[-1].text)
        kind = "section-header" if larger and region.kind == "text" else region.kind
        parts.append(Region(kind, union(line.box for line in group), group))
    return parts


def _runs_up_the_margin(line: Line, width: float) -> bool:
    """Upright text outside of what is printed: stamps of archives and print shops."""
    upright = abs(line.direction[1]) > 0.9
    return upright and (line.box[2] < 0.08 * width or line.box[0] > 0.92 * width)


def visual_lines(pieces: Sequence[Line]) -> list[Line]:
    """Pieces at one height as one line, the lines top to bottom. Upright pieces (vertical
    writing) keep the order of the file."""
    if any(abs(piece.direction[1]) > 0.5 for piece in pieces):
        return list(pieces)
    rows: list[list[Line]] = []
    spans: list[Bounds] = []
    for piece in sorted(pieces, key=lambda line: (_middle(line.box), line.box[0])):
        box = piece.box
        if rows and _same_height(spans[-1], box) and not _collides(rows[-1], box):
            rows[-1].append(piece)
            spans[-1] = union((spans[-1], box))
        else:
            rows.append([piece])
            spans.append(box)
    return [_merged(row) for row in rows]


def reading_order(regions: Sequence[Region]) -> list[Region]:
    """Page headers, the body column by column, page footers."""
    body = [r for r in regions if r.kind not in _FIRST and r.kind not in _LAST]
    return [
        *sorted((r for r in regions if r.kind in _FIRST), key=_top_left),
        *_order(body),
        *sorted((r for r in regions if r.kind in _LAST), key=_top_left),
    ]


def _top_left(region: Region) -> tuple[float, float]:
    return (region.box[1], region.box[0])


def _middle(box: Bounds) -> float:
    return (box[1] + box[3]) / 2


def _gap(before: Span, span: Span, text: str) -> bool:
    if not text or text[-1].isspace() or span.text[:1].isspace():
        return False
    distance = span.box[0] - before.box[2]
    if is_spaceless(text[-1]) and is_spaceless(span.text[:1]):
        return distance > 0.6 * span.size
    return distance > 0.15 * span.size


def _same_height(one: Bounds, other: Bounds) -> bool:
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    return overlap >= 0.55 * max(0.1, min(one[3] - one[1], other[3] - other[1]))


def _collides(row: Sequence[Line], box: Bounds) -> bool:
    """Whether a piece would lie over one of the row's, which two lines do that stand close."""
    return any(
        min(piece.box[2], box[2]) - max(piece.box[0], box[0])
        > 0.3 * max(0.1, min(piece.box[2] - piece.box[0], box[2] - box[0]))
        for piece in row
    )


def _merged(row: Sequence[Line]) -> Line:
    ordered = sorted(row, key=lambda line: line.box[0])
    spans = tuple(span for line in ordered for span in line.spans)
    return Line(spans, ordered[0].block, ordered[0].direction)


def _parted(line: Line, regions: Sequence[Region]) -> list[tuple[Region | None, Line]]:
    """The line cut where it passes from one region into another."""
    out: list[tuple[Region | None, list[Span]]] = []
    for span in line.spans:
        home = _home(span.box, regions)
        if out and (out[-1][0] is home or not span.text.strip()):
            out[-1][1].append(span)
        else:
            out.append((home, [span]))
    return [
        (home, Line(tuple(spans), line.block, line.direction))
        for home, spans in out
        if any(span.text.strip() for span in spans)
    ]


def _home(box: Bounds, regions: Sequence[Region]) -> Region | None:
    x, y = (box[0] + box[2]) / 2, _middle(box)
    inside = [
        r
        for r in regions
        if r.box[0] - 2 <= x <= r.box[2] + 2 and r.box[1] - 1.5 <= y <= r.box[3] + 1.5
    ]
    if inside:
        return min(inside, key=lambda r: (r.kind == "picture", _area(r.box), r.box))
    shares = [(_overlap(box, r.box), r) for r in regions if r.kind != "picture"]
    best = max(shares, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] >= 0.3 * max(_area(box), 0.1) else None


def _area(box: Bounds) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _overlap(one: Bounds, other: Bounds) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def _gather(loose: Sequence[Line], regions: Sequence[Region]) -> list[Region]:
    """Regions for lines that no region holds: beside a region on its height they join it,
    else the lines of one block of the file make a region."""
    blocks: dict[int, list[Line]] = {}
    for line in loose:
        neighbour = _beside(line, regions)
        if neighbour is not None:
            neighbour.lines.append(line)
        else:
            blocks.setdefault(line.block, []).append(line)
    return [Region("text", union(x.box for x in lines), lines) for lines in blocks.values()]


def _beside(line: Line, regions: Sequence[Region]) -> Region | None:
    """A text region of which a short piece (a bullet, a drop cap, a superscript) broke off."""
    box = line.box
    if len(line.text.strip()) > 4:
        return None
    for region in regions:
        other = region.box
        near = max(other[0] - box[2], box[0] - other[2])
        inside = other[1] - 3 <= _middle(box) <= other[3] + 3
        if region.kind in ("text", "list-item", "section-header") and inside and near <= 24:
            return region
    return None


def _order(regions: Sequence[Region]) -> list[Region]:
    """Recursive cuts: into columns where boxes really stand side by side, else into stripes."""
    if len(regions) < 2:
        return list(regions)
    gutter = _gutter(regions)
    if gutter is not None:
        left = [r for r in regions if r.box[2] <= gutter]
        right = [r for r in regions if r.box[2] > gutter]
        return [*_order(left), *_order(right)]
    groups = _stripe_groups(regions)
    if len(groups) == 1:
        return _around_the_widest(regions)
    return [region for group in groups for region in _order(group)]


def _around_the_widest(regions: Sequence[Region]) -> list[Region]:
    """Boxes that no straight cut parts: the one that reaches over (nearly) all of the width
    comes after what is above its middle and before the rest."""
    whole = union(region.box for region in regions)
    widest = max(regions, key=lambda r: (r.box[2] - r.box[0], -r.box[1], -r.box[0]))
    if widest.box[2] - widest.box[0] < 0.6 * (whole[2] - whole[0]) or len(regions) < 3:
        return sorted(regions, key=_top_left)
    others = [region for region in regions if region is not widest]
    above = [r for r in others if _middle(r.box) < _middle(widest.box)]
    below = [r for r in others if _middle(r.box) >= _middle(widest.box)]
    return [*_order(above), widest, *_order(below)]


def _gutter(regions: Sequence[Region]) -> float | None:
    """The right edge of the left side of the leftmost vertical gap that parts boxes standing
    side by side; None where there is no such gap."""
    ordered = sorted(regions, key=lambda r: (r.box[0], r.box[1]))
    reach = ordered[0].box[2]
    for count, region in enumerate(ordered[1:], start=1):
        if region.box[0] - reach >= _GUTTER and _side_by_side(ordered[:count], ordered[count:]):
            return reach
        reach = max(reach, region.box[2])
    return None


def _side_by_side(left: Sequence[Region], right: Sequence[Region]) -> bool:
    for one in left:
        for other in right:
            height = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
            least = min(one.box[3] - one.box[1], other.box[3] - other.box[1])
            if height >= 0.5 * max(least, 0.1):
                return True
    return False


def _stripe_groups(regions: Sequence[Region]) -> list[list[Region]]:
    """Horizontal stripes, neighbours put together as long as they share a gutter."""
    stripes: list[list[Region]] = []
    reach = float("-inf")
    for region in sorted(regions, key=_top_left):
        if not stripes or region.box[1] >= reach - 1.0:
            stripes.append([region])
        else:
            stripes[-1].append(region)
        reach = max(reach, region.box[3])
    if len(stripes) == 1:
        return stripes
    groups = [stripes[0]]
    for before, stripe in pairwise(stripes):
        together = [*groups[-1], *stripe]
        columns = _gutter(groups[-1]) is not None or _gutter(stripe) is not None
        if columns and _near(before, stripe) and _gutter(together) is not None:
            groups[-1] = together
        else:
            groups.append(list(stripe))
    return groups


def _near(before: Sequence[Region], after: Sequence[Region]) -> bool:
    """Whether two stripes are close enough to belong to one set of columns."""
    return min(r.box[1] for r in after) - max(r.box[3] for r in before) < 60


def is_page_number(text: str) -> bool:
    """`12`, `- 12 -`, `Page 3 of 10`, `第 3 页 共 10 页`, `iv`."""
    return _PAGE_NUMBER.fullmatch(text.strip()) is not None


_PAGE_NUMBER = re.compile(
    r"[-–—·|/\s]*(?:(?:Page|PAGE|page|P\.|p\.)\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?[-–—·|/\s]*|"
    r"第?\s*\d{1,4}\s*页(?:\s*[,，/]?\s*共\s*\d{1,4}\s*页)?|[ivxlc]{1,7}|[A-Z]{1,2}-\d{1,3}"
)
