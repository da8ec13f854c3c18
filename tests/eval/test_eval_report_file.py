"""Report files give back what was written, or say what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.contract import LegReport, Miss, Report, Run, Stage, Study, System, Trace
from eval.pipeline import (
    RunStore,
    read_report,
    read_stored_run,
    read_study,
    render,
    report_from_json,
    report_json,
    run_from_json,
    run_json,
    study_from_json,
    study_of,
)
from ingest.contract import BadInput

MEASURES = ("nDCG@10", "RR@10")


def made_report(legs: Sequence[str] = ("good", "half")) -> Report:
    values = {name: {"q1": 1.0, "q2": 0.5} for name in MEASURES}
    means = dict.fromkeys(MEASURES, 0.75)
    made = {leg: LegReport(leg, means, values, 1.25, 2.5) for leg in legs}
    return Report("made", 2, 3, made, {"depth": "100"})


def test_json_has_the_agreed_form() -> None:
    data = report_json(made_report())
    assert list(data) == ["dataset", "queries", "documents", "legs", "settings", "per_query"]
    assert list(data["legs"]["half"]) == [*MEASURES, "p50_ms", "p95_ms"]


names = st.text(min_size=1, max_size=6).filter(lambda name: name not in ("p50_ms", "p95_ms"))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    queries = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    legs = {}
    lines = st.lists(names, max_size=2).map(tuple)
    trace = st.builds(
        Trace,
        st.none() | st.sampled_from(Stage),
        st.dictionaries(names, st.none() | st.integers(1, 9), max_size=2),
        names,
    )
    for leg in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        measures = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        some = st.sampled_from(queries)
        legs[leg] = LegReport(
            leg,
            {measure: draw(numbers) for measure in measures},
            {measure: {query: draw(numbers) for query in queries} for measure in measures},
            float(draw(st.integers(0, 9000))),
            float(draw(st.integers(0, 9000))),
            tuple(map(float, draw(st.lists(st.integers(0, 9000), max_size=3)))),
            draw(st.dictionaries(some, lines, max_size=2)),
            draw(st.dictionaries(some, trace, max_size=2)),
            draw(st.dictionaries(names, numbers, max_size=2)),
        )
    settings = draw(st.dictionaries(names, names, max_size=2))
    texts = draw(st.just({}) | st.just({query: f"{query}?" for query in queries}))
    slices = draw(st.dictionaries(names, lines, max_size=2))
    return Report(draw(names), len(queries), 7, legs, settings, texts, slices)


@st.composite
def studies(draw: st.DrawFn) -> Study:
    line = st.lists(names, max_size=2).map(tuple)
    miss = st.builds(Miss, names, names, names, line, line, st.none() | st.integers(1, 9))
    misses = st.dictionaries(names, st.lists(miss, max_size=2).map(tuple), max_size=2)
    found = draw(st.lists(reports(), min_size=1, max_size=2).map(tuple))
    return Study(draw(names), found, draw(names), draw(misses))


@settings(max_examples=60, deadline=None)
@given(reports())
def test_json_round_trip(report: Report) -> None:
    text = render("json", study_of(report))
    assert report_from_json(json.loads(text)) == report
    assert render("json", study_of(report_from_json(json.loads(text)))) == text


@settings(max_examples=20, deadline=None)
@given(studies())
def test_studies_round_trip(study: Study) -> None:
    text = render("json", study)
    assert study_from_json(json.loads(text)) == study
    if len(study.reports) > 1:
        with pytest.raises(BadInput, match=r"holds 2 reports \(.*give a file of one evaluation"):
            report_from_json(json.loads(text))


@settings(max_examples=20, deadline=None)
@given(reports(), st.dictionaries(names, st.integers() | names | st.lists(names)))
def test_runs_round_trip(report: Report, given: dict[str, Any]) -> None:
    name, leg = next(iter(report.legs.items()))
    one = replace(report, legs={name: leg})
    run = Run("f00", "", System(name, given, "rrf"), "2026-01-02T03:04:05Z", one, {"braid": "1"})
    assert run_from_json(json.loads(json.dumps(run_json(run)))) == run
    assert report_from_json(run_json(run)) == run.report
    assert study_from_json(run_json(run)).reports == (run.report,)
    with pytest.raises(BadInput, match="not of 'other' alone"):
        run_from_json({**run_json(run), "system": {**run_json(run)["system"], "name": "other"}})


def broken(path: Sequence[str], value: object) -> object:
    data: dict[str, Any] = json.loads(json.dumps(report_json(made_report(["good"]))))
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the report is no JSON object"),
        ({}, "per_query is no JSON object"),
        (broken(["legs"], {}), "has no leg"),
        (broken(["legs", "good", "p50_ms"], None), "lacks p50_ms"),
        (broken(["legs", "good", "RR@10"], "high"), "leg 'good': RR@10 is no number"),
        (broken(["legs", "good", "RR@10"], float("nan")), "leg 'good': RR@10 is no number"),
        (broken(["legs", "good", "AP"], 0.5), "its measures and those of per_query differ"),
        (broken(["per_query", "good"], None), "leg 'good': per_query is no JSON object"),
        (broken(["per_query", "good", "nDCG@10", "q1"], None), "not over the same queries"),
        (broken(["texts"], {"q1": "who?"}), "not over the same queries"),
        (broken(["per_query", "good", "RR@10", "q1"], True), "q1 is no number"),
        (broken(["dataset"], 3), "dataset is no text"),
        (broken(["queries"], 1.5), "queries is no whole number"),
        (broken(["settings", "depth"], 100), "settings: depth is no text"),
        (broken(["found"], {"good": {"q1": "d1"}}), "leg 'good': found: q1 is no JSON list"),
        (broken(["traces"], {"good": {"q1": {"lost": "indexing"}}}), "q1: lost is none of parsing"),
        (broken(["latencies_ms"], {"good": ["1"]}), "leg 'good': latencies_ms is no number"),
        (broken(["costs"], {"good": {"index_s": None}}), "costs: index_s is no number"),
        (broken(["slices"], {"language: chinese": "q1"}), "language: chinese is no JSON list"),
        ({"reports": []}, "has no report"),
        ({"reports": [{}]}, "report 1: per_query is no JSON object"),
    ],
)
def test_files_that_are_no_reports(data: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        report_from_json(data)


def test_reading_report_files(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with pytest.raises(BadInput, match="cannot be read"):
        read_report(path)
    path.write_text("no", "utf-8")
    with pytest.raises(BadInput, match=r"report\.json is not JSON"):
        read_report(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match=r"report\.json is not JSON"):
        read_report(path)
    report = made_report()
    path.write_text(render("json", study_of(report)), "utf-8")
    assert read_report(path).legs["half"].per_query == report.legs["half"].per_query
    assert read_study(path) == study_of(report)
    one = made_report(["good"])
    run = Run("f00", "try", System("good"), "2026-01-02T03:04:05Z", one)
    path.write_text(json.dumps(run_json(run)), "utf-8")
    assert read_stored_run(path) == run
    kept = RunStore(tmp_path).save(run).path
    assert read_stored_run(kept) == run and read_report(kept) == one
    assert read_report(path) == one
