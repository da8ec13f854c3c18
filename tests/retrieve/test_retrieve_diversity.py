"""Hits that do not repeat each other, and few of one document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from index_room import fill, make_document, make_parts

from index.collection import Collection
from retrieve.after.diversity import mmr_order
from retrieve.contract import Query, SearchResult
from retrieve.pipeline import METHODS, Retriever

DOCUMENTS = [
    make_document(f"d{i}", [f"{word} number {i} {j} of boats" for j in range(6)], title=word)
    for i, word in enumerate(["rivers", "rivers", "engines", "cars", "lakes", "seas"])
]
BIG = make_document("big", [f"boats boats boats, part {j} of many boats" for j in range(60)])


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    path = tmp_path_factory.mktemp("diversity") / "c"
    collection = fill(path, make_parts(), [*DOCUMENTS, BIG])
    yield collection
    collection.close()


def search(
    collection: Collection, text: str, *, depth: int = 100, **options: object
) -> SearchResult:
    query = Query(text, **options)  # type: ignore[arg-type]
    return Retriever(depth=depth).search(collection.snapshot(), query)


def places(result: SearchResult) -> list[str]:
    return [hit.chunk.id for hit in result.hits]


def report(result: SearchResult, step: str) -> dict[str, Any]:
    """What a step says it found."""
    found = result.explanation.steps[step]
    assert isinstance(found, dict)
    return found


@st.composite
def candidates(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    count = draw(st.integers(1, 12))
    finite = st.floats(-1, 1, width=32)
    scores = draw(arrays.arrays(np.float32, count, elements=finite))
    vectors = draw(arrays.arrays(np.float32, (count, 3), elements=finite))
    return np.sort(scores)[::-1], vectors @ vectors.T


@given(candidates(), st.floats(0, 1))
def test_every_candidate_is_taken_once(
    given_: tuple[np.ndarray, np.ndarray], diversity: float
) -> None:
    scores, similarities = given_
    assert sorted(mmr_order(scores, similarities, diversity)) == list(range(len(scores)))
    assert mmr_order(scores, similarities, diversity)[0] == 0 or diversity == 1.0
    assert mmr_order(scores, similarities, 0.0).tolist() == list(range(len(scores)))


@given(candidates(), st.floats(0.01, 0.99))
def test_each_one_taken_is_the_best_by_the_formula(
    given_: tuple[np.ndarray, np.ndarray], diversity: float
) -> None:
    scores, similarities = given_
    count = len(scores)
    order = mmr_order(scores, similarities, diversity).tolist()

    def scaled(value: float, among: list[float]) -> float:
        least, most = min(among), max(among)
        return (value - least) / (most - least) if most > least else 0.0

    pairs = [float(similarities[a, b]) for a in range(count) for b in range(count) if a != b]

    def gain(place: int, before: list[int]) -> float:
        relevance = scaled(float(scores[place]), [float(score) for score in scores])
        like = max((scaled(float(similarities[place, b]), pairs) for b in before), default=0.0)
        return (1 - diversity) * relevance - diversity * max(like, 0.0)

    for n, place in enumerate(order):
        best = max(gain(other, order[:n]) for other in order[n:])
        assert gain(place, order[:n]) == pytest.approx(best, abs=1e-5)


def test_what_is_said_twice_comes_later() -> None:
    scores = np.array([1.0, 0.9, 0.8], dtype=np.float32)
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert mmr_order(scores, vectors @ vectors.T, 0.5).tolist() == [0, 2, 1]
    assert mmr_order(scores, vectors @ vectors.T, 0.05).tolist() == [0, 1, 2]


@pytest.mark.parametrize("fusion", [name for name in METHODS if name != "translated"])
def test_diversity_orders_anew_and_none_leaves_everything_as_it_is(
    collection: Collection, fusion: str
) -> None:
    plain = search(collection, "rivers and boats", k=12, fusion=fusion)
    same = search(collection, "rivers and boats", k=12, fusion=fusion, diversity=0.0)
    assert plain.hits == same.hits
    assert "diversity" not in same.explanation.steps
    diverse = search(collection, "rivers and boats", k=12, fusion=fusion, diversity=0.7)
    assert places(diverse) != places(plain)
    assert places(diverse)[0] == places(plain)[0]
    assert report(diverse, "diversity")["moved"] > 0
    assert likeness(diverse) < likeness(plain)
    scores = {hit.chunk.id: hit.score for hit in search(collection, "rivers and boats", k=90).hits}
    if fusion == "default":
        assert all(hit.score == scores[hit.chunk.id] for hit in diverse.hits)


def likeness(result: SearchResult) -> float:
    """The mean of each hit's greatest cosine to a hit before it."""
    vectors = make_parts().embedder.embed_passages([h.chunk.embedding_text for h in result.hits])
    cosines = vectors @ vectors.T
    return float(np.mean([cosines[n, :n].max() for n in range(1, len(cosines))]))


