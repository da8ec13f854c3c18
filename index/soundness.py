"""Whether a collection is sound: every page and row of its catalog, and its indexes against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from index.catalog import Catalog
from index.contract import Keys
from index.database import batched
from index.token_codes import unpack
from index.windows import Windows
from ingest.contract import Unavailable

if TYPE_CHECKING:
    from index.collection import Snapshot

_UNIT = 1e-3
"""How far from 1 the length of a vector may be."""
_SAMPLE = 100
"""Chunks that are looked up in the indexes."""
_COSINE = 0.05
"""How far from 1 an index may find the cosine of a vector with itself, by its own codes."""


def catalog_faults(catalog: Catalog) -> list[str]:
    """Faults that SQLite finds (which reads every page), and those against the catalog's own
    rules; empty where it is sound."""
    found: list[str] = []
    rules: tuple[Callable[[Catalog], Iterator[str]], ...] = (_integrity, _references, _vectors)
    for rule in rules:
        try:
            found.extend(rule(catalog))
        except Unavailable as error:
            return [*found, str(error)]
    return found


def _integrity(catalog: Catalog) -> Iterator[str]:
    for row in catalog.read("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield str(row[0])


def _references(catalog: Catalog) -> Iterator[str]:
    for row in catalog.read("PRAGMA foreign_key_check"):
        yield f"orphan row in {row[0]}"
    sql = "SELECT count(*) FROM chunks LEFT JOIN vectors USING (key) WHERE vector IS NULL"
    bare = catalog.read(sql)[0][0]
    if bare:
        yield f"{bare} chunks without a vector"


def _vectors(catalog: Catalog) -> Iterator[str]:
    dimension = int(catalog.meta("dimension") or 0)
    wrong = 0
    for batch in batched([row[0] for row in catalog.read("SELECT key FROM vectors ORDER BY key")]):
        low, high = batch[0], batch[-1]
        sql = "SELECT vector, tokens FROM vectors WHERE key BETWEEN ? AND ?"
        rows = catalog.read(sql, (low, high))
        wrong += sum(not is_vector(vector, tokens, dimension) for vector, tokens in rows)
    if dimension and wrong:
        yield f"{wrong} vectors that are none of {dimension} dimensions and length 1"


def is_vector(vector: bytes, tokens: bytes, dimension: int) -> bool:
    """Whether these are a vector and token vectors of that dimension."""
    try:
        unpacked = unpack(tokens, dimension)
    except ValueError:
        return False
    length = float(np.linalg.norm(np.frombuffer(vector[: 4 * dimension], dtype="<f4")))
    right = len(vector) == 4 * dimension and abs(length - 1) < _UNIT
    return right and bool(np.isfinite(unpacked).all())


def index_faults(catalog: Catalog, snapshot: Snapshot) -> list[str]:
    """Where the sparse or the dense index holds other chunks than the catalog, or does not find
    those of a sample."""
    wanted = np.array(catalog.since(-1).added, dtype=np.int64)
    found = [
        f"{name} index: its keys are not those of the catalog"
        for name, reader in (("sparse", snapshot.sparse), ("dense", snapshot.dense))
        if not np.array_equal(np.sort(reader.keys()), wanted)
    ]
    if found or not len(wanted):
        return found
    places = np.linspace(0, len(wanted) - 1, min(_SAMPLE, len(wanted))).astype(np.int64)
    sample = wanted[np.unique(places)]
    for name, missed in (
        ("sparse", _unfound(catalog, snapshot, sample)),
        ("dense", _unlike(catalog, snapshot, sample)),
    ):
        if missed:
            found.append(f"{name} index: {missed} of {len(sample)} chunks are not as stored")
    return found


def _unfound(catalog: Catalog, snapshot: Snapshot, sample: Keys) -> int:
    """How many chunks their own words do not find."""
    missed = 0
    for key, stored in catalog.chunks(sample.tolist()).items():
        chunk = stored.chunk
        text = {(chunk.document_id, chunk.ordinal): chunk.text}
        entry = Windows(snapshot.parts.analyzer, text).entry(key, chunk)
        terms = list(dict.fromkeys(entry.body))[:8]
        ranking = snapshot.sparse.search(terms, 1, np.array([key], dtype=np.int64))
        missed += bool(terms) and not len(ranking.keys)
    return missed


def _unlike(catalog: Catalog, snapshot: Snapshot, sample: Keys) -> int:
    """How many vectors the index does not hold as the catalog does."""
    keys, vectors = catalog.vectors(sample.tolist(), snapshot.parts.embedder.dimension)
    scores = [
        snapshot.dense.score(vector, keys[place : place + 1])[0]
        for place, vector in enumerate(vectors)
    ]
    return int((np.abs(np.array(scores) - 1) > _COSINE).sum())
