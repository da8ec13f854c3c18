"""The script of every chunk, in memory: searches ask for it of each candidate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.contract import HAN, LATIN, Keys
from ingest.contract import cached_property

_CODES = {"": 0, HAN: 1, LATIN: 2}


@dataclass(frozen=True)
class Scripts:
    """Of the chunks of one generation, by key; never changed."""

    generation: int = -1
    _keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _codes: npt.NDArray[np.uint8] = field(default_factory=lambda: np.empty(0, dtype=np.uint8))

    def changed(
        self, generation: int, added: Sequence[tuple[int, str]], deleted: Sequence[int]
    ) -> Scripts:
        """With more chunks, each with its script, ascending, and without others."""
        keys = np.array([key for key, _ in added], dtype=np.int64)
        codes = np.array([_CODES[script] for _, script in added], dtype=np.uint8)
        gone = np.union1d(np.asarray(deleted, dtype=np.int64), keys)
        keep = ~np.isin(self._keys, gone, assume_unique=True)
        keys = np.concatenate([self._keys[keep], keys])
        order = np.argsort(keys, kind="stable")
        codes = np.concatenate([self._codes[keep], codes])
        return Scripts(generation, keys[order], codes[order])

    def among(self, keys: Keys) -> Scripts:
        """Of those chunks alone."""
        keep = np.isin(self._keys, keys, assume_unique=True)
        return Scripts(self.generation, self._keys[keep], self._codes[keep])

    def foreign(self, script: str, keys: Keys) -> npt.NDArray[np.bool_]:
        """True for each key whose chunk is in another script than the one given; where either
        is not known, or the chunk is gone, it is not."""
        if not len(self.all_foreign(script)):
            return np.zeros(len(keys), dtype=bool)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        codes = np.where(self._keys[at] == keys, self._codes[at], 0)
        foreign: npt.NDArray[np.bool_] = (codes != 0) & (codes != _CODES[script])
        return foreign

    def all_foreign(self, script: str) -> Keys:
        """The keys of all those, ascending; the same array each time."""
        return self._han if script == LATIN else self._latin if script == HAN else _NONE

    @cached_property
    def _han(self) -> Keys:
        found: Keys = self._keys[self._codes == _CODES[HAN]]
        return found

    @cached_property
    def _latin(self) -> Keys:
        found: Keys = self._keys[self._codes == _CODES[LATIN]]
        return found


_NONE = np.empty(0, dtype=np.int64)
