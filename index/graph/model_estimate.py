"""How many calls, tokens, money and time asking a model about chunks will take.

Tokens of prompts are counted with the embedder's counter, and scaled by what the model's server
counted for chunks that it has answered about already; what it writes is the mean of its answers.
Both are taken for Chinese and other texts apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.graph.model_budget import ASSUMED_SCALE, Prices

_FEWEST = 3
"""Measured chunks that tell how far an estimate may be off."""
_SURE = 0.975
"""In 19 of 20 cases, to both sides."""
_ASSUMED_WRITTEN = 250
"""Tokens of an answer, where none was measured."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A chunk as far as a model was asked about it: `counted` are the embedder's tokens of the
    first message; `is_whole` says that all has been asked."""

    is_chinese: bool
    counted: int
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to be expected of the chunks that are still to be asked about. It rests on so many
    `measured` chunks (0: on assumptions); `error` is the share by which the tokens may be more or
    less, in 19 of 20 cases. `seconds` and `error` are None where they are not known."""

    chunks: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    price: float
    seconds: float | None = None
    measured: int = 0
    error: float | None = None

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class _Rates:
    """Of a chunk: calls, the model's tokens read for one that the embedder counts in the first
    message, and tokens written."""

    calls: float
    read: float
    written: float


def estimate(
    due: Sequence[Asked],
    measured: Sequence[Asked],
    prices: Prices,
    *,
    call_limits: tuple[int, int],
    seconds_per_call: float | None = None,
) -> Estimate:
    """Of chunks that are due, by those that were measured. `call_limits` are the most calls for
    a chunk, as assumed where nothing was measured, and the most tokens of an answer."""
    rates = _rates(measured, *call_limits)
    calls = read = written = 0.0
    for chunk in due:
        rate = rates[chunk.is_chinese]
        calls += max(rate.calls - chunk.calls, 0.0)
        read += max(rate.read * chunk.counted - chunk.prompt_tokens, 0.0)
        written += max(rate.written - chunk.completion_tokens, 0.0)
    return Estimate(
        len(due),
        round(calls),
        round(read),
        round(written),
        prices.of(read, written),
        None if seconds_per_call is None else calls * seconds_per_call,
        len(measured),
        _error(measured, rates, due, read + written),
    )


def _rates(measured: Sequence[Asked], most_calls: int, max_tokens: int) -> Mapping[bool, _Rates]:
    """For Chinese and for others; of what was not measured, as the rest, or as assumed."""
    rates = {}
    for is_chinese in (True, False):
        own = [chunk for chunk in measured if chunk.is_chinese == is_chinese] or measured
        if own:
            counted = sum(chunk.counted for chunk in own)
            rates[is_chinese] = _Rates(
                sum(chunk.calls for chunk in own) / len(own),
                sum(chunk.prompt_tokens for chunk in own) / counted,
                sum(chunk.completion_tokens for chunk in own) / len(own),
            )
        else:
            scale = ASSUMED_SCALE[is_chinese]
            written = min(_ASSUMED_WRITTEN, max_tokens)
            rates[is_chinese] = _Rates(most_calls, most_calls * scale, most_calls * written)
    return rates


def _error(
    measured: Sequence[Asked], rates: Mapping[bool, _Rates], due: Sequence[Asked], tokens: float
) -> float | None:
    """The share of the tokens by which they may be off: how far the mean of the chunks that were
    measured may be from that of all, and those that are due from it (Student's t)."""
    if len(measured) < _FEWEST or tokens <= 0:
        return None
    from scipy.stats import t

    variance = 0.0
    for is_chinese in (True, False):
        wanted = sum(chunk.is_chinese == is_chinese for chunk in due)
        own = [chunk for chunk in measured if chunk.is_chinese == is_chinese]
        if len(own) < _FEWEST:
            own = list(measured)
        off = [_spent(chunk) - _expected(chunk, rates[is_chinese]) for chunk in own]
        spread_of_one = sum(value * value for value in off) / (len(off) - 1)
        variance += spread_of_one * (wanted * wanted / len(own) + wanted)
    sure = float(t.ppf(_SURE, len(measured) - 1))
    return sure * math.sqrt(variance) / tokens


def _spent(chunk: Asked) -> int:
    return chunk.prompt_tokens + chunk.completion_tokens


def _expected(chunk: Asked, rates: _Rates) -> float:
    return rates.read * chunk.counted + rates.written


def spread(chunks: Mapping[int, Asked], count: int) -> list[int]:
    """So many keys that stand for all: of Chinese and other chunks as many as they have a share,
    one at least, from the short to the long."""
    if count >= len(chunks):
        return sorted(chunks)
    groups = [
        sorted((chunks[key].counted, key) for key in chunks if chunks[key].is_chinese == kind)
        for kind in (False, True)
    ]
    groups = sorted((group for group in groups if group), key=len)
    chosen: list[int] = []
    for place, group in enumerate(groups):
        is_last = place == len(groups) - 1
        share = count - len(chosen) if is_last else round(count * len(group) / len(chunks))
        wanted = min(max(share, min(count, 1)), len(group))
        chosen += [group[(2 * n + 1) * len(group) // (2 * wanted)][1] for n in range(wanted)]
    return sorted(chosen[:count])
