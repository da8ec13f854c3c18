"""Questions that no collection of documents at work answers, and how near to one they come."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from index.pipeline import Snapshot, script_of
from retrieve.contract import Query
from retrieve.relevance import OTHER, OWN, Bar, Signals, name_of, signals_of

if TYPE_CHECKING:
    from retrieve.pipeline import Retriever

_DEVIATIONS = {OWN: 1.5, OTHER: 0.75}
"""Standard deviations over the mean of the foreign questions that an answerable one has to be. In
the question's own script, of foreign questions that were not among those, 94 in 100 are then told
(seven shared sets), and of the sets' own questions 1 in 100 is taken for one. What is found across
scripts is never far over the range of the foreign ones."""

_FEWEST = 10
"""So many of them have to find something on a side."""

_LEAST = 1e-3
"""A deviation is taken to be no less."""


@cache
def foreign_questions() -> tuple[str, ...]:
    """Of daily life, in English and Chinese; some of them may be answered in some collection."""
    text = files("retrieve.tuning").joinpath("foreign_questions.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


def bars(retriever: Retriever, snapshot: Snapshot) -> dict[str, list[float]]:
    """What questions in each script have to reach, by names for the collection's tuning; nothing
    where there is no late interaction to tell by."""
    seen: dict[tuple[str, str], list[Signals]] = defaultdict(list)
    for text in foreign_questions():
        searching = retriever.searching(snapshot, Query(text))
        analyzed, found = searching.plainly_found(text)
        for side, signals in signals_of(snapshot, analyzed, found).items():
            seen[script_of(text), side].append(signals)
    return {
        name_of(script, side): [float(f"{part:.6g}") for part in astuple(_bar(side, those))]
        for (script, side), those in seen.items()
        if len(those) >= _FEWEST
    }


def _bar(side: str, seen: list[Signals]) -> Bar:
    meaning = np.array([signals.meaning for signals in seen])
    words = np.array([signals.words for signals in seen])
    open_bar = Bar(
        float(meaning.mean()),
        max(float(meaning.std()), _LEAST),
        float(words.mean()),
        max(float(words.std()), _LEAST),
        0.0,
    )
    heights = np.array([open_bar.height(signals) for signals in seen])
    least = float(heights.mean() + _DEVIATIONS[side] * heights.std())
    return Bar(
        open_bar.meaning_mean,
        open_bar.meaning_deviation,
        open_bar.words_mean,
        open_bar.words_deviation,
        least,
    )
