"""Small chunks to find, the large passage around them to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import BadInput, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import Packing
from ingest.pieces import Unit

_VERSION = 1
_SMALL = 4  # a child or parent under this part of its size is joined to a neighbour


@dataclass(frozen=True)
class ParentChildChunker:
    """Cuts each section into parents of about `parent_tokens` tokens and each parent into
    children of about `child_tokens`, both along the structure. The children are the chunks;
    each has its parent (see Chunk.parent).

    A sentence or row longer than a child stays whole where it fits into `max_tokens` tokens
    (the embedder's limit, where that is lower), which bound a child with its context. Raises
    BadInput for options that make no sense.
    """

    child_tokens: int = 96
    parent_tokens: int = 640
    max_tokens: int = 320

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if not 1 <= self.child_tokens <= min(self.max_tokens, self.parent_tokens):
            raise BadInput(
                f"chunker: child_tokens is {self.child_tokens}; give 1 to parent_tokens, and not "
                "over max_tokens"
            )

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return (
            f"parent_child/{_VERSION} child_tokens={self.child_tokens} "
            f"parent_tokens={self.parent_tokens} max_tokens={self.max_tokens}"
        )

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The children in order."""
        cutting = Cutting(document, counter, self.max_tokens)
        large = Packing(cutting, self.parent_tokens // _SMALL)
        small = Packing(cutting, self.child_tokens // _SMALL)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            return small.groups(part, row, min(self.child_tokens, part.room), factor)

        groups: list[Group] = []
        for part in cutting.parts():
            for row in large.groups(part, part.units, self.parent_tokens):
                parent = cutting.parent(part, row)
                groups += [Group(part, units, parent=parent) for units in regroup(part, row, 1.0)]
        return cutting.chunks(groups, regroup)
