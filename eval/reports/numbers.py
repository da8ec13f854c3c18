"""Figures as reports print them: the same in every language and form."""

from __future__ import annotations

import math

NONE = "–"


def quality(value: float) -> str:
    """A measure: four digits; sums and counts without."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"


def change(value: float) -> str:
    """A difference of measures, with its sign."""
    return f"{value:+.4f}" if abs(value) < 10 else f"{value:+,.0f}"


def interval(low: float, high: float) -> str:
    """An interval of a measure."""
    return f"[{quality(low)}, {quality(high)}]"


def change_interval(low: float, high: float) -> str:
    """An interval of a difference."""
    return f"[{change(low)}, {change(high)}]"


def p_value(value: float) -> str:
    """A p-value as it stands in a table."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def p_equals(value: float) -> str:
    """A p-value with its sign, as it stands in a sentence: "= 0.031", "< 0.001"."""
    shown = p_value(value)
    return shown if shown.startswith("<") else f"= {shown}"


def significant_digits(value: float, digits: int = 3) -> str:
    """A time, size or cost: so many digits, more before the point."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else NONE
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 6)}f}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f}%"


def sign_of(difference: float, p: float, level: float) -> str:
    """Whether a difference is significantly up or down, readable without colour; empty where it
    may be luck."""
    if p >= level or difference == 0:
        return ""
    return "▲" if difference > 0 else "▼"
