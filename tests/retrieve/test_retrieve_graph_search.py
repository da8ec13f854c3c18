"""Searches that the entity graph has a part in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from graph_search_room import (
    DIRECTOR,
    FACTORY,
    FILM,
    FOUNDER,
    OTHER_DIRECTOR,
    OTHER_FILM,
    filled,
    ids,
    parts_with_graph,
)
from index_room import fill, make_document, make_parts

from index.collection import Collection, Snapshot
from index.contract import Keys
from retrieve.contract import (
    GLOBAL,
    HYBRID,
    LOCAL,
    MIX,
    MODES,
    NAIVE,
    AnalyzedQuery,
    BadQuery,
    Query,
    Scores,
)
from retrieve.graph.levels import Levels, named_in
from retrieve.graph.linking import Asked, Place
from retrieve.pipeline import Retriever

ONE_HOP = "Where was the director of the film Silent Harbour born?"
TWO_THINGS = "Which film has the director who was born first, Silent Harbour or Copper Road?"
CHINESE = "青岭仪器有限公司的创始人是哪里人？"
NOTHING = "xyzzy plugh"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    made = filled(tmp_path_factory.mktemp("graph") / "films")
    yield made
    made.close()


def places(collection: Collection, text: str, mode: str, *documents: str) -> list[int]:
    """Where the documents stand among the hits, from 1; 99 for one that is not there."""
    found = ids(Retriever().search(collection.snapshot(), Query(text, 20, mode=mode)))
    return [found.index(id) + 1 if id in found else 99 for id in documents]


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        (ONE_HOP, (FILM, DIRECTOR)),
        (TWO_THINGS, (FILM, DIRECTOR, OTHER_FILM, OTHER_DIRECTOR)),
        (CHINESE, (FACTORY, FOUNDER)),
    ],
)
def test_the_graph_leads_to_passages_that_share_no_word_with_the_question(
    collection: Collection, text: str, documents: tuple[str, ...]
) -> None:
    with_graph = places(collection, text, MIX, *documents)
    assert max(with_graph) <= len(documents) + 1
    if text != CHINESE:  # whose few words find it without
        assert max(places(collection, text, NAIVE, *documents)) > max(with_graph)


def test_the_graph_is_a_leg_that_explains_itself(collection: Collection) -> None:
    result = Retriever().search(collection.snapshot(), Query(TWO_THINGS, 5))
    assert result.explanation.weights["graph"] == 1.0
    director = next(hit for hit in result.hits if hit.chunk.document_id == DIRECTOR)
    assert director.legs["graph"].rank is not None
    assert (director.legs["graph"].score or 0.0) > 0.0
    report = result.explanation.steps["graph"]
    assert isinstance(report, dict)
    assert report["mode"] == MIX
    assert report["entities"] == ["Copper Road", "Silent Harbour"]
    assert "Marta Lindqvist" in report["hops"]
    assert "graph" in result.explanation.timings_ms


@dataclass(frozen=True)
class Disliking:
    """A reranker that likes all chunks but one."""

    disliked: int
    weight: float = 60.0
    own_unit: bool = False
    depth: int = 30
    at_once: int = 30
    by_call: bool = False
    guess_ms: float = 1.0

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        return np.asarray(keys != self.disliked, dtype=np.float32)


def test_what_the_graph_leads_to_need_not_be_like_the_question(collection: Collection) -> None:
    snapshot = collection.snapshot()
    stored = snapshot.chunks(snapshot.dense.keys().tolist())
    (key,) = [key for key, one in stored.items() if one.chunk.document_id == DIRECTOR]
    reranker = Disliking(key)
    plain, judged = (
        Retriever(rerankers=rerankers).search(snapshot, Query(ONE_HOP, 20))
        for rerankers in ({}, {"late_interaction": reranker})
    )
    assert ids(judged)[:2] == ids(plain)[:2] == [FILM, DIRECTOR]
    naive = Retriever(rerankers={"late_interaction": reranker}).search(
        snapshot, Query(ONE_HOP, 20, mode=NAIVE)
    )
    assert DIRECTOR not in ids(naive)[:10]


def test_naive_is_a_search_without_the_graph(collection: Collection) -> None:
    plain = Retriever().search(collection.snapshot(), Query(ONE_HOP, 10, steps={"graph": False}))
    naive = Retriever().search(collection.snapshot(), Query(ONE_HOP, 10, mode=NAIVE))
    assert [(hit.chunk.id, hit.score) for hit in naive.hits] == [
        (hit.chunk.id, hit.score) for hit in plain.hits
    ]
    assert "graph" not in naive.explanation.weights
    assert "graph" not in naive.explanation.steps


def test_local_walks_from_the_things_named(collection: Collection) -> None:
    assert max(places(collection, TWO_THINGS, LOCAL, FILM, OTHER_FILM, DIRECTOR)) <= 4
    result = Retriever().search(collection.snapshot(), Query(TWO_THINGS, 5, mode=LOCAL))
    assert result.explanation.weights == {"sparse": 0, "translated": 0, "dense": 0, "graph": 1}


def test_global_tells_by_themes(collection: Collection) -> None:
    result = Retriever().search(collection.snapshot(), Query("光学研究与仪器生产", 5, mode=GLOBAL))
    report = result.explanation.steps["graph"]
    assert isinstance(report, dict)
    assert report["themes"]
    assert {FACTORY, FOUNDER} <= set(ids(result))
    hybrid = Retriever().search(collection.snapshot(), Query(TWO_THINGS, 10, mode=HYBRID))
    assert {FILM, OTHER_FILM} <= set(ids(hybrid)[:4])


def test_an_unknown_mode_is_refused(collection: Collection) -> None:
    with pytest.raises(BadQuery, match="naive, local, global, hybrid, mix"):
        Retriever().search(collection.snapshot(), Query(ONE_HOP, mode="fast"))
    with pytest.raises(BadQuery, match="chains"):
        Retriever().search(collection.snapshot(), Query(ONE_HOP, chains=-1))


def test_where_the_graph_has_nothing_to_say_it_says_so_and_changes_nothing(
    collection: Collection,
) -> None:
    mix = Retriever().search(collection.snapshot(), Query(NOTHING, 10))
    naive = Retriever().search(collection.snapshot(), Query(NOTHING, 10, mode=NAIVE))
    assert mix.explanation.weights["graph"] == 0.0
    report = mix.explanation.steps["graph"]
    assert isinstance(report, dict) and report["speaks"] is False
    assert [(hit.chunk.id, hit.score) for hit in mix.hits] == [
        (hit.chunk.id, hit.score) for hit in naive.hits
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_holds_in_every_mode(collection: Collection, mode: str) -> None:
    query = Query(TWO_THINGS, 20, filter={"kind": "films"}, mode=mode, chains=10)
    result = Retriever().search(collection.snapshot(), query)
    assert set(ids(result)) == {FILM, OTHER_FILM}


def test_chains_quote_the_sentences_that_they_go_by(collection: Collection) -> None:
    snapshot = collection.snapshot()
    result = Retriever().search(snapshot, Query(ONE_HOP, 5, chains=5))
    path = next(chain for chain in result.chains if chain.kind == "path")
    assert result.hits[path.rank - 1].chunk.document_id == DIRECTOR
    (link,) = path.links
    assert {link.head, link.tail} == {"Silent Harbour", "Marta Lindqvist"}
    assert link.document_id == FILM
    assert "directed by Marta Lindqvist" in link.sentence
    (chunk,) = collection.document_chunks(FILM)
    assert link.chunk_id == chunk.id
    assert chunk.text[slice(*link.span)].strip() == link.sentence
    assert len(Retriever().search(snapshot, Query(TWO_THINGS, 5, chains=1)).chains) == 1
    assert not Retriever().search(snapshot, Query(ONE_HOP, 5)).chains


def test_what_is_deleted_is_in_no_hit_and_no_chain(tmp_path: Path) -> None:
    collection = filled(tmp_path / "films")
    before = collection.snapshot()
    with collection.writer() as writer:
        writer.delete([FILM])
    for snapshot in (before, collection.snapshot()):
        for mode in MODES:
            result = Retriever().search(snapshot, Query(ONE_HOP, 20, mode=mode, chains=20))
            assert FILM not in ids(result)
            assert FILM not in {link.document_id for one in result.chains for link in one.links}
    collection.close()


def test_a_collection_without_a_graph_is_searched_by_its_texts(tmp_path: Path) -> None:
    collection = filled(tmp_path / "films", make_parts())
    snapshot = collection.snapshot()
    mix = Retriever().search(snapshot, Query(ONE_HOP, 5))
    assert "graph" not in mix.explanation.weights
    local = Retriever().search(snapshot, Query(ONE_HOP, 5, mode=LOCAL))
    assert any("no entity graph" in note for note in local.explanation.notes)
    assert ids(local) == ids(mix)
    collection.close()


def test_the_graph_is_cut_where_there_is_no_time_for_it(collection: Collection) -> None:
    retriever = Retriever()
    for _ in range(50):
        retriever.costs.learn("graph mix", 10_000_000.0)
    query = Query(TWO_THINGS, 5, budget_ms=60_000.0)
    result = retriever.search(collection.snapshot(), query)
    assert "graph" in result.explanation.cut
    assert "graph" not in result.explanation.weights


def test_another_fusion_takes_the_graph_where_it_is_asked_to(collection: Collection) -> None:
    snapshot = collection.snapshot()
    for fusion in ("rrf", "convex"):
        plain = Retriever().search(snapshot, Query(TWO_THINGS, 20, fusion))
        assert "graph" not in plain.explanation.weights
        led = Retriever().search(snapshot, Query(TWO_THINGS, 20, fusion, steps={"graph": True}))
        assert led.explanation.weights["graph"] == 1.0
        place = ids(led).index(DIRECTOR)
        assert DIRECTOR not in ids(plain) or ids(plain).index(DIRECTOR) > place
    walked = Retriever().search(snapshot, Query(TWO_THINGS, 5, "sparse", mode=LOCAL))
    assert {FILM, OTHER_FILM} <= set(ids(walked))


def test_a_search_gives_the_same_bytes_again(collection: Collection) -> None:
    for mode in MODES:
        query = Query(TWO_THINGS, 10, mode=mode, chains=5)
        one, other = (Retriever().search(collection.snapshot(), query) for _ in range(2))
        assert [(hit.chunk.id, hit.score) for hit in one.hits] == [
            (hit.chunk.id, hit.score) for hit in other.hits
        ]
        assert one.chains == other.chains


def test_words_that_were_lent_are_not_credited_again(tmp_path: Path) -> None:
    """A document's chunks are given the words of its title alike: by what lies near them, or by the
    title."""
    said = ["Silent Harbour was shot in winter, and Silent Harbour won a prize.", "It won a prize."]
    documents = [
        make_document("film", said, title="Silent Harbour"),
        make_document("other", ["A harbour is where ships lie."], title="Harbours"),
    ]
    collection = fill(tmp_path / "lent", parts_with_graph(), documents)
    snapshot, question = collection.snapshot(), "Which prize did Silent Harbour win?"
    graph = snapshot.graph()
    assert graph is not None
    place = Place(snapshot, graph, None)
    named = named_in(place, Asked.of(graph, snapshot.parts.analyzer, question))
    searching = Retriever().searching(snapshot, Query(question, steps={"smoothing": False}))
    analyzed, found = searching.plainly_found(question)
    whole = Levels().credits(place, analyzed, named, found)
    assert whole.max() > 0.05
    for share in (0.3, 2.0):
        lent = whole * np.float32(share)
        legs = {**found.legs, "sparse": replace(found.legs["sparse"], lent=lent)}
        left = Levels().credits(place, analyzed, named, replace(found, legs=legs))
        wanted = max(1.0 - share, 0.0) * whole
        assert left.tolist() == pytest.approx(wanted.tolist(), abs=1e-5)
    collection.close()
