"""Legs are run in turn, measured, told, written down and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval import latency
from eval.contract import MEASURES, Dataset, DatasetDocument, LegReport, LegRun, Report
from eval.legs import WARM_UP
from eval.pipeline import (
    compare,
    data_differences,
    evaluate,
    measure_runs,
    read_run,
    worst_queries,
    write_run,
)
from ingest.contract import BadInput

DOCUMENTS = [DatasetDocument(f"d{n}", f"title {n}", f"text {n}") for n in range(12)]
QUERIES = {f"q{n}": f"question {n}" for n in range(12)}
DATASET = Dataset(
    name="made",
    documents=DOCUMENTS,
    queries=QUERIES,
    qrels={f"q{n}": {f"d{n}": 1} for n in range(12)},
    notes=("1 queries without judgements left out",),
    sources={"qrels/test.tsv": "aa", "corpus.jsonl": "bb"},
)


def search(query: str, leg: str, k: int) -> Sequence[tuple[str, float]]:
    """Leg "good" is always right, "half" for even questions; "none" finds nothing."""
    number = int(query.split()[1])
    right = (f"d{number}", 2.0)
    wrong = [(f"d{n}", 1.0) for n in range(12) if n != number]
    if leg == "none":
        return []
    if leg == "good" or number % 2 == 0:
        return [right, *wrong][:k]
    return wrong[:k]


def made_report(legs: Sequence[str] = ("good", "half", "none")) -> Report:
    return evaluate(DATASET, search, legs, settings={"embedder": "none"})[0]


def test_measures_of_each_leg() -> None:
    report, runs = evaluate(DATASET, search, ["good", "half", "none"], settings={"who": "me"})
    assert (report.dataset, report.queries, report.documents) == ("made", 12, 12)
    assert report.legs["good"].measures == dict.fromkeys(MEASURES, 1.0)
    assert report.legs["half"].measures["Success@1"] == pytest.approx(0.5)
    assert report.legs["none"].measures == dict.fromkeys(MEASURES, 0.0)
    assert list(report.legs["half"].per_query["RR@10"]) == list(QUERIES)
    assert dict(report.settings) == {
        "who": "me",
        "measures": "nDCG@10, RR@10, R@5, R@10, R@100, Success@1",
        "depth": "100",
        "warm_up_queries": "3",
        "sha256 of corpus.jsonl": "bb",
        "sha256 of qrels/test.tsv": "aa",
        "notes": "1 queries without judgements left out",
    }
    assert [run.leg for run in runs] == ["good", "half", "none"]
    assert runs[0].rankings["q3"][0] == ("d3", 2.0)
    assert all(len(run.latencies_ms) == 12 for run in runs)
    assert 0 < report.legs["good"].p50_ms <= report.legs["good"].p95_ms
    assert list(report.legs["good"].latencies_ms) == list(runs[0].latencies_ms)
    assert report.texts == QUERIES
    found = report.legs["half"].found
    assert found["q1"] == [f"title {n}: text {n} (d{n})" for n in (0, 2, 3, 4, 5)]
    assert list(report.legs["none"].found.values()) == [[]] * 12


def test_legs_take_turns_after_warming_up() -> None:
    calls: list[tuple[str, str]] = []
    told: list[tuple[int, int]] = []

    def spy(query: str, leg: str, k: int) -> Sequence[tuple[str, float]]:
        calls.append((query, leg))
        assert k == 20
        return search(query, leg, k)

    evaluate(
        DATASET,
        spy,
        ["good", "half"],
        measures=["RR@10"],
        depth=20,
        progress=lambda done, total: told.append((done, total)),
    )
    assert calls[: 2 * WARM_UP] == [
        (QUERIES[f"q{n}"], leg) for n in range(WARM_UP) for leg in ("good", "half")
    ]
    timed = calls[2 * WARM_UP :]
    assert [query for query, _ in timed] == [query for query in QUERIES.values() for _ in range(2)]
    assert Counter(leg for _, leg in timed[::2]) == {"good": 6, "half": 6}
    assert told == [(done, 24) for done in range(1, 25)]


def test_results_beyond_the_depth_do_not_count() -> None:
    def greedy(query: str, leg: str, k: int) -> Sequence[tuple[str, float]]:
        return list(reversed(search(query, "good", 100)))

    report, runs = evaluate(DATASET, greedy, ["leg"], measures=["AP"], depth=5)
    assert report.legs["leg"].measures["AP"] == 0.0
    assert {len(ranking) for ranking in runs[0].rankings.values()} == {5}


def test_wrong_use_fails_before_any_search() -> None:
    def never(query: str, leg: str, k: int) -> Sequence[tuple[str, float]]:
        raise AssertionError

    with pytest.raises(BadInput, match="no leg"):
        evaluate(DATASET, never, [])
    with pytest.raises(BadInput, match="'a' is asked for twice"):
        evaluate(DATASET, never, ["a", "b", "a"])
    with pytest.raises(BadInput, match="unknown measure 'foo'"):
        evaluate(DATASET, never, ["a"], measures=["foo"])
    with pytest.raises(BadInput, match="'R@100' looks at 100 results, but 10"):
        evaluate(DATASET, never, ["a"], depth=10)


def test_a_document_twice_is_a_defect() -> None:
    with pytest.raises(ValueError, match="twice"):
        evaluate(DATASET, lambda query, leg, k: [("d1", 2.0), ("d1", 1.0)], ["a"])


def test_run_files_give_the_same_measures(tmp_path: Path) -> None:
    report, runs = evaluate(DATASET, search, ["half"])
    write_run(runs[0], tmp_path / "half.run")
    again = measure_runs(DATASET.qrels, [read_run(tmp_path / "half.run")], MEASURES)
    assert again["half"].per_query == report.legs["half"].per_query
    assert again["half"].p50_ms == 0.0


def test_latency_percentiles() -> None:
    summary = latency.summarize([float(value) for value in range(1, 102)])
    assert (summary.count, summary.p50_ms, summary.p95_ms, summary.max_ms) == (101, 51, 96, 101)
    assert latency.summarize([]).p95_ms == 0.0


def test_comparing_two_reports() -> None:
    report = made_report()
    swapped = replace(
        report,
        legs={"good": replace(report.legs["half"], leg="good"), "half": report.legs["half"]},
        settings={**report.settings, "sha256 of qrels/test.tsv": "cc"},
    )
    rows = {(row.left, row.measure): row for row in compare(report, swapped)}
    assert list(rows) == [(leg, name) for leg in ("good", "half") for name in MEASURES]
    row = rows["good", "Success@1"]
    assert (row.left_mean, row.right_mean, row.difference) == (1.0, 0.5, -0.5)
    assert (row.wins, row.ties, row.losses) == (0, 6, 6)
    assert row.p_value == pytest.approx(2 / 2**6)
    assert row.low < -0.5 < row.high < 0
    assert rows["half", "RR@10"].p_value == 1.0
    assert data_differences(report, report) == []
    assert len(data_differences(report, swapped)) == 1
    assert data_differences(report, swapped)[0].startswith("qrels/test.tsv was not the same")


def test_comparing_legs_of_one_report() -> None:
    report = made_report()
    rows = compare(report, report, [("half", "good"), ("none", "good")])
    assert [(row.left, row.right) for row in rows[:: len(MEASURES)]] == [
        ("half", "good"),
        ("none", "good"),
    ]
    assert all(row.difference > 0 for row in rows if row.left == "none")


def test_query_order_does_not_matter_when_comparing() -> None:
    report = made_report(["half"])
    leg = report.legs["half"]
    turned = {name: dict(reversed(list(values.items()))) for name, values in leg.per_query.items()}
    other = replace(report, legs={"half": replace(leg, per_query=turned)})
    assert all(row.ties == 12 for row in compare(report, other))


def test_what_cannot_be_compared() -> None:
    report = made_report()
    with pytest.raises(BadInput, match=r"no leg in common \(good, half, none; other\)"):
        compare(report, replace(report, legs={"other": report.legs["good"]}))
    with pytest.raises(BadInput, match="no leg 'x' in the report; it has: good, half, none"):
        compare(report, report, [("good", "x")])
    fewer = {name: {"q1": 1.0} for name in MEASURES}
    short = replace(report, legs={"good": replace(report.legs["good"], per_query=fewer)})
    with pytest.raises(BadInput, match="not measured on the same queries"):
        compare(report, short)
    other = LegReport("good", {"AP": 1.0}, {"AP": {"q1": 1.0}}, 1.0, 1.0)
    with pytest.raises(BadInput, match="no measure in common"):
        compare(report, replace(report, legs={"good": other}))


def test_worst_queries() -> None:
    report, runs = evaluate(DATASET, search, ["half"])
    misses = worst_queries(DATASET, runs[0], report.legs["half"], count=20)
    assert len(misses) == 6
    assert [miss.query_id for miss in misses] == ["q1", "q3", "q5", "q7", "q9", "q11"]
    assert {(miss.leg, miss.rank) for miss in misses} == {("half", None)}
    assert misses[0].expected == ["title 1: text 1 (d1)"]
    assert misses[0].found == [f"title {n}: text {n} (d{n})" for n in (0, 2, 3)]
    assert len(worst_queries(DATASET, runs[0], report.legs["half"], count=2)) == 2
    run = LegRun("half", {"q1": [("unknown", 1.0), ("d1", 0.5)]}, ())
    legs = measure_runs({"q1": {"d1": 1}}, [run], ["RR@10"])
    (miss,) = worst_queries(DATASET, run, legs["half"])
    assert miss.rank == 2
    assert miss.found == ["unknown (not in the corpus)", "title 1: text 1 (d1)"]


def test_means_are_those_of_the_values() -> None:
    leg = made_report().legs["half"]
    for name, values in leg.per_query.items():
        assert leg.measures[name] == pytest.approx(float(np.mean(list(values.values()))))
