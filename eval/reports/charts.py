"""Bars, intervals and stacked bars, as SVG that takes its colours from the page.

Each row has its name and its figures as text, and stacked bars have patterns: a print without
colours can be read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 320
_ROW = 40
_BAR_TOP = 18
_BAR = 12
_AXIS = 20
_LABEL_COLUMNS = 26
_DIGIT = 6.5
"""About as wide as a digit is."""

PATTERNS = 7
"""Fills that can be told apart without colour; the first is plain."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its value, and the interval around it where there is one."""

    label: str
    value: float
    interval: tuple[float, float] | None = None
    best: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A difference with its interval; one that is `sure` is drawn filled."""

    label: str
    value: float
    low: float
    high: float
    sure: bool = False


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """A figure of bars from zero; the axis ends at 1, or at the greatest value over it."""
    ends = [bar.interval[1] if bar.interval else bar.value for bar in bars]
    scale = _WIDTH / max(1.0, *ends)
    rows = "".join(_bar(bar, index * _ROW, scale) for index, bar in enumerate(bars))
    summary = ", ".join(f"{bar.label} {_bar_text(bar)}" for bar in bars)
    return _figure(title, rows, len(bars) * _ROW, summary)


def span_chart(title: str, spans: Sequence[Span], zero: str) -> str:
    """A figure of differences around zero, each with its interval; `zero` says what zero stands
    for."""
    reach = max(max(abs(span.low), abs(span.high), abs(span.value)) for span in spans) or 1.0
    middle, scale = _WIDTH / 2, (_WIDTH / 2 - 6) / reach
    height = len(spans) * _ROW
    lines = "".join(f"M{middle} {n * _ROW + _BAR_TOP - 3}v{_BAR + 8}" for n in range(len(spans)))
    axis = (
        f'<path class="zero" d="{lines}"/>'
        f'<text x="{middle}" y="{height + 14}" text-anchor="middle" class="soft">'
        f"{escape(shortened(zero, 40))}</text>"
    )
    rows = "".join(_span(span, index * _ROW, middle, scale) for index, span in enumerate(spans))
    summary = ", ".join(f"{span.label} {_span_text(span)}" for span in spans)
    return _figure(title, axis + rows, height + _AXIS, summary)


def stacked_chart(title: str, parts: Mapping[int, str], rows: Mapping[str, Sequence[int]]) -> str:
    """A figure of rows that are each made of the same parts, by their share; parts are by the
    number of their fill, and the legend is `stacked_legend` of them."""
    drawn = "".join(
        _stack(name, dict(zip(parts, counts, strict=True)), index * _ROW)
        for index, (name, counts) in enumerate(rows.items())
    )
    summary = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{part} {count}" for part, count in zip(parts.values(), counts, strict=True) if count
        )
        for name, counts in rows.items()
    )
    return _figure(title, drawn, len(rows) * _ROW, summary)


def stacked_legend(parts: Mapping[int, str]) -> str:
    """Which fill is which part."""
    items = "".join(
        f'<li><svg viewBox="0 0 36 14" aria-hidden="true">{_fill(number, 0, 1, 36)}</svg>'
        f"{escape(part)}</li>"
        for number, part in parts.items()
    )
    return f'<ul class="legend">{items}</ul>'


def pattern_definitions() -> str:
    """The patterns of stacked bars: a page has them once."""
    lines = (
        "M0 0L8 8M-2 6L2 10M6 -2L10 2",
        "M0 8L8 0M-2 2L2 -2M6 10L10 6",
        "M0 4H8",
        "M4 0V8",
        "M0 4H8M4 0V8",
        "M0 0L8 8M8 0L0 8",
    )
    patterns = "".join(
        f'<pattern id="fill{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path class="hatch" d="{line}"/></pattern>'
        for number, line in enumerate(lines, start=1)
    )
    return (
        f'<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>{patterns}</defs>'
        "</svg>"
    )


def _figure(title: str, drawn: str, height: int, summary: str) -> str:
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(f"{title}: {summary}")}">{drawn}</svg></figure>'
    )


def _row_texts(label: str, figures: str, top: int) -> str:
    room = int(_WIDTH / _DIGIT) - len(figures) - 1
    name = shortened(label, max(8, min(_LABEL_COLUMNS, room)))
    whole = f"<title>{escape(label)}</title>" if name != label else ""
    return (
        f'<text x="0" y="{top + 13}">{whole}{escape(name)}</text>'
        f'<text x="{_WIDTH}" y="{top + 13}" text-anchor="end" class="soft">{figures}</text>'
    )


def _bar(bar: Bar, top: int, scale: float) -> str:
    name = f"bar{' best' if bar.best else ''}"
    y = top + _BAR_TOP
    whisker = ""
    if bar.interval is not None:
        low, high = (end * scale for end in bar.interval)
        whisker = _whisker(low, high, y + _BAR / 2)
    return (
        f"{_row_texts(bar.label, _bar_text(bar), top)}"
        f'<rect class="track" x="0" y="{y}" width="{_WIDTH}" height="{_BAR}"/>'
        f'<rect class="{name}" x="0" y="{y}" width="{max(0.0, bar.value) * scale:.2f}" '
        f'height="{_BAR}"/>{whisker}'
    )


def _bar_text(bar: Bar) -> str:
    if bar.interval is None:
        return _number(bar.value)
    low, high = map(_number, bar.interval)
    return f"{_number(bar.value)} [{low}, {high}]"


def _span(span: Span, top: int, middle: float, scale: float) -> str:
    y = top + _BAR_TOP + _BAR / 2
    low, high, at = (middle + value * scale for value in (span.low, span.high, span.value))
    name = f"dot{' sure' if span.sure else ''}"
    return (
        f"{_row_texts(span.label, _span_text(span), top)}{_whisker(low, high, y)}"
        f'<circle class="{name}" cx="{at:.2f}" cy="{y}" r="4.5"/>'
    )


def _span_text(span: Span) -> str:
    return f"{_signed(span.value)} [{_signed(span.low)}, {_signed(span.high)}]"


def _whisker(low: float, high: float, middle: float) -> str:
    return (
        f'<path class="whisker" d="M{low:.2f} {middle}H{high:.2f}'
        f'M{low:.2f} {middle - 4}v8M{high:.2f} {middle - 4}v8"/>'
    )


def _stack(name: str, counts: Mapping[int, int], top: int) -> str:
    total = sum(counts.values()) or 1
    drawn, x = "", 0.0
    for number, count in counts.items():
        width = count / total * _WIDTH
        if count:
            drawn += _fill(number, x, top + _BAR_TOP, width)
        x += width
    return f"{_row_texts(name, ' / '.join(map(str, counts.values())), top)}{drawn}"


def _fill(number: int, x: float, y: float, width: float) -> str:
    """A part of a stacked bar: its colour, and its pattern over it."""
    place = f'x="{x:.2f}" y="{y}" width="{width:.2f}" height="{_BAR}"'
    pattern = number % PATTERNS
    over = f'<rect {place} fill="url(#fill{pattern})"/>' if pattern else ""
    return f'<rect class="part s{pattern}" {place}/>{over}'


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _signed(value: float) -> str:
    return f"{value:+.3f}" if abs(value) < 10 else f"{value:+,.0f}"


def shortened(label: str, columns: int) -> str:
    """The label, cut in its middle where it is wider: names of systems differ at their ends. A
    Chinese character takes two columns."""
    if _columns(label) <= columns:
        return label
    room = columns - 1
    head = _within(label, (room + 1) // 2)
    return f"{head}…{_within(label[::-1], room // 2)[::-1]}"


def _within(text: str, columns: int) -> str:
    """As much of the beginning of a text as takes no more columns."""
    used = 0
    for place, character in enumerate(text):
        used += _columns(character)
        if used > columns:
            return text[:place]
    return text


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
