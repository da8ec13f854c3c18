"""The catalog: the one durable truth of a collection, in SQLite.

Writes are whole documents in one transaction each, and every one raises the generation. Reads
are safe from any thread: each thread has a connection of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index import (
    duplicates,
    feedback,
    migrations,
    originals,
    rows,
    states,
    tagging,
    withholding,
)
from index.changes import Changes, Deleted, PutResult
from index.contract import Damaged, DocumentRecord, Keys, Origin, Status, StoredChunk, Vectors
from index.database import MENDING, Database, batched, first, marks, writes_are_missing
from index.document_filter import DocumentFilter
from index.filters import Condition
from index.graph.contract import RULES
from index.graph.store import Made, put_facts
from index.loading import Loading, around, tokens
from index.schema import COUNT_UP, SCHEMA_VERSION
from index.token_codes import TokenRows
from index.witness import Witness
from ingest.contract import Chunk, Conflict, Document, Json, NotFound

if TYPE_CHECKING:
    import apsw

_CHUNK_INSERT = f"""
INSERT INTO chunks ({rows.CHUNK_COLUMNS}, embedding_hash, generation)
VALUES ({", ".join("?" * 17)})
"""
_DOCUMENT_UPSERT = """
INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, media_type = excluded.media_type,
    content_hash = excluded.content_hash, pipeline = excluded.pipeline,
    page_count = excluded.page_count, metadata = excluded.metadata, blocks = excluded.blocks,
    generation = excluded.generation
"""
_CHUNK_UPDATE = """
UPDATE chunks SET ordinal = ?, kind = ?, span_start = ?, span_end = ?, page_first = ?,
    page_last = ?, boxes = ?, sections = ?, parent = ?
