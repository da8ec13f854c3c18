"""A collection in files that people and other tools can read.

A folder, or a ZIP of the same files:

- `manifest.json`: format, who wrote it and when, fingerprints, counts, what is set for the
  collection;
- `documents.jsonl`: a document a line, in the order they came: the fields of
  ingest.contract.Document, and `pipeline`, which names what read and chunked it;
- `chunks.jsonl`: a chunk a line, in the order they were stored: the fields of
  ingest.contract.Chunk;
- `states.jsonl`: where each document stands and comes from: index.contract.DocumentState;
- `feedback.jsonl`: what people said of what they found: index.feedback.Feedback; not in exports
  of before there was any;
- `vectors.npy`: a row for each line of `chunks.jsonl`, in the same order: `chunk_id` (UTF-8),
  `vector` (float32), `token_rows` (how many rows of the next file belong to it);
- `tokens.npy`: the token vectors in four bits a number: `step` (float16), and `codes`, two numbers
  to a byte, the lower half first; a number is (code - 7) * step.

All of it is of one generation. Jobs and their uploads are in backups only.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from index import rows
from index.backup import check_target, copied_catalog
from index.carried import settings_of
from index.catalog import Catalog
from index.collection import CATALOG
from index.feedback import Ratings
from index.moments import utc_now
from index.plain import line_of
from index.states import States
from index.swap import DRAFT, flush, written_beside
from ingest.contract import BadInput, Conflict

FORMAT = "braid-export/1"
MANIFEST, DOCUMENTS, CHUNKS, STATES, FEEDBACK = (
    "manifest.json", "documents.jsonl", "chunks.jsonl", "states.jsonl", "feedback.jsonl"
)  # fmt: skip
VECTORS, TOKENS = "vectors.npy", "tokens.npy"
_FILES = {MANIFEST, DOCUMENTS, CHUNKS, STATES, FEEDBACK, VECTORS, TOKENS}
_PAGE = 500

Progress: TypeAlias = Callable[[int, int | None], None]
"""Told how many chunks are done, and of how many."""


def quiet(done: int, total: int | None) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class ExportManifest:
    """What an export holds. `created_at` is ISO 8601 in UTC; `has_vectors` is False where they
    were left out; `settings` is what is set for the collection."""

    format: str
    braid: str
    created_at: str
    collection: str
    generation: int
    analyzer: str
    embedder: str
    dimension: int
    documents: int
    chunks: int
    states: int
    has_vectors: bool
    settings: Mapping[str, str]


def export(
    folder: Path,
    target: Path,
    *,
    braid: str,
    vectors: bool = True,
    force: bool = False,
    progress: Progress = quiet,
) -> ExportManifest:
    """Writes the collection in `folder` to `target`: a ZIP where that ends in `.zip`, else a
    folder. Readers and a writer go on meanwhile; what is written takes its name when it is
    whole. Raises as `index.backup.back_up`; `force` replaces an export only."""
    is_zip = target.suffix.lower() == ".zip"
    check = partial(check_target, target, force)
    if not is_zip:
        check = partial(check_folder, target, force, _FILES, MANIFEST)
    with (
        written_beside(target, check, "export") as scratch,
        copied_catalog(folder, scratch / CATALOG) as catalog,
    ):
        manifest = _manifest(catalog, folder.name, braid, vectors)
        members = _members(catalog, manifest, progress)
        (write_zip if is_zip else write_folder)(scratch / DRAFT, members)
        return manifest


def check_folder(target: Path, force: bool, files: Set[str], first: str) -> None:
    """Raises BadInput or Conflict for what is no place for an export of these `files`; one that
    is there already has the `first` of them."""
    if not target.parent.is_dir():
        raise BadInput(f"there is no folder {target.parent}: make it first")
    if not target.exists():
        return
    if not target.is_dir():
        raise BadInput(f"{target} is a file: name a folder, or a file that ends in .zip")
    found = {path.name for path in target.iterdir()}
    if found and not force:
        raise Conflict(f"{target} is not empty: choose another name, or give --force")
    if found - files or (found and first not in found):
        raise Conflict(f"{target} holds something else than an export: choose another name")


def _manifest(catalog: Catalog, name: str, braid: str, vectors: bool) -> ExportManifest:
    documents, chunks, _ = catalog.counts()
    return ExportManifest(
        format=FORMAT,
        braid=braid,
        created_at=utc_now("seconds"),
        collection=name,
        generation=catalog.generation,
        analyzer=catalog.meta("analyzer") or "",
        embedder=catalog.meta("embedder") or "",
        dimension=int(catalog.meta("dimension") or 0),
        documents=documents,
        chunks=chunks,
        states=sum(States(catalog).counts().values()),
        has_vectors=vectors,
        settings=settings_of(catalog),
    )


def _members(
    catalog: Catalog, manifest: ExportManifest, progress: Progress
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """The files by name, each in pieces."""
    yield DOCUMENTS, map(line_of, _documents(catalog))
    yield STATES, map(line_of, _states(catalog))
    yield FEEDBACK, (line_of(asdict(one)) for one in Ratings(catalog).every())
    yield CHUNKS, map(line_of, _chunks(catalog, manifest.chunks, progress))
    if manifest.has_vectors:
        yield VECTORS, _vectors(catalog, manifest)
        yield TOKENS, _tokens(catalog, manifest)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    yield MANIFEST, [text.encode()]


def _pages(catalog: Catalog, sql: str) -> Iterator[Any]:
    """The rows of a statement with a place for the last number before and one for a limit; the
    number is the first column."""
    after = 0
    while page := catalog.read(sql, (after, _PAGE)):
        yield from page
        after = page[-1][0]


def _documents(catalog: Catalog) -> Iterator[dict[str, Any]]:
    sql = (
        "SELECT number, documents.* FROM signatures JOIN documents ON id = document_id "
        "WHERE number > ? ORDER BY number LIMIT ?"
    )
    for row in _pages(catalog, sql):
        yield {**asdict(rows.document_of(row)), "pipeline": row["pipeline"]}


def _chunks(catalog: Catalog, total: int, progress: Progress) -> Iterator[dict[str, Any]]:
    sql = f"SELECT key, {rows.CHUNK_COLUMNS} FROM chunks WHERE key > ? ORDER BY key LIMIT ?"
    for done, row in enumerate(_pages(catalog, sql)):
        if done % _PAGE == 0:
            progress(done, total)
        yield asdict(rows.chunk_of(row[1:]))
    progress(total, total)


def _states(catalog: Catalog) -> Iterator[dict[str, Any]]:
    yield from map(asdict, States(catalog).every())


def vector_type(id_bytes: int, dimension: int) -> np.dtype[Any]:
    """A row of `vectors.npy`."""
    return np.dtype(
        [("chunk_id", f"S{id_bytes}"), ("vector", "<f4", (dimension,)), ("token_rows", "<i4")]
    )


def token_type(dimension: int) -> np.dtype[Any]:
    """A row of `tokens.npy`, which is one of index.token_codes."""
    return np.dtype([("step", "<f2"), ("codes", "u1", ((dimension + 1) // 2,))])


def _vectors(catalog: Catalog, manifest: ExportManifest) -> Iterator[bytes]:
    longest = catalog.read("SELECT max(length(CAST(id AS BLOB))) FROM chunks")[0][0]
    kind, width = vector_type(longest or 1, manifest.dimension), token_type(manifest.dimension)
    yield _header(kind, manifest.chunks)
    sql = (
        "SELECT key, id, vector, tokens FROM chunks JOIN vectors USING (key) "
        "WHERE key > ? ORDER BY key LIMIT ?"
    )
    for row in _pages(catalog, sql):
        vector = np.frombuffer(row["vector"], dtype="<f4")
        count = len(row["tokens"]) // width.itemsize
        yield np.array([(row["id"].encode(), vector, count)], dtype=kind).tobytes()


def _tokens(catalog: Catalog, manifest: ExportManifest) -> Iterator[bytes]:
    kind = token_type(manifest.dimension)
    total = catalog.read("SELECT coalesce(sum(length(tokens)), 0) FROM vectors")[0][0]
    yield _header(kind, total // kind.itemsize)
    sql = "SELECT key, tokens FROM vectors WHERE key > ? ORDER BY key LIMIT ?"
    yield from (row["tokens"] for row in _pages(catalog, sql))


def _header(kind: np.dtype[Any], count: int) -> bytes:
    """The beginning of a NumPy file of so many rows."""
    head = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (count,)
    }  # fmt: skip
    np.lib.format.write_array_header_1_0(head, described)
    return head.getvalue()


def write_folder(draft: Path, members: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Writes files, each in pieces, into a new folder."""
    draft.mkdir()
    for name, pieces in members:
        with (draft / name).open("wb") as sink:
            sink.writelines(pieces)
            sink.flush()
            os.fsync(sink.fileno())
    flush(draft)


def write_zip(draft: Path, members: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Writes files, each in pieces, into a new ZIP; always the same for the same files."""
    with draft.open("wb") as handle:
        with zipfile.ZipFile(handle, "w", allowZip64=True) as archive:
            for name, pieces in members:
                info = zipfile.ZipInfo(name)
                if not name.endswith(".npy"):  # numbers as good as random: nothing to gain
                    info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as sink:
                    sink.writelines(pieces)
        handle.flush()
        os.fsync(handle.fileno())
