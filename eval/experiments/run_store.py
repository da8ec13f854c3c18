"""Runs on disk: one file for each system on each dataset, kept for good.

A file lies in a folder of its dataset and is named for the moment at which the run began, and for
its id. It has two lines: what lists and trends need to know of the run, and the run itself. It is
written beside its place and moved there when it is whole, so that a kill leaves no half of one.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.contract import LegReport, Run, System
from eval.report_file import run_from_json, run_json
from eval.significance import bootstrap_interval
from ingest.contract import BadInput, NotFound

SUFFIX = ".run.jsonl"
_RESAMPLES = 2_000
_LEAST_PREFIX = 4
_MADE = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What is known of a stored run without reading the whole of it. `name` is the name of its
    file, in which the moment stands first: names sort by time. `intervals` are the 95% bootstrap
    intervals of the means; a measure that is a sum has none. `settings` are those of its report.
    """

    name: str
    path: Path
    id: str
    experiment: str
    system: System
    begun: str
    dataset: str
    queries: int
    documents: int
    measures: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    costs: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunStore:
    """The stored runs below a folder, which need not exist."""

    folder: Path

    def save(self, run: Run) -> StoredRun:
        """Keeps a run. It is there wholly or not at all."""
        path = self.folder / _folder_name(run.report.dataset) / f"{name_of(run)}{SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(part, ensure_ascii=False) for part in (_head(run), run_json(run))]
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with draft.open("w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
        return self._read_head(path)

    def runs(self, dataset: str = "", system: str = "") -> list[StoredRun]:
        """The runs of a dataset and a system, by name (empty: of all), oldest first. Raises
        BadInput for a file that is damaged."""
        heads = [self._read_head(path) for path in self._paths(dataset)]
        return [
            head
            for head in heads
            if dataset in ("", head.dataset) and system in ("", head.system.name)
        ]

    def find(self, name: str) -> StoredRun:
        """The run of that name or id, or of the one that begins so; of several with one id the
        newest. Raises NotFound, and BadInput where several are meant."""
        found = [path for path in self._paths() if _is_meant(path, name)]
        if not found:
            raise NotFound(
                f"there is no stored run {name!r} in {self.folder}: 'braid eval runs' lists them"
            )
        ids = sorted({_id_of(path) for path in found})
        if len(ids) > 1:
            raise BadInput(
                f"{name!r} is the beginning of {len(ids)} ids ({', '.join(ids[:3])}): give more "
                "of it"
            )
        return self._read_head(found[-1])

    def newest(self, id: str) -> StoredRun | None:
        """The last run with exactly this id; None where there is none."""
        found = [path for path in self._paths() if _id_of(path) == id]
        return self._read_head(found[-1]) if found else None

    def load(self, stored: StoredRun | str) -> Run:
        """The whole run, by what `find` takes, or as it was listed. Raises as `find` does."""
        head = self.find(stored) if isinstance(stored, str) else stored
        return run_from_json(_line(head.path, 1), str(head.path))

    def prune(self, keep: int, dataset: str = "", system: str = "") -> list[StoredRun]:
        """Removes runs but the newest `keep` (at least 1) of each system on each dataset, and
        tells which; with a name, those of that dataset or system alone."""
        if keep < 1:
            raise BadInput(f"1 or more runs of each system have to be kept, not {keep}")
        kept: dict[tuple[str, str], int] = {}
        gone = []
        for run in reversed(self.runs(dataset, system)):
            key = (run.dataset, run.system.name)
            kept[key] = kept.get(key, 0) + 1
            if kept[key] > keep:
                run.path.unlink(missing_ok=True)
                gone.append(run)
        return gone[::-1]

    def _paths(self, dataset: str = "") -> list[Path]:
        folder = _folder_name(dataset) if dataset else "*"
        found = [
            path
            for path in self.folder.glob(f"{folder}/*{SUFFIX}")
            if _MADE.fullmatch(path.name.removesuffix(SUFFIX))
        ]
        return sorted(found, key=lambda path: (path.name, path.parent.name))

    def _read_head(self, path: Path) -> StoredRun:
        data = _line(path, 0)
        try:
            system = data["system"]
            return StoredRun(
                name=path.name.removesuffix(SUFFIX),
                path=path,
                id=data["run"],
                experiment=data["experiment"],
                system=System(system["name"], system["settings"], system["leg"]),
                begun=data["begun"],
                dataset=data["dataset"],
                queries=data["queries"],
                documents=data["documents"],
                measures=data["measures"],
                intervals={key: (low, high) for key, (low, high) in data["intervals"].items()},
                p50_ms=data["p50_ms"],
                p95_ms=data["p95_ms"],
                costs=data["costs"],
                settings=data["settings"],
                versions=data["versions"],
                machine=data["machine"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"{path} is no stored run ({error!r}): delete it") from error


def name_of(run: Run) -> str:
    """The name of a run: when it began, then its id."""
    return f"{run.begun.replace('-', '').replace(':', '')}-{run.id}"


def only_leg(run: Run) -> LegReport:
    """The measures of a run's system."""
    return run.report.legs[run.system.name]


def _head(run: Run) -> dict[str, Any]:
    whole, leg = run_json(run), only_leg(run)
    return {
        **{key: whole[key] for key in ("run", "experiment", "system", "begun")},
        "dataset": run.report.dataset,
        "queries": run.report.queries,
        "documents": run.report.documents,
        "measures": {name: float(value) for name, value in leg.measures.items()},
        "intervals": dict(_intervals(leg)),
        "p50_ms": leg.p50_ms,
        "p95_ms": leg.p95_ms,
        "costs": dict(leg.costs),
        "settings": dict(run.report.settings),
        "versions": dict(run.versions),
        "machine": dict(run.machine),
    }


def _intervals(leg: LegReport) -> Iterator[tuple[str, tuple[float, float]]]:
    for name, by_query in leg.per_query.items():
        values = list(by_query.values())
        if values and math.isclose(sum(values) / len(values), leg.measures[name], abs_tol=1e-12):
            yield name, bootstrap_interval(values, _RESAMPLES)


def _line(path: Path, number: int) -> Any:
    """The JSON of a line of a file, counted from 0. Raises BadInput."""
    try:
        with path.open(encoding="utf-8") as stream:
            for _ in range(number):
                stream.readline()
            return json.loads(stream.readline())
    except FileNotFoundError as error:
        raise NotFound(f"the stored run {path} is gone: somebody removed it") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} is no stored run ({error}): delete it") from error


def _id_of(path: Path) -> str:
    return path.name.removesuffix(SUFFIX).rpartition("-")[2]


def _is_meant(path: Path, name: str) -> bool:
    long_enough = len(name) >= _LEAST_PREFIX
    whole = path.name.removesuffix(SUFFIX)
    return name in (whole, _id_of(path)) or (long_enough and _id_of(path).startswith(name))


def _folder_name(dataset: str) -> str:
    """A folder's name for any dataset's: no two share one."""
    safe = re.sub(r"[^\w.-]", "-", dataset).strip("-.")[:60]
    if safe == dataset:
        return safe
    return f"{safe or 'set'}-{hashlib.sha256(dataset.encode()).hexdigest()[:8]}"
