"""From a query to explained hits, over small collections; and with the real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from index_room import (
    ANALYZER,
    PIPELINE,
    WordSumEmbedder,
    default_embedder,
    fill,
    make_document,
    make_parts,
)

from index.caches import Parts
from index.collection import Collection
from ingest.contract import BadInput
from retrieve.components import LEGS
from retrieve.contract import BadQuery, Query, SearchResult
from retrieve.pipeline import METHODS, Retriever

UNTRANSLATED = [method for method in METHODS if method != "translated"]

DOCUMENTS = [
    make_document(
        f"d{i}",
        [f"passage {i} {j} about {word} and {other}" for j in range(4)],
        metadata={"year": 2000 + i},
    )
    for i, (word, other) in enumerate(
        [("rivers", "boats"), ("boats", "engines"), ("engines", "cars"), ("河流", "船"), ("x", "y")]
    )
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = fill(tmp_path_factory.mktemp("retrieve") / "c", make_parts(), DOCUMENTS)
    yield collection
    collection.close()


def search(collection: Collection, text: str, **options: object) -> SearchResult:
    query = Query(text, **options)  # type: ignore[arg-type]
    return Retriever(depth=6).search(collection.snapshot(), query)


def places(result: SearchResult) -> list[str]:
    return [hit.chunk.id for hit in result.hits]


@pytest.mark.parametrize("fusion", UNTRANSLATED)
def test_hits_explain_themselves(collection: Collection, fusion: str) -> None:
    """Each leg's rank and score are what the leg alone gives, or its direct score; a fusion by
    ranks asks for no score of what the leg has not found."""
    result = search(collection, "boats on rivers", k=8, fusion=fusion)
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    assert [h.score for h in result.hits] == sorted((h.score for h in result.hits), reverse=True)
    alone = {
        name: {
            hit.chunk.id: (hit.rank, hit.score)
            for hit in search(collection, "boats on rivers", k=8, fusion=name).hits
        }
        for name in LEGS
    }
    vector = WordSumEmbedder().embed_query("boats on rivers").vector
    direct = collection.snapshot().dense
    assert result.hits
    for hit in result.hits:
        for name, leg in hit.legs.items():
            assert leg.score is not None or (fusion == "rrf" and leg.rank is None)
            rank, score = alone[name].get(hit.chunk.id, (None, None))
            assert leg.rank == rank
            if score is not None:
                assert leg.score == pytest.approx(score, rel=1e-6)
        if "dense" in hit.legs and hit.legs["dense"].score is not None:
            stored = collection.snapshot().chunks(direct.keys().tolist())
            (key,) = [k for k, s in stored.items() if s.chunk.id == hit.chunk.id]
            exact = direct.score(vector, np.array([key]))[0]
            assert hit.legs["dense"].score == pytest.approx(float(exact), abs=1e-6)
    assert set(result.explanation.weights) == set(result.hits[0].legs)
    assert "boat" in result.explanation.terms


def test_rescoring_gives_what_a_deep_search_gives(collection: Collection) -> None:
    deep = Retriever(depth=100).search(collection.snapshot(), Query("boats engines", k=20))
    scores = {hit.chunk.id: hit.legs for hit in deep.hits}
    for hit in search(collection, "boats engines", k=6).hits:
        for name, leg in hit.legs.items():
            assert leg.score == pytest.approx(scores[hit.chunk.id][name].score, rel=1e-5)


@pytest.mark.parametrize("fusion", UNTRANSLATED)
def test_filters_and_limits_hold_for_every_method(collection: Collection, fusion: str) -> None:
    only = {"year": {"$in": [2001, 2002]}}
    result = search(collection, "boats", k=3, fusion=fusion, filter=only)
    assert {hit.metadata["year"] for hit in result.hits} <= {2001, 2002}
    assert len(result.hits) == 3
    assert result.explanation.allowed == 8
    none = search(collection, "boats", fusion=fusion, filter={"year": 1900})
    assert none.hits == []
    assert none.explanation.notes == ("the filter leaves no chunk",)
    assert len(search(collection, "boats", k=1000, fusion=fusion).hits) <= 20


@pytest.mark.parametrize("fusion", METHODS)
def test_the_same_query_gives_the_same_hits(collection: Collection, fusion: str) -> None:
    first, second = (search(collection, "engines 船", fusion=fusion) for _ in range(2))
    assert first.hits == second.hits


def test_words_that_nobody_has_leave_the_vote_to_the_meaning(collection: Collection) -> None:
    result = search(collection, "zzz qqq", steps={"feedback": False})
    assert result.explanation.weights["sparse"] == 0.0
    assert "no chunk has a word" in result.explanation.notes[0]
    assert places(result) == places(search(collection, "zzz qqq", fusion="dense"))
    assert "no word to look up" in search(collection, "?!").explanation.notes[0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (Query(""), "empty"),
        (Query(" \n\t"), "empty"),
        (Query("x" * 100_000), "100,000 characters; 20,000 is the limit"),
        (Query("x", k=0), "k must be from 1"),
        (Query("x", k=1_001), "k must be from 1 to 1000"),
        (Query("x", fusion="magic"), "no fusion 'magic'; choose one of sparse, translated, dense"),
        (Query("\ud800"), "surrogate"),
    ],
)
def test_bad_queries_are_refused(collection: Collection, query: Query, message: str) -> None:
    with pytest.raises(BadQuery, match=message):
        Retriever().search(collection.snapshot(), query)


def test_odd_queries_and_filters_do_no_harm(collection: Collection) -> None:
    for text in ("\x00", "☂", "a" * 20_000, "\u200b", '"body:x AND *', "船" * 20_000):
        assert len(search(collection, text, k=3).hits) == 3
    with pytest.raises(BadInput, match="unknown operator"):
        search(collection, "x", filter={"year": {"$regex": "."}})


def test_deleted_chunks_vanish_at_once(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), DOCUMENTS)
    old = collection.snapshot()
    with collection.writer() as writer:
        writer.delete(["d0"])
    for snapshot in (old, collection.snapshot()):
        for fusion in METHODS:
            result = Retriever().search(snapshot, Query("rivers and boats", k=6, fusion=fusion))
            assert "d0" not in {hit.chunk.document_id for hit in result.hits}
            assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    with collection.writer() as writer:
        writer.delete([document.id for document, _ in DOCUMENTS])
    assert search(collection, "rivers").hits == []
    with collection.writer() as writer:
        writer.put(DOCUMENTS[:1], PIPELINE)
    assert search(collection, "rivers").hits[0].chunk.document_id == "d0"
    collection.close()


def test_questions_in_both_languages_with_the_real_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    small = make_parts()
    embedder = default_embedder()
    documents = [
        make_document("whale", ["The blue whale is the largest animal that has ever lived."]),
        make_document("tea", ["绿茶应当用八十度左右的水冲泡，水太烫会使茶汤发苦。"]),
        make_document("bridge", ["The bridge was opened to traffic in 1932 after eight years."]),
        make_document("code", ["本协议自双方签字之日起生效，有效期为三年。"]),
    ]
    parts = Parts(ANALYZER, embedder, small.sparse, small.dense)
    collection = fill(tmp_path / "c", parts, documents)
    for question, wanted in [
        ("世界上最大的动物是什么？", "whale"),
        ("What is the largest animal?", "whale"),
        ("How hot should water for green tea be?", "tea"),
        ("绿茶用多少度的水泡？", "tea"),
        ("大桥是哪一年通车的？", "bridge"),
        ("When does the agreement come into force?", "code"),
    ]:
        for fusion in ("dense", "default"):
            hits = search(collection, question, fusion=fusion).hits
            assert hits[0].chunk.document_id == wanted, (question, fusion)
    collection.close()
