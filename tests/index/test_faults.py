"""Each file of a collection damaged in turn: the next open mends it or refuses with advice; no
answer is ever wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from index_room import (
    ANALYZER,
    PIPELINE,
    WordSumEmbedder,
    fill,
    make_document,
    make_parts,
)

from index.caches import Parts
from index.catalog import WITNESS
from index.collection import CATALOG, Collection
from ingest.contract import Unavailable

QUESTIONS = ("alpha", "beta gamma", "text 3 7", "向量 检索", "late")


@dataclass(frozen=True)
class Answers:
    """All that a collection says: the rows of its tables, the keys of its indexes, and the scores
    of the rankings of some questions."""

    facts: list[object]
    scores: npt.NDArray[np.float64]

    def agree(self, other: Answers) -> bool:
        """True for the same facts and scores; equals may stand in another order."""
        return (
            self.facts == other.facts
            and self.scores.shape == other.scores.shape
            and bool(np.allclose(self.scores, other.scores, atol=1e-4))
        )


def answers(collection: Collection) -> Answers:
    snapshot = collection.snapshot()
    tables = ("documents", "chunks", "vectors", "deletions", "document_states", "signatures")
    facts: list[object] = [collection._catalog.read(f"SELECT * FROM {name}") for name in tables]
    keys = snapshot.dense.keys()
    facts += [keys.tolist(), snapshot.sparse.keys().tolist()]
    facts.append(snapshot.allowed({"year": {"$gt": 3}}).tolist())
    scores: list[float] = []
    for question in QUESTIONS:
        vector = WordSumEmbedder().embed_query(question).vector
        sparse = snapshot.sparse.search(ANALYZER.query_terms(question), 50)
        dense = snapshot.dense.search(vector, 50)
        assert np.isin(np.concatenate([sparse.keys, dense.keys]), keys).all()
        for found in (sparse.scores, dense.scores, snapshot.dense.score(vector, keys)):
            scores.extend(found.tolist())
    return Answers(facts, np.array(scores))


@dataclass(frozen=True)
class Sample:
    """A collection as a kill leaves it, with a log; and what it says, now and with caches built
    anew (BM25 counts deleted chunks until they are merged away)."""

    sparse: str
    folder: Path
    said: list[Answers]

    @property
    def parts(self) -> Parts:
        return make_parts(sparse=self.sparse)

    @property
    def files(self) -> list[Path]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return sorted(found)


@pytest.fixture(scope="module", params=["impacts", "tantivy"])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """With deletes, several sparse segments, a saved dense main part and writes after it."""
    root = tmp_path_factory.mktemp("faults")
    made = Sample(request.param, root / "c", [])
    documents = [
        make_document(f"d{i}", [f"text {i} {j} alpha" for j in range(55)], metadata={"year": i})
        for i in range(20)
    ]
    collection = fill(root / "made", made.parts, documents)
    with collection.writer() as writer:
        writer.delete(["d3", "d7"])
        writer.put([make_document("d5", ["beta gamma", "向量检索", "text 5 5 alpha"])], PIPELINE)
        writer.put([make_document(f"late{i}", [f"late {i} beta"]) for i in range(3)], PIPELINE)
    shutil.copytree(root / "made", root / "c")
    collection.close()
    shutil.copytree(root / "c", root / "opened")
    for cache in ("", "sparse"):
        if cache:
            shutil.rmtree(root / "opened" / cache)
        opened = Collection.open(root / "opened", made.parts)
        made.said.append(answers(opened))
        opened.close()
    names = {path.as_posix() for path in made.files}
    assert {CATALOG, f"{CATALOG}-wal", f"{CATALOG}-shm", WITNESS, "writer.json"} <= names
    assert (made.folder / f"{CATALOG}-wal").stat().st_size
    ending = {"impacts": "segment", "tantivy": "idx"}[made.sparse]
    assert len(list((made.folder / "sparse").glob(f"*.{ending}"))) > 1
    assert [path for path in made.files if path.parts[0] == "dense"]
    return made


def _empty(data: bytearray) -> bytes:
    return b""


def _half(data: bytearray) -> bytes:
    return bytes(data[: len(data) // 2])


def _zeroed(data: bytearray) -> bytes:
    return bytes(len(data))


def _flipped(place: float) -> Callable[[bytearray], bytes]:
    def flip(data: bytearray) -> bytes:
        if data:
            data[int(place * (len(data) - 1))] ^= 1 << (int(place * 1000) % 7)
        return bytes(data)

    return flip


DAMAGES = {
    "empty": _empty,
    "half": _half,
    "zeroed": _zeroed,
    **{f"flip {place}": _flipped(place) for place in (0.0, 0.003, 0.37, 0.85, 1.0)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_never_gives_a_wrong_answer(
    damage: str, sample: Sample, tmp_path: Path
) -> None:
    """Every damage for the files of the catalog and the lock; each file of the caches, which are
    built anew, has its turn with one of them."""
    folder = tmp_path / "c"
    turn = list(DAMAGES).index(damage)
    for place, file in enumerate(sample.files):
        if len(file.parts) > 1 and place % len(DAMAGES) != turn:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sample.folder, folder)
        target = folder / file
        target.write_bytes(DAMAGES[damage](bytearray(target.read_bytes())))
        try:
            collection = Collection.open(folder, sample.parts)
            try:
                found = answers(collection)
                assert any(found.agree(said) for said in sample.said), file
                # No search reads the tables of facts: there it is enough that the damage is told.
                assert collection.check() == [] or file.name == CATALOG, file
            finally:
                collection.close()
        except Unavailable as error:
            assert file.name.startswith(CATALOG), (file, error)
            assert "braid restore" in str(error), (file, error)
            assert "braid doctor --repair" in str(error), (file, error)


@pytest.mark.parametrize("room", ["sparse", "dense"])
def test_a_cache_of_another_version_is_built_anew(
    room: str, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "c"
    shutil.copytree(sample.folder, folder)
    backend = {"sparse": sample.sparse, "dense": "faiss"}[room]
    monkeypatch.setattr(f"index.{room}.{backend}._FORMAT", 99)
    collection = Collection.open(folder, sample.parts)
    assert [reason for reason in collection._caches.mended if "another format" in reason]
    found = answers(collection)
    assert any(found.agree(said) for said in sample.said)
    assert collection.check() == []
    collection.close()


def test_a_commit_of_tantivy_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    """A kill between the files of a commit and the one that names them: the next has their
    names."""
    parts = make_parts(sparse="tantivy")
    documents = [make_document(f"d{i}", [f"text {i} alpha", "beta"]) for i in range(4)]
    collection = fill(tmp_path / "c", parts, documents)
    sparse = tmp_path / "c" / "sparse"
    before = {name: (sparse / name).read_bytes() for name in ("meta.json", "generation")}
    with collection.writer() as writer:
        writer.delete(["d1"])
    collection.close()
    named = (sparse / "meta.json").read_text()
    assert list(sparse.glob("*.del"))
    for name, content in before.items():
        (sparse / name).write_bytes(content)
    collection = Collection.open(tmp_path / "c", parts)
    assert collection._caches.mended == []
    assert collection.check() == []
    assert json.loads((sparse / "meta.json").read_text())["opstamp"] == json.loads(named)["opstamp"]
    collection.close()
