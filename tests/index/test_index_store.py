"""The catalog and the store of collections: round trips, undoing, damage, rebuilding."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import (
    DIMENSION,
    PIPELINE,
    WordSumEmbedder,
    assert_sound,
    make_document,
    make_parts,
    texts_of,
)

from index import rows
from index.catalog import Catalog
from index.collection import CATALOG
from index.contract import Embeddings, Locked
from index.lock import writer_lock
from index.pipeline import Store
from index.soundness import catalog_faults
from ingest.contract import (
    BadInput,
    Block,
    BlockKind,
    Box,
    Chunk,
    Conflict,
    Document,
    NotFound,
    Parent,
    Table,
    Unavailable,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
POINT = st.floats(0, 1000, allow_nan=False)
BOXES = st.lists(st.builds(Box, st.integers(1, 99), POINT, POINT, POINT, POINT), max_size=2).map(
    tuple
)
TABLES = st.builds(
    Table,
    st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3).map(tuple),
    st.integers(0, 2),
)
BLOCKS = st.builds(
    Block,
    st.sampled_from(BlockKind),
    TEXT,
    st.integers(0, 6),
    BOXES,
    st.none() | TABLES,
)
METADATA = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | POINT | TEXT,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
DOCUMENTS = st.builds(
    Document,
    id=TEXT.filter(bool),
    title=TEXT,
    media_type=st.just("text/plain"),
    content_hash=TEXT,
    blocks=st.lists(BLOCKS, max_size=4).map(tuple),
    page_count=st.integers(0, 9),
    metadata=METADATA,
)


def chunks_of(document: Document) -> list[Chunk]:
    return [
        Chunk(
            f"{number}-{document.id}", document.id, number, block.kind, document.title,
            (document.title, block.text), block.text, (number, number + 5),
            None if number % 2 else (1, number + 1), block.boxes,
            ("chapter:2", f"decimal:{number}")[: number % 3],
            Parent(block.kind, document.text, (0, 9), (1, 9), block.boxes) if number % 2 else None,
        )
        for number, block in enumerate(document.blocks)
    ]  # fmt: skip


def vectors(chunks: list[Chunk], fill: float = 1.0) -> dict[bytes, rows.StoredVectors]:
    filled = np.full(DIMENSION, fill, dtype=np.float32)
    stored = rows.stored_vectors(Embeddings(filled[None], [filled[None]]))[0]
    return {rows.embedding_hash(c): stored for c in chunks}


@settings(max_examples=60, deadline=None)
@given(document=DOCUMENTS)
def test_documents_come_back_as_they_were(
    document: Document, tmp_path_factory: pytest.TempPathFactory
) -> None:
    catalog = Catalog(tmp_path_factory.mktemp("round") / CATALOG, create=True)
    chunks = chunks_of(document)
    result = catalog.put(document, chunks, vectors(chunks), PIPELINE)
    assert catalog.document(document.id) == document
    assert catalog.document_chunks(document.id) == chunks
    stored = catalog.chunks(result.added)
    assert [stored[key].chunk for key in result.added] == chunks
    record = catalog.record(document.id)
    assert record is not None
    assert (record.chunk_count, record.metadata) == (len(chunks), document.metadata)
    assert catalog_faults(catalog) == []
    gone = catalog.delete([document.id])
    assert (gone.rows["documents"], gone.rows.get("chunks", 0)) == (1, len(chunks))
    assert gone.rows.get("vectors", 0) == len(chunks)
    assert catalog.since(0).deleted == sorted(result.added)
    assert catalog.counts() == (0, 0, 0)
    catalog.close()


@pytest.mark.parametrize("odd", ["a\x00b", "\x00", '"', "\\u0000", "\U00020000\u2028"])
def test_odd_characters_come_back_from_one_value(odd: str, tmp_path: Path) -> None:
    """SQLite's json_group_object ends a key at a NUL, so keys are no place for ids."""
    catalog = Catalog(tmp_path / CATALOG, create=True)
    document, chunks = make_document(odd, [odd, "x"], title=odd, metadata={odd: odd})
    added = catalog.put(document, chunks, vectors(chunks), PIPELINE).added
    stored = catalog.chunks(added)
    assert [stored[key].chunk for key in added] == chunks
    assert [stored[key].metadata for key in added] == [{odd: odd}] * 2
    catalog.close()