WHERE key = ?
"""
_RECORD_SELECT = """
SELECT documents.*, (SELECT count(*) FROM chunks WHERE document_id = documents.id) AS chunk_count
FROM documents
"""


CATALOG, WITNESS = "catalog.sqlite", "catalog.witness"
DRAFT = "catalog.draft"
"""A catalog in the making: it takes its name when it is whole."""
SCRATCH = "scratch"
"""Files of the writer, gone when it has finished."""


class Catalog(Database):
    """Opens the catalog at `path`; raises NotFound where there is none (unless `create`),
    Conflict where another version of Braid wrote it, Damaged where it is damaged or has lost
    writes (unless `trusting`), Unavailable where the disk refuses."""

    def __init__(self, path: Path, *, create: bool = False, trusting: bool = False) -> None:
        super().__init__(path)
        self._loading = Loading()
        self._witness = Witness(path.with_name(WITNESS))
        if not create and not path.is_file():
            raise NotFound(f"no collection at {path.parent}: create it first")
        # SQLite would take an empty file for a new one, and delete its log.
        if not create and not path.stat().st_size:
            raise Damaged(f"the catalog {path} is damaged (it is empty): {MENDING}")
        acknowledged = 0 if trusting else self._witness.count()
        try:
            if create:
                with self._translated():
                    migrations.create(path)
            self._check(acknowledged)
        except BaseException:
            self.close(keep_log=True)
            raise

    def _check(self, acknowledged: int) -> None:
        version, held = self.meta("schema_version"), self.commits
        if version != str(SCHEMA_VERSION):
            raise Conflict(
                f"{self._path} was written by another version of Braid (its schema is {version}, "
                f"this version reads {SCHEMA_VERSION}); open it with that version"
            )
        if held < acknowledged:
            raise Damaged(writes_are_missing(self._path, held, acknowledged, "writes"))

    def _is_old(self, connection: apsw.Connection) -> bool:
        return super()._is_old(connection) or migrations.is_old(connection)

    def _upgrade(self) -> None:
        migrations.migrate(self._path)

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Durable when the block ends; undone where it raises."""
        with super().transaction() as connection:
            yield connection
            number = int(first(connection, COUNT_UP, ("commits",))[0])
        if self.is_in_place:  # else it would testify of another catalog
            self._witness.record(number)

    @contextmanager
    def kept_from_others(self) -> Iterator[None]:
        """Nobody else can write to the catalog until the block ends, and nobody does."""
        with super().transaction():
            yield

    @property
    def commits(self) -> int:
        """The number of transactions, those included that no cache needs to know of."""
        return int(self.meta("commits") or 0)

    def accept(self) -> None:
        """Takes the catalog as it stands for all there is, whatever it acknowledged before."""
        self._witness.accept(self.commits)

    def meta(self, key: str) -> str | None:
        """A value recorded under a name."""
        row = self.first("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Records values; durable on return."""
        with self.transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    @property
    def generation(self) -> int:
        """The number of acknowledged writes."""
        return int(self.meta("generation") or 0)

    def counts(self) -> tuple[int, int, int]:
        """Rows of documents, chunks and vectors."""
        row = self.one(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM chunks), "
            "(SELECT count(*) FROM vectors)"
        )
        assert row is not None
        return (row[0], row[1], row[2])

    def record(self, document_id: str) -> DocumentRecord | None:
        """What is known of a document; None where it is not there."""
        row = self.one(_RECORD_SELECT + "WHERE documents.id = ?", (document_id,))
        return None if row is None else rows.record_of(row)

    def records(
        self, after: str = "", limit: int = 1000, wanted: DocumentFilter | None = None
    ) -> list[DocumentRecord]:
        """Documents by id, after the one given; those that are wanted."""
        sql, values = wanted.condition() if wanted else ("1", ())
        sql = f"{_RECORD_SELECT} WHERE documents.id > ? AND {sql} ORDER BY documents.id LIMIT ?"
        return [rows.record_of(row) for row in self.read(sql, (after, *values, limit))]

    def document(self, document_id: str) -> Document | None:
        """The whole document as it was ingested."""
        row = self.one("SELECT * FROM documents WHERE id = ?", (document_id,))
        return None if row is None else rows.document_of(row)

    def document_chunks(self, document_id: str) -> list[Chunk]:
        """The chunks of a document, in order."""
        sql = f"SELECT {rows.CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY ordinal"
        return [rows.chunk_of(row) for row in self.read(sql, (document_id,))]

    def chunks(self, keys: Iterable[int]) -> dict[int, StoredChunk]:
        """The chunks of those keys that are there."""
        return self._loading.chunks(self, keys)

    def chunk(self, chunk_id: str) -> StoredChunk | None:
        """The chunk of that id; None where it is not there."""
        row = self.first("SELECT key FROM chunks WHERE id = ?", (chunk_id,))
        return None if row is None else self.chunks([row[0]]).get(row[0])

    def has_any(self, keys: Sequence[int]) -> bool:
        """Whether a chunk of those keys is there."""
        sql = "SELECT 1 FROM chunks WHERE key IN ({}) LIMIT 1"
        batches = batched(list(keys))
        return any(self.first(sql.format(marks(b)), b) is not None for b in batches)

    def around(self, chunks: Sequence[Chunk], reach: int) -> list[Chunk]:
        """Those chunks with up to `reach` before and after each in its document, in order."""
        return around(self, chunks, reach)

    def texts(self, document_ids: Sequence[str]) -> dict[tuple[str, int], str]:
        """The text of every chunk of these documents, by document and ordinal."""
        found: dict[tuple[str, int], str] = {}
        for batch in batched(list(document_ids)):
            sql = (
                "SELECT document_id, ordinal, text FROM chunks "
                f"WHERE document_id IN ({marks(batch)})"
            )
            found.update(((row[0], row[1]), row[2]) for row in self.read(sql, batch))
        return found

    def vectors(self, keys: Sequence[int], dimension: int) -> tuple[Keys, Vectors]:
        """The keys that have a vector, ascending, with their vectors row by row."""
        found: list[tuple[int, bytes]] = []
        for batch in batched(list(keys)):
            sql = f"SELECT key, vector FROM vectors WHERE key IN ({marks(batch)})"
            found.extend(self.tuples(sql, batch))
        found.sort()
        return (
            np.array([key for key, _ in found], dtype=np.int64),
            rows.vector_rows([blob for _, blob in found], dimension),
        )

    def tokens(self, keys: Sequence[int], dimension: int) -> TokenRows:
        """The token vectors of the chunks of those keys that are there and have some."""
        return tokens(self, keys, dimension)

    def known_vectors(self, hashes: Iterable[bytes]) -> dict[bytes, rows.StoredVectors]:
        """Vectors that the collection holds already, by the hash of what was embedded."""
        found: dict[bytes, rows.StoredVectors] = {}
        for batch in batched(list(hashes)):
            sql = (
                "SELECT embedding_hash, vector, tokens FROM chunks JOIN vectors USING (key) "
                f"WHERE embedding_hash IN ({marks(batch)})"
            )
            found.update((row[0], (row[1], row[2])) for row in self.read(sql, batch))
        return found

    def matching(self, condition: Condition) -> Keys:
        """Keys of the chunks of the documents that meet a filter, ascending."""
        sql = (
            "SELECT chunks.key FROM chunks JOIN documents ON documents.id = chunks.document_id "
            f"WHERE {condition.sql} ORDER BY chunks.key"
        )
        found = self.read(sql, condition.values)
        return np.array([row[0] for row in found], dtype=np.int64)

    def since(self, generation: int) -> Changes:
        """What was added and deleted after a generation, and is so still. One read of one
        state, so a writer in between cannot tear it."""
        with self._translated():
            connection = self._connection
            connection.execute("BEGIN")
            try:
                now = self.generation
                added = self.read(
                    "SELECT key, script FROM chunks WHERE generation > ? ORDER BY key",
                    (generation,),
                )
                deleted = self.read(
                    "SELECT key FROM deletions WHERE generation > ? ORDER BY key", (generation,)
                )
            finally:
                connection.execute("COMMIT")
        return Changes(
            now,
            [row[0] for row in added],
            [row[0] for row in deleted],
            [row[1] for row in added],
        )

    def put(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        vectors: Mapping[bytes, rows.StoredVectors],
        pipeline: str,
        origin: Origin | None = None,
        facts: Mapping[bytes, Made] | None = None,
    ) -> PutResult:
        """Stores a document with its chunks, and that it is in order, in place of what was there.

        A chunk that is there already with the same id and the same embedded text keeps its key
        and vector; only its place is brought up to date, and where it has other neighbours than
        before its generation, so that the caches look at it again. `vectors` holds those of
        every other chunk, by `rows.embedding_hash`; `facts` what rules say of chunks, too.
        """
        hashes = [rows.embedding_hash(chunk) for chunk in chunks]
        document, signature = tagging.settled(document), duplicates.signature_of(document)
        with self.transaction() as connection:
            tagging.index_for(connection, document)
            generation = self._next_generation(connection)
            # An upsert, not a replacement: replacing the row would orphan the chunks.
            row = rows.document_row(document, pipeline, generation)
            connection.execute(_DOCUMENT_UPSERT, row)
            before: list[Any] = connection.execute(
                "SELECT key, id, embedding_hash FROM chunks WHERE document_id = ? ORDER BY ordinal",
                (document.id,),
            ).fetchall()
            present = {(row_id, mark): key for key, row_id, mark in before}
            company = _company([row_id for _, row_id, _ in before])
            wanted = {(c.id, h) for c, h in zip(chunks, hashes, strict=True)}
            gone = sorted(key for mark, key in present.items() if mark not in wanted)
            self._remove_chunks(connection, gone, generation)
            added: list[int] = []
            neighbours = _company([chunk.id for chunk in chunks])
            for chunk, mark in zip(chunks, hashes, strict=True):
                key = present.get((chunk.id, mark))
                if key is None:
                    added.append(self._insert_chunk(connection, chunk, mark, generation))
                    row = (added[-1], *vectors[mark])
                    connection.execute("INSERT INTO vectors VALUES (?, ?, ?)", row)
                else:
                    row = rows.chunk_row(chunk)
                    connection.execute(_CHUNK_UPDATE, (*row[2:4], *row[8:15], key))
                    if neighbours[chunk.id] != company[chunk.id]:
                        sql = "UPDATE chunks SET generation = ? WHERE key = ?"
                        connection.execute(sql, (generation, key))
                if facts and mark in facts:
                    number = added[-1] if key is None else key
                    put_facts(connection, number, RULES, facts[mark], generation)
            withholding.judge(connection, document.id, chunks, generation)
            duplicates.place(connection, document.id, signature)
            states.record(connection, document.id, Status.OK, origin)
            let_go = originals.outdated(connection, document.id, document.content_hash)
        return PutResult(generation, added, gone, len(chunks) - len(added), let_go)

    def delete(self, document_ids: Sequence[str], *, packed: bool = True) -> Deleted:
        """Deletes documents, with what is `packed` in them, their chunks, vectors and facts, in
        one transaction. Unknown ids count nothing."""
        gone_rows = Counter[str]()
        with self.transaction() as connection:
            generation = self._next_generation(connection)
            wanted = list(document_ids)
            if packed:
                wanted = states.with_members(connection, wanted)
            tagging.keep_for_jobs(connection, wanted)
            states.forget(connection, wanted)
            let_go = originals.let_go(connection, wanted)
            duplicates.withdraw(connection, wanted)
            for document_id in wanted:
                sql = "SELECT key FROM chunks WHERE document_id = ?"
                keys = [row[0] for row in connection.execute(sql, (document_id,))]
                gone_rows.update(self._remove_chunks(connection, keys, generation))
                connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))
                gone_rows["documents"] += connection.changes()
            if gone_rows["documents"]:
                feedback.forget_answers(connection)
        return Deleted(generation, gone_rows, wanted, let_go)

    def describe(
        self, ids: Sequence[str], metadata: Mapping[str, Json], tags: Sequence[str] | None
    ) -> int:
        """Changes what is said of documents, as `tagging.describe`; the new generation."""
        with self.transaction() as connection:
            generation = self._next_generation(connection)
            tagging.describe(connection, ids, metadata, tags, generation)
        return generation

    @staticmethod
    def _next_generation(connection: apsw.Connection) -> int:
        return int(first(connection, COUNT_UP, ("generation",))[0])

    @staticmethod
    def _remove_chunks(
        connection: apsw.Connection, keys: Sequence[int], generation: int
    ) -> dict[str, int]:
        """Rows gone from each table."""
        gone: dict[str, int] = {}
        for table in ("answers", "facts", "vectors", "chunks"):
            before = connection.total_changes()
            sql = f"DELETE FROM {table} WHERE key = ?"
            connection.executemany(sql, [(key,) for key in keys])
            gone[table] = connection.total_changes() - before
        connection.executemany(
            "INSERT INTO deletions VALUES (?, ?)", [(key, generation) for key in keys]
        )
        return gone

    @staticmethod
    def _insert_chunk(
        connection: apsw.Connection, chunk: Chunk, mark: bytes, generation: int
    ) -> int:
        values = (*rows.chunk_row(chunk), mark, generation)
        connection.execute(_CHUNK_INSERT, values)
        return connection.last_insert_rowid()


def _company(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The ids before and after each, empty at the ends."""
    padded = ["", *ids, ""]
    return {padded[i]: (padded[i - 1], padded[i + 1]) for i in range(1, len(padded) - 1)}
