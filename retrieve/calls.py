"""Calls of a language model that end in time, whatever the server does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from ingest.contract import Completion, Unavailable
from retrieve.contract import StepModel

_GRACE_S, _GRACE = 0.25, 0.1
"""For a request to end by itself when its time is over; within a budget, this share of its time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: the completion, or the `fault` that it met. `is_cut` says that it was
    given less time than the model may take, and did not end in it."""

    completion: Completion
    ms: float
    fault: str = ""
    is_cut: bool = False


def answers(
    model: StepModel, messages: Mapping[str, str], left_ms: float, least_tokens: int = 0
) -> dict[str, Answer]:
    """The answers to messages, by their names, all asked for at the same time. Each has the
    model's time, or what is left where that is less, and so many tokens at the least."""
    timeout_s = min(model.timeout_s, left_ms / 1000.0)
    if not messages or timeout_s <= 0:
        return {}
    tokens = max(model.max_tokens, least_tokens)
    is_short = timeout_s < model.timeout_s
    # The threads are not waited for: a request that will not end ends by its own timeout.
    pool = ThreadPoolExecutor(len(messages), "braid-step")
    try:
        calls = {
            name: pool.submit(_answer, model, message, tokens, timeout_s)
            for name, message in messages.items()
        }
        wait(calls.values(), timeout_s + (_GRACE * timeout_s if is_short else _GRACE_S))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    found = {}
    for name, call in calls.items():
        answer = _result(call, model, timeout_s)
        late = bool(answer.fault) and answer.ms >= timeout_s * 1000.0
        found[name] = replace(answer, is_cut=is_short and late)
    return found


def _result(call: Future[Answer], model: StepModel, timeout_s: float) -> Answer:
    if call.done():
        return call.result()
    fault = f"{model.model.name} did not answer in {timeout_s:.3g} s"
    return Answer(Completion(""), (timeout_s + _GRACE_S) * 1000.0, fault)


def _answer(model: StepModel, message: str, tokens: int, timeout_s: float) -> Answer:
    started = time.perf_counter()
    completion, fault = Completion(""), ""
    try:
        completion = model.model.complete(message, tokens, timeout_s)
    except Unavailable as error:
        fault = str(error)
    return Answer(completion, (time.perf_counter() - started) * 1000.0, fault)
