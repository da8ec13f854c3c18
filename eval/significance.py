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
