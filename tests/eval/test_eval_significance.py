"""Planted differences are found, luck is not, and figures repeat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.significance import bootstrap_interval, paired_test


def sample(size: int, seed: int) -> list[float]:
    return list(np.random.default_rng(seed).random(size))


def test_a_planted_difference_is_found() -> None:
    left = sample(300, 1)
    noise = np.random.default_rng(2).normal(0.05, 0.1, 300)
    right = [value + float(extra) for value, extra in zip(left, noise, strict=True)]
    result = paired_test(left, right)
    assert result.p_value < 0.001
    assert 0 < result.low < result.difference < result.high
    assert result.difference == pytest.approx(float(noise.mean()))
    assert result.wins + result.losses == 300
    assert result.wins > result.losses


def test_identical_systems() -> None:
    values = sample(50, 3)
    result = paired_test(values, values)
    assert (result.p_value, result.difference, result.low, result.high) == (1.0, 0.0, 0.0, 0.0)
    assert (result.wins, result.ties, result.losses) == (0, 50, 0)


def test_luck_is_called_luck() -> None:
    """Under the null hypothesis p-values are uniform: few of them are small."""
    small = sum(
        paired_test(sample(40, seed), sample(40, 1000 + seed), resamples=499).p_value < 0.05
        for seed in range(100)
    )
    assert small <= 13


def test_exact_where_there_are_few_queries() -> None:
    assert paired_test([0.0] * 5, [1.0] * 5).p_value == pytest.approx(2 / 2**5)
    assert paired_test([0.0], [1.0]).p_value == 1.0


def test_agrees_with_the_t_test_on_plain_data() -> None:
    from scipy.stats import ttest_rel

    left, right = np.asarray(sample(200, 5)), np.asarray(sample(200, 6)) + 0.05
    ours = paired_test(left.tolist(), right.tolist()).p_value
    assert ours == pytest.approx(float(ttest_rel(right, left).pvalue), abs=0.02)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1)), min_size=1))
def test_swapping_sides_swaps_signs(pairs: list[tuple[float, float]]) -> None:
    left, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    forth = paired_test(left, right, resamples=199)
    back = paired_test(right, left, resamples=199)
    assert forth == paired_test(left, right, resamples=199)
    assert forth.difference == -back.difference
    assert (forth.wins, forth.losses) == (back.losses, back.wins)
    assert 0 < forth.p_value <= 1
    assert forth.low <= forth.high


def test_interval_of_the_mean() -> None:
    values = sample(400, 7)
    low, high = bootstrap_interval(values)
    mean = float(np.mean(values))
    half = 1.96 * float(np.std(values)) / 20
    assert low == pytest.approx(mean - half, abs=0.005)
    assert high == pytest.approx(mean + half, abs=0.005)
    assert bootstrap_interval([0.25]) == (0.25, 0.25)
    assert bootstrap_interval([0.25, 0.25]) == (0.25, 0.25)


def test_what_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_test([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_test([], [])
