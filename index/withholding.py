"""Chunks that are stored and searched, and from which no answer is written: they speak to a
language model instead of to a reader (`ingest.injection`).

They say nothing to the entity graph, no model is asked about them, and a collection as answers are
written from it (`trusting`, see index.access) is without them in every way: their words count for
no rarity, their titles name nothing. A document of which a tenth speaks so was written for that,
and none of it is trusted; of a longer one that quotes an order only the chunk is left out.

They are judged when they are stored. Rows are there for those alone, and go with their chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from index import rows
from index.database import first
from index.graph.contract import ChunkFacts
from index.graph.packed_facts import pack
from ingest.contract import Chunk
from ingest.pipeline import signs_in

if TYPE_CHECKING:
    import apsw

TABLES = """
CREATE TABLE withheld (
    key INTEGER PRIMARY KEY REFERENCES chunks (key) ON DELETE CASCADE,
    reason TEXT NOT NULL
);
"""

KEYS = "SELECT key FROM withheld ORDER BY key"
_SHARE = 0.1
_BESIDE = "it stands in a document that speaks to a language model"


def reasons(chunks: Sequence[Chunk]) -> list[str]:
    """For each chunk of a document why it is withheld; "" where it is not."""
    found = [signs_in(chunk) for chunk in chunks]
    speaking = sum(map(bool, found))
    if speaking and speaking >= _SHARE * len(found):
        return [f"it holds {one}" if one else _BESIDE for one in found]
    return [one and f"it holds {one}" for one in found]


def judge(
    connection: apsw.Connection, document_id: str, chunks: Sequence[Chunk], generation: int
) -> None:
    """Within a transaction: these are the chunks of a document, as they have been stored with their
    facts."""
    found = {chunk.id: reason for chunk, reason in zip(chunks, reasons(chunks), strict=True)}
    sql = "SELECT id, key FROM chunks WHERE document_id = ?"
    keys = {row[0]: row[1] for row in connection.execute(sql, (document_id,))}
    of_document = "key IN (SELECT key FROM chunks WHERE document_id = ?)"
    connection.execute(f"DELETE FROM withheld WHERE {of_document}", (document_id,))
    told = [(keys[name], reason) for name, reason in found.items() if reason]
    connection.executemany("INSERT INTO withheld VALUES (?, ?)", told)
    silence(connection, [key for key, _ in told], generation)


def judge_all(connection: apsw.Connection) -> None:
    """Within a transaction: the same of all documents."""
    generation = int(first(connection, "SELECT value FROM meta WHERE key = 'generation'")[0])
    names = [str(row[0]) for row in connection.execute("SELECT id FROM documents")]
    for name in names:
        sql = f"SELECT {rows.CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY ordinal"
        chunks = [rows.chunk_of(row) for row in connection.execute(sql, (name,))]
        judge(connection, name, chunks, generation)


def silence(connection: apsw.Connection, keys: Sequence[int], generation: int) -> None:
    """Within a transaction: these chunks say nothing to the graph."""
    sql = "UPDATE facts SET facts = ?, generation = ? WHERE key = ? AND facts != ?"
    connection.executemany(sql, [(_NOTHING, generation, key, _NOTHING) for key in keys])


_NOTHING = pack(ChunkFacts())
