"""Measures are trec_eval's, over the order that the search gave."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.contract import MEASURES
from eval.measures import aggregate, check_measures, measure_queries
from eval.runs import read_qrels, read_run
from ingest.contract import BadInput

DATA = Path(__file__).parent / "data"

TREC_NAMES = {
    "nDCG": "ndcg",
    "nDCG@1": "ndcg_cut_1",
    "nDCG@10": "ndcg_cut_10",
    "AP": "map",
    "AP@5": "map_cut_5",
    "P@1": "P_1",
    "P@5": "P_5",
    "P@10": "P_10",
    "R@5": "recall_5",
    "R@10": "recall_10",
    "R@100": "recall_100",
    "RR": "recip_rank",
    "Success@1": "success_1",
    "Success@5": "success_5",
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


WRITTEN = ["a%20b", "a!b", "a%25b", "文档", "é", "D-1", *(f"d{number}" for number in range(20))]
"""Document ids as they stand in files; their order is not that of the ids that they stand for."""


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A qrels and a run file: graded, zero and negative judgements, results that nobody judged,
    queries without results and results without judgements, and many equal scores, some only as
    32-bit floats, in no order."""
    judged: list[str] = []
    found: list[str] = []
    scores = st.sampled_from([2.0, 1.0, 1.0 + 1e-9, 0.5, 0.0, -1.0, -1e-12, 1e30])
    for query in range(draw(st.integers(1, 5))):
        grades = draw(
            st.dictionaries(st.sampled_from(WRITTEN), st.integers(-2, 4), min_size=1, max_size=9)
        )
        judged += [f"q%20{query} 0 {name} {grade}" for name, grade in grades.items()]
        results = draw(st.dictionaries(st.sampled_from(WRITTEN), scores, max_size=26))
        found += [f"q%20{query} Q0 {name} 0 {score!r} run" for name, score in results.items()]
    found.append("unjudged Q0 d1 0 1.0 run")
    return "\n".join(judged) + "\n", "\n".join(draw(st.permutations(found))) + "\n"


def trec_eval(qrels: Path, run: Path, measures: Iterable[str]) -> dict[str, dict[str, float]]:
    """What trec_eval makes of two files. Grades below 0, to which it is not equal, are left out:
    it takes what nobody judged for not relevant."""
    with qrels.open(encoding="utf-8") as lines, run.open(encoding="utf-8") as found:
        judged = {
            query_id: {name: grade for name, grade in grades.items() if grade >= 0}
            for query_id, grades in pytrec_eval.parse_qrel(lines).items()
        }
        evaluator = pytrec_eval.RelevanceEvaluator(judged, set(measures))
        values: dict[str, dict[str, float]] = evaluator.evaluate(pytrec_eval.parse_run(found))
    return values


def check_equal(qrels_path: Path, run_path: Path) -> None:
    """Every measure of every judged query is that of trec_eval, or zero where nothing was found."""
    qrels, run = read_qrels(qrels_path), read_run(run_path)
    ours = measure_queries(qrels, run.rankings, list(TREC_NAMES))
    theirs = trec_eval(qrels_path, run_path, TREC_NAMES.values())
    for name, trec_name in TREC_NAMES.items():
        assert list(ours[name]) == list(qrels)
        for query_id, value in ours[name].items():
            expected = theirs.get(quote(query_id), dict.fromkeys(TREC_NAMES.values(), 0.0))
            assert abs(value - expected[trec_name]) <= 1e-9, (name, query_id)
        mean = sum(theirs.get(quote(query_id), {}).get(trec_name, 0.0) for query_id in qrels) / len(
            qrels
        )
        assert abs(aggregate(name, ours[name]) - mean) <= 1e-9


@settings(max_examples=150, deadline=None)
@given(files())
def test_run_files_have_trec_evals_own_values(texts: tuple[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        qrels, run = Path(folder) / "qrels", Path(folder) / "run"
        qrels.write_text(texts[0], "utf-8")
        run.write_text(texts[1], "utf-8")
        check_equal(qrels, run)


def test_a_run_with_ties_has_trec_evals_own_values() -> None:
    check_equal(DATA / "ties.qrels", DATA / "ties.trec")
    values = measure_queries(
        read_qrels(DATA / "ties.qrels"), read_run(DATA / "ties.trec").rankings, ["RR", "P@2"]
    )
    assert values["RR"] == {"tied": 0.5, "float32": 1.0, "negative": 0.0, "absent": 0.0}
    assert values["P@2"]["tied"] == 0.5


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
