"""Collections: any history of writes leaves the stores equal; caches mend themselves."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import (
    ANALYZER,
    BACKENDS,
    PIPELINE,
    WordSumEmbedder,
    assert_same_answers,
    assert_sound,
    fill,
    keys_of,
    make_document,
    make_parts,
    texts_of,
)

from index.caches import Parts
from index.collection import CATALOG, Collection
from index.components import SPARSE
from index.contract import FingerprintMismatch, Locked, Vectors
from ingest.contract import BadInput, Conflict, NotFound, Unavailable

HERE = Path(__file__).parent
TEXTS = st.lists(
    st.sampled_from(
        ["alpha beta", "gamma", "向量检索", "数据库 事务", "delta epsilon zeta", "beta", "x"]
    ),
    max_size=5,
)
HISTORIES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.none() | TEXTS, st.sampled_from(["T1", "T2"])),
    max_size=10,
)


@pytest.mark.parametrize("sparse", sorted(SPARSE))
@settings(max_examples=20, deadline=None)
@given(history=HISTORIES, reopen=st.integers(0, 9))
def test_any_history_ends_like_a_fresh_collection(
    sparse: str,
    history: list[tuple[str, list[str] | None, str]],
    reopen: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("history")
    embedder = WordSumEmbedder()
    parts = make_parts(embedder, sparse)
    collection = Collection.create(folder / "c", parts)
    held: dict[str, tuple[list[str], str]] = {}
    for step, (name, texts, title) in enumerate(history):
        if step == reopen:
            collection.close()
            collection = Collection.open(folder / "c", parts)
        before = collection.stats()
        with collection.writer() as writer:
            if texts is None:
                gone = writer.delete([name, name])
                assert gone.documents == int(name in held)
                old = held.pop(name, ([], ""))[0]
                assert gone.chunks == gone.vectors == gone.sparse == gone.dense == len(old)
            else:
                (receipt,) = writer.put([make_document(name, texts, title=title)], PIPELINE)
                assert receipt.added + receipt.kept == len(texts)
                assert before.chunks + receipt.added - receipt.removed == collection.stats().chunks
                assert receipt.embedded <= receipt.added
                held[name] = (texts, title)
        assert collection.stats().generation == before.generation + 1
        assert_sound(collection)
    assert texts_of(collection) == {name: texts for name, (texts, _) in sorted(held.items())}
    documents = [make_document(n, texts, title=title) for n, (texts, title) in held.items()]
    fresh = fill(folder / "fresh", make_parts(sparse=sparse), documents)
    assert_same_answers(collection, fresh)
    with collection.writer() as writer:
        receipt_of_all = writer.delete(sorted(held))
    assert receipt_of_all.documents == len(held)
    stats = collection.stats()
    assert (stats.documents, stats.chunks, stats.vectors, stats.sparse, stats.dense) == (0,) * 5
    assert keys_of(collection) == ([], [], [])
    assert_sound(collection)
    collection.close()
    fresh.close()


def test_nothing_is_embedded_twice(tmp_path: Path) -> None:
    embedder = WordSumEmbedder()
    collection = Collection.create(tmp_path / "c", make_parts(embedder))
    first, second = ["one", "two", "two", "three"], ["two", "four"]
    with collection.writer() as writer:
        receipts = writer.put([make_document("a", first), make_document("b", second)], PIPELINE)
        assert [r.embedded for r in receipts] == [3, 1]
        assert [r.added for r in receipts] == [4, 2]
        again = writer.put([make_document("a", first), make_document("b", second)], PIPELINE)
        assert [(r.embedded, r.added, r.kept, r.removed) for r in again] == [
            (0, 0, 4, 0),
            (0, 0, 2, 0),
        ]
        (other,) = writer.put([make_document("c", ["three", "five"])], PIPELINE)
        assert (other.embedded, other.added) == (1, 2)
    assert len(embedder.embedded) == len(set(embedder.embedded)) == 5
    assert_sound(collection)
    collection.close()


def test_an_edit_embeds_the_changed_chunks_only(tmp_path: Path) -> None:
    embedder = WordSumEmbedder()
    texts = [f"paragraph number {i}" for i in range(20)]
    collection = fill(tmp_path / "c", make_parts(embedder), [make_document("a", texts)])
    keys = {s.chunk.text: k for k, s in collection._catalog.chunks(range(100)).items()}
    embedder.embedded.clear()
    edited = ["a new start", *texts[:7], "changed", *texts[8:]]
    with collection.writer() as writer:
        (receipt,) = writer.put([make_document("a", edited)], PIPELINE)
    assert (receipt.added, receipt.kept, receipt.removed, receipt.embedded) == (2, 19, 1, 2)
    assert [text.partition("\n")[2] for text in embedder.embedded] == ["a new start", "changed"]
    now = {s.chunk.text: k for k, s in collection._catalog.chunks(range(100)).items()}
    assert all(now[text] == keys[text] for text in texts if text != texts[7])
    assert [c.text for c in collection.document_chunks("a")] == edited
    assert [c.ordinal for c in collection.document_chunks("a")] == list(range(21))
    assert [c.span for c in collection.document_chunks("a")] == make_document("a", edited)[
        0
    ].block_spans()
    assert_sound(collection)
    collection.close()


@pytest.mark.parametrize("sparse", sorted(SPARSE))
def test_a_chunk_is_found_by_its_neighbours_of_today(sparse: str, tmp_path: Path) -> None:
    first, second = ["apple", "stone", "cherry", "lemon"], ["banana", "stone", "lemon"]
    collection = fill(tmp_path / "c", make_parts(sparse=sparse), [make_document("a", first)])
    with collection.writer() as writer:
        (receipt,) = writer.put([make_document("a", second)], PIPELINE)
    assert (receipt.kept, receipt.embedded) == (2, 1)
    snapshot = collection.snapshot()

    def found(word: str) -> set[str]:
        keys = snapshot.sparse.search(ANALYZER.query_terms(word), 10).keys.tolist()
        return {stored.chunk.text for stored in snapshot.chunks(keys).values()}

    assert found("apple") == found("cherry") == set()
    assert found("banana") == {"banana", "stone"}
    assert found("lemon") == {"stone", "lemon"}
    collection.close()


def test_a_new_title_is_embedded_anew_and_found(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", ["x"], title="Old")])
    with collection.writer() as writer:
        (receipt,) = writer.put([make_document("a", ["x"], title="Fresh")], PIPELINE)
    assert (receipt.added, receipt.removed, receipt.embedded) == (1, 1, 1)
    sparse = collection.snapshot().sparse
    assert len(sparse.search(ANALYZER.query_terms("old"), 5).keys) == 0
    assert len(sparse.search(ANALYZER.query_terms("fresh"), 5).keys) == 1
    collection.close()


def test_metadata_alone_changes_without_embedding(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", ["x"])])
    with collection.writer() as writer:
        (receipt,) = writer.put([make_document("a", ["x"], metadata={"year": 2024})], PIPELINE)
    assert (receipt.added, receipt.kept, receipt.embedded) == (0, 1, 0)
    snapshot = collection.snapshot()
    assert len(snapshot.allowed({"year": 2024})) == 1
    assert snapshot.chunks(snapshot.allowed({}).tolist()).popitem()[1].metadata == {"year": 2024}
    collection.close()


def test_a_document_twice_in_one_batch_stands_as_the_last(tmp_path: Path) -> None:
    two = [make_document("a", ["first", "both"]), make_document("a", ["both", "last"])]
    collection = fill(tmp_path / "c", make_parts(), two)
    assert texts_of(collection) == {"a": ["both", "last"]}
    assert_sound(collection)
    collection.close()


class _FailingEmbedder(WordSumEmbedder):
    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise Unavailable("the model is gone")


def test_a_failing_embedder_stores_nothing(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "c", make_parts(_FailingEmbedder()))
    with collection.writer() as writer, pytest.raises(Unavailable, match="the model is gone"):
        writer.put([make_document("a", ["x"])], PIPELINE)
    assert collection.stats().generation == collection.stats().documents == 0
    assert_sound(collection)
    collection.close()


def test_a_batch_that_fails_in_the_middle_keeps_whole_documents(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "c", make_parts())
    broken, chunks = make_document("b", ["y"])
    with collection.writer() as writer:
        with pytest.raises(Unavailable):
            writer.put([make_document("a", ["x"]), (broken, [chunks[0], chunks[0]])], PIPELINE)
        assert texts_of(collection) == {"a": ["x"]}
        assert_sound(collection)
        receipt = writer.delete(["a", "b"])
    assert (receipt.documents, receipt.chunks, receipt.sparse, receipt.dense) == (1, 1, 1, 1)
    assert_sound(collection)
    collection.close()


@pytest.mark.parametrize(("sparse", "kind"), BACKENDS)
def test_damaged_caches_are_built_anew(sparse: str, kind: str, tmp_path: Path) -> None:
    """Every file of the caches in turn is cut off, emptied, overwritten, altered or removed."""
    parts = make_parts(sparse=sparse, kind=kind)
    documents = [
        make_document(f"d{i}", [f"text {i} {j} alpha" for j in range(55)]) for i in range(20)
    ]
    fill(tmp_path / "c", parts, documents).close()
    shutil.copytree(tmp_path / "c", tmp_path / "sound")
    files = [
        path.relative_to(tmp_path / "sound")
        for folder in ("sparse", "dense")
        for path in sorted((tmp_path / "sound" / folder).rglob("*"))
        if path.is_file()
    ]
    assert any(path.parts[0] == "dense" for path in files)
    cases = [
        (file, damage)
        for file in files
        for damage in (DAMAGES if (tmp_path / "sound" / file).stat().st_size else OF_NOTHING)
    ]
    for file, damage in cases[BACKENDS.index((sparse, kind)) :: 3]:
        shutil.rmtree(tmp_path / "c")
        shutil.copytree(tmp_path / "sound", tmp_path / "c")
        damage(tmp_path / "c" / file)
        collection = Collection.open(tmp_path / "c", parts)
        assert_sound(collection)
        found = collection.snapshot().sparse.search(ANALYZER.query_terms("alpha"), 2_000)
        assert len(found.keys) == 1_100, (file, damage)
        collection.close()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _overwrite(path: Path) -> None:
    path.write_bytes(b"\x5a" * (path.stat().st_size + 7))


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[len(data) // 3] ^= 0x55
    path.write_bytes(data)


DAMAGES: list[Callable[[Path], object]] = [_cut, _empty, _overwrite, _flip, Path.unlink]
OF_NOTHING: list[Callable[[Path], object]] = [_overwrite, Path.unlink]
"""What changes an empty file, such as a lock."""


def test_caches_that_are_gone_or_behind_are_filled(tmp_path: Path) -> None:
    parts = make_parts()
    collection = fill(tmp_path / "c", parts, [make_document("a", ["x", "y"])])
    collection.close()
    shutil.copytree(tmp_path / "c" / "sparse", tmp_path / "older")
    collection = Collection.open(tmp_path / "c", parts)
    with collection.writer() as writer:
        writer.put([make_document("a", ["y", "z"]), make_document("b", ["w"])], PIPELINE)
    collection.close()
    shutil.rmtree(tmp_path / "c" / "sparse")
    (tmp_path / "older").rename(tmp_path / "c" / "sparse")
    collection = Collection.open(tmp_path / "c", parts)
    assert_sound(collection)
    collection.close()
    shutil.rmtree(tmp_path / "c" / "sparse")
    shutil.rmtree(tmp_path / "c" / "dense", ignore_errors=True)
    collection = Collection.open(tmp_path / "c", parts)
    assert_sound(collection)
    assert texts_of(collection) == {"a": ["y", "z"], "b": ["w"]}
    collection.close()


def test_another_embedder_or_analyzer_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "papers", make_parts(), [make_document("a", ["x"])]).close()
    with pytest.raises(FingerprintMismatch, match="braid reindex papers") as caught:
        Collection.open(tmp_path / "papers", make_parts(WordSumEmbedder("words/2")))
    assert "'words/1'" in str(caught.value)
    assert "'words/2'" in str(caught.value)
    from index.analyze.jieba import JiebaAnalyzer

    parts = make_parts()
    german = Parts(JiebaAnalyzer("german"), parts.embedder, parts.sparse, parts.dense)
    with pytest.raises(FingerprintMismatch, match="analyzer"):
        Collection.open(tmp_path / "papers", german)


def test_creating_and_opening_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Collection.open(tmp_path / "c", make_parts())
    Collection.create(tmp_path / "c", make_parts()).close()
    with pytest.raises(Conflict, match="exists already"):
        Collection.create(tmp_path / "c", make_parts())
    collection = Collection.open(tmp_path / "c", make_parts())
    with pytest.raises(NotFound, match="no document 'x'"):
        collection.record("x")
    with pytest.raises(BadInput):
        collection.snapshot().allowed({"$where": "1"})
    collection.close()
    with pytest.raises(Unavailable, match="closed"):
        collection.snapshot()


def test_what_a_killed_creation_or_deletion_left_does_no_harm(tmp_path: Path) -> None:
    """Half a catalog that never took its name, and the log and caches of one that is gone."""
    parts = make_parts()
    folder = tmp_path / "c"
    old = fill(folder, parts, [make_document("old", ["x", "y"])])
    log = (folder / f"{CATALOG}-wal").read_bytes()
    old.close()
    (folder / CATALOG).unlink()
    (folder / f"{CATALOG}-wal").write_bytes(log)
    (folder / "catalog.draft").write_bytes(b"SQLite format 3\0 and no more")
    collection = Collection.create(folder, parts)
    assert_sound(collection)
    assert collection.stats().documents == 0
    with collection.writer() as writer:
        writer.put([make_document("new", ["z"])], PIPELINE)
    assert texts_of(collection) == {"new": ["z"]}
    assert_sound(collection)
    collection.close()


TWO = [make_document("a", ["alpha x"]), make_document("b", ["beta"])]


def test_a_snapshot_serves_while_a_writer_works(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), TWO)
    snapshot = collection.snapshot()
    vector = WordSumEmbedder().embed_query("alpha").vector
    before = snapshot.dense.search(vector, 5)
    faults: list[object] = []
    stop = threading.Event()

    def read() -> None:
        try:
            while not stop.is_set():
                assert snapshot.sparse.search(["alpha"], 5).keys.tolist() == [1]
                assert snapshot.dense.search(vector, 5).keys.tolist() == before.keys.tolist()
                fresh = collection.snapshot()
                keys = fresh.sparse.search(["alpha"], 50).keys.tolist()
                assert fresh.generation >= snapshot.generation
                assert set(fresh.chunks(keys)) <= set(keys)
        except BaseException as error:
            faults.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    with collection.writer() as writer:
        for i in range(10):
            writer.put([make_document(f"n{i}", [f"alpha {i}", "gamma"])], PIPELINE)
            writer.delete([f"n{i - 1}"])
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(snapshot.sparse) == len(snapshot.dense) == 2
    assert_sound(collection)
    with collection.writer() as writer:
        writer.delete(["a", "b"])
    assert snapshot.chunks([1, 2]) == {}
    collection.close()


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    collection = fill(tmp_path / "papers", make_parts(), [make_document("a", ["x"])])
    named = pytest.raises(Locked, match=rf"'papers'.*process {os.getpid()} on")
    with collection.writer(), named, collection.writer():
        pass
    caught: list[str] = []

    def write() -> None:
        try:
            with collection.writer(timeout_s=0.05):
                pass
        except Locked as error:
            caught.append(str(error))

    with collection.writer():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(caught) == 1
    with collection.writer(timeout_s=1.0) as writer:
        writer.delete(["a"])
    collection.close()


OTHER_WRITER = """
import sys
from pathlib import Path
from index_room import PIPELINE, make_document, make_parts
from index.collection import Collection
collection = Collection.open(Path(sys.argv[1]), make_parts())
with collection.writer() as writer:
    print("holding", flush=True)
    sys.stdin.readline()
    writer.put([make_document("b", ["from elsewhere", "again"])], PIPELINE)
    writer.delete(["a"])
    print("written", flush=True)
    sys.stdin.readline()
