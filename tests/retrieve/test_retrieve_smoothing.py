"""What passages lack of a question's words, those nearest to them lend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from index_room import fill, make_document, make_parts

from index.collection import Collection
from index.contract import Keys
from ingest.contract import BadInput, Chunk, Document
from retrieve.contract import Found, Query, SearchResult
from retrieve.pipeline import Retriever
from retrieve.smoothing import Smoothing

PUMPS = [
    "the pump has a seal and a shaft of steel with two rings",
    "the pump has a seal and a shaft of steel with three rings",
    "the pump has a seal and a shaft of steel with four rings and a motor",
    "this one has a seal and a shaft of steel with five rings",
]
"""All are alike; the last does not say what it is about."""
OTHERS = [
    "gardens and trees in spring with many birds",
    "a motor drives the pump",
    "birds sing in old trees of gardens and parks",
    "rings are sold with a seal of quality by jewellers",
    "a shaft of light falls on the steel of a knife",
]
STEPS = {"graph": False, "feedback": False}
ALWAYS = Smoothing(low=1.0, high=1.1)
"""However much one passage says."""

CHINESE = ["水泵的密封圈必须每年更换", "水泵的密封圈必须每月更换", "它的密封圈必须每天更换"]


def documents() -> list[tuple[Document, list[Chunk]]]:
    return [
        make_document(f"d{number}", [text], title="")
        for number, text in enumerate([*PUMPS, *OTHERS])
    ]


@pytest.fixture(scope="module", params=["impacts", "rank-bm25"])
def collection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("smoothing") / "c"
    collection = fill(folder, make_parts(sparse=request.param), documents())
    yield collection
    collection.close()


def chinese() -> list[tuple[Document, list[Chunk]]]:
    return [make_document(f"zh{n}", [said], title="") for n, said in enumerate(CHINESE)]


def keys_by_document(collection: Collection) -> dict[str, int]:
    snapshot = collection.snapshot()
    stored = snapshot.chunks(snapshot.dense.keys().tolist())
    return {one.chunk.document_id: key for key, one in stored.items()}


def latin(collection: Collection) -> Keys:
    snapshot = collection.snapshot()
    keys = np.sort(snapshot.dense.keys())
    return keys[~snapshot.scripts.foreign("latin", keys)]


def test_lent_is_a_share_of_what_is_lacking_to_the_mean_of_the_nearest(
    collection: Collection,
) -> None:
    snapshot, keys = collection.snapshot(), latin(collection)
    terms = snapshot.parts.analyzer.query_terms("pump with a motor", snapshot.languages)
    lent = replace(ALWAYS, share=0.25, neighbours=3).lent(snapshot, terms, keys)

    _, vectors = snapshot.vectors(keys)
    wanted = []
    for place in range(len(keys)):
        others = [other for other in range(len(keys)) if other != place]
        others.sort(key=lambda other: -float(vectors[place] @ vectors[other]))
        total = 0.0
        for term in dict.fromkeys(terms):
            alone = snapshot.sparse.search([term], len(keys), keys).scores_of(keys)
            lacking = float(np.mean(alone[others[:3]])) - float(alone[place])
            total += 0.25 * max(lacking, 0.0)
        wanted.append(total)
    assert max(wanted) > 0
    assert lent.tolist() == pytest.approx(wanted, rel=1e-3, abs=1e-5)


def test_less_is_lent_the_more_the_best_passage_says_by_itself(collection: Collection) -> None:
    """Of "pump" and "spring", no passage says both; of "spring" and "birds", one does."""
    snapshot, keys = collection.snapshot(), latin(collection)
    apart = snapshot.parts.analyzer.query_terms("pump in spring", snapshot.languages)
    together = snapshot.parts.analyzer.query_terms("spring with birds", snapshot.languages)
    never = Smoothing(low=-1.0, high=0.0)
    shares = {}
    for name, terms in (("apart", apart), ("together", together)):
        by_term = snapshot.sparse.by_term(terms, keys)
        assert by_term is not None
        coverage = by_term.sum(axis=0).max() / by_term.max(axis=1).sum()
        whole = ALWAYS.lent(snapshot, terms, keys)
        assert whole.max() > 0
        lent = Smoothing(low=0.4, high=1.0).lent(snapshot, terms, keys)
        shares[name] = lent.max() / whole.max()
        wanted = min((1.0 - coverage) / 0.6, 1.0)
        assert lent.tolist() == pytest.approx((wanted * whole).tolist(), rel=1e-3, abs=1e-5)
        assert not never.lent(snapshot, terms, keys).any()
    assert shares["together"] < shares["apart"] - 0.2


def test_nothing_is_lent_where_there_is_nobody_or_nothing(collection: Collection) -> None:
    snapshot, keys = collection.snapshot(), latin(collection)
    smoothing = ALWAYS
    assert smoothing.lent(snapshot, ["pump"], keys[:1]).tolist() == [0.0]
    assert smoothing.lent(snapshot, ["pump"], keys[:0]).tolist() == []
    assert not smoothing.lent(snapshot, [], keys).any()
    assert not smoothing.lent(snapshot, ["nowhere"], keys).any()
    gone = np.append(keys, keys.max() + 1_000)  # deleted since it was found
    lent = smoothing.lent(snapshot, ["pump"], gone)
    assert lent[:-1].tolist() == smoothing.lent(snapshot, ["pump"], keys).tolist()
    assert lent[-1] == 0.0


def search(collection: Collection, text: str, **steps: bool) -> SearchResult:
    retriever = Retriever(steps=STEPS, smoothing=ALWAYS)
    return retriever.search(collection.snapshot(), Query(text, k=12, steps=steps))


def test_a_passage_gains_by_what_those_like_it_say(collection: Collection) -> None:
    """The one that does not say "pump" passes those that say "seal" or "shaft" of other things, and
    the others keep their order. What a leg itself says stays as it is."""
    smooth = search(collection, "pump motor")
    plain = search(collection, "pump motor", smoothing=False)
    scores = {hit.chunk.document_id: hit.score for hit in smooth.hits}
    before = {hit.chunk.document_id: hit.score for hit in plain.hits}
    assert scores.keys() == before.keys()
    assert all(scores[name] >= before[name] - 1e-4 for name in before)
    gained = {name for name in before if scores[name] > before[name] + 1e-3}
    assert "d3" in gained
    legs = {hit.chunk.id: hit.legs["sparse"] for hit in smooth.hits}
    assert legs == {hit.chunk.id: hit.legs["sparse"] for hit in plain.hits}


@pytest.mark.parametrize("text", ["水泵何时更换", "pump motor"])
def test_passages_in_another_script_lend_nothing_and_are_not_overtaken(
    tmp_path: Path, text: str
) -> None:
    """They have none of a question's words: where one is among the first, nobody is lent any."""
    collection = fill(tmp_path / "c", make_parts(), [*documents(), *chinese()])
    snapshot, query = collection.snapshot(), Query(text)

    def found(first: int, steps: dict[str, bool] | None = None) -> Found:
        retriever = Retriever(smoothing=replace(ALWAYS, first=first))
        asked = replace(query, steps=steps or {})
        return retriever.searching(snapshot, asked).plainly_found(text)[1]

    plain = found(5, {"smoothing": False})
    silent = plain.legs["sparse"].silent
    ranks = silent[plain.keys.searchsorted(plain.ranking.keys)]
    highest = int(ranks.argmax())  # where the first in another script stands
    assert ranks.any()
    assert found(highest + 1).legs["sparse"].lent is None
    assert (found(highest + 1).ranking.keys == plain.ranking.keys).all()
    lent = found(highest).legs["sparse"].lent
    assert lent is not None
    assert lent.max() > 0
    assert not lent[silent].any()
    collection.close()


