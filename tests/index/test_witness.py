"""Acknowledged writes that a damaged log takes with it are missed, and said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import PIPELINE, assert_sound, fill, make_document, make_parts, texts_of

from index.catalog import WITNESS, Catalog
from index.collection import CATALOG, Collection
from index.jobs import JobDocument
from index.witness import Witness
from ingest.contract import Unavailable


@given(
    numbers=st.lists(st.integers(1, 10**18), min_size=1, max_size=6),
    damage=st.none() | st.tuples(st.integers(0, 63), st.integers(1, 255)),
)
def test_a_witness_is_never_ahead(
    numbers: list[int],
    damage: tuple[int, int] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("witness") / WITNESS
    assert Witness(path).count() == 0
    for number in numbers:
        Witness(path).record(number)
    assert Witness(path).count() == max(numbers)
    if damage:
        data = bytearray(path.read_bytes())
        if damage[0] < len(data):
            data[damage[0]] ^= damage[1]
        path.write_bytes(data)
        assert Witness(path).count() in {0, *numbers}
    Witness(path).accept(3)
    assert Witness(path).count() == 3


def as_killed(tmp_path: Path, sparse: str) -> Path:
    """A collection with a log: three documents and a job are in it alone."""
    collection = fill(tmp_path / "made", make_parts(sparse=sparse), [make_document("a", ["x"])])
    collection.close()
    collection = Collection.open(tmp_path / "made", make_parts(sparse=sparse))
    with collection.writer() as writer:
        for name in "bcd":
            writer.put([make_document(name, [f"text {name}"])], PIPELINE)
    spool = collection.jobs.new_folder()
    (spool / "0").write_bytes(b"text")
    collection.jobs.submit(spool, [JobDocument(0, "e")])
    shutil.copytree(tmp_path / "made", tmp_path / "c")
    collection.close()
    return tmp_path / "c"


def _cut(log: Path, share: float) -> None:
    log.write_bytes(log.read_bytes()[: int(log.stat().st_size * share)])


@pytest.mark.parametrize("sparse", ["impacts", "tantivy", "rank-bm25"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.98])
def test_writes_lost_with_the_log_are_missed(sparse: str, share: float, tmp_path: Path) -> None:
    """Those too that no cache tells of: at 0.98 only the job is lost."""
    folder = as_killed(tmp_path, sparse)
    log = folder / f"{CATALOG}-wal"
    _cut(log, share)
    left = log.read_bytes()
    for _ in range(2):
        with pytest.raises(Unavailable, match="is older than it was"):
            Collection.open(folder, make_parts(sparse=sparse))
        assert log.read_bytes() == left  # what is left of it is not taken in
    catalog = Catalog(folder / CATALOG, trusting=True)
    catalog.accept()
    catalog.close()
    if share < 0.9 and sparse != "rank-bm25":  # the caches tell of it too
        with pytest.raises(Unavailable, match="and 4 were acknowledged"):
            Collection.open(folder, make_parts(sparse=sparse))


def test_a_witness_that_is_gone_or_behind_does_no_harm(tmp_path: Path) -> None:
    folder = as_killed(tmp_path, "impacts")
    (folder / WITNESS).unlink()
    collection = Collection.open(folder, make_parts())
    assert_sound(collection)
    assert len(texts_of(collection)) == 4
    with collection.writer() as writer:
        writer.put([make_document("f", ["x"])], PIPELINE)
        before = (folder / WITNESS).read_bytes()
        writer.put([make_document("g", ["x"])], PIPELINE)
    collection.close()
    (folder / WITNESS).write_bytes(before)
    Collection.open(folder, make_parts()).close()


def test_a_catalog_put_back_alone_is_refused(tmp_path: Path) -> None:
    """From a copy that was made before the last writes."""
    parts = make_parts()
    fill(tmp_path / "c", parts, [make_document("a", ["x"])]).close()
    backup = (tmp_path / "c" / CATALOG).read_bytes()
    collection = Collection.open(tmp_path / "c", parts)
    with collection.writer() as writer:
        writer.put([make_document("b", ["y"])], PIPELINE)
    collection.close()
    (tmp_path / "c" / CATALOG).write_bytes(backup)
    with pytest.raises(Unavailable, match="is older than it was"):
        Collection.open(tmp_path / "c", parts)
    (tmp_path / "c" / WITNESS).unlink()
    with pytest.raises(Unavailable, match="holds 1 generations, and 2 were acknowledged"):
        Collection.open(tmp_path / "c", parts)


def test_nothing_is_said_of_what_took_its_place(tmp_path: Path) -> None:
    """A catalog was replaced while a write to it was being committed."""
    folder = tmp_path / "c"
    folder.mkdir()
    catalog = Catalog(folder / CATALOG, create=True)
    catalog.set_meta({"a": "1"})
    with catalog.transaction():
        folder.rename(tmp_path / "old")
        folder.mkdir()
        Catalog(folder / CATALOG, create=True).close()
    assert Witness(folder / WITNESS).count() == 0
    catalog.close()
