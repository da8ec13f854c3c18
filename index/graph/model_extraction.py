"""Finds entities and relations with a language model: what it would take, and the building.

Opt-in: nothing here runs unless it is asked for. Facts are those that the chunk bears out (see
`grounding`); they stand beside those that rules find. Prompts and rounds after LightRAG (Guo et
al. 2024, arXiv:2410.05779) and GraphRAG (Edge et al. 2024, arXiv:2404.16130), with places for
every name in place of trust.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from index.export import quiet
from index.graph.contract import EntityType
from index.graph.model_budget import Budget, Meter, Prices, Scale
from index.graph.model_dialogue import Dialogue
from index.graph.model_estimate import Asked, Estimate, estimate, spread
from index.graph.model_prompts import Asking
from index.graph.model_run import BuildReport, Run
from index.graph.model_store import ModelStore
from ingest.contract import BadInput, Chunk, Completion, Model

TYPES = (
    EntityType.PERSON,
    EntityType.ORGANIZATION,
    EntityType.PLACE,
    EntityType.WORK,
    EntityType.EVENT,
    EntityType.TERM,
)
_MEASURED = 256
"""So many chunks that were answered about before are looked at for an estimate, at the most."""
_READ = 256
_VERSION = 1
_FULL = 0.9
"""Of the limit, what an answer that was cut off has at the least: servers count differently."""


class _NotAsked(Exception):
    """The model has not been asked this about the chunk."""


@dataclass(frozen=True)
class ModelExtraction:
    """Asks `model` about chunks: for entities of `types`, and for what it missed up to `gleanings`
    times. An answer has `max_tokens` and `timeout_s`; a call that fails is tried `attempts` times
    in all, after `backoff_s`, twice that, and so on. `count` gives tokens of texts as the
    collection's embedder counts them."""

    model: Model
    count: Callable[[Sequence[str]], Sequence[int]]
    types: tuple[EntityType, ...] = TYPES
    gleanings: int = 1
    max_tokens: int = 1024
    timeout_s: float = 120.0
    attempts: int = 5
    backoff_s: float = 2.0
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        if not self.types:
            raise BadInput("extraction with a model needs a type of entity at least")
        if self.gleanings < 0 or self.max_tokens < 1 or self.attempts < 1:
            raise BadInput("gleanings must be 0 or more, max_tokens and attempts 1 or more")
        if self.timeout_s <= 0 or self.backoff_s < 0:
            raise BadInput("timeout_s must be over 0, and backoff_s 0 or more")

    @property
    def fingerprint(self) -> str:
        """Names the model and every option that changes what is found."""
        types = ",".join(self.types)
        return (
            f"model/{_VERSION} {self.model.name}, {types}, {self.gleanings} gleanings, "
            f"{self.max_tokens} tokens"
        )

    def hash_of(self, message: str) -> bytes:
        """Names a message to this model."""
        return sha256(f"{self.model.name}\n{message}".encode()).digest()

    def held(self, store: ModelStore, key: int, message: str) -> Completion | None:
        """What was answered before to a message about a chunk; not an answer that was cut off
        where the limit is higher now."""
        answer = store.answer(key, self.hash_of(message))
        if answer is None or not answer.is_cut:
            return answer
        return answer if (answer.completion_tokens or 0) >= _FULL * self.max_tokens else None

    def check(self, budget: Budget) -> None:
        """Raises BadInput for a budget of money where there are no prices."""
        if budget.max_price is not None and self.prices == Prices():
            raise BadInput(
                "a budget of money needs prices: set answer.prompt_price and "
                "answer.completion_price, or give a budget of tokens"
            )

    def estimate(self, store: ModelStore, seconds_per_call: float | None = None) -> Estimate:
        """What the chunks that have no facts by this model will take, by those that the model was
        asked about before. Asks nothing."""
        due = self._asked(store, store.pending(self.fingerprint))
        return estimate(
            list(due.values()),
            self._measured(store, due),
            self.prices,
            call_limits=(1 + self.gleanings, self.max_tokens),
            seconds_per_call=seconds_per_call,
        )

    def probe(
        self,
        store: ModelStore,
        chunks: int,
        budget: Budget | None = None,
        workers: int = 1,
        cancel: threading.Event | None = None,
    ) -> tuple[Estimate, BuildReport]:
        """Builds for so many chunks, which stand for all, and estimates the rest by them. What the
        probe found is kept, and is no part of the estimate."""
        due = self._asked(store, store.pending(self.fingerprint))
        report = self._run(store, spread(due, chunks), budget, cancel=cancel).work(workers)
        calls = report.usage.calls
        pace = report.seconds / calls if calls else None
        return self.estimate(store, pace), report

    def build(
        self,
        store: ModelStore,
        budget: Budget | None = None,
        workers: int = 1,
        progress: Callable[[int, int | None], None] = quiet,
        cancel: threading.Event | None = None,
    ) -> BuildReport:
        """Asks about every chunk that has no facts by this model, with so many calls at the same
        time, and stores what is found. Ends early, with all that was answered kept, where the
        budget is used up, `cancel` is set, or the model is out of reach. Raises BadInput for a
        budget of money without prices."""
        keys = store.pending(self.fingerprint)
        return self._run(store, keys, budget, progress, cancel).work(workers)

    def _run(
        self,
        store: ModelStore,
        keys: Sequence[int],
        budget: Budget | None,
        progress: Callable[[int, int | None], None] = quiet,
        cancel: threading.Event | None = None,
    ) -> Run:
        limits = budget or Budget()
        self.check(limits)
        meter = Meter(limits, self.prices, self._scale(store))
        return Run(self, store, meter, keys, progress, cancel or threading.Event())

    def _scale(self, store: ModelStore) -> Scale:
        """How the model's server counts tokens, by chunks that it has answered about."""
        scale = Scale()
        keys = _some(store.done(self.fingerprint), _MEASURED // 8)
        for key, chunk in store.chunks(keys).items():
            asking = Asking(chunk, self.types)
            first = asking.first()
            held = self.held(store, key, first)
            if held is not None and held.prompt_tokens:
                scale.learn(asking.is_chinese, self.count([first])[0], held.prompt_tokens)
        return scale

    def _measured(self, store: ModelStore, due: dict[int, Asked]) -> list[Asked]:
        """Chunks about which all has been asked: those that are done, and others."""
        done = self._asked(store, _some(store.done(self.fingerprint), _MEASURED))
        held = [*done.values(), *due.values()]
        return [chunk for chunk in held if chunk.is_whole and chunk.calls][:_MEASURED]

    def _asked(self, store: ModelStore, keys: Sequence[int]) -> dict[int, Asked]:
        """How far the model was asked about each chunk."""
        asked: dict[int, Asked] = {}
        for place in range(0, len(keys), _READ):
            held = list(store.chunks(keys[place : place + _READ]).items())
            askings = [Asking(chunk, self.types) for _, chunk in held]
            counts = self.count([asking.first() for asking in askings])
            for (key, chunk), asking, counted in zip(held, askings, counts, strict=True):
                asked[key] = self._replayed(store, key, chunk, Asked(asking.is_chinese, counted))
        return asked

    def _replayed(self, store: ModelStore, key: int, chunk: Chunk, unasked: Asked) -> Asked:
        """The dialogue about a chunk, as far as it has been held."""
        answers: list[Completion] = []

        def ask(message: str) -> Completion:
            held = self.held(store, key, message)
            if held is None:
                raise _NotAsked
            answers.append(held)
            return held

        is_whole = True
        try:
            Dialogue(chunk, self.types, self.gleanings, ask).facts()
        except _NotAsked:
            is_whole = False
        return Asked(
            unasked.is_chinese,
            unasked.counted,
            len(answers),
            sum(answer.prompt_tokens or 0 for answer in answers),
            sum(answer.completion_tokens or 0 for answer in answers),
            is_whole,
        )


def _some(keys: Sequence[int], count: int) -> list[int]:
    """So many of the keys at the most, from all over."""
    step = max(1, -(-len(keys) // count))
    return list(keys[::step])
