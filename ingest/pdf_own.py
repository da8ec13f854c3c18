"""A page laid out without a model: running heads, ruled tables, aligned tables, running text;
and whether the page is better shown to the model."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.pdf_aligned import aligned_tables
from ingest.pdf_columns import column_groups
from ingest.pdf_layout import Line, PageLayout, Region, Span, union
from ingest.pdf_paragraphs import Setting, text_regions
from ingest.pdf_rows import rows_of
from ingest.pdf_rules import Drawn, crossing, note_rule, ruled_tables
from ingest.pdf_survey import Survey, take_running

_DOUBTS = 3


@dataclass(frozen=True, slots=True)
class OwnLayout:
    """The layout, and how doubtful it is: 0 for a plain page. `words` tells that the cells of
    its tables can be told apart by the boxes of single words only."""

    page: PageLayout
    doubt: int
    words: bool


def own_layout(
    number: int,
    size: tuple[float, float],
    lines: Sequence[Line],
    drawn: Drawn,
    survey: Survey,
    titles: Collection[str],
) -> OwnLayout:
    """The page in regions. `size` is its width and height, `titles` the folded titles that the
    outline names on it. Every line lies in exactly one region."""
    width, height = size
    level = [line for line in lines if _is_level(line, width)]
    slanted = [
        Region("watermark", line.box, [line]) for line in lines if not _is_level(line, width)
    ]
    left = _with_bullets(level, drawn)
    ruled: list[Region] = []
    for table in ruled_tables(drawn, left):
        inside, outside = _parted(left, table)
        # The head of a table that goes on runs over its pages, too; a table that is all
        # running is the head of a form.
        if len(take_running(survey, number, height, inside)[1]) * 5 > len(inside):
            table.lines, left = inside, outside
            ruled.append(table)
    running, left = take_running(survey, number, height, left)
    words = any(t.grid is not None and crossing(t.lines, t.grid) for t in ruled)
    body, doubt, crosses = _body([*left, *ruled], drawn, Setting(survey, titles))
    heads = [region for region in running if region.kind == "page-header"]
    feet = [region for region in running if region.kind == "page-footer"]
    doubt += _scattered(body, drawn)
    page = PageLayout(number, width, height, (*heads, *body, *feet, *slanted))
    return OwnLayout(page, doubt, words or crosses)


def _body(
    items: Sequence[Line | Region], drawn: Drawn, setting: Setting
) -> tuple[list[Region], int, bool]:
    """The regions in reading order, the doubt that is left, and whether texts of aligned tables
    reach over their columns."""
    regions: list[Region] = []
    doubt = 0
    crosses = False
    groups = column_groups(items)
    for group in groups:
        lines = [item for item in group if isinstance(item, Line)]
        tables = [item for item in group if isinstance(item, Region)]
        for found in aligned_tables(lines, drawn):
            inside = {id(span) for line in found.region.lines for span in line.spans}
            doubt += _DOUBTS * found.doubtful
            grid = found.region.grid
            crosses = crosses or (grid is not None and crossing(found.region.lines, grid))
            tables.append(found.region)
            lines = [line for line in lines if id(line.spans[0]) not in inside]
        doubt += _loose_rows(lines)
        if lines:
            edges = _edges(lines, group, groups, setting.survey)
            notes = note_rule(drawn, lines, edges, setting.survey.body_size)
            tables.extend(_texts(lines, edges, tables, replace(setting, notes_from=notes)))
        regions.extend(sorted(tables, key=lambda region: (region.box[1], region.box[0])))
    return regions, doubt, crosses


def _texts(
    lines: Sequence[Line], edges: tuple[float, float], tables: Sequence[Region], setting: Setting
) -> list[Region]:
    """The running text above, between and below the tables of a column."""
    cuts = sorted(table.box[1] for table in tables)
    stripes: dict[int, list[Line]] = {}
    for line in lines:
        stripes.setdefault(bisect_left(cuts, (line.box[1] + line.box[3]) / 2), []).append(line)
    return [
        region
        for _, stripe in sorted(stripes.items())
        for region in text_regions(stripe, edges, setting)
    ]


def _edges(
    lines: Sequence[Line],
    group: Sequence[Line | Region],
    groups: Sequence[Sequence[Line | Region]],
    survey: Survey,
) -> tuple[float, float]:
    """Where the lines of a column begin and end at most: as far as on the other pages, unless
    another column stands at its right."""
    usual = [line for line in lines if line.size <= 1.15 * survey.body_size]
    box = union(line.box for line in usual or lines)
    beside = any(
        other is not group
        and any(
            item.box[0] > box[2] - 2 and item.box[1] < box[3] and item.box[3] > box[1]
            for item in other
        )
        for other in groups
    )
    inside = survey.left - 4 <= box[0] < survey.left + 0.4 * (survey.right - survey.left)
    return box[0], max(box[2], survey.right) if inside and not beside else box[2]


def _with_bullets(lines: Sequence[Line], drawn: Drawn) -> list[Line]:
    """The lines, those with a small drawn shape before them with a bullet in its place."""
    if not drawn.marks:
        return list(lines)
    out: list[Line] = []
    for line in lines:
        x0, y0, _, y1 = line.box
        for mark in drawn.marks:
            middle = (mark[1] + mark[3]) / 2
            if 0 < x0 - mark[2] < 1.8 * line.size and y0 < middle < y1:
                spans = (Span("• ", mark, line.size), *line.spans)
                line = Line(spans, line.block, line.direction)
                break
        out.append(line)
    return out


def _is_level(line: Line, width: float) -> bool:
    if abs(line.direction[0] * line.direction[1]) > 0.05:
        return False
    upright = abs(line.direction[1]) > 0.9
    return not (upright and (line.box[2] < 0.08 * width or line.box[0] > 0.92 * width))


def _parted(lines: Sequence[Line], table: Region) -> tuple[list[Line], list[Line]]:
    inside: list[Line] = []
    outside: list[Line] = []
    box = table.box
    for line in lines:
        x, y = (line.box[0] + line.box[2]) / 2, (line.box[1] + line.box[3]) / 2
        held = box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1
        (inside if held else outside).append(line)
    return inside, outside


def _loose_rows(lines: Sequence[Line]) -> int:
    """How many rows of several texts no table took."""
    count = 0
    for row in rows_of(lines):
        short = sum(len(cell.text.strip()) < 25 for cell in row.cells)
        # Justified text leaves gaps of about a letter's height after its sentences.
        far = any(b.box[0] - a.box[2] > 1.6 * b.size for a, b in pairwise(row.cells))
        count += far and (len(row.cells) > 2 or short > 0)
    return count


def _scattered(regions: Sequence[Region], drawn: Drawn) -> int:
    """Short texts among drawings that are neither rules nor shades: labels of a figure."""
    if len(drawn.others) < 4:
        return 0
    boxes = drawn.others[:500]
    inside = sum(
        any(
            b[0] <= r.box[0] and r.box[2] <= b[2] and b[1] <= r.box[1] and r.box[3] <= b[3]
            for b in boxes
        )
        for r in regions
        if sum(len(line.text) for line in r.lines) < 40
    )
    return inside if inside >= _DOUBTS else 0
