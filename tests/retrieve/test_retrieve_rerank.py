"""Late interaction: what it adds, whom it may move, and when it has nothing to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import WordSumEmbedder, by_key, fill, make_document, make_parts

from api.compose import Braid
from api.settings import load_settings
from index.collection import Collection, Snapshot
from index.contract import Embeddings, Keys, QueryEmbedding, Ranking, Vectors
from index.passage_tokens import PassageTokens
from ingest.contract import BadInput
from retrieve.clock import Clock
from retrieve.contract import AnalyzedQuery, Found, Query, Reranker, Scores
from retrieve.pipeline import METHODS, Retriever, build_reranker
from retrieve.rerank.late_interaction import LateInteraction
from retrieve.reranking import Reranking

NAME = "late_interaction"
WORDS = ("river", "boat", "engine", "car", "wheel", "road", "lamp", "tree")
TEXTS = [f"{a} {b} {c}" for a, b, c in zip(WORDS, WORDS[1:], WORDS[3:], strict=False)] + ["…"]
"""The last has no word, so no token vector."""


@dataclass(frozen=True)
class Given:
    """A reranker that has been told the score of each key."""

    scores: Mapping[int, float]
    weight: float
    at_once: int
    depth: int
    own_unit: bool = False
    guess_ms: float = 1.0
    by_call: bool = False

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        return np.array([self.scores[key] for key in keys.tolist()], dtype=np.float32)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    documents = [make_document(f"d{i}", [text], title="") for i, text in enumerate(TEXTS)]
    collection = fill(tmp_path_factory.mktemp("rerank") / "c", make_parts(), documents)
    yield collection
    collection.close()


def analyzed(text: str) -> AnalyzedQuery:
    return AnalyzedQuery(text, [], "latin", (), WordSumEmbedder().embed_query)


def ranking_of_all(collection: Collection) -> Ranking:
    keys = collection.snapshot().dense.keys()
    return Ranking.of(keys, np.linspace(5.0, 4.0, len(keys)))


def ordered(
    snapshot: Snapshot, ranking: Ranking, text: str, rerankers: Mapping[str, Reranker], k: int = 10
) -> Found:
    found = Found(np.sort(ranking.keys), {}, ranking, {})
    names = set(rerankers)
    return Reranking(rerankers).order(snapshot, analyzed(text), found, k, Clock(), names).found


@pytest.mark.parametrize("depth", [1, 3, 30])
def test_it_adds_the_mean_of_each_words_best_cosine(collection: Collection, depth: int) -> None:
    snapshot, ranking = collection.snapshot(), ranking_of_all(collection)
    reranker = build_reranker(NAME, weight=10.0, depth=depth)
    found = ordered(snapshot, ranking, "boat wheel", {NAME: reranker})
    first = ranking.keys[:depth].tolist()
    words = WordSumEmbedder().embed_query("boat wheel").tokens
    tokens = dict(by_key(snapshot.tokens(ranking.keys), ranking.keys))
    wanted = {
        key: np.mean([max(float(word @ token) for token in tokens[key]) for word in words])
        for key in first
        if key in tokens
    }
    judged = found.judged[NAME]
    own = dict(zip(judged.keys.tolist(), judged.scores.tolist(), strict=True))
    assert own == pytest.approx(wanted, abs=1e-5)

    before = dict(zip(ranking.keys.tolist(), ranking.scores.tolist(), strict=True))
    after = dict(zip(found.ranking.keys.tolist(), found.ranking.scores.tolist(), strict=True))
    worst = min(wanted.values())
    for key in first:
        gain = 10.0 * (wanted[key] - worst) if key in wanted else 0.0
        assert after[key] == pytest.approx(before[key] + gain, abs=1e-4)
    assert set(found.ranking.keys[:depth].tolist()) == set(first)
    assert found.ranking.keys[depth:].tolist() == ranking.keys[depth:].tolist()
    assert list(found.ranking.scores) == sorted(found.ranking.scores, reverse=True)


def test_only_the_default_fusion_is_ordered_anew(collection: Collection) -> None:
    plain = Retriever()
    retriever = Retriever(rerankers={NAME: build_reranker(NAME, weight=50.0, depth=5)})
    for method in METHODS:
        query = Query("a wheel on the road", k=8, fusion=method)
        result = retriever.search(collection.snapshot(), query)
        explained = result.explanation
        if method == "default":
            assert explained.weights[NAME] == 50.0
            assert explained.timings_ms[NAME] >= 0
            judged = [hit.legs[NAME] for hit in result.hits]
            assert all(at.rank and at.score for at in judged[:5])
            assert all(at.rank is None and at.score is None for at in judged[5:])
        else:
            assert result.hits == plain.search(collection.snapshot(), query).hits
            assert NAME not in explained.weights


@dataclass(frozen=True)
class Storeless(WordSumEmbedder):
    """An embedder that gives no tokens to be stored, and counts the texts that it is asked for
    the tokens of."""

    asked: list[str] = field(default_factory=list, compare=False)

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        none = np.empty((0, self.dimension), dtype=np.float32)
        return Embeddings(self.embed_passages(texts), [none] * len(texts))

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        self.asked.extend(texts)
        return super().embed_tokens(texts)


@dataclass(frozen=True)
class Tokenless(Storeless):
    """An embedder that gives one vector and no more."""

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        found = super().embed_query(text)
        return QueryEmbedding(found.vector, found.tokens[:0])


@pytest.mark.parametrize("computed", [False, True])
def test_without_token_vectors_nothing_moves(tmp_path: Path, computed: bool) -> None:
    documents = [make_document(f"d{i}", [text]) for i, text in enumerate(TEXTS)]
    bare = fill(tmp_path / "c", make_parts(Tokenless()), documents)
    query = Query("a wheel on the road", k=8)
    plain = Retriever().search(bare.snapshot(), query)
    rerankers = {NAME: build_reranker(NAME, computed=computed)}
    found = Retriever(rerankers=rerankers).search(bare.snapshot(), query)
    assert [(h.chunk.id, h.score) for h in found.hits] == [
        (h.chunk.id, h.score) for h in plain.hits
    ]
    assert found.explanation.weights[NAME] == 0.0
    bare.close()


def test_what_is_computed_is_what_is_stored(collection: Collection, tmp_path: Path) -> None:
    """The same scores and the same order; what was computed once is not computed again, and what
    has changed since is."""
    embedder = Storeless()
    documents = [make_document(f"d{i}", [text], title="") for i, text in enumerate(TEXTS)]
    bare = fill(tmp_path / "c", make_parts(embedder), documents)
    query = Query("a wheel on the road", k=8)
    stored = Retriever(rerankers={NAME: build_reranker(NAME)})
    computing = Retriever(rerankers={NAME: build_reranker(NAME, computed=True)})
    wanted = stored.search(collection.snapshot(), query)
    found = computing.search(bare.snapshot(), query)
    assert [(hit.chunk.id, hit.score) for hit in found.hits] == [
        (hit.chunk.id, hit.score) for hit in wanted.hits
    ]
    assert found.explanation.weights[NAME] == 100.0
    asked = len(embedder.asked)
    assert 0 < asked <= len(TEXTS)
    assert computing.search(bare.snapshot(), query).hits == found.hits
    assert len(embedder.asked) == asked

    with bare.writer() as writer:
        writer.put([make_document("d4", ["a wheel on the road to town"], title="")], "test")
    again = computing.search(bare.snapshot(), query)
    assert embedder.asked[asked:] == ["a wheel on the road to town"]
    assert again.hits[0].chunk.document_id == "d4"
    bare.close()


def test_only_so_many_passages_are_remembered() -> None:
    embedder, tokens = Storeless(), PassageTokens(size=2)
    for texts in (["a", "b"], ["b", "b", "a"], ["c"], ["a"], ["b"]):
        assert [len(rows) for rows in tokens.of(embedder, texts)] == [26] * len(texts)
    assert embedder.asked == ["a", "b", "c", "b"]
    assert tokens.of(embedder, ["…"]) == [b""]


@given(
    scores=st.lists(st.floats(0, 40, width=32), min_size=1, max_size=60),
    own=st.lists(st.floats(0, 1, width=32), min_size=60, max_size=60),
    k=st.integers(1, 20),
    at_once=st.integers(1, 30),
    weight=st.sampled_from([1.0, 10.0, 100.0]),
)
def test_nothing_that_is_left_out_could_have_come_among_the_first(
    scores: list[float], own: list[float], k: int, at_once: int, weight: float
) -> None:
    """Unless it had got a better score than all that were judged."""
    ranking = Ranking.of(range(1, len(scores) + 1), scores)
    given_scores = dict(enumerate(own, start=1))
    judge = Given(given_scores, weight, at_once, depth=40)
    found = ordered(None, ranking, "x", {"given": judge}, k)  # type: ignore[arg-type]
    judged = found.judged["given"]
    count = len(judged.keys)
    assert count >= min(k, len(scores), 40)
    assert sorted(judged.keys.tolist()) == sorted(ranking.keys[:count].tolist())
    assert found.ranking.keys[count:].tolist() == ranking.keys[count:].tolist()
    if count < min(40, len(scores)):
        reach = weight * (max(judged.scores) - min(judged.scores))
        kth = np.sort(found.ranking.scores[:count])[-k]
        assert ranking.scores[count] + reach < kth + 1e-3
    full = ordered(
        None,  # type: ignore[arg-type]
        ranking,
        "x",
        {"given": Given(given_scores, weight, 40, depth=40)},
        k,
    )
    best = max(judged.scores)
    if all(given_scores[key] <= best for key in ranking.keys[:40].tolist()):
        assert found.ranking.keys[:k].tolist() == full.ranking.keys[:k].tolist()


@pytest.mark.parametrize(
    ("lead", "wanted"), [((1, 0.75), 0.775), ((1, 0.0), 0.1), ((3, 1.0), 0.1), ((9, 1.0), 0.1)]
)
def test_what_another_leads_to_counts_as_that_one_as_far_as_it_is_meant(
    lead: tuple[int, float], wanted: float
) -> None:
    """Not where that one is worse, or was not judged."""
    scores = {1: 1.0, 2: 0.1, 3: 0.0}
    ranking = Ranking.of(np.array([1, 2, 3]), np.array([5.0, 4.0, 3.0]))
    found = Found(np.array([1, 2, 3]), {}, ranking, {}, leads={2: lead})
    plain = replace(found, leads={})
    nothing: Any = None
    for own_unit, gained in ((False, 10.0 * wanted), (True, None)):
        rerankers = {NAME: Given(scores, 10.0, 30, 30, own_unit)}
        led, not_led = (
            Reranking(rerankers).order(nothing, nothing, one, 3, Clock(), {NAME}).found
            for one in (found, plain)
        )
        assert led.judged[NAME].scores_of(found.keys).tolist() == pytest.approx([1.0, 0.1, 0.0])
        after = led.ranking.scores_of(found.keys).tolist()
        if gained is None:
            assert after == not_led.ranking.scores_of(found.keys).tolist()
        else:
            assert after == pytest.approx([15.0, 4.0 + gained, 3.0], abs=1e-5)


def test_scores_in_a_unit_of_their_own_count_as_much_as_those_of_the_ranking() -> None:
    """Whatever they are multiplied by, and whatever is added to them."""
    ranking = Ranking.of([1, 2, 3, 4], [40.0, 30.0, 20.0, 10.0])
    orders = []
    for scale, offset in ((1.0, 0.0), (1e-3, -5.0), (1e4, 77.0)):
        own = {
            key: scale * score + offset for key, score in {1: 0.0, 2: 1.0, 3: 2.0, 4: 0.5}.items()
        }
        reranker = Given(own, 1.0, 4, depth=4, own_unit=True)
        found = ordered(None, ranking, "x", {"given": reranker})  # type: ignore[arg-type]
        orders.append(found.ranking.keys.tolist())
        gained = found.ranking.scores - ranking.scores[found.ranking.keys - 1]
        assert gained.std() == pytest.approx(ranking.scores.std(), rel=1e-3)
    assert orders == [[3, 2, 1, 4]] * 3
    alone = Given({1: 0.0, 2: 1.0, 3: 2.0, 4: 0.5}, 100.0, 4, depth=4, own_unit=True)
    found = ordered(None, ranking, "x", {"given": alone})  # type: ignore[arg-type]
    assert found.ranking.keys.tolist() == [3, 2, 4, 1]
    alike = Given(dict.fromkeys([1, 2, 3, 4], 0.5), 1.0, 4, depth=4, own_unit=True)
    found = ordered(None, ranking, "x", {"given": alike})  # type: ignore[arg-type]
    assert found.ranking.keys.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("options", [{"weight": 0.0}, {"weight": -1.0}, {"depth": 0}])
def test_wrong_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="late interaction must be"):
        build_reranker(NAME, **options)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, {NAME: False}),
        ({"embedder": {"pooled_tokens": 0}}, {NAME: True}),
        ({"embedder": {"pooled_tokens": 0}, "rerank": {NAME: {"compute": False}}}, {}),
        ({"embedder": {"backend": "openai", "model": "m"}}, {}),
        ({"rerank": {"rerankers": []}}, {}),
    ],
)
def test_the_settings_say_whether_token_vectors_are_computed(
    tmp_path: Path, given: dict[str, Any], wanted: dict[str, bool]
) -> None:
    braid = Braid(load_settings(data_dir=tmp_path, cache_dir=tmp_path, **given))
    found = braid.retriever.rerankers
    assert {
        name: reranker.computed
        for name, reranker in found.items()
        if isinstance(reranker, LateInteraction)
    } == wanted
    assert set(found) == set(wanted)
