"""What is worked out of a catalog to understand queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import (
    ANALYZER,
    BACKENDS,
    PIPELINE,
    WordSumEmbedder,
    fill,
    make_document,
    make_parts,
)

from index.collection import Collection
from index.contract import IDENTIFIER_MARK
from index.synonyms import SynonymRule, parse_synonyms, synonym_line
from ingest.contract import BadInput, Chunk, Document


def numbered(document_id: str, sections: list[tuple[str, ...]]) -> tuple[Document, list[Chunk]]:
    """A document with a chunk in each of the sections."""
    document, chunks = make_document(document_id, [f"text {i}" for i in range(len(sections))])
    pairs = zip(chunks, sections, strict=True)
    return document, [replace(chunk, section=path) for chunk, path in pairs]


def held(collection: Collection, *path: str) -> set[tuple[str, int]]:
    """The documents and ordinals of the chunks in the sections."""
    snapshot = collection.snapshot()
    keys = snapshot.in_sections([{name} for name in path])
    assert np.array_equal(keys, np.sort(keys))
    return {
        (one.chunk.document_id, one.chunk.ordinal)
        for one in snapshot.chunks(keys.tolist()).values()
    }


def test_chunks_are_found_by_their_sections(tmp_path: Path) -> None:
    first = [
        ("chapter:3", "decimal:3.2"),
        ("chapter:3", "decimal:3.2", "decimal:3.2.1"),
        ("chapter:3", "decimal:3.20"),
        ("decimal:3.2", "chapter:3"),
        (),
    ]
    collection = fill(tmp_path / "c", make_parts(), [numbered("a", first)])
    assert held(collection, "decimal:3.2") == {("a", 0), ("a", 1), ("a", 3)}
    assert held(collection, "decimal:3") == {("a", 0), ("a", 1), ("a", 2), ("a", 3)}
    assert held(collection, "chapter:3", "decimal:3.2") == {("a", 0), ("a", 1)}
    assert held(collection, "decimal:3.2", "decimal:3.2") == {("a", 1)}
    assert held(collection, "chapter:4") == held(collection) == set()
    snapshot = collection.snapshot()
    assert len(snapshot.in_sections([{"chapter:9", "decimal:3.20"}])) == 1

    with collection.writer() as writer:
        writer.put([numbered("b", [("chapter:4",)]), numbered("a", first[:1])], PIPELINE)
    assert held(collection, "chapter:4") == {("b", 0)}
    assert held(collection, "chapter:3") == {("a", 0)}
    with collection.writer() as writer:
        writer.delete(["a"])
    assert held(collection, "chapter:3") == set()
    collection.close()


def test_words_are_found_by_edits(tmp_path: Path) -> None:
    texts = ["The warranty covers repairs. Warranty!", "a warrant", "保修 GUARANTEE ＡＢＣＤＥ"]
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", texts)])
    snapshot = collection.snapshot()
    assert snapshot.words_like("waranty", 1) == [("warranty", 1, 2)]
    assert snapshot.words_like("warrnaty", 1) == [("warranty", 1, 2)]  # two changed places
    assert snapshot.words_like("warrant", 1) == [("warrant", 0, 1), ("warranty", 1, 2)]
    assert snapshot.words_like("gaurante", 2) == [("guarantee", 2, 1)]
    assert snapshot.words_like("abcdf", 1) == [("abcde", 1, 1)]
    assert snapshot.words_like("zzzzzz", 2) == []
    with collection.writer() as writer:
        writer.put([make_document("b", ["an accommodation"])], PIPELINE)
    assert collection.snapshot().words_like("acommodation", 1) == [("accommodation", 1, 1)]
    collection.close()


def test_documents_are_found_by_what_they_are_called(tmp_path: Path) -> None:
    documents = [
        make_document("制度/员工手册（2023版）.docx", ["x"], title="《员工手册》"),
        make_document("a/User Guide.pdf", ["y"], title="Installation"),
        make_document("b/user-guide.pdf", ["z"], title="勞動合同"),
    ]
    collection = fill(tmp_path / "c", make_parts(), documents)
    called = collection.snapshot().documents_called
    ids = [document.id for document, _ in documents]
    assert (
        called("员工手册") == called("員工手冊") == called("员工手册（2023版）.docx") == (ids[0],)
    )
    assert called("user guide") == called("User-Guide.PDF") == (ids[1], ids[2])
    assert called("installation") == (ids[1],)
    assert called("劳动合同") == (ids[2],)
    assert called("手册") == called("") == called("guide") == ()
    assert collection.snapshot().media_types == {"text/plain": 3}
    with collection.writer() as writer:
        writer.delete([ids[0]])
    assert collection.snapshot().documents_called("员工手册") == ()
    collection.close()


@pytest.mark.parametrize("sparse", sorted({sparse for sparse, _ in BACKENDS}))
def test_terms_are_counted(tmp_path: Path, sparse: str) -> None:
    texts = ["rivers and boats", "boats of type PPR-9087", "船在河上"]
    document = make_document("a", texts, title="Harbours")
    parts = make_parts(WordSumEmbedder(), sparse)
    collection = fill(tmp_path / "c", parts, [document, make_document("b", ["boats"])])
    with collection.writer() as writer:
        writer.delete(["b"])
    identifier = f"{IDENTIFIER_MARK}ppr9087"
    assert identifier in ANALYZER.query_terms("PPR-9087")
    counts = collection.snapshot().sparse.counts
    terms = ["boat", "river", "船", "harbour", "nothing", identifier, "ppr9087"]
    assert counts(terms) == [2, 1, 1, 3, 0, 1, 0]
    assert counts([]) == []
    collection.close()
    empty = Collection.create(tmp_path / "empty", make_parts(WordSumEmbedder(), sparse))
    assert empty.snapshot().sparse.counts(["boat"]) == [0]
    empty.close()


def test_synonyms_are_read_as_they_are_written() -> None:
    lines = [
        "# cars",
        "",
        "\ufeffcar,  motor  car , car",
        r"a\, b , c => d",
        "x, y => z",
        r"c\=>d, e",
    ]
    assert parse_synonyms(lines, "f") == [
        SynonymRule(("car", "motor car")),
        SynonymRule(("a, b", "c"), ("d",)),
        SynonymRule(("x", "y"), ("z",)),
        SynonymRule((r"c=>d", "e")),
    ]
    for line in ("alone", "a =>", "=> b", "a => b => c", "，, 。", "a, " + "b" * 300, "a\x07b, c"):
        with pytest.raises(BadInput, match="f, line 2: "):
            parse_synonyms(["a, b", line], "f")


PHRASES = st.text(st.sampled_from("ab手册,\\#=> "), min_size=1, max_size=8).map(
    lambda text: " ".join(f"x{text}x".split())
)


@given(
    st.lists(PHRASES, min_size=2, max_size=4, unique=True),
    st.lists(PHRASES, max_size=3, unique=True),
)
def test_a_rule_is_read_as_it_was_shown(words: list[str], also: list[str]) -> None:
    rule = SynonymRule(tuple(words), tuple(also))
    assert parse_synonyms([synonym_line(rule)], "f") == [rule]


def test_synonyms_stay_with_their_collection(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", ["x"])])
    before = collection.snapshot()
    assert before.synonyms.rules == ()
    rules = parse_synonyms(["car, auto"], "f")
    collection.ledger.synonyms.replace(rules)
    assert before.synonyms.rules == tuple(rules)  # at once, whatever the snapshot
    assert before.synonyms is before.synonyms
    assert collection.snapshot().generation == before.generation
    collection.close()
    again = Collection.open(tmp_path / "c", make_parts())
    assert again.snapshot().synonyms.rules == tuple(rules)
    again.ledger.synonyms.replace([])
    assert again.snapshot().synonyms.rules == ()
    again.close()
