"""What `braid bench search` measures: searches in this process, from one thread and from several,
without the embedding of the query, which is computed beforehand."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from api.compose import Braid
from eval.pipeline import summarize, throughput
from index.pipeline import Collection, QueryCache, Store
from retrieve.contract import Query


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
    def search(text: str) -> dict[str, float]:
        result = braid.search(collection, Query(text, plan.k, fusion))
        return dict(result.explanation.timings_ms)

    done = throughput(search, plan.queries, threads, plan.searches)
    stages: Counter[str] = Counter()
    for timings in done.found:
        stages.update(timings)
    latency = summarize(done.latencies_ms)
    return SearchSpeed(
        fusion,
        threads,
        latency.count,
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        latency.max_ms,
        done.per_s,
        {stage: total / latency.count for stage, total in stages.items()},
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
