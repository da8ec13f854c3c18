"""What a system costs beside what it finds: seconds, disk, memory, and searches a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.benchmark_child import folder_bytes, resident_bytes
from api.evaluation import Evaluation, query_of
from eval.contract import QUESTION_DEPTH, Report
from eval.pipeline import throughput
from index.pipeline import Collection

_SEARCHES = 200
"""Searches made at least for a throughput, from each number of threads."""


def with_index_costs(evaluation: Evaluation, collection: Collection, report: Report) -> Report:
    """The report with what is known for nothing, of every leg: `index_s` where this evaluation
    indexed, `index_mb` of the collection on disk, `memory_mb` that the process holds now, with the
    models and indexes of all legs."""
    costs = {
        "index_mb": folder_bytes(collection.folder) / 1e6,
        "memory_mb": resident_bytes()[0] / 1e6,
    }
    if collection.name in evaluation.indexing_s:
        costs["index_s"] = evaluation.indexing_s[collection.name]
    return _with_costs(report, dict.fromkeys(report.legs, costs))


def with_throughput(
    evaluation: Evaluation, collection: Collection, report: Report, threads: Sequence[int]
) -> Report:
    """The report with searches a second of each leg, from each number of threads at once:
    `searches_per_s` for one, `searches_per_s_4` for four. The report's queries are asked in turn,
    each as often as it takes; a query that comes again is not embedded again."""
    costs: dict[str, dict[str, float]] = {leg: {} for leg in report.legs}
    texts = list(report.texts.values())
    searches = max(_SEARCHES, len(texts))
    for count in threads:
        for leg in report.legs:

            def search(text: str, leg: str = leg) -> object:
                return evaluation.braid.search(collection, query_of(text, leg, QUESTION_DEPTH))

            name = "searches_per_s" if count == 1 else f"searches_per_s_{count}"
            costs[leg][name] = throughput(search, texts, count, searches).per_s
    return _with_costs(report, costs)


def _with_costs(report: Report, costs: Mapping[str, Mapping[str, float]]) -> Report:
    legs = {
        name: replace(leg, costs={**leg.costs, **costs[name]}) for name, leg in report.legs.items()
    }
    return replace(report, legs=legs)
