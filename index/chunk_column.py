"""One text of each chunk, in memory: of many chunks that have the same, it is held once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.contract import Keys

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class ChunkColumn:
    """Of the chunks of one generation; never changed. `keys` ascend; `codes` say which of the
    `values` each chunk has."""

    generation: int = -1
    keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    codes: Codes = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    values: Sequence[str] = ()

    def changed(
        self, generation: int, added: Sequence[tuple[int, str]], deleted: Sequence[int]
    ) -> ChunkColumn:
        """With more chunks, each with its value, and without others."""
        places = {value: code for code, value in enumerate(self.values)}
        codes = [places.setdefault(value, len(places)) for _, value in added]
        keys = np.array([key for key, _ in added], dtype=np.int64)
        gone = np.union1d(np.asarray(deleted, dtype=np.int64), keys)
        keep = ~np.isin(self.keys, gone, assume_unique=True)
        keys = np.concatenate([self.keys[keep], keys])
        order = np.argsort(keys, kind="stable")
        codes_now = np.concatenate([self.codes[keep], np.array(codes, dtype=np.int32)])
        return ChunkColumn(generation, keys[order], codes_now[order], list(places))

    def of(self, keys: Keys) -> tuple[Keys, Codes]:
        """Those of the keys (ascending) that are held, and which of the values each has."""
        places = np.searchsorted(self.keys, keys)
        places = np.minimum(places, max(len(self.keys) - 1, 0))
        held = self.keys[places] == keys if len(self.keys) else np.zeros(len(keys), dtype=bool)
        return keys[held], self.codes[places[held]] if len(self.keys) else self.codes
