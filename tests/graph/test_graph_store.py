"""The facts in the catalog: stored with their chunks, gone with them, in step with the words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from index_room import PIPELINE, assert_sound, fill, make_document, make_parts, rows_of

from index.caches import Parts
from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.contract import UserWord
from index.graph.contract import MODEL, ChunkFacts, Decision, DecisionKind, EntityType, Mention
from index.graph.packed_facts import pack, unpack
from index.graph.pipeline import build_extractor
from index.graph.store import FactStore, Made
from index.pipeline import Store
from ingest.contract import BadInput, Chunk, Completion, Document, NotFound

TEXTS = (
    "阿里巴巴集团（Alibaba Group）由马云于1999年在杭州创立。",
    "检索增强生成（RAG）是指先检索再生成的方法。RAG减少幻觉。",
    "Tim Cook is the CEO of Apple Inc. and lives in California.",
    "Apple Inc. was founded by Steve Jobs. The company sells the iPhone.",
    "腾讯控股有限公司收购了一家位于深圳的公司。",
    "Retrieval-augmented generation (RAG) grounds a language model in documents.",
    "杭州是浙江省的省会，马云出生在杭州。",
)


def parts_with_graph() -> Parts:
    return replace(make_parts(), extractor=build_extractor("rules"))


def documents(count: int) -> list[tuple[Document, list[Chunk]]]:
    return [
        make_document(f"d{i}", [TEXTS[i % 7], TEXTS[(i + 3) % 7]], title=f"Report {i}")
        for i in range(count)
    ]


def seen(collection: Collection) -> dict[str, Any]:
    """All of a graph but for the numbers that keys have."""
    graph = collection.graph()
    chunks = collection.snapshot().chunks(graph.keys.tolist())
    ids = [chunks[key].chunk.id for key in graph.keys.tolist()]
    entities = [graph.entity(number) for number in range(len(graph.ids))]
    named = {
        (ids[row], graph.ids[column]): value
        for row in range(len(ids))
        for column, value in zip(*map(list, graph.named.row(row)), strict=True)
    }
    subjects = {
        (graph.ids[row], ids[column]): value
        for row in range(len(entities))
        for column, value in zip(*map(list, graph.subjects.row(row)), strict=True)
    }
    relations = [
        {
            (one.head, one.tail, one.kind, one.weight, one.keywords,
             tuple(sorted((chunks[e.key].chunk.id, e.span) for e in one.evidence)))
            for one in graph.relations_of(number)
        }
        for number in range(len(entities))
    ]  # fmt: skip
    merges = [(m.first, m.second, m.reason, m.by) for m in graph.merges()]
    communities = [(c.id, c.level, c.parent, c.entities, c.title) for c in graph.communities()]
    return {
        "entities": entities,
        "named": named,
        "subjects": subjects,
        "relations": relations,
        "merges": sorted(merges),
        "communities": communities,
    }


def test_facts_are_stored_with_their_chunks_and_go_with_them(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    stats = collection.stats()
    assert stats.facts == stats.chunks == 14
    assert collection.graph().numbers_of("杭州")
    assert collection.graph().stats().pending == 0
    with collection.writer() as writer:
        receipt = writer.delete(["d0", "d1"])
    assert receipt.facts == receipt.chunks == 4
    with collection.writer() as writer:
        writer.delete([f"d{i}" for i in range(7)])
    graph = collection.graph().stats()
    assert (graph.chunks, graph.entities, graph.mentions, graph.relations) == (0, 0, 0, 0)
    assert (graph.statements, graph.merges, graph.communities) == (0, 0, 0)
    collection.close()
    assert rows_of(tmp_path / "c")["facts"] == []


def test_whatever_the_history_the_graph_is_that_of_what_is_there(tmp_path: Path) -> None:
    chance = random.Random(4)
    for history in range(3):
        collection = fill(tmp_path / f"c{history}", parts_with_graph(), [])
        held: dict[str, tuple[Document, list[Chunk]]] = {}
        for _ in range(12):
            name = f"d{chance.randrange(5)}"
            with collection.writer() as writer:
                if name in held and chance.random() < 0.4:
                    writer.delete([name])
                    del held[name]
                else:
                    texts = [chance.choice(TEXTS) for _ in range(chance.randrange(1, 4))]
                    held[name] = make_document(name, texts, title=chance.choice(["A", "杭州"]))
                    writer.put([held[name]], PIPELINE)
            if chance.random() < 0.5:
                collection.graph()
        fresh = fill(tmp_path / f"f{history}", parts_with_graph(), [held[n] for n in sorted(held)])
        assert seen(collection) == seen(fresh)
        assert_sound(collection)
        collection.close()
        fresh.close()


def test_the_facts_of_a_chunk_that_stays_stay(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(1))
    before = rows_of(tmp_path / "c")["facts"]
    with collection.writer() as writer:
        writer.put([make_document("d0", [*TEXTS[:1], TEXTS[3], TEXTS[6]], title="Report 0")], "x")
    after = rows_of(tmp_path / "c")["facts"]
    assert [row for row in after if row in before] == before
    assert len(after) == 3
    collection.close()


def test_a_collection_without_facts_gets_them_when_it_is_asked_to(tmp_path: Path) -> None:
    """As one has that was made before there was a graph."""
    fill(tmp_path / "c", make_parts(), documents(3)).close()
    collection = Collection.open(tmp_path / "c", parts_with_graph())
    assert collection.stats().facts == 0
    assert collection.graph().stats().pending == 6
    with collection.writer() as writer:
        assert list(writer.extract()) == [6, 0]
        assert list(writer.extract()) == [0]
    fresh = fill(tmp_path / "fresh", parts_with_graph(), documents(3))
    assert seen(collection) == seen(fresh)
    collection.close()
    fresh.close()


def test_the_graph_follows_the_words_of_the_collection(tmp_path: Path) -> None:
    words = [UserWord("语言模型", tag="nz"), UserWord("grounds a", tag="nz")]
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    plain = seen(collection)
    untouched = {row[0]: row for row in rows_of(tmp_path / "c")["facts"]}
    with collection.writer() as writer:
        writer.set_words([*words, UserWord("减少幻", tag="nz")])
    assert collection.graph().numbers_of("grounds a")
    assert collection.graph().numbers_of("减少幻")
    changed = [row for row in rows_of(tmp_path / "c")["facts"] if row != untouched[row[0]]]
    assert 0 < len(changed) < len(untouched)
    with collection.writer() as writer:
        writer.set_words([])
    assert seen(collection) == plain
    collection.close()


def test_words_that_a_kill_left_without_their_facts_are_followed_later(tmp_path: Path) -> None:
    from index.dictionary import Dictionary

    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    Dictionary(collection._catalog).replace([UserWord("减少幻", tag="nz")])
    assert not collection.graph().numbers_of("减少幻")
    with collection.writer():
        pass
    assert collection.graph().numbers_of("减少幻")
    collection.close()


def test_decisions_are_kept_numbered_and_taken_back(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    plain, facts = seen(collection), collection.facts
    (merge,) = facts.decide([Decision(0, DecisionKind.MERGE, ("杭州", "California"))])
    assert merge.number == 1
    assert merge.decided_at
    assert collection.graph().numbers_of("杭州") == collection.graph().numbers_of("California")
    (other,) = facts.decide([Decision(0, DecisionKind.SEPARATE, ("RAG", "检索增强生成"))])
    assert [decision.number for decision in facts.decisions()] == [1, other.number]
    facts.take_back(other.number)
    facts.take_back(merge.number)
    assert seen(collection) == plain
    with pytest.raises(NotFound, match="no decision 7"):
        facts.take_back(7)
    collection.close()


@pytest.mark.parametrize(
    "decision",
    [
        Decision(0, DecisionKind.MERGE, ("one",)),
        Decision(0, DecisionKind.MERGE, ("one", " ")),
        Decision(0, DecisionKind.SEPARATE, ("one", "one")),
        Decision(0, DecisionKind.SPLIT, ("one",)),
        Decision(0, DecisionKind.SPLIT, ("one", "two"), ("d",)),
    ],
)
def test_a_decision_that_decides_nothing_is_refused(decision: Decision, tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), [])
    with pytest.raises(BadInput):
        collection.facts.decide([decision])
    assert collection.facts.decisions() == ()
    collection.close()


def test_the_alias_file_is_replaced_as_a_whole_and_leaves_the_users_decisions(
    tmp_path: Path,
) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), [])
    facts = collection.facts
    facts.decide([Decision(0, DecisionKind.MERGE, ("a", "b"))])
    one = Decision(0, DecisionKind.MERGE, ("c", "d"), by="aliases")
    two = replace(one, names=("e", "f"))
    facts.replace_aliases([one, two])
    before = facts.decisions()
    facts.replace_aliases([two])
    after = facts.decisions()
    assert [decision.names for decision in after] == [("a", "b"), ("e", "f")]
    assert after[1] == before[2]
    collection.close()


def test_names_in_the_alias_file_are_found_where_nothing_else_finds_them(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    plain = seen(collection)
    aliases = Decision(0, DecisionKind.MERGE, ("减少幻", "grounds a"), by="aliases")
    with collection.writer() as writer:
        writer.set_aliases([aliases])
    graph = collection.graph()
    assert graph.numbers_of("减少幻") == graph.numbers_of("grounds a") != ()
    with collection.writer() as writer:
        writer.put(documents(8)[7:], PIPELINE)
        writer.delete(["d7"])
        writer.set_aliases([])
    assert seen(collection) == plain
    collection.close()


def model_facts(collection: Collection, keys: Sequence[int]) -> None:
    """As a language model's are stored."""
    mention = Mention("Apple Inc.", EntityType.ORGANIZATION, 0, 10)
    packed = pack(ChunkFacts((mention,), descriptions=(("Apple Inc.", "sells phones"),)))
    collection.facts.put(MODEL, {key: Made("model/1", packed) for key in keys})
    for key in keys:
        collection.facts.put_answer(key, b"hash", Completion("{}", 10, 2))


