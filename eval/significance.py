"""Whether a difference between two systems is more than luck: paired tests over queries.

The randomisation test and the bootstrap are what M. Smucker, J. Allan and B. Carterette
recommend ("A comparison of statistical significance tests for information retrieval
evaluation", CIKM 2007); scipy computes both. Seeds are fixed: same input, same figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SEED = 20_070_001
RESAMPLES = 9_999
CONFIDENCE = 0.95
SIGNIFICANT = 0.05
_BATCH_CELLS = 4_000_000
_EQUAL = 1e-12
"""Sums of the same values in another order may differ by so much of themselves."""


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The mean of right minus left with its 95% interval, the two-sided p-value, and on how many
    queries right is better, equal and worse.
    """

    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    ties: int
    losses: int


def paired_test(
    left: Sequence[float], right: Sequence[float], resamples: int = RESAMPLES
) -> PairedTest:
    """Compares two systems on the same queries, in the same order. Raises ValueError where the
    lengths differ or are zero.
    """
    import numpy as np

    if len(left) != len(right) or not left:
        raise ValueError(f"{len(left)} and {len(right)} values cannot be paired")
    differences = np.asarray(right, dtype=np.float64) - np.asarray(left, dtype=np.float64)
    low, high = bootstrap_interval(differences.tolist(), resamples)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    return PairedTest(
        difference=float(differences.mean()),
        low=low,
        high=high,
        p_value=_randomisation_p(differences, resamples),
        wins=wins,
        ties=len(differences) - wins - losses,
        losses=losses,
    )


def bootstrap_interval(values: Sequence[float], resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95% percentile interval of the mean (B. Efron and R. Tibshirani, "An Introduction to
    the Bootstrap", 1993, chapter 13). With one value, or equal ones, both ends are that value.
    """
    import numpy as np
    from scipy.stats import bootstrap

    sample = np.asarray(values, dtype=np.float64)
    if len(sample) == 0:
        raise ValueError("no values to resample")
    if np.ptp(sample) == 0.0:
        return float(sample[0]), float(sample[0])
    result = bootstrap(
        (sample,),
        _mean,
        n_resamples=resamples,
        batch=_batch(len(sample)),
        vectorized=True,
        axis=-1,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    interval = result.confidence_interval
    return float(interval.low), float(interval.high)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of a family of tests, in the order given, raised so that the chance of even one
    false finding among all of them stays under the level that each is held against (S. Holm, "A
    simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979).
    """
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def stratified_test(
    strata: Sequence[Sequence[float]], resamples: int = RESAMPLES
) -> tuple[float, float, float, float]:
    """The mean over strata (datasets) of the mean difference within each, its 95% interval, and
    the two-sided p-value. Every stratum weighs the same, however many queries it has; signs are
    tossed, and queries drawn, within their stratum. What it tells is of further queries to these
    datasets, not of further datasets. Raises ValueError where a stratum is empty, or there is none.
    """
    import numpy as np

    if not strata or not all(strata):
        raise ValueError("a stratum without a value cannot be tested")
    rng = np.random.default_rng(SEED)
    tossed, drawn = np.zeros(resamples), np.zeros(resamples)
    mean = 0.0
    for stratum in strata:
        values = np.asarray(stratum, dtype=np.float64)
        mean += float(values.mean()) / len(strata)
        step = _batch(len(values))
        for start in range(0, resamples, step):
            shape = (min(step, resamples - start), len(values))
            part = slice(start, start + shape[0])
            signs = rng.integers(0, 2, size=shape, dtype=np.int8) * 2 - 1
            tossed[part] += (signs * values).mean(axis=1) / len(strata)
            drawn[part] += values[rng.integers(0, len(values), size=shape)].mean(axis=1) / len(
                strata
            )
    reached = int((np.abs(tossed) >= abs(mean) * (1.0 - _EQUAL)).sum())
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = (float(value) for value in np.quantile(drawn, (tail, 1.0 - tail)))
    return mean, low, high, (reached + 1) / (resamples + 1)


def _randomisation_p(differences: npt.NDArray[np.float64], resamples: int) -> float:
    """Under the null hypothesis the sign of each difference is a coin toss. Queries on which
    both systems are equal have no sign to toss and change nothing. Exact where all tosses are
    fewer than `resamples`.
    """
    import numpy as np
    from scipy.stats import permutation_test

    tossed = differences[differences != 0.0]
    if len(tossed) < 2:
        return 1.0
    result = permutation_test(
        (tossed,),
        _mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=_batch(len(tossed)),
        axis=-1,
        rng=np.random.default_rng(SEED),
    )
    return float(result.pvalue)


def _mean(sample: npt.NDArray[np.float64], axis: int = -1) -> npt.NDArray[np.float64]:
    import numpy as np

    means: npt.NDArray[np.float64] = np.mean(sample, axis=axis)
    return means


def _batch(length: int) -> int:
    """Resamples made at once: few enough that they stay within some tens of megabytes."""
    return max(1, _BATCH_CELLS // length)