def test_chinese_passages_lend_what_a_chinese_question_asks_for(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), chinese())
    snapshot, retriever = collection.snapshot(), Retriever(smoothing=ALWAYS)
    _, foreign = retriever.searching(snapshot, Query("pump motor")).plainly_found("pump motor")
    assert foreign.legs["sparse"].lent is None
    searching = retriever.searching(snapshot, Query("水泵何时更换"))
    _, found = searching.plainly_found("水泵何时更换")
    lent = found.legs["sparse"].lent
    assert lent is not None
    assert found.keys[lent.argmax()] == keys_by_document(collection)["zh2"]
    collection.close()


@pytest.mark.parametrize("fusion", ["rrf", "convex", "sparse", "dense"])
def test_other_fusions_are_as_they_were_unless_asked(collection: Collection, fusion: str) -> None:
    snapshot, retriever = collection.snapshot(), Retriever(smoothing=ALWAYS)
    query = Query("pump motor", fusion=fusion)
    without = Query("pump motor", fusion=fusion, steps={"smoothing": False})
    found = retriever.search(snapshot, query).hits
    assert found == retriever.search(snapshot, without).hits
    asked = Query("pump motor", fusion=fusion, steps={"smoothing": True})
    changed = retriever.search(snapshot, asked).hits
    assert (found != changed) == (fusion == "convex")


def test_those_beyond_the_depth_neither_lend_nor_borrow(collection: Collection) -> None:
    snapshot, names = collection.snapshot(), keys_by_document(collection)
    shallow = Retriever(steps=STEPS, smoothing=replace(ALWAYS, depth=2))
    deep = shallow.searching(snapshot, Query("pump motor", steps={"smoothing": True}))
    _, found = deep.plainly_found("pump motor")
    lent = found.legs["sparse"].lent
    assert lent is not None
    first = {key for leg in found.legs.values() for key in leg.ranking.keys[:2].tolist()}
    raised = set(found.keys[lent > 0].tolist())
    assert raised < first
    assert len(first) < len(names)


def test_an_index_that_tells_the_sum_alone_lends_nothing(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(sparse="tantivy"), documents())
    assert not ALWAYS.lent(collection.snapshot(), ["pump"], latin(collection)).any()
    assert (
        search(collection, "pump motor").hits
        == search(collection, "pump motor", smoothing=False).hits
    )
    collection.close()


@pytest.mark.parametrize(
    "options",
    [
        {"share": 0.0},
        {"share": 1.1},
        {"neighbours": 0},
        {"depth": 1},
        {"first": -1},
        {"low": 0.7, "high": 0.7},
    ],
)
def test_wrong_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        Smoothing(**options)  # type: ignore[arg-type]
