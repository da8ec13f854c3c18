"""Catalogs of older versions: brought to this one, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest
from index_room import assert_sound, fill, make_document, make_parts, texts_of

from index import duplicates
from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.database import CHECKSUM_BYTES, connect
from index.schema import SCHEMA_VERSION, TABLES
from ingest.contract import Unavailable

ADDED_SINCE_5 = ("feedback", "originals", "job_addresses", "job_progress", "withheld")
OPEN = "import sys, pathlib; from index.catalog import Catalog; Catalog(pathlib.Path(sys.argv[1]))"


def old_catalog(path: Path, version: str, texts: int = 3, filler: str = "") -> dict[str, list[str]]:
    """A collection whose catalog is as that version left it; the texts that it holds."""
    documents = [
        make_document(f"d{i}", [f"rivers {i}", "boats"], metadata={"filler": filler})
        for i in range(texts)
    ]
    collection = fill(path, make_parts(), documents)
    held = texts_of(collection)
    collection.close()
    new = (path / CATALOG).rename(path / "new.sqlite")
    connection = apsw.Connection(str(path / CATALOG), vfs="unix")
    connection.execute(TABLES + duplicates.TABLES + "PRAGMA journal_mode = WAL").fetchall()
    connection.execute("ATTACH ? AS new", (str(new),))
    tables = connection.execute(
        "SELECT name FROM new.sqlite_master WHERE type = 'table'"
    ).fetchall()
    for (table,) in tables:
        if table in ("facts", "answers", *ADDED_SINCE_5):
            continue
        connection.execute(f"INSERT INTO main.{table} SELECT * FROM new.{table}")
    if version == "2":
        connection.execute("ALTER TABLE vectors DROP COLUMN tokens")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", (version,))
    connection.execute("DELETE FROM meta WHERE key = 'commits'")
    connection.close()
    new.unlink()
    (path / "catalog.witness").unlink()
    assert (path / CATALOG).read_bytes()[20] == 0
    return held


def assert_brought_up(path: Path, held: dict[str, list[str]]) -> None:
    for _ in range(2):
        catalog = Catalog(path / CATALOG)
        assert catalog.meta("schema_version") == str(SCHEMA_VERSION)
        assert catalog.read("PRAGMA checksum_verification") == [("1",)]
        assert catalog.read("PRAGMA journal_mode") == [("wal",)]
        catalog.close()
        assert (path / CATALOG).read_bytes()[20] == CHECKSUM_BYTES
    collection = Collection.open(path, make_parts())
    assert texts_of(collection) == held
    assert_sound(collection)
    collection.close()


@pytest.mark.parametrize("version", ["2", "3"])
def test_an_older_catalog_is_brought_to_this_version(version: str, tmp_path: Path) -> None:
    held = old_catalog(tmp_path / "c", version)
    assert_brought_up(tmp_path / "c", held)


@pytest.mark.parametrize(
    ("version", "missing"),
    [("4", ("facts", "answers", *ADDED_SINCE_5)), ("5", ADDED_SINCE_5), ("6", ("withheld",))],
)
def test_a_catalog_with_checksums_gets_the_tables_that_it_lacks(
    version: str, missing: tuple[str, ...], tmp_path: Path
) -> None:
    """Version 4 was the last before there was a graph, 5 before files and feedback were kept."""
    document = make_document("d", ["rivers", "boats"])
    collection = fill(tmp_path / "c", make_parts(), [document])
    held = texts_of(collection)
    collection.close()
    connection = connect(tmp_path / "c" / CATALOG)
    connection.execute(
        "BEGIN; "
        + "".join(f"DROP TABLE {table}; " for table in missing)
        + f"UPDATE meta SET value = '{version}' WHERE key = 'schema_version'; COMMIT"
    ).fetchall()
    connection.close()
    assert_brought_up(tmp_path / "c", held)


def test_two_processes_bring_it_up_at_once(tmp_path: Path) -> None:
    held = old_catalog(tmp_path / "c", "3", 200)
    command = [sys.executable, "-c", OPEN, str(tmp_path / "c" / CATALOG)]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    assert_brought_up(tmp_path / "c", held)


def test_a_kill_while_it_is_brought_up_does_no_harm(tmp_path: Path) -> None:
    """Killed as soon as the copy that is rewritten is there, and a little later each time."""
    held = old_catalog(tmp_path / "old", "3", 300)
    folder = tmp_path / "c"
    cut_off = 0
    for attempt in range(5):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "old", folder)
        child = subprocess.Popen([sys.executable, "-c", OPEN, str(folder / CATALOG)])
        draft = folder / f"{CATALOG}.upgrade"
        while child.poll() is None and not draft.exists():
            time.sleep(0.0002)
        time.sleep(0.001 * attempt)
        os.kill(child.pid, signal.SIGKILL)
        child.wait(timeout=30)
        cut_off += draft.exists()
        assert_brought_up(folder, held)
    assert cut_off


def test_one_in_use_is_not_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_catalog(tmp_path / "c", "3")
    monkeypatch.setattr("index.database.BUSY_MS", 50)
    reader = connect(tmp_path / "c" / CATALOG)
    reader.execute("SELECT * FROM meta").fetchall()
    with pytest.raises(Unavailable, match="in use by another process"):
        Catalog(tmp_path / "c" / CATALOG)
    reader.close()
    Catalog(tmp_path / "c" / CATALOG).close()


def test_a_large_catalog_is_brought_up_with_every_checksum(tmp_path: Path) -> None:
    """One that does not fit into SQLite's memory, which then writes the first page last."""
    held = old_catalog(tmp_path / "c", "3", texts=150, filler="x" * 30_000)
    assert (tmp_path / "c" / CATALOG).stat().st_size > 4_000_000
    assert_brought_up(tmp_path / "c", held)
    catalog = Catalog(tmp_path / "c" / CATALOG)
    assert [tuple(row) for row in catalog.read("PRAGMA integrity_check")] == [("ok",)]
    copy = tmp_path / "copy.sqlite"
    catalog.copy(copy)
    catalog.close()
    copied = Catalog(copy)
    assert [tuple(row) for row in copied.read("PRAGMA integrity_check")] == [("ok",)]
    assert copied.counts() == (150, 300, 300)
    copied.close()
