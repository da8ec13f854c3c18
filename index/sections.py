"""The numbered sections that chunks stand in, in memory: by number, which chunks."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from index.chunk_column import ChunkColumn
from index.contract import Keys
from ingest.contract import cached_property


@dataclass(frozen=True)
class Sections:
    """Of the chunks of one generation; never changed. A chunk's path is its `sections` as the
    catalog has them."""

    paths: ChunkColumn = field(default_factory=ChunkColumn)

    @property
    def generation(self) -> int:
        return self.paths.generation

    def changed(
        self, generation: int, added: Sequence[tuple[int, str]], deleted: Sequence[int]
    ) -> Sections:
        """With more chunks, each with its path, and without others."""
        return Sections(self.paths.changed(generation, added, deleted))

    def keys_in(self, path: Sequence[Set[str]]) -> Keys:
        """The chunks, ascending, that stand in these sections, each within the one before it; of
        each, any of its names will do ("decimal:3.2"). What is below a section is in it."""
        if not path:
            return np.empty(0, dtype=np.int64)
        of_each = (set().union(*(self._by_number.get(n, ()) for n in names)) for names in path)
        candidates = set.intersection(*of_each)
        codes = [code for code in candidates if _holds(self._parsed[code], path)]
        if not codes:
            return np.empty(0, dtype=np.int64)
        chosen = np.zeros(len(self.paths.values), dtype=bool)
        chosen[codes] = True
        found: Keys = self.paths.keys[chosen[self.paths.codes]]
        return found

    @cached_property
    def _parsed(self) -> list[tuple[str, ...]]:
        return [tuple(json.loads(path)) for path in self.paths.values]

    @cached_property
    def _by_number(self) -> dict[str, set[int]]:
        """The paths that have a number, or one below it."""
        found: dict[str, set[int]] = {}
        for code, path in enumerate(self._parsed):
            for number in path:
                for above in _with_those_above(number):
                    found.setdefault(above, set()).add(code)
        return found


def _with_those_above(number: str) -> list[str]:
    """`decimal:3.2.1`, `decimal:3.2`, `decimal:3`."""
    scheme, _, written = number.partition(":")
    parts = written.split(".")
    return [f"{scheme}:{'.'.join(parts[:end])}" for end in range(len(parts), 0, -1)]


def _holds(path: Sequence[str], wanted: Sequence[Set[str]]) -> bool:
    """Whether the wanted sections stand on the path in their order."""
    place = 0
    for names in wanted:
        while place < len(path) and names.isdisjoint(_with_those_above(path[place])):
            place += 1
        if place == len(path):
            return False
        place += 1
    return True
