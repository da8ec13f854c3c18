"""Chunks of a few sentences, read with the sentences around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import BadInput, Block, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import filled
from ingest.pieces import Unit, units
from ingest.sentences import Span

_VERSION = 1


@dataclass(frozen=True)
class SentenceChunker:
    """`sentences` sentences to a chunk, which is read (see Chunk.parent) with `window` more on
    each side, under the same heading. A row of a table, and a stretch of code between blank
    lines, count as a sentence.

    `overlap_sentences` sentences of the chunk before are repeated at the start of the next. A
    chunk has at most `max_tokens` tokens (the embedder's limit, where that is lower), context
    included. Raises BadInput for options that make no sense.
    """

    sentences: int = 1
    window: int = 3
    overlap_sentences: int = 0
    max_tokens: int = 320

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if self.sentences < 1 or self.window < 0:
            raise BadInput("chunker: give 1 or more for sentences, 0 or more for window")
        if not 0 <= self.overlap_sentences < self.sentences:
            raise BadInput(
                f"chunker: overlap_sentences is {self.overlap_sentences}; give less than the "
                f"{self.sentences} sentences of a chunk"
            )

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return (
            f"sentence/{_VERSION} sentences={self.sentences} window={self.window} "
            f"overlap_sentences={self.overlap_sentences} max_tokens={self.max_tokens}"
        )

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The chunks of the document in order."""
        cutting = Cutting(document, counter, self.max_tokens)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            return filled(cutting, row, part.room, factor)

        groups: list[Group] = []
        step = self.sentences - self.overlap_sentences
        for part in cutting.parts(_sentences):
            start = 0
            for end in range(step, len(part.units) + step, step):
                window = part.units[max(start - self.window, 0) : end + self.window]
                parent = cutting.parent(part, window) if self.window else None
                rows = regroup(part, part.units[start:end], 1.0)
                groups += [Group(part, row, parent=parent) for row in rows]
                start = end
        if self.overlap_sentences:
            cutting.repeat(groups, units=self.overlap_sentences, tokens=cutting.room)
        return cutting.chunks(groups, regroup)


def _sentences(block: Block, index: int, span: Span) -> list[Unit]:
    return units(block, index, span, 0)