def test_keys_are_never_used_twice(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / CATALOG, create=True)
    seen: set[int] = set()
    for _ in range(3):
        document, chunks = make_document("a", ["x", "y"])
        added = set(catalog.put(document, chunks, vectors(chunks), PIPELINE).added)
        assert not added & seen
        seen |= added
        catalog.delete(["a"])
    assert catalog.since(0).deleted == sorted(seen)
    catalog.close()


def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / CATALOG, create=True)
    document, chunks = make_document("a", ["x", "y"])
    catalog.put(document, chunks, vectors(chunks), PIPELINE)
    changed, others = make_document("a", ["y", "z"], title="Other")
    with pytest.raises(KeyError):
        catalog.put(changed, others, {}, PIPELINE)
    assert catalog.generation == 1
    assert catalog.document("a") == document
    assert catalog.document_chunks("a") == chunks
    with pytest.raises(RuntimeError), catalog.transaction() as connection:
        connection.execute("DELETE FROM vectors")
        raise RuntimeError
    assert catalog.counts() == (1, 2, 2)
    assert catalog_faults(catalog) == []
    catalog.close()


def test_another_schema_and_damage_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / CATALOG
    with pytest.raises(NotFound):
        Catalog(path)
    catalog = Catalog(path, create=True)
    catalog.set_meta({"schema_version": "99"})
    catalog.close()
    with pytest.raises(Conflict, match="another version"):
        Catalog(path)
    for content in (b"no database at all" * 100, b""):
        path.write_bytes(content)
        with pytest.raises(Unavailable, match="backup"):
            Catalog(path)


def test_check_finds_faults(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / CATALOG, create=True)
    document, chunks = make_document("a", ["x", "y"])
    catalog.put(document, chunks, vectors(chunks), PIPELINE)
    with catalog.transaction() as connection:
        connection.execute("DELETE FROM vectors WHERE key = 1")
    assert catalog_faults(catalog) == ["1 chunks without a vector"]
    catalog.close()


@pytest.mark.parametrize("name", ["a", "论文", "A-b_c.d", "x" * 64, "1"])
def test_names_of_collections(name: str, tmp_path: Path) -> None:
    store = Store(tmp_path, make_parts())
    store.create(name)
    assert store.names() == [name]
    assert store.get_or_create(name) is store.get(name)
    with pytest.raises(Conflict, match="exists"):
        store.create(name)
    store.delete(name)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotFound):
        store.get(name)
    store.close()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", ".hidden", "-x", "a b", "x" * 65])
def test_wrong_names_are_refused(name: str, tmp_path: Path) -> None:
    store = Store(tmp_path / "root", make_parts())
    for call in (store.get, store.create, store.get_or_create, store.delete):
        with pytest.raises(BadInput, match="cannot be the name"):
            call(name)
    assert not (tmp_path / "root").exists()


