"""Trials out of questions whose right documents are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from index.pipeline import Snapshot
from retrieve.contract import Query
from retrieve.fusion.evidence import by_words
from retrieve.ranking import known
from retrieve.tuning.trial import Trial

if TYPE_CHECKING:
    from retrieve.pipeline import Retriever


def judged_trials(
    retriever: Retriever, snapshot: Snapshot, questions: Mapping[str, Mapping[str, int]]
) -> list[Trial]:
    """A trial for each question (its text, and the grade of each right document) over the
    documents that the legs find, each by its best chunk."""
    return [_trial(retriever, snapshot, text, grades) for text, grades in questions.items()]


def _trial(retriever: Retriever, snapshot: Snapshot, text: str, grades: Mapping[str, int]) -> Trial:
    analyzed, found = retriever.searching(snapshot, Query(text)).plainly_found(text)
    if not len(found.keys):
        nothing = np.zeros(1, dtype=np.float32)
        grade = tuple(float(grade) for grade in grades.values() if grade > 0)
        return Trial(nothing, nothing, np.zeros(1), len(analyzed.terms), grade)
    stored = snapshot.chunks(found.ranking.keys.tolist())
    best: dict[str, int] = {}
    for key in found.ranking.keys.tolist():
        if key in stored:
            best.setdefault(stored[key].chunk.document_id, key)
    places = np.searchsorted(found.keys, np.array(list(best.values()), dtype=np.int64))
    gains = [float(max(grades.get(document, 0), 0)) for document in best]
    missing = [float(grade) for name, grade in grades.items() if name not in best and grade > 0]
    return Trial(
        by_words(found.legs)[places],
        known(found.legs["dense"])[places],
        np.array(gains),
        len(analyzed.terms),
        tuple(missing),
    )
