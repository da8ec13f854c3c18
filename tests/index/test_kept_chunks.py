"""What is kept of chunks is bounded in bytes, and never out of date."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from index_room import PIPELINE, fill, make_document, make_parts

from index import loading
from index.catalog import CATALOG, Catalog
from index.collection import Collection
from index.database import Database
from index.kept_chunks import KeptChunks
from index.snapshot import Snapshot
from ingest.contract import BlockKind, Chunk


def _chunk(number: int, length: int = 100) -> Chunk:
    return Chunk(f"c{number}", "d", number, BlockKind.PARAGRAPH, "", (), "字" * length, (0, length))


def _texts(snapshot: Snapshot, keys: list[int]) -> dict[int, str]:
    return {key: stored.chunk.text for key, stored in snapshot.chunks(keys).items()}


def test_what_is_kept_stays_within_its_bytes() -> None:
    kept = KeptChunks(50_000)
    for number in range(1_000):
        kept.keep({number: _chunk(number)})
        assert kept.held_bytes <= 50_000
    assert kept.of([999]) == {999: _chunk(999)}
    assert kept.of([0]) == {}
    assert 10 < len(kept) < 50


def test_a_chunk_larger_than_half_is_not_kept() -> None:
    kept = KeptChunks(50_000)
    kept.keep({1: _chunk(1, 30_000), 2: _chunk(2)})
    assert kept.of([1, 2]) == {2: _chunk(2)}


def test_what_is_asked_for_stays_while_others_go() -> None:
    kept = KeptChunks(50_000)
    for number in range(1_000):
        kept.keep({number: _chunk(number)})
        assert kept.of([0]) == {0: _chunk(0)}


def test_a_chunk_that_is_kept_counts_once() -> None:
    kept = KeptChunks(50_000)
    for _ in range(100):
        kept.keep({1: _chunk(1)})
    assert len(kept) == 1
    assert kept.held_bytes < 3_000


def test_what_is_deleted_or_changed_is_not_read_from_what_is_kept(tmp_path: Path) -> None:
    documents = [make_document(name, [f"{name} text"], metadata={"v": 1}) for name in "abc"]
    collection = fill(tmp_path / "c", make_parts(), documents)
    snapshot = collection.snapshot()
    keys = snapshot.dense.keys().tolist()
    assert _texts(snapshot, keys) == dict(zip(keys, ["a text", "b text", "c text"], strict=True))
    other = Collection.open(tmp_path / "c", make_parts())  # as another process has it
    with other.writer() as writer:
        writer.delete(["b"])
        writer.put([make_document("c", ["c text"], metadata={"v": 2})], PIPELINE)
    found = snapshot.chunks(keys)
    assert list(found) == [keys[0], keys[2]]
    assert [stored.metadata for stored in found.values()] == [{"v": 1}, {"v": 2}]
    other.close()
    collection.close()


def test_a_write_between_looking_and_reading_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes from what is kept and what is read are of one moment."""
    documents = [make_document(name, [f"{name} text"]) for name in "ab"]
    collection = fill(tmp_path / "c", make_parts(), documents)
    catalog, read = Catalog(tmp_path / "c" / CATALOG), loading._read
    keys = collection.snapshot().dense.keys().tolist()
    assert list(catalog.chunks(keys[:1])) == keys[:1]

    def late(database: Database, sql: str, values: Sequence[Any]) -> tuple[str, str]:
        monkeypatch.setattr(loading, "_read", read)
        with collection.writer() as writer:
            writer.delete(["a"])
        return read(database, sql, values)

    monkeypatch.setattr(loading, "_read", late)
    assert list(catalog.chunks(keys)) == keys[1:]
    assert loading._read is read  # it was written to
    catalog.close()
    collection.close()


def test_the_metadata_of_a_hit_are_its_own(tmp_path: Path) -> None:
    document = make_document("a", ["one", "two"], metadata={"tags": ["x"]})
    collection = fill(tmp_path / "c", make_parts(), [document])
    snapshot = collection.snapshot()
    keys = snapshot.dense.keys().tolist()
    for stored in snapshot.chunks(keys).values():
        assert stored.metadata == {"tags": ["x"]}
        dict.clear(stored.metadata)  # type: ignore[arg-type]
    collection.close()


def test_many_threads_read_what_a_writer_replaces(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", ["text 0", "same"])])
    written, stop, faults = [0], threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            least = written[0]
            snapshot = collection.snapshot()
            texts = set(_texts(snapshot, snapshot.dense.keys().tolist()).values()) - {"same"}
            if any(int(text.removeprefix("text ")) < least for text in texts):
                faults.append((least, texts))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with collection.writer() as writer:
            for number in range(1, 40):
                writer.put([make_document("a", [f"text {number}", "same"])], PIPELINE)
                written[0] = number
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not faults
    collection.close()
