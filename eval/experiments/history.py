"""Trends: how systems did on datasets over time, and what changed between two runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.differences import SOURCE_PREFIX
from eval.experiments.run_store import StoredRun

IN_FORCE = "settings in force"
"""The setting of a report that holds, as JSON, the settings in force by dotted name, as far as
they are not the defaults."""


@dataclass(frozen=True, slots=True)
class Point:
    """A run in a trend. `low` and `high` bound the 95% interval of the mean (equal to `value`
    where there is none); `changes` say, a line each, what was not as in the run before."""

    run: str
    begun: str
    value: float
    low: float
    high: float
    queries: int
    version: str
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """One measure of one system on one dataset, oldest run first."""

    dataset: str
    system: str
    measure: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class History:
    """Trends, by dataset, system and measure."""

    trends: Sequence[Trend]


def history_of(runs: Sequence[StoredRun], measures: Sequence[str] = ()) -> History:
    """The trends of stored runs (oldest first) on these measures; on all where none is named."""
    series: dict[tuple[str, str], list[StoredRun]] = {}
    for run in runs:
        series.setdefault((run.dataset, run.system.name), []).append(run)
    trends = []
    for (dataset, system), own in sorted(series.items()):
        names = measures or list(dict.fromkeys(name for run in own for name in run.measures))
        for measure in names:
            points = list(_points([run for run in own if measure in run.measures], measure))
            if points:
                trends.append(Trend(dataset, system, measure, points))
    return History(trends)


def _points(runs: Sequence[StoredRun], measure: str) -> Iterator[Point]:
    before: StoredRun | None = None
    for run in runs:
        value = run.measures[measure]
        low, high = run.intervals.get(measure, (value, value))
        yield Point(
            run=run.name,
            begun=run.begun,
            value=value,
            low=low,
            high=high,
            queries=run.queries,
            version=run.versions.get("braid", ""),
            changes=tuple(changes(before, run)) if before is not None else (),
        )
        before = run


def changes(before: StoredRun, after: StoredRun) -> Iterator[str]:
    """What was not the same in two runs of a system: Braid, packages, data, settings, machine."""
    for package, version in after.versions.items():
        old = before.versions.get(package, version)
        if old != version:
            yield f"{package}: {old} → {version}"
    for key, digest in after.settings.items():
        if key.startswith(SOURCE_PREFIX) and before.settings.get(key, digest) != digest:
            yield f"data: {key.removeprefix(SOURCE_PREFIX)}"
    if before.queries != after.queries:
        yield f"queries: {before.queries} → {after.queries}"
    if before.documents != after.documents:
        yield f"documents: {before.documents} → {after.documents}"
    if before.system.leg != after.system.leg:
        yield f"leg: {before.system.leg} → {after.system.leg}"
    old_settings, new_settings = _in_force(before.settings), _in_force(after.settings)
    for name in sorted(old_settings.keys() | new_settings.keys()):
        old_value, new_value = old_settings.get(name), new_settings.get(name)
        if old_value != new_value:
            yield f"{name}: {_said(old_value)} → {_said(new_value)}"
    for name in ("CPU", "cores"):
        was, runs_on = before.machine.get(name), after.machine.get(name)
        if was != runs_on and was and runs_on:
            yield f"machine: {was} → {runs_on}"


def _in_force(settings: Mapping[str, str]) -> dict[str, object]:
    found = json.loads(settings.get(IN_FORCE, "{}"))
    return found if isinstance(found, dict) else {}


def _said(value: object) -> str:
    return "the default" if value is None else json.dumps(value, ensure_ascii=False)
