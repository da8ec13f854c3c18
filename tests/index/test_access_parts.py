"""The parts of access tags: a view has no way past itself, and tags stay where they were given."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from index_room import PIPELINE, WordSumEmbedder, fill, make_document, make_parts

from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.contract import DenseReader, Origin
from index.pipeline import Store
from index.restricted import RestrictedSnapshot, SeenDense
from index.snapshot import Snapshot
from index.tagging import MAX_TAGS, access_tags, may_see, tags_of
from ingest.contract import ACCESS, BadInput, NotFound

SAFE = {
    "generation", "parts", "languages", "synonyms", "tuning",  # of the collection as a whole
    "computed_tokens",  # of what `chunks` shows
    "sparse", "dense", "scripts",  # put in place by RestrictedSnapshot.of
}  # fmt: skip
"""What a restricted snapshot takes over from a whole one. Whatever is added to Snapshot has to be
narrowed in RestrictedSnapshot, or be thought about here."""

HIDDEN = make_document("hr/secret.txt", ["alpha hidden", "zephyrine"], metadata={ACCESS: ["hr"]})
OPEN = make_document("open.txt", ["alpha open", "beta"], title="Open")


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return fill(tmp_path / "c", make_parts(), [HIDDEN, OPEN])


def test_every_way_into_a_snapshot_is_narrowed() -> None:
    public = {name for name in dir(Snapshot) if not name.startswith("_")}
    public |= {one.name for one in fields(Snapshot) if not one.name.startswith("_")}
    own = set(vars(RestrictedSnapshot))
    assert public - own - SAFE == set()
    ways = {name for name in vars(DenseReader) if not name.startswith("_")}
    assert ways <= set(vars(SeenDense))


def test_nobody_pays_where_nothing_is_tagged(tmp_path: Path) -> None:
    plain = fill(tmp_path / "plain", make_parts(), [OPEN])
    assert plain.snapshot(frozenset()) is plain.snapshot()
    assert plain.snapshot(frozenset(["hr"])).visible is None
    assert plain.sight(frozenset()) is None


def test_the_same_object_serves_until_something_is_written(collection: Collection) -> None:
    one = collection.snapshot(frozenset(["law"]))
    assert isinstance(one, RestrictedSnapshot)
    assert collection.snapshot(frozenset(["law"])) is one
    assert collection.snapshot(frozenset(["hr"])) is collection.snapshot()
    with collection.writer() as writer:
        writer.describe(["hr/secret.txt"], tags=["law"])
    assert collection.snapshot(frozenset(["law"])).visible is None
    assert collection.snapshot(frozenset(["hr"])).visible is not None


def test_keys_that_are_known_show_nothing(collection: Collection) -> None:
    whole, seen = collection.snapshot(), collection.snapshot(frozenset())
    keys = whole.dense.keys()
    hidden = [
        key for key, one in whole.chunks(keys.tolist()).items() if "secret" in one.chunk.document_id
    ]
    assert len(hidden) == 2
    assert seen.chunks(hidden) == {}
    assert seen.visible is not None and not set(hidden) & set(seen.visible.tolist())
    assert len(seen.vectors(keys)[0]) == len(seen.documents_of(keys)[0]) == 2
    tokens = seen.tokens(keys)
    assert [keys.tolist()[place] for place in tokens.places.tolist()] == seen.visible.tolist()
    chunk = whole.chunks(hidden)[hidden[0]].chunk
    assert seen.around([chunk], 3) == [] and len(whole.around([chunk], 3)) == 2
    vector = WordSumEmbedder().embed_query("alpha hidden").vector
    scores = seen.dense.score(vector, keys)
    assert sum(scores == scores) == 2  # nan for a chunk that is not there
    assert seen.dense.search(vector, 9, keys).keys.tolist() == sorted(
        seen.visible.tolist(), key=lambda key: -scores[keys.tolist().index(key)]
    )
    assert seen.sparse.counts(["zephyrin", "alpha"], keys) == [0, 1]
    assert whole.sparse.counts(["alpha"]) == [2]


@pytest.mark.parametrize("sparse", ["impacts", "tantivy", "rank-bm25"])
def test_words_are_counted_among_some_chunks(tmp_path: Path, sparse: str) -> None:
    texts = [f"alpha {'beta' if n % 3 else 'gamma'} number{n}" for n in range(40)]
    collection = fill(tmp_path / "c", make_parts(sparse=sparse), [make_document("d", texts)])
    with collection.writer() as writer:
        writer.put([make_document("e", ["alpha gone"])], PIPELINE)
        writer.delete(["e"])
    reader = collection.snapshot().sparse
    keys = reader.keys()
    assert reader.counts(["alpha", "beta", "gamma", "none"]) == [40, 26, 14, 0]
    some = keys[:10]
    assert reader.counts(["alpha", "beta", "gamma", "none"], some) == [10, 6, 4, 0]
    assert reader.counts(["alpha", "beta"], keys[:0]) == [0, 0]


def test_tags_are_checked() -> None:
    assert access_tags(["b", "a", "b", "team:2.x_y-z", "法务"]) == [
        "a",
        "b",
        "team:2.x_y-z",
        "法务",
    ]
    for wrong in ("", "two words", "x" * 65, "a/b", 3, None, "\ud800"):
        with pytest.raises(BadInput, match="cannot be an access tag"):
            access_tags([wrong])
    with pytest.raises(BadInput, match="50 at the most"):
        access_tags(f"t{n}" for n in range(MAX_TAGS + 1))
    assert may_see(None, frozenset("a")) and may_see(frozenset("ab"), frozenset("bc"))
    assert may_see(frozenset(), frozenset()) and not may_see(frozenset("a"), frozenset("b"))


def test_what_a_file_said_of_itself_before_there_were_tags_is_no_tag(tmp_path: Path) -> None:
    old = make_document("old.txt", ["alpha"], metadata={ACCESS: "open to all"})
    collection = fill(tmp_path / "c", make_parts(), [old])
    assert collection.record("old.txt").metadata == {}
    with closing(Catalog(tmp_path / "c" / CATALOG)) as catalog, catalog.transaction() as connection:
        connection.execute('UPDATE documents SET metadata = \'{"access": "open to all"}\'')
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    assert collection.snapshot(frozenset()).visible is None


def test_a_catalog_without_the_index_is_read_as_well(collection: Collection) -> None:
    with collection._catalog.transaction() as connection:
        connection.execute("DROP INDEX documents_by_access")
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
    assert [one.id for one in collection.view(frozenset()).records()] == ["open.txt"]
    with collection.writer() as writer:
        writer.describe(["open.txt"], {"year": 1}, ["law"])
    names = [row[0] for row in collection._catalog.read("SELECT name FROM sqlite_master")]
    assert "documents_by_access" in names
    assert collection.view(frozenset()).records() == []


def test_tags_survive_backup_export_and_rebuilding(tmp_path: Path) -> None:
    parts = make_parts()
    store = Store(tmp_path / "store", parts)
    collection = store.create("c")
    with collection.writer() as writer:
        origins = {"hr/secret.txt": Origin(given={ACCESS: ["hr"]})}
        writer.put([HIDDEN, OPEN], PIPELINE, origins)
        writer.describe(["hr/secret.txt"], tags=["law"])
    store.backup("c", tmp_path / "c.braid", braid="test")
    store.restore(tmp_path / "c.braid", "restored")
    store.export("c", tmp_path / "out", braid="test")
    store.import_from(tmp_path / "out", "imported")
    other = Store(tmp_path / "store", replace(parts, embedder=WordSumEmbedder("words/2")))
    with other.rebuilding("c", PIPELINE) as rebuild:
        for document in rebuild.documents():
            _, chunks = make_document(document.id, document.text.split("\n\n"))
            rebuild.writer.put([(document, chunks)], PIPELINE)
            rebuild.stored()
    found = [store.get("restored"), store.get("imported"), other.get("c")]
    for one in found:
        view = one.view(frozenset(["hr"]))
        assert [record.id for record in view.records()] == ["open.txt"]
        state = one.ledger.states.get("hr/secret.txt")
        assert state is not None and tags_of(state.origin.given) == {"law"}
        with pytest.raises(NotFound):
            view.record("hr/secret.txt")
    store.close()
    other.close()


def test_words_are_forgotten_with_what_is_hidden(collection: Collection) -> None:
    def like(tags: frozenset[str]) -> list[tuple[str, int, int]]:
        return collection.snapshot(tags).words_like("zephyrina", 1)

    held = frozenset(["law"])
    assert like(held) == []
    with collection.writer() as writer:
        writer.describe(["hr/secret.txt"], tags=["law"])
        writer.put([make_document("other.txt", ["gamma"], metadata={ACCESS: ["hr"]})], PIPELINE)
    assert like(held) == [("zephyrine", 1, 1)]
    assert like(frozenset()) == []
    with collection.writer() as writer:
        writer.put([make_document("open.txt", ["zephyrine twice"])], PIPELINE)
    assert like(held) == [("zephyrine", 1, 2)]
    with collection.writer() as writer:
        writer.describe(["hr/secret.txt"], tags=["hr"])
    assert like(held) == [("zephyrine", 1, 1)]
