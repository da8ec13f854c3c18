"""The chunks that a graph speaks of, read as they are needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from index.contract import StoredChunk
from ingest.contract import Chunk

Chunks: TypeAlias = Callable[[Sequence[int]], Mapping[int, StoredChunk]]
"""The chunks of keys; those that are no longer there are missing."""

_KEPT = 4_096


class ChunkReader:
    """Reads chunks by their keys, and keeps those it read last."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._kept: OrderedDict[int, Chunk | None] = OrderedDict()

    def read(self, keys: Iterable[int]) -> dict[int, Chunk]:
        """Those of the keys that are still there."""
        wanted = sorted(set(keys))
        missing = [key for key in wanted if key not in self._kept]
        if missing:
            found = self._chunks(missing)
            for key in missing:
                self._kept[key] = found[key].chunk if key in found else None
        read = {}
        for key in wanted:
            self._kept.move_to_end(key)
            chunk = self._kept[key]
            if chunk is not None:
                read[key] = chunk
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return read
