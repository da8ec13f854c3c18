"""Bars with intervals, as SVG that takes its colours from the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 320
_ROW = 40
_BAR_TOP = 18
_BAR = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its value, and the interval around it where there is one."""

    label: str
    value: float
    interval: tuple[float, float] | None = None
    best: bool = False


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """A figure of bars from zero; the axis ends at 1, or at the greatest value over it."""
    ends = [bar.interval[1] if bar.interval else bar.value for bar in bars]
    scale = _WIDTH / max(1.0, *ends)
    rows = "".join(_row(bar, index * _ROW, scale) for index, bar in enumerate(bars))
    summary = ", ".join(f"{bar.label} {_number(bar.value)}" for bar in bars)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {len(bars) * _ROW}" role="img" '
        f'aria-label="{escape(f"{title}: {summary}")}">{rows}</svg></figure>'
    )


def _row(bar: Bar, top: int, scale: float) -> str:
    name = f"bar{' best' if bar.best else ''}"
    y = top + _BAR_TOP
    text = _number(bar.value)
    whisker = ""
    if bar.interval is not None:
        low, high = (end * scale for end in bar.interval)
        middle = y + _BAR / 2
        whisker = (
            f'<path class="whisker" d="M{low:.2f} {middle}H{high:.2f}'
            f'M{low:.2f} {middle - 4}v8M{high:.2f} {middle - 4}v8"/>'
        )
        text = f"{text} ({_number(bar.interval[0])} to {_number(bar.interval[1])})"
    return (
        f'<text x="0" y="{top + 13}">{escape(_short(bar.label))}</text>'
        f'<text x="{_WIDTH}" y="{top + 13}" text-anchor="end" class="soft">{text}</text>'
        f'<rect class="track" x="0" y="{y}" width="{_WIDTH}" height="{_BAR}"/>'
        f'<rect class="{name}" x="0" y="{y}" width="{max(0.0, bar.value) * scale:.2f}" '
        f'height="{_BAR}"/>{whisker}'
    )


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _short(label: str, chars: int = 18) -> str:
    return label if len(label) <= chars else label[: chars - 1] + "…"
