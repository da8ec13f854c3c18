"""Lines of OCR that run over several columns of a table or a page, parted at the white gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.lines import is_spaceless
from ingest.ocr_lines import Read, places_of

if TYPE_CHECKING:
    from ingest.pictures import Ink

_LEAST = 0.5
_SURE = 2.0
_SHARED = 2
_NEAR = 12.0
_OPENING = set("(（《〈“‘「『【〔")
_CLOSING = set("),;:，。、；：！？）》〉”’」』】〕")


@dataclass(frozen=True, slots=True)
class _Gap:
    """A white gap from `x0` to `x1`, `wide` font sizes without what belongs to the signs beside
    it. `at` is where the text goes on after it, 0 where it lies between two lines."""

    at: int
    x0: float
    x1: float
    wide: float


def parted_at_gaps(read: Sequence[Read], ink: Ink) -> list[Read]:
    """The lines, those cut that hold a gap far wider than a blank, or wider than one where lines
    above and below have a gap too: what stands on either side are cells or columns."""
    inner = [_gaps(item, ink) for item in read]
    rows = _rows(read)
    white = [_between(row, read) + [gap for index in row for gap in inner[index]] for row in rows]
    parts: dict[int, list[Read]] = {}
    for number, row in enumerate(rows):
        for index in row:
            kept = [
                gap
                for gap in inner[index]
                if gap.wide >= _SURE or _is_shared(gap, read[index], number, white, rows, read)
            ]
            parts[index] = list(_pieces(read[index], kept))
    return [part for index in range(len(read)) for part in parts[index]]


def _gaps(item: Read, ink: Ink) -> list[_Gap]:
    """The gaps within a level line that are wider than a blank."""
    import numpy as np

    left, top, right, bottom = (round(value) for value in item.box)
    text = item.line.text
    part = ink[max(0, top) : bottom, max(0, left) : right]
    if part.size == 0 or right - left < 1.5 * (bottom - top) or len(text) < 2 or item.size <= 0:
        return []
    filled = np.nonzero(part.sum(axis=0) > max(1, (bottom - top) // 25))[0]
    places = places_of(item.line, item.box)
    found: list[_Gap] = []
    steps = np.diff(filled)
    for index in np.nonzero(steps > _LEAST * item.size)[0]:
        x0, x1 = left + float(filled[index]) + 1, left + float(filled[index + 1])
        at = _parting(text, min(range(1, len(text)), key=lambda i: abs(places[i] - x1)))
        wide = (x1 - x0) / item.size - _own(text, at)
        if wide >= _LEAST and abs(places[at] - x1) < max(item.size, 0.5 * (x1 - x0)):
            found.append(_Gap(at, x0, x1, wide))
    return found


def _parting(text: str, near: int) -> int:
    """Where the text goes on after a gap: at the place given or a character beside it, after a
    blank or a sign that brings white with it where there is one."""
    if text[near].isspace():
        return min(near + 1, len(text) - 1)
    beside = [at for at in (near, near + 1, near - 1) if 0 < at < len(text)]
    blank = (at for at in beside if text[at - 1].isspace())
    signs = (at for at in beside if _own(text, at) > 0)
    return next(blank, next(signs, near))


def _own(text: str, at: int) -> float:
    """The white that full-width signs around a gap bring with them, in font sizes. Those that
    were read as narrow ones stand beside Han characters."""
    before, after = text[:at].rstrip()[-1:], text[at]
    near = text[max(0, at - 3) : at + 3]
    wide = any(map(is_spaceless, near))
    return 0.6 * wide * ((before in _CLOSING) + (after in _OPENING))


def _rows(read: Sequence[Read]) -> list[list[int]]:
    """The indices of lines that stand side by side, from the top."""
    rows: list[list[int]] = []
    reach = (0.0, 0.0)
    for index in sorted(range(len(read)), key=lambda i: read[i].box[1] + read[i].box[3]):
        _, y0, _, y1 = read[index].box
        shared = min(reach[1], y1) - max(reach[0], y0)
        if rows and shared > 0.5 * min(y1 - y0, reach[1] - reach[0]):
            rows[-1].append(index)
        else:
            rows.append([index])
            reach = (y0, y1)
    return [sorted(row, key=lambda i: read[i].box[0]) for row in rows]


def _between(row: Sequence[int], read: Sequence[Read]) -> list[_Gap]:
    """The gaps between the lines of a row."""
    return [
        _Gap(0, read[one].box[2], read[other].box[0], _SURE)
        for one, other in pairwise(row)
        if read[other].box[0] - read[one].box[2] > _LEAST * read[one].size
    ]


def _is_shared(
    gap: _Gap,
    item: Read,
    number: int,
    white: Sequence[Sequence[_Gap]],
    rows: Sequence[Sequence[int]],
    read: Sequence[Read],
) -> bool:
    """Whether two rows near the gap's, on one side or on both, are white at its place. Rows that
    do not reach there, as those of another column, say nothing."""
    found = 0
    for step in (-1, 1):
        other = number + step
        while 0 <= other < len(rows) and found < _SHARED:
            boxes = [read[index].box for index in rows[other]]
            if abs(boxes[0][1] - item.box[1]) > _NEAR * item.size:
                break
            if boxes[0][0] < gap.x0 and gap.x1 < boxes[-1][2]:
                if not any(_meet(gap, one) for one in white[other]):
                    break
                found += 1
            other += step
    return found >= _SHARED


def _meet(gap: _Gap, other: _Gap) -> bool:
    shared = min(gap.x1, other.x1) - max(gap.x0, other.x0)
    return shared >= 0.5 * min(gap.x1 - gap.x0, other.x1 - other.x0)


def _pieces(item: Read, gaps: Sequence[_Gap]) -> Iterator[Read]:
    """The line cut at the gaps, blanks at the ends of the pieces left out."""
    if not gaps:
        yield item
        return
    line, (left, top, right, bottom) = item.line, item.box
    places = places_of(line, item.box)
    known = len(line.starts) == len(line.text)
    begin, x0 = 0, left
    for gap in (*gaps, _Gap(len(line.text), right, right, 0.0)):
        text = line.text[begin : gap.at]
        first, last = len(text) - len(text.lstrip()), len(text.rstrip())
        if first < last:
            shares = ((places[begin + i] - x0) / max(gap.x0 - x0, 1.0) for i in range(first, last))
            starts = tuple(min(max(share, 0.0), 1.0) for share in shares) if known else ()
            corners = ((x0, top), (gap.x0, top), (gap.x0, bottom), (x0, bottom))
            part = replace(line, text=text.strip(), corners=corners, starts=starts)
            yield replace(item, line=part, box=(x0, top, gap.x0, bottom))
        begin, x0 = gap.at, gap.x1
