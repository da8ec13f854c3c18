"""What a search reads of a catalog when it knows its hits: rows of few keys.

SQLite gives the interpreter's lock back at every row, and then waits for it among the other
threads, so all rows come as one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from index import rows
from index.contract import StoredChunk
from index.database import Database, batched, marks
from index.token_codes import TokenRows
from ingest.contract import Chunk

_MOST_METADATA = 10_000
"""The metadata of so many documents are kept until the next commit: their rows are large, and
looking for one costs as much as for three chunks."""

_COMMITS = "(SELECT value FROM meta WHERE key = 'commits')"
_CHUNKS = f"SELECT {_COMMITS}, json_group_array(json_array(key, {rows.CHUNK_COLUMNS})) FROM chunks"
_METADATA = f"SELECT {_COMMITS}, json_group_array(json_array(id, metadata)) FROM documents"

_AROUND = f"""
SELECT json_group_array(json_array({rows.CHUNK_COLUMNS})) FROM chunks WHERE key IN (
    SELECT near.key FROM json_each(?) AS place CROSS JOIN chunks AS near
    ON near.document_id = place.value ->> 0
    AND near.ordinal BETWEEN (place.value ->> 1) - ? AND (place.value ->> 1) + ?
)
"""


class Loading:
    """Reads chunks with the metadata of their documents, much of which it remembers."""

    def __init__(self) -> None:
        self._known: tuple[str, dict[str, str]] = "", {}

    def chunks(self, database: Database, keys: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunks of those keys that are there."""
        found: dict[int, StoredChunk] = {}
        for batch in batched([int(key) for key in keys]):
            commits, text = _read(database, f"{_CHUNKS} WHERE key IN ({marks(batch)})", batch)
            read = json.loads(text)
            texts = self._metadata(database, {row[2] for row in read}, commits)
            read = [row for row in read if row[2] in texts]  # else its document has gone since
            metadata = rows.metadata_of_each([texts[row[2]] for row in read])
            for (key, *row), given in zip(read, metadata, strict=True):
                found[key] = StoredChunk(key, rows.chunk_of(row), given)
        return found

    def _metadata(
        self, database: Database, document_ids: set[str], commits: str
    ) -> Mapping[str, str]:
        """The metadata of these documents and of others, as JSON, after so many commits."""
        known = self._known
        if known[0] != commits or len(known[1]) > _MOST_METADATA:
            known = self._known = commits, {}
        missing = list(document_ids - known[1].keys())
        if missing:
            _, text = _read(database, f"{_METADATA} WHERE id IN ({marks(missing)})", missing)
            known[1].update(json.loads(text))
        return known[1]


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
        found.update((row[0], row[1]) for row in database.read(sql, batch) if row[1])
    return TokenRows.of([found.get(key, b"") for key in keys], dimension)
