"""Cosine search by FAISS: a frozen main part and a small exact delta.

The main part is Flat, HNSW or IVF and is never changed once it is built. What is added later
goes into the delta, which is searched exactly; what is deleted is marked in a bitmap over both.
When the delta has grown enough, both become a new main part, which is written aside, checked by
hash, and put in place by renaming one small file. Readers keep the state that they were made
with. Each state is one value, replaced as a whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import DenseChanges, DenseReader, Keys, Ranking, Vectors

KINDS = ("auto", "flat", "hnsw", "ivf")
_POINTER = "current.json"
_FORMAT = 1
_FLAT_LIMIT = 10_000
"""`auto` searches exactly up to here: 4 ms on one core at 384 dimensions."""
_DELTA_LIMIT = 1_000
_EXACT_SHARE = 0.02
"""A filter that leaves at most this share (or _DELTA_LIMIT rows) is scanned exactly."""


@dataclass(frozen=True)
class FaissIndex:
    """`path` is a folder of its own. `kind` is one of KINDS; `hnsw_neighbours` and
    `hnsw_breadth` are HNSW's M and efSearch (efConstruction is twice that); `ivf_probes` the
    share of the lists that IVF visits. Raises ValueError or OSError where the folder is
    damaged: it is then to be deleted and filled again."""

    path: Path
    dimension: int
    kind: str = "auto"
    hnsw_neighbours: int = 32
    hnsw_breadth: int = 128
    ivf_probes: float = 0.25
    _box: list[_State] = field(default_factory=list, init=False, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(
                f"unknown kind {self.kind!r} of FAISS index; one of {', '.join(KINDS)}"
            )

    @property
    def _state(self) -> _State:
        with self._lock:
            if not self._box:
                self._box.append(self._load())
            return self._box[0]

    @property
    def generation(self) -> int:
        return self._state.generation

    def apply(self, changes: DenseChanges, *, owner: bool) -> None:
        state = self._state
        gone = np.union1d(np.asarray(changes.deleted, dtype=np.int64), changes.keys)
        keep = ~np.isin(state.delta_keys, gone)
        delta_keys = np.concatenate([state.delta_keys[keep], changes.keys])
        delta_vectors = np.concatenate([state.delta_vectors[keep], changes.vectors])
        order = np.argsort(delta_keys)
        state = replace(
            state,
            generation=changes.generation,
            main_alive=state.main_alive & ~np.isin(state.main_keys, gone),
            delta_keys=delta_keys[order],
            delta_vectors=delta_vectors[order],
        )
        dead = len(state.main_keys) - int(state.main_alive.sum())
        if len(state.delta_keys) + dead > max(_DELTA_LIMIT, len(state.main_keys) // 4):
            state = self._merge(state)
            if owner:
                self._save(state)
        with self._lock:
            self._box[:] = [state]

    def reader(self) -> DenseReader:
        return FaissReader(self._state, self.hnsw_breadth, self.ivf_probes)

    def close(self) -> None:
        with self._lock:
            self._box.clear()

    def _merge(self, state: _State) -> _State:
        """The state with its delta and deletions built into a new main part."""
        positions = np.flatnonzero(state.main_alive)
        keys = np.concatenate([state.main_keys[positions], state.delta_keys])
        vectors = np.concatenate([state.main_rows(positions), state.delta_vectors])
        order = np.argsort(keys)
        keys, vectors = keys[order], np.ascontiguousarray(vectors[order])
        main = self._build(vectors)
        return _State(state.generation, main, keys, np.ones(len(keys), dtype=bool), self.dimension)

    def _build(self, vectors: Vectors) -> Any:
        import faiss

        # One thread: the graph of HNSW depends on the order in which threads insert.
        faiss.omp_set_num_threads(1)
        kind = self.kind
        if kind == "auto":
            kind = "flat" if len(vectors) <= _FLAT_LIMIT else "hnsw"
        metric = faiss.METRIC_INNER_PRODUCT
        if kind == "hnsw":
            index = faiss.IndexHNSWFlat(self.dimension, self.hnsw_neighbours, metric)
            index.hnsw.efConstruction = 2 * self.hnsw_breadth
        elif kind == "ivf" and len(vectors):
            lists = max(1, min(len(vectors) // 39, int(4 * len(vectors) ** 0.5)))
            quantizer = faiss.IndexFlatIP(self.dimension)
            index = faiss.IndexIVFFlat(quantizer, self.dimension, lists, metric)
            index.own_fields = True
            quantizer.this.disown()
            index.train(vectors)
        else:
            index = faiss.IndexFlatIP(self.dimension)
        index.add(vectors)
        if kind == "ivf" and len(vectors):
            index.make_direct_map()
        return index

    def _save(self, state: _State) -> None:
        import faiss

        self.path.mkdir(parents=True, exist_ok=True)
        name = f"main-{state.generation}"
        folder = self.path / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        faiss.write_index(state.main, str(folder / "index.faiss"))
        np.save(folder / "keys.npy", state.main_keys)
        hashes = {}
        for file in ("index.faiss", "keys.npy"):
            with (folder / file).open("rb") as handle:
                hashes[file] = hashlib.file_digest(handle, "sha256").hexdigest()
                os.fsync(handle.fileno())
        pointer = {
            "format": _FORMAT,
            "folder": name,
            "generation": state.generation,
            "sha256": hashes,
        }
        draft = self.path / (_POINTER + ".tmp")
        with draft.open("w") as handle_text:
            json.dump(pointer, handle_text)
            handle_text.flush()
            os.fsync(handle_text.fileno())
        draft.replace(self.path / _POINTER)
        for other in self.path.glob("main-*"):
            if other.name != name:
                shutil.rmtree(other, ignore_errors=True)

    def _load(self) -> _State:
        import faiss

        try:
            pointer = json.loads((self.path / _POINTER).read_text())
        except FileNotFoundError:
            return _State.empty(self.dimension)
        if pointer.get("format") != _FORMAT:
            raise ValueError(f"{self.path} was written in another format")
        folder = self.path / str(pointer["folder"])
        for file, wanted in pointer["sha256"].items():
            with (folder / file).open("rb") as handle:
                if hashlib.file_digest(handle, "sha256").hexdigest() != wanted:
                    raise ValueError(
                        f"{folder / file} is damaged: its hash is not the recorded one"
                    )
        try:
            main = faiss.read_index(str(folder / "index.faiss"))
        except RuntimeError as error:
            raise ValueError(f"{folder} cannot be read: {error}") from error
        keys = np.load(folder / "keys.npy")
        if main.ntotal != len(keys) or main.d != self.dimension:
            raise ValueError(f"{folder} does not fit its keys or the dimension {self.dimension}")
        alive = np.ones(len(keys), dtype=bool)
        return _State(int(pointer["generation"]), main, keys, alive, self.dimension)


@dataclass(frozen=True)
class _State:
    """Everything that a search reads. Keys ascend in both parts; `delta` has no dead rows."""

    generation: int
    main: Any
    main_keys: Keys
    main_alive: npt.NDArray[np.bool_]
    dimension: int
    delta_keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    delta_vectors: Vectors = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def __post_init__(self) -> None:
        if not len(self.delta_keys):
            empty = np.empty((0, self.dimension), dtype=np.float32)
            object.__setattr__(self, "delta_vectors", empty)

    @staticmethod
    def empty(dimension: int) -> _State:
        no_keys = np.empty(0, dtype=np.int64)
        return _State(0, None, no_keys, np.empty(0, dtype=bool), dimension)

    def main_rows(self, positions: npt.NDArray[np.int64]) -> Vectors:
        """The main part's vectors at positions, row by row."""
        if not len(positions):
            return np.empty((0, self.dimension), dtype=np.float32)
        rows: Vectors = self.main.reconstruct_batch(positions)
        return rows

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Positions of keys in the main part and in the delta; -1 where not held."""
        main = _positions(self.main_keys, keys)
        main[main >= 0] = np.where(self.main_alive[main[main >= 0]], main[main >= 0], -1)
        return main, _positions(self.delta_keys, keys)


def _positions(held: Keys, keys: Keys) -> npt.NDArray[np.int64]:
    if not len(held):
        return np.full(len(keys), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(held, keys), len(held) - 1)
    return np.where(held[at] == keys, at, -1).astype(np.int64)


@dataclass(frozen=True)
class FaissReader:
    """A view of one state."""

    _state: _State
    _breadth: int
    _probes: float

    def __len__(self) -> int:
        return int(self._state.main_alive.sum()) + len(self._state.delta_keys)

    def keys(self) -> Keys:
        state = self._state
        return np.union1d(state.main_keys[state.main_alive], state.delta_keys)

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> Ranking:
        state = self._state
        k = min(k, len(self))
        if k <= 0:
            return Ranking.of([], [])
        if allowed is not None and len(allowed) <= max(_DELTA_LIMIT, _EXACT_SHARE * len(self)):
            return self._exact(vector, allowed, k)
        alive = state.main_alive
        delta = np.ones(len(state.delta_keys), dtype=bool)
        if allowed is not None:
            alive = alive & np.isin(state.main_keys, allowed, assume_unique=True)
            delta = np.isin(state.delta_keys, allowed, assume_unique=True)
        main_keys, main_scores = self._search_main(vector, k, alive)
        if len(main_keys) < min(k, int(alive.sum())):
            # A graph walk under a selector can end early; the filter must stay exact in meaning.
            return self._exact(vector, self.keys() if allowed is None else allowed, k)
        delta_scores = state.delta_vectors[delta] @ vector
        keys = np.concatenate([main_keys, state.delta_keys[delta]])
        return Ranking.of(keys, np.concatenate([main_scores, delta_scores])).head(k)

    def score(self, vector: Vectors, keys: Keys) -> npt.NDArray[np.float32]:
        state = self._state
        main, delta = state.find(keys)
        scores = np.full(len(keys), np.nan, dtype=np.float32)
        scores[main >= 0] = state.main_rows(main[main >= 0]) @ vector
        scores[delta >= 0] = state.delta_vectors[delta[delta >= 0]] @ vector
        return scores

    def _exact(self, vector: Vectors, keys: Keys, k: int) -> Ranking:
        scores = self.score(vector, keys)
        held = ~np.isnan(scores)
        return Ranking.of(keys[held], scores[held]).head(k)

    def _search_main(
        self, vector: Vectors, k: int, alive: npt.NDArray[np.bool_]
    ) -> tuple[Keys, npt.NDArray[np.float32]]:
        import faiss

        state = self._state
        if state.main is None or not alive.any():
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        faiss.omp_set_num_threads(1)
        selector = None
        if not alive.all():
            bits = np.packbits(alive, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(alive), faiss.swig_ptr(bits))
        if isinstance(state.main, faiss.IndexHNSW):
            breadth = max(self._breadth, 2 * k)
            parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=breadth)
        elif isinstance(state.main, faiss.IndexIVF):
            probes = max(1, round(self._probes * state.main.nlist))
            parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        else:
            parameters = faiss.SearchParameters(sel=selector)
        wanted = min(k, int(alive.sum()))
        scores, positions = state.main.search(vector[None], wanted, params=parameters)
        found = positions[0] >= 0
        return state.main_keys[positions[0][found]], scores[0][found]