def test_what_a_model_said_goes_along_when_a_collection_is_built_anew(tmp_path: Path) -> None:
    parts = parts_with_graph()
    store = Store(tmp_path, parts)
    collection = store.create("c")
    with collection.writer() as writer:
        writer.put(documents(4), PIPELINE)
    keys = collection.graph().keys.tolist()
    model_facts(collection, keys[:2])
    collection.facts.decide([Decision(0, DecisionKind.MERGE, ("杭州", "California"))])
    said = seen(collection)
    chunks = {document.id: chunks for document, chunks in documents(4)}
    with store.rebuilding("c", PIPELINE) as rebuild:
        for document in rebuild.documents():
            rebuild.writer.put([(document, chunks[document.id])], PIPELINE)
            rebuild.stored()
    rebuilt = store.get("c")
    assert seen(rebuilt) == said
    assert rebuilt.facts.count() == 8
    assert len(rebuilt.facts.pending(MODEL, "model/1")) == 6
    assert len(rows_of(tmp_path / "c")["answers"]) == 2
    store.close()


def test_answers_of_a_model_go_with_their_chunk(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(2))
    keys = collection.graph().keys.tolist()
    model_facts(collection, keys)
    assert collection.facts.answer(keys[0], b"hash") == Completion("{}", 10, 2)
    assert collection.facts.answer(keys[0], b"other") is None
    with collection.writer() as writer:
        assert writer.delete(["d0", "d1"]).facts == 8
    assert rows_of(tmp_path / "c")["answers"] == rows_of(tmp_path / "c")["facts"] == []
    collection.close()


