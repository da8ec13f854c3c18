"""The main part of a FAISS index: built once into a folder, and from then on only read.

Its vectors lie in key order. Where the codes of the index lose something, the exact vectors lie
beside it in a file that is mapped into memory: what the index finds is scored anew by them, few
vectors under a filter are looked at one by one, and the next main part is built from them. FAISS
maps the rest, too, so that processes that read the same collection share its memory.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import Keys, Vectors

Positions = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]

KINDS = ("flat", "hnsw", "ivf", "ivfpq")
CODES = ("fp32", "fp16", "sq8")
_INDEX, _KEYS, _ALIVE, _ROWS = "index.faiss", "keys.npy", "alive.npy", "rows.npy"
_BATCH = 1_000
"""Vectors put in at once; between two batches a build can be stopped."""
_TRAINING_ROWS = 65_536
_LEAST_TRAINING = 78
_STEP_ROWS = 40
"""A step of efSearch costs as much as looking at so many vectors."""
_DEEPER, _MORE = {"fp32": 1, "fp16": 2, "sq8": 2, "pq": 16}, 30
"""So many times the number asked for, and so many more, are scored anew by the exact vectors."""


@dataclass(frozen=True)
class Make:
    """How a main part is made: one of KINDS, one of CODES (of "ivfpq": "pq"), HNSW's M and
    efConstruction."""

    kind: str
    codes: str
    neighbours: int
    breadth: int

    @property
    def is_lossy(self) -> bool:
        """Whether the index does not hold the vectors as they are, row by row."""
        return self.codes != "fp32" or self.kind == "ivf"

    def bytes_per_vector(self, dimension: int) -> float:
        """What the index takes of memory, about."""
        codes = {"fp32": 4.0, "fp16": 2.0, "sq8": 1.0, "pq": 0.25}[self.codes] * dimension
        links = 8.4 * self.neighbours if self.kind == "hnsw" else 0.0
        return codes + links + (8.0 if self.kind.startswith("ivf") else 0.0) + 8.0

    def empty(self, dimension: int, size: int) -> Any:
        """An index without vectors, to be trained where it is not, for about `size` of them."""
        import faiss

        metric = faiss.METRIC_INNER_PRODUCT
        codes = {
            "fp16": faiss.ScalarQuantizer.QT_fp16,
            "sq8": faiss.ScalarQuantizer.QT_8bit,
        }.get(self.codes)
        if self.kind == "flat" and codes is None:
            return faiss.IndexFlatIP(dimension)
        if self.kind == "flat":
            return faiss.IndexScalarQuantizer(dimension, codes, metric)
        if self.kind == "hnsw":
            index = (
                faiss.IndexHNSWFlat(dimension, self.neighbours, metric)
                if codes is None
                else faiss.IndexHNSWSQ(dimension, codes, self.neighbours, metric)
            )
            index.hnsw.efConstruction = self.breadth
            return index
        return self._lists(dimension, size, codes)

    def _lists(self, dimension: int, size: int, codes: int | None) -> Any:
        import faiss

        metric = faiss.METRIC_INNER_PRODUCT
        sample = len(_sample(size))
        count = max(1, min(sample // 39, int(4 * size**0.5)))
        quantizer = faiss.IndexFlatIP(dimension)
        if self.kind == "ivfpq":
            parts = max(m for m in range(1, max(1, dimension // 4) + 1) if dimension % m == 0)
            bits = max(1, min(8, int(np.log2(max(sample // 39, 2)))))
            index = faiss.IndexIVFPQ(quantizer, dimension, count, parts, bits, metric)
        elif codes is None:
            index = faiss.IndexIVFFlat(quantizer, dimension, count, metric)
        else:
            index = faiss.IndexIVFScalarQuantizer(quantizer, dimension, count, codes, metric)
        index.own_fields = True
        quantizer.this.disown()
        index.cp.niter = 10
        index.cp.max_points_per_centroid = 64
        return index


def choose(make: Make, size: int, dimension: int, memory_bytes: float) -> Make:
    """A `make` whose kind or codes are "auto", decided for `size` vectors: exact up to 10,000
    of them (1 ms on one core at 384 dimensions), then HNSW, with the finest codes that fit into
    the memory, then product quantisation, which takes the least. What is too little
    to train on is kept flat."""
    if size < _LEAST_TRAINING:
        return Make("flat", "fp32", make.neighbours, make.breadth)
    kinds = [make.kind] if make.kind != "auto" else ["flat" if size <= 10_000 else "hnsw", "ivfpq"]
    codes = [make.codes] if make.codes != "auto" else ["fp32", "sq8"]
    choices = [
        Make(kind, code, make.neighbours, make.breadth)
        for kind in kinds
        for code in (["pq"] if kind == "ivfpq" else codes)
    ]
    fitting = [c for c in choices if size * c.bytes_per_vector(dimension) <= memory_bytes]
    return (fitting or choices[-1:])[0]


@dataclass(frozen=True)
class Main:
    """`keys` ascend; `alive` is false for those deleted before it was written; `rows` are the
    exact vectors, shape (len(keys), dimension). `built` is how many there were when it was last
    built afresh."""

    folder: Path
    make: Make
    built: int
    index: Any
    keys: Keys
    alive: npt.NDArray[np.bool_]
    rows: Vectors

    @cached_property
    def _is_run(self) -> bool:
        """Whether no key is missing between the first and the last."""
        return bool(len(self.keys)) and int(self.keys[-1] - self.keys[0]) + 1 == len(self.keys)

    def positions(self, keys: Keys) -> Positions:
        """Where each key is; -1 where it is not held."""
        if self._is_run:
            at = keys - self.keys[0]
            return np.where((at >= 0) & (at < len(self.keys)), at, -1)
        return positions(self.keys, keys)

    def products(self, vector: Vectors, at: Positions) -> Scores:
        """The exact inner product with the vector at each position."""
        import faiss

        out = np.empty(len(at), dtype=np.float32)
        if len(at):
            faiss.fvec_inner_products_by_idx(
                faiss.swig_ptr(out),
                faiss.swig_ptr(np.ascontiguousarray(vector, dtype=np.float32)),
                faiss.swig_ptr(self.rows),
                faiss.swig_ptr(np.ascontiguousarray(at, dtype=np.int64)),
                self.rows.shape[1],
                1,
                len(at),
            )
        return out

    def rows_looked_at(self, effort: float) -> float:
        """What a search costs, in vectors looked at one by one."""
        if self.make.kind == "hnsw":
            return effort * _STEP_ROWS
        if self.make.kind == "flat":
            return float(len(self.keys))
        return effort * len(self.keys) / int(self.index.nlist)

    def search(
        self, vector: Vectors, k: int, effort: float, bits: npt.NDArray[np.uint8] | None
    ) -> tuple[Positions, Scores]:
        """Up to k positions with their exact scores, in no order. `effort` is efSearch of HNSW,
        and of IVF the lists that are visited; `bits` has one set for each position that counts
        (None: all do)."""
        import faiss

        faiss.omp_set_num_threads(1)
        selector, size = None, len(self.keys)
        if bits is not None:
            selector = faiss.IDSelectorBitmap(size, faiss.swig_ptr(bits))
        wanted = min(k * _DEEPER[self.make.codes] + (_MORE if self.make.is_lossy else 0), size)
        if self.make.kind == "hnsw":
            parameters = faiss.SearchParametersHNSW(
                sel=selector, efSearch=max(round(effort), wanted)
            )
        elif self.make.kind == "flat":
            parameters = faiss.SearchParameters(sel=selector)
        else:
            probes = max(1, min(round(effort), self.index.nlist))
            parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        scores, at = self.index.search(vector[None], wanted, params=parameters)
        found: Positions = at[0][at[0] >= 0]
        if not self.make.is_lossy:
            return found, scores[0][: len(found)]
        exact = self.products(vector, found)
        if len(found) > k:
            best = np.argpartition(-exact, k - 1)[:k]
            return found[best], exact[best]
        return found, exact


def positions(held: Keys, keys: Keys) -> Positions:
    """Where each key is among those held, which ascend; -1 where it is not."""
    if not len(held):
        return np.full(len(keys), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(held, keys), len(held) - 1)
    return np.where(held[at] == keys, at, -1).astype(np.int64)


def build(
    folder: Path,
    make: Make,
    keys: Keys,
    vectors: Callable[[Positions], Vectors],
    go_on: Callable[[], None],
) -> None:
    """Writes a main part of these keys, ascending, all alive. `vectors` gives those at places
    among the keys; `go_on` is called between two steps and may raise."""
    import faiss

    # One thread: the graph of HNSW depends on the order in which threads insert.
    faiss.omp_set_num_threads(1)
    size = len(keys)
    dimension = vectors(np.arange(0)).shape[1]
    index = make.empty(dimension, size)
    if not index.is_trained:
        index.train(vectors(_sample(size)))
    rows = _written_rows(folder, size, dimension) if make.is_lossy else None
    for start in range(0, size, _BATCH):
        go_on()
        batch = vectors(np.arange(start, min(start + _BATCH, size)))
        index.add(batch)
        if rows is not None:
            rows[start : start + len(batch)] = batch
    _write(folder, index, keys, np.ones(size, dtype=bool), rows)


def extend(
    folder: Path,
    old: Path,
    alive: npt.NDArray[np.bool_],
    keys: Keys,
    vectors: Vectors,
    go_on: Callable[[], None],
) -> None:
    """Writes the main part that lies in `old` with more `keys` after its own, ascending, and
    what is `alive` of its own."""
    import faiss

    faiss.omp_set_num_threads(1)
    # Not mapped: FAISS ends the process where it is to add to a mapped index.
    index = faiss.read_index(str(old / _INDEX))
    held = np.load(old / _KEYS)
    rows = None
    if (old / _ROWS).exists():
        before = np.load(old / _ROWS, mmap_mode="r")
        rows = _written_rows(folder, len(held) + len(keys), vectors.shape[1])
        rows[: len(held)] = before
        rows[len(held) :] = vectors
    for start in range(0, len(keys), _BATCH):
        go_on()
        index.add(np.ascontiguousarray(vectors[start : start + _BATCH]))
    everything = np.concatenate([held, keys])
    _write(folder, index, everything, np.concatenate([alive, np.ones(len(keys), bool)]), rows)


def _sample(size: int) -> Positions:
    """What an index is trained on: an even sample, for a collection is often in order of its
    subjects."""
    return np.arange(0, size, max(1, size // _TRAINING_ROWS))


def _written_rows(folder: Path, size: int, dimension: int) -> np.memmap[Any, np.dtype[np.float32]]:
    return np.lib.format.open_memmap(
        folder / _ROWS, mode="w+", dtype=np.float32, shape=(size, dimension)
    )


def _write(
    folder: Path,
    index: Any,
    keys: Keys,
    alive: npt.NDArray[np.bool_],
    rows: np.memmap[Any, np.dtype[np.float32]] | None,
) -> None:
    import faiss

    if rows is not None:
        rows.flush()
    faiss.write_index(index, str(folder / _INDEX))
    np.save(folder / _KEYS, keys)
    np.save(folder / _ALIVE, alive)
    for file in folder.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def load(folder: Path, make: Make, built: int, dimension: int) -> Main:
    """The main part in a folder. Raises ValueError or OSError where it is damaged."""
    import faiss

    try:
        index = faiss.read_index(str(folder / _INDEX), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise ValueError(f"{folder} cannot be read: {error}") from error
    keys, alive = np.load(folder / _KEYS), np.load(folder / _ALIVE)
    if index.ntotal != len(keys) or len(alive) != len(keys) or index.d != dimension:
        raise ValueError(f"{folder} does not fit its keys or the dimension {dimension}")
    if (folder / _ROWS).exists():
        rows = np.asarray(np.load(folder / _ROWS, mmap_mode="r"))
    else:
        rows = _stored_rows(index)
    if rows.shape != (len(keys), dimension):
        raise ValueError(f"{folder} holds {len(rows)} vectors for {len(keys)} keys")
    return Main(folder, make, built, index, keys, alive, rows)


def _stored_rows(index: Any) -> Vectors:
    """The vectors of an index that holds them as they are, without a copy."""
    import faiss

    storage = faiss.downcast_index(index.storage) if isinstance(index, faiss.IndexHNSW) else index
    if not index.ntotal:
        return np.empty((0, index.d), dtype=np.float32)
    flat = faiss.rev_swig_ptr(storage.get_xb(), index.ntotal * index.d)
    rows: Vectors = flat.reshape(index.ntotal, index.d)
    return rows


def remove(folder: Path) -> None:
    """Removes a main part; readers that have it open keep it."""
    shutil.rmtree(folder, ignore_errors=True)
