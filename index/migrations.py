"""Makes the file of a catalog, and brings one of an older version to this."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import duplicates
from index.database import CHECKSUM_BYTES, close, connect, first
from index.schema import PRAGMAS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import apsw

_OLD_VERSIONS = ("2", "3")
_FIRST_ROWS = {"schema_version": str(SCHEMA_VERSION), "generation": "0", "commits": "0"}


def create(path: Path) -> None:
    """The tables of a catalog, where the file has none. Raises apsw.Error."""
    connection = connect(path, create=True)
    try:
        connection.execute(PRAGMAS).fetchall()
        connection.execute("BEGIN IMMEDIATE")
        if first(connection, "SELECT 1 FROM sqlite_master") is None:
            connection.execute(TABLES + duplicates.TABLES)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", _FIRST_ROWS.items())
        connection.execute("COMMIT")
    finally:
        connection.close()


def migrate(path: Path) -> None:
    """Brings the catalog at `path` to this version, if it is of one that can be. Raises
    apsw.Error: BusyError where another process has it open."""
    connection = connect(path)
    try:
        is_old = _version(connection) in _OLD_VERSIONS
    finally:
        close(connection, keep_log=True)
    if not is_old:
        return
    connection = connect(path)
    try:
        # From its first read on, this connection keeps all others out until it closes: another
        # process that migrates waits here, and then finds nothing to do.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        connection.execute("BEGIN EXCLUSIVE; COMMIT")
        if _version(connection) == "2":
            connection.execute(
                "BEGIN; ALTER TABLE vectors ADD COLUMN tokens BLOB NOT NULL DEFAULT x''; "
                "UPDATE meta SET value = '3' WHERE key = 'schema_version'; COMMIT"
            )
        if _version(connection) == "3":
            _add_checksums(connection)
    finally:
        connection.close()


def _add_checksums(connection: apsw.Connection) -> None:
    """Every page is written anew, with room for its checksum. A kill before the version is set
    leaves a catalog of the old version, with or without that room."""
    # Under a log, the layout of pages cannot be changed.
    connection.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL").fetchall()
    connection.reserve_bytes("main", CHECKSUM_BYTES)
    connection.execute("VACUUM")
    connection.execute(
        "BEGIN; INSERT OR IGNORE INTO meta VALUES ('commits', '0'); "
        "UPDATE meta SET value = '4' WHERE key = 'schema_version'; COMMIT"
    )
    connection.execute("PRAGMA journal_mode = WAL").fetchall()


def _version(connection: apsw.Connection) -> Any:
    row = first(connection, "SELECT value FROM meta WHERE key = 'schema_version'")
    return row and row[0]
