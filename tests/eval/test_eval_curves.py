"""Curves lie where their values are, and stand for themselves without colours."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from eval.reports.curves import Axis, curve_chart, curve_legend

VALUES = st.floats(1e-6, 1e9)
SIZES = Axis("vectors")


def places(chart: str) -> list[list[tuple[float, float]]]:
    """The points of each curve in the drawing."""
    paths = re.findall(r'<g class="curve[^>]*><path d="M([^"]*)"', chart)
    return [
        [(float(x), float(y)) for x, y in (p.split() for p in path.split("L"))]
        for path in paths
        if path
    ]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6), st.booleans())
def test_greater_values_lie_further_right_and_higher(
    points: list[tuple[float, float]], logarithmic: bool
) -> None:
    chart = curve_chart("build", SIZES, Axis("s", logarithmic), {"flat": points})
    (drawn,) = places(chart)
    assert len(drawn) == len(points)
    for axis, sign in ((0, 1), (1, -1)):
        order = sorted(range(len(points)), key=lambda at: points[at][axis])
        along = [sign * drawn[at][axis] for at in order]
        assert along == sorted(along)
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', chart)[0])
    assert all(0 <= x <= width and 0 <= y <= height for x, y in drawn)


def test_equal_ratios_are_equal_steps_on_a_logarithmic_axis() -> None:
    points = [(10.0**n, 2.0 * 100.0**n) for n in range(4)]
    (drawn,) = places(curve_chart("build", SIZES, Axis("s"), {"flat": points}))
    for axis in (0, 1):
        steps = [b[axis] - a[axis] for a, b in pairwise(drawn)]
        assert all(math.isclose(step, steps[0], abs_tol=0.2) for step in steps)


def test_what_has_no_place_is_left_out() -> None:
    points = [(10.0, 0.0), (100.0, math.nan), (1000.0, 5.0)]
    assert [len(c) for c in places(curve_chart("t", SIZES, Axis("s"), {"flat": points}))] == [1]
    assert curve_chart("t", SIZES, Axis("s"), {"flat": points[:2]}) == ""


def test_names_are_escaped_and_curves_differ_without_colour() -> None:
    legend = curve_legend(["<flat>", "hnsw", "ivf", "ivfpq", "auto"])
    assert "<flat>" not in legend
    found = re.findall(r'dash(\d)"><path[^>]*/><(\w+) ([^>]*)/>', legend)
    marks = {(dash, shape, extra.count(",")) for dash, shape, extra in found}
    assert len(found) == len(marks) == 5
