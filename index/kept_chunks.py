"""Chunks that were read lately, decoded, within a number of bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from sys import getsizeof

from ingest.contract import Chunk

_FIELDS, _BOX = 1_000, 200
"""Bytes that a chunk takes beside its texts, and for each box: names, numbers, places in tables."""


class KeptChunks:
    """By key; two halves of `max_bytes` at the most. What is new goes into the newer half; when
    that is full it becomes the older one, whose chunks go unless they were asked for since. Safe to
    use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._half_bytes = max_bytes // 2
        self._newer: dict[int, Chunk] = {}
        self._older: dict[int, Chunk] = {}
        self._newer_bytes = self._older_bytes = 0
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    @property
    def held_bytes(self) -> int:
        """What they take, by estimate."""
        return self._newer_bytes + self._older_bytes

    def of(self, keys: Iterable[int]) -> dict[int, Chunk]:
        """Those of the keys that are kept."""
        newer, older = self._newer, self._older
        found = {key: newer[key] for key in keys if key in newer}
        if older:
            again = {key: older[key] for key in keys if key in older and key not in found}
            if again:
                self.keep(again)
                found.update(again)
        return found

    def keep(self, chunks: Mapping[int, Chunk]) -> None:
        """Takes in chunks by their keys."""
        with self._guard:
            for key, chunk in chunks.items():
                size = _bytes_of(chunk)
                if key in self._newer or size > self._half_bytes:
                    continue
                if self._newer_bytes + size > self._half_bytes:
                    self._older, self._older_bytes = self._newer, self._newer_bytes
                    self._newer, self._newer_bytes = {}, 0
                self._newer[key] = chunk
                self._newer_bytes += size


def _bytes_of(chunk: Chunk) -> int:
    size = _FIELDS + getsizeof(chunk.text) + getsizeof(chunk.title) + _BOX * len(chunk.boxes)
    parent = chunk.parent
    return size if parent is None else size + getsizeof(parent.text) + _BOX * len(parent.boxes)
