"""Charts of OOXML documents as tables: categories down, series across.

Source: ECMA-376, part 1, chapter 21.2 (DrawingML charts).
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.drawing_text import text_of
from ingest.number_format import displayed, number_of
from ingest.ooxml import A, whole
from ingest.tables import make_table, table_block

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
MAX_POINTS = 2_000
MAX_SERIES = 100
_Points = dict[int, str]


def chart_blocks(root: etree._Element | None) -> list[Block]:
    """The title of a chart as a caption and its data as a table, at most MAX_POINTS points of
    MAX_SERIES series. Empty for what is no chart."""
    if root is None:
        return []
    title = chart_title(root)
    blocks = [Block(BlockKind.CAPTION, title)] if title else []
    rows = _rows(list(root.iter(f"{C}ser"))[:MAX_SERIES])
    if len(rows) > 1:
        axis = _axis_title(root)
        rows[0][0] = rows[0][0] or axis
        blocks.append(table_block(make_table(rows, 1)))
    return blocks


def chart_title(root: etree._Element) -> str:
    """The title of a chart, "" where it has none of its own."""
    title = root.find(f"{C}chart/{C}title")
    return _rich(title) if title is not None else ""


def _rich(element: etree._Element) -> str:
    lines = [text_of(p).replace("\n", " ") for p in element.iter(f"{A}p")]
    text = " ".join(line for line in lines if line)
    if text:
        return text
    cached = [v.text or "" for v in element.iter(f"{C}v")]
    return " ".join(" ".join(cached).split())


def _axis_title(root: etree._Element) -> str:
    """The title of the axis that the categories stand on."""
    for name in ("catAx", "dateAx"):
        for axis in root.iter(f"{C}{name}"):
            title = axis.find(f"{C}title")
            if title is not None:
                return _rich(title)
    return ""


def _rows(series: Sequence[etree._Element]) -> list[list[str]]:
    header = [""]
    columns: list[_Points] = []
    labels: _Points = {}
    for number, one in enumerate(series, start=1):
        xs = _points(one, "xVal")
        if not labels:
            labels = _points(one, "cat") or xs
        elif xs and xs != labels:
            # The points of a scatter chart have places of their own.
            header.append(f"{_name(one, number)} (x)")
            columns.append(xs)
        values = _points(one, "val") or _points(one, "yVal")
        if values:
            header.append(_name(one, number))
            columns.append(values)
        sizes = _points(one, "bubbleSize")
        if sizes:
            header.append(f"{_name(one, number)} (size)")
            columns.append(sizes)
    places = sorted({at for column in (labels, *columns) for at in column})[:MAX_POINTS]
    if not columns:
        return []
    return [
        header,
        *([labels.get(at, ""), *(column.get(at, "") for column in columns)] for at in places),
    ]


def _name(series: etree._Element, number: int) -> str:
    text = series.find(f"{C}tx")
    return (_rich(text) if text is not None else "") or str(number)


def _points(series: etree._Element, kind: str) -> _Points:
    """The cached points by index; the levels of nested categories joined, outermost first."""
    element = series.find(f"{C}{kind}")
    if element is None:
        return {}
    levels = element.findall(f".//{C}lvl")
    if levels:
        found: _Points = {}
        for level in reversed(levels):
            last = ""
            outer = _cached(level, "")
            for at in sorted({*found, *_cached(levels[0], "")}):
                last = outer.get(at, last)
                found[at] = f"{found[at]} / {last}" if found.get(at) else last
        return found
    code = element.findtext(f".//{C}formatCode") or ""
    return _cached(element, code)


def _cached(element: etree._Element, code: str) -> _Points:
    found: _Points = {}
    for point in element.iter(f"{C}pt"):
        text = " ".join((point.findtext(f"{C}v") or "").split())
        number = number_of(text)
        shown = displayed(number, point.get("formatCode") or code) if number is not None else text
        found[whole(point.get("idx"))] = shown
        if len(found) >= MAX_POINTS:
            break
    return found
