"""Disks that are full or read-only: writing is refused with advice, reading goes on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from index_room import (
    ANALYZER,
    PIPELINE,
    assert_sound,
    fill,
    make_document,
    make_parts,
    texts_of,
)

from index.collection import CATALOG, Collection
from index.contract import NotWritable
from ingest.contract import Unavailable

HERE = Path(__file__).parent
DOCUMENTS = [make_document(f"d{i}", [f"text {i} {j} alpha" for j in range(8)]) for i in range(9)]
NEW = make_document("new", [f"fresh {j}" for j in range(8)])


def found(collection: Collection, word: str) -> int:
    snapshot = collection.snapshot()
    return len(snapshot.sparse.search(ANALYZER.query_terms(word), 500).keys)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_up(disk: Path) -> Path:
    """A file that takes all the space left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as handle:
        for size in (1 << 16, 1 << 12):
            try:
                while True:
                    handle.write(bytes(size))
            except OSError:
                continue
    return ballast


def test_a_full_disk_takes_no_writes_and_loses_none(small_disk: Path) -> None:
    collection = fill(small_disk / "c", make_parts(), DOCUMENTS)
    held = texts_of(collection)
    ballast = fill_up(small_disk)
    many = make_document("many", [f"fresh {j} " * 40 for j in range(500)])
    for _ in range(2):
        with (
            collection.writer() as writer,
            pytest.raises(Unavailable, match=r"no space left for .*nothing that was stored"),
        ):
            writer.put([many], PIPELINE)
        assert texts_of(collection) == held
        assert (found(collection, "alpha"), found(collection, "fresh")) == (72, 0)
    collection.close()
    collection = Collection.open(small_disk / "c", make_parts())
    assert found(collection, "alpha") == 72
    assert_sound(collection)
    ballast.unlink()
    with collection.writer() as writer:
        writer.put([NEW], PIPELINE)
    assert texts_of(collection) == {**held, "new": [chunk.text for chunk in NEW[1]]}
    assert found(collection, "fresh") == 8
    assert_sound(collection)
    collection.close()


def test_what_is_stored_but_not_indexed_is_said_to_be(small_disk: Path) -> None:
    """The log of the catalog has room in itself; the indexes have none."""
    collection = fill(small_disk / "c", make_parts(), DOCUMENTS)
    collection._catalog.read("PRAGMA wal_checkpoint(RESTART)")
    ballast = fill_up(small_disk)
    with (
        collection.writer() as writer,
        pytest.raises(Unavailable, match=r"cannot take in what is stored .*nothing is lost"),
    ):
        writer.put([NEW], PIPELINE)
    assert "new" in texts_of(collection)
    for _ in range(2):
        assert (found(collection, "alpha"), found(collection, "fresh")) == (72, 0)
        assert len(collection.snapshot().dense) == 80
    collection.close()
    collection = Collection.open(small_disk / "c", make_parts())
    assert found(collection, "alpha") == 72
    assert len(collection.check()) == 1
    ballast.unlink()
    with collection.writer() as writer:
        writer.delete(["d1"])
    assert (found(collection, "alpha"), found(collection, "fresh")) == (64, 8)
    assert_sound(collection)
    collection.close()


@contextmanager
def files_limited(limit: int) -> Iterator[None]:
    """No file of this process grows beyond the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("restart", [False, True])
def test_a_limit_on_files_is_as_a_full_disk(restart: bool, tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), DOCUMENTS)
    held = texts_of(collection)
    for number, limit in enumerate((0, 100, 4_200, 30_000, 60_000, 120_000)):
        if restart:
            collection._catalog.read("PRAGMA wal_checkpoint(RESTART)")
        document, chunks = make_document(f"n{number}", [f"fresh {number} {j}" for j in range(8)])
        said = ""
        with files_limited(limit):
            try:
                with collection.writer() as writer:
                    writer.put([(document, chunks)], PIPELINE)
            except Unavailable as error:
                said = str(error)
            assert found(collection, "alpha") == 72
        if "was undone" not in said:
            assert not said or "nothing is lost" in said
            held[document.id] = [chunk.text for chunk in chunks]
        assert texts_of(collection) == held
    with collection.writer() as writer:
        writer.put([NEW], PIPELINE)
    assert_sound(collection)
    collection.close()


READ_ALONE = """
import os, sys, tempfile
from pathlib import Path
from index_room import fill, make_document, make_parts
from index.collection import Collection
from test_disks import found
with tempfile.TemporaryDirectory() as folder:  # what is loaded late is loaded now
    other = fill(Path(folder) / "c", make_parts(), [make_document("a", ["text"])])
    found(other, "text")
    other.close()
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    collection = Collection.open(Path(sys.argv[1]), make_parts())
except Exception as error:
    sys.exit(f"{type(error).__name__} {error}")
print(found(collection, "alpha"), len(collection.snapshot().dense), len(collection.records()))
print(collection.check())
for attempt in (lambda writer: writer.delete(["d1"]), None):
    try:
        if attempt is None:
            collection.ledger.states.fail("x", "read", "no", None)
        else:
            with collection.writer() as writer:
                attempt(writer)
    except Exception as error:
        print(type(error).__name__, error)
collection.close()
"""


@contextmanager
def protected(folder: Path) -> Iterator[None]:
    """Nobody but root may write in the folder."""
    paths = [folder, *folder.rglob("*")]
    above = Path(tempfile.gettempdir()).resolve()
    for parent in folder.parents:
        if above in parent.parents:
            parent.chmod(0o755)
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield
    for path in paths:
        if path.exists():
            path.chmod(0o755 if path.is_dir() else 0o644)


def read_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(folder)],
        env={**os.environ, "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("state", ["closed", "killed", "killed, without its index of the log"])
def test_a_read_only_folder_is_read(state: str, tmp_path: Path) -> None:
    collection = fill(tmp_path / "made", make_parts(), DOCUMENTS)
    folder = tmp_path / "made"
    if state != "closed":
        folder = tmp_path / "killed"
        shutil.copytree(tmp_path / "made", folder)
    collection.close()
    if "without" in state:
        (folder / f"{CATALOG}-shm").unlink()
    with protected(folder):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        done = read_alone(folder)
        assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if "without" in state:
        assert "Unavailable" in done.stderr
        assert "make the folder writable" in done.stderr
    else:
        lines = done.stdout.splitlines()
        assert lines[:2] == ["72 72 9", "[]"], done
        assert lines[2].startswith("NotWritable nothing can be written to ")
        assert "read-only" in lines[3]
    opened = Collection.open(folder, make_parts())
    assert_sound(opened)
    opened.close()


def test_a_read_only_disk_is_read_and_followed(small_disk: Path) -> None:
    """What another process writes, once the disk is writable again, is seen."""
    fill(small_disk / "c", make_parts(), DOCUMENTS).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    collection = Collection.open(small_disk / "c", make_parts())
    assert found(collection, "alpha") == 72
    with pytest.raises(NotWritable), collection.writer():
        pass
    assert collection.check() == []
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    other = Collection.open(small_disk / "c", make_parts())
    with other.writer() as writer:
        writer.put([NEW], PIPELINE)
    assert "new" in texts_of(collection)
    other.close()
    with collection.writer() as writer:
        writer.delete(["d1"])
    assert (found(collection, "alpha"), found(collection, "fresh")) == (64, 8)
    assert_sound(collection)
    collection.close()
    collection = Collection.open(small_disk / "c", make_parts())
    assert (found(collection, "alpha"), found(collection, "fresh")) == (64, 8)
    assert_sound(collection)
    collection.close()
