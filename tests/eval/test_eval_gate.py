"""When a measure falls, which stage is named for it, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.contract import LegReport, Report, Stage, Trace
from eval.pipeline import report_json
from eval.stages.baseline import baseline_json, read_baseline
from eval.stages.compare import Options, changed_data, setting_changes
from eval.stages.falls import fall_of
from eval.stages.gate import GateResult, Speed, aligned, judge, sentence, worse_queries
from eval.stages.health import Health, changed_stage, health_of, shares
from ingest.contract import BadInput, BlockKind, Chunk

QUERIES = [f"q{number}" for number in range(40)]


def leg(name: str, values: Mapping[str, Sequence[float]]) -> LegReport:
    per_query = {
        measure: dict(zip(QUERIES, found, strict=False)) for measure, found in values.items()
    }
    means = {measure: float(np.mean(list(found.values()))) for measure, found in per_query.items()}
    return LegReport(name, means, per_query, 5.0, 9.0)


def report(name: str, values: Mapping[str, Sequence[float]], **settings: str) -> Report:
    return Report("set", len(QUERIES), 9, {name: leg(name, values)}, settings)


GOOD = {"nDCG@10": [1.0] * 40, "RR@10": [1.0] * 30 + [0.5] * 10}


def test_the_same_again_does_not_fall() -> None:
    before, now = aligned(leg("default", GOOD), leg("default", GOOD))
    judged = judge([(before, now)])
    assert [row.difference.measure for row in judged] == ["nDCG@10", "RR@10"]
    assert not any(row.fell for row in judged)
    assert GateResult("set", judged).passed
    assert worse_queries(judged, before, now) == []
    assert sentence(GateResult("set", judged)).startswith("passed: none of 2 measures")


def test_what_falls_beyond_its_interval_is_found_and_nothing_else() -> None:
    fallen = {**GOOD, "nDCG@10": [1.0] * 25 + [0.2] * 15}
    before, now = aligned(leg("default", GOOD), leg("default", fallen))
    judged = judge([(before, now)])
    assert {row.difference.measure: row.fell for row in judged} == {"nDCG@10": True, "RR@10": False}
    assert worse_queries(judged, before, now) == QUERIES[25:]
    assert not judge([(before, now)], tolerance=0.9)[0].fell
    # Few queries are not enough, however deep they fall; nor are more for a measure among many.
    few = {**GOOD, "nDCG@10": [1.0] * 36 + [0.0] * 4}
    assert not judge([aligned(leg("a", GOOD), leg("b", few))])[0].fell
    # Reading comes out the same in every run: where it is strict, few are enough.
    pair = aligned(leg("a", GOOD), leg("b", few))
    assert not judge([pair], stages={"RR@10": Stage.PARSING}, strict=True)[0].fell
    assert judge([pair], stages={"nDCG@10": Stage.PARSING}, strict=True)[0].fell
    # What rises does not fall.
    assert not any(row.fell for row in judge([(now, before)]))


def test_measures_that_did_not_change_do_not_hide_one_that_fell() -> None:
    """Seven of forty queries fell: significant among however many measures nothing touched."""
    still = {f"m{number}": [1.0] * 40 for number in range(30)}
    few = {"RR@10": [1.0] * 33 + [0.5] * 7}
    pair = aligned(leg("a", {"RR@10": [1.0] * 40, **still}), leg("b", {**few, **still}))
    judged = judge([pair])
    assert [row.difference.measure for row in judged if row.fell] == ["RR@10"]
    assert judged[0].p_value == pytest.approx(2.0**-7, rel=0.02)
    # Measures in which something changed count, whichever way.
    other = {f"m{number}": [1.0] * 20 + [0.9, 1.1] * 10 for number in range(30)}
    pair = aligned(leg("a", {"RR@10": [1.0] * 40, **still}), leg("b", {**few, **other}))
    assert not any(row.fell for row in judge([pair]))


def test_what_is_let_pass_is_told() -> None:
    small = {"RR@10": [1.0] * 30 + [0.99] * 10}
    pair = aligned(leg("a", {"RR@10": [1.0] * 40}), leg("b", small))
    judged = judge([pair])
    assert (judged[0].fell, judged[0].sure) == (False, True)
    told = sentence(GateResult("set", judged))
    assert told.endswith(
        "RR@10 fell by 0.0025, which is no luck, but within the tolerance of 0.005"
    )
    assert judge([pair], tolerance=0.001)[0].fell

    few = {"RR@10": [1.0] * 37 + [0.5] * 3}
    judged = judge([aligned(leg("a", {"RR@10": [1.0] * 40}), leg("b", few))])
    assert (judged[0].fell, judged[0].sure) == (False, False)
    told = sentence(GateResult("set", judged))
    assert "RR@10 is 0.0375 lower may be luck (3 worse, 0 better)" in told


def test_luck_alone_seldom_falls() -> None:
    """Systems that are equally good fall in one of twenty comparisons at the most: of sixty in
    three on average, and in more than eight once in two hundred times."""
    rng = np.random.default_rng(11)
    fell = 0
    for _ in range(60):
        left, right = rng.integers(0, 2, (2, 3, 40)).astype(float)
        values = [{f"m{at}": row.tolist() for at, row in enumerate(side)} for side in (left, right)]
        pair = aligned(leg("a", values[0]), leg("b", values[1]))
        fell += any(row.fell for row in judge([pair]))
    assert fell <= 8


def test_measures_can_be_chosen_and_have_to_be_there() -> None:
    pair = aligned(leg("a", GOOD), leg("b", GOOD))
    assert len(judge([pair], measures=["RR@10"])) == 1
    with pytest.raises(BadInput, match="no measure 'P@5'"):
        judge([pair], measures=["P@5"])
    with pytest.raises(BadInput, match="no query and measure in common"):
        aligned(leg("a", {"RR@10": [1.0]}), leg("b", {"P@5": [1.0]}))


def test_speed_fails_only_where_that_is_asked_for() -> None:
    judged = judge([aligned(leg("a", GOOD), leg("b", GOOD))])
    slow = GateResult("set", judged, speed=Speed(5.0, 50.0))
    assert slow.passed
    limited = replace(slow, speed=Speed(5.0, 50.0, limit=2.0))
    assert not limited.passed
    assert "50.0 ms" in sentence(limited)


def ranks(sparse: int | None, dense: int | None, fused: int | None, final: int | None) -> Trace:
    found = {"sparse": sparse, "dense": dense, "fusion": fused, "reranking": final}
    return Trace(None if final is not None and final <= 10 else Stage.CANDIDATES, found)


@pytest.mark.parametrize(
    ("before", "now", "changed", "stage"),
    [
        (ranks(1, 1, 1, 1), ranks(1, 1, 1, 4), None, Stage.RERANKING),
        (ranks(1, 1, 1, 1), ranks(1, 1, 5, 4), None, Stage.FUSION),
        (ranks(1, 1, 1, 1), ranks(1, 9, 5, 4), None, Stage.CANDIDATES),
        (ranks(1, 1, 1, 1), ranks(1, None, 5, None), None, Stage.CANDIDATES),
        (ranks(1, 1, 1, 1), ranks(1, 9, 5, 4), Stage.CHUNKING, Stage.CHUNKING),
        (ranks(1, 1, 1, 1), ranks(1, 9, 5, 4), Stage.PARSING, Stage.PARSING),
        # Other chunks are no reason where the legs find the answer as before.
        (ranks(1, 1, 1, 1), ranks(1, 1, 5, 4), Stage.CHUNKING, Stage.FUSION),
        # Deep ranks of an approximate index move by a place.
        (ranks(1, 40, 1, 1), ranks(1, 42, 5, 4), None, Stage.FUSION),
        (ranks(None, 2, 1, 1), ranks(None, 2, 1, 1), None, None),
    ],
)
def test_the_first_stage_that_is_worse_than_it_was_is_named(
    before: Trace, now: Trace, changed: Stage | None, stage: Stage | None
) -> None:
    assert fall_of("q", "text", before, now, changed).stage is stage


def test_without_a_trace_of_before_the_rank_that_it_had_is_what_counts() -> None:
    lost = Trace(Stage.FUSION, {"sparse": 1, "fusion": 4, "reranking": 4}, "why")
    assert fall_of("q", "text", None, lost, None).stage is Stage.FUSION
    assert fall_of("q", "text", None, lost, Stage.CHUNKING).stage is Stage.CHUNKING
    unread = Trace(Stage.PARSING, {}, "gone")
    assert fall_of("q", "text", ranks(1, 1, 1, 1), unread, None).stage is Stage.PARSING


def chunk(
    text: str, start: int, kind: BlockKind = BlockKind.PARAGRAPH, end: int | None = None
) -> Chunk:
    span = (start, start + len(text) if end is None else end)
    return Chunk(text[:8], "d", 0, kind, "Title", (), text, span)


SENTENCES = "One sentence is here. Another one follows it. "


def test_chunks_that_end_within_a_sentence_are_counted() -> None:
    whole = health_of([chunk(SENTENCES[:21], 0), chunk(SENTENCES[22:45], 22)])
    assert (whole.chunks, whole.cut, whole.characters) == (2, 0, 44)
    assert health_of([chunk(SENTENCES[:30], 0), chunk(SENTENCES[30:], 30)]).cut == 1
    # The next has the whole of it, or is another block.
    assert health_of([chunk(SENTENCES[:30], 0), chunk(SENTENCES[20:], 20)]).cut == 0
    assert health_of([chunk("A heading without a stop", 0), chunk("Text.", 26)]).cut == 0
    assert health_of([chunk("水泵的质保期为", 0), chunk("三年。", 7)]).cut == 1
    assert health_of([chunk("水泵的质保期为三年。", 0), chunk("电机五年。", 10)]).cut == 0
    code = [chunk("def f(", 0, BlockKind.CODE), chunk("x): pass", 6, BlockKind.CODE)]
    assert health_of(code).cut == 0


def test_tables_in_several_chunks_are_counted() -> None:
    head = "| a | b |\n|---|---|\n"
    first = chunk(head + "| 1 | 2 |", 0, BlockKind.TABLE)
    second = chunk(head + "| 3 | 4 |", len(first.text) + 1, BlockKind.TABLE, len(first.text) + 10)
    cut = health_of([first, second])
    assert (cut.tables, cut.whole_tables, cut.rows) == (1, 0, 3)
    apart = replace(second, span=(200, 240))
    assert (health_of([first, apart]).tables, health_of([first, apart]).whole_tables) == (2, 2)


def test_what_a_document_has_less_of_shows_beside_what_it_had() -> None:
    before = Health(4, 0, 2, 2, 1000, 10, "x")
    assert shares(before, before) == {
        "sentences whole": 1.0, "tables whole": 1.0, "text kept": 1.0, "table rows kept": 1.0
    }  # fmt: skip
    now = shares(Health(8, 4, 0, 0, 700, 0, "y"), before)
    assert now == {
        "sentences whole": 0.5, "tables whole": 0.0, "text kept": 0.7, "table rows kept": 0.0
    }  # fmt: skip
    assert changed_stage(before, before) is None
    assert changed_stage(replace(before, digest="y"), before) is Stage.CHUNKING
    assert changed_stage(replace(before, characters=900), before) is Stage.PARSING
    assert changed_stage(None, before) is Stage.PARSING


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    health = {"d": Health(4, 1, 2, 2, 1000, 10, "x")}
    made = report("default", GOOD)
    path.write_text(json.dumps(baseline_json(made, health)), "utf-8")
    found = read_baseline(path)
    assert (found.name, found.searches, found.corpus) == ("default", "default", health)
    assert report_json(found.report) == report_json(made)

    two = replace(made, legs={name: leg(name, GOOD) for name in ("sparse", "dense")})
    path.write_text(json.dumps(report_json(two)), "utf-8")
    with pytest.raises(BadInput, match="sparse, dense: name one with --leg"):
        read_baseline(path)
    assert read_baseline(path, "dense").corpus == {}
    for broken in ("{", "[]", json.dumps({"readers": {}})):
        path.write_text(broken, "utf-8")
        with pytest.raises(BadInput):
            read_baseline(path)
    path.write_text(json.dumps({**baseline_json(made, {}), "corpus": {"d": [1]}}), "utf-8")
    with pytest.raises(BadInput, match="write it again"):
        read_baseline(path)


def test_a_stored_run_is_a_baseline(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    run = {
        "run": "1", "experiment": "e", "begun": "2026-01-01T00:00:00Z",
        "system": {"name": "wide", "settings": {}, "leg": "rrf"},
        "report": report_json(report("wide", GOOD)),
    }  # fmt: skip
    path.write_text(json.dumps(run), "utf-8")
    assert (read_baseline(path).name, read_baseline(path).searches) == ("wide", "rrf")
    with pytest.raises(BadInput, match="a run of 'rrf', not of 'dense'"):
        read_baseline(path, "dense")


def test_data_that_changed_are_refused_unless_allowed() -> None:
    before = report("default", GOOD, **{"sha256 of corpus.jsonl": "a"})
    now = report("default", GOOD, **{"sha256 of corpus.jsonl": "b"})
    with pytest.raises(BadInput, match=r"corpus.jsonl was not the same.*--allow-changed-data"):
        changed_data(before, now, Options())
    assert len(changed_data(before, now, Options(changed_data=True))) == 1
    assert changed_data(before, before, Options()) == []


def test_settings_that_changed_are_told() -> None:
    before = {"command": "x", "embedder": "a", "retrieval": '{"depth": 100, "rrf_k": 60}'}
    now = {"command": "y", "embedder": "a", "retrieval": '{"depth": 10, "rrf_k": 60}'}
    assert setting_changes(before, now) == ["retrieval.depth was 100 and is 10"]


@pytest.mark.parametrize("options", [{"tolerance": -0.1}, {"tolerance": 1.0}, {"slowdown": 0.0}])
def test_wrong_options(options: Mapping[str, float]) -> None:
    with pytest.raises(BadInput):
        Options(**options)  # type: ignore[arg-type]
