"""Regions of a scanned page mended: those that the layout model drew over the gap between two
columns, or over a heading and its text, are parted there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ingest.lines import ends_sentence, is_spaceless
from ingest.numbering import numbering
from ingest.pdf_layout import Bounds, Line, PageLayout, Region, union
from ingest.pdf_paragraphs import is_bold

_STEP = 2.0
_LEAST_GAP = 6.0
_KEPT = ("table", "picture")
_HEADS = ("section-header", "title")
_EDGES = ("page-header", "page-footer", "watermark")


def parted_at_gutters(
    regions: Sequence[Region], lines: Sequence[Line], gaps: Sequence[float]
) -> list[Region]:
    """The regions, those that reach over a gutter, with lines on both sides and none across,
    cut in two; where lines go across, those that begin right of the gutter are cut off. Regions
    come without lines, and go so."""
    out = list(regions)
    for gap in gaps:
        out = [part for region in out for part in _parted(region, lines, gap)]
    return out


def in_columns(page: PageLayout, gaps: Sequence[float]) -> PageLayout:
    """The page with its body in the order of the columns that the gaps part: what reaches over a
    gap comes between what stands above and below it."""
    if not gaps:
        return page
    body = [region for region in page.regions if region.kind not in _EDGES]
    out: list[Region] = []
    columns: list[Region] = []
    for region in sorted(body, key=lambda r: (r.box[1], r.box[0])):
        if any(region.box[0] < x - 4 and region.box[2] > x + 4 for x in gaps):
            out.extend(_by_column(columns, gaps))
            out.append(region)
            columns = []
        else:
            columns.append(region)
    out.extend(_by_column(columns, gaps))
    heads = [region for region in page.regions if region.kind == "page-header"]
    rest = [region for region in page.regions if region.kind in _EDGES[1:]]
    return replace(page, regions=(*heads, *out, *rest))


def _by_column(regions: Sequence[Region], gaps: Sequence[float]) -> list[Region]:
    def place(region: Region) -> tuple[int, float, float]:
        middle = (region.box[0] + region.box[2]) / 2
        return sum(x < middle for x in gaps), region.box[1], region.box[0]

    return sorted(regions, key=place)


def parted_by_size(
    regions: Sequence[Region], lines: Sequence[Line], body_size: float
) -> list[Region]:
    """The regions, those of text that begin with a line or two in print larger than the rest and
    than the page's body cut below them: a heading and its text."""
    return [
        part
        for region in regions
        for part in (_by_size(region, lines, body_size) if region.kind == "text" else [region])
    ]


def _by_size(region: Region, lines: Sequence[Line], body_size: float) -> list[Region]:
    inside = [line for line in lines if _holds(region.box, line.box)]
    inside.sort(key=lambda line: line.box[1])
    head = [line for line in inside[:3] if line.size >= 1.2 * body_size]
    rest = inside[len(head) :]
    if not head or not rest or len(head) > 2 or head != inside[: len(head)]:
        return [region]
    if any(line.size * 1.2 > head[-1].size for line in rest):
        return [region]
    if rest[0].box[1] < (head[-1].box[1] + head[-1].box[3]) / 2:
        return [region]  # they stand side by side
    return [
        Region("section-header", union(line.box for line in head)),
        Region("text", union(line.box for line in rest)),
    ]


def with_whole_paragraphs(page: PageLayout) -> PageLayout:
    """The page, a line that was taken for a heading being the first of the paragraph below it
    where it looks as that does, is as full, and ends no sentence; or the last of the one above
    where that is so full and it begins in small letters."""
    out: list[Region] = []
    for region in page.regions:
        above = out[-1] if out else None
        if above is not None and (
            _is_first_line(above, region, page.regions)
            or _is_last_line(above, region, page.regions)
        ):
            lines = [*above.lines, *region.lines]
            out[-1] = Region("text", union((above.box, region.box)), lines)
        else:
            out.append(region)
    return replace(page, regions=tuple(out))


def _is_first_line(above: Region, below: Region, every: Sequence[Region]) -> bool:
    if above.kind not in _HEADS or below.kind != "text":
        return False
    if len(above.lines) != 1 or not below.lines:
        return False
    line, first = above.lines[0], below.lines[0]
    if numbering(line.text.strip()) is not None:
        return False
    if abs(line.size - first.size) > 0.08 * first.size or is_bold(line) > is_bold(first):
        return False
    steps = [b.box[3] - a.box[3] for a, b in pairwise(below.lines)]
    usual = median(steps) if steps else 1.7 * first.size
    return _goes_on(line, first, usual, every)


def _is_last_line(above: Region, below: Region, every: Sequence[Region]) -> bool:
    if above.kind != "text" or below.kind not in _HEADS or len(below.lines) != 1:
        return False
    if not above.lines or not below.lines[0].text.strip()[:1].islower():
        return False
    line = above.lines[-1]
    return _goes_on(line, below.lines[0], 1.7 * line.size, every)


