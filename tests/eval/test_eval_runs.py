"""Run and qrels files keep order and ids, and read as trec_eval reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eval.contract import BadDataset, LegRun
from eval.runs import read_qrels, read_run, strict_scores, write_qrels, write_run

IDS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("% \t\n　#"), min_size=1, max_size=8
)
SCORES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-12, 5e-324, 1e-42, 1e300, -1e300]),
)


@given(st.lists(SCORES, max_size=40))
def test_scores_fall_strictly_as_32_bit_floats(scores: list[float]) -> None:
    strict = np.asarray(strict_scores(scores), dtype=np.float64)
    single = strict.astype(np.float32)
    assert len(strict) == len(scores)
    assert np.isfinite(single).all()
    assert (single[1:] < single[:-1]).all()
    assert (single.astype(np.float64) == strict).all()
    tiny = np.finfo(np.float32).tiny
    assert ((single == 0) | (np.abs(single) >= tiny)).all()


def test_scores_that_fall_already_stay() -> None:
    assert strict_scores([2.5, 1.0, -0.5]) == [2.5, 1.0, -0.5]


@pytest.mark.parametrize("score", [float("nan"), float("inf"), float("-inf")])
def test_a_score_must_be_finite(score: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        strict_scores([1.0, score])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        IDS,
        st.lists(st.tuples(IDS, SCORES), min_size=1, max_size=12, unique_by=lambda pair: pair[0]),
        min_size=1,
        max_size=4,
    ),
    IDS,
)
def test_run_round_trip(
    tmp_path: Path, rankings: dict[str, list[tuple[str, float]]], leg: str
) -> None:
    path = tmp_path / "run.txt"
    write_run(LegRun(leg, rankings, ()), path)
    first = path.read_bytes()
    back = read_run(path)
    assert back.leg == leg
    assert list(back.rankings) == list(rankings)
    for query_id, ranking in rankings.items():
        assert [name for name, _ in back.rankings[query_id]] == [name for name, _ in ranking]
    write_run(back, path)
    assert path.read_bytes() == first


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        IDS, st.dictionaries(IDS, st.integers(-2, 4), min_size=1), min_size=1, max_size=4
    )
)
def test_qrels_round_trip(tmp_path: Path, qrels: dict[str, dict[str, int]]) -> None:
    path = tmp_path / "qrels.txt"
    write_qrels(qrels, path)
    assert read_qrels(path) == qrels


def test_trec_eval_sees_our_order(tmp_path: Path) -> None:
    ranking = [("a", 1.0), ("c", 1.0), ("b", 1.0)]
    path = tmp_path / "run.txt"
    write_run(LegRun("leg", {"q": ranking}, ()), path)
    with path.open() as stream:
        run = pytrec_eval.parse_run(stream)
    for place, (name, _) in enumerate(ranking, 1):
        measured = pytrec_eval.RelevanceEvaluator({"q": {name: 1}}, {"recip_rank"}).evaluate(run)
        assert measured["q"]["recip_rank"] == pytest.approx(1 / place)


def test_white_space_in_ids_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    write_run(LegRun("my leg", {"q 1": [("100% 中文", 0.5)]}, ()), path)
    assert path.read_text(encoding="utf-8") == "q%201 Q0 100%25%20中文 1 0.5 my%20leg\n"


def test_an_empty_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="empty id"):
        write_run(LegRun("leg", {"q": [("", 0.5)]}, ()), tmp_path / "run.txt")


def test_foreign_runs_are_ordered_as_trec_eval_does(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("q Q0 a 1 1 x\nq\tQ0\tb\t2\t1\tx\n\nq Q0 c 3 2 x\n", encoding="utf-8")
    assert [name for name, _ in read_run(path).rankings["q"]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q Q0 a 1 1\n", "line 1: 5 column"),
        ("q Q0 a 1 one x\n", "'one' is no number"),
        ("q Q0 a 1 nan x\n", "not finite"),
        ("q Q0 a 1 1 x\nq Q0 a 2 0 x\n", "line 2: document 'a' comes twice"),
        ("\n", "holds no result"),
    ],
)
def test_bad_runs(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataset, match=message):
        read_run(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q 0 a\n", "line 1: 3 column"),
        ("q 0 a high\n", "'high' is no whole number"),
        ("q 0 a 1\nq 0 a 1\n", "line 2: document 'a' is judged twice"),
        ("", "holds no judgement"),
    ],
)
def test_bad_qrels(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataset, match=message):
        read_qrels(path)
