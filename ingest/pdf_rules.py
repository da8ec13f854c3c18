"""Ruled tables from what is drawn on a page: the lines, the grid they make, its merged cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.pdf_layout import Bounds, Grid, Line, Places, Region

_THIN = 3.0
_NEAR = 2.5
_MOST_RULES = 20_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line, level or upright: `at` is its height (or its place from the left), `start`
    and `end` where it begins and ends along the other axis."""

    level: bool
    at: float
    start: float
    end: float


@dataclass(slots=True)
class Drawn:
    """What is drawn on a page: rules, filled boxes (shades), the boxes of all else, and
    `marks`, shapes as small as bullets."""

    rules: list[Rule] = field(default_factory=list)
    shades: list[Bounds] = field(default_factory=list)
    others: list[Bounds] = field(default_factory=list)
    marks: list[Bounds] = field(default_factory=list)


def drawn_on(page: Any) -> Drawn:
    """The drawings of the page, sorted out. What lies off the page or covers it is left out."""
    drawn = Drawn()
    width, height = float(page.rect.width), float(page.rect.height)
    for path in page.get_cdrawings():
        for box, kind in _shapes(path):
            x0, y0, x1, y1 = box
            if x1 < 0 or y1 < 0 or x0 > width or y0 > height:
                continue
            wide, high = x1 - x0, y1 - y0
            if wide > 0.95 * width and high > 0.7 * height:
                continue
            if _is_mark(wide, high):
                drawn.marks.append(box)
            elif high <= _THIN and wide > 2 * high and wide > 4:
                drawn.rules.append(Rule(True, (y0 + y1) / 2, x0, x1))
            elif wide <= _THIN and high > 2 * wide and high > 4:
                drawn.rules.append(Rule(False, (x0 + x1) / 2, y0, y1))
            elif kind == "stroke":
                drawn.rules.extend(_edges(box))
            elif kind == "fill":
                drawn.shades.append(box)
            else:
                drawn.others.append(box)
            if len(drawn.rules) > _MOST_RULES:  # a drawing, not a table
                return Drawn(others=[(0.0, 0.0, width, height)])
    return drawn


def _is_mark(wide: float, high: float) -> bool:
    return 1.5 < wide < 8 and 1.5 < high < 8 and 0.7 < wide / high < 1.4


def _shapes(path: Mapping[str, Any]) -> Iterator[tuple[Bounds, str]]:
    stroked = "s" in path["type"] and path.get("color") is not None
    if _is_white(path) and not stroked:
        return
    items = path["items"]
    if not stroked and len(items) > 1 and all(item[0] == "l" for item in items):
        yield tuple(path["rect"]), "fill" if len(items) <= 5 else "other"
        return
    for item in items:
        if item[0] == "l":
            (ax, ay), (bx, by) = item[1], item[2]
            yield (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), "line"
        elif item[0] == "re":
            yield tuple(item[1]), "stroke" if stroked else "fill"
        elif item[0] == "qu":
            points = item[1]
            box = (
                min(p[0] for p in points),
                min(p[1] for p in points),
                max(p[0] for p in points),
                max(p[1] for p in points),
            )
            yield box, "stroke" if stroked else "fill"
        else:
            yield tuple(path["rect"]), "other"
            return


def _is_white(path: Mapping[str, Any]) -> bool:
    fill = path.get("fill")
    return fill is not None and all(value > 0.99 for value in fill)


def _edges(box: Bounds) -> Iterator[Rule]:
    x0, y0, x1, y1 = box
    yield Rule(True, y0, x0, x1)
    yield Rule(True, y1, x0, x1)
    yield Rule(False, x0, y0, y1)
    yield Rule(False, x1, y0, y1)


def ruled_tables(drawn: Drawn, lines: Sequence[Line]) -> list[Region]:
    """The tables whose cells are ruled on both axes, without lines; frames around text and
    grids that are (nearly) empty are none."""
    found: list[Region] = []
    for rules in _connected(drawn.rules):
        grid_and_box = _grid(rules)
        if grid_and_box is None:
            continue
        grid, box = grid_and_box
        inside = [line for line in lines if _holds(box, line.box)]
        if _is_table(grid, inside) and not any(_meets(box, other.box) for other in found):
            found.append(Region("table", box, grid=grid))
    return found


