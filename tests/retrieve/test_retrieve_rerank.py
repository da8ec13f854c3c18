"""Late interaction: what it adds, whom it may move, and when it has nothing to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from index_room import WordSumEmbedder, by_key, fill, make_document, make_parts

from index.collection import Collection
from index.contract import Embeddings, QueryEmbedding, Ranking
from ingest.contract import BadInput
from retrieve.contract import AnalyzedQuery, Query
from retrieve.pipeline import METHODS, Retriever, build_reranker

NAME = "late_interaction"
WORDS = ("river", "boat", "engine", "car", "wheel", "road", "lamp", "tree")
TEXTS = [f"{a} {b} {c}" for a, b, c in zip(WORDS, WORDS[1:], WORDS[3:], strict=False)] + ["…"]
"""The last has no word, so no token vector."""


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


@pytest.mark.parametrize("depth", [1, 3, 30])
def test_it_adds_the_mean_of_each_words_best_cosine(collection: Collection, depth: int) -> None:
    snapshot, ranking = collection.snapshot(), ranking_of_all(collection)
    found = build_reranker(NAME, weight=10.0, depth=depth).rerank(
        snapshot, analyzed("boat wheel"), ranking
    )
    first = ranking.keys[:depth].tolist()
    words = WordSumEmbedder().embed_query("boat wheel").tokens
    tokens = dict(by_key(snapshot.tokens(ranking.keys), ranking.keys))
    wanted = {
        key: np.mean([max(float(word @ token) for token in tokens[key]) for word in words])
        for key in first
        if key in tokens
    }
    own = dict(zip(found.own.keys.tolist(), found.own.scores.tolist(), strict=True))
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
class Tokenless(WordSumEmbedder):
    """An embedder that gives one vector and no more."""

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        none = np.empty((0, self.dimension), dtype=np.float32)
        return Embeddings(self.embed_passages(texts), [none] * len(texts))

    def embed_query(self, text: str) -> QueryEmbedding:
        found = super().embed_query(text)
        return QueryEmbedding(found.vector, found.tokens[:0])


def test_without_token_vectors_nothing_moves(tmp_path: Path) -> None:
    documents = [make_document(f"d{i}", [text]) for i, text in enumerate(TEXTS)]
    bare = fill(tmp_path / "c", make_parts(Tokenless()), documents)
    query = Query("a wheel on the road", k=8)
    plain = Retriever().search(bare.snapshot(), query)
    found = Retriever(rerankers={NAME: build_reranker(NAME)}).search(bare.snapshot(), query)
    assert [(h.chunk.id, h.score) for h in found.hits] == [
        (h.chunk.id, h.score) for h in plain.hits
    ]
    assert found.explanation.weights[NAME] == 0.0
    bare.close()


@pytest.mark.parametrize("options", [{"weight": 0.0}, {"weight": -1.0}, {"depth": 0}])
def test_wrong_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="late interaction must be"):
        build_reranker(NAME, **options)
