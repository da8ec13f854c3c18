"""Measures are trec_eval's, over the order that the search gave."""

from __future__ import annotations

import math

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.contract import MEASURES
from eval.measures import aggregate, check_measures, measure_queries
from ingest.contract import BadInput

TREC_NAMES = {
    "nDCG@10": "ndcg_cut_10",
    "R@5": "recall_5",
    "R@10": "recall_10",
    "R@100": "recall_100",
    "Success@1": "success_1",
    "AP": "map",
    "P@5": "P_5",
    "RR": "recip_rank",
}
Qrels = dict[str, dict[str, int]]
Rankings = dict[str, list[tuple[str, float]]]


@st.composite
def collections(draw: st.DrawFn) -> tuple[Qrels, Rankings]:
    """Judgements and rankings with many equal scores, equal ones ordered by id."""
    documents = [f"d{number:02d}" for number in range(30)]
    qrels: Qrels = {}
    rankings: Rankings = {}
    for index in range(draw(st.integers(1, 4))):
        judged = draw(st.lists(st.sampled_from(documents), min_size=1, max_size=8, unique=True))
        qrels[f"q {index}"] = {name: draw(st.integers(0, 3)) for name in judged}
        found = draw(st.lists(st.sampled_from(documents), max_size=25, unique=True))
        scored = [(name, float(draw(st.integers(-2, 2)))) for name in found]
        rankings[f"q {index}"] = sorted(scored, key=lambda item: (-item[1], item[0]))
    return qrels, rankings


def backwards(name: str) -> str:
    """An id that sorts the other way, as trec_eval takes equal scores by falling id."""
    return f"d{99 - int(name[1:]):02d}"


@settings(max_examples=150, deadline=None)
@given(collections())
def test_equal_to_trec_eval_with_its_own_ties(collection: tuple[Qrels, Rankings]) -> None:
    qrels, rankings = collection
    ours = measure_queries(qrels, rankings, list(TREC_NAMES))
    judged = {q: {backwards(name): g for name, g in grades.items()} for q, grades in qrels.items()}
    run = {q: {backwards(name): s for name, s in found} for q, found in rankings.items()}
    theirs = pytrec_eval.RelevanceEvaluator(judged, set(TREC_NAMES.values())).evaluate(run)
    for name, trec_name in TREC_NAMES.items():
        for query_id in qrels:
            expected = theirs[query_id][trec_name] if rankings[query_id] else 0.0
            assert ours[name][query_id] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(collections())
def test_reciprocal_rank_is_cut_off(collection: tuple[Qrels, Rankings]) -> None:
    qrels, rankings = collection
    values = measure_queries(qrels, rankings, ["RR@10"])["RR@10"]
    for query_id, grades in qrels.items():
        first = next(
            (
                rank
                for rank, (name, _) in enumerate(rankings[query_id], 1)
                if grades.get(name, 0) > 0
            ),
            math.inf,
        )
        assert values[query_id] == pytest.approx(1 / first if first <= 10 else 0.0)


def test_order_counts_where_scores_are_equal() -> None:
    qrels = {"q": {"a": 1}}
    tied = {"q": [("z", 1.0), ("a", 1.0)]}
    assert measure_queries(qrels, tied, ["nDCG@10"])["nDCG@10"]["q"] == pytest.approx(
        1 / math.log2(3)
    )


def test_query_without_result_counts_as_zero() -> None:
    qrels = {"found": {"a": 1}, "empty": {"a": 1}, "absent": {"b": 2}, "none relevant": {"a": 0}}
    rankings: Rankings = {"found": [("a", 3.0)], "empty": [], "none relevant": [("a", 1.0)]}
    values = measure_queries(qrels, {**rankings, "not judged": [("a", 1.0)]}, MEASURES)
    for name in MEASURES:
        assert values[name] == {"found": 1.0, "empty": 0.0, "absent": 0.0, "none relevant": 0.0}
        assert aggregate(name, values[name]) == pytest.approx(0.25)


def test_no_results_at_all() -> None:
    values = measure_queries({"q": {"a": 1}}, {}, MEASURES)
    assert values == {name: {"q": 0.0} for name in MEASURES}


def test_ids_with_spaces_reach_every_provider() -> None:
    qrels = {"first query": {"an id": 1, "other": 0, "worse": -1}}
    found = {"first query": [("other", 2.0), ("an id", 1.0), ("worse", 0.5)]}
    values = measure_queries(qrels, found, ["nDCG@10", "RR@10", "Judged@10"])
    assert values["nDCG@10"]["first query"] == pytest.approx(1 / math.log2(3))
    assert values["RR@10"]["first query"] == pytest.approx(0.5)


def test_counts_are_summed() -> None:
    assert aggregate("NumRet", {"a": 2.0, "b": 3.0}) == 5.0
    assert aggregate("AP", {}) == 0.0


@pytest.mark.parametrize(
    "name", ["foo", "", "nDCG@0", "nDCG@-1", "nDCG@x", "P", "nDCG(depth=2)@10", "import os"]
)
def test_unknown_measure_lists_examples(name: str) -> None:
    with pytest.raises(BadInput, match=r"nDCG@10, RR@10"):
        check_measures([name], 100)


def test_measures_must_fit_the_search() -> None:
    check_measures([*MEASURES, "AP", "P(rel=2)@5"], 100)
    with pytest.raises(BadInput, match="looks at 1000 results, but 100"):
        check_measures(["R@1000"], 100)
    with pytest.raises(BadInput, match="twice"):
        check_measures(["RR@10", "MRR@10"], 100)
    with pytest.raises(BadInput, match="no measure"):
        check_measures([], 100)
