"""What `braid bench index` measures of dense indexes: building, opening, searching, filtering.

Each variant and size is built in one process and searched in another, so that memory is that of
the index alone. Nearest neighbours are computed exactly, once for each size, for all variants.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from api.benchmark_child import folder_bytes, peak_mb, resident_bytes, run_child
from api.benchmark_vectors import Topics
from eval.pipeline import Latency, summarize
from index.contract import DenseChanges, DenseIndex, DenseReader, Keys, Vectors
from index.pipeline import Choice, build_dense
from ingest.contract import BadInput, Unavailable

_BLOCK = 50_000
_WARM_UP = 20
_ROUNDING = 1e-5
"""Scores so near to each other are equal: which of two twins is found is no matter."""

_ROWS, _QUERIES, _TRUTH = "rows.npy", "queries.npy", "truth.json"


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What is to be measured. A variant is `kind`, `kind-codes` or either with options of the
    index: "hnsw-sq8:recall=0.95". `vectors` is a .npy file, shape (rows, dimension), to be
    used in place of synthetic vectors; its last rows are the queries."""

    sizes: Sequence[int]
    variants: Sequence[str]
    dimension: int = 384
    k: int = 10
    queries: int = 1_000
    selectivity: Sequence[float] = ()
    vectors: Path | None = None


@dataclass(frozen=True, slots=True)
class Filtered:
    """Searches among a random share of the vectors. The ratios are to those of the same index
    without a filter, in turns with these."""

    selectivity: float
    recall: float
    p50_ms: float
    p95_ms: float
    p50_ratio: float
    p95_ratio: float


@dataclass(frozen=True, slots=True)
class IndexSpeed:
    """One variant at one size. `recall` is at k against exact neighbours. `memory_bytes` for each
    vector are what a process that opened and searched it holds more than before, `own_bytes` that
    without what is mapped from files, `disk_bytes` what its files have. `peak_mb` is that of the
    process that built it, of which `idle_mb` were there before: the vectors among them. `open_s`
    is to the first answer, the files in the system's cache (few vectors are not saved, and come
    from the catalog). `reason` tells why there are no figures."""

    variant: str
    size: int
    build_s: float = 0.0
    peak_mb: float = 0.0
    idle_mb: float = 0.0
    disk_bytes: float = 0.0
    open_s: float = 0.0
    memory_bytes: float = 0.0
    own_bytes: float = 0.0
    recall: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    filtered: Sequence[Filtered] = field(default_factory=tuple)
    reason: str = ""


def variant_options(variant: str) -> dict[str, Any]:
    """The options of the index that a variant stands for. Raises BadInput for one that is none."""
    name, *given = variant.split(":")
    kind, _, codes = name.partition("-")
    options: dict[str, Any] = {"kind": kind} | ({"codes": codes} if codes else {})
    for option in given:
        key, _, value = option.partition("=")
        try:
            options[key] = json.loads(value)
        except ValueError as error:
            raise BadInput(
                f"the variant {variant!r} has the option {option!r}: write it as name=number"
            ) from error
    return options


def bench_index(plan: IndexPlan, report: Callable[[str], None]) -> Iterator[IndexSpeed]:
    """Each variant at each size; `report` is told what is being done. Raises BadInput for wrong
    variants or vectors before anything is measured."""
    for variant in plan.variants:
        with tempfile.TemporaryDirectory() as nowhere:
            build_dense(Choice("faiss", variant_options(variant)), Path(nowhere), plan.dimension)
    source = _given(plan.vectors, plan) if plan.vectors else _synthetic(plan)
    for size in plan.sizes:
        with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder:
            work = Path(folder)
            report(f"{size:,} vectors: exact neighbours")
            rows, queries = source(size)
            np.save(work / _ROWS, rows)
            np.save(work / _QUERIES, queries)
            truth = _truth(rows, queries, plan)
            (work / _TRUTH).write_text(json.dumps(truth))
            del rows
            for variant in plan.variants:
                report(f"{size:,} vectors: {variant}")
                yield _one(work, variant, size, plan.k)


def _one(work: Path, variant: str, size: int, k: int) -> IndexSpeed:
    name = f"index-{variant.replace(':', '-')}"
    found: dict[str, Any] = {}
    try:
        for step in ("build", "search"):
            asked = {"step": step, "work": str(work), "name": name, "k": k, "variant": variant}
            found |= run_child("api.benchmark_index", json.dumps(asked))
    except Unavailable as error:
        return IndexSpeed(variant, size, reason=str(error))
    filtered = [Filtered(**one) for one in found.pop("filtered")]
    return IndexSpeed(variant, size, filtered=filtered, **found)


Source = Callable[[int], tuple[Vectors, Vectors]]


def _synthetic(plan: IndexPlan) -> Source:
    topics = Topics(plan.dimension)
    return lambda size: (topics.vectors(size), topics.queries(plan.queries))


def _given(path: Path, plan: IndexPlan) -> Source:
    """The first rows of a file, and its last as queries."""
    try:
        found = np.load(path, mmap_mode="r")
    except ValueError as error:
        raise BadInput(f"{path} is no file of vectors: save an array with numpy.save") from error
    needed = max(plan.sizes) + plan.queries
    if found.ndim != 2 or found.shape[1] != plan.dimension or len(found) < needed:
        raise BadInput(
            f"{path} holds an array of shape {found.shape}: give ({needed:,} or more, "
            f"{plan.dimension}), or other --sizes, --queries and --dimension"
        )

    def units(part: npt.NDArray[Any]) -> Vectors:
        rows: Vectors = np.array(part, dtype=np.float32)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return rows

    return lambda size: (units(found[:size]), units(found[-plan.queries :]))