def test_many_threads_make_one_collection(tmp_path: Path) -> None:
    store = Store(tmp_path, make_parts())
    made: list[object] = []
    threads = [
        threading.Thread(target=lambda: made.append(store.get_or_create("c"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(map(id, made))) == 1
    store.close()


def filled(root: Path, parts: WordSumEmbedder | None = None) -> Store:
    store = Store(root, make_parts(parts))
    with store.create("c").writer() as writer:
        writer.put([make_document("a", ["x", "y"]), make_document("b", ["z"])], PIPELINE)
    return store


def test_a_collection_in_use_is_not_deleted(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with store.get("c").writer(), pytest.raises(Locked):
        store.delete("c")
    assert texts_of(store.get("c")) == {"a": ["x", "y"], "b": ["z"]}
    store.close()


def test_a_kill_between_the_renames_is_mended(tmp_path: Path) -> None:
    filled(tmp_path).close()
    (tmp_path / "c").rename(tmp_path / ".old-c")
    store = Store(tmp_path, make_parts())
    assert texts_of(store.get("c")) == {"a": ["x", "y"], "b": ["z"]}
    store.close()
    shutil.copytree(tmp_path / "c", tmp_path / ".old-c")
    store = Store(tmp_path, make_parts())
    assert not (tmp_path / ".old-c").exists()
    assert_sound(store.get("c"))
    store.close()


def test_a_swap_in_progress_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path).close()
    (tmp_path / "c").rename(tmp_path / ".old-c")
    with writer_lock(tmp_path / ".old-c"):
        assert Store(tmp_path, make_parts()).names() == []
    assert Store(tmp_path, make_parts()).names() == ["c"]


def test_a_store_notices_what_another_process_did(tmp_path: Path) -> None:
    mine, other = filled(tmp_path), Store(tmp_path, make_parts())
    other.backup("c", tmp_path / "backup", braid="1")
    old = mine.get("c")
    assert mine.get("c") is old
    snapshot = old.snapshot()
    keys = snapshot.dense.keys().tolist()
    with other.get("c").writer() as writer:
        writer.put([make_document("later", ["w"])], PIPELINE)
    assert mine.get("c") is old
    assert list(texts_of(old)) == ["a", "b", "later"]

    other.restore(tmp_path / "backup", force=True)
    new = mine.get("c")
    assert new is not old
    assert texts_of(new) == {"a": ["x", "y"], "b": ["z"]}
    assert [found.chunk.text for found in snapshot.chunks(keys).values()] == ["x", "y", "z"]
    assert list(texts_of(old)) == ["a", "b", "later"], "those who have the old one read it on"
    with pytest.raises(Unavailable, match="replaced"), old.writer():
        pass
    folder = old.jobs.new_folder()
    with pytest.raises(Unavailable, match="replaced"):
        old.jobs.submit(folder, [])
    late: list[Exception] = []
    reading = threading.Thread(target=lambda: late.append(raised_by(old.records)))
    reading.start()
    reading.join()
    assert "replaced" in str(late[0]), "a thread that comes late must not read the new one"

    other.delete("c")
    with pytest.raises(NotFound):
        mine.get("c")
    assert not (tmp_path / "c").exists()
    other.create("c")
    assert texts_of(mine.get("c")) == {}
    mine.close()
    other.close()


def raised_by(call: Callable[[], object]) -> Exception:
    with pytest.raises(Unavailable) as caught:
        call()
    return caught.value


def test_readers_of_other_processes_see_each_change_at_once(tmp_path: Path) -> None:
    """Writes, a backup that is restored, a collection that is built anew, deleted, made again."""
    store = filled(tmp_path)
    store.backup("c", tmp_path / "backup", braid="1")
    command = [sys.executable, str(Path(__file__).with_name("reading_child.py")), str(tmp_path)]
    with ExitStack() as running:
        readers = [
            running.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]

        def seen(words: str = "") -> set[str]:
            answers = set()
            for reader in readers:
                assert reader.stdin is not None and reader.stdout is not None
                if words:
                    print(words, file=reader.stdin, flush=True)
                answers.add(reader.stdout.readline().strip())
            return answers

        assert seen() == {"ready"}
        assert seen("z w") == {"2|z|3"}
        with store.get("c").writer() as writer:
            writer.put([make_document("later", ["w"])], PIPELINE)
        assert seen("z w") == {"3|w|z|4"}
        store.restore(tmp_path / "backup", force=True)
        assert seen("z w") == {"2|z|3"}
        with store.rebuilding("c", PIPELINE) as rebuild:
            for document in rebuild.documents():
                writer = rebuild.writer
                writer.put([make_document(document.id, [f"{document.id} w"])], PIPELINE)
                rebuild.stored()
                assert seen("z w") == {"2|z|3"}
        assert seen("z w") == {"2|a w|b w|2"}
        store.delete("c")
        assert seen("z w") == {"NotFound"}
        store.create("c")
        assert seen("z w") == {"0|0"}
        for reader in readers:
            assert reader.stdin is not None
            reader.stdin.close()
    store.close()
