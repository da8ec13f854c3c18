"""What `braid bench search` measures: searches in this process, from one thread and from several,
without the embedding of the query, which is computed beforehand."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice

from api.compose import Braid
from eval.pipeline import summarize
from index.pipeline import Collection, QueryCache, Store
from retrieve.contract import Query

_WARM_UP = 50


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is to be measured: `searches` in all from each number of threads by each fusion, which
    take the queries in turn. `busy` keeps another core busy meanwhile."""

    queries: Sequence[str]
    fusions: Sequence[str]
    threads: Sequence[int]
    searches: int = 1_000
    k: int = 10
    busy: bool = False


@dataclass(frozen=True, slots=True)
class SearchSpeed:
    """One fusion from so many threads: milliseconds of a search, searches a second of all
    threads together, and what the stages of a search take on average."""

    fusion: str
    threads: int
    searches: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    per_s: float
    stages_ms: dict[str, float]


def bench_search(braid: Braid, name: str, plan: SearchPlan) -> Iterator[SearchSpeed]:
    """Every fusion from every number of threads over the collection of that name. Raises
    NotFound, and BadQuery for what cannot be searched."""
    braid.store.get(name)
    embedder = QueryCache(braid.parts.embedder, len(plan.queries))
    for text in plan.queries:
        embedder.embed_query(text)
    parts = replace(braid.parts, embedder=embedder)
    with ExitStack() as stack:
        store = Store(braid.settings.data_dir / "collections", parts)
        stack.callback(store.close)
        if plan.busy:
            stack.enter_context(_busy_core())
        collection = store.get(name)
        for fusion in plan.fusions:
            for threads in plan.threads:
                yield _measured(braid, collection, plan, fusion, threads)


def _measured(
    braid: Braid, collection: Collection, plan: SearchPlan, fusion: str, threads: int
) -> SearchSpeed:
    stages: Counter[str] = Counter()

    def search(text: str) -> tuple[float, dict[str, float]]:
        begun = time.perf_counter()
        result = braid.search(collection, Query(text, plan.k, fusion))
        took = (time.perf_counter() - begun) * 1000
        return took, dict(result.explanation.timings_ms)

    todo = [list(islice(cycle(plan.queries), at, plan.searches, threads)) for at in range(threads)]

    def run(texts: Sequence[str]) -> list[tuple[float, dict[str, float]]]:
        return [search(text) for text in texts]

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, [texts[:_WARM_UP] for texts in todo]))
        begun = time.perf_counter()
        found = [one for part in pool.map(run, todo) for one in part]
        wall = time.perf_counter() - begun
    for _, timings in found:
        stages.update(timings)
    latency = summarize([took for took, _ in found])
    return SearchSpeed(
        fusion,
        threads,
        len(found),
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        latency.max_ms,
        len(found) / wall,
        {stage: total / len(found) for stage, total in stages.items()},
    )


@contextmanager
def _busy_core() -> Iterator[None]:
    """A process that does nothing but count."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()
