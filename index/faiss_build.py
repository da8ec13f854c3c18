"""Building a main part of a FAISS index into a folder: afresh, or out of one that there is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import faiss_lists
from index.contract import Keys, Vectors
from index.faiss_main import ALIVE, INDEX, KEYS, ROWS
from index.faiss_make import Make
from index.faiss_reach import Positions

_BATCH = 1_000
"""Vectors put in at once; between two batches a build can be stopped."""
_TRAINING_ROWS = 16_384
"""Of the codes."""


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
    centres = None
    if make.has_lists:
        count = make.lists(size)
        sample = vectors(_sample(size, count * faiss_lists.SAMPLE))
        centres = faiss_lists.centres_of(sample, count, go_on)
    index = make.empty(dimension, centres)
    if not index.is_trained:
        index.train(vectors(_sample(size, _TRAINING_ROWS)))
    rows = _written_rows(folder, size, dimension) if make.is_lossy else None
    for start in range(0, size, _BATCH):
        go_on()
        places = np.arange(start, min(start + _BATCH, size))
        batch = vectors(places)
        if centres is None:
            index.add(batch)
        else:
            nearest = faiss_lists.nearest(batch, centres)
            pointers = [faiss.swig_ptr(array) for array in (batch, places, nearest)]
            index.add_core(len(batch), *pointers)
        if rows is not None:
            rows[start : start + len(batch)] = batch
    if make.kind == "ivfpq":
        # The first owns what it lends to the other, and lives until that is written.
        _lender, index = index, faiss.IndexIVFPQFastScan(index)
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
    index = faiss.read_index(str(old / INDEX))
    held = np.load(old / KEYS)
    rows = None
    if (old / ROWS).exists():
        before = np.load(old / ROWS, mmap_mode="r")
        rows = _written_rows(folder, len(held) + len(keys), vectors.shape[1])
        rows[: len(held)] = before
        rows[len(held) :] = vectors
    for start in range(0, len(keys), _BATCH):
        go_on()
        index.add(np.ascontiguousarray(vectors[start : start + _BATCH]))
    everything = np.concatenate([held, keys])
    _write(folder, index, everything, np.concatenate([alive, np.ones(len(keys), bool)]), rows)


def _sample(size: int, count: int) -> Positions:
    """What an index is trained on, `count` of them or somewhat more: an even sample, for a
    collection is often in order of its subjects."""
    return np.arange(0, size, max(1, size // count))


def _written_rows(folder: Path, size: int, dimension: int) -> np.memmap[Any, np.dtype[np.float32]]:
    return np.lib.format.open_memmap(
        folder / ROWS, mode="w+", dtype=np.float32, shape=(size, dimension)
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
    faiss.write_index(index, str(folder / INDEX))
    np.save(folder / KEYS, keys)
    np.save(folder / ALIVE, alive)
    for file in folder.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
