"""A question to the collection as a whole: its themes, and the passages behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from index.contract import Keys, Ranking
from index.graph.contract import Graph
from index.pipeline import Snapshot
from ingest.contract import Json
from retrieve.clock import Clock
from retrieve.contract import Found, LegResult, StepModel, Theme
from retrieve.model_steps import Written
from retrieve.pace import Pace
from retrieve.themes.themes import Finder, themes_of
from retrieve.themes.writing import answered

THEMES_STEP = "themes"
"""The leg, the step and the stage."""


@dataclass(frozen=True)
class Thematic:
    """Tells themes of a graph that stands for a snapshot. With a `model` they are told in its
    words. `find` ranks chunks for the subject of a question."""

    snapshot: Snapshot
    graph: Graph
    find: Finder
    model: StepModel | None
    clock: Clock
    pace: Pace

    def told(self, question: str, k: int, allowed: Keys | None) -> ThemesTold:
        """What at most k themes tell to a question; nothing where the graph has nothing to say."""
        themes = themes_of(self.snapshot, self.graph, question, self.find, k, allowed)
        if self.model is None:
            return ThemesTold(themes)
        by = answered(self.model, self.snapshot, question, themes, self.clock, self.pace)
        return ThemesTold(by.themes, by.answer, by.told)


@dataclass(frozen=True)
class ThemesTold:
    """Themes, those that tell most first, what a model makes of them together, and what there is
    to report of it."""

    themes: Sequence[Theme]
    overview: str = ""
    written: Written = field(default_factory=Written)

    @property
    def ranking(self) -> Ranking:
        """The chunks behind the themes: of each theme the first one quoted, or else the most
        telling, then the next of each; the score is 1 by the place."""
        lists = [
            list(dict.fromkeys([*(quote.key for quote in theme.summary), *theme.keys]))
            for theme in self.themes
        ]
        longest = max(map(len, lists), default=0)
        turns = (keys[turn] for turn in range(longest) for keys in lists if turn < len(keys))
        order = np.array(list(dict.fromkeys(turns)), dtype=np.int64)
        scores = 1.0 / np.arange(1, len(order) + 1, dtype=np.float32)
        return Ranking(order, scores)

    @property
    def found(self) -> Found:
        """These chunks as what a search has found."""
        ranking = self.ranking
        keys = np.sort(ranking.keys)
        own = LegResult(ranking, ranking.scores_of(keys), np.zeros(len(keys), dtype=bool))
        return Found(keys, {THEMES_STEP: own}, ranking, {THEMES_STEP: 1.0})

    def report(self) -> dict[str, Json]:
        return {"themes": len(self.themes), "chunks": sum(theme.chunks for theme in self.themes)}
