"""What a system costs and finds on one set: indexing, quality, latency, memory, disk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.peers.process import System, folder_mb
from bench.peers.protocol import DEPTH, OUT_OF_THE_BOX, Given
from bench.peers.systems import BRAID
from eval.contract import Dataset, LegRun
from eval.pipeline import measure_runs, summarize

MEASURES = ("nDCG@10", "R@5", "R@100")
SHALLOW = ("nDCG@10", "R@5")
"""Of systems that are asked for ten results, as a user asks them."""

TOP = 10
_WARM_UP = 3
_TIMED = 50
"""Searches for ten entries that are timed; quality is measured over all questions."""


@dataclass(frozen=True)
class Case:
    """One set: its judgements, and what the systems are given of it."""

    dataset: Dataset
    given: Given

    @property
    def documents(self) -> list[str]:
        """Those that have a passage, in the order in which they are indexed."""
        return list(dict.fromkeys(entry.document for entry in self.given.entries))

    @property
    def per_document(self) -> int:
        """Passages that hold one document, on average, rounded up: so many are asked for, for each
        document wanted."""
        return math.ceil(len(self.given.entries) / len(self.documents))

    @property
    def queries(self) -> list[str]:
        """The names of the questions."""
        return [f"q:{key}" for key in self.dataset.queries]


def measured(system: System, case: Case) -> dict[str, Any]:
    """Everything of one system on one set. Raises Died and Refused."""
    is_shallow = system.set_up == OUT_OF_THE_BOX and system.name != BRAID
    with system:
        opened = system.ask("open")
        idle_mb = system.peak_mb
        added = system.ask("add", documents=case.documents)
        settled = system.ask("settle")
        wanted = (TOP if is_shallow else DEPTH) * case.per_document
        system.ask("search", queries=case.queries[:_WARM_UP], k=TOP)
        deep = system.ask("search", queries=case.queries, k=wanted)
        timed = case.queries[:_TIMED]
        quick = system.ask("search", queries=timed, k=TOP)
        whole = None
        if system.name == BRAID:
            whole = system.ask("search", queries=timed, k=TOP, whole=True)
        memory = system.peak_mb
        system.close()
    result = {
        "versions": opened["versions"],
        "notes": opened["notes"],
        "documents": len(case.documents),
        "entries": added["entries"],
        "index_s": added["seconds"],
        "settle_s": settled["seconds"],
        "disk_mb": folder_mb(system.folder),
        "memory_mb": memory,
        "idle_mb": idle_mb,
        "faults": deep["fault_count"] + quick["fault_count"],
        "fault": (deep["faults"] + quick["faults"] + [""])[0],
        **_latency(quick["ms"], ""),
        **(_latency(whole["ms"], "whole_") if whole else {}),
    }
    measures = SHALLOW if is_shallow else MEASURES
    return {**result, **_quality(case, deep["found"], measures)}


def _latency(ms: Sequence[float], prefix: str) -> dict[str, float]:
    latency = summarize(ms)
    return {f"{prefix}p50_ms": latency.p50_ms, f"{prefix}p95_ms": latency.p95_ms}


def _quality(case: Case, found: Sequence[Any], measures: Sequence[str]) -> dict[str, Any]:
    rankings = {
        key: [(str(name), float(score)) for name, score in row[:DEPTH]]
        for key, row in zip(case.dataset.queries, found, strict=True)
    }
    run = LegRun("system", rankings, ())
    leg = measure_runs(case.dataset.qrels, [run], measures)["system"]
    return {
        "measures": dict(leg.measures),
        "per_query": {name: dict(values) for name, values in leg.per_query.items()},
    }
