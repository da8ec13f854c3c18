"""How much of a language model is used, and a limit to it that holds with several calls at once.

Before each call its most is reserved: its prompt, as it is expected to be counted, and the longest
answer it may have. A call that may not fit waits for those under way, which as a rule use less
than was reserved; where none is under way, the budget is used up.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, replace

from ingest.contract import BadInput, Completion

_MARGIN = 1.1
"""By so much more than expected a prompt may be counted when it is reserved."""
ASSUMED_SCALE = {True: 1.4, False: 1.1}
"""Tokens of a model to one of the embedder's, in Chinese and elsewhere, until one is measured."""
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens read and written, in whatever currency."""

    prompt: float = 0.0
    completion: float = 0.0

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / _MILLION


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may use; None is no limit. Raises BadInput for what is no limit."""

    max_tokens: int | None = None
    max_price: float | None = None
    max_calls: int | None = None

    def __post_init__(self) -> None:
        for limit in (self.max_tokens, self.max_price, self.max_calls):
            if limit is not None and not limit >= 0:
                raise BadInput(f"a budget must not be less than 0, and is {limit}")

    @property
    def is_limited(self) -> bool:
        return (self.max_tokens, self.max_price, self.max_calls) != (None, None, None)


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls made and tokens that they took, as the server counts them; `estimated` calls are those
    of which it did not say, and `failed` those that gave no answer, with the `lost` tokens that
    they may have been charged for at the most."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated: int = 0
    failed: int = 0
    lost: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Scale:
    """Tokens of the model to one of the embedder's, learned from calls that were answered, for
    Chinese prompts and for others."""

    def __init__(self) -> None:
        self._counted = Counter[bool]()
        self._actual = Counter[bool]()

    def learn(self, is_chinese: bool, counted: int, actual: int) -> None:
        self._counted[is_chinese] += counted
        self._actual[is_chinese] += actual

    def is_known(self, is_chinese: bool) -> bool:
        return self._counted[is_chinese] > 0

    def of(self, is_chinese: bool) -> float:
        counted = self._counted[is_chinese]
        return self._actual[is_chinese] / counted if counted else ASSUMED_SCALE[is_chinese]


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a call under way may take."""

    is_chinese: bool
    counted: int
    prompt_tokens: int
    completion_tokens: int


class Meter:
    """Counts what is used, by many threads, and keeps it within a budget."""

    def __init__(self, budget: Budget, prices: Prices, scale: Scale | None = None) -> None:
        self._budget = budget
        self._prices = prices
        self._scale = scale or Scale()
        self._usage = Usage()
        self._under_way: list[Reserved] = []
        self._changed = threading.Condition()

    @property
    def usage(self) -> Usage:
        with self._changed:
            return self._usage

    @property
    def price(self) -> float:
        usage = self.usage
        return self._prices.of(usage.prompt_tokens, usage.completion_tokens)

    def reserve(self, is_chinese: bool, counted: int, max_tokens: int) -> Reserved | None:
        """A place for a call with a prompt of so many of the embedder's tokens, once there is
        one; None where the budget is used up."""
        with self._changed:
            while True:
                margin = _MARGIN if self._scale.is_known(is_chinese) else 1.0
                tokens = round(counted * self._scale.of(is_chinese) * margin)
                wanted = Reserved(is_chinese, counted, tokens, max_tokens)
                if self._fits(wanted) and not self._is_blind(is_chinese):
                    self._under_way.append(wanted)
                    return wanted
                if not self._under_way:
                    return None
                self._changed.wait()

    def settle(self, reserved: Reserved, completion: Completion, written: int) -> Completion:
        """Books an answer; `written` is how many of the embedder's tokens it has. The answer
        with its tokens, counted here where the server did not say."""
        with self._changed:
            prompt, wrote = completion.prompt_tokens, completion.completion_tokens
            scale = self._scale.of(reserved.is_chinese)
            is_estimated = prompt is None or wrote is None
            if prompt is None:
                prompt = round(reserved.counted * scale)
            else:
                self._scale.learn(reserved.is_chinese, reserved.counted, prompt)
            if wrote is None:
                most = reserved.completion_tokens
                wrote = most if completion.is_cut else min(round(written * scale), most)
            usage = self._usage
            self._usage = replace(
                usage,
                calls=usage.calls + 1,
                prompt_tokens=usage.prompt_tokens + prompt,
                completion_tokens=usage.completion_tokens + wrote,
                estimated=usage.estimated + is_estimated,
            )
            self._end(reserved)
        return replace(completion, prompt_tokens=prompt, completion_tokens=wrote)

    def lose(self, reserved: Reserved) -> None:
        """Books a call that gave no answer."""
        with self._changed:
            usage = self._usage
            self._usage = replace(
                usage,
                calls=usage.calls + 1,
                failed=usage.failed + 1,
                lost=usage.lost + reserved.prompt_tokens,
            )
            self._end(reserved)

    def _end(self, reserved: Reserved) -> None:
        self._under_way.remove(reserved)
        self._changed.notify_all()

    def _is_blind(self, is_chinese: bool) -> bool:
        """Whether it is not known yet how prompts of this kind are counted, and is about to be:
        until then one at a time is sent, where there is a limit to the tokens."""
        budget = self._budget
        if (budget.max_tokens, budget.max_price) == (None, None):
            return False
        waiting = any(one.is_chinese == is_chinese for one in self._under_way)
        return waiting and not self._scale.is_known(is_chinese)

    def _fits(self, wanted: Reserved) -> bool:
        usage, calls = self._usage, [*self._under_way, wanted]
        read = usage.prompt_tokens + usage.lost + sum(one.prompt_tokens for one in calls)
        written = usage.completion_tokens + sum(one.completion_tokens for one in calls)
        budget = self._budget
        return (
            (budget.max_tokens is None or read + written <= budget.max_tokens)
            and (budget.max_price is None or self._prices.of(read, written) <= budget.max_price)
            and (budget.max_calls is None or usage.calls + len(calls) <= budget.max_calls)
        )
