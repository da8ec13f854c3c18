"""The access tags of documents, as a catalog keeps them.

A document without tags is seen by everyone who may read the collection, one with tags by whoever
holds at least one of them. The tags stand in its metadata under ACCESS, and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from index import states
from index.database import first
from index.duplicates import DUPLICATE_OF, DUPLICATE_SIMILARITY, unmarked
from ingest.contract import ACCESS, BadInput, Document, Json

if TYPE_CHECKING:
    import apsw

MAX_TAGS = 50
MARKS = (DUPLICATE_OF, DUPLICATE_SIMILARITY)
"""Metadata that Braid itself sets."""
_TAG = re.compile(r"[\w.:-]{1,64}")

FIELD = f"metadata ->> '$.{ACCESS}'"
INDEX = (
    f"CREATE INDEX IF NOT EXISTS documents_by_access ON documents ({FIELD}) "
    f"WHERE {FIELD} IS NOT NULL;"
)
"""Finds the documents that have tags without reading the others. A catalog made before there were
tags has it from its first tag on."""

_KEEP = f"""
UPDATE job_documents SET metadata = json_set(metadata, '$.{ACCESS}', json(
    (SELECT {FIELD} FROM documents WHERE id = document_id)
))
WHERE document_id IN (SELECT value FROM json_each(?)) AND {FIELD} IS NULL
"""


def access_tags(given: Iterable[object], place: str = ACCESS) -> list[str]:
    """Tags as they are kept: each once, sorted. Raises BadInput, naming the place, for what is
    none."""
    found = set()
    for tag in given:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            shown = str(tag)[:80].encode("utf-8", "replace").decode()
            raise BadInput(
                f"{place}: {shown!r} cannot be an access tag: use letters, digits, '-', '_', '.' "
                "and ':', 64 characters at the most"
            )
        found.add(tag)
    if len(found) > MAX_TAGS:
        raise BadInput(f"{place}: {len(found)} access tags; {MAX_TAGS} at the most")
    return sorted(found)


def tags_of(metadata: Mapping[str, Json]) -> frozenset[str]:
    """The access tags of a document with this metadata."""
    given = metadata.get(ACCESS)
    return frozenset(map(str, given)) if isinstance(given, list | tuple) else frozenset()


def may_see(held: frozenset[str] | None, tags: frozenset[str]) -> bool:
    """Whether who holds some tags (None: whoever sees all) sees a document that has others."""
    return held is None or not tags or not held.isdisjoint(tags)


def with_tags(metadata: Mapping[str, Json], tags: Iterable[str]) -> dict[str, Json]:
    """The metadata with these access tags in place of theirs; without the key where none are."""
    found = {key: value for key, value in metadata.items() if key != ACCESS}
    kept = sorted(tags)
    return {**found, ACCESS: kept} if kept else found


def settled(document: Document) -> Document:
    """The document with its tags as they are kept, and without marks of Braid's own."""
    document = unmarked(document)
    if ACCESS not in document.metadata:
        return document
    return replace(document, metadata=with_tags(document.metadata, tags_of(document.metadata)))


def index_for(connection: apsw.Connection, document: Document) -> None:
    """Within a transaction: a document is about to be stored, perhaps the first with tags."""
    if ACCESS in document.metadata:
        connection.execute(INDEX)


def describe(
    connection: apsw.Connection,
    document_ids: Sequence[str],
    metadata: Mapping[str, Json],
    tags: Sequence[str] | None,
    generation: int,
) -> None:
    """Within a transaction: sets these metadata of documents, where None removes a key; and, where
    tags are given, theirs and those of what is packed in them. Raises BadInput for a key that is
    not for others to set."""
    reserved = metadata.keys() & {ACCESS, *MARKS}
    if reserved:
        raise BadInput(f"metadata.{min(reserved)} is not for others to set")
    named = set(document_ids)
    wanted = list(document_ids)
    if tags is not None:
        connection.execute(INDEX)
        wanted = states.with_members(connection, wanted)
    for name in wanted:
        if tags is not None:
            states.set_access(connection, name, tags)
        row = first(connection, "SELECT metadata FROM documents WHERE id = ?", (name,))
        if row is None:
            continue
        found: dict[str, Json] = json.loads(row[0])
        if name in named:
            kept = {key: value for key, value in found.items() if key not in metadata}
            found = kept | {k: value for k, value in metadata.items() if value is not None}
        if tags is not None:
            found = with_tags(found, tags)
        text = json.dumps(found, ensure_ascii=False, sort_keys=True, allow_nan=False)
        sql = "UPDATE documents SET metadata = ?, generation = ? WHERE id = ?"
        connection.execute(sql, (text, generation, name))


def keep_for_jobs(connection: apsw.Connection, document_ids: Sequence[str]) -> None:
    """Within a transaction: these documents are about to go. The jobs that name them keep their
    tags, for their names are not to be told either."""
    wanted = json.dumps(list(document_ids))
    sql = f"SELECT id FROM documents WHERE {FIELD} IS NOT NULL AND id IN " + (
        "(SELECT value FROM json_each(?))"
    )
    tagged = [row[0] for row in connection.execute(sql, (wanted,))]
    if tagged:
        connection.execute(_KEEP, (json.dumps(tagged),))
