"""What `braid bench index` measures of sparse indexes: BM25 over passages of real text.

Every engine takes the same entries, made by the analyzer that is set, in documents of 20 passages;
each runs in a process of its own. rank-bm25 scores every passage for every query: it is measured
up to REFERENCE_LIMIT passages, with REFERENCE_QUERIES of the queries.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from api.benchmark_child import folder_bytes, peak_mb, run_child
from api.benchmark_texts import documents, passages
from eval.pipeline import summarize
from index.contract import Analyzer, AnyOf, SparseChanges, SparseIndex, SparseReader
from index.pipeline import Choice, build_sparse, sparse_entries
from ingest.contract import Chunk, Document, Unavailable

REFERENCE = "rank-bm25"
ENGINES = ("impacts", "tantivy", REFERENCE)
REFERENCE_LIMIT = 50_000
REFERENCE_QUERIES = 50
K = 10
_BATCH = 250
_WARM_UP = 20
_TEXTS = "texts.json"


@dataclass(frozen=True, slots=True)
class SparsePlan:
    """What is to be measured: passages of these texts, in each of these numbers."""

    sizes: Sequence[int]
    texts: Sequence[str]
    queries: Sequence[str]


@dataclass(frozen=True, slots=True)
class SparseSpeed:
    """One engine at one size. `read` of the passages stand in the text as they are, the others
    are mixed from its sentences. `build_s` is without the analysis of the text (`analyze_s`).
    `open_s` is 0 for an index that lives in memory. `overlap` is the mean share of the
    reference's first ten that are among the engine's, and `speed_ratio` the reference's p50 over
    the engine's; both None where there is no reference. `reason` tells why there are no
    figures."""

    engine: str
    size: int
    read: int = 0
    analyze_s: float = 0.0
    build_s: float = 0.0
    open_s: float = 0.0
    peak_mb: float = 0.0
    disk_mb: float = 0.0
    queries: int = 0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    overlap: float | None = None
    speed_ratio: float | None = None
    reason: str = ""


def bench_sparse(plan: SparsePlan, report: Callable[[str], None]) -> Iterator[list[SparseSpeed]]:
    """Each engine at each size, the reference first; `report` is told what is being done."""
    with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
        work = Path(folder)
        held = {"texts": list(plan.texts), "queries": list(plan.queries)}
        (work / _TEXTS).write_text(json.dumps(held), encoding="utf-8")
        for size in plan.sizes:
            rows, rankings = [], {}
            for engine in ENGINES:
                if engine == REFERENCE and size > REFERENCE_LIMIT:
                    continue
                report(f"{size:,} passages: {engine}")
                asked = {"work": str(work), "engine": engine, "size": size}
                try:
                    found = run_child("api.benchmark_sparse", json.dumps(asked))
                except Unavailable as error:
                    rows.append(SparseSpeed(engine, size, reason=str(error)))
                    continue
                rankings[engine] = found.pop("rankings")
                rows.append(SparseSpeed(engine, size, **found))
            yield compared(rows, rankings)


def compared(
    rows: Sequence[SparseSpeed], rankings: Mapping[str, Sequence[Sequence[int]]]
) -> list[SparseSpeed]:
    """The rows with what they are beside the reference, where that was measured."""
    reference = next((row for row in rows if row.engine == REFERENCE and not row.reason), None)
    if reference is None:
        return list(rows)
    wanted = rankings[REFERENCE]
    return [
        row
        if row.reason
        else replace(
            row,
            overlap=overlap(rankings[row.engine], wanted),
            speed_ratio=reference.p50_ms / row.p50_ms,
        )
        for row in rows
    ]


def overlap(found: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> float:
    """The mean share of each wanted ranking that is found, over the queries that want any."""
    shares = [
        len(set(mine) & set(theirs)) / len(theirs)
        for mine, theirs in zip(found, wanted, strict=False)
        if theirs
    ]
    return sum(shares) / len(shares) if shares else 1.0


# --- in the child ----------------------------------------------------------------------------


def measure(asked: Mapping[str, Any]) -> dict[str, Any]:
    """One engine at one size, in this process."""
    from api.compose import Braid
    from api.settings import load_settings

    settings = load_settings()
    analyzer = Braid(settings).parts.analyzer
    work, size, engine = Path(asked["work"]), int(asked["size"]), str(asked["engine"])
    given = json.loads((work / _TEXTS).read_text(encoding="utf-8"))
    choice = Choice(engine, settings.sparse.model_dump(exclude={"backend"}))
    folder = work / f"{engine}-{size}"
    made = passages(given["texts"], size)
    index = build_sparse(choice, folder)
    filling = _fill(index, analyzer, documents(made.texts, made.read))
    opened = 0.0
    if not index.in_memory:
        index.close()
        begun = time.perf_counter()
        index = build_sparse(choice, folder)
        index.reader()
        opened = time.perf_counter() - begun
    terms = [analyzer.query_terms(query) for query in given["queries"]]
    if engine == REFERENCE:
        terms = terms[:REFERENCE_QUERIES]
    return {
        "read": made.read,
        "open_s": opened,
        "peak_mb": peak_mb(),
        "disk_mb": folder_bytes(folder) / 1e6,
        "queries": len(terms),
        **filling,
        **_search(index.reader(), terms),
    }


def _fill(
    index: SparseIndex, analyzer: Analyzer, todo: Iterator[tuple[Document, list[Chunk]]]
) -> dict[str, float]:
    """Takes the documents in, some thousands of passages at a time."""
    analyzed = built = 0.0
    key = 1
    while batch := [chunk for _, chunks in islice(todo, _BATCH) for chunk in chunks]:
        begun = time.perf_counter()
        entries = sparse_entries(analyzer, dict(enumerate(batch, start=key)))
        between = time.perf_counter()
        index.apply(SparseChanges(key, entries))
        built += time.perf_counter() - between
        analyzed += between - begun
        key += len(batch)
    begun = time.perf_counter()
    index.reader()
    return {"analyze_s": analyzed, "build_s": built + time.perf_counter() - begun}


def _search(reader: SparseReader, queries: Sequence[Sequence[str | AnyOf]]) -> dict[str, Any]:
    """One query after the other, in this thread."""
    rankings, times = [], []
    for terms in queries[:_WARM_UP]:
        reader.search(terms, K)
    for terms in queries:
        begun = time.perf_counter()
        ranking = reader.search(terms, K)
        times.append((time.perf_counter() - begun) * 1000)
        rankings.append(ranking.keys.tolist())
    latency = summarize(times)
    return {
        "p50_ms": latency.p50_ms,
        "p95_ms": latency.p95_ms,
        "p99_ms": latency.p99_ms,
        "rankings": rankings,
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
