"""Curves over a logarithmic axis, as SVG that takes its colours from the page.

Every curve has a colour, a marker and a dash of its own, by its place among the names, so that a
print without colours can be read; charts over the same names share one legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from eval.reports.charts import shortened

Points: TypeAlias = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 380, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 10, 40
_COLOURS = 8
_MARKERS = ("circle", "square", "triangle", "diamond")
_LINE = 13
_NAME_COLUMNS = 20
_FEW = 2
"""So many ticks hardly make a scale."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows; the least and the greatest value come from the points. `ticks` are
    values with their texts, where round numbers will not do."""

    label: str
    logarithmic: bool = True
    ticks: Sequence[tuple[float, str]] = ()


def curve_chart(
    title: str,
    x: Axis,
    y: Axis,
    curves: Mapping[str, Points],
    *,
    summary: str = "",
    marked: Sequence[int] | None = None,
) -> str:
    """A figure of curves, the points of each in order. Points that a logarithmic axis cannot show
    (zero and below) are left out. `summary` is the text alternative, by default all points;
    `marked` are the places of the points that have a marker, by default all.
    """
    shown = {
        name: [point for point in points if _has_place(point, x, y)]
        for name, points in curves.items()
    }
    every = [point for points in shown.values() for point in points]
    if not every:
        return ""
    across, up = _scales(x, y, every)
    lines = "".join(
        _curve(number, [(across.place(a), up.place(b)) for a, b in points], marked)
        for number, points in enumerate(shown.values())
        if points
    )
    said = f"{title}: {summary}" if summary else _summary(title, shown)
    return _figure(title, (x, y), (across, up), lines, said)


def scatter_chart(
    title: str,
    x: Axis,
    y: Axis,
    points: Mapping[str, tuple[float, float]],
    line: Sequence[str] = (),
) -> str:
    """A figure of named points; those named in `line` are joined by a line, in that order. Empty
    where no point has a place."""
    shown = {name: point for name, point in points.items() if _has_place(point, x, y)}
    if not shown:
        return ""
    across, up = _scales(x, y, list(shown.values()))
    places = {name: (across.place(a), up.place(b)) for name, (a, b) in shown.items()}
    joined = "L".join(f"{places[name][0]:.1f} {places[name][1]:.1f}" for name in line)
    drawn = f'<path class="frontier" d="M{joined}"/>' if joined else ""
    numbers = {name: number for number, name in enumerate(points)}
    for name, (at, height) in places.items():
        number = numbers[name]
        colour = f"c{number % _COLOURS}"
        drawn += f'<g class="curve {colour}">{_marker(number, at, height)}</g>'
    drawn += "".join(_labels(places))
    said = _summary(title, {name: [point] for name, point in shown.items()})
    return _figure(title, (x, y), (across, up), drawn, said)


def _labels(places: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """The names beside their points, moved up or down where two would cover each other."""
    taken: list[float] = []
    for name, (x, y) in sorted(places.items(), key=lambda item: (item[1][1], item[0])):
        height = y + 4
        while any(abs(height - other) < _LINE for other in taken):
            height += 1
        height = min(height, _HEIGHT - _BOTTOM)
        taken.append(height)
        is_left = x > (_LEFT + _WIDTH) / 2
        at, anchor = (x - 9, "end") if is_left else (x + 9, "start")
        yield (
            f'<text class="label" x="{at:.1f}" y="{height:.1f}" text-anchor="{anchor}">'
            f"{escape(shortened(name, _NAME_COLUMNS))}</text>"
        )


def _figure(
    title: str, axes: tuple[Axis, Axis], scales: tuple[_Scale, _Scale], drawn: str, said: str
) -> str:
    (x, y), (across, up) = axes, scales
    grid = "".join(_across(across, tick, text) for tick, text in across.named(x))
    grid += "".join(_along(up, tick, text) for tick, text in up.named(y))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return (
        f"<figure><figcaption>{escape(title)}"
        f'<span class="unit">{escape(y.label)}</span></figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(said)}">{grid}{drawn}'
        f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle" class="soft">'
        f"{escape(x.label)}</text></svg></figure>"
    )


def _scales(x: Axis, y: Axis, points: Points) -> tuple[_Scale, _Scale]:
    return (
        _Scale.over([p[0] for p in points], x.logarithmic, _LEFT, _WIDTH - _RIGHT),
        _Scale.over([p[1] for p in points], y.logarithmic, _HEIGHT - _BOTTOM, _TOP),
    )


def curve_legend(names: Sequence[str]) -> str:
    """Which curve is whose, for every chart over these names."""
    items = "".join(
        f'<li><svg viewBox="0 0 36 14" aria-hidden="true">'
        f"{_curve(number, [(2.0, 7.0), (18.0, 7.0), (34.0, 7.0)], [1])}</svg>{escape(name)}</li>"
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values lie between two places of the drawing."""

    low: float
    high: float
    logarithmic: bool
    start: float
    end: float
    ticks: Sequence[float]

    @classmethod
    def over(cls, values: Sequence[float], logarithmic: bool, start: float, end: float) -> _Scale:
        """The scale of these values, with room at both ends."""
        least, most = min(values), max(values)
        if logarithmic:
            room = max(0.04 * math.log10(most / least), 0.05)
            low, high = least * 10**-room, most * 10**room
            return cls(low, high, True, start, end, _log_ticks(low, high))
        room = 0.08 * (most - least) or 0.05 * (abs(most) or 1.0)
        low, high = least - room, most + room
        return cls(low, high, False, start, end, _even_ticks(low, high))

    def named(self, axis: Axis) -> list[tuple[float, str]]:
        """The ticks with their texts."""
        return list(axis.ticks) or [(tick, _tick(tick)) for tick in self.ticks]

    def place(self, value: float) -> float:
        low, high = self.low, self.high
        if self.logarithmic:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def _has_place(point: tuple[float, float], x: Axis, y: Axis) -> bool:
    both = zip(point, (x, y), strict=True)
    return all(math.isfinite(value) and (value > 0 or not axis.logarithmic) for value, axis in both)


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten; 2 and 5 times them too where there would be fewer than three."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found: list[float] = []
    for steps in ((1,), (1, 2, 5)):
        ticks = [step * 10.0**power for power in range(first, last + 1) for step in steps]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) > _FEW:
            return found
    return found if len(found) == _FEW else _even_ticks(low, high)


