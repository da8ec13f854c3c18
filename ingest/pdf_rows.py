"""Rows of text on a page, for finding what stands in columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.pdf_layout import Bounds, Line, union
from ingest.pdf_tables import holds_value

_MARK = re.compile("[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\ufffd\uf000-\uf0ff\u2219\u2043–—*o-]")
_NUMBERED = re.compile(r"[(（]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivx]{1,5})[.)）、]?")


@dataclass(slots=True)
class Row:
    """The texts at one height, left to right, near ones put together to cells."""

    cells: list[Line]
    box: Bounds

    @property
    def tabular(self) -> bool:
        """Whether it has several cells, a bullet or a number before a text not counted."""
        return len(self.cells) > 1


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """The rows of the lines, from top to bottom."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: ((one.box[1] + one.box[3]) / 2, one.box[0])):
        if groups and _level(groups[-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_row(group) for group in groups]


def _level(group: Sequence[Line], line: Line) -> bool:
    top = max(one.box[1] for one in group)
    bottom = min(one.box[3] for one in group)
    least = min(bottom - top, line.box[3] - line.box[1])
    return min(bottom, line.box[3]) - max(top, line.box[1]) >= 0.5 * max(least, 0.1)


def _row(group: Sequence[Line]) -> Row:
    ordered = sorted(group, key=lambda line: line.box[0])
    cells: list[Line] = []
    for line in ordered:
        if cells and _is_near(cells[-1], line):
            before = cells[-1]
            cells[-1] = Line((*before.spans, *line.spans), before.block, before.direction)
        else:
            cells.append(line)
    return Row(cells, union(line.box for line in ordered))


def _is_near(before: Line, line: Line) -> bool:
    gap = line.box[0] - before.box[2]
    size = max(before.size, line.size)
    text = before.text.strip()
    lead = _MARK.fullmatch(text) is not None or (
        _NUMBERED.fullmatch(text) is not None and not holds_value(line.text.strip())
    )
    first = lead and len(text) <= 8 and not text.isdigit()
    after = line.text.strip()
    if after in ("%", ")", ")%") and gap < 0.9 * size:
        return True
    if holds_value(after) and (holds_value(text) or text[-1:].isdigit()):
        return gap < 0.3 * size  # figures of two narrow columns
    return gap < (4.0 * size if first else 0.9 * size)