def test_the_vectors_of_a_snapshot_are_those_stored(collection: Collection) -> None:
    snapshot = collection.snapshot()
    wanted = snapshot.dense.keys()[::-7]
    keys, vectors = snapshot.vectors(np.append(wanted, 10**9))
    assert keys.tolist() == sorted(wanted.tolist())
    texts = [snapshot.chunks([key])[key].chunk.embedding_text for key in keys.tolist()]
    embedded = make_parts().embedder.embed_passages(texts)
    assert vectors.tobytes() == embedded.tobytes()


@given(
    st.sampled_from(["boats", "rivers", "engines of cars", "part 7 of boats"]),
    st.integers(1, 5),
    st.integers(1, 30),
    st.sampled_from(["default", "rrf", "sparse", "dense"]),
)
def test_no_document_has_more_hits_than_it_may(
    collection: Collection, text: str, limit: int, k: int, fusion: str
) -> None:
    found = search(collection, text, k=k, per_document=limit, fusion=fusion)
    counts = Counter(hit.chunk.document_id for hit in found.hits)
    assert max(counts.values()) <= limit
    everything = places(search(collection, text, k=200, fusion=fusion))
    where = [everything.index(chunk_id) for chunk_id in places(found)]
    assert where == sorted(where), "the order is kept"
    possible = Counter(hit.chunk.document_id for hit in search(collection, text, k=200).hits)
    if fusion == "default":
        assert len(found.hits) == min(k, sum(min(n, limit) for n in possible.values()))


def test_other_documents_are_looked_for_deeper_once(collection: Collection) -> None:
    """The best ten chunks are all of one document."""
    shallow = search(collection, "boats boats boats part", k=5, depth=10)
    assert {hit.chunk.document_id for hit in shallow.hits} == {"big"}
    found = search(collection, "boats boats boats part", k=5, depth=10, per_document=1)
    assert len({hit.chunk.document_id for hit in found.hits}) == 5
    assert report(found, "per_document")["searched_deeper"]
    assert not report(found, "per_document")["missing"]
    assert found.explanation.notes == shallow.explanation.notes
    hurried = search(
        collection, "boats boats boats part", k=5, depth=10, per_document=1, budget_ms=0.001
    )
    assert report(hurried, "per_document") == {
        "left_out": report(hurried, "per_document")["left_out"],
        "searched_deeper": False,
        "missing": 5 - len(hurried.hits),
    }
    assert 0 < len(hurried.hits) < 5


def test_it_is_said_where_even_that_is_not_enough(collection: Collection) -> None:
    found = search(collection, "boats", k=20, per_document=2)
    assert len(found.hits) == 14
    assert report(found, "per_document")["missing"] == 6
    assert any("only 14 hits" in note for note in found.explanation.notes)
    only = search(collection, "boats", k=20, per_document=20, filter={"document_id": "d0"})
    assert len(only.hits) == 6
    assert "per_document" not in only.explanation.steps
