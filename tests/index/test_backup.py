"""Backups: a collection as one file, and back, with whatever is wrong with the file named."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from index_room import (
    PIPELINE,
    WordSumEmbedder,
    assert_same_answers,
    assert_sound,
    make_document,
    make_parts,
    rows_of,
    texts_of,
)

from index.carried import waiting_jobs
from index.contract import FingerprintMismatch, Locked, Origin
from index.jobs import JobDocument, JobState
from index.pipeline import Collection, Store
from ingest.contract import BadInput, Conflict, NotFound

TEXTS = {"a": ["alpha beta", "gamma"], "b": ["向量检索 x", "数据库 事务"], "empty": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "data", make_parts())
    yield store
    store.close()


@pytest.fixture
def papers(store: Store) -> Collection:
    collection = store.create("papers")
    with collection.writer() as writer:
        writer.put([make_document(name, texts) for name, texts in TEXTS.items()], PIPELINE)
        writer.put([make_document("gone", ["delta"])], PIPELINE)
        writer.delete(["gone"])
    collection.ledger.states.fail("bad.pdf", "read", "no text", Origin(Path("/in/bad.pdf")))
    return collection


@pytest.fixture
def file(store: Store, papers: Collection, tmp_path: Path) -> Path:
    target = tmp_path / "papers.backup"
    store.backup("papers", target, braid="1.2.3")
    return target


def hand_in(collection: Collection, name: str) -> str:
    folder = collection.jobs.new_folder()
    (folder / "0").write_bytes(f"bytes of {name}".encode())
    return collection.jobs.submit(folder, [JobDocument(0, name, name)]).id


def test_a_backup_comes_back_as_it_was(store: Store, papers: Collection, tmp_path: Path) -> None:
    ended, running, waiting = (hand_in(papers, name) for name in ("x", "y", "z"))
    papers.jobs.finish(ended, JobState.DONE)
    papers.jobs.start(running)
    target = tmp_path / "a file.zip"
    manifest = store.backup("papers", target, braid="1.2.3")
    assert (manifest.braid, manifest.collection, manifest.generation) == ("1.2.3", "papers", 5)
    assert (manifest.documents, manifest.chunks, manifest.jobs) == (3, 4, 2)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    restored = store.restore(target, "copy")
    assert (restored.name, restored.manifest, restored.is_searchable) == ("copy", manifest, True)
    copy = store.get("copy")
    assert_sound(copy)
    assert_same_answers(papers, copy)
    # The index asks for all that was deleted, so the generations and keys have to go on too.
    before, after = rows_of(tmp_path / "data" / "papers"), rows_of(tmp_path / "data" / "copy")
    jobs = before.pop("jobs"), after.pop("jobs")
    for rows in (before, after):  # saying of jobs that they have not begun is a write
        rows["meta"] = [row for row in rows["meta"] if row[0] != "commits"]
    assert before == after
    assert [len(rows) for rows in jobs] == [3, 3]
    for job_id, name in ((running, "y"), (waiting, "z")):
        job = copy.jobs.get(job_id)
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
        assert copy.jobs.path(job_id, 0).read_bytes() == f"bytes of {name}".encode()
    assert not copy.jobs.path(ended, 0).exists()


def test_it_is_taken_while_a_writer_goes_on(
    store: Store, papers: Collection, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        with papers.writer() as writer:
            while not stop.is_set():
                number += 1
                writer.put([make_document(f"n{number % 7}", [f"new {number}", "beta"])], PIPELINE)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            store.backup("papers", tmp_path / f"{number}", braid="1")
    finally:
        stop.set()
        thread.join()
    for number in range(3):
        manifest = store.restore(tmp_path / f"{number}", f"c{number}").manifest
        copy = store.get(f"c{number}")
        assert copy.stats().generation == manifest.generation
        assert_sound(copy)


def test_a_job_that_ends_while_it_is_copied_is_not_half_in(
    store: Store, papers: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One comes after the others were held, is in the copy, and ends before it is looked at."""
    from index import backup

    made: list[str] = []
    plain = backup.copied_catalog

    def late(folder: Path, copy: Path) -> object:
        if not made:
            made.append(hand_in(papers, "late"))
        context = plain(folder, copy)
        if papers.jobs.get(made[0]).finished_at is None:
            monkeypatch.setattr(backup, "waiting_jobs", ends_then(waiting_jobs))
        return context

    def ends_then(look: Callable[..., list[str]]) -> Callable[..., list[str]]:
        def looked(catalog: object) -> list[str]:
            found = look(catalog)
            papers.jobs.finish(made[0], JobState.DONE)
            return found

        return looked

    monkeypatch.setattr(backup, "copied_catalog", late)
    manifest = store.backup("papers", tmp_path / "f", braid="1")
    assert made
    assert manifest.jobs == 0
    store.restore(tmp_path / "f", "copy")
    assert store.get("copy").jobs.get(made[0]).state is JobState.DONE


