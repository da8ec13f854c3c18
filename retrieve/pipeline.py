"""From a query to ranked, explained hits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.contract import Analyzer, Embedder
from index.pipeline import Snapshot, function_terms
from ingest.contract import cached_property, load_component
from retrieve.checks import check_query
from retrieve.clock import Clock
from retrieve.components import FUSIONS, LEGS, RERANKERS, STEPS, TRANSLATORS
from retrieve.contract import (
    MIX,
    NAIVE,
    Analysis,
    BadQuery,
    Fusion,
    Query,
    Reranker,
    SearchResult,
    StepModel,
    Translator,
)
from retrieve.costs import Costs
from retrieve.feedback import Feedback
from retrieve.graph.step import GRAPH
from retrieve.listwise import Listwise
from retrieve.model_steps import MODEL_STEPS
from retrieve.notes import Fault
from retrieve.pace import Pace
from retrieve.reranking import Reranking
from retrieve.searching import Searching
from retrieve.smoothing import Smoothing
from retrieve.texts import TextJudge
from retrieve.told import Told
from retrieve.tuning.trial import Fit
from retrieve.tuning.tune import tuned
from retrieve.tuning.values import COSINE_RATIO
from retrieve.understanding.analysis import analysis_of, identified_in

__all__ = [
    "LEGS",
    "METHODS",
    "STEPS",
    "Fault",
    "Fit",
    "Listwise",
    "Retriever",
    "build_reranker",
    "build_translator",
    "tuned",
]

METHODS = (*LEGS, *FUSIONS)
"""What `Query.fusion` may name: a leg alone, or a fusion of all."""

_DEFAULT = "default"
"""The fusion whose ranking is ordered anew; the others are as the textbooks have them."""


def build_translator(name: str, cache: Path, analyzer: Analyzer) -> Translator:
    """The translator of that name into the terms of an analyzer; it may keep files below the
    cache folder. Raises BadInput for an unknown name."""
    translator: Translator = load_component(
        TRANSLATORS,
        name,
        cache=cache,
        terms=analyzer.terms,
        fingerprint=analyzer.fingerprint,
        function_words=function_terms(analyzer),
    )
    return translator


def build_reranker(name: str, **options: Any) -> Reranker:
    """The reranker of that name. Raises BadInput for an unknown name or a wrong option."""
    reranker: Reranker = load_component(RERANKERS, name, **options)
    return reranker


@dataclass(frozen=True)
class Retriever:
    """Answers queries over snapshots. `depth` candidates are taken from each leg (more where
    more results are asked for); `options` are those of the fusions, by name. Without a
    `translator`, the words of a query find nothing in the other language. `rerankers` order the
    result of the default fusion anew, one after the other, by their names. `steps` switches entries
    of STEPS and rerankers, where a query does not. `model` takes the steps that need a language
    model, and `listwise` orders by one. `now` tells the time, in seconds; what steps cost is
    learned by it from search to search, for the sake of budgets."""

    depth: int = 100
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    translator: Translator | None = None
    rerankers: Mapping[str, Reranker] = field(default_factory=dict)
    steps: Mapping[str, bool] = field(default_factory=dict)
    smoothing: Smoothing = field(default_factory=Smoothing)
    feedback: Feedback = field(default_factory=Feedback)
    model: StepModel | None = None
    listwise: Listwise | None = None
    now: Callable[[], float] = time.perf_counter
    costs: Costs = field(default_factory=Costs, init=False, repr=False, compare=False)
    pace: Pace = field(default_factory=Pace, init=False, repr=False, compare=False)
    _fusions: dict[tuple[str, float], Fusion] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._check_steps(self.steps)

    def search(self, snapshot: Snapshot, query: Query) -> SearchResult:
        """The hits of a query. Raises BadQuery, and BadInput for a wrong filter."""
        return self.searching(snapshot, query).result()

    def searching(self, snapshot: Snapshot, query: Query) -> Searching:
        """The search of a query, not yet begun. Raises BadQuery."""
        check_query(query, METHODS)
        self._check_steps(query.steps)
        names = (query.fusion,) if query.fusion in LEGS else tuple(LEGS)
        clock = Clock(query.budget_ms, self.now)
        return Searching(self, snapshot, query, names, self._steps(query), clock, Told({}))

    def analyzed(self, snapshot: Snapshot, text: str) -> Analysis:
        """What a question is made of, without a search."""
        terms = snapshot.parts.analyzer.query_terms(text, snapshot.languages)
        return analysis_of(snapshot, text, terms, identified_in(text))

    def judge_texts(self, embedder: Embedder) -> TextJudge:
        """What judges texts that no collection holds, by the best that there is here."""
        return TextJudge(embedder, self.rerankers)

    @cached_property
    def reranking(self) -> Reranking:
        """The rerankers, one after the other."""
        return Reranking(self.rerankers, self.costs)

    def reads(self, name: str) -> bool:
        """Whether the reranker of that name is a model that reads question and passage."""
        reranker = self.rerankers.get(name)
        return reranker is None or reranker.own_unit

    def fusion(self, name: str, snapshot: Snapshot, script: str) -> Fusion | None:
        """The fusion of that name, the default one as the collection is tuned; None for a leg
        alone. What was learned from questions in the collection's own script is not for those in
        another."""
        if name in LEGS:
            return None
        ratio = 1.0
        if name == _DEFAULT and len(snapshot.scripts.all_foreign(script)) < len(snapshot.dense):
            (ratio,) = snapshot.tuning.values.get(COSINE_RATIO, (1.0,))
        fusion = self._fusions.get((name, ratio))
        if fusion is None:
            options = dict(self.options.get(name, {}))
            if ratio != 1.0:
                options["cosine_ratio"] = ratio
            fusion = load_component(FUSIONS, name, **options)
            self._fusions[name, ratio] = fusion
        return fusion

    def _steps(self, query: Query) -> Set[str]:
        """The names of the steps and rerankers that a query takes."""
        usual: Mapping[str, bool] = {}
        if query.fusion == _DEFAULT:
            usual = {**dict.fromkeys(self.rerankers, True), **STEPS, **self.steps}
        by_mode = {} if query.mode == MIX else {GRAPH: query.mode != NAIVE}
        return {name for name, on in {**usual, **query.steps, **by_mode}.items() if on}

    def _check_steps(self, steps: Mapping[str, bool]) -> None:
        known = (*STEPS, *self.rerankers)
        for name, is_on in steps.items():
            if name not in known:
                raise BadQuery(f"there is no step {name!r}; choose of {', '.join(known)}")
            if is_on and name in MODEL_STEPS and self.model is None:
                raise BadQuery(
                    f"the step {name!r} needs a language model: set answer.model (and "
                    f"answer.base_url), or switch {name} off"
                )
