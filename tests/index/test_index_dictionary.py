"""The user's words: read from lines, kept in the catalog, followed by index and readers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import WordSumEmbedder, assert_sound, fill, make_document, make_parts

from index.collection import Collection
from index.components import SPARSE
from index.contract import SparseChanges, SparseIndex, UserWord
from index.pipeline import Store
from index.user_words import MAX_WORD_CHARS, line_of, parse_words
from ingest.contract import BadInput

TEXTS = ["石墨烯电池的寿命", "石墨与其他材料", "装有4G网络的水泵", "别的文字"]
DOCUMENTS = [make_document(f"d{number}", [text]) for number, text in enumerate(TEXTS)]


@pytest.fixture(params=sorted(SPARSE))
def sparse(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_lines_are_as_jieba_takes_them() -> None:
    lines = [
        "\ufeff石墨烯 100 n",
        "",
        "# made by hand",
        "凱特琳 nz",
        "Edu Trust认证 2000",
        " T恤\t3",
    ]
    assert parse_words(lines, "words.txt") == [
        UserWord("石墨烯", 100, "n"),
        UserWord("凱特琳", None, "nz"),
        UserWord("Edu Trust认证", 2000),
        UserWord("T恤", 3),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("，。", "neither a letter nor a digit"),
        ("字" * (MAX_WORD_CHARS + 1), "65 characters, 64 at the most"),
        ("词 0", "the frequency 0 is not from 1"),
        ("a\x00b", "cannot be printed"),
    ],
)
def test_a_bad_line_is_named(line: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"words.txt, line 3: .*{why}.*write a word to a line"):
        parse_words(["好", "", line], "words.txt")


@given(
    st.builds(
        UserWord,
        st.text(st.sampled_from("石墨烯TG4+."), min_size=1, max_size=8).filter(
            lambda word: any(c.isalnum() for c in word)
        ),
        st.none() | st.integers(1, 10**9),
        st.sampled_from(["", "n", "nz"]),
    )
)
def test_a_word_is_read_as_it_was_written(word: UserWord) -> None:
    assert parse_words([line_of(word)], "here") == [word]


def found(collection: Collection, query: str) -> list[str]:
    snapshot = collection.snapshot()
    terms = snapshot.parts.analyzer.query_terms(query, snapshot.languages)
    # By the word alone: its parts and bigrams find it in any case.
    ranking = snapshot.sparse.search([term for term in terms if term == query.lower()], 10)
    chunks = snapshot.chunks(ranking.keys.tolist())
    return [chunks[key].chunk.text for key in ranking.keys.tolist()]


def test_words_take_effect_without_embedding_and_other_readers_follow(
    sparse: str, tmp_path: Path
) -> None:
    embedder = WordSumEmbedder()
    parts = make_parts(embedder, sparse)
    collection = fill(tmp_path / "c", parts, DOCUMENTS)
    other = Collection.open(tmp_path / "c", parts)
    assert found(collection, "石墨烯") == found(other, "石墨烯") == []
    embedded, generation = len(embedder.embedded), collection.stats().generation
    with collection.writer() as writer:
        writer.set_words([UserWord("石墨烯"), UserWord("4G网络")])
    for reader in (collection, other):
        assert found(reader, "石墨烯") == TEXTS[:1]
        assert found(reader, "4g网络") == TEXTS[2:3]
        assert found(reader, "石墨") == TEXTS[1::-1]
    assert collection.stats().generation == generation + 1
    assert len(embedder.embedded) == embedded
    with collection.writer() as writer:
        writer.set_words([UserWord("石墨烯"), UserWord("4G网络")])
        assert collection.stats().generation == generation + 1
        writer.put([make_document("b", ["石墨烯的性质"])], "test")
    assert len(found(other, "石墨烯")) == 2
    collection.close()
    collection = Collection.open(tmp_path / "c", parts)
    assert len(found(collection, "石墨烯")) == 2
    with collection.writer() as writer:
        writer.set_words([])
    assert found(collection, "石墨烯") == found(other, "石墨烯") == []
    assert_sound(collection)
    assert_sound(other)
    other.close()
    collection.close()


def test_an_index_that_is_older_than_the_words_is_cut_anew(
    sparse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the words and the index, and in the middle of the index."""
    parts = make_parts(sparse=sparse)
    documents = [
        make_document(f"{copy}/{number}", [text])
        for copy in range(3)
        for number, text in enumerate(TEXTS)
    ]
    collection = fill(tmp_path / "c", parts, documents)
    collection.ledger.dictionary.replace([UserWord("石墨烯")])
    collection.close()
    monkeypatch.setattr("index.caches._REPLAY_BATCH", 5)
    applied = 0
    index_class = type(parts.sparse(tmp_path / "none"))
    apply = index_class.apply

    def dies_the_second_time(index: SparseIndex, changes: SparseChanges) -> None:
        nonlocal applied
        applied += 1
        if applied == 2:
            raise KeyboardInterrupt
        apply(index, changes)

    monkeypatch.setattr(index_class, "apply", dies_the_second_time)
    with pytest.raises(KeyboardInterrupt):
        Collection.open(tmp_path / "c", parts)
    assert applied == 2
    collection = Collection.open(tmp_path / "c", parts)
    assert len(found(collection, "石墨烯")) == 3
    assert_sound(collection)
    collection.close()


def test_words_outlive_a_rebuilding(tmp_path: Path) -> None:
    store = Store(tmp_path, make_parts())
    collection = store.create("c")
    with collection.writer() as writer:
        writer.put(DOCUMENTS, "test")
        writer.set_words([UserWord("石墨烯", 7, "n")])
    with store.rebuilding("c", "test") as rebuild:
        chunks = {document.id: (document, chunks) for document, chunks in DOCUMENTS}
        for document in rebuild.documents():
            rebuild.writer.put([chunks[document.id]], "test")
            rebuild.stored()
    again = store.get("c")
    assert again.ledger.dictionary.words() == (UserWord("石墨烯", 7, "n"),)
    assert found(again, "石墨烯") == TEXTS[:1]
    store.close()
