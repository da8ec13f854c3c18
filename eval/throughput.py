"""How many searches a second a system makes, from one thread or several."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Generic, TypeVar

Found = TypeVar("Found")
WARM_UP = 50


@dataclass(frozen=True, slots=True)
class Throughput(Generic[Found]):
    """What a number of threads did in `wall_s` seconds: the latency of each search, in
    milliseconds, and what it found."""

    threads: int
    wall_s: float
    latencies_ms: Sequence[float]
    found: Sequence[Found]

    @property
    def per_s(self) -> float:
        """Searches a second, of all threads together."""
        return len(self.found) / self.wall_s if self.found else 0.0


def throughput(
    search: Callable[[str], Found], queries: Sequence[str], threads: int, searches: int
) -> Throughput[Found]:
    """Makes so many searches in all, which take the queries in turn; each thread has searched
    WARM_UP times before, at the most, which is not counted."""

    def run(texts: Sequence[str]) -> list[tuple[float, Found]]:
        done: list[tuple[float, Found]] = []
        for text in texts:
            begun = time.perf_counter()
            found = search(text)
            done.append(((time.perf_counter() - begun) * 1000.0, found))
        return done

    todo = [list(islice(cycle(queries), at, searches, threads)) for at in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, [texts[:WARM_UP] for texts in todo]))
        begun = time.perf_counter()
        done = [one for part in pool.map(run, todo) for one in part]
        wall = time.perf_counter() - begun
    return Throughput(threads, wall, [took for took, _ in done], [found for _, found in done])
