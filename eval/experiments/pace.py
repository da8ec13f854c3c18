"""How fast the machine was between cells, and how long those that are left will take."""

from __future__ import annotations

from collections.abc import Sequence

from eval.contract import Run
from eval.experiments.plan import Cell, Size
from eval.experiments.run_store import StoredRun

PROBE_MS = "probe_ms"
"""Of a run's machine: the median of the same searches, before and after the run."""

SEARCHED_S = "searched_s"
"""Of a run's machine: how long all searches took, with the warm-up and the measuring."""


NOISE = "noise of latencies"
"""The setting of a report that says how far latencies can be told apart."""


def noise(runs: Sequence[Run]) -> str:
    """How much the machine's speed changed between runs on one dataset, in a sentence; empty where
    that was not looked at."""
    probes = [float(run.machine[PROBE_MS]) for run in runs if PROBE_MS in run.machine]
    if len(probes) < 2 or min(probes) <= 0:
        return ""
    apart = max(probes) / min(probes) - 1.0
    return (
        f"the same searches of the baseline took {min(probes):.1f} to {max(probes):.1f} ms in the "
        f"median around the runs: latencies that differ by less than {apart:.0%} are not apart"
    )


def seconds(
    cell: Cell, size: Size, stored: Sequence[StoredRun], *, is_indexed: bool
) -> float | None:
    """How long a cell will take, by what earlier runs took for a query and a document: of the same
    dataset and system, else of the dataset, of the system, of any. None where nothing is known."""
    pools = (
        [
            run
            for run in stored
            if run.dataset == cell.entry.name and run.system.name == cell.system.name
        ],
        [run for run in stored if run.dataset == cell.entry.name],
        [run for run in stored if run.system.name == cell.system.name],
        stored,
    )
    searching = next((s for pool in pools if (s := _per_query(pool)) is not None), None)
    indexing = next((s for pool in pools if (s := _per_document(pool)) is not None), None)
    if searching is None or (indexing is None and not is_indexed):
        return None
    return searching * size.queries + (0.0 if is_indexed else (indexing or 0.0) * size.documents)


def _per_query(runs: Sequence[StoredRun]) -> float | None:
    timed = [run for run in runs if SEARCHED_S in run.machine and run.queries]
    taken = sum(float(run.machine[SEARCHED_S]) for run in timed)
    return taken / sum(run.queries for run in timed) if timed else None


def _per_document(runs: Sequence[StoredRun]) -> float | None:
    timed = [run for run in runs if "index_s" in run.costs and run.documents]
    taken = sum(run.costs["index_s"] for run in timed)
    return taken / sum(run.documents for run in timed) if timed else None
