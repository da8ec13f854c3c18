"""Systems against the baseline: corrected for many, on slices, and over datasets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.contract import LegReport, Report, Study
from eval.experiments.duels import duels
from eval.experiments.verdicts import overall, slice_verdicts, verdicts
from eval.significance import holm, stratified_test
from ingest.contract import BadInput

MEASURE = "nDCG@10"


def leg(name: str, values: list[float]) -> LegReport:
    by_query = {f"q{number}": value for number, value in enumerate(values)}
    found = {query_id: (f"{name} found {query_id}",) for query_id in by_query}
    mean = sum(values) / len(values)
    return LegReport(name, {MEASURE: mean}, {MEASURE: by_query}, 1.0, 2.0, found=found)


def report(dataset: str, **legs: list[float]) -> Report:
    made = {name: leg(name, values) for name, values in legs.items()}
    count = len(next(iter(legs.values())))
    return Report(dataset, count, 100, made, texts={"q0": "first"})


def noise(size: int, seed: int, shift: float = 0.0) -> list[float]:
    return [float(v) for v in np.random.default_rng(seed).normal(0.5 + shift, 0.2, size)]


def test_holm_by_hand() -> None:
    """The example of the textbooks: 0.01, 0.04, 0.03, 0.005 of four tests."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_rejects_what_its_procedure_rejects(p_values: list[float]) -> None:
    """Step down from the smallest until one is over level / tests that are left."""
    level = 0.05
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = set()
    for place, index in enumerate(order):
        if p_values[index] * (len(p_values) - place) > level:
            break
        rejected.add(index)
    adjusted = holm(p_values)
    assert {index for index, p in enumerate(adjusted) if p <= level} == rejected
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))


def test_luck_among_many_is_called_luck() -> None:
    """Twenty systems that are as good as the baseline: some p is small, none after correction."""
    base = noise(80, 0)
    others = {f"s{seed}": [v + d for v, d in zip(base, noise(80, seed, -0.5), strict=True)]
              for seed in range(1, 21)}  # fmt: skip
    study = Study("e", [report("set", base=base, **others)], "base")
    found = verdicts(study, resamples=1999)
    assert len(found) == 20
    assert {v.compared for v in found} == {20}
    assert min(v.difference.p_value for v in found) < 0.1
    assert not any(v.is_better or v.is_worse for v in found)
    assert all(v.adjusted_p >= v.difference.p_value for v in found)


def test_a_planted_difference_stays() -> None:
    base = noise(80, 0)
    study = Study(
        "e",
        [report("set", base=base, up=[v + 0.1 for v in base], down=[v - 0.1 for v in base])],
        "base",
    )
    up, down = verdicts(study, resamples=1999)
    assert (up.is_better, up.is_worse, down.is_better, down.is_worse) == (True, False, False, True)
    assert (up.difference.left, up.difference.right) == ("base", "up")


def test_a_small_dataset_weighs_as_much_as_a_large_one() -> None:
    """Better by 0.2 on 10 queries and worse by 0.1 on 1000: the mean over datasets is +0.05,
    though the mean over queries is far below nought."""
    small, large = noise(10, 1), noise(1000, 2)
    study = Study(
        "e",
        [
            report("small", base=small, s=[v + 0.2 for v in small]),
            report("large", base=large, s=[v - 0.1 for v in large]),
        ],
        "base",
    )
    (row,) = overall(study, resamples=1999)
    assert row.difference == pytest.approx(0.05)
    assert (row.datasets, row.better, row.equal, row.worse) == (2, 1, 0, 1)
    assert (row.surely_better, row.surely_worse) == (1, 1)
    assert row.system_mean - row.baseline_mean == pytest.approx(row.difference)


def test_a_system_that_was_not_measured_everywhere_comes_last() -> None:
    a, b = noise(20, 1), noise(20, 2)
    study = Study(
        "e",
        [
            report("one", base=a, s=[v + 0.01 for v in a], t=[v + 0.3 for v in a]),
            report("two", base=b, s=[v + 0.01 for v in b]),
        ],
        "base",
    )
    rows = overall(study, resamples=499)
    assert [(row.system, list(row.missing)) for row in rows] == [("s", []), ("t", ["two"])]
    assert overall(Study("e", study.reports), resamples=499) == []


def test_nothing_is_compared_where_the_baseline_is_not() -> None:
    a = noise(20, 1)
    here, there = report("one", base=a, s=a), report("two", s=a, t=a)
    study = Study("e", [here, there], "base")
    assert [v.dataset for v in verdicts(study, resamples=499)] == ["one"]
    assert slice_verdicts(study, there) == []
    assert [row.missing for row in overall(study, resamples=499)] == [()]
    best = verdicts(Study("e", [there]), resamples=499)
    assert [(v.difference.left, v.difference.right) for v in best] == [("s", "t")]


def test_strata_are_tossed_within_themselves() -> None:
    """Under the null hypothesis, small p-values are rare."""
    small = sum(
        stratified_test([noise(20, seed, -0.5), noise(60, 500 + seed, -0.5)], 499)[3] < 0.05
        for seed in range(100)
    )
    assert small <= 13
    mean, low, high, p_value = stratified_test([[0.1] * 8, [0.3] * 4], 499)
    assert (mean, low, high) == pytest.approx((0.2, 0.2, 0.2))
    assert p_value < 0.05
    with pytest.raises(ValueError, match="stratum"):
        stratified_test([[0.1], []])


def test_slices_are_a_family_of_their_own() -> None:
    base = noise(60, 3)
    better_first = [v + 0.2 if n < 30 else v for n, v in enumerate(base)]
    whole = report("set", base=base, s=better_first)
    slices = {
        "half: first": [f"q{n}" for n in range(30)],
        "half: second": [f"q{n}" for n in range(30, 60)],
        "tiny": ["q1"],
    }
    whole = Report(whole.dataset, whole.queries, whole.documents, whole.legs, slices=slices)
    found = slice_verdicts(Study("e", [whole], "base"), whole, resamples=1999)
    assert [(v.slice, v.is_better, v.compared) for v in found] == [
        ("half: first", True, 2),
        ("half: second", False, 2),
    ]
    assert found[0].difference.difference == pytest.approx(0.2)


def test_duels_show_what_both_found() -> None:
    one = report("set", a=[1.0, 0.5, 0.0], b=[0.0, 0.5, 0.25])
    found = duels(one, one, ("a", "b"), MEASURE)
    assert [(d.query_id, d.left, d.right) for d in found] == [("q0", 1.0, 0.0), ("q2", 0.0, 0.25)]
    assert found[0].query == "first"
    assert (found[0].left_found, found[0].right_found) == (("a found q0",), ("b found q0",))
    with pytest.raises(BadInput, match="'c'"):
        duels(one, one, ("a", "c"), MEASURE)
