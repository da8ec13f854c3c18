"""Documents that repeat another: found by exact content or by MinHash, and marked with it.

A document is either an original or marked as the duplicate of one original, the most similar,
at a similarity of at least THRESHOLD. The marks stand in its metadata as `duplicate_of` (an id)
and `duplicate_similarity`, so that they can be filtered on. Of documents that repeat each other
the one that came first is the original; where it goes or changes, the others are looked at again
in the order in which they came. Only originals are in the bands, so a look-up reads the few
signatures that share a band, whatever the size of the collection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from index.database import first, marks
from index.minhash import bands, signature, similarity
from ingest.contract import BlockKind, Document, Json

if TYPE_CHECKING:
    import apsw

THRESHOLD = 0.8
DUPLICATE_OF, DUPLICATE_SIMILARITY = "duplicate_of", "duplicate_similarity"

TABLES = """
CREATE TABLE signatures (
    document_id TEXT PRIMARY KEY REFERENCES documents (id),
    number INTEGER NOT NULL,
    signature BLOB NOT NULL,
    duplicate_of TEXT
) WITHOUT ROWID;
CREATE INDEX signatures_by_original ON signatures (duplicate_of);
CREATE INDEX signatures_by_number ON signatures (number);
CREATE INDEX documents_by_content ON documents (content_hash);

CREATE TABLE signature_bands (
    band INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    PRIMARY KEY (band, document_id)
) WITHOUT ROWID;
"""
"""`number` is the order in which documents came; `duplicate_of` is empty for an original."""


def unmarked(document: Document) -> Document:
    """The document without the marks of a duplicate, which are not for others to set."""
    if not document.metadata.keys() & {DUPLICATE_OF, DUPLICATE_SIMILARITY}:
        return document
    return replace(document, metadata=_without_marks(document.metadata))


def signature_of(document: Document) -> bytes:
    """The signature of a document's text, its furniture left out."""
    kept = (block.text for block in document.blocks if block.kind is not BlockKind.FURNITURE)
    return signature("\n".join(kept))


def place(connection: apsw.Connection, document_id: str, made: bytes) -> None:
    """Marks the document, whose row has just been written without marks, if it repeats an
    original; and looks again at those that repeated what it was before."""
    sql = "SELECT signature FROM signatures WHERE document_id = ?"
    known = first(connection, sql, (document_id,))
    if known is None:
        number = "(SELECT coalesce(max(number), 0) + 1 FROM signatures)"
        sql = f"INSERT INTO signatures VALUES (?, {number}, ?, NULL)"
        connection.execute(sql, (document_id, made))
    else:
        _leave_bands(connection, document_id, known[0])
        sql = "UPDATE signatures SET signature = ?, duplicate_of = NULL WHERE document_id = ?"
        connection.execute(sql, (made, document_id))
    followers = _followers(connection, [document_id])
    _decide(connection, document_id, made)
    for follower in followers:
        _decide(connection, *follower)


def withdraw(connection: apsw.Connection, document_ids: Sequence[str]) -> None:
    """Takes documents that are about to be deleted out, and looks again at those that repeated
    them."""
    gone = dict.fromkeys(document_ids)
    orphans = [row for row in _followers(connection, gone) if row[0] not in gone]
    for document_id in gone:
        sql = "SELECT signature FROM signatures WHERE document_id = ?"
        row = first(connection, sql, (document_id,))
        if row is not None:
            _leave_bands(connection, document_id, row[0])
            sql = "DELETE FROM signatures WHERE document_id = ?"
            connection.execute(sql, (document_id,))
    for orphan in orphans:
        _decide(connection, *orphan)


def _followers(connection: apsw.Connection, ids: Iterable[str]) -> list[tuple[str, bytes]]:
    """The duplicates of these documents with their signatures, in the order they came."""
    found: list[tuple[int, str, bytes]] = []
    for document_id in ids:
        sql = "SELECT number, document_id, signature FROM signatures WHERE duplicate_of = ?"
        found.extend(tuple(row) for row in connection.execute(sql, (document_id,)))
    return [(document_id, made) for _, document_id, made in sorted(found)]


def _decide(connection: apsw.Connection, document_id: str, made: bytes) -> None:
    """Makes a document, which is in no band, a duplicate or an original."""
    found = _original(connection, document_id, made)
    sql = "UPDATE signatures SET duplicate_of = ? WHERE document_id = ?"
    connection.execute(sql, (found[0] if found else None, document_id))
    if found is None:
        connection.executemany(
            "INSERT OR IGNORE INTO signature_bands VALUES (?, ?)",
            [(band, document_id) for band in bands(made)],
        )
    sql = "SELECT metadata FROM documents WHERE id = ?"
    before: dict[str, Json] = json.loads(first(connection, sql, (document_id,))[0])
    after = _without_marks(before)
    if found is not None:
        after |= {DUPLICATE_OF: found[0], DUPLICATE_SIMILARITY: round(found[1], 3)}
    if after != before:
        text = json.dumps(after, ensure_ascii=False, sort_keys=True)
        connection.execute("UPDATE documents SET metadata = ? WHERE id = ?", (text, document_id))


def _original(
    connection: apsw.Connection, document_id: str, made: bytes
) -> tuple[str, float] | None:
    """The original that the document repeats most, and their similarity."""
    exact = first(
        connection,
        "SELECT document_id FROM signatures JOIN documents ON documents.id = document_id "
        "WHERE content_hash = (SELECT content_hash FROM documents WHERE id = ?) "
        "AND duplicate_of IS NULL AND document_id <> ? ORDER BY number LIMIT 1",
        (document_id, document_id),
    )
    if exact is not None:
        return str(exact[0]), 1.0
    wanted = bands(made)
    if not wanted:
        return None
    near = connection.execute(
        "SELECT number, document_id, signature FROM signatures WHERE document_id IN "
        f"(SELECT document_id FROM signature_bands WHERE band IN ({marks(wanted)})) "
        "AND document_id <> ?",
        (*wanted, document_id),
    )
    best = min(
        ((-similarity(made, signature), number, name) for number, name, signature in near),
        default=(0.0, 0, ""),
    )
    return (best[2], -best[0]) if -best[0] >= THRESHOLD else None


def _leave_bands(connection: apsw.Connection, document_id: str, made: bytes) -> None:
    connection.executemany(
        "DELETE FROM signature_bands WHERE band = ? AND document_id = ?",
        [(band, document_id) for band in bands(made)],
    )


def _without_marks(metadata: Mapping[str, Json]) -> dict[str, Json]:
    return {
        key: value
        for key, value in metadata.items()
        if key not in (DUPLICATE_OF, DUPLICATE_SIMILARITY)
    }