def allowed_keys(size: int, share: float) -> Keys:
    """A random share of the keys 1 to `size`, ascending; at least one."""
    count = max(1, round(size * share))
    random = np.random.default_rng((size, count))
    return np.sort(random.choice(size, count, replace=False).astype(np.int64)) + 1


def _truth(rows: Vectors, queries: Vectors, plan: IndexPlan) -> list[tuple[float, list[float]]]:
    """The score of the k-th nearest neighbour of each query: without a filter (under 0), then
    under each share."""
    truth = [(0.0, kth_score(rows, queries, plan.k).tolist())]
    for share in plan.selectivity:
        mine = rows[allowed_keys(len(rows), share) - 1]
        truth.append((share, kth_score(mine, queries, plan.k).tolist()))
    return truth


def kth_score(rows: Vectors, queries: Vectors, k: int) -> npt.NDArray[np.float32]:
    """The cosine of the k-th nearest (or the last, of fewer rows) to each query, exact."""
    import faiss

    best = np.empty((len(queries), 0), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = np.ascontiguousarray(rows[start : start + _BLOCK])
        metric = faiss.METRIC_INNER_PRODUCT
        scores, _ = faiss.knn(queries, block, min(k, len(block)), metric=metric)
        best = -np.sort(-np.concatenate([best, scores], axis=1), axis=1)[:, :k]
    return best[:, -1]


# --- in the child ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Child:
    """One variant over the files that the parent left."""

    work: Path
    name: str
    variant: str
    k: int

    def _index(self, dimension: int) -> DenseIndex:
        choice = Choice("faiss", variant_options(self.variant))
        return build_dense(choice, self.work / self.name, dimension)

    def build(self) -> dict[str, float]:
        """Builds and saves it, from one set of changes."""
        import faiss  # noqa: F401

        rows = np.load(self.work / _ROWS)
        index = self._index(rows.shape[1])
        idle = peak_mb()
        begun = time.perf_counter()
        index.apply(_changes(rows), owner=True)
        index.settle()
        took = time.perf_counter() - begun
        index.close()
        return {"build_s": took, "peak_mb": peak_mb(), "idle_mb": idle}

    def search(self) -> dict[str, Any]:
        """Opens what was built, and searches it."""
        queries = np.load(self.work / _QUERIES)
        (_, kth), *shares = json.loads((self.work / _TRUTH).read_text())
        rows = np.load(self.work / _ROWS, mmap_mode="r")
        _warm(queries.shape[1])
        index = self._index(queries.shape[1])
        before, own_before = resident_bytes()
        begun = time.perf_counter()
        if index.generation < 1:  # few vectors are not saved, and come from the catalog
            index.apply(_changes(np.load(self.work / _ROWS)), owner=False)
        reader = index.reader()
        reader.search(queries[0], self.k)
        opened = time.perf_counter() - begun
        for query in queries:  # so that what is mapped into memory is there
            reader.search(query, self.k)
        resident, own = resident_bytes()
        plain, found = _timed(reader, queries, self.k)
        filtered = [self._filtered(reader, queries, share, rows, least) for share, least in shares]
        return {
            "open_s": opened,
            "memory_bytes": (resident - before) / len(rows),
            "own_bytes": (own - own_before) / len(rows),
            "disk_bytes": folder_bytes(self.work / self.name) / len(rows),
            "recall": recall(found, rows, queries, kth, min(self.k, len(rows))),
            "p50_ms": plain.p50_ms,
            "p95_ms": plain.p95_ms,
            "p99_ms": plain.p99_ms,
            "filtered": [asdict(one) for one in filtered],
        }

    def _filtered(
        self,
        reader: DenseReader,
        queries: Vectors,
        share: float,
        rows: Vectors,
        truth: Sequence[float],
    ) -> Filtered:
        allowed = allowed_keys(len(rows), share)
        plain, _ = _timed(reader, queries, self.k)
        under, found = _timed(reader, queries, self.k, allowed)
        return Filtered(
            share,
            recall(found, rows, queries, truth, min(self.k, len(allowed))),
            under.p50_ms,
            under.p95_ms,
            under.p50_ms / plain.p50_ms,
            under.p95_ms / plain.p95_ms,
        )


def _changes(rows: Vectors) -> DenseChanges:
    return DenseChanges(1, np.arange(1, len(rows) + 1, dtype=np.int64), rows)


def _warm(dimension: int) -> None:
    """Loads faiss and lets it reserve what it reserves once."""
    import faiss

    small = faiss.IndexFlatIP(dimension)
    small.add(np.ones((100, dimension), dtype=np.float32))
    small.search(np.ones((1, dimension), dtype=np.float32), 10)


def _timed(
    reader: DenseReader, queries: Vectors, k: int, allowed: Keys | None = None
) -> tuple[Latency, list[Keys]]:
    """One query after the other, in this thread."""
    found, times = [], []
    for query in queries[:_WARM_UP]:
        reader.search(query, k, allowed)
    for query in queries:
        begun = time.perf_counter()
        ranking = reader.search(query, k, allowed)
        times.append((time.perf_counter() - begun) * 1000)
        found.append(ranking.keys)
    return summarize(times), found


def recall(
    found: Sequence[Keys],
    rows: Vectors,
    queries: Vectors,
    kth: Sequence[float],
    wanted: int,
) -> float:
    """The mean share of the `wanted` nearest that were found. What is as near as the last of
    them counts: twins are alike."""
    hits = [
        min(wanted, int((rows[keys - 1] @ query >= least - _ROUNDING).sum()))
        for keys, query, least in zip(found, queries, kth, strict=True)
    ]
    return float(np.mean(hits)) / wanted


def measure(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What one child does, in this process."""
    child = _Child(Path(asked["work"]), asked["name"], asked["variant"], asked["k"])
    return child.build() if asked["step"] == "build" else child.search()


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
