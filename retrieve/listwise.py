"""Ordering by a language model that reads several passages at once (Sun et al. 2023, "Is ChatGPT
Good at Search? Investigating Large Language Models as Re-Ranking Agents", arXiv:2304.09542).

The model sees a window of passages and writes their numbers, best first. The window slides from
the end of the candidates to their front, overlapping, so that a good passage is carried up.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np

from index.contract import Keys, Ranking
from index.pipeline import Snapshot
from ingest.contract import BadInput, Completion, Json
from retrieve.calls import answers
from retrieve.contract import AnalyzedQuery, Reranked, StepModel
from retrieve.notes import Fault
from retrieve.pace import Pace
from retrieve.prompts import ranking_instruction
from retrieve.ranking import with_first
from retrieve.replies import order_of

_WINDOW = "window"
_ORDER_TOKENS = 8
"""Tokens that a passage's number takes in an order, at most."""


@dataclass(frozen=True)
class Listwise:
    """Puts the first `depth` in the order that the model gives them, by windows of `window`
    passages, each `step` before the last one. Of a passage, `passage_chars` are shown."""

    model: StepModel
    depth: int = 20
    window: int = 10
    step: int = 5
    passage_chars: int = 1_200
    _pace: Pace = field(default_factory=Pace, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.step < self.window:
            raise BadInput(
                f"listwise: step must be from 1 to less than window, not {self.step} of "
                f"{self.window}"
            )
        if self.depth < 2 or self.passage_chars < 1:
            raise BadInput("listwise: depth must be 2 or more, and passage_chars 1 or more")

    @property
    def weight(self) -> float:
        """Its order stands in place of the one before."""
        return 1.0

    def rerank(
        self,
        snapshot: Snapshot,
        query: AnalyzedQuery,
        ranking: Ranking,
        left_ms: float = math.inf,
    ) -> Reranked:
        """The first in the model's order, with the scores of their places; its own ranking has
        1/place. Where the model cannot be reached or writes no order, what it has ordered until
        then stands."""
        ends = _ends(min(self.depth, len(ranking.keys)), self.window, self.step)
        # Those nearest to the front matter most: windows that there is no time for are the last.
        due = ends[len(ends) - min(len(ends), int(min(self._pace.times(_WINDOW, left_ms), 1e6))) :]
        work = _Work(self, snapshot, query.text, ranking.keys[: self.depth].copy())
        deadline = time.perf_counter() + left_ms / 1000.0
        done = [work.order(end, deadline - time.perf_counter()) for end in due]
        cut = len(ends) - sum(done)
        first = Ranking(work.keys, ranking.scores[: self.depth])
        merged = with_first(first, ranking)
        own = Ranking.of([], [])
        if work.ordered:
            own = Ranking(first.keys, (1.0 / np.arange(1, len(first.keys) + 1)).astype(np.float32))
        late = f"listwise: {cut} of {len(ends)} windows" if cut else ""
        return Reranked(merged, own, work.report(), work.notes(), late)


@dataclass
class _Work:
    """The candidates as they are put in order, and what it took."""

    reranker: Listwise
    snapshot: Snapshot
    question: str
    keys: Keys
    calls: int = 0
    ordered: int = 0
    tokens: list[Completion] = field(default_factory=list)
    ms: float = 0.0
    fault: str = ""

    def order(self, end: int, left_s: float) -> bool:
        """Puts the window that ends there in order. False where there was no time for it."""
        if self.fault:
            return True
        reranker, model = self.reranker, self.reranker.model
        window = slice(max(0, end - reranker.window), end)
        keys = self.keys[window]
        message = ranking_instruction(self.question, self._texts(keys))
        tokens = _ORDER_TOKENS * len(keys)
        answer = answers(model, {_WINDOW: message}, left_s * 1000.0, tokens).get(_WINDOW)
        if answer is None:
            return False
        self.calls += 1
        self.ms += answer.ms
        reranker._pace.took(_WINDOW, answer.ms)
        if answer.fault:
            self.fault = "" if answer.is_cut else answer.fault
            return not answer.is_cut
        completion = answer.completion
        self.tokens.append(completion)
        places = [number - 1 for number in order_of(completion.text, len(keys))]
        if len(places) > 1:
            self.ordered += 1
            named = set(places)
            places += [place for place in range(len(keys)) if place not in named]
            self.keys[window] = keys[places]
        return True

    def _texts(self, keys: Keys) -> list[str]:
        """What the model is shown of each; a chunk deleted meanwhile is empty."""
        stored = self.snapshot.chunks(keys.tolist())
        shown = []
        for key in keys.tolist():
            chunk = stored[key].chunk if key in stored else None
            text = f"{chunk.context}\n{chunk.text}" if chunk else ""
            shown.append(" ".join(text.split())[: self.reranker.passage_chars])
        return shown

    def report(self) -> dict[str, Json]:
        prompt = [completion.prompt_tokens for completion in self.tokens]
        written = [completion.completion_tokens for completion in self.tokens]
        return {
            "calls": self.calls,
            "prompt_tokens": _sum(prompt),
            "completion_tokens": _sum(written),
            "ms": round(self.ms, 1),
            "ordered": self.ordered,
        }

    def notes(self) -> tuple[str, ...]:
        if self.fault:
            return (Fault(f"the step listwise was left out: {self.fault}"),)
        if self.tokens and not self.ordered:
            return ("the step listwise was left out: the model wrote no order",)
        return ()


def _ends(count: int, window: int, step: int) -> list[int]:
    """Where windows over so many candidates end, from the last to the first."""
    if count < 2:
        return []
    ends = [count]
    while ends[-1] > window:
        ends.append(max(window, ends[-1] - step))
    return ends


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