def test_an_import_has_its_graph(tmp_path: Path) -> None:
    parts = parts_with_graph()
    store = Store(tmp_path / "s", parts)
    collection = store.create("c")
    with collection.writer() as writer:
        writer.put(documents(4), PIPELINE)
    collection.facts.decide([Decision(0, DecisionKind.MERGE, ("杭州", "California"))])
    said = seen(collection)
    store.export("c", tmp_path / "export", braid="1")
    store.import_from(tmp_path / "export", "d")
    assert seen(store.get("d")) == said
    store.close()


def test_facts_come_back_as_they_were_packed(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    catalog = Catalog(tmp_path / "c" / CATALOG)
    extractor = build_extractor("rules")
    changes = list(FactStore(catalog).since(-1))
    stored = {key: facts for change in changes for key, (_, facts) in change.added.items()}
    assert len(stored) == 14
    for key, one in collection.snapshot().chunks(list(stored)).items():
        assert stored[key] == (extractor.extract(one.chunk, ()),)
    odd = ChunkFacts((Mention("\ud800x", EntityType.OTHER, 0, 2),), keywords=("\ud800",))
    assert unpack(pack(odd)) == odd
    catalog.close()
    collection.close()


def test_repair_finds_facts_that_are_missing(tmp_path: Path) -> None:
    parts = parts_with_graph()
    collection = fill(tmp_path / "c", parts, documents(3))
    said = seen(collection)
    with collection._catalog.transaction() as connection:
        connection.execute("DELETE FROM facts WHERE key IN (2, 3)")
    collection.close()
    told = list(Collection.repair(tmp_path / "c", parts))
    assert told == ["found anew what 2 chunks say for the graph"]
    collection = Collection.open(tmp_path / "c", parts)
    assert seen(collection) == said
    collection.close()
    assert list(Collection.repair(tmp_path / "c", parts)) == []


def test_what_is_saved_of_a_damaged_catalog_has_its_facts_and_answers(tmp_path: Path) -> None:
    from index.database import connect
    from index.salvage import Salvage

    parts = parts_with_graph()
    collection = fill(tmp_path / "c", parts, documents(3))
    model_facts(collection, collection.graph().keys.tolist()[:2])
    collection.close()
    (tmp_path / "new").mkdir()
    new = Catalog(tmp_path / "new" / CATALOG, create=True)
    old = connect(tmp_path / "c" / CATALOG)
    assert Salvage(old, new, parts.embedder).run() == (3, [])
    old.close()
    new.close()
    before, after = rows_of(tmp_path / "c"), rows_of(tmp_path / "new")
    assert (after["facts"], after["answers"]) == (before["facts"], before["answers"])
    assert len(after["facts"]) == 8


def test_a_search_does_not_wait_for_the_graph_of_a_large_collection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.graph.graphs._SMALL", 3)
    monkeypatch.setattr("index.graph.graphs._TINY", 3)
    monkeypatch.setattr("index.graph.graphs._REST", 0.0)
    monkeypatch.setattr("index.graph.graphs._LONG_REST_S", 0.0)
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    assert collection.snapshot().graph() is None
    collection.settle()
    first = collection.snapshot().graph()
    assert first is not None
    assert len(first.keys) == 14
    with collection.writer() as writer:
        writer.delete(["d0"])
    assert collection.snapshot().graph() is first
    collection.settle()
    following = collection.snapshot().graph()
    assert following is not None
    assert len(following.keys) == 12
    assert following is collection.graph()
    collection.close()


def test_a_thread_that_has_derived_a_graph_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.graph.graphs._TINY", 3)
    monkeypatch.setattr("index.graph.graphs._REST", 1e9)
    collection = fill(tmp_path / "c", parts_with_graph(), documents(7))
    first = collection.snapshot().graph()
    sizes = []
    for number in range(2):
        with collection.writer() as writer:
            writer.delete([f"d{number}"])
        assert collection.snapshot().graph() is not None
        collection.settle()
        graph = collection.snapshot().graph()
        assert graph is not None
        sizes.append(len(graph.keys))
    assert first is not None
    assert (len(first.keys), sizes) == (14, [12, 12]), "the second is not derived so soon"
    assert len(collection.graph().keys) == 10
    collection.close()
