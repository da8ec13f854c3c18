"""Tables without rules: rows of short texts that stand in columns, found by their alignment."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ingest.lines import is_spaceless
from ingest.numbering import numbering
from ingest.pdf_blocks import CHAPTERS, is_caption
from ingest.pdf_gutters import clear_of, gutters_of, head_rows
from ingest.pdf_heads import phrases
from ingest.pdf_layout import Bounds, Grid, Line, Region, Span, union
from ingest.pdf_rows import Row, rows_of
from ingest.pdf_rules import Drawn
from ingest.pdf_tables import holds_value


@dataclass(slots=True)
class Found:
    """A table region with its grid, its lines inside, and whether the alignment leaves doubt."""

    region: Region
    doubtful: bool


def aligned_tables(lines: Sequence[Line], drawn: Drawn) -> list[Found]:
    """The tables that the alignment of the lines shows. Lines in columns of running text are no
    rows of a table."""
    rows = rows_of(lines)
    found: list[Found] = []
    start = 0
    while start < len(rows):
        if not rows[start].tabular or is_caption(_text(rows[start])):
            start += 1
            continue
        end = _end_of(rows, start)
        first = _with_heads(rows, start, end)
        table = _table(rows[first:end], drawn) if end - first >= 2 else None
        if table is not None:
            found.append(table)
        start = end
    return found


def _end_of(rows: Sequence[Row], start: int) -> int:
    """One past the last row of the run that begins at `start`: rows of several cells, with at
    most three single ones between them, none far from the next."""
    last = start
    left = rows[start].box[0]
    steps: list[float] = []
    for index in range(start + 1, len(rows)):
        row, before = rows[index], rows[index - 1]
        size = max(cell.size for cell in row.cells)
        step = row.box[1] - before.box[3]
        usual = median(steps) if steps else 1.5 * size
        if step > max(3.0 * size, 2.2 * usual + 1.2 * size):
            break
        steps.append(max(step, 0.0))
        if row.tabular:
            last = index
            left = min(left, row.box[0])
        elif (
            is_caption(_text(row))
            or _is_section(_text(row))
            or index - last > 3
            or _is_prose(row, rows[start : last + 1], rows[index : index + 4])
        ):
            break
    # A label that wraps, or a total's lead, below the last row of several cells.
    if last + 1 < len(rows) and not rows[last + 1].tabular and last > start:
        row, before = rows[last + 1], rows[last]
        cell = row.cells[0]
        over = [
            c for c in before.cells if c.box[0] - 2 <= cell.box[0] and cell.box[2] <= c.box[2] + 8
        ]
        tight = row.box[1] - before.box[3] < 0.35 * cell.size
        apart = median(steps) > 0.35 * cell.size + 1 if steps else False
        if over and tight and apart:
            last += 1
    return last + 1


def _is_section(text: str) -> bool:
    """Whether a single text is the name of a Chinese section."""
    number = numbering(text)
    return number is not None and number.scheme in CHAPTERS and len(number.title) <= 24


def _is_prose(row: Row, above: Sequence[Row], below: Sequence[Row]) -> bool:
    """Whether a single text reaches over the columns of the rows above; how wide the table is
    may only be seen by the rows below."""
    box = union(one.box for one in (*above, *(one for one in below if one.tabular)))
    wide = row.box[2] - row.box[0] > 0.72 * (box[2] - box[0])
    second = sorted(cell.box[0] for one in above for cell in one.cells[1:2])
    over = bool(second) and row.box[2] > second[len(second) // 2] + 12
    text = row.cells[0].text.strip()
    long = len(text) > (28 if any(map(is_spaceless, text)) else 60)
    return wide or (over and long)


def _with_heads(rows: Sequence[Row], start: int, end: int) -> int:
    """The first row of the table with the single texts above it that head its columns: close
    to it and over columns past the first."""
    first = start
    inside = rows[start:end]
    seconds = [cell.box[0] for row in inside for cell in row.cells[1:]]
    if not seconds:
        return first
    while first > 0 and first > start - 2:
        row, below = rows[first - 1], rows[first]
        cell = row.cells[0]
        size = cell.size
        over_columns = cell.box[0] >= min(c.box[0] for r in inside for c in r.cells[:1]) + 3 * size
        close = below.box[1] - row.box[3] < 0.9 * size
        narrow = row.box[2] - row.box[0] < 0.6 * (
            max(r.box[2] for r in inside) - min(r.box[0] for r in inside)
        )
        in_place = row.box[2] <= max(r.box[2] for r in inside) + 4 and row.box[2] > min(seconds)
        if (
            row.tabular
            or is_caption(_text(row))
            or not (over_columns and close and narrow and in_place)
        ):
            break
        first -= 1
    return first


def _table(rows: Sequence[Row], drawn: Drawn) -> Found | None:
    tabular = [row for row in rows if row.tabular]
    box = union(row.box for row in rows)
    gutters = gutters_of(tabular, box)
    if not gutters or len(tabular) < 2:
        return None
    heads = head_rows(tabular)
    named = {id(row) for row in tabular[:heads]}
    clear = clear_of(gutters, rows)
    for row in rows:
        far = 0.3 if id(row) in named else 0.45
        cells = [part for cell in row.cells for part in _cut(cell, gutters, far)]
        row.cells = [part for cell in cells for part in _cut(cell, clear, 0.1)]
    rows = _with_tall_names(rows, gutters, heads)
    if _are_columns_of_text(rows, gutters) or _are_leaders(rows):
        return None
    bands = _bands(rows, gutters, drawn, box)
    if len(bands) < 2:
        return None
    edges = tuple(
        (above.box[3] + below.box[1]) / 2
        for above, below in pairwise([_whole(band) for band in bands])
    )
    wide = phrases(rows, gutters, edges)
    region = Region("table", (box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1))
    region.grid = Grid(edges, gutters, (), wide)
    region.lines = [cell for row in rows for cell in row.cells]
    return Found(region, _is_doubtful(rows, tabular, gutters))


def _with_tall_names(rows: Sequence[Row], gutters: Sequence[float], heads: int) -> list[Row]:
    """The rows, those of the head that hold nothing but names that reach over the rows above and
    below them put to the row above."""
    out = list(rows[:1])
    for index, row in enumerate(rows[1:], start=1):
        above, below = out[-1], rows[index + 1] if index + 1 < len(rows) else None
        if below is not None and 0 < index <= heads and _is_tall(above, row, below, gutters):
            cells = sorted((*above.cells, *row.cells), key=lambda cell: cell.box[0])
            out[-1] = Row(cells, above.box)
        else:
            out.append(row)
    return out


def _is_tall(above: Row, row: Row, below: Row, gutters: Sequence[float]) -> bool:
    around = _columns(above, gutters) & _columns(below, gutters)
    own = _columns(row, gutters)
    free = not own & (_columns(above, gutters) | _columns(below, gutters))
    size = row.cells[0].size
    meets = row.box[1] < above.box[3] + 0.2 * size and below.box[1] < row.box[3] + 0.2 * size
    # Lines of one name that wraps are closer than two rows of names.
    return bool(around) and free and meets and below.box[1] > above.box[3] + 0.6 * size


def _columns(row: Row, gutters: Sequence[float]) -> set[int]:
    """The columns that the cells of a row reach over."""
    found: set[int] = set()
    for cell in row.cells:
        first = bisect_right(gutters, cell.box[0] + 2)
        found.update(range(first, bisect_right(gutters, cell.box[2] - 2) + 1))
    return found


def _cut(cell: Line, gutters: Sequence[float], far: float) -> list[Line]:
    """The cell cut where a gutter runs between two of its spans, `far` sizes of print apart or
    more: texts of two columns that stand close."""
    parts: list[list[Span]] = []
    for span in cell.spans:
        if not span.text.strip() and parts:
            continue
        before = parts[-1][-1].box[2] if parts else 0.0
        apart = span.box[0] - before > far * span.size
        between = apart and any(before - 1 <= gutter <= span.box[0] + 1 for gutter in gutters)
        if parts and not between:
            parts[-1].append(span)
        else:
            parts.append([span])
    if len(parts) < 2:
        return [cell]
    return [Line(tuple(spans), cell.block, cell.direction) for spans in parts]


def _whole(band: Sequence[Row]) -> Row:
    return Row([cell for row in band for cell in row.cells], union(row.box for row in band))


def _are_columns_of_text(rows: Sequence[Row], gutters: Sequence[float]) -> bool:
    """Whether the cells of the columns are lines of running text: long, and most of them as
    long as their column is wide."""
    if len(gutters) > 2:
        return False
    long = cells = 0
    columns: dict[int, list[Line]] = {}
    for row in rows:
        for cell in row.cells:
            columns.setdefault(bisect_right(gutters, (cell.box[0] + cell.box[2]) / 2), []).append(
                cell
            )
    for column in columns.values():
        right = max(cell.box[2] for cell in column)
        left = min(cell.box[0] for cell in column)
        for cell in column:
            cells += 1
            fills = cell.box[2] - cell.box[0] > 0.8 * (right - left)
            text = cell.text.strip()
            limit = 14 if any(map(is_spaceless, text)) else 28
            long += fills and len(text) >= limit
    return long * 2 >= cells


def _are_leaders(rows: Sequence[Row]) -> bool:
    """Whether the rows are a table of contents."""
    led = sum(
        re.search(r"(?:\.\s?){4,}|…{2,}|(?:·\s?){4,}", _text(row)) is not None for row in rows
    )
    return led * 2 > len(rows)


def _text(row: Row) -> str:
    return " ".join(cell.text for cell in row.cells).strip()


def _bands(
    rows: Sequence[Row], gutters: Sequence[float], drawn: Drawn, box: Bounds
) -> list[list[Row]]:
    """Rows of text put together to rows of the table: by the rules and shades drawn between
    them, else by the distance of lines."""
    cuts = _drawn_cuts(drawn, box)
    bands: list[list[Row]] = [[rows[0]]]
    gaps = [below.box[1] - above.box[3] for above, below in pairwise(rows)]
    usual = median(gaps) if gaps else 0.0
    by_drawing = len(cuts) >= 3 and len(cuts) * 3 >= len(rows)
    for gap, (above, below) in zip(gaps, pairwise(rows), strict=True):
        cut = any(above.box[3] - 3 <= at <= below.box[1] + 3 for at in cuts)
        if cut or (not by_drawing and _is_apart(above, below, gap, usual, gutters)):
            bands.append([below])
        else:
            bands[-1].append(below)
    return bands


def _is_apart(above: Row, below: Row, gap: float, usual: float, gutters: Sequence[float]) -> bool:
    """Whether a row of text begins a new row of the table and does not go on with the cells
    of the one above."""
    size = below.cells[0].size
    tight = gap < 0.45 * size and gap < usual - 0.25 * size
    if tight:
        return False
    if usual > 0.45 * size or len(below.cells) > 1:
        return True
    # All lines equally close: a single text that goes on in small letters belongs above.
    cell = below.cells[0]
    column = bisect_right(gutters, (cell.box[0] + cell.box[2]) / 2)
    over = [c for c in above.cells if bisect_right(gutters, (c.box[0] + c.box[2]) / 2) == column]
    text = cell.text.strip()
    if not over or not text:
        return True
    deeper = cell.box[0] > over[0].box[0] + 0.4 * size and column == 0 and len(above.cells) == 1
    return not (text[0].islower() or (column > 0 and len(above.cells) > 1) or deeper)


def _drawn_cuts(drawn: Drawn, box: Bounds) -> list[float]:
    """Heights at which rules or the edges of shades part the rows of the box."""
    width = box[2] - box[0]
    cuts = [
        rule.at
        for rule in drawn.rules
        if rule.level
        and box[1] < rule.at < box[3]
        and min(rule.end, box[2]) - max(rule.start, box[0]) > 0.6 * width
    ]
    for shade in drawn.shades:
        if min(shade[2], box[2]) - max(shade[0], box[0]) > 0.6 * width:
            cuts.extend(at for at in (shade[1], shade[3]) if box[1] < at < box[3])
    return sorted(cuts)


def _is_regular(rows: Sequence[Row], gutters: Sequence[float]) -> bool:
    """Whether every row has a short text in each of three columns or more, set to one edge."""
    columns = len(gutters) + 1
    if columns < 3 or any(len(row.cells) != columns for row in rows):
        return False
    for column in range(columns):
        cells = [row.cells[column] for row in rows]
        lefts, rights = [cell.box[0] for cell in cells], [cell.box[2] for cell in cells]
        if min(max(lefts) - min(lefts), max(rights) - min(rights)) > 3:
            return False
        if any(cell.box[2] - cell.box[0] > 20 * cell.size for cell in cells):
            return False
    return True


def _is_doubtful(rows: Sequence[Row], tabular: Sequence[Row], gutters: Sequence[float]) -> bool:
    """Whether the finding is better judged by a layout model: few values among the cells, or
    cells that miss the columns."""
    if len(tabular) == len(rows) >= 3 and _is_regular(rows, gutters):
        return False
    cells = [cell for row in tabular for cell in row.cells]
    crossing = sum(
        bisect_right(gutters, cell.box[0] + 2) != bisect_right(gutters, cell.box[2] - 2)
        for cell in cells
    )
    values = sum(holds_value(cell.text.strip()) for row in tabular for cell in row.cells[1:])
    others = max(1, sum(len(row.cells) - 1 for row in tabular))
    if crossing > 0.15 * len(cells):
        return True
    if len(tabular) < 3 and values < others:
        return True
    return values < 0.45 * others or len(tabular) * 2 < len(rows)
