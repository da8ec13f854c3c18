"""Budgets: what is cut, what is said of it, and what is learned; by a clock that the rerankers
themselves put forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from index_room import fill, make_document, make_parts

from index.collection import Collection, Snapshot
from index.contract import Keys
from ingest.contract import Unavailable
from retrieve.clock import Clock
from retrieve.contract import AnalyzedQuery, Query, Scores, SearchResult
from retrieve.costs import AFTER, Costs
from retrieve.pipeline import Retriever

TEXTS = [f"river number {i} with boat {i % 7} and wheel {i % 5}" for i in range(60)]
QUERY = "a boat and a wheel on the river"


@dataclass
class Hand:
    """What a clock shows, in seconds."""

    at: float = 100.0

    def now(self) -> float:
        return self.at


@dataclass(frozen=True)
class Slow:
    """A reranker that takes so long for a candidate, and turns the order around."""

    hand: Hand
    ms: float = 10.0
    depth: int = 30
    at_once: int = 4
    weight: float = 1.0
    own_unit: bool = True
    guess_ms: float = 20.0
    by_call: bool = False
    given: list[int] = field(default_factory=list)

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        self.hand.at += len(keys) * self.ms / 1000.0
        self.given.append(len(keys))
        return np.arange(len(keys), dtype=np.float32) + sum(self.given)


@dataclass(frozen=True)
class Failing(Slow):
    """One that fails after a second."""

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        self.hand.at += 1.0
        self.given.append(len(keys))
        raise Unavailable("the model is gone")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    documents = [make_document(f"d{i}", [text], title="") for i, text in enumerate(TEXTS)]
    collection = fill(tmp_path_factory.mktemp("budget") / "c", make_parts(), documents)
    yield collection
    collection.close()


def search(
    collection: Collection, retriever: Retriever, budget_ms: float | None = None, k: int = 10
) -> SearchResult:
    return retriever.search(collection.snapshot(), Query(QUERY, k, budget_ms=budget_ms))


def taught(hand: Hand, reranker: Slow) -> Retriever:
    return Retriever(rerankers={"slow": reranker}, now=hand.now)


@pytest.mark.parametrize("budget_ms", [50, 100, 200, 400])
def test_what_was_learned_is_kept_to(collection: Collection, budget_ms: float) -> None:
    """After a search without a budget, each other one judges as many as fit, and no more."""
    hand = Hand()
    reranker = Slow(hand)
    retriever = taught(hand, reranker)
    full = search(collection, retriever)
    assert full.explanation.cut == ()
    assert full.explanation.steps["slow"] == {"judged": 30, "candidates": 30}
    for _ in range(50):
        reranker.given.clear()
        begun = hand.at
        result = search(collection, retriever, budget_ms)
        took_ms = (hand.at - begun) * 1000.0
        assert took_ms <= budget_ms
        judged = sum(reranker.given)
        assert result.explanation.steps["slow"] == {"judged": judged, "candidates": 30}
        if budget_ms < 300:
            (cut,) = result.explanation.cut
            assert cut == f"slow: {judged} of 30 candidates"
            assert f"the budget of {budget_ms} ms has cut {cut}" in result.explanation.notes
            assert judged >= (budget_ms - 10) // 10 - 1
        else:
            assert result.explanation.cut == ()
    assert len(result.hits) == 10


def test_the_first_search_is_careful(collection: Collection) -> None:
    """Nothing has been timed: twice the guess is what is allowed for."""
    hand = Hand()
    reranker = Slow(hand)
    result = search(collection, taught(hand, reranker), 100.0)
    assert sum(reranker.given) == 4 + 5  # 40 ms each at first, then what the first four have shown
    assert reranker.given[0] == 2
    assert result.explanation.cut == (f"slow: {sum(reranker.given)} of 30 candidates",)


def test_a_call_is_made_whole_or_not_at_all(collection: Collection) -> None:
    hand = Hand()
    reranker = Slow(hand, ms=4.0, at_once=30, by_call=True, guess_ms=100.0)
    retriever = taught(hand, reranker)
    search(collection, retriever)
    for _ in range(20):
        search(collection, retriever, 200.0)
    assert set(reranker.given) == {30}
    reranker.given.clear()
    assert search(collection, retriever, 100.0).explanation.cut == ("slow: 0 of 30 candidates",)
    assert not reranker.given


def test_what_was_cut_once_is_tried_again(collection: Collection) -> None:
    """A guess that is far too high must not rule a reranker out for good."""
    hand = Hand()
    reranker = Slow(hand, ms=1.0, guess_ms=500.0)
    retriever = taught(hand, reranker)
    found = [search(collection, retriever, 100.0).explanation.cut for _ in range(300)]
    assert found[0] == ("slow: 0 of 30 candidates",)
    assert found[-1] == ()


def test_with_hardly_any_time_the_words_decide(collection: Collection) -> None:
    hand = Hand()
    reranker = Slow(hand)
    retriever = Retriever(rerankers={"slow": reranker}, now=hand.now)
    result = search(collection, retriever, 1.0)
    explained = result.explanation
    assert explained.cut == ("dense", "smoothing", "slow")
    assert explained.weights["dense"] == 0.0
    assert "embed" not in explained.timings_ms
    assert any("1 ms has cut dense; smoothing; slow" in note for note in explained.notes)
    assert not reranker.given
    words = retriever.search(collection.snapshot(), Query(QUERY, fusion="sparse"))
    assert [h.chunk.id for h in result.hits] == [h.chunk.id for h in words.hits]
    by_meaning = Query(QUERY, fusion="dense", budget_ms=1.0)
    assert retriever.search(collection.snapshot(), by_meaning).explanation.cut == ()
    for fusion in ("convex", "rrf"):
        query = Query(QUERY, fusion=fusion, budget_ms=1.0)
        assert retriever.search(collection.snapshot(), query).explanation.cut == ("dense",)


def test_a_reranker_that_fails_is_left_out_and_not_asked_again_at_once(
    collection: Collection,
) -> None:
    hand = Hand()
    reranker = Failing(hand)
    plain = search(collection, Retriever())
    retriever = taught(hand, reranker)
    for _ in range(3):
        result = search(collection, retriever)
        assert [h.chunk.id for h in result.hits] == [h.chunk.id for h in plain.hits]
        assert "the reranker slow was left out" in result.explanation.notes[-1]
    assert len(reranker.given) == 1
    hand.at += 60.0
    search(collection, retriever)
    assert len(reranker.given) == 2


def test_a_reranker_can_be_switched_off(collection: Collection) -> None:
    reranker = Slow(Hand())
    retriever = Retriever(rerankers={"slow": reranker})
    off = retriever.search(collection.snapshot(), Query(QUERY, steps={"slow": False}))
    assert not reranker.given
    assert "slow" not in off.explanation.weights
    retriever = Retriever(rerankers={"slow": reranker}, steps={"slow": False})
    assert search(collection, retriever).hits == off.hits
    retriever.search(collection.snapshot(), Query(QUERY, steps={"slow": True}))
    assert reranker.given


def test_one_run_that_stood_still_says_little() -> None:
    costs = Costs()
    for _ in range(50):
        costs.learn("x", 10.0)
    assert costs.expected_ms("x") == pytest.approx(10.0, abs=0.1)
    costs.learn("x", 10_000.0)
    assert costs.expected_ms("x") < 20.0
    for _ in range(50):
        costs.learn("x", 10.0)
    assert costs.expected_ms("x") == pytest.approx(10.0, abs=0.5)


def test_what_varies_is_expected_to_cost_more_than_its_mean() -> None:
    costs = Costs()
    for ms in [5.0, 15.0] * 100:
        costs.learn("x", ms)
    assert 15.0 <= costs.expected_ms("x") <= 25.0
    assert costs.expected_ms(AFTER) > 0  # guessed


def test_a_clock_without_a_budget_has_all_the_time() -> None:
    hand = Hand()
    clock = Clock(None, hand.now)
    timed = Clock(100.0, hand.now)
    with timed.stage("a"):
        hand.at += 0.03
    assert clock.left_ms == float("inf")
    assert timed.left_ms == pytest.approx(70.0)
    assert timed.timings_ms == {"a": pytest.approx(30.0)}
