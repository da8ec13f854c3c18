"""A collection out of the files that `index.export` writes.

An import is a whole collection, made aside: one bad line refuses all of it. To leave some documents
out, as ingestion does with files that cannot be read, would give a collection that is not the one
that was exported, and nobody would know until they missed something; and the line is there to be
mended.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

from index import duplicates, feedback, rows, states, withholding
from index.carried import take_on
from index.catalog import Catalog
from index.contract import DocumentState, Embedder
from index.database import marks
from index.export import (
    CHUNKS,
    DOCUMENTS,
    FEEDBACK,
    FORMAT,
    MANIFEST,
    STATES,
    TOKENS,
    VECTORS,
    ExportManifest,
    Progress,
    token_type,
    vector_type,
)  # fmt: skip
from index.feedback import Feedback
from index.known import known_or_embedded
from index.minhash import bands
from index.moments import utc_now
from index.plain import decoded, record_of
from index.soundness import is_vector
from ingest.contract import BadInput, Chunk, Document, NotFound, Unavailable

_BATCH = 256
_Source: TypeAlias = "Path | zipfile.Path"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made. `embedded` counts the vectors that had to be computed."""

    name: str
    manifest: ExportManifest
    embedded: int


@contextmanager
def opened_export(path: Path) -> Iterator[Export]:
    """The export in a folder or a ZIP. Raises NotFound where nothing is there, BadInput that names
    what is wrong with it, Unavailable where the disk refuses."""
    if not path.exists():
        raise NotFound(f"there is no file or folder {path}")
    try:
        if path.is_dir():
            yield Export(path, path)
            return
        with zipfile.ZipFile(path) as archive:
            yield Export(path, zipfile.Path(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadInput(
            f"{path} is no export of Braid, or it is damaged or cut off ({error}); nothing was "
            "imported"
        ) from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be imported: {error}; nothing was changed") from error


class Export:
    """The files of an export, with its manifest. Raises BadInput where that is none."""

    def __init__(self, path: Path, source: _Source) -> None:
        self._path = path
        self._source = source
        if not (source / MANIFEST).is_file():
            raise BadInput(f"{path} is no export of Braid: it has no {MANIFEST}")
        with self.reading(MANIFEST):
            given = record_of((source / MANIFEST).read_bytes())
            if given.get("format") != FORMAT:
                raise ValueError(
                    f"its format is {given.get('format')!r}, and this version of Braid imports "
                    f"{FORMAT!r} ('braid restore' reads what 'braid backup' wrote)"
                )
            self.manifest = decoded(ExportManifest, given)

    @contextmanager
    def reading(self, name: str, line: int = 0) -> Iterator[None]:
        """What is wrong with what a file says comes out as BadInput with its place."""
        try:
            yield
        except (ValueError, OverflowError) as error:
            place = f"{name}, line {line}" if line else name
            raise BadInput(f"{self._path}: {place}: {error}; nothing was imported") from error

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file, from its beginning."""
        if not (self._source / name).is_file():
            raise BadInput(f"{self._path}: {name} is missing; nothing was imported")
        with (self._source / name).open("rb") as handle:
            yield handle

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._source / name).is_file()

    def batches(self, name: str, wanted: int, size: int) -> Iterator[list[tuple[int, bytes]]]:
        """The lines of a file with their numbers. Raises BadInput where they are not so many."""
        count = 0
        with self.open(name) as handle:
            lines = enumerate(handle, 1)
            while batch := list(islice(lines, size)):
                count = batch[-1][0]
                yield batch
        with self.reading(name):
            if count != wanted:
                raise ValueError(f"it has {count} lines, and {MANIFEST} says {wanted}")

    @contextmanager
    def vectors(self) -> Iterator[Callable[[int, str], rows.StoredVectors]]:
        """A function that gives the next chunk's vectors, of its line and id. Raises BadInput
        where the files are not those of the chunks."""
        width = token_type(self.manifest.dimension)
        with self.open(VECTORS) as first, self.open(TOKENS) as second:
            with self.reading(VECTORS):
                kind = _head(first, self.manifest.chunks)
                if kind != vector_type(kind["chunk_id"].itemsize, self.manifest.dimension):
                    raise ValueError(f"its rows are {kind}")
            with self.reading(TOKENS):
                if _head(second, None) != width:
                    raise ValueError(f"its rows are not of {self.manifest.dimension} dimensions")

            def following(line: int, chunk_id: str) -> rows.StoredVectors:
                with self.reading(VECTORS, line):
                    row = np.frombuffer(_exactly(first, kind.itemsize), dtype=kind)[0]
                    if bytes(row["chunk_id"]) != chunk_id.encode().rstrip(b"\0"):
                        raise ValueError(f"it is of another chunk than line {line} of {CHUNKS}")
                    if row["token_rows"] < 0:
                        raise ValueError("token_rows is less than 0")
                with self.reading(TOKENS):
                    tokens = _exactly(second, int(row["token_rows"]) * width.itemsize)
                vector = rows.vector_bytes(row["vector"])
                with self.reading(VECTORS, line):
                    if not is_vector(vector, tokens, self.manifest.dimension):
                        raise ValueError("it is no vector of length 1, or its tokens are none")
                return vector, tokens

            yield following


def _head(handle: IO[bytes], wanted: int | None) -> np.dtype[Any]:
    """The type of a NumPy file's rows. Raises ValueError."""
    version = np.lib.format.read_magic(handle)
    if version != (1, 0):
        raise ValueError(f"it is a NumPy file of version {version}, not (1, 0)")
    shape, _, kind = np.lib.format.read_array_header_1_0(handle)
    if len(shape) != 1 or wanted not in (None, shape[0]) or kind.names is None:
        raise ValueError(f"it holds {shape} of {kind}, not {wanted} rows")
    return kind


def _exactly(handle: IO[bytes], size: int) -> bytes:
    data = handle.read(size)
    if len(data) != size:
        raise ValueError("it ends too early")
    return data


def import_into(catalog: Catalog, export: Export, embedder: Embedder, progress: Progress) -> int:
    """Fills the empty catalog of a collection with an export. Vectors are taken over where the
    export has them and they are the embedder's, else computed: returns how many. Raises BadInput
    that names the file, the line and what is wrong."""
    manifest = export.manifest
    for batch in export.batches(DOCUMENTS, manifest.documents, 16):
        with catalog.transaction() as connection:
            for line, text in batch:
                with export.reading(DOCUMENTS, line):
                    _add_document(connection, line, text)
    _check_duplicates(catalog, export)
    for batch in export.batches(STATES, manifest.states, _BATCH):
        with catalog.transaction() as connection:
            for line, text in batch:
                with export.reading(STATES, line):
                    _add_state(connection, text)
    _add_feedback(catalog, export)
    embedded = _add_chunks(catalog, export, embedder, progress)
    with catalog.transaction() as connection:
        connection.execute(_MISSING_STATES, (utc_now(),))
        withholding.judge_all(connection)
    catalog.set_meta({"generation": str(manifest.documents)})
    take_on(catalog, manifest.settings)
    return embedded


def _add_document(connection: Any, line: int, text: bytes) -> None:
    given = record_of(text)
    pipeline = decoded(str, given.pop("pipeline", None), "pipeline")
    document = decoded(Document, given)
    row = rows.document_row(document, pipeline, line)  # a write of its own, in this order
    _insert(connection, "documents", row, f"another document has the id {document.id!r}")
    original = document.metadata.get(duplicates.DUPLICATE_OF)
    made = duplicates.signature_of(document)
    connection.execute(
        "INSERT INTO signatures VALUES (?, ?, ?, ?)",
        (document.id, line, made, None if original is None else str(original)),
    )
    if original is None:
        connection.executemany(
            "INSERT OR IGNORE INTO signature_bands VALUES (?, ?)",
            [(band, document.id) for band in bands(made)],
        )


def _check_duplicates(catalog: Catalog, export: Export) -> None:
    odd = catalog.one(
        "SELECT one.number, one.duplicate_of FROM signatures AS one LEFT JOIN signatures AS other "
        "ON other.document_id = one.duplicate_of WHERE one.duplicate_of IS NOT NULL "
        "AND (other.document_id IS NULL OR other.duplicate_of IS NOT NULL) LIMIT 1"
    )
    if odd is not None:
        with export.reading(DOCUMENTS, odd[0]):
            raise ValueError(f"metadata.duplicate_of names no original: {odd[1]!r}")


def _add_state(connection: Any, text: bytes) -> None:
    state = decoded(DocumentState, record_of(text))
    row = states.row_of(state)
    _insert(connection, "document_states", row, f"another line is of {state.document_id!r}")


def _add_feedback(catalog: Catalog, export: Export) -> None:
    if not export.has(FEEDBACK):
        return
    with export.open(FEEDBACK) as handle, catalog.transaction() as connection:
        for line, text in enumerate(handle, 1):
            with export.reading(FEEDBACK, line):
                feedback.put(connection, [decoded(Feedback, record_of(text))])


_MISSING_STATES = """
INSERT INTO document_states SELECT id, 'ok', '', '', 0, NULL, NULL, '', '{}', ? FROM documents
WHERE id NOT IN (SELECT document_id FROM document_states)
"""
"""For documents whose export, by other tools, does not say where they stand."""


def _add_chunks(catalog: Catalog, export: Export, embedder: Embedder, progress: Progress) -> int:
    manifest = export.manifest
    is_known = manifest.has_vectors and manifest.embedder == embedder.fingerprint
    embedded = done = 0
    with export.vectors() if is_known else nullcontext() as following:
        for batch in export.batches(CHUNKS, manifest.chunks, _BATCH):
            progress(done, manifest.chunks)
            with catalog.transaction() as connection:
                keys: list[int] = []
                chunks: list[Chunk] = []
                for line, text in batch:
                    with export.reading(CHUNKS, line):
                        chunks.append(decoded(Chunk, record_of(text)))
                        keys.append(_add_chunk(connection, chunks[-1], manifest.documents))
                if following is not None:
                    lines = (line for line, _ in batch)
                    stored = [
                        following(line, chunk.id) for line, chunk in zip(lines, chunks, strict=True)
                    ]
                else:
                    stored, fresh = _embedded(catalog, embedder, chunks)
                    embedded += fresh
                connection.executemany(
                    "INSERT INTO vectors VALUES (?, ?, ?)",
                    [(key, *vectors) for key, vectors in zip(keys, stored, strict=True)],
                )
            done += len(batch)
    progress(done, manifest.chunks)
    return embedded


def _add_chunk(connection: Any, chunk: Chunk, generation: int) -> int:
    sql = "SELECT 1 FROM documents WHERE id = ?"
    if connection.execute(sql, (chunk.document_id,)).fetchone() is None:
        raise ValueError(f"document_id names no document: {chunk.document_id!r}")
    row = (*rows.chunk_row(chunk), rows.embedding_hash(chunk), generation)
    found = connection.execute(
        f"INSERT INTO chunks ({rows.CHUNK_COLUMNS}, embedding_hash, generation) "
        f"VALUES ({marks(row)}) ON CONFLICT DO NOTHING RETURNING key",
        row,
    ).fetchall()
    if not found:
        raise ValueError(f"another chunk has the id {chunk.id!r}")
    return int(found[0][0])


def _embedded(
    catalog: Catalog, embedder: Embedder, chunks: Sequence[Chunk]
) -> tuple[list[rows.StoredVectors], int]:
    """What is stored for each chunk, and how many had to be embedded."""
    marks = [rows.embedding_hash(chunk) for chunk in chunks]
    texts = {mark: c.embedding_text for mark, c in zip(marks, chunks, strict=True)}
    vectors, fresh = known_or_embedded(texts, [catalog], embedder)
    return [vectors[mark] for mark in marks], len(fresh)


def _insert(connection: Any, table: str, row: tuple[Any, ...], fault: str) -> None:
    sql = f"INSERT INTO {table} VALUES ({marks(row)}) ON CONFLICT DO NOTHING RETURNING 1"
    if not connection.execute(sql, row).fetchall():
        raise ValueError(fault)