def _connected(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules that touch each other, group by group."""
    level = sorted((r for r in rules if r.level), key=lambda r: (r.at, r.start))
    upright = sorted((r for r in rules if not r.level), key=lambda r: (r.at, r.start))
    every = [*level, *upright]
    parent = list(range(len(every)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    places = [rule.at for rule in upright]
    for index, rule in enumerate(level):
        first = bisect_right(places, rule.start - _NEAR)
        for offset in range(first, len(upright)):
            other = upright[offset]
            if other.at > rule.end + _NEAR:
                break
            if other.start - _NEAR <= rule.at <= other.end + _NEAR:
                parent[root(index)] = root(len(level) + offset)
    groups: dict[int, list[Rule]] = {}
    for index, rule in enumerate(every):
        groups.setdefault(root(index), []).append(rule)
    return [group for group in groups.values() if len(group) >= 4]


def _levels(values: Iterable[float]) -> list[float]:
    """Places that are closer than a rule is thick are one."""
    out: list[list[float]] = []
    for value in sorted(values):
        if out and value - out[-1][-1] <= _NEAR:
            out[-1].append(value)
        else:
            out.append([value])
    return [sum(group) / len(group) for group in out]


def _grid(rules: Sequence[Rule]) -> tuple[Grid, Bounds] | None:
    ys = _levels(rule.at for rule in rules if rule.level)
    xs = _levels(rule.at for rule in rules if not rule.level)
    if len(ys) < 2 or len(xs) < 2:
        return None
    # The outer sides may be left open: the ends of the rules stand for them.
    left = min(rule.start for rule in rules if rule.level)
    right = max(rule.end for rule in rules if rule.level)
    if xs[0] - left > 8:
        xs.insert(0, left)
    if right - xs[-1] > 8:
        xs.append(right)
    # A page break leaves the table open at the top or the bottom of the page.
    top = sorted(rule.start for rule in rules if not rule.level)[1]
    bottom = sorted(rule.end for rule in rules if not rule.level)[-2]
    if ys[0] - top > 8:
        ys.insert(0, top)
    if bottom - ys[-1] > 8:
        ys.append(bottom)
    if len(xs) < 3 or len(ys) < 3:
        return None
    level = [rule for rule in rules if rule.level]
    upright = [rule for rule in rules if not rule.level]
    merged = _merged(xs, ys, level, upright)
    box = (xs[0], ys[0], xs[-1], ys[-1])
    return Grid(tuple(ys[1:-1]), tuple(xs[1:-1]), merged), box


def _merged(
    xs: Sequence[float], ys: Sequence[float], level: Sequence[Rule], upright: Sequence[Rule]
) -> tuple[Places, ...]:
    """Cells of the grid with no rule between them, as far as they make rectangles."""
    rows, columns = len(ys) - 1, len(xs) - 1
    right_of = [
        [_drawn_at(upright, xs[c + 1], ys[r], ys[r + 1]) for c in range(columns - 1)]
        for r in range(rows)
    ]
    below = [
        [_drawn_at(level, ys[r + 1], xs[c], xs[c + 1]) for c in range(columns)]
        for r in range(rows - 1)
    ]
    taken: set[tuple[int, int]] = set()
    found: list[Places] = []
    for row in range(rows):
        for column in range(columns):
            if (row, column) in taken:
                continue
            last = column
            while last < columns - 1 and not right_of[row][last]:
                last += 1
            bottom = row
            while bottom < rows - 1 and not any(below[bottom][c] for c in range(column, last + 1)):
                bottom += 1
            for r in range(row, bottom + 1):
                taken.update((r, c) for c in range(column, last + 1))
            if bottom > row or last > column:
                found.append((row, bottom, column, last))
    return tuple(found)


def _drawn_at(rules: Sequence[Rule], at: float, start: float, end: float) -> bool:
    """Whether rules at one place cover most of the way from start to end."""
    covered = sum(
        max(0.0, min(rule.end, end) - max(rule.start, start))
        for rule in rules
        if abs(rule.at - at) <= _NEAR
    )
    return covered >= 0.6 * (end - start)


def _holds(box: Bounds, inner: Bounds) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _meets(one: Bounds, other: Bounds) -> bool:
    width = min(one[2], other[2]) - max(one[0], other[0])
    return width > 2 and min(one[3], other[3]) - max(one[1], other[1]) > 2


def _is_table(grid: Grid, lines: Sequence[Line]) -> bool:
    """At least two rows and columns, with text in a fair part of them."""
    filled = {
        (
            bisect_right(grid.rows, (line.box[1] + line.box[3]) / 2),
            bisect_right(grid.columns, (span.box[0] + span.box[2]) / 2),
        )
        for line in lines
        for span in line.spans
    }
    if len({row for row, _ in filled}) < 2 or len({column for _, column in filled}) < 2:
        return False
    return len(filled) * 6 >= (len(grid.rows) + 1) * (len(grid.columns) + 1)


def note_rule(
    drawn: Drawn, lines: Sequence[Line], edges: tuple[float, float], body_size: float
) -> float:
    """The height of the rule that parts the footnotes from the text of a column: short, from its
    left edge, with nothing but small print below; infinite where there is none."""
    width = edges[1] - edges[0]
    for rule in sorted(drawn.rules, key=lambda one: one.at):
        starts = edges[0] - 6 < rule.start < edges[0] + 24
        if not (rule.level and starts and 0.1 * width < rule.end - rule.start < 0.7 * width):
            continue
        below = [line for line in lines if line.box[1] > rule.at - 2]
        above = len(lines) - len(below)
        if below and above and all(line.size <= 0.95 * body_size for line in below):
            return rule.at
    return float("inf")


def crossing(lines: Sequence[Line], grid: Grid) -> bool:
    """Whether a span reaches over a column's edge, so that words have to be told apart."""
    return any(
        bisect_right(grid.columns, span.box[0] + 2) != bisect_right(grid.columns, span.box[2] - 2)
        for line in lines
        for span in line.spans
        if " " in span.text.strip()
    )