def _even_ticks(low: float, high: float) -> list[float]:
    """About four round values."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def _across(scale: _Scale, tick: float, text: str) -> str:
    x = scale.place(tick)
    return (
        f'<path class="grid" d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
        f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle" class="soft">'
        f"{escape(text)}</text>"
    )


def _along(scale: _Scale, tick: float, text: str) -> str:
    y = scale.place(tick)
    return (
        f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" class="soft">'
        f"{escape(text)}</text>"
    )


def _curve(number: int, places: Points, marked: Sequence[int] | None = None) -> str:
    """A line with a marker at every point, or at those of these places alone."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    shown = places if marked is None else [places[at] for at in marked if at < len(places)]
    dash = number // len(_MARKERS) % 2
    colour = f"c{number % _COLOURS}"
    markers = "".join(_marker(number, x, y) for x, y in shown)
    return f'<g class="curve {colour} dash{dash}"><path d="M{path}"/>{markers}</g>'


def _marker(number: int, x: float, y: float) -> str:
    kind = _MARKERS[number % len(_MARKERS)]
    shapes = {
        "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>',
        "square": f'<rect x="{x - 3.2:.1f}" y="{y - 3.2:.1f}" width="6.4" height="6.4"/>',
        "triangle": f'<polygon points="{x:.1f},{y - 4:.1f} {x + 4:.1f},{y + 3.4:.1f} '
        f'{x - 4:.1f},{y + 3.4:.1f}"/>',
        "diamond": f'<polygon points="{x:.1f},{y - 4.4:.1f} {x + 4.4:.1f},{y:.1f} {x:.1f},'
        f'{y + 4.4:.1f} {x - 4.4:.1f},{y:.1f}"/>',
    }
    return shapes[kind]


def _tick(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e4 else f"{value:.6g}"


def _summary(title: str, curves: Mapping[str, Points]) -> str:
    parts = [
        f"{name} " + ", ".join(f"{y:.4g} ({x:g})" for x, y in points)
        for name, points in curves.items()
    ]
    return f"{title}: {'; '.join(parts)}"