def test_nothing_is_overwritten_unasked(store: Store, file: Path, papers: Collection) -> None:
    before = file.read_bytes()
    with pytest.raises(Conflict, match="--force"):
        store.backup("papers", file, braid="1")
    assert file.read_bytes() == before
    with papers.writer() as writer:
        writer.put([make_document("c", ["epsilon"])], PIPELINE)
    with pytest.raises(Conflict, match="--force"):
        store.restore(file)
    assert "c" in texts_of(store.get("papers"))
    with papers.writer(), pytest.raises(Locked):
        store.restore(file, force=True)
    store.backup("papers", file.with_name("newer"), braid="1")
    assert store.restore(file, force=True).manifest.documents == 3
    assert texts_of(store.get("papers")) == TEXTS
    store.backup("papers", file, braid="1", force=True)
    assert zipfile.is_zipfile(file)


def test_places_that_cannot_be(store: Store, papers: Collection, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="papers"):
        store.backup("other", tmp_path / "f", braid="1")
    with pytest.raises(BadInput, match="make it first"):
        store.backup("papers", tmp_path / "no" / "f", braid="1")
    with pytest.raises(BadInput, match="is a folder"):
        store.backup("papers", tmp_path, braid="1")
    with pytest.raises(NotFound, match="no file"):
        store.restore(tmp_path / "f")


def repacked(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    def apply(file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return apply


def manifest_with(**values: object) -> Callable[[Path], None]:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(
            {**json.loads(members["manifest.json"]), **values}
        ).encode()

    return repacked(change)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-30])


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def replaced_by_text(file: Path) -> None:
    file.write_text("no backup")


def other_catalog(members: dict[str, bytes]) -> None:
    members["catalog.sqlite"] = members["catalog.sqlite"][:-1] + b"!"


def longer_catalog(members: dict[str, bytes]) -> None:
    members["catalog.sqlite"] += b"!"


def without_catalog(members: dict[str, bytes]) -> None:
    del members["catalog.sqlite"]


DAMAGE = [
    (cut, "damaged or cut off"),
    (flipped, "catalog.sqlite"),
    (replaced_by_text, "no backup of Braid"),
    (repacked(dict.clear), "no manifest.json"),
    (repacked(other_catalog), "catalog.sqlite is not what its SHA-256 says"),
    (repacked(longer_catalog), "catalog.sqlite is not what its SHA-256 says"),
    (repacked(without_catalog), "catalog.sqlite is missing"),
    (repacked(lambda members: members.update({"more": b""})), "more is missing"),
    (manifest_with(members={"../x": [0, ""], "catalog.sqlite": [0, ""]}), r"\.\./x is missing"),
    (manifest_with(format="braid-backup/2"), "braid-backup/2"),
    (manifest_with(schema=99), "restore it with that version"),
    (manifest_with(members=None), "manifest.json is damaged"),
    (manifest_with(schema="x"), "manifest.json is damaged"),
    (manifest_with(collection="../up"), "cannot be the name"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGE)
def test_what_is_wrong_with_a_file_is_named(
    damage: Callable[[Path], None], words: str, store: Store, file: Path, tmp_path: Path
) -> None:
    before = rows_of(tmp_path / "data" / "papers")
    damage(file)
    with pytest.raises(BadInput, match=words):
        store.restore(file, force=True)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["papers"]
    assert rows_of(tmp_path / "data" / "papers") == before


def test_a_name_in_a_file_may_not_lead_out(store: Store, file: Path, tmp_path: Path) -> None:
    member = "spool/../../out"
    repacked(lambda members: members.update({member: b""}))(file)
    with zipfile.ZipFile(file) as archive:
        members = json.loads(archive.read("manifest.json"))["members"]
    manifest_with(members={**members, member: [0, ""]})(file)
    with pytest.raises(BadInput, match="has no place"):
        store.restore(file, "copy")


def test_other_settings_restore_what_they_cannot_search(file: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "other", make_parts(WordSumEmbedder("words/2")))
    assert not store.restore(file).is_searchable
    with pytest.raises(FingerprintMismatch, match="braid reindex papers"):
        store.get("papers")
    store.close()


def test_what_a_kill_left_aside_is_cleared(store: Store, file: Path, tmp_path: Path) -> None:
    aside = tmp_path / "data" / ".in-copy" / "copy"
    aside.mkdir(parents=True)
    (aside / "catalog.sqlite").write_bytes(b"half of it")
    (aside / "spool").mkdir()
    store.restore(file, "copy")
    assert_sound(store.get("copy"))
    assert store.names() == ["copy", "papers"]
    assert not aside.parent.exists()
