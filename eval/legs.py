"""Runs queries through the legs of a search, and times each search."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from eval.contract import Progress
from ingest.contract import BadInput

WARM_UP = 3

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Timed(Generic[Found]):
    """What one leg found for each query, and how long each search took, in milliseconds."""

    found: Mapping[str, Found]
    latencies_ms: Sequence[float]


def run_legs(
    queries: Mapping[str, str],
    legs: Sequence[str],
    search: Callable[[str, str], Found],
    progress: Progress | None = None,
    warm_up: int = WARM_UP,
) -> dict[str, Timed[Found]]:
    """Searches every query (id to text) by every leg, one search at a time.

    Legs take turns within each query, and who begins rotates, so that a busy moment of the
    machine, or work that legs share, falls on all alike. The first `warm_up` queries are
    searched once beforehand, untimed: that pays for what is loaded on first use.
    """
    check_legs(legs)
    for text in islice(queries.values(), warm_up):
        for leg in legs:
            search(text, leg)
    found: dict[str, dict[str, Found]] = {leg: {} for leg in legs}
    latencies: dict[str, list[float]] = {leg: [] for leg in legs}
    total, done = len(queries) * len(legs), 0
    for index, (query_id, text) in enumerate(queries.items()):
        first = index % len(legs)
        for leg in (*legs[first:], *legs[:first]):
            start = time.perf_counter()
            result = search(text, leg)
            latencies[leg].append((time.perf_counter() - start) * 1000.0)
            found[leg][query_id] = result
            done += 1
            if progress is not None:
                progress(done, total)
    return {leg: Timed(found[leg], tuple(latencies[leg])) for leg in legs}


def check_legs(legs: Sequence[str]) -> None:
    """Raises BadInput where no leg is named, or one twice."""
    if not legs:
        raise BadInput("no leg was asked for: name at least one")
    twice = sorted({leg for leg in legs if legs.count(leg) > 1})
    if twice:
        raise BadInput(f"leg {twice[0]!r} is asked for twice: name it once")
