"""One ranking out of what a question and its variants find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from index_room import WordSumEmbedder, fill, make_document, make_parts

from index.collection import Collection
from index.pipeline import Snapshot
from retrieve.contract import Query
from retrieve.pipeline import METHODS, Retriever
from retrieve.variants import Searched, Variant, merged, variants_of, with_passages

WORDS = ("river", "boat", "engine", "car", "wheel", "road", "lamp", "tree", "stone", "cloud")
DOCUMENTS = [
    make_document(f"{a}-{b}", [f"the {a} and the {b}"], title="")
    for i, a in enumerate(WORDS)
    for b in WORDS[i + 1 :]
] + [make_document(f"sky-{n}", [f"sun, moon, {n} stars"], title="") for n in range(6)]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = fill(tmp_path_factory.mktemp("variants") / "c", make_parts(), DOCUMENTS)
    yield collection
    collection.close()


def searched(
    snapshot: Snapshot, text: str, fusion: str, variant: Variant | None = None
) -> Searched:
    retriever = Retriever(depth=5)
    query = Query(text, fusion=fusion)
    return Searched(*retriever.searching(snapshot, query).plainly_found(text), variant)


def order(
    collection: Collection, question: str, variants: Sequence[Variant], fusion: str = "default"
) -> list[str]:
    snapshot = collection.snapshot()
    others = [searched(snapshot, v.text, fusion, v) for v in variants]
    asked = searched(snapshot, question, fusion)
    merging = Retriever().fusion(fusion, snapshot, asked.query.script)
    found = merged(snapshot, asked, others, merging)
    assert list(found.keys) == sorted(set(found.keys.tolist()))
    assert set(found.ranking.keys.tolist()) == set(found.keys.tolist())
    assert list(found.ranking.scores) == sorted(found.ranking.scores, reverse=True)
    assert all(len(leg.scores) == len(found.keys) for leg in found.legs.values())
    stored = snapshot.chunks(found.ranking.keys.tolist())
    return [stored[key].chunk.document_id for key in found.ranking.keys.tolist()]


@pytest.mark.parametrize("fusion", METHODS)
def test_the_question_as_its_own_variant_changes_nothing(
    collection: Collection, fusion: str
) -> None:
    alone = order(collection, "a boat on the river", [], fusion)
    same = Variant("rewrite", "a boat on the river", 0.5)
    assert order(collection, "a boat on the river", [same], fusion) == alone


@pytest.mark.parametrize("fusion", ["default", "convex", "rrf", "sparse", "dense"])
def test_the_question_weighs_most_and_what_variants_find_comes_in(
    collection: Collection, fusion: str
) -> None:
    alone = order(collection, "river boat", [], fusion)
    variant = Variant("rewrite", "a boat by a stone", 0.5)
    both = order(collection, "river boat", [variant], fusion)
    assert both[0] == alone[0] == "river-boat"
    assert both.index("boat-stone") < (alone.index("boat-stone") if "boat-stone" in alone else 99)


@pytest.mark.parametrize("fusion", ["default", "rrf", "sparse", "dense"])
def test_a_wording_that_finds_none_of_the_same_has_no_say(
    collection: Collection, fusion: str
) -> None:
    alone = order(collection, "river boat", [], fusion)
    both = order(collection, "river boat", [Variant("rewrite", "sun, moon", 0.5)], fusion)
    assert [name for name in both if name in alone] == alone
    assert both[0] == alone[0]
    assert set(both) - set(alone)


def test_the_best_of_each_part_comes_in(collection: Collection) -> None:
    """Five candidates of each leg for the whole, among which they are not."""
    parts = [
        Variant("decompose", text, 0.5, is_part=True)
        for text in ("stone and cloud", "lamp and tree", "engine and car")
    ]
    found = order(collection, "a boat on the river", parts)
    assert found[0] == "river-boat"
    assert {"stone-cloud", "lamp-tree", "engine-car"} <= set(found[: 5 + len(parts)])
    assert not {"stone-cloud", "lamp-tree"} & set(order(collection, "a boat on the river", []))


def test_nothing_found_by_any_is_nothing(tmp_path: Path) -> None:
    empty = Collection.create(tmp_path / "c", make_parts())
    for fusion in METHODS:
        assert order(empty, "river", [Variant("rewrite", "boat", 0.5)], fusion) == []
    empty.close()


def test_a_passage_moves_the_vector_and_nothing_else(collection: Collection) -> None:
    snapshot = collection.snapshot()
    query = searched(snapshot, "river", "default").query
    moved = with_passages(query, ["boat engine", "boat wheel"], WordSumEmbedder())
    assert (moved.text, moved.terms) == (query.text, query.terms)
    assert np.array_equal(moved.tokens, query.tokens)
    assert float(np.linalg.norm(moved.vector)) == pytest.approx(1.0, abs=1e-5)
    boats = WordSumEmbedder().embed_passages(["boat engine", "boat wheel"])
    mean = (query.vector + boats.sum(axis=0)) / 3
    assert moved.vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_texts_of_one_step_share_its_weight() -> None:
    variants = variants_of(
        {"hyde": ["p"], "rewrite": ["a", "b"], "decompose": ["c"], "step_back": []}
    )
    assert [(v.kind, v.text, v.is_part) for v in variants] == [
        ("rewrite", "a", False),
        ("rewrite", "b", False),
        ("decompose", "c", True),
    ]
    assert variants[0].weight == variants[1].weight
    assert sum(v.weight for v in variants if v.kind == "rewrite") < 1.0
