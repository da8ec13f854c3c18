"""The files that documents were handed in as, kept so that they can be given back and their pages
shown: `originals/<SHA-256>`, one for all documents that have the same content.

A file is there before the catalog says so, and goes after the last document that it belongs to.
Both happen while nobody else can write to the catalog, so neither can undo the other. What a kill
leaves in between belongs to no document, and is swept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.contract import Status
from index.database import first, marks
from index.file_hash import sha256_of
from index.swap import flush
from ingest.contract import Unavailable

if TYPE_CHECKING:
    import apsw

    from index.catalog import Catalog

ORIGINALS = "originals"
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Original:
    """A file that is kept: where it lies, its SHA-256 (hexadecimal), the name that it was handed in
    under and its size in bytes."""

    path: Path
    hash: str
    file_name: str
    size: int


class Originals:
    """The files kept for the documents of the collection in `folder`. Safe to use from many threads
    and processes."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder / ORIGINALS

    def get(self, document_id: str) -> Original | None:
        """The file of a document; None where none is kept."""
        row = self._catalog.first(
            "SELECT hash, file_name, size FROM originals WHERE document_id = ?", (document_id,)
        )
        return None if row is None else Original(self._folder / row[0], *row)

    def keep(self, document_id: str, path: Path, file_name: str) -> None:
        """Keeps the file at `path` for a document that was read from it: durable on return. Nothing
        is kept where the document is not there, or has been read from another file since. Raises
        Unavailable where the disk refuses."""
        try:
            digest, size = sha256_of(path), path.stat().st_size
            known = self.get(document_id)
            if known == Original(self._folder / digest, digest, file_name, size):
                return
            with self._catalog.transaction() as connection:
                if not _is_of(connection, document_id, digest):
                    return
                self._put(path, digest)
                connection.execute(
                    "INSERT OR REPLACE INTO originals VALUES (?, ?, ?, ?)",
                    (document_id, digest, file_name, size),
                )
        except OSError as error:
            raise Unavailable(
                f"the file of {document_id!r} cannot be kept in {self._folder}: "
                f"{error.strerror or error}; free space on the disk, or set server.keep_originals "
                "to false"
            ) from error
        if known is not None and known.hash != digest:
            self.remove([known.hash])

    def _put(self, path: Path, digest: str) -> None:
        target = self._folder / digest
        if target.exists():
            return
        self._folder.mkdir(exist_ok=True)
        link(path, target)
        flush(target)
        flush(self._folder)

    def forget(self, document_id: str) -> None:
        """Keeps the file of the document no longer."""
        with self._catalog.transaction() as connection:
            gone = let_go(connection, [document_id])
        self.remove(gone)

    def remove(self, hashes: Iterable[str]) -> int:
        """Deletes the files of these hashes that belong to no document (any more); their number."""
        wanted = set(hashes)
        if not wanted:
            return 0
        removed = 0
        with self._catalog.kept_from_others():
            for digest in sorted(wanted - self._wanted(sorted(wanted))):
                path = self._folder / digest
                removed += path.exists()
                path.unlink(missing_ok=True)
        return removed

    def sweep(self) -> int:
        """Deletes every file that belongs to no document; their number."""
        if not self._folder.is_dir():
            return 0
        return self.remove(p.name for p in self._folder.iterdir() if _HASH.fullmatch(p.name))

    def _wanted(self, hashes: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(hashes), 500):
            some = hashes[start : start + 500]
            sql = f"SELECT DISTINCT hash FROM originals WHERE hash IN ({marks(some)})"
            found.update(row[0] for row in self._catalog.read(sql, some))
        return found

    def count(self, hidden: Collection[str] = ()) -> int:
        """The files that are kept, but for those of `hidden` documents alone."""
        row = self._catalog.first(
            "SELECT count(DISTINCT hash) FROM originals "
            "WHERE document_id NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(hidden)),),
        )
        assert row is not None
        return int(row[0])

    def copy(self, other: Originals) -> None:
        """Takes on the files of another collection in place of its own, those that are there."""
        rows = other._catalog.read("SELECT * FROM originals")
        link_originals(other._folder.parent, {row[1] for row in rows}, self._folder)
        with self._catalog.transaction() as connection:
            connection.execute("DELETE FROM originals")
            connection.executemany(
                "INSERT INTO originals VALUES (?, ?, ?, ?)", [tuple(row) for row in rows]
            )


def hashes_in(catalog: Catalog) -> list[str]:
    """Of the files that are kept, in order."""
    return [row[0] for row in catalog.read("SELECT DISTINCT hash FROM originals ORDER BY hash")]


def let_go(connection: apsw.Connection, document_ids: Sequence[str]) -> list[str]:
    """Within a transaction: keeps no file for these documents; the hashes of those that were."""
    gone: list[str] = []
    for document_id in document_ids:
        sql = "DELETE FROM originals WHERE document_id = ? RETURNING hash"
        gone.extend(row[0] for row in connection.execute(sql, (document_id,)))
    return gone


def outdated(connection: apsw.Connection, document_id: str, content_hash: str) -> list[str]:
    """Within a transaction: keeps no file of another content for the document; as `let_go`."""
    sql = "DELETE FROM originals WHERE document_id = ? AND hash <> ? RETURNING hash"
    return [row[0] for row in connection.execute(sql, (document_id, content_hash))]


def link_originals(folder: Path, hashes: Iterable[str], target: Path) -> list[str]:
    """Puts the files of these hashes of the collection in `folder` into `target` as well; durable.
    Returns the hashes of those that are not there (any more)."""
    missing = []
    for digest in sorted(hashes):
        target.mkdir(parents=True, exist_ok=True)
        try:
            link(folder / ORIGINALS / digest, target / digest)
        except FileNotFoundError:
            missing.append(digest)
    if target.is_dir():
        flush(target)
    return missing


def link(path: Path, into: Path) -> None:
    """Puts a file at a second place, where there is none yet: by a link, which outlives the first,
    or copied where the disk has no links. Raises OSError."""
    if into.exists():
        return
    try:
        os.link(path, into)
    except FileNotFoundError:
        raise
    except OSError:
        draft = into.with_name(f".{into.name}")
        shutil.copyfile(path, draft)
        flush(draft)
        draft.replace(into)


def _is_of(connection: apsw.Connection, document_id: str, digest: str) -> bool:
    """Whether the document that is stored was read from a file of that hash. Of an archive nothing
    is stored but its state."""
    sql = "SELECT content_hash FROM documents WHERE id = ?"
    stored = first(connection, sql, (document_id,))
    if stored is not None:
        return bool(stored[0] == digest)
    sql = "SELECT state FROM document_states WHERE document_id = ?"
    state = first(connection, sql, (document_id,))
    return state is not None and state[0] == Status.UNPACKED
