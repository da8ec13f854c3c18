"""A first look over all pages: the body's size, and what runs along the edges of the pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ingest.numbering import numbering
from ingest.pdf_layout import Line, Region, is_page_number, union, visual_lines
from ingest.pdf_text import page_lines

_EDGE = 0.13
_NUMBER_EDGE = 0.1
_MOST = 200
_KEPT_PAGES = 400
_LEAST_COUNTING = 4
_OUTER_NUMBER = re.compile(r"(\d{1,4})\s+\D(?:.*\D)?|(?:\D.*)?\D\s+(\d{1,4})")


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """A row of text near the top or the bottom edge of a page. `key` is its text folded, digits
    as `#`; `place` its distance from the edge in points, negative from the bottom; `number` says
    that it is a page number and no more; `count` is the number at its beginning or end, where a
    text has one there."""

    page: int
    key: str
    place: float
    size: float
    number: bool
    count: int | None = None


@dataclass(slots=True)
class Survey:
    """What the pages have in common. `body_size` is the font size of most characters and
    `body_bold` whether most are bold; `pitch` the distance of their lines in font sizes; `left` and
    `right` are where most of their lines begin and end at most. `lines` keeps the text of the
    pages (from 1) of a document that is not too long."""

    body_size: float = 10.0
    body_bold: bool = False
    pitch: float = 1.2
    left: float = 0.0
    right: float = 0.0
    running: dict[int, frozenset[tuple[str, float]]] = field(default_factory=dict)
    lines: dict[int, list[Line]] = field(default_factory=dict)

    def runs(self, page: int, line: Line, height: float) -> bool:
        """Whether a line of a page (from 1) belongs to its running head or foot."""
        rows = self.running.get(page)
        if not rows:
            return False
        place = _place(line, height)
        return any(abs(place - other) < 2.0 for _, other in rows)


def survey(pymupdf: Any, document: Any) -> Survey:
    """One pass over the text of all pages; a damaged page is passed over."""
    sizes: Counter[float] = Counter()
    bold: Counter[bool] = Counter()
    pitches: Counter[float] = Counter()
    lefts: Counter[int] = Counter()
    rights: Counter[int] = Counter()
    rows: list[EdgeRow] = []
    kept: dict[int, list[Line]] = {}
    for index in range(document.page_count):
        try:
            page = document.load_page(index)
            if page.rotation:
                page.remove_rotation()
            lines = page_lines(pymupdf, page)
            height = float(page.rect.height)
        except Exception:  # it is reported when its turn comes
            continue
        if document.page_count <= _KEPT_PAGES:
            kept[index + 1] = lines
        _count(lines, sizes, bold)
        _count_pitches(lines, pitches)
        _count_ends(lines, lefts, rights)
        rows.extend(_edge_rows(index + 1, lines, height))
    found = Survey(lines=kept)
    if sizes:
        found.body_size = min(sizes, key=lambda size: (-sizes[size], size))
        found.body_bold = bold[True] > bold[False]
    found.running = _running(rows, document.page_count, found.body_size)
    if pitches:
        found.pitch = min(pitches, key=lambda pitch: (-pitches[pitch], pitch))
    if lefts:
        found.left = float(min(lefts, key=lambda place: (-lefts[place], place)))
        found.right = _usual_end(rights)
    return found


def _count_ends(lines: Sequence[Line], lefts: Counter[int], rights: Counter[int]) -> None:
    for line in lines:
        if line.box[2] - line.box[0] > 12 * line.size:
            lefts[round(line.box[0])] += 1
            rights[round(line.box[2])] += 1


def _usual_end(rights: Counter[int]) -> float:
    """The furthest end that a fair part of the lines share, within some points."""
    total = rights.total()
    seen = 0
    for place in sorted(rights, reverse=True):
        seen += rights[place]
        if seen >= 0.03 * total:
            return float(place)
    return 0.0


def _count(lines: Sequence[Line], sizes: Counter[float], bold: Counter[bool]) -> None:
    for line in lines:
        for span in line.spans:
            length = len(span.text.strip())
            sizes[round(span.size * 2) / 2] += length
            bold[span.bold] += length


def _count_pitches(lines: Sequence[Line], pitches: Counter[float]) -> None:
    for before, line in pairwise(lines):
        width = min(line.box[2] - line.box[0], before.box[2] - before.box[0])
        if abs(before.size - line.size) > 0.3 or width < 8 * line.size:
            continue
        if abs(line.box[0] - before.box[0]) > 3 * line.size:
            continue
        step = (line.box[3] - before.box[3]) / max(line.size, 1.0)
        if 0.9 < step < 2.6:
            pitches[round(step * 20) / 20] += 1


def _place(line: Line, height: float) -> float:
    """How far from the top a line of the upper half ends; how far from the bottom, negative, one
    of the lower half begins."""
    upper = line.box[1] + line.box[3] < height
    return line.box[3] if upper else line.box[1] - height


def _edge_rows(page: int, lines: Sequence[Line], height: float) -> list[EdgeRow]:
    rows: list[EdgeRow] = []
    level = [line for line in lines if _is_level(line)]
    first = min((line.box[3] for line in level), default=0.0)
    last = max((line.box[1] for line in level), default=0.0)
    near = [
        line
        for line in level
        if abs(_place(line, height)) < _EDGE * height or line.box[1] <= first or line.box[3] >= last
    ]
    for row in visual_lines(near):
        text = " ".join(row.text.split())
        place = _place(row, height)
        counts = is_page_number(text)
        if len(text) > _MOST or not (abs(place) < _EDGE * height or counts):
            continue
        if _heads_columns(row, level):
            continue
        number = counts and abs(place) < _NUMBER_EDGE * height
        rows.append(EdgeRow(page, _key(text, counts), place, row.size, number, _count_of(text)))
    return rows


def _count_of(text: str) -> int | None:
    """The number that a text begins or ends with; None where there is none, or both."""
    found = _OUTER_NUMBER.fullmatch(text)
    return None if found is None else int(found[1] or found[2])


def _key(text: str, counts: bool) -> str:
    """The text without what changes from page to page. The number of a section does not: a
    heading that comes first on a page is no running head."""
    section = numbering(text)
    if section is not None and section.scheme != "dec1" and not counts:
        return text.casefold()
    return re.sub(r"[\divxlc]+" if counts else r"\d+", "#", text.casefold())


def _heads_columns(row: Line, lines: Sequence[Line]) -> bool:
    """Whether a row of several texts stands right over or under another one in whose columns it
    is: the header, or the last row, of a table."""
    cells = _cells(row)
    if len(cells) < 2:
        return False
    reach = 2.2 * row.size
    below = [x for x in lines if x.box[1] > row.box[1] and x.box[1] - row.box[3] < reach]
    above = [x for x in lines if x.box[1] < row.box[1] and row.box[1] - x.box[3] < reach]
    for near in (below, above):
        others = [x for x in near if x.box[2] - x.box[0] < 12 * row.size]
        under = sum(
            any(min(cell[1], x.box[2]) - max(cell[0], x.box[0]) > 2 for x in near) for cell in cells
        )
        apart = len({round(x.box[0] / 4) for x in others}) >= 2
        if under >= max(2, len(cells) - 1) and apart:
            return True
    return False


def _cells(row: Line) -> list[tuple[float, float]]:
    """Where the texts of a row begin and end, small gaps aside."""
    cells: list[tuple[float, float]] = []
    for span in sorted(row.spans, key=lambda one: one.box[0]):
        if not span.text.strip():
            continue
        if cells and span.box[0] - cells[-1][1] < 0.9 * row.size:
            cells[-1] = (cells[-1][0], max(cells[-1][1], span.box[2]))
        else:
            cells.append((span.box[0], span.box[2]))
    return cells


def _is_level(line: Line) -> bool:
    return abs(line.direction[1]) < 0.1


def _running(
    rows: Sequence[EdgeRow], pages: int, body_size: float
) -> dict[int, frozenset[tuple[str, float]]]:
    """For each page the rows that run: page numbers; texts that stand at one place of at least
    three pages (of both where there are two) or count the pages; other texts at a place where
    such stand."""
    places: dict[tuple[str, int], set[int]] = {}
    for row in rows:
        for bucket in _buckets(row.place):
            places.setdefault((row.key, bucket), set()).add(row.page)
    least = 3 if pages >= 3 else 2
    repeated = {
        row
        for row in rows
        if row.number or any(len(places[row.key, b]) >= least for b in _buckets(row.place))
    }
    covered: dict[int, set[int]] = {}
    for row in repeated:
        for bucket in _buckets(row.place):
            covered.setdefault(bucket, set()).add(row.page)
    # What is repeated on a few pages of many is a title that goes on over them.
    repeated = {
        row
        for row in repeated
        if row.number or any(len(covered[b]) >= 0.15 * pages for b in _buckets(row.place))
    }
    repeated |= _counting(rows, body_size)
    top, bottom = _body_bounds(rows, repeated)
    sure = {
        row
        for row in repeated
        if row.number or (row.place < top - 1 if row.place > 0 else row.place > bottom + 1)
    }
    slots: dict[tuple[int, float], set[int]] = {}
    for row in sure:
        if not row.number and numbering(row.key) is None:
            for bucket in _buckets(row.place):
                slots.setdefault((bucket, round(row.size, 1)), set()).add(row.page)
    on_page: Counter[int] = Counter(row.page for row in rows)
    chosen: dict[int, set[tuple[str, float]]] = {}
    for row in rows:
        kept = row in sure or any(
            len(slots.get((bucket, round(row.size, 1)), ())) >= max(3, 0.3 * pages)
            for bucket in _buckets(row.place)
        )
        if kept and on_page[row.page]:
            chosen.setdefault(row.page, set()).add((row.key, row.place))
    return {page: frozenset(found) for page, found in chosen.items()}


def _counting(rows: Sequence[EdgeRow], body_size: float) -> set[EdgeRow]:
    """The rows at one place of four pages or more, in one size, whose numbers go up with the pages
    and by one a page at the least: whatever else they say (the chapter, on one page the title).
    At the top only those smaller than the body: chapters that begin on pages of their own count
    too."""
    series: dict[tuple[int, float], list[EdgeRow]] = {}
    for row in rows:
        if row.count is not None and (row.place < 0 or row.size < body_size - 0.2):
            for bucket in _buckets(row.place):
                series.setdefault((bucket, round(row.size, 1)), []).append(row)
    found: set[EdgeRow] = set()
    for members in series.values():
        members.sort(key=lambda row: row.page)
        steps = [(b.page - a.page, (b.count or 0) - (a.count or 0)) for a, b in pairwise(members)]
        if len(members) >= _LEAST_COUNTING and all(0 < pages <= up for pages, up in steps):
            found.update(members)
    return found


def _body_bounds(rows: Sequence[EdgeRow], repeated: Collection[EdgeRow]) -> tuple[float, float]:
    """From where down and to where the text of the pages itself stands: where on a fair part of
    the pages the first and the last row stand that is no repetition."""
    tops: dict[int, float] = {}
    bottoms: dict[int, float] = {}
    for row in rows:
        if row in repeated:
            continue
        if row.place > 0:
            tops[row.page] = min(tops.get(row.page, row.place), row.place)
        else:
            bottoms[row.page] = max(bottoms.get(row.page, row.place), row.place)
    pages = len({row.page for row in rows})
    top = sorted(tops.values())
    bottom = sorted(bottoms.values(), reverse=True)
    least = max(2, pages // 4)
    return (
        top[least - 1] if len(top) >= least else float("inf"),
        bottom[least - 1] if len(bottom) >= least else float("-inf"),
    )


def _buckets(place: float) -> tuple[int, int]:
    """Two overlapping steps of 3 points: neighbours share at least one."""
    return (2 * round(place / 3), 2 * round(place / 3 + 0.5) + 1)


def take_running(
    survey: Survey, number: int, height: float, lines: Sequence[Line]
) -> tuple[list[Region], list[Line]]:
    """The running heads and feet of a page as regions, and the lines that are left."""
    taken: list[Line] = []
    left: list[Line] = []
    for line in lines:
        (taken if survey.runs(number, line, height) else left).append(line)
    regions = [
        Region(
            "page-header" if row.box[3] < height / 2 else "page-footer",
            union(span.box for span in row.spans),
            [row],
        )
        for row in visual_lines(taken)
    ]
    return regions, left
