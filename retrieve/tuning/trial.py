"""How well the legs, weighted in one way or another, find what is known to be right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieve.contract import Scores
from retrieve.fusion.evidence import share_of_words

Values: TypeAlias = npt.NDArray[np.float64]

RATIOS = (0.7, 0.85, 1.0, 1.2, 1.5)
"""What the weight of meaning against words may be multiplied by: beyond these bounds, questions
unlike those of the trial would pay for a mistake."""

_DEPTH = 10
_FOLDS = 5
_LEAST_TRIALS = 50
_ERRORS = 1.0
"""A ratio has to be better by so many standard errors of the difference."""


@dataclass(frozen=True)
class Trial:
    """A question over some chunks: the score by words and the cosine of each, its gain (0 where it
    is not right), and the number of the question's terms. `missing` are gains of what is right and
    was not found."""

    words: Scores
    cosines: Scores
    gains: Values
    terms: int
    missing: tuple[float, ...] = ()


@dataclass(frozen=True)
class Fit:
    """The `ratio` that the weight of the cosine is multiplied by; nDCG@10 over the trials without
    and with it, and how much it gains on trials that it was not chosen by. One that is not
    `trusted` has the ratio 1, whatever the trials say."""

    ratio: float
    trials: int
    before: float
    after: float
    validated: float
    trusted: bool = True


def fit(trials: Sequence[Trial], cosine_weight: float) -> Fit:
    """The ratio of RATIOS that is surely better than 1; 1 where none is, or where what is chosen
    on four fifths of the trials does not gain on the last one."""
    if len(trials) < _LEAST_TRIALS:
        return Fit(1.0, len(trials), 0.0, 0.0, 0.0)
    values = np.array(
        [[ndcg(trial, ratio * cosine_weight) for ratio in RATIOS] for trial in trials]
    )
    plain = RATIOS.index(1.0)
    place = _surely_better(values, plain)
    validated = _validated(values, plain)
    if validated <= 0:
        place = plain
    means = values.mean(axis=0)
    return Fit(RATIOS[place], len(trials), float(means[plain]), float(means[place]), validated)


def _surely_better(values: Values, plain: int) -> int:
    differences = values - values[:, [plain]]
    errors = differences.std(axis=0, ddof=1) / np.sqrt(len(values))
    bounds = differences.mean(axis=0) - _ERRORS * errors
    bounds[plain] = 0.0
    distances = np.abs(np.log(np.array(RATIOS)))
    return int(np.lexsort((distances, -bounds))[0])


def _validated(values: Values, plain: int) -> float:
    """The mean gain on each fifth of what is chosen by the others."""
    folds = np.arange(len(values)) % _FOLDS
    gained = np.zeros(len(values))
    for fold in range(_FOLDS):
        held_out = folds == fold
        place = _surely_better(values[~held_out], plain)
        gained[held_out] = values[held_out, place] - values[held_out, plain]
    return float(gained.mean())


def ndcg(trial: Trial, cosine_weight: float) -> float:
    """nDCG@10 (Järvelin and Kekäläinen 2002) of the legs' sum; what ties stands in order."""
    scores = share_of_words(trial.terms) * trial.words + cosine_weight * trial.cosines
    order = np.argsort(-scores, kind="stable")[:_DEPTH]
    discounts = 1.0 / np.log2(np.arange(2, _DEPTH + 2))
    ideal = np.sort(np.concatenate([trial.gains, trial.missing]))[::-1][:_DEPTH]
    best = float(ideal @ discounts[: len(ideal)])
    return float(trial.gains[order] @ discounts[: len(order)]) / best if best else 0.0
