"""Measures the cells of an experiment, one after the other, and keeps each as soon as it is done.

What is stored with the same fingerprint is not measured again, so that an experiment that was
killed goes on where it stopped, and two experiments share what they have in common. A cell whose
model or endpoint does not answer, or whose collection another process is writing, has failed: the
others are measured, and the same experiment later measures what failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Protocol

from eval.contract import LegReport, Report, Run, Study
from eval.differences import difference
from eval.experiments.history import IN_FORCE
from eval.experiments.order import Distances, next_cell
from eval.experiments.pace import NOISE, noise
from eval.experiments.plan import Cell, Experiment
from eval.experiments.run_store import RunStore, only_leg
from eval.measures import mean
from eval.significance import SIGNIFICANT
from ingest.contract import Conflict, Unavailable

ANSWERS, JUDGE, FAULTS = "answers", "judge", "searches without a step"
"""Of the settings of a report: what wrote the answers that were measured, what judged them, and
what searches went without."""


class Bench(Protocol):
    """Measures a cell. The run's id is what `fingerprint` gives for the cell. `measure` raises
    Unavailable where a model or an endpoint that the system needs does not answer, and Conflict
    where another process has its collection."""

    def fingerprint(self, cell: Cell) -> str: ...

    def measures(self, cell: Cell) -> Sequence[str]: ...

    def measure(self, cell: Cell) -> Run: ...


@dataclass(frozen=True, slots=True)
class Done:
    """A cell that is done: `stored` where it had been measured before."""

    cell: Cell
    run: Run
    stored: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A system that is measured no further: it is worse than the baseline on `dataset` by
    `difference`, with this p-value, corrected by Bonferroni for all the comparisons that the
    experiment makes, whether it gets to them or not."""

    system: str
    dataset: str
    measure: str
    difference: float
    p_value: float

    @property
    def said(self) -> str:
        """In a line."""
        return (
            f"{self.system} is worse than the baseline on {self.dataset} by "
            f"{-self.difference:.4f} {self.measure} (p = {self.p_value:.4f})"
        )


