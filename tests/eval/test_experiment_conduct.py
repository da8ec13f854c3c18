"""An experiment is gone through: what is stored is not measured, what is beaten is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from eval.contract import LegReport, Report, Run, System
from eval.experiments.conduct import Conduct, study_of_runs, study_of_stored
from eval.experiments.pace import noise, seconds
from eval.experiments.plan import Cell, Entry, Experiment, Racing, Size
from eval.experiments.run_store import RunStore
from ingest.contract import Unavailable

MEASURE = "nDCG@10"
QUERIES = 60


@dataclass
class Planted:
    """A bench on which systems are known to be better or worse by so much."""

    gains: dict[str, float]
    names: Sequence[str] = (MEASURE,)
    stops_after: int = 1000
    day: int = 1
    down: Sequence[tuple[str, str]] = ()
    measured: list[tuple[str, str]] = field(default_factory=list)

    def fingerprint(self, cell: Cell) -> str:
        return f"{cell.entry.name}{cell.system.name}".encode().hex()

    def measures(self, cell: Cell) -> Sequence[str]:
        return self.names

    def measure(self, cell: Cell) -> Run:
        if len(self.measured) == self.stops_after:
            raise KeyboardInterrupt
        name, dataset = cell.system.name, cell.entry.name
        if (dataset, name) in self.down:
            raise Unavailable(f"the model of {name} does not answer")
        self.measured.append((dataset, name))
        drawn = np.random.default_rng(len(dataset)).uniform(0.3, 0.7, QUERIES)
        values = {f"q{n}": float(v + self.gains[name]) for n, v in enumerate(drawn)}
        per_query = dict.fromkeys(self.names, values)
        means = dict.fromkeys(self.names, sum(values.values()) / len(values))
        report = Report(dataset, QUERIES, 10, {name: LegReport(name, means, per_query, 1.0, 2.0)})
        begun = f"2026-05-{self.day:02}T00:00:00.{len(self.measured):03}Z"
        told = {"probe_ms": f"{10 + len(self.measured)}", "searched_s": "6"}
        return Run(self.fingerprint(cell), "", cell.system, begun, report, machine=told)


def experiment(*systems: str, racing: Racing | None = None) -> Experiment:
    entries = [Entry(name, Path(name)) for name in ("a", "bb", "ccc")]
    return Experiment(
        name="e",
        datasets=entries,
        systems=[System(name) for name in systems],
        baseline=systems[0],
        racing=racing,
        in_force={name: {} for name in systems},
        sizes={entry.name: Size(QUERIES, 10 * len(entry.name)) for entry in entries},
    )


def test_what_was_stopped_goes_on(tmp_path: Path) -> None:
    gains = {"base": 0.0, "up": 0.1, "down": -0.1}
    plan, store = experiment(*gains), RunStore(tmp_path)
    first = Planted(gains, stops_after=4)
    with pytest.raises(KeyboardInterrupt):
        Conduct(first, store)(plan)
    second = Planted(gains)
    outcome = Conduct(second, store)(plan)
    assert len(first.measured) == 4
    assert len(second.measured) == 5
    assert not set(first.measured) & set(second.measured)
    assert len(outcome.runs) == 9
    assert {run.experiment for run in outcome.runs.values()} == {"e"}
    third = Planted(gains)
    assert Conduct(third, store, only_told=True)(plan).runs.keys() == outcome.runs.keys()
    assert third.measured == []
    Conduct(third, store, again=True)(plan)
    assert len(third.measured) == 9


def test_a_stored_run_has_to_have_every_measure(tmp_path: Path) -> None:
    gains = {"base": 0.0}
    plan, store = experiment("base"), RunStore(tmp_path)
    Conduct(Planted(gains), store)(plan)
    more = Planted(gains, (MEASURE, "R@5"))
    Conduct(more, store)(plan)
    assert len(more.measured) == 3
    fewer = Planted(gains, ("R@5",))
    outcome = Conduct(fewer, store)(plan)
    assert fewer.measured == []
    assert list(outcome.runs["a", "base"].report.legs["base"].measures) == ["R@5"]


def test_what_is_significantly_worse_is_measured_no_further(tmp_path: Path) -> None:
    gains = {"base": 0.0, "up": 0.1, "same": 0.0, "down": -0.1}
    bench = Planted(gains)
    outcome = Conduct(bench, RunStore(tmp_path))(experiment(*gains, racing=Racing(QUERIES)))
    assert [name for _, name in bench.measured].count("down") == 1
    assert len(bench.measured) == 10
    assert list(outcome.dropped) == ["down"]
    fallen = outcome.dropped["down"]
    assert (fallen.dataset, fallen.p_value < 0.05) == ("a", True)
    assert fallen.difference == pytest.approx(-0.1)
    study = study_of_runs(outcome)
    assert [list(report.legs) for report in study.reports] == [
        ["base", "up", "same", "down"], ["base", "up", "same"], ["base", "up", "same"]
    ]  # fmt: skip
    assert study.reports[1].settings["not measured: down"] == fallen.said
    assert "worse than the baseline on a by 0.1000" in fallen.said

    few = Planted(gains)
    Conduct(few, RunStore(tmp_path / "few"))(experiment(*gains, racing=Racing(QUERIES + 1)))
    assert len(few.measured) == 12


def test_time_that_is_up_leaves_the_most_useful_part(tmp_path: Path) -> None:
    gains = {"base": 0.0, "up": 0.1, "down": -0.1}
    bench = Planted(gains)
    conduct = Conduct(bench, RunStore(tmp_path), is_over=lambda: len(bench.measured) >= 5)
    outcome = conduct(experiment(*gains))
    assert bench.measured == [("a", "base"), ("a", "up"), ("a", "down"), ("bb", "base"),
                              ("bb", "up")]  # fmt: skip
    assert next((c.entry.name, c.system.name) for c in outcome.left_out()) == ("bb", "down")
    assert study_of_runs(outcome).reports[1].settings["not measured: down"].startswith("the exp")


def test_what_does_not_answer_has_failed_and_the_rest_is_measured(tmp_path: Path) -> None:
    gains = {"base": 0.0, "up": 0.1, "down": -0.1}
    bench = Planted(gains, down=[("a", "up"), ("bb", "base")])
    heard: list[tuple[str, str]] = []
    outcome = Conduct(
        bench,
        RunStore(tmp_path),
        failed=lambda cell, why: heard.append((f"{cell.entry.name} {cell.system.name}", why)),
    )(experiment(*gains))
    assert len(bench.measured) == 7
    assert outcome.failed == {
        ("a", "up"): "the model of up does not answer",
        ("bb", "base"): "the model of base does not answer",
    }
    assert [name for name, _ in heard] == ["a up", "bb base"]
    reports = {report.dataset: report for report in study_of_runs(outcome).reports}
    assert list(reports["a"].legs) == ["base", "down"]
    told = reports["a"].settings["not measured: up"]
    assert told == "failed: the model of up does not answer"

    later = Planted(gains)
    outcome = Conduct(later, RunStore(tmp_path))(experiment(*gains))
    assert sorted(later.measured) == [("a", "up"), ("bb", "base")]
    assert (len(outcome.runs), outcome.failed) == (9, {})


def test_a_study_is_over_the_questions_that_all_systems_have_a_grade_for(tmp_path: Path) -> None:
    """A judge whose reply cannot be read gives a question no grade."""
    graded = {"base": {"q1": 1.0, "q2": 0.0, "q3": 0.5}, "up": {"q0": 0.5, "q2": 1.0, "q3": 1.0}}
    plan = experiment("base", "up")
    outcome = Conduct(Planted({"base": 0.0, "up": 0.1}), RunStore(tmp_path))(plan)
    for (dataset, name), run in list(outcome.runs.items()):
        leg = run.report.legs[name]
        values = graded[name] if dataset != "bb" else {name: 1.0}
        leg = replace(
            leg,
            measures={**leg.measures, "Correct": sum(values.values()) / len(values)},
            per_query={**leg.per_query, "Correct": values},
        )
        outcome.runs[dataset, name] = replace(run, report=replace(run.report, legs={name: leg}))
    reports = {report.dataset: report for report in study_of_runs(outcome).reports}
    base, up = reports["a"].legs.values()
    assert base.per_query["Correct"] == {"q2": 0.0, "q3": 0.5}
    assert (base.measures["Correct"], up.measures["Correct"]) == (0.25, 1.0)
    assert base.per_query[MEASURE].keys() == up.per_query[MEASURE].keys()
    assert len(base.per_query[MEASURE]) == QUERIES
    assert "Correct" not in reports["bb"].legs["up"].measures


def test_the_noise_of_the_machine_is_told(tmp_path: Path) -> None:
    outcome = Conduct(Planted({"base": 0.0, "up": 0.1}), RunStore(tmp_path))(
        experiment("base", "up")
    )
    report = study_of_runs(outcome).reports[0]
    assert "took 11.0 to 12.0 ms" in report.settings["noise of latencies"]
    assert "less than 9%" in report.settings["noise of latencies"]
    assert noise([outcome.runs["a", "base"]]) == ""


def test_time_is_estimated_by_what_is_most_alike(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    plan = experiment("base", "up")
    cell = Cell(plan.datasets[1], plan.systems[1])
    size = Size(120, 50)
    assert seconds(cell, size, store.runs(), is_indexed=True) is None
    Conduct(Planted({"base": 0.0, "up": 0.1}), store)(plan)
    assert seconds(cell, size, store.runs(), is_indexed=True) == pytest.approx(12.0)
    assert seconds(cell, size, store.runs(), is_indexed=False) is None
    costly = [replace(run, costs={"index_s": 2.0}) for run in store.runs()]
    assert seconds(cell, size, costly, is_indexed=False) == pytest.approx(12.0 + 50 * 0.2)


def test_a_study_of_stored_runs_has_the_last_of_each_system(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    plan = experiment("base", "up")
    for day, gain in ((1, 0.1), (2, 0.2)):
        Conduct(Planted({"base": 0.0, "up": gain}, day=day), store, again=True)(plan)
    study = study_of_stored("all", [store.load(run) for run in store.runs("a")])
    assert [report.dataset for report in study.reports] == ["a"]
    base, up = study.reports[0].legs.values()
    assert up.measures[MEASURE] - base.measures[MEASURE] == pytest.approx(0.2)