"""


def test_writers_and_readers_of_other_processes(tmp_path: Path) -> None:
    collection = fill(tmp_path / "papers", make_parts(), [make_document("a", ["x"])])
    old = collection.snapshot()
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_WRITER, str(tmp_path / "papers")],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(Locked, match=f"process {other.pid} on"), collection.writer():
            pass
        assert collection.snapshot().generation == old.generation
        other.stdin.write("go\n")
        other.stdin.flush()
        assert other.stdout.readline() == "written\n"
        fresh = collection.snapshot()
        assert fresh.generation == collection.stats().generation == old.generation + 2
        assert len(fresh.sparse.search(["elsewher"], 5).keys) == len(fresh.dense) == 2
        assert len(old.sparse) == len(old.dense) == 1
        assert_sound(collection)
        other.stdin.write("end\n")
        other.stdin.flush()
        assert other.wait(timeout=30) == 0
    with collection.writer() as writer:
        writer.put([make_document("c", ["back here"])], PIPELINE)
    assert_sound(collection)
    collection.close()


def test_readers_in_several_threads_get_the_same_answers(tmp_path: Path) -> None:
    draw = random.Random(2)
    documents = [
        make_document(f"d{i}", [" ".join(draw.choices("abcdefgh", k=6)) for _ in range(20)])
        for i in range(60)
    ]
    collection = fill(tmp_path / "c", make_parts(kind="hnsw"), documents)
    snapshot = collection.snapshot()
    vector = WordSumEmbedder().embed_query("a b c").vector

    def answer() -> tuple[list[int], list[int]]:
        allowed = np.arange(1, 1_150, dtype=np.int64)
        return (
            snapshot.sparse.search(["a", "b"], 20, allowed).keys.tolist(),
            snapshot.dense.search(vector, 20, allowed).keys.tolist(),
        )

    wanted = answer()
    answers: list[tuple[list[int], list[int]]] = []
    threads = [
        threading.Thread(target=lambda: answers.extend(answer() for _ in range(20)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 80
    assert all(found == wanted for found in answers)
    collection.close()
