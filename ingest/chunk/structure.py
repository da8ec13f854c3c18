"""Chunks that follow a document's structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import BadInput, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import Packing
from ingest.pieces import Unit

_VERSION = 2


@dataclass(frozen=True)
class StructureChunker:
    """Packs the blocks under each heading into chunks of at most `max_tokens` tokens (the
    embedder's limit, where that is lower), context included.

    Neighbours under one heading are joined where a chunk would be under `min_tokens`.
    `overlap_sentences` sentences of the chunk before, under the same heading, are repeated at
    the start of the next where they fit. Raises BadInput for options that make no sense, and
    where the budget leaves no room for text.
    """

    max_tokens: int = 320
    min_tokens: int = 48
    overlap_sentences: int = 0

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if not 0 <= self.min_tokens <= self.max_tokens:
            raise BadInput(f"chunker: min_tokens is {self.min_tokens}; give 0 to max_tokens")
        if self.overlap_sentences < 0:
            raise BadInput("chunker: overlap_sentences is negative; give 0 or more")

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return (
            f"structure/{_VERSION} max_tokens={self.max_tokens} min_tokens={self.min_tokens} "
            f"overlap_sentences={self.overlap_sentences}"
        )

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The chunks of the document in order."""
        cutting = Cutting(document, counter, self.max_tokens)
        packing = Packing(cutting, self.min_tokens)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            # Room is kept for what is repeated.
            room = max(part.room * 4 // 5, 1) if self.overlap_sentences else part.room
            return packing.groups(part, row, room, factor)

        groups = [
            Group(part, units)
            for part in cutting.parts()
            for units in regroup(part, part.units, 1.0)
        ]
        if self.overlap_sentences:
            cutting.repeat(groups, units=self.overlap_sentences, tokens=cutting.room)
        return cutting.chunks(groups, regroup)