def _goes_on(line: Line, following: Line, usual: float, every: Sequence[Region]) -> bool:
    """Whether a line is as full as the text around it, ends no sentence, and the following one
    is as far below it as lines usually are."""
    word, size = following.text.split(None, 1)[0], min(line.size, following.size)
    room = size * (2.6 if is_spaceless(word[0]) else 0.6 * len(word) + 1)
    column = [
        r.box[2] for r in every if r.kind == "text" and abs(r.box[0] - following.box[0]) < 3 * size
    ]
    step = following.box[3] - line.box[3]
    return (
        not ends_sentence(line.text)
        and line.box[2] > max(column, default=line.box[2] + room) - room
        and 0 < step < 1.25 * usual
        and abs(line.box[0] - following.box[0]) < 3 * size
    )


def gutters(lines: Sequence[Line], left: float, right: float, depth: int = 0) -> list[float]:
    """The places from the left at which the page is parted into columns: hardly a line crosses
    them, and a fair part of the lines stands on either side."""
    found = _gutter(lines, left, right)
    if found is None or depth > 1:
        return []
    before = [line for line in lines if line.box[2] <= found]
    after = [line for line in lines if line.box[0] >= found]
    return [
        *gutters(before, left, found, depth + 1),
        found,
        *gutters(after, found, right, depth + 1),
    ]


def _gutter(lines: Sequence[Line], left: float, right: float) -> float | None:
    total = sum(_height(line) for line in lines)
    if len(lines) < 8 or right - left < 150:
        return None
    best: tuple[float, float, float] | None = None
    start = left + 0.2 * (right - left)
    free: list[tuple[float, float]] = []
    for index in range(int(0.6 * (right - left) / _STEP) + 1):
        x = start + index * _STEP
        across = sum(_height(line) for line in lines if line.box[0] < x < line.box[2])
        before = sum(_height(line) for line in lines if line.box[2] <= x)
        after = total - across - before
        if across <= 0.2 * total and min(before, after) >= 0.25 * total:
            free.append((across, x))
    if not free:
        return None
    least = min(across for across, _ in free)
    places = [x for across, x in free if across <= least + 1e-6]
    first = last = places[0]
    for x in places[1:]:
        if x - last > 1.5 * _STEP:
            best = _wider(best, first, last)
            first = x
        last = x
    best = _wider(best, first, last)
    return best[1] if best[0] >= _LEAST_GAP and _stand_beside(lines, best[1]) else None


def _wider(
    best: tuple[float, float, float] | None, first: float, last: float
) -> tuple[float, float, float]:
    run = (last - first + _STEP, (first + last) / 2, first)
    return run if best is None or run[0] > best[0] else best


def _stand_beside(lines: Sequence[Line], x: float) -> bool:
    """Whether the lines on both sides are running text that stands side by side: some lines
    on each are long, as the cells of a table seldom are."""
    before = [line for line in lines if line.box[2] <= x]
    after = [line for line in lines if line.box[0] >= x]
    for side in (before, after):
        reach = max(line.box[2] for line in side) - min(line.box[0] for line in side)
        if sum(line.box[2] - line.box[0] > 0.7 * reach for line in side) < 3:
            return False
    one, other = union(line.box for line in before), union(line.box for line in after)
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > 0.3 * min(one[3] - one[1], other[3] - other[1])


def _parted(region: Region, lines: Sequence[Line], x: float) -> list[Region]:
    box = region.box
    if region.kind in _KEPT or not box[0] + 2 < x < box[2] - 2:
        return [region]
    inside = [line.box for line in lines if _holds(box, line.box)]
    before = [one for one in inside if one[2] <= x + 2]
    after = [one for one in inside if one[0] >= x - 2]
    across = [one for one in inside if one not in before and one not in after]
    if across and after and _is_clear(across, after):
        head = numbering(next(line.text for line in lines if line.box == after[0]))
        kind = "section-header" if len(after) == 1 and head is not None else region.kind
        return [Region(region.kind, union([*across, *before])), Region(kind, union(after))]
    if across or not before or not after:
        return [region]
    return [Region(region.kind, union(before)), Region(region.kind, union(after))]


def _is_clear(across: Sequence[Bounds], after: Sequence[Bounds]) -> bool:
    """Whether the lines of a column stand all above or all below those that go across it."""
    whole, column = union(across), union(after)
    return (column[1] + column[3]) / 2 > whole[3] or (column[1] + column[3]) / 2 < whole[1]


def _holds(box: Bounds, inner: Bounds) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] - 2 <= x <= box[2] + 2 and box[1] - 1.5 <= y <= box[3] + 1.5


def _height(line: Line) -> float:
    return line.box[3] - line.box[1]
