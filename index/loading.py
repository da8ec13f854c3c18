"""What a search reads of a catalog when it knows its hits: rows of few keys.

SQLite gives the interpreter's lock back at every row, and then waits for it among the other
threads, so all rows come as one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index import rows
from index.contract import StoredChunk
from index.database import Database, batched, marks
from index.kept_chunks import KeptChunks
from index.token_codes import TokenRows
from ingest.contract import Chunk

_MOST_BYTES = 2**25
"""Of chunks, kept by each open collection: some 20,000 of 300 Chinese characters."""
_FEW = 100
"""Chunks of larger batches are not kept: what reads so many does not come back to them."""
_MOST_METADATA = 10_000
"""The metadata of so many documents are kept until the next commit: their rows are large, and
looking for one costs as much as for three chunks."""

_COMMITS = "SELECT value FROM meta WHERE key = 'commits'"
_ROW = f"json_array(key, {rows.CHUNK_COLUMNS})"
_CHUNKS = f"SELECT ({_COMMITS}), json_group_array({_ROW}) FROM chunks"
_METADATA = f"SELECT ({_COMMITS}), json_group_array(json_array(id, metadata)) FROM documents"

_AROUND = f"""
SELECT json_group_array(json_array({rows.CHUNK_COLUMNS})) FROM chunks WHERE key IN (
    SELECT near.key FROM json_each(?) AS place CROSS JOIN chunks AS near
    ON near.document_id = place.value ->> 0
    AND near.ordinal BETWEEN (place.value ->> 1) - ? AND (place.value ->> 1) + ?
)
"""


@dataclass(frozen=True)
class _AsOf:
    """What was read of a catalog after so many commits. Whatever is written is another commit, so
    nothing in here is ever out of date."""

    commits: str
    chunks: KeptChunks
    metadata: dict[str, str]


class Loading:
    """Reads chunks with the metadata of their documents, and keeps what it has read until the next
    commit, by whichever process. Safe to use from many threads."""

    def __init__(self) -> None:
        self._known = _AsOf("", KeptChunks(_MOST_BYTES), {})

    def chunks(self, database: Database, keys: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunks of those keys that are there, in the order of the keys' numbers."""
        found: dict[int, StoredChunk] = {}
        for batch in batched(sorted({int(key) for key in keys})):
            known, chunks = self._chunks(database, batch)
            texts = self._metadata(database, {c.document_id for c in chunks.values()}, known)
            # One without metadata is of a document that has gone since.
            there = [key for key in batch if key in chunks and chunks[key].document_id in texts]
            metadata = rows.metadata_of_each([texts[chunks[key].document_id] for key in there])
            for key, given in zip(there, metadata, strict=True):
                found[key] = StoredChunk(key, chunks[key], given)
        return found

    def _chunks(self, database: Database, keys: Sequence[int]) -> tuple[_AsOf, dict[int, Chunk]]:
        """Those of a batch that are there, all as of one commit."""
        row = database.first(_COMMITS)
        known = self._as_of(row[0] if row else "")
        kept = known.chunks.of(keys)
        if len(kept) == len(keys):
            return known, kept
        missing = [key for key in keys if key not in kept]
        commits, text = _read(database, f"{_CHUNKS} WHERE key IN ({marks(missing)})", missing)
        if kept and commits != known.commits:  # somebody has written in between
            kept = {}
            commits, text = _read(database, f"{_CHUNKS} WHERE key IN ({marks(keys)})", keys)
        known = self._as_of(commits)
        read = {key: rows.chunk_of(row) for key, *row in json.loads(text)}
        if len(keys) <= _FEW:
            known.chunks.keep(read)
        return known, kept | read

    def _as_of(self, commits: str) -> _AsOf:
        known = self._known
        if known.commits != commits:
            known = self._known = _AsOf(commits, KeptChunks(_MOST_BYTES), {})
        elif len(known.metadata) > _MOST_METADATA:
            known = self._known = replace(known, metadata={})
        return known

    @staticmethod
    def _metadata(database: Database, document_ids: set[str], known: _AsOf) -> Mapping[str, str]:
        """The metadata of these documents and of others, as JSON."""
        missing = [name for name in document_ids if name not in known.metadata]
        if missing:
            text = _read(database, f"{_METADATA} WHERE id IN ({marks(missing)})", missing)[1]
            known.metadata.update(json.loads(text))
        return known.metadata


def around(database: Database, chunks: Sequence[Chunk], reach: int) -> list[Chunk]:
    """Those chunks with up to `reach` before and after each in its document, by document and
    ordinal."""
    places = json.dumps([(chunk.document_id, chunk.ordinal) for chunk in chunks])
    row = database.first(_AROUND, (places, reach, reach))
    assert row is not None
    found = [rows.chunk_of(values) for values in json.loads(row[0])]
    return sorted(found, key=lambda chunk: (chunk.document_id, chunk.ordinal))


def _read(database: Database, sql: str, values: Sequence[Any]) -> tuple[str, str]:
    """The number of commits, and the rows as JSON."""
    row = database.first(sql, values)
    assert row is not None
    return row[0], row[1]


def tokens(database: Database, keys: Sequence[int], dimension: int) -> TokenRows:
    """The token vectors of the chunks of those keys that are there and have some."""
    found: dict[int, bytes] = {}
    for batch in batched(list(keys)):
        sql = f"SELECT key, tokens FROM vectors WHERE key IN ({marks(batch)})"
        found.update(row for row in database.tuples(sql, batch) if row[1])
    return TokenRows.of([found.get(key, b"") for key in keys], dimension)
