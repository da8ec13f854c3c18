"""What a search by FAISS reads at one time: the main part, what is alive of it, and the delta."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from index.by_filter import ByFilter
from index.contract import DenseChanges, Keys, Ranking, Vectors
from index.faiss_main import Main, Selection, positions, products
from index.faiss_make import Make
from index.faiss_reach import Positions, Scores
from ingest.contract import cached_property

_FEW = 1_000
"""So many vectors are looked at one by one without a thought: a tenth of a millisecond."""
_DELTA_MOST = 10_000
_GROWTH = 4
"""What was trained on vectors is trained anew when there are so many times as many."""


@dataclass(frozen=True)
class State:
    """One generation; never changed. `alive` is over the positions of the main part. The
    delta's keys ascend, and none of them is alive in the main part."""

    generation: int
    main: Main | None
    alive: npt.NDArray[np.bool_]
    delta_keys: Keys
    delta_vectors: Vectors
    _filters: ByFilter[Selection] = field(
        default_factory=ByFilter, init=False, repr=False, compare=False
    )

    @staticmethod
    def empty(dimension: int) -> State:
        """Without a vector."""
        nothing = np.empty((0, dimension), dtype=np.float32)
        keys = np.empty(0, dtype=np.int64)
        return State(0, None, np.empty(0, dtype=bool), keys, nothing)

    @staticmethod
    def of(main: Main, generation: int) -> State:
        """A main part as it was written."""
        nothing = State.empty(main.rows.shape[1])
        return replace(nothing, generation=generation, main=main, alive=main.alive)

    @property
    def folder_name(self) -> str:
        """Of the main part; empty where there is none."""
        return "" if self.main is None else self.main.folder.name

    def __len__(self) -> int:
        return self.alive_count + len(self.delta_keys)

    @cached_property
    def alive_count(self) -> int:
        """How many are alive in the main part."""
        return int(self.alive.sum())

    @cached_property
    def everything(self) -> Selection:
        """What is alive of the main part, where there is one."""
        assert self.main is not None
        return self.main.select(self.alive)

    def keys(self) -> Keys:
        """Those held, ascending."""
        if self.main is None:
            return self.delta_keys
        return np.union1d(self.main.keys[self.alive], self.delta_keys)

    def find(self, keys: Keys) -> tuple[Positions, Positions]:
        """Where keys are in the main part and in the delta; -1 where they are not."""
        if self.main is None:
            at = np.full(len(keys), -1, dtype=np.int64)
        else:
            at = self.main.positions(keys)
            if self.alive_count < len(self.alive):
                at[at >= 0] = np.where(self.alive[at[at >= 0]], at[at >= 0], -1)
        return at, positions(self.delta_keys, keys)

    def vectors(self, keys: Keys) -> Vectors:
        """The exact vectors of keys that are held, row by row."""
        at, beside = self.find(keys)
        found = np.empty((len(keys), self.delta_vectors.shape[1]), dtype=np.float32)
        if self.main is not None:
            found[at >= 0] = self.main.rows[at[at >= 0]]
        found[beside >= 0] = self.delta_vectors[beside[beside >= 0]]
        return found

    def changed(self, changes: DenseChanges) -> State:
        """The state after changes. A key that is there with the same vector stays as it is."""
        deleted = np.asarray(changes.deleted, dtype=np.int64)
        at, beside = self.find(changes.keys)
        fresh = np.maximum(at, beside) < 0
        held = np.flatnonzero(~fresh)
        if len(held):
            same = (self.vectors(changes.keys[held]) == changes.vectors[held]).all(axis=1)
            fresh[held[~same]] = True
        fresh |= np.isin(changes.keys, deleted)
        gone = np.union1d(deleted, changes.keys[fresh])
        alive = self.alive
        in_main, _ = self.find(gone)
        if (in_main >= 0).any():
            alive = alive.copy()
            alive[in_main[in_main >= 0]] = False
        keep = positions(gone, self.delta_keys) < 0
        keys = np.concatenate([self.delta_keys[keep], changes.keys[fresh]])
        vectors = np.concatenate([self.delta_vectors[keep], changes.vectors[fresh]])
        if (np.diff(keys) < 0).any():
            order = np.argsort(keys)
            keys, vectors = keys[order], vectors[order]
        return State(changes.generation, self.main, alive, keys, vectors)

    def over(self, main: Main) -> State:
        """The same over a main part that was built out of an earlier state."""
        alive = main.alive & np.isin(main.keys, self.keys(), assume_unique=True)
        bare = replace(State.of(main, self.generation), alive=alive)
        return bare.changed(DenseChanges(self.generation, self.delta_keys, self.delta_vectors))

    def is_crowded(self, patience: int) -> bool:
        """Whether the delta has grown so much, or so much is deleted, that a new main part
        pays."""
        size = len(self.alive)
        most = patience * max(_FEW, min(size // 4, _DELTA_MOST))
        dead = size - self.alive_count
        return len(self.delta_keys) > most or dead > patience * max(_FEW, size // 4)

    def can_grow(self, make: Make) -> bool:
        """Whether the main part is made that way, and may take in the delta after its own
        vectors."""
        main = self.main
        if main is None or main.make != make or not self.alive_count:
            return False
        is_trained = make.codes != "fp32" or make.has_lists
        return (
            2 * self.alive_count >= len(main.keys)
            and (not len(self.delta_keys) or self.delta_keys[0] > main.keys[-1])
            and not (is_trained and len(self) > _GROWTH * main.built)
        )

    def selection(self, allowed: Keys) -> Selection:
        """What a filter leaves of the main part."""
        return self._filters.get(allowed, self._selected)

    def _selected(self, allowed: Keys) -> Selection:
        assert self.main is not None
        at = self.main.positions(allowed)
        mask = np.zeros(len(self.alive), dtype=bool)
        mask[at[at >= 0]] = True
        return self.main.select(mask & self.alive)


@dataclass(frozen=True)
class FaissReader:
    """A view of one state."""

    state: State

    def __len__(self) -> int:
        return len(self.state)

    def keys(self) -> Keys:
        return self.state.keys()

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> Ranking:
        state = self.state
        k = min(k, len(state))
        if k <= 0:
            return Ranking.of([], [])
        keys, scores = self._in_main(vector, k, allowed)
        if not len(state.delta_keys):
            return _best(keys, scores, k)
        beside = products(vector, state.delta_vectors)
        delta_keys = state.delta_keys
        if allowed is not None:
            inside = positions(allowed, delta_keys) >= 0
            delta_keys, beside = delta_keys[inside], beside[inside]
        return _best(np.concatenate([keys, delta_keys]), np.concatenate([scores, beside]), k)

    def score(self, vector: Vectors, keys: Keys) -> Scores:
        state = self.state
        at, beside = state.find(keys)
        if state.main is not None and not len(state.delta_keys) and (at >= 0).all():
            return state.main.products(vector, at)
        scores = np.full(len(keys), np.nan, dtype=np.float32)
        if state.main is not None:
            scores[at >= 0] = state.main.products(vector, at[at >= 0])
        scores[beside >= 0] = state.delta_vectors[beside[beside >= 0]] @ vector
        return scores

    def _in_main(self, vector: Vectors, k: int, allowed: Keys | None) -> tuple[Keys, Scores]:
        """The best of the main part, with their exact scores, in no order. Few are looked at
        one by one; so is everything that is allowed where a walk under the filter finds less
        than there is: it can end early."""
        state, main = self.state, self.state.main
        if main is None or not state.alive_count:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        chosen = state.everything if allowed is None else state.selection(allowed)
        k = min(k, chosen.count)
        if k and (chosen.count == len(main.keys) or chosen.count > _FEW):
            found = main.search(vector, k, chosen)
            if found is not None and len(found[0]) >= k:
                return main.keys[found[0]], found[1]
        at = chosen.positions
        return main.keys[at], main.products(vector, at)


def _best(keys: Keys, scores: Scores, k: int) -> Ranking:
    """The first k of the ranking of all."""
    if len(keys) > 2 * k:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = scores >= least
        keys, scores = keys[kept], scores[kept]
    return Ranking.of(keys, scores).head(k)
