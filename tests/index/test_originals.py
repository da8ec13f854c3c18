"""Files kept for documents: given back, shared, let go, carried along, never lost or left."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from index_room import PIPELINE, make_document, make_parts, rows_of
from keeping_child import content

from index.collection import CATALOG, Collection
from index.contract import Status
from index.pipeline import DocumentFilter, Store
from ingest.contract import Document, Json, NotFound, Unavailable

HERE = Path(__file__).parent


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data", make_parts())


def made_of(name: str, data: bytes) -> Document:
    digest = hashlib.sha256(data).hexdigest()
    return replace(make_document(name, [f"text of {name}"])[0], content_hash=digest)


def hand_in(collection: Collection, folder: Path, **given: bytes) -> None:
    with collection.writer() as writer:
        for name, data in given.items():
            document = made_of(name, data)
            writer.put([(document, [])], PIPELINE)
            (folder / "in").write_bytes(data)
            collection.originals.keep(name, folder / "in", f"{name}.bin")
            (folder / "in").unlink()


def kept(collection: Collection) -> dict[str, bytes]:
    found = {}
    for record in collection.records():
        original = collection.originals.get(record.id)
        if original is not None:
            assert (original.size, original.hash) == (
                original.path.stat().st_size,
                hashlib.sha256(original.path.read_bytes()).hexdigest(),
            )
            found[record.id] = original.path.read_bytes()
    return found


def files(collection: Collection, tmp_path: Path) -> set[str]:
    folder = tmp_path / "data" / collection.name / "originals"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def test_one_file_serves_all_documents_of_its_content(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"same", b=b"same", c=b"other")
    assert kept(collection) == {"a": b"same", "b": b"same", "c": b"other"}
    assert len(files(collection, tmp_path)) == collection.stats().originals == 2
    with collection.writer() as writer:
        assert writer.delete(["a"]).originals == 0
        assert kept(collection) == {"b": b"same", "c": b"other"}
        assert writer.delete(["b", "c"]).originals == 2
    assert files(collection, tmp_path) == set()


def test_a_replaced_content_goes_at_once(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"old")
    hand_in(collection, tmp_path, a=b"new")
    assert kept(collection) == {"a": b"new"}
    with collection.writer() as writer:  # ingested from a path since: nothing is handed in
        writer.put([(made_of("a", b"newer"), [])], PIPELINE)
    assert (kept(collection), files(collection, tmp_path)) == ({}, set())


def test_only_what_the_document_was_read_from_is_kept(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"one")
    (tmp_path / "in").write_bytes(b"two")
    for name in ("a", "nothing"):
        collection.originals.keep(name, tmp_path / "in", "x")
    assert kept(collection) == {"a": b"one"}
    collection.ledger.states.settle("p.zip", Status.UNPACKED)
    collection.originals.keep("p.zip", tmp_path / "in", "p.zip")
    original = collection.originals.get("p.zip")
    assert original is not None and original.path.read_bytes() == b"two"
    collection.originals.forget("p.zip")
    assert len(files(collection, tmp_path)) == 1


def test_hidden_documents_have_no_chunk_and_are_in_no_list(store: Store) -> None:
    collection = store.create("c")
    with collection.writer() as writer:
        told: dict[str, dict[str, Json]] = {"open": {}, "secret": {"access": ["hr"]}}
        for name, metadata in told.items():
            writer.put([make_document(name, ["alpha", "beta"], metadata=metadata)], PIPELINE)
    chunks = {name: collection.document_chunks(name)[0] for name in ("open", "secret")}
    for held, seen in (((), ["open"]), (("hr",), ["open", "secret"])):
        view = collection.view(frozenset(held))
        for wanted in (None, DocumentFilter(title="e"), DocumentFilter(prefix="")):
            assert [record.id for record in view.records(wanted=wanted)] == seen
        assert view.records(wanted=DocumentFilter(prefix="secret", media_type="x")) == []
        for name, chunk in chunks.items():
            if name in seen:
                assert view.chunk(chunk.id).chunk == chunk
                assert view.around(chunk, 1) == collection.document_chunks(name)
            else:
                with pytest.raises(NotFound):
                    view.chunk(chunk.id)


def test_a_disk_that_refuses_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"one")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.originals.link", refuse)
    with pytest.raises(Unavailable, match=r"keep_originals"):
        hand_in(collection, tmp_path, b=b"two")
    assert kept(collection) == {"a": b"one"}


def test_files_go_into_a_backup_and_come_out_of_it(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"same", b=b"same", c=b"other")
    manifest = store.backup("c", tmp_path / "file", braid="1")
    assert len([name for name in manifest.members if name.startswith("originals/")]) == 2
    store.restore(tmp_path / "file", "copy")
    copy = store.get("copy")
    assert kept(copy) == kept(collection)
    with collection.writer() as writer:
        writer.delete(["a", "b", "c"])
    assert kept(copy) == {"a": b"same", "b": b"same", "c": b"other"}
    store.delete("copy")
    assert not (tmp_path / "data" / "copy").exists()


def test_a_collection_built_anew_has_its_files(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"one", b=b"two")
    before = rows_of(tmp_path / "data" / "c")["originals"]
    with store.rebuilding("c", PIPELINE) as rebuild:
        for document in rebuild.documents():
            rebuild.writer.put([(document, [])], PIPELINE)
            rebuild.stored()
    assert kept(store.get("c")) == {"a": b"one", "b": b"two"}
    assert rows_of(tmp_path / "data" / "c")["originals"] == before


def test_a_mended_catalog_still_knows_its_files(store: Store, tmp_path: Path) -> None:
    collection = store.create("c")
    hand_in(collection, tmp_path, a=b"one", b=b"two")
    store.close()
    folder = tmp_path / "data" / "c"
    data = bytearray((folder / CATALOG).read_bytes())
    data[-100] ^= 0xFF  # in a page of whatever: it does not match its checksum any more
    (folder / CATALOG).write_bytes(data)
    said = list(Collection.repair(folder, make_parts()))
    assert any("saved" in line for line in said), said
    mended = Collection.open(folder, make_parts())
    assert set(kept(mended)) == {record.id for record in mended.records()}
    mended.close()


def test_a_kill_at_any_moment_neither_loses_nor_leaves_a_file(tmp_path: Path) -> None:
    draw = random.Random(7)
    folder = tmp_path / "data" / "c"
    Collection.create(folder, make_parts()).close()
    seen = 0
    for seed in range(5):
        child = subprocess.Popen(
            [sys.executable, str(HERE / "keeping_child.py"), str(folder), str(seed)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(draw.randrange(5, 30))]
        time.sleep(draw.uniform(0.0, 0.02))
        os.kill(child.pid, signal.SIGKILL)
        lines += child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        child.wait(timeout=30)
        said = [line.split() for line in lines if line.endswith("\n")]
        under_way = said[-1][1] if said and said[-1][0] == "begin" else ""
        collection = Collection.open(folder, make_parts())
        collection.originals.sweep()
        held = kept(collection)
        assert len(files(collection, tmp_path)) == len(set(held.values()))
        last = {words[1]: words[0] for words in said if words[0] != "begin" and len(words) == 2}
        for name, word in last.items():
            if name != under_way:
                assert (name in held) == (word == "kept"), (name, word)
                seen += 1
        for name, data in held.items():
            assert data == content(int(name[1:]))
        collection.close()
    assert seen > 10
