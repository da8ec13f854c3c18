"""Where a model's answers, and the facts made of them, are kept: with their chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index import withholding
from index.catalog import Catalog
from index.graph.contract import MODEL, ChunkFacts
from index.graph.packed_facts import pack
from index.graph.store import FactStore, Made
from ingest.contract import Chunk, Completion


@dataclass(frozen=True)
class ModelStore:
    """The chunks of a catalog with what a model has answered about them; safe to use from many
    threads. What was put is durable on return, and goes with its chunk."""

    catalog: Catalog

    def pending(self, made_by: str) -> list[int]:
        """Keys of the chunks that have no facts made by this, ascending; without those that are
        withheld, which no model is asked about."""
        withheld = {row[0] for row in self.catalog.read(withholding.KEYS)}
        pending = FactStore(self.catalog).pending(MODEL, made_by)
        return [key for key in pending if key not in withheld]

    def done(self, made_by: str) -> list[int]:
        """Keys of those that have, ascending."""
        sql = "SELECT key FROM facts WHERE source = ? AND made_by = ? ORDER BY key"
        return [row[0] for row in self.catalog.read(sql, (MODEL, made_by))]

    def chunks(self, keys: Sequence[int]) -> dict[int, Chunk]:
        """The chunks of these keys that are there still, by key."""
        return {key: stored.chunk for key, stored in sorted(self.catalog.chunks(keys).items())}

    def answer(self, key: int, prompt: bytes) -> Completion | None:
        """What was answered about a chunk; `prompt` is a hash of all that was sent."""
        return FactStore(self.catalog).answer(key, prompt)

    def put_answer(self, key: int, prompt: bytes, answer: Completion) -> None:
        """Keeps an answer."""
        FactStore(self.catalog).put_answer(key, prompt, answer)

    def put_facts(self, key: int, made_by: str, facts: ChunkFacts) -> None:
        """Stores the facts of a chunk in place of those that a model found before."""
        FactStore(self.catalog).put(MODEL, {key: Made(made_by, pack(facts))})
