"""Lines of OCR as lines of a page: boxes and sizes by the ink, bold by the strokes, words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from ingest.contract import OcrLine
from ingest.lines import is_spaceless
from ingest.pdf_layout import Bounds, Line, Span

if TYPE_CHECKING:
    from ingest.pictures import Ink

_LOW = set("gjpqyQ()[]{}|@$§_µ")
_TALL = re.compile(r"[A-Zbdfhiklt0-9()\[\]{}|/\\@$§&%#!?'\"]")
_SAME = 0.09
_FEW_LOW = 3
_USUAL = 80
_LARGE = 1.15
_BOLD = 1.28


@dataclass(frozen=True, slots=True)
class Read:
    """A line with what the picture says of it, in pixels of the upright picture: box around its
    ink, font size, width of its strokes in font sizes. Parts of one line share a `block`."""

    line: OcrLine
    box: Bounds
    size: float
    stroke: float
    block: int = 0


_HAN = "\u3400-\u9fff"
_WIDE = str.maketrans(",;:?!", "，；：？！")
_LEAD = re.compile(
    rf"(\d{{1,2}}(?:\.\d{{1,2}}){{1,3}})(?=[{_HAN}])(?![万亿元米倍个年月日吨千百十公毫厘克])"
)

_CHAPTER = re.compile(rf"第[一二三四五六七八九十百零〇\d]{{1,5}}[编篇章节](?=[{_HAN}])")


def mended(line: OcrLine) -> OcrLine:
    """The line with what the recogniser is known to mistake, where the neighbours leave no
    doubt: signs between Han characters are full-width, brackets match, `lE4` is `IE4` and
    `1O0` is `100`; a number of a heading is set off, and so are Han characters that stand apart.
    """
    line = _joined_codes(line)
    text = re.sub(
        rf"(?<=[{_HAN}])[,;:?!](?=[{_HAN}]|$)", lambda m: m.group().translate(_WIDE), line.text
    )
    text = re.sub(r"(?<![A-Za-z])l(?=[A-Z][A-Z0-9])", "I", text)
    text = re.sub(r"(?<=\d)[Oo](?=\d)", "0", text)
    text = _brackets(text)
    gaps = _gaps(text, line.starts) if len(line.starts) == len(text) else set()
    lead = _LEAD.match(text)
    if lead and len(text) <= 30:
        gaps.add(lead.end())
    chapter = _CHAPTER.match(text)
    if chapter and len(text) <= 30 and _is_apart(line.starts, chapter.end()):
        gaps.add(chapter.end())
    starts = list(line.starts)
    for place in sorted(gaps, reverse=True):
        if starts:
            starts.insert(place, (starts[place - 1] + starts[place]) / 2)
        text = f"{text[:place]} {text[place:]}"
    return replace(line, text=text, starts=tuple(starts)) if text != line.text else line


def _joined_codes(line: OcrLine) -> OcrLine:
    """`AV- 220` as `AV-220`: no blank stands between the hyphen of a code and its number."""
    places = [match.start() for match in re.finditer(r"(?<=[A-Z]-) (?=\d)", line.text)]
    if not places:
        return line
    kept = [index for index in range(len(line.text)) if index not in places]
    whole = len(line.starts) == len(line.text)
    starts = tuple(line.starts[index] for index in kept) if whole else ()
    return replace(line, text="".join(line.text[index] for index in kept), starts=starts)


def _brackets(text: str) -> str:
    """Brackets of one width in a pair: full-width where one of them is."""
    out = list(text)
    pending: list[int] = []
    for index, char in enumerate(text):
        if char in "(（":
            pending.append(index)
        elif char in ")）" and pending:
            first = pending.pop()
            if (out[first] == "（") != (char == "）"):
                out[first], out[index] = "（", "）"
    return "".join(out)


def _is_apart(starts: Sequence[float], place: int) -> bool:
    """Whether the step to the character at a place is wider than most: a narrow blank."""
    steps = [after - before for before, after in pairwise(starts)]
    return len(steps) > place and steps[place - 1] > 1.1 * median(steps)


def _gaps(text: str, starts: Sequence[float]) -> set[int]:
    """Places between two Han characters (no signs) that are about a character apart."""
    steps = {
        index: starts[index] - starts[index - 1]
        for index in range(1, len(text))
        if re.fullmatch(f"[{_HAN}]{{2}}", text[index - 1 : index + 1])
    }
    if len(steps) < 3:
        return set()
    usual = median(steps.values())
    return {index for index, step in steps.items() if step > 1.55 * usual}


def measured(lines: Sequence[OcrLine], ink: Ink) -> list[Read]:
    """The lines with their looks; sizes that differ by what measuring alone explains are one.
    Lines of one character and dirt are kept."""
    read = _with_usual_sizes([_measure(line, ink) for line in lines if line.text.strip()])
    return [replace(item, block=n) for n, item in enumerate(_with_common_sizes(read))]


def bounds_of(line: OcrLine) -> Bounds:
    """The upright box around the corners."""
    xs, ys = [x for x, _ in line.corners], [y for _, y in line.corners]
    return min(xs), min(ys), max(xs), max(ys)


def _measure(line: OcrLine, ink: Ink) -> Read:
    import numpy as np

    x0, y0, x1, y1 = bounds_of(line)
    left, top = max(0, int(x0)), max(0, int(y0))
    part = ink[top : int(y1) + 1, left : int(x1) + 1]
    plain = Read(line, (x0, y0, x1, y1), 0.72 * (y1 - y0), 0.0)
    if part.size == 0 or y1 - y0 > 1.5 * (x1 - x0):
        return plain
    rows = part.sum(axis=1, dtype=np.int64)
    if int(rows.max()) < 3:
        return plain
    first, last = _extent(rows.tolist(), max(2, min(3, round(0.05 * int(rows.max())))))
    columns = np.nonzero(part[first : last + 1].any(axis=0))[0]
    height = last - first + 1
    size = height / _share(line.text)
    area = int(part.sum())
    inner = part[1:-1, 1:-1] & part[:-2, 1:-1] & part[2:, 1:-1] & part[1:-1, :-2] & part[1:-1, 2:]
    edge = max(1, area - int(inner.sum()))
    pad = 0.08 * size
    box = (
        left + float(columns[0]),
        top + first - pad,
        left + float(columns[-1]) + 1.0,
        top + last + 1 + pad,
    )
    return Read(line, box, size, 2 * area / edge / max(size, 1.0))


def _extent(rows: Sequence[int], least: int) -> tuple[int, int]:
    """First and last row of the ink around the middle; a neighbour's ink at the edge of the box,
    parted by empty rows, does not count."""
    middle = len(rows) // 2
    filled = [index for index, count in enumerate(rows) if count >= least]
    start = min(filled, key=lambda index: abs(index - middle))
    first = last = start
    gap = max(2, len(rows) // 6)
    for index in filled:
        if last < index <= last + gap:
            last = index
    for index in reversed(filled):
        if first - gap <= index < first:
            first = index
    return first, last


def _share(text: str) -> float:
    """The height of the ink of a text in font sizes."""
    if sum(map(is_spaceless, text)) * 3 >= len(text):
        return 0.93
    tall, low = _TALL.search(text) is not None, not _LOW.isdisjoint(text)
    if tall:
        return 0.93 if low else 0.72
    return 0.72 if low else 0.5


def _other_share(text: str) -> float:
    """The share of a text whose few low signs may be too thin to be seen, or whose commas may
    be seen; 0 where there is no doubt."""
    if sum(map(is_spaceless, text)) * 3 >= len(text) or not _TALL.search(text):
        return 0.0
    low = sum(char in _LOW for char in text)
    if low:
        return 0.72 if low <= _FEW_LOW else 0.0
    return 0.85 if "," in text or ";" in text else 0.0


def _with_usual_sizes(read: Sequence[Read]) -> list[Read]:
    """Lines in doubt with the size that fits the sizes of the lines without."""
    others = [_other_share(item.line.text) for item in read]
    weights: dict[float, int] = {}
    for item, other in zip(read, others, strict=True):
        if not other:
            weights[item.size] = weights.get(item.size, 0) + len(item.line.text)

    def weight(size: float) -> int:
        return sum(count for s, count in weights.items() if abs(s - size) <= _SAME * size)

    out: list[Read] = []
    for item, other in zip(read, others, strict=True):
        size = item.size * _share(item.line.text) / other if other and item.stroke else item.size
        if weight(size) > _USUAL and weight(size) > 2 * weight(item.size):
            item = replace(item, size=size, stroke=item.stroke * item.size / size)
        out.append(item)
    return out


def _with_common_sizes(read: Sequence[Read]) -> list[Read]:
    """Sizes in groups: each line gets the size that most characters near its own size have."""
    weights: dict[float, int] = {}
    for item in read:
        weights[item.size] = weights.get(item.size, 0) + len(item.line.text)
    common: dict[float, float] = {}
    left = sorted(weights)
    while left:
        # The heaviest neighbourhood first, so that the body's size is not split.
        best = max(
            left,
            key=lambda s: (sum(weights[o] for o in left if abs(o - s) <= _SAME * s), -s),
        )
        group = [size for size in left if abs(size - best) <= _SAME * best]
        values = [size for size in group for _ in range(weights[size])]
        for size in group:
            common[size] = float(median(values))
        left = [size for size in left if size not in common]
    return [replace(item, size=common[item.size]) for item in read]


def bold_lines(read: Sequence[Read]) -> list[bool]:
    """Which lines have strokes well over the usual of the page, Han and Latin apart. Of the lines
    in a size of print larger than most, all are where one is: strokes are hard to measure."""
    usual: dict[bool, float] = {}
    for han in (False, True):
        values = [
            item.stroke
            for item in read
            if _is_han(item) is han and item.stroke
            for _ in range(len(item.line.text))
        ]
        usual[han] = median(values) if len(values) >= 40 else 0.0
    bold = [
        bool(usual[_is_han(item)]) and item.stroke > _BOLD * usual[_is_han(item)] for item in read
    ]
    sizes = [item.size for item in read for _ in item.line.text]
    large = _LARGE * median(sizes) if sizes else 0.0
    heads = {item.size for item, is_bold in zip(read, bold, strict=True) if is_bold}
    return [
        is_bold or (item.size >= large and item.size in heads)
        for item, is_bold in zip(read, bold, strict=True)
    ]


def _is_han(item: Read) -> bool:
    text = item.line.text
    return sum(map(is_spaceless, text)) * 2 >= len(text)


def page_lines(read: Sequence[Read], scale: float) -> list[Line]:
    """The lines of a page in points, `scale` points to a pixel, each word a span."""
    lines: list[Line] = []
    for item, bold in zip(read, bold_lines(read), strict=True):
        box = (item.box[0] * scale, item.box[1] * scale, item.box[2] * scale, item.box[3] * scale)
        size = max(1.0, round(item.size * scale * 2) / 2)
        spans = tuple(
            Span(text, (x0, box[1], x1, box[3]), size, bold)
            for text, x0, x1 in _words(item.line, box)
        )
        if spans:
            lines.append(Line(spans, item.block, direction_of(item.line)))
    return lines


def _words(line: OcrLine, box: Bounds) -> Iterator[tuple[str, float, float]]:
    """The words with where they begin and end; a blank stays at the end of its word, and a wide
    gap between Han characters parts words too."""
    text, places = line.text, places_of(line, box)
    usual = median(b - a for a, b in pairwise(places)) if text else 0.0
    begin = 0
    for index in range(1, len(text) + 1):
        if index < len(text):
            ends = text[index - 1].isspace() and not text[index].isspace()
            wide = places[index] - places[index - 1] > 3.2 * usual and len(text) > 3
            if not (ends or wide):
                continue
        if text[begin:index].strip():
            end = places[index]
            yield text[begin:index], places[begin], max(end, places[begin] + 0.1)
        begin = index


def places_of(line: OcrLine, box: Bounds) -> list[float]:
    """Where the characters of a line begin, the first at the left of the box, and its right."""
    width = box[2] - box[0]
    starts = line.starts if len(line.starts) == len(line.text) else _even(line.text)
    low, high = starts[0] if starts else 0.0, 1.0
    return [box[0] + width * (s - low) / max(high - low, 0.01) for s in starts] + [box[2]]


def _even(text: str) -> list[float]:
    """Where characters begin when a Han character is twice as wide as others."""
    widths = [2 if is_spaceless(char) else 1 for char in text]
    total = sum(widths)
    places, at = [], 0
    for width in widths:
        places.append(at / total)
        at += width
    return places


def direction_of(line: OcrLine) -> tuple[float, float]:
    """The unit vector along which the line runs, one of the four main ones."""
    (x0, y0), (x1, y1) = line.corners[0], line.corners[1]
    if abs(x1 - x0) >= abs(y1 - y0):
        return (1.0, 0.0) if x1 >= x0 else (-1.0, 0.0)
    return (0.0, 1.0) if y1 >= y0 else (0.0, -1.0)