@dataclass
class Outcome:
    """What came of an experiment, by dataset and system."""

    experiment: Experiment
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    dropped: dict[str, Dropped] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a system could not be measured on a dataset."""

    def why_not(self, cell: Cell) -> str:
        """Why a cell was not measured."""
        failure = self.failed.get((cell.entry.name, cell.system.name))
        if failure is not None:
            return f"failed: {failure}"
        fallen = self.dropped.get(cell.system.name)
        return fallen.said if fallen is not None else _NOT_YET

    def left_out(self) -> list[Cell]:
        """The cells that were not measured, in the order of the file."""
        return [
            Cell(entry, system)
            for entry in self.experiment.datasets
            for system in self.experiment.systems
            if (entry.name, system.name) not in self.runs
        ]


@dataclass(frozen=True)
class Conduct:
    """How an experiment is gone through. With `again` what is stored is measured anew; `only_told`
    measures nothing: what is stored is told. `is_over` is asked before each cell that would have to
    be measured, `told` hears of each that is done, and `failed` of each that could not be, and
    why."""

    bench: Bench
    store: RunStore
    again: bool = False
    only_told: bool = False
    is_over: Callable[[], bool] = lambda: False
    told: Callable[[Done], None] = lambda _done: None
    failed: Callable[[Cell, str], None] = lambda _cell, _why: None

    def __call__(self, experiment: Experiment) -> Outcome:
        """Goes through all cells, in the order of promise. What raises anything but Unavailable or
        Conflict ends it; the cells that were done are stored."""
        outcome = Outcome(experiment)
        passed_over: set[tuple[str, str]] = set()
        values: dict[tuple[str, str], float] = {}
        distances = Distances(experiment.systems, experiment.in_force)
        while True:
            cell = next_cell(experiment, values, passed_over, distances)
            if cell is None:
                return outcome
            key = (cell.entry.name, cell.system.name)
            run = None if self.again else find_stored(self.bench, self.store, experiment, cell)
            stored = run is not None
            if run is None:
                if self.only_told or cell.system.name in outcome.dropped or self.is_over():
                    passed_over.add(key)
                    continue
                try:
                    run = replace(self.bench.measure(cell), experiment=experiment.name)
                except (Unavailable, Conflict) as error:
                    passed_over.add(key)
                    outcome.failed[key] = str(error)
                    self.failed(cell, str(error))
                    continue
                self.store.save(run)
            outcome.runs[key], values[key] = run, _main_value(run)
            self.told(Done(cell, run, stored))
            fallen = _beaten(outcome, cell)
            if fallen is not None:
                outcome.dropped.setdefault(fallen.system, fallen)


def find_stored(bench: Bench, store: RunStore, experiment: Experiment, cell: Cell) -> Run | None:
    """The newest run of a cell that has all that is asked for, under the names of the cell; None
    where the cell has to be measured."""
    head = store.newest(bench.fingerprint(cell))
    if head is None or any(name not in head.measures for name in bench.measures(cell)):
        return None
    answered = experiment.answers and cell.entry.has_questions
    if answered and ANSWERS not in head.settings:
        return None
    if answered and experiment.judge and head.settings.get(JUDGE) != experiment.judge:
        return None
    run = renamed(store.load(head), cell)
    return run if answered else with_measures(run, bench.measures(cell))


def renamed(run: Run, cell: Cell) -> Run:
    """A run under the names that a cell has for its system and its dataset, and with the cell's
    settings: those in force are the same."""
    leg = replace(only_leg(run), leg=cell.system.name)
    report = replace(run.report, dataset=cell.entry.name, legs={cell.system.name: leg})
    return replace(run, system=cell.system, report=report)


def with_measures(run: Run, measures: Sequence[str]) -> Run:
    """A run with these measures alone, in this order."""
    leg = only_leg(run)
    legs = {run.system.name: _cut(leg, measures)}
    return replace(run, report=replace(run.report, legs=legs))


def _cut(leg: LegReport, measures: Sequence[str]) -> LegReport:
    return replace(
        leg,
        measures={name: leg.measures[name] for name in measures},
        per_query={name: leg.per_query[name] for name in measures},
    )


def _main_value(run: Run) -> float:
    return next(iter(only_leg(run).measures.values()))


def _beaten(outcome: Outcome, cell: Cell) -> Dropped | None:
    """The system of a cell, where the race is over for it."""
    experiment = outcome.experiment
    racing, baseline = experiment.racing, experiment.baseline
    reference = outcome.runs.get((cell.entry.name, baseline))
    if racing is None or reference is None or cell.system.name == baseline:
        return None
    own = outcome.runs[(cell.entry.name, cell.system.name)]
    measure = next(iter(only_leg(reference).measures))
    if len(only_leg(own).per_query.get(measure, ())) < racing.queries:
        return None
    found = difference(only_leg(reference), only_leg(own), measure)
    comparisons = (len(experiment.systems) - 1) * len(experiment.datasets)
    p_value = min(1.0, found.p_value * comparisons)
    if found.difference >= 0 or p_value >= SIGNIFICANT:
        return None
    return Dropped(cell.system.name, cell.entry.name, measure, found.difference, p_value)


def study_of_runs(outcome: Outcome) -> Study:
    """The study of an outcome: a report for each dataset that has any run, whose legs are the
    systems in the order of the file, with the measures that all of its runs have."""
    experiment = outcome.experiment
    reports = []
    for entry in experiment.datasets:
        runs = [
            outcome.runs[(entry.name, system.name)]
            for system in experiment.systems
            if (entry.name, system.name) in outcome.runs
        ]
        if not runs:
            continue
        report = _merged(runs)
        told = dict(report.settings)
        for cell in outcome.left_out():
            if cell.entry.name == entry.name:
                told[f"{NOT_MEASURED_PREFIX}{cell.system.name}"] = outcome.why_not(cell)
        reports.append(replace(report, settings=told))
    return Study(experiment.name, reports, experiment.baseline)


def study_of_stored(name: str, runs: Sequence[Run]) -> Study:
    """A study of stored runs, by dataset: of each system the last that is given, where it was asked
    the same queries as the last of the dataset."""
    by_dataset: dict[str, dict[str, Run]] = {}
    for run in runs:
        own = by_dataset.setdefault(run.report.dataset, {})
        own.pop(run.system.name, None)
        own[run.system.name] = run
    reports = []
    for dataset in sorted(by_dataset):
        last = list(by_dataset[dataset].values())
        asked = _queries(last[-1])
        reports.append(_merged([run for run in last if _queries(run) == asked]))
    return Study(name, reports)


def _queries(run: Run) -> set[str]:
    return set(next(iter(only_leg(run).per_query.values())))


def _merged(runs: Sequence[Run]) -> Report:
    """One report out of runs on one dataset, over what all of them have: measures, and questions
    that have a value in each (a judge gives some answers no verdict). What they say alike of how
    they were made stands for all; of what is different, what tells a system stands under its
    name."""
    asked = _asked_of_all([only_leg(run) for run in runs])
    legs = {run.system.name: _over(only_leg(run), asked) for run in runs}
    settings = {
        key: value
        for key, value in runs[0].report.settings.items()
        if all(run.report.settings.get(key) == value for run in runs)
    }
    for run in runs:
        for key, value in run.report.settings.items():
            if key not in settings and (key in _OWN or key.startswith(JUDGE)):
                settings[f"{run.system.name}: {key}"] = value
    told = noise(runs)
    if told:
        settings[NOISE] = told
    return replace(runs[0].report, legs=legs, settings=settings)


def _asked_of_all(legs: Sequence[LegReport]) -> dict[str, set[str]]:
    """The questions that all legs have a value for, by measure; measures without any left out."""
    found = {}
    for name in legs[0].measures:
        if all(name in leg.measures for leg in legs):
            asked = set.intersection(*(set(leg.per_query[name]) for leg in legs))
            if asked:
                found[name] = asked
    return found


def _over(leg: LegReport, asked: Mapping[str, Set[str]]) -> LegReport:
    """A leg with these measures alone, in this order, over these questions."""
    cut = _cut(leg, list(asked))
    for name, ids in asked.items():
        if len(ids) < len(leg.per_query[name]):
            values = {one: value for one, value in leg.per_query[name].items() if one in ids}
            cut = replace(
                cut,
                measures={**cut.measures, name: mean(values)},
                per_query={**cut.per_query, name: values},
            )
    return cut


NOT_MEASURED_PREFIX = "not measured: "
"""Before the name of a system among the settings of a report: why it is not there."""

_OWN = (IN_FORCE, "leg", ANSWERS, FAULTS)
"""Of the settings of a run, what its system is told by, and what is its own doing; what its judge
says is, too."""

_NOT_YET = "the experiment ended before"
