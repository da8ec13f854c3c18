"""Repairing: what is damaged is mended or saved, what is lost is named, nothing is thrown away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from index_room import PIPELINE, assert_sound, fill, make_document, make_parts, texts_of

from index.catalog import WITNESS
from index.collection import CATALOG, Collection
from index.contract import Damaged, DocumentState, Status
from index.database import connect, first
from index.jobs import JobDocument
from index.soundness import catalog_faults

PARTS = make_parts()
PAGE = 4096


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection with long documents, duplicates, deletions, failures and a job."""
    documents = [
        make_document(f"d{i:02}", [f"text {i} {j} " + f"word{i} " * 20 for j in range(12)])
        for i in range(24)
    ]
    folder = tmp_path_factory.mktemp("repair") / "c"
    collection = fill(folder, PARTS, documents)
    with collection.writer() as writer:
        writer.delete(["d04", "d23"])
        writer.put([make_document("twin", [chunk.text for chunk in documents[2][1]])], PIPELINE)
    collection.ledger.states.fail("bad", "read", "no text", None)
    spool = collection.jobs.new_folder()
    (spool / "0").write_bytes(b"text")
    collection.jobs.submit(spool, [JobDocument(0, "e")])
    collection.close()
    return folder


def mend(folder: Path) -> list[str]:
    done = list(Collection.repair(folder, PARTS))
    collection = Collection.open(folder, PARTS)
    assert_sound(collection)
    collection.close()
    assert list(Collection.repair(folder, PARTS)) == []
    return done


def states(folder: Path) -> dict[str, DocumentState]:
    collection = Collection.open(folder, PARTS)
    found = {state.document_id: state for state in collection.ledger.states.of()}
    collection.close()
    return found


def held(folder: Path) -> dict[str, list[str]]:
    collection = Collection.open(folder, PARTS)
    texts = texts_of(collection)
    collection.close()
    return texts


def test_any_page_may_be_damaged(made: Path, tmp_path: Path) -> None:
    """Every few pages in turn: all documents but those on the page are saved as they were."""
    texts = held(made)
    known = states(made)
    pages = (made / CATALOG).stat().st_size // PAGE
    saved_whole = lost_all = 0
    for page in range(0, pages, 13):
        folder = tmp_path / "c"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
        data = bytearray((folder / CATALOG).read_bytes())
        data[page * PAGE + 1_234] ^= 0x10
        (folder / CATALOG).write_bytes(data)
        try:
            done = mend(folder)
        except Damaged as error:
            assert "'braid restore'" in str(error)
            assert (folder / CATALOG).read_bytes() == data
            lost_all += 1
            continue
        if not done:  # a page that is not in use
            continue
        assert (folder / "damaged-1" / CATALOG).read_bytes() == data
        now = held(folder)
        lost = texts.keys() - now.keys()
        assert now == {name: texts[name] for name in texts if name not in lost}
        said = [line for line in done if line.startswith("lost the document")]
        assert len(lost) == len(said) <= 2 * len(texts) // 3, page  # it may lead to others
        assert all(any(repr(name) in line for line in said) for name in lost)
        kept = states(folder)
        assert kept.keys() >= now.keys()
        assert kept.get("bad", known["bad"]) == known["bad"]
        saved_whole += not lost
    assert saved_whole >= pages // 13 // 2
    assert lost_all <= 4


def test_a_vector_that_is_none_is_made_anew(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(made, folder)
    collection = Collection.open(folder, PARTS)
    with collection._catalog.transaction() as connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(192) WHERE key = 3")
        connection.execute("UPDATE vectors SET tokens = x'00' WHERE key = 5")
    assert catalog_faults(collection._catalog) == [
        "2 vectors that are none of 48 dimensions and length 1"
    ]
    collection.close()
    done = mend(folder)
    assert any("saved 23 documents" in line for line in done)
    assert held(folder) == held(made)


def test_keys_and_order_survive(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(made, folder)
    connection = connect(folder / CATALOG)
    connection.execute("DELETE FROM vectors WHERE key = 7")
    last = first(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'")[0]
    connection.close()
    mend(folder)
    collection = Collection.open(folder, PARTS)
    assert collection.record("twin").metadata["duplicate_of"] == "d02"
    assert [job.documents[0].document_id for job in collection.jobs.newest()] == ["e"]
    with collection.writer() as writer:
        writer.put([make_document("new", ["text"])], PIPELINE)
    assert max(collection.snapshot().sparse.keys()) == last + 1
    collection.close()


def test_lost_writes_are_accepted(tmp_path: Path) -> None:
    collection = fill(tmp_path / "made", PARTS, [make_document("a", ["x"])])
    collection.close()
    collection = Collection.open(tmp_path / "made", PARTS)
    with collection.writer() as writer:
        writer.put([make_document("b", ["y"])], PIPELINE)
    shutil.copytree(tmp_path / "made", tmp_path / "c")
    collection.close()
    folder = tmp_path / "c"
    (folder / f"{CATALOG}-wal").write_bytes(b"")
    shutil.copytree(folder, tmp_path / "unwitnessed")
    (done,) = mend(folder)
    assert done.startswith("accepted ")
    assert held(folder) == {"a": ["x"]}
    (tmp_path / "unwitnessed" / WITNESS).unlink()
    (done,) = mend(tmp_path / "unwitnessed")
    assert done.startswith("accepted ")
    assert held(tmp_path / "unwitnessed") == {"a": ["x"]}


def test_leftovers_and_caches_are_mended(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    shutil.copytree(made, folder)
    (folder / "scratch").mkdir()
    (folder / "catalog.draft").write_bytes(b"half")
    (tmp_path / ".new-c").mkdir()  # where 'braid reindex' goes on
    done = mend(folder)
    assert len(done) == 2
    assert (tmp_path / ".new-c").is_dir()
    assert all("which a kill left" in line for line in done)
    victim = next((folder / "sparse").glob("*.segment"))
    victim.write_bytes(victim.read_bytes()[:-9])
    (done_line,) = mend(folder)
    assert done_line.startswith("built the indexes anew: ")
    assert states(folder)["d00"].status is Status.OK


def test_what_cannot_be_saved_stays_as_it_is(made: Path, tmp_path: Path) -> None:
    for content in (b"", b"no database at all" * 500, bytes(5 * PAGE)):
        folder = tmp_path / "c"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
        (folder / CATALOG).write_bytes(content)
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(Damaged, match="nothing can be saved"):
            list(Collection.repair(folder, PARTS))
        assert (folder / CATALOG).read_bytes() == content
        assert sorted(path.name for path in folder.iterdir()) == before
