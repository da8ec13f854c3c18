"""Pages whose text stands on its side: laid out as if turned upright, boxes turned back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.pdf_layout import Bounds, Line
from ingest.pdf_rules import Drawn, Rule


def turn_of(lines: Sequence[Line]) -> int:
    """-1 where most of the text runs upwards, 1 where it runs downwards, else 0."""
    weights = {-1: 0, 0: 0, 1: 0}
    for line in lines:
        side = round(line.direction[1])
        level = abs(line.direction[0]) > 0.7
        weights[0 if level else side] += len(line.text.strip())
    best = max(weights, key=lambda side: (weights[side], side == 0))
    return best if weights[best] > 0.6 * sum(weights.values()) else 0


def turned(box: Bounds, turn: int, size: tuple[float, float]) -> Bounds:
    """A box of a page of that width and height, as it lies when its text is made level."""
    width, height = size
    x0, y0, x1, y1 = box
    if turn < 0:
        return (height - y1, x0, height - y0, x1)
    return (y0, width - x1, y1, width - x0) if turn > 0 else box


def turned_back(box: Bounds, turn: int, size: tuple[float, float]) -> Bounds:
    """The reverse of `turned`; `size` is that of the page as it is displayed."""
    width, height = size
    x0, y0, x1, y1 = box
    if turn < 0:
        return (y0, height - x1, y1, height - x0)
    return (width - y1, x0, width - y0, x1) if turn > 0 else box


def turned_lines(lines: Sequence[Line], turn: int, size: tuple[float, float]) -> list[Line]:
    """The lines on the turned page; what was level there stands upright now."""
    out: list[Line] = []
    for line in lines:
        spans = tuple(replace(span, box=turned(span.box, turn, size)) for span in line.spans)
        dx, dy = line.direction
        direction = (-dy, dx) if turn < 0 else (dy, -dx)
        out.append(Line(spans, line.block, direction))
    return out


def turned_drawings(drawn: Drawn, turn: int, size: tuple[float, float]) -> Drawn:
    """The drawings on the turned page."""
    rules: list[Rule] = []
    for rule in drawn.rules:
        if rule.level:
            box = (rule.start, rule.at, rule.end, rule.at)
        else:
            box = (rule.at, rule.start, rule.at, rule.end)
        x0, y0, x1, y1 = turned(box, turn, size)
        rules.append(Rule(False, x0, y0, y1) if rule.level else Rule(True, y0, x0, x1))
    return Drawn(
        rules,
        [turned(box, turn, size) for box in drawn.shades],
        [turned(box, turn, size) for box in drawn.others],
        [turned(box, turn, size) for box in drawn.marks],
    )
