"""Makes the file of a catalog, and brings one of an older version to this."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import duplicates, feedback, tagging, withholding
from index.database import CHECKSUM_BYTES, close, connect, first
from index.graph import store
from index.schema import KEPT_TABLES, PRAGMAS, SCHEMA_VERSION, TABLES
from index.swap import flush

if TYPE_CHECKING:
    import apsw

_OLD_VERSIONS = ("2", "3", "4", "5", "6")
_NEW_SINCE = {
    "4": store.TABLES,
    "5": KEPT_TABLES + feedback.TABLES,
    "6": withholding.TABLES,
}
"""Tables that a catalog lacks which is of this version, or an older one."""
_FIRST_ROWS = {"schema_version": str(SCHEMA_VERSION), "generation": "0", "commits": "0"}


def create(path: Path) -> None:
    """The tables of a catalog, where the file has none. Raises apsw.Error."""
    connection = connect(path, create=True)
    try:
        connection.execute(PRAGMAS).fetchall()
        connection.execute("BEGIN IMMEDIATE")
        if first(connection, "SELECT 1 FROM sqlite_master") is None:
            tables = (TABLES, duplicates.TABLES, *_NEW_SINCE.values(), tagging.INDEX)
            connection.execute("".join(tables))
            connection.executemany("INSERT INTO meta VALUES (?, ?)", _FIRST_ROWS.items())
        connection.execute("COMMIT")
    finally:
        connection.close()


def migrate(path: Path) -> None:
    """Brings the catalog at `path` to this version, if it is of one that can be. Raises
    apsw.Error: BusyError where another process has it open."""
    place = path.stat().st_ino
    connection = connect(path)
    try:
        if not is_old(connection):
            return
    finally:
        close(connection, keep_log=True)
    connection = connect(path)
    try:
        # From its first read on, this connection keeps all others out until it closes: another
        # process that migrates waits here, and then finds another file in the place of this.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        connection.execute("BEGIN EXCLUSIVE; COMMIT")
        if path.stat().st_ino != place:
            return
        if _version(connection) == "2":
            connection.execute(
                "BEGIN; ALTER TABLE vectors ADD COLUMN tokens BLOB NOT NULL DEFAULT x''; "
                "UPDATE meta SET value = '3' WHERE key = 'schema_version'; COMMIT"
            )
        if _version(connection) == "3":
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()  # all is in the file now
            connection.execute("BEGIN EXCLUSIVE; COMMIT")
            _add_checksums(path)
        elif is_old(connection):
            _bring_up(connection)
    finally:
        connection.close()


def _bring_up(connection: apsw.Connection) -> None:
    """Gives a catalog of version 3 or later what it lacks, all or nothing."""
    version = _version(connection)
    connection.execute("BEGIN")
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('commits', '0')")
    for since, tables in _NEW_SINCE.items():
        if version <= since:
            connection.execute(tables)
    withholding.judge_all(connection)
    sql = "UPDATE meta SET value = ? WHERE key = 'schema_version'"
    connection.execute(sql, (str(SCHEMA_VERSION),))
    connection.execute("COMMIT")


def _add_checksums(path: Path) -> None:
    """Puts a copy in the place of the file, every page of which was written anew with room for its
    checksum. A kill leaves the one or the other, whole."""
    draft = path.with_name(f"{path.name}.upgrade")
    for ending in ("", "-journal", "-wal", "-shm"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)
    shutil.copyfile(path, draft)
    copy = connect(draft)
    try:
        copy.execute("PRAGMA synchronous = FULL").fetchall()
        copy.reserve_bytes("main", CHECKSUM_BYTES)
        # Twice: the extension keeps checksums from the moment that it has seen the first page,
        # and of a large file that may be the last to be written.
        copy.execute("VACUUM")
        copy.execute("PRAGMA checksum_verification = OFF").fetchall()
        copy.execute("VACUUM")
        copy.execute("PRAGMA checksum_verification = ON").fetchall()
        _bring_up(copy)
        copy.execute("PRAGMA journal_mode = WAL").fetchall()
    finally:
        copy.close()
    draft.replace(path)
    flush(path.parent)


def is_old(connection: apsw.Connection) -> bool:
    """Whether `migrate` can bring the catalog to this version; False where it cannot be read."""
    import apsw

    try:
        return _version(connection) in _OLD_VERSIONS
    except apsw.Error:
        return False


def _version(connection: apsw.Connection) -> Any:
    row = first(connection, "SELECT value FROM meta WHERE key = 'schema_version'")
    return row and row[0]
