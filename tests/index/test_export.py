"""Exports: a collection in files for people and other tools, and back, equal to what it was."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import (
    DIMENSION,
    PIPELINE,
    WordSumEmbedder,
    assert_same_answers,
    assert_sound,
    make_document,
    make_parts,
    rows_of,
    texts_of,
)
from test_index_store import DOCUMENTS, chunks_of

from index.contract import Origin, Status, UserWord
from index.pipeline import Collection, Store
from index.token_codes import unpack
from ingest.contract import BadInput, Block, BlockKind, Box, Conflict, Document, NotFound

COUNTERS = ("generation", "commits", "words_generation")


def state_of(root: Path, name: str) -> dict[str, Any]:
    """All that an export has to keep: every row but for the numbers that a collection gives, of
    which the order counts."""
    rows = rows_of(root / name)
    chunks, vectors = sorted(rows["chunks"]), sorted(rows["vectors"])
    assert [row[0] for row in chunks] == [row[0] for row in vectors]
    return {
        "documents": [row[:8] for row in rows["documents"]],
        "chunks": [row[1:-1] for row in chunks],
        "vectors": [row[1:] for row in vectors],
        "states": rows["document_states"],
        "order": [(row[0], *row[2:]) for row in sorted(rows["signatures"], key=lambda r: r[1])],
        "bands": rows["signature_bands"],
        "meta": [row for row in rows["meta"] if row[0] not in COUNTERS],
    }


def lines_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "data", make_parts())
    yield store
    store.close()


@pytest.fixture
def papers(store: Store) -> Collection:
    """With deletions, a duplicate that came first, and documents in every state."""
    collection = store.create("papers")
    long = " ".join(f"word{n}" for n in range(60))
    with collection.writer() as writer:
        writer.put([make_document("z", [long, "alpha beta"]), make_document("gone", ["x"])], "old")
        writer.put([make_document("a", [long, "alpha beta x"])], PIPELINE)
        writer.put([make_document("b", ["向量检索", "数据库 事务", "gamma", "gamma"])], PIPELINE)
        writer.put([make_document("empty", [])], PIPELINE, {"empty": Origin(given={"n": 1})})
        writer.delete(["gone"])
        writer.put([make_document("b", ["向量检索", "gamma", "late"])], PIPELINE)
    odd = Path("/in/b\udcff\udc80.pdf")
    collection.ledger.states.fail("b.pdf", "read", "没有文字", Origin(odd, Path("/in")))
    collection.ledger.states.settle("m.zip", Status.UNPACKED, Origin(given={"x": float("nan")}))
    with collection.writer() as writer:
        writer.set_words([UserWord("向量检索"), UserWord("alpha")])
    assert collection.record("a").metadata["duplicate_of"] == "z"
    return collection


@pytest.mark.parametrize("name", ["folder", "file.zip"])
def test_an_import_equals_the_original(
    name: str, store: Store, papers: Collection, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None]] = []
    manifest = store.export(
        "papers", tmp_path / name, braid="1.2.3", progress=lambda *at: told.append(at)
    )
    assert (manifest.documents, manifest.chunks, manifest.states) == (4, 7, 6)
    embedder = WordSumEmbedder()
    other = Store(tmp_path / "other", make_parts(embedder))
    imported = other.import_from(tmp_path / name, "copy", progress=lambda *at: told.append(at))
    assert (imported.name, imported.manifest, imported.embedded) == ("copy", manifest, 0)
    assert embedder.embedded == []
    assert told == [(0, 7), (7, 7)] * 2
    copy = other.get("copy")
    assert_sound(copy)
    assert texts_of(copy) == texts_of(papers)
    assert_same_answers(papers, copy)
    before, after = state_of(tmp_path / "data", "papers"), state_of(tmp_path / "other", "copy")
    assert before == after
    with copy.writer() as writer:  # it goes on as the original would
        writer.delete(["z"])
    assert "duplicate_of" not in copy.record("a").metadata
    other.close()


@settings(max_examples=12, deadline=None)
@given(documents=st.lists(DOCUMENTS, max_size=4, unique_by=lambda document: document.id))
def test_any_collection_comes_back(
    documents: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("any")
    store = Store(root / "data", make_parts(sparse="rank-bm25", kind="flat"))
    papers = store.create("papers")
    with papers.writer() as writer:
        writer.put([(document, chunks_of(document)) for document in documents], PIPELINE)
    store.export("papers", root / "out.zip", braid="1")
    assert store.import_from(root / "out.zip", "copy").embedded == 0
    assert state_of(root / "data", "papers") == state_of(root / "data", "copy")
    store.close()


def test_without_vectors_and_for_another_embedder_all_is_embedded(
    store: Store, papers: Collection, tmp_path: Path
) -> None:
    store.export("papers", tmp_path / "bare", braid="1", vectors=False)
    assert sorted(path.name for path in (tmp_path / "bare").iterdir()) == [
        "chunks.jsonl", "documents.jsonl", "feedback.jsonl", "manifest.json", "states.jsonl"
    ]  # fmt: skip
    assert store.import_from(tmp_path / "bare", "copy").embedded == 6
    assert state_of(tmp_path / "data", "papers") == state_of(tmp_path / "data", "copy")
    store.export("papers", tmp_path / "full", braid="1")
    other = Store(tmp_path / "other", make_parts(WordSumEmbedder("words/2")))
    assert other.import_from(tmp_path / "full", "copy").embedded == 6
    assert_sound(other.get("copy"))
    other.close()


def test_the_files_are_what_they_say(store: Store, papers: Collection, tmp_path: Path) -> None:
    out = tmp_path / "out"
    store.export("papers", out, braid="1.2.3")
    documents = lines_of(out / "documents.jsonl")
    assert [document["id"] for document in documents] == ["z", "a", "b", "empty"]
    assert "向量检索" in (out / "documents.jsonl").read_text(encoding="utf-8")
    chunks = lines_of(out / "chunks.jsonl")
    vectors, tokens = np.load(out / "vectors.npy"), np.load(out / "tokens.npy")
    assert [row["chunk_id"].decode() for row in vectors] == [chunk["id"] for chunk in chunks]
    embedded = WordSumEmbedder().embed_with_tokens([f"A title\n{c['text']}" for c in chunks])
    assert np.array_equal(vectors["vector"], embedded.vectors)
    assert vectors["token_rows"].sum() == len(tokens)
    codes = tokens["codes"]
    numbers = np.stack([codes & 15, codes >> 4], axis=2).reshape(len(tokens), -1)
    shown = (numbers.astype(np.float32) - 7) * tokens["step"].astype(np.float32)[:, None]
    assert np.array_equal(shown, unpack(tokens.tobytes(), DIMENSION))
    wanted = np.concatenate(list(embedded.tokens))
    assert np.abs(shown - wanted).max() < 0.06


def test_nothing_is_overwritten_unasked(store: Store, papers: Collection, tmp_path: Path) -> None:
    out, file = tmp_path / "out", tmp_path / "out.zip"
    for target in (out, file):
        store.export("papers", target, braid="1")
        with pytest.raises(Conflict, match="--force"):
            store.export("papers", target, braid="1")
        store.export("papers", target, braid="2", force=True)
        assert store.import_from(target, target.stem, force=True).manifest.braid == "2"
        with pytest.raises(Conflict, match="--force"):
            store.import_from(target, "papers")
    (out / "thesis.docx").touch()
    with pytest.raises(Conflict, match="something else"):
        store.export("papers", out, braid="1", force=True)
    assert (out / "thesis.docx").exists()
    (tmp_path / "text").touch()
    with pytest.raises(BadInput, match=r"\.zip"):
        store.export("papers", tmp_path / "text", braid="1", force=True)
    with pytest.raises(NotFound):
        store.import_from(tmp_path / "none", "copy")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def with_line(name: str, number: int, **values: object) -> Callable[[Path], None]:
    """A change of some fields of a line; `None` takes a field away."""

    def change(out: Path) -> None:
        lines = (out / name).read_text(encoding="utf-8").splitlines()
        record = {**json.loads(lines[number - 1]), **values}
        kept = {key: value for key, value in record.items() if value is not None}
        lines[number - 1] = json.dumps(kept)
        (out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    return change


def raw_line(name: str, text: str) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        (out / name).write_text(text, encoding="utf-8")

    return change


def cut(name: str, left: int) -> Callable[[Path], None]:
    def change(out: Path) -> None:
        (out / name).write_bytes((out / name).read_bytes()[:left])

    return change


def with_array(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    return lambda out: np.save(out / name, change(np.load(out / name)))


def not_finite(array: Any) -> Any:
    array["vector"][2] = np.nan
    return array


def longer(array: Any) -> Any:
    array["vector"][2] *= 2
    return array


FAULTS = [
    (raw_line("documents.jsonl", "{\n"), r"documents.jsonl, line 1: "),
    (raw_line("documents.jsonl", "[" * 100_000), r"documents.jsonl, line 1: it is nested too deep"),
    (raw_line("documents.jsonl", "[]\n"), r"documents.jsonl, line 1: it is to be an object"),
    (with_line("documents.jsonl", 2, id="z"), r"documents.jsonl, line 2: .*has the id 'z'"),
    (with_line("documents.jsonl", 2, title=None), r"line 2: title is missing"),
    (with_line("documents.jsonl", 2, pipeline=5), r"line 2: pipeline is to be text, not 5"),
    (with_line("documents.jsonl", 2, page_count=True), r"page_count is to be a whole number"),
    (with_line("documents.jsonl", 2, page_count=2**70), r"documents.jsonl, line 2: "),
    (with_line("documents.jsonl", 2, colour="red"), r"line 2: colour is no field"),
    (with_line("documents.jsonl", 2, metadata={"x": "\ud800"}), r"documents.jsonl, line 2: "),
    (with_line("documents.jsonl", 2, metadata={"x": float("nan")}), r"documents.jsonl, line 2: "),
    (with_line("documents.jsonl", 2, metadata={"duplicate_of": "no"}), r"line 2: .*original: 'no'"),
    (with_line("documents.jsonl", 2, blocks=[{"kind": "poem", "text": ""}]), r"blocks\[0\].kind"),
    (with_line("chunks.jsonl", 3, document_id="no"), r"chunks.jsonl, line 3: .*no document: 'no'"),
    (with_line("chunks.jsonl", 3, span=[1]), r"chunks.jsonl, line 3: span is to be a list of 2"),
    (with_line("chunks.jsonl", 3, heading_path=["a", 5]), r"heading_path\[1\] is to be text"),
    (with_line("chunks.jsonl", 3, id="other"), r"vectors.npy, line 3: it is of another chunk"),
    (with_line("states.jsonl", 1, status="lost"), r"states.jsonl, line 1: status is to be one of"),
    (with_line("states.jsonl", 1, document_id="z"), r"another line is of 'z'"),
    (cut("states.jsonl", 0), r"states.jsonl: it has 0 lines, and manifest.json says 6"),
    (cut("vectors.npy", -1), r"vectors.npy, line 7: it ends too early"),
    (cut("tokens.npy", -1), r"tokens.npy: it ends too early"),
    (cut("tokens.npy", 5), r"tokens.npy: "),
    (with_array("vectors.npy", lambda array: array[:-1]), r"vectors.npy: it holds \(6,\)"),
    (with_array("vectors.npy", lambda array: array["vector"]), r"vectors.npy: "),
    (with_array("vectors.npy", not_finite), r"vectors.npy, line 3: it is no vector"),
    (with_array("vectors.npy", longer), r"vectors.npy, line 3: it is no vector of length 1"),
    (lambda out: (out / "tokens.npy").unlink(), r"tokens.npy is missing"),
    (lambda out: (out / "manifest.json").unlink(), r"no export of Braid"),
    (raw_line("manifest.json", '{"format": "braid-export/9"}'), r"braid-export/9"),
    (raw_line("manifest.json", '{"format": "braid-export/1"}'), r"braid is missing"),
]


@pytest.mark.parametrize(("damage", "words"), FAULTS)
def test_what_is_wrong_is_named_and_nothing_imported(
    damage: Callable[[Path], None], words: str, store: Store, papers: Collection, tmp_path: Path
) -> None:
    store.export("papers", tmp_path / "out", braid="1")
    damage(tmp_path / "out")
    with pytest.raises(BadInput, match=words):
        store.import_from(tmp_path / "out", "copy")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["papers"]


def test_a_zip_that_was_damaged(store: Store, papers: Collection, tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    store.export("papers", file, braid="1")
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        data[archive.getinfo("vectors.npy").header_offset + 600] ^= 1
    file.write_bytes(data)
    for damaged in (bytes(data), bytes(data[:-30]), b"no zip"):
        file.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"out\.zip"):
            store.import_from(file, "copy")
    assert store.names() == ["papers"]


def test_odd_values_come_back(store: Store, tmp_path: Path) -> None:
    """Not-a-number in a box, large metadata, a line with characters of every kind."""
    document, chunks = make_document("a", ["x"], metadata={"big": ["长" * 1000] * 300})
    block = Block(BlockKind.PARAGRAPH, "x", boxes=(Box(1, float("nan"), 0.1, 1e300, -0.0),))
    text = "".join(
        map(chr, [*range(1, 0x2100), *range(0x3000, 0xD800, 16), *range(0xE000, 0x11000, 16)])
    )
    chunks = [replace(chunks[0], text=text, boxes=block.boxes)]
    with store.create("papers").writer() as writer:
        writer.put([(replace(document, blocks=(block,)), chunks)], PIPELINE)
    store.export("papers", tmp_path / "out", braid="1")
    store.import_from(tmp_path / "out", "copy")
    assert state_of(tmp_path / "data", "papers") == state_of(tmp_path / "data", "copy")


def test_states_that_other_tools_leave_out(
    store: Store, papers: Collection, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    store.export("papers", out, braid="1", vectors=False)
    (out / "states.jsonl").write_text("")
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**manifest, "states": 0}))
    store.import_from(out, "copy")
    assert store.get("copy").ledger.states.counts() == {Status.OK: 4}
