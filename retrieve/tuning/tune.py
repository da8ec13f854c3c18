"""A collection tuned to itself, or to questions whose answers are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from index.pipeline import Snapshot, Tuning
from retrieve.fusion.evidence import EvidenceFusion
from retrieve.tuning.cloze import cloze_trials
from retrieve.tuning.foreign import bars
from retrieve.tuning.judged import judged_trials
from retrieve.tuning.trial import Fit, fit
from retrieve.tuning.values import COSINE_RATIO

if TYPE_CHECKING:
    from retrieve.pipeline import Retriever

_LEAST_CHUNKS = 500
"""A smaller collection asks itself too few questions to learn a weight from."""

_LEAST_FOUND = 0.5
"""A collection whose own sentences find their passages with a lower nDCG@10 is not asked: its
passages repeat each other, and what tells them apart is not what a question says."""


def tuned(
    retriever: Retriever,
    snapshot: Snapshot,
    questions: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[Tuning, Fit]:
    """What a collection is to be tuned to, and how well the weights do: by `questions`, where they
    are given (each with the grades of its right documents), else by those that the collection asks
    about itself."""
    if questions is not None:
        trials, source = judged_trials(retriever, snapshot, questions), "qrels"
    elif len(snapshot.dense) >= _LEAST_CHUNKS:
        trials, source = cloze_trials(snapshot), "cloze"
    else:
        trials, source = [], "size"
    weight = retriever.options.get("default", {}).get("cosine_weight", EvidenceFusion.cosine_weight)
    found = fit(trials, weight)
    if source == "cloze" and found.before < _LEAST_FOUND:
        found = replace(found, ratio=1.0, after=found.before, trusted=False)
    values = {COSINE_RATIO: [found.ratio], **bars(retriever, snapshot)}
    return Tuning(values, source, len(snapshot.dense)), found
