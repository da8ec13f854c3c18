"""How far each document has come: the table `document_states` of the catalog.

Every document that was handed in has a row, those that could not be stored too. The row of a
document is written in the transaction that stores it, and goes in the one that deletes it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.contract import DocumentState, Origin, Status
from index.database import Database, Row, marks
from index.dictionary import Dictionary
from index.moments import utc_now
from index.synonyms import Synonyms
from ingest.contract import ACCESS, NotFound

if TYPE_CHECKING:
    import apsw

    from index.catalog import Catalog
    from index.contract import DocumentRecord

_COLUMNS = (
    "document_id", "state", "stage", "error", "attempts", "path", "root", "container", "given",
    "updated_at",
)  # fmt: skip
_UPSERT = """
INSERT INTO document_states VALUES (:document_id, :state, :stage, :error, :attempts, :path, :root,
    :container, :given, :updated_at)
ON CONFLICT (document_id) DO UPDATE SET state = excluded.state, stage = excluded.stage,
    error = excluded.error, updated_at = excluded.updated_at,
    attempts = CASE excluded.attempts WHEN 0 THEN 0 ELSE attempts + 1 END
"""
_WITH_ORIGIN = """, path = excluded.path, root = excluded.root, container = excluded.container,
    given = excluded.given
"""


class States:
    """The states of the documents of a collection. Safe to use from many threads."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    def get(self, document_id: str) -> DocumentState | None:
        """None for a document that was never handed in, or was deleted."""
        row = self._catalog.one(
            "SELECT * FROM document_states WHERE document_id = ?", (document_id,)
        )
        return None if row is None else _state_of(row)

    def of(
        self, status: Status | None = None, after: str = "", limit: int = 1000
    ) -> list[DocumentState]:
        """States in order of id, after the one given; those of one status only, if it is."""
        rows = self._catalog.read(
            "SELECT * FROM document_states WHERE (? IS NULL OR state = ?) AND document_id > ? "
            "ORDER BY document_id LIMIT ?",
            (status, status, after, limit),
        )
        return [_state_of(row) for row in rows]

    def every(self) -> Iterator[DocumentState]:
        """All of them, in order of id, a page at a time."""
        after = ""
        while page := self.of(None, after):
            yield from page
            after = page[-1].document_id

    def counts(self) -> Counter[Status]:
        """Documents by status."""
        rows = self._catalog.read("SELECT state, count(*) FROM document_states GROUP BY state")
        return Counter({Status(row[0]): row[1] for row in rows})

    def of_root(self, root: Path) -> list[DocumentState]:
        """What came from a folder, in order of id."""
        rows = self._catalog.read(
            "SELECT * FROM document_states WHERE root = ? ORDER BY document_id",
            (os.fsencode(root),),
        )
        return [_state_of(row) for row in rows]

    def members(self, container: str) -> list[str]:
        """Ids of what is packed in a document, however deep, in order."""
        return _members(self._catalog, container)

    def settle(self, document_id: str, status: Status, origin: Origin | None = None) -> None:
        """The document is in order; what was said of earlier failures goes. Its origin stays as
        it is where none is given."""
        with self._catalog.transaction() as connection:
            record(connection, document_id, status, origin)

    def fail(self, document_id: str, stage: str, error: str, origin: Origin | None) -> None:
        """The document failed once more, in that stage."""
        with self._catalog.transaction() as connection:
            _write(connection, document_id, (Status.FAILED, stage, error, 1), origin)

    def copy(self, other: States) -> None:
        """Takes on the rows of another collection in place of its own."""
        rows = other._catalog.read("SELECT * FROM document_states")
        with self._catalog.transaction() as connection:
            connection.execute("DELETE FROM document_states")
            sql = f"INSERT INTO document_states VALUES ({marks(_COLUMNS)})"
            connection.executemany(sql, [tuple(row) for row in rows])


class Ledger:
    """What a catalog says of its documents, words and synonyms, without indexes and models."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.states = States(catalog)
        self.dictionary = Dictionary(catalog)
        self.synonyms = Synonyms(catalog)

    def record(self, document_id: str) -> DocumentRecord:
        """Raises NotFound."""
        found = self._catalog.record(document_id)
        if found is None:
            raise NotFound(f"no document {document_id!r}")
        return found


def record(
    connection: apsw.Connection, document_id: str, status: Status, origin: Origin | None
) -> None:
    """Within a transaction: the document is in order."""
    _write(connection, document_id, (status, "", "", 0), origin)


def set_access(connection: apsw.Connection, document_id: str, tags: Sequence[str]) -> None:
    """Within a transaction: the document was handed in with these access tags."""
    changed = "json_set(given, ?, json(?))" if tags else "json_remove(given, ?)"
    values = (f"$.{ACCESS}", *([json.dumps(tags)] if tags else []), document_id)
    sql = f"UPDATE document_states SET given = {changed} WHERE document_id = ?"
    connection.execute(sql, values)


def forget(connection: apsw.Connection, document_ids: Sequence[str]) -> None:
    """Within a transaction: the documents are gone."""
    marked = [(document_id,) for document_id in document_ids]
    connection.executemany("DELETE FROM document_states WHERE document_id = ?", marked)


def with_members(connection: apsw.Connection, document_ids: Sequence[str]) -> list[str]:
    """The documents and what is packed in them, each once, in order."""
    found: dict[str, None] = {}
    for document_id in document_ids:
        found[document_id] = None
        found.update(dict.fromkeys(_members(connection, document_id)))
    return list(found)


def _members(connection: apsw.Connection | Database, container: str) -> list[str]:
    # A range of ids; the character after "/" is "0". A folder may have the same name, but what
    # lies in it has no container.
    sql = (
        "SELECT document_id FROM document_states WHERE document_id > ? AND document_id < ? "
        "AND container <> '' ORDER BY document_id"
    )
    values = (f"{container}/", f"{container}0")
    if isinstance(connection, Database):
        return [row[0] for row in connection.read(sql, values)]
    return [row[0] for row in connection.execute(sql, values)]


def _write(
    connection: apsw.Connection,
    document_id: str,
    state: tuple[Status, str, str, int],
    origin: Origin | None,
) -> None:
    status, stage, error, attempts = state
    row = row_of(
        DocumentState(document_id, status, stage, error, attempts, utc_now(), origin or Origin())
    )
    values = dict(zip(_COLUMNS, row, strict=True))
    connection.execute(_UPSERT + (_WITH_ORIGIN if origin else ""), values)


def row_of(state: DocumentState) -> tuple[Any, ...]:
    """Values of a row of `document_states`, in the order of the schema."""
    origin = state.origin
    return (
        state.document_id, state.status.value, state.stage, state.error, state.attempts,
        None if origin.path is None else os.fsencode(origin.path),
        None if origin.root is None else os.fsencode(origin.root),
        origin.container, json.dumps(origin.given, ensure_ascii=False, sort_keys=True),
        state.updated_at,
    )  # fmt: skip


def _state_of(row: Row) -> DocumentState:
    path, root = row["path"], row["root"]
    origin = Origin(
        None if path is None else Path(os.fsdecode(path)),
        None if root is None else Path(os.fsdecode(root)),
        row["container"],
        json.loads(row["given"]),
    )
    return DocumentState(
        document_id=row["document_id"],
        status=Status(row["state"]),
        stage=row["stage"],
        error=row["error"],
        attempts=row["attempts"],
        updated_at=row["updated_at"],
        origin=origin,
    )
