"""Stored runs: kept wholly, found by id, listed, pruned; and what trends say of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eval.contract import LegReport, Report, Run, System
from eval.experiments.history import IN_FORCE, history_of
from eval.experiments.run_store import RunStore, StoredRun
from ingest.contract import BadInput, NotFound

MEASURES = ("nDCG@10", "R@5")


def made(
    day: int, values: list[float], id: str = "abcd0123", dataset: str = "set", name: str = "a"
) -> Run:
    """A run on a day of May, with these values on both measures."""
    per_query = {m: {f"q{n}": value for n, value in enumerate(values)} for m in MEASURES}
    means = dict.fromkeys(MEASURES, sum(values) / len(values))
    leg = LegReport(name, means, per_query, 1.25, 2.5, latencies_ms=(1.25, 2.5))
    settings = {"sha256 of corpus.jsonl": "1", IN_FORCE: '{"retrieval.depth": 50}'}
    report = Report(
        dataset,
        len(values),
        10,
        {name: leg},
        settings,
        dict.fromkeys(per_query[MEASURES[0]], "多少？"),
    )
    return Run(
        id, "exp", System(name, {"retrieval.depth": 50}), f"2026-05-{day:02}T10:00:00.000Z", report,
        {"braid": "1"}, {"CPU": "c"},
    )  # fmt: skip


def days(runs: list[StoredRun]) -> list[int]:
    return [int(run.begun[8:10]) for run in runs]


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path / "runs"), made(1, [0.0, 1.0, 1.0])
    head = store.save(run)
    loaded = store.load(head)
    assert loaded.report.legs["a"].per_query == run.report.legs["a"].per_query
    assert replace(loaded, report=run.report) == run
    assert loaded.report.texts == run.report.texts
    assert head.measures == run.report.legs["a"].measures
    low, high = head.intervals["nDCG@10"]
    assert low < 2 / 3 < high
    assert store.runs() == [head]


def test_runs_are_listed_oldest_first_by_dataset_and_system(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    assert store.runs() == []
    for day, dataset, name in ((3, "b/1", "x"), (1, "b-1", "x"), (2, "b/1", "y")):
        store.save(made(day, [0.5], f"{day:08x}", dataset, name))
    assert days(store.runs()) == [1, 2, 3]
    assert days(store.runs("b/1")) == [2, 3]
    assert days(store.runs("b/1", "x")) == [3]
    assert days(store.runs(system="x")) == [1, 3]


def test_the_newest_of_an_id_is_found(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for day, id in ((2, "abcd0123"), (1, "abcd0123"), (3, "abff0000")):
        store.save(made(day, [0.5], id))
    assert days([store.find("abcd0123"), store.find("abcd"), store.find("abff")]) == [2, 2, 3]
    first = store.runs()[0]
    assert store.find(first.name) == first
    newest = store.newest("abcd0123")
    assert newest is not None
    assert days([newest]) == [2]
    assert store.newest("abcd") is None
    with pytest.raises(NotFound, match="braid eval runs"):
        store.find("0000")
    with pytest.raises(NotFound):
        store.find("ab")  # too short to be taken for the beginning of an id
    store.save(made(4, [0.5], "abcdffff"))
    with pytest.raises(BadInput, match="2 ids"):
        store.find("abcd")


def test_half_a_file_is_no_run(tmp_path: Path) -> None:
    """What a kill leaves of a run that was being written has another name."""
    store = RunStore(tmp_path)
    head = store.save(made(1, [0.5]))
    half = head.path.read_text()[:50]
    head.path.with_name(f".{head.path.name}.123").write_text(half)
    (tmp_path / "set" / "notes.run.jsonl").write_text("mine")
    assert store.runs() == [head]
    head.path.write_text(half)
    with pytest.raises(BadInput, match="delete it"):
        store.runs()
    head.path.write_text(json.dumps({"run": "x"}))
    with pytest.raises(BadInput, match="delete it"):
        store.runs()


def test_old_runs_go(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for day in range(1, 6):
        store.save(made(day, [0.5], name="a" if day < 5 else "b"))
    assert days(store.prune(2, system="b")) == []
    assert days(store.prune(2)) == [1, 2]
    assert days(store.runs()) == [3, 4, 5]
    with pytest.raises(BadInput):
        store.prune(0)


def test_a_trend_marks_what_changed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    first = made(1, [0.0, 1.0])
    report = first.report
    runs = [
        first,
        replace(made(2, [0.5, 1.0]), versions={"braid": "2"}),
        replace(
            made(3, [1.0, 1.0]),
            versions={"braid": "2"},
            report=replace(
                made(3, [1.0, 1.0]).report,
                settings={**report.settings, IN_FORCE: "{}", "sha256 of corpus.jsonl": "2"},
            ),
        ),
    ]
    for run in runs:
        store.save(run)
    store.save(made(1, [0.25], "ffff0000", name="other"))
    history = history_of(store.runs(), ["nDCG@10"])
    assert [(t.system, len(t.points)) for t in history.trends] == [("a", 3), ("other", 1)]
    points = history.trends[0].points
    assert [point.value for point in points] == [0.5, 0.75, 1.0]
    assert [list(point.changes) for point in points] == [
        [],
        ["braid: 1 → 2"],
        ["data: corpus.jsonl", "retrieval.depth: 50 → the default"],
    ]
    assert points[0].low <= 0.5 <= points[0].high
    assert len(history_of(store.runs()).trends) == 4
    assert history_of(store.runs(), ["none"]).trends == []
