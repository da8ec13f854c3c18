"""Saves what can be read of a damaged catalog into a new one.

A document is saved whole or not at all: its row and all of its chunks have to be readable, each
page with its checksum. Vectors are computed anew where theirs are not. What depends on others
(which documents repeat which) is found out anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from index import duplicates, rows, states, withholding
from index.catalog import Catalog
from index.contract import Embedder, Status
from index.database import marks
from index.soundness import is_vector
from ingest.contract import Chunk

if TYPE_CHECKING:
    import apsw

_SPAN = 512
"""Keys read at once; halved where they cannot be."""
_DOCUMENT = (
    "id, title, media_type, content_hash, pipeline, page_count, metadata, blocks, generation"
)
_CHUNK = f"{rows.CHUNK_COLUMNS}, embedding_hash, generation, key"


class Lost(Exception):
    """What has to be known of a catalog cannot be read."""


@dataclass
class Salvage:
    """From the connection `old` into the empty catalog `new`."""

    old: apsw.Connection
    new: Catalog
    embedder: Embedder
    _keys: dict[str, list[int]] = field(default_factory=dict)
    _torn: bool = False

    def run(self) -> tuple[int, list[str]]:
        """The number of documents that were saved, and what is lost, one line each. Raises Lost
        where nothing can be saved."""
        self._take_meta()
        names = self._names()
        kept = {name for name in names if self._take(name)}
        self._take_states(kept, set(names) - kept)
        lost = [f"document {name!r}" for name in sorted(set(names) - kept)]
        self._take_originals(set(names) - kept)
        return len(kept), lost + self._take_feedback() + self._take_jobs()

    def _try(self, sql: str, values: Sequence[Any] = ()) -> list[Any] | None:
        """Rows; None where any of them cannot be read."""
        import apsw

        try:
            return self.old.execute(sql, values).fetchall()
        except apsw.Error:
            return None

    def _take_meta(self) -> None:
        found = dict(self._try("SELECT key, value FROM meta") or ())
        if not {"schema_version", "generation", "embedder", "dimension"} <= found.keys():
            raise Lost("it does not say how it was built")
        if found["embedder"] != self.embedder.fingerprint:
            raise Lost(f"it was built with the embedder {found['embedder']!r}: set that first")
        last = 0
        for sql in (
            "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'",
            "SELECT max(key) FROM chunks",
            "SELECT max(key) FROM deletions",
        ):
            last = max([last, *(row[0] or 0 for row in self._try(sql) or ())])
        self.new.set_meta(found)
        with self.new.transaction() as connection:  # keys are never used twice
            connection.execute("INSERT INTO sqlite_sequence VALUES ('chunks', ?)", (last,))
        for low in range(1, last + 1, _SPAN):
            self._walk(low, min(low + _SPAN - 1, last))

    def _walk(self, low: int, high: int) -> None:
        """Notes the keys of a range, by document."""
        sql = "SELECT key, document_id FROM chunks NOT INDEXED WHERE key BETWEEN ? AND ?"
        found = self._try(sql, (low, high))
        if found is not None:
            for key, name in found:
                self._keys.setdefault(name, []).append(key)
        elif low == high:
            self._torn = True
        else:
            middle = (low + high) // 2
            self._walk(low, middle)
            self._walk(middle + 1, high)

    def _names(self) -> list[str]:
        """Every document of which anything can be read, in the order in which they came."""
        names = set(self._keys)
        for table, column in (("documents", "id"), ("chunks", "document_id")):
            names.update(self._ids(table, column))
        names.update(self._ids("signatures", "document_id"))
        places = {}
        for name in names:
            found = self._try("SELECT number FROM signatures WHERE document_id = ?", (name,))
            places[name] = found[0][0] if found else 0
        return sorted(names, key=lambda name: (places[name], name))

    def _ids(self, table: str, column: str) -> Iterator[Any]:
        """What can be read of an ordered column from both of its ends."""
        import apsw

        for order in ("ASC", "DESC"):
            with suppress(apsw.Error):
                sql = f"SELECT DISTINCT {column} FROM {table} ORDER BY {column} {order}"
                for row in self.old.execute(sql):
                    yield row[0]

    def _take(self, name: str) -> bool:
        """Saves a document; False where it cannot be read whole."""
        found = self._try(f"SELECT {_DOCUMENT} FROM documents WHERE id = ?", (name,))
        stored = self._try(f"SELECT {_CHUNK} FROM chunks WHERE document_id = ?", (name,))
        if stored is None and not self._torn:  # the index is damaged, the rows are all there
            keys = self._keys.get(name, [])
            sql = f"SELECT {_CHUNK} FROM chunks NOT INDEXED WHERE key = ?"
            stored = [row for key in keys for row in self._try(sql, (key,)) or ()]
        if not found or stored is None:
            return False
        chunks = [rows.chunk_of(row[:15]) for row in stored]
        if sorted(chunk.ordinal for chunk in chunks) != list(range(len(chunks))):
            return False
        keys = [row[-1] for row in stored]
        vectors = self._vectors(keys, chunks)
        generation = max((row[-2] for row in stored), default=0)
        with self.new.transaction() as connection:
            sql = f"INSERT INTO documents ({_DOCUMENT}) VALUES ({marks(found[0])})"
            connection.execute(sql, found[0])
            sql = f"INSERT INTO chunks ({_CHUNK}) VALUES ({', '.join('?' * 18)})"
            connection.executemany(sql, stored)
            connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", vectors)
            for table in ("facts", "answers"):
                for row in self._of_chunks(table, keys):
                    connection.execute(f"INSERT INTO {table} VALUES ({marks(row)})", row)
            withholding.judge(connection, name, chunks, generation)
        document = self.new.document(name)
        assert document is not None
        with self.new.transaction() as connection:
            duplicates.place(connection, name, duplicates.signature_of(document))
            states.record(connection, name, Status.OK, None)
        return True

    def _of_chunks(self, table: str, keys: Sequence[int]) -> Iterator[Any]:
        """What can be read of what a table says of chunks. Facts that cannot are found anew."""
        for key in keys:
            yield from self._try(f"SELECT * FROM {table} WHERE key = ?", (key,)) or ()

    def _vectors(self, keys: list[int], chunks: list[Chunk]) -> list[tuple[int, bytes, bytes]]:
        """Those of the chunks, as they were stored or made anew."""
        found: dict[int, tuple[int, bytes, bytes]] = {}
        texts: dict[int, str] = {}
        for key, chunk in zip(keys, chunks, strict=True):
            stored = self._try("SELECT key, vector, tokens FROM vectors WHERE key = ?", (key,))
            if stored and is_vector(stored[0][1], stored[0][2], self.embedder.dimension):
                found[key] = stored[0]
            else:
                texts[key] = chunk.embedding_text
        made = rows.stored_vectors(self.embedder.embed_with_tokens(list(texts.values())))
        found.update((key, (key, *pair)) for key, pair in zip(texts, made, strict=True))
        return list(found.values())

    def _take_states(self, kept: set[str], lost: set[str]) -> None:
        names = dict.fromkeys(self._ids("document_states", "document_id"))
        for name in names:
            row = self._try("SELECT * FROM document_states WHERE document_id = ?", (name,))
            if row and name not in lost:
                with self.new.transaction() as connection:
                    sql = f"INSERT OR REPLACE INTO document_states VALUES ({marks(row[0])})"
                    connection.execute(sql, row[0])

    def _take_originals(self, lost: set[str]) -> None:
        """What is kept for documents: the files are beside the catalog, and sound or not by
        themselves."""
        for name in dict.fromkeys(self._ids("originals", "document_id")):
            row = self._try("SELECT * FROM originals WHERE document_id = ?", (name,))
            if row and name not in lost:
                with self.new.transaction() as connection:
                    sql = f"INSERT OR REPLACE INTO originals VALUES ({marks(row[0])})"
                    connection.execute(sql, row[0])

    def _take_feedback(self) -> list[str]:
        """Saves what people said; says which is lost."""
        lost = []
        for number in sorted(set(self._ids("feedback", "number"))):
            found = self._try("SELECT * FROM feedback WHERE number = ?", (number,))
            if not found:
                lost.append(f"feedback number {number}")
                continue
            with self.new.transaction() as connection:
                connection.execute(f"INSERT INTO feedback VALUES ({marks(found[0])})", found[0])
        return lost

    def _take_jobs(self) -> list[str]:
        """Saves jobs; says which are lost."""
        lost = []
        for number in sorted(set(self._ids("jobs", "number"))):
            job = self._try("SELECT * FROM jobs WHERE number = ?", (number,))
            items = self._try("SELECT * FROM job_documents WHERE job = ?", (number,))
            if not job or items is None:
                lost.append(f"job number {number}")
                continue
            with self.new.transaction() as connection:
                connection.execute(f"INSERT INTO jobs VALUES ({marks(job[0])})", job[0])
                sql = f"INSERT INTO job_documents VALUES ({', '.join('?' * 11)})"
                connection.executemany(sql, items)
                sql = "SELECT * FROM job_addresses WHERE job = ?"
                for row in self._try(sql, (number,)) or ():
                    connection.execute("INSERT INTO job_addresses VALUES (?, ?, ?)", row)
        return lost
