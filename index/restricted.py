"""A snapshot that cannot show what its reader may not see.

It stands in for a whole one wherever one is read, and each of its parts is narrowed by itself: what
is hidden is not searched and then left out, it is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from index.access import Sight, shown_keys
from index.chunk_column import Codes
from index.contract import DenseReader, Keys, Ranking, StoredChunk, Vectors
from index.filters import compile_filter
from index.graph.contract import Graph
from index.seen import Seen
from index.snapshot import Snapshot
from index.token_codes import TokenRows
from ingest.contract import Chunk, Json, cached_property

_NO_CHUNK = -1
"""Stands for the key of a chunk that is hidden: no chunk has it."""


@dataclass(frozen=True)
class SeenDense:
    """A DenseReader of the chunks that are seen."""

    whole: DenseReader
    sight: Sight

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return len(self.keys())

    def keys(self) -> Keys:
        return self.sight.of(self.whole.keys())

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> Ranking:
        among = self.sight.keys if allowed is None else self.sight.of(allowed)
        return self.whole.search(vector, k, among)

    def score(self, vector: Vectors, keys: Keys) -> npt.NDArray[np.float32]:
        seen = self.sight.sees_each(keys)
        if seen.all():
            return self.whole.score(vector, keys)
        return self.whole.score(vector, np.where(seen, keys, _NO_CHUNK))


@dataclass(frozen=True)
class RestrictedSnapshot(Snapshot):
    """What readers with some access tags, or who look at what is trusted alone, see of a
    snapshot."""

    origin: Snapshot = field(kw_only=True)
    sight: Sight = field(kw_only=True)
    seen: Seen = field(kw_only=True)

    @classmethod
    def of(cls, whole: Snapshot, sight: Sight, seen: Seen) -> RestrictedSnapshot:
        """That of a whole snapshot."""
        own = {one.name: getattr(whole, one.name) for one in fields(whole)} | {
            "sparse": whole.sparse.among(sight.keys),
            "dense": SeenDense(whole.dense, sight),
            "scripts": whole.scripts.among(sight.keys),
        }
        return cls(**own, origin=whole, sight=sight, seen=seen)

    def is_of(self, whole: Snapshot) -> bool:
        """Whether it was made of this snapshot."""
        return self.origin is whole

    @property
    def visible(self) -> Keys | None:
        return self.sight.keys

    def graph(self) -> Graph | None:
        return None if self.parts.extractor is None else self._graphs.ready(self.sight.of_graph)

    def allowed(self, expression: Mapping[str, Json]) -> Keys:
        return self.sight.matching(self._catalog, compile_filter(expression))

    def chunks(self, keys: Sequence[int]) -> dict[int, StoredChunk]:
        found = self._catalog.chunks(shown_keys(self.sight, keys))
        return {key: self.sight.chunk(stored) for key, stored in found.items()}

    def in_sections(self, path: Sequence[Set[str]]) -> Keys:
        return self.sight.of(super().in_sections(path))

    def documents_of(self, keys: Keys) -> tuple[Keys, Codes]:
        return super().documents_of(self.sight.of(keys))

    def documents_called(self, name: str) -> tuple[str, ...]:
        return self.seen.titles(self.sight, self.parts.analyzer.normal).called(name)

    @property
    def media_types(self) -> Mapping[str, int]:
        return self.seen.titles(self.sight, self.parts.analyzer.normal).media_types

    def words_like(self, word: str, edits: int) -> list[tuple[str, int, int]]:
        return self.seen.vocabulary(self.sight).like(word, edits)

    def around(self, chunks: Sequence[Chunk], reach: int) -> list[Chunk]:
        hidden = self.sight.hidden
        seen = [chunk for chunk in chunks if chunk.document_id not in hidden]
        return super().around(seen, reach)

    def vectors(self, keys: Keys) -> tuple[Keys, Vectors]:
        return super().vectors(self.sight.of(keys))

    def tokens(self, keys: Keys) -> TokenRows:
        return super().tokens(np.where(self.sight.sees_each(keys), keys, _NO_CHUNK))
