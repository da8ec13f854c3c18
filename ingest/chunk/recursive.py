"""Chunks cut at the coarsest separators that make them small enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.contract import BadInput, Block, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import filled
from ingest.pieces import Unit, units
from ingest.sentences import CLOSERS, Span, can_cut, cut_at

_VERSION = 1
SEPARATORS = (
    "\n\n", "\n", "。", "！", "？", ". ", "! ", "? ", "；", "; ", "，", "：", ", ", "、", " ",
)  # fmt: skip
"""From coarse to fine, those of Chinese and English text."""


@dataclass(frozen=True)
class RecursiveChunker:
    """Blocks joined while they fit into `max_tokens` tokens (the embedder's limit, where that
    is lower), context included; a block that does not fit is cut at the first of the
    `separators` that it holds, and pieces of it that do not fit at the next ones. A separator
    stays with the text before it. Where none is left, words and then characters are parted.

    `overlap_tokens` tokens at the most, whole pieces, of the chunk before, under the same
    heading, are repeated at the start of the next. Tables are cut by rows. Raises BadInput for
    options that make no sense.
    """

    max_tokens: int = 320
    overlap_tokens: int = 0
    separators: tuple[str, ...] = SEPARATORS

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise BadInput(
                f"chunker: overlap_tokens is {self.overlap_tokens}; give 0 to half of max_tokens"
            )
        given: object = self.separators
        if isinstance(given, str) or not all(self.separators):
            raise BadInput("chunker: separators must be a list of strings that are not empty")
        object.__setattr__(self, "separators", tuple(self.separators))

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return (
            f"recursive/{_VERSION} max_tokens={self.max_tokens} "
            f"overlap_tokens={self.overlap_tokens} separators={'|'.join(self.separators)!r}"
        )

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The chunks of the document in order."""
        cutting = Cutting(document, counter, self.max_tokens)

        def room(part: Part) -> int:
            # Room is kept for what is repeated, half of a small section's at the most.
            return max(part.room - min(self.overlap_tokens, part.room // 2), 1)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            return filled(cutting, row, room(part), factor)

        groups = [
            Group(part, units)
            for part in cutting.parts(_whole, cut_text=False)
            for units in self._grouped(cutting, part.units, room(part), 0)
        ]
        if self.overlap_tokens:
            most = max((len(group.units) for group in groups), default=0)
            cutting.repeat(groups, units=most, tokens=self.overlap_tokens)
        return cutting.chunks(groups, regroup)

    def _grouped(
        self, cutting: Cutting, row: Sequence[Unit], room: int, level: int
    ) -> list[list[Unit]]:
        """The units joined while they fit; what does not fit alone makes groups of its own, cut
        at the separators from `level` on."""
        groups: list[list[Unit]] = []
        fitting: list[Unit] = []
        for unit, size in zip(row, cutting.weights(row), strict=True):
            if size <= room or unit.row is not None or unit.value is not None:
                fitting.append(unit)
                continue
            groups += filled(cutting, fitting, room)
            fitting = []
            pieces, finer = self._pieces(cutting, unit, room, level)
            groups += self._grouped(cutting, pieces, room, finer)
        return groups + filled(cutting, fitting, room)

    def _pieces(
        self, cutting: Cutting, unit: Unit, room: int, level: int
    ) -> tuple[list[Unit], int]:
        """The unit cut at the first separator from `level` on that parts it, and the level to
        go on from."""
        text = cutting.source[unit.start : unit.end]
        for index in range(level, len(self.separators)):
            spans = _at(text, self.separators[index])
            if len(spans) > 1:
                made = [replace(unit, start=unit.start + a, end=unit.start + b) for a, b in spans]
                return made, index + 1
        return cutting.cut(unit, room), len(self.separators)


def _whole(block: Block, index: int, span: Span) -> list[Unit]:
    """A block as one unit, a table as its rows."""
    found = units(block, index, span, 0)
    if found and found[0].row is not None:
        return found
    return [Unit(index, *span)]


def _at(text: str, separator: str) -> list[Span]:
    """The text cut after each separator, the closing quotes and brackets and the white space
    that follow it."""
    pattern = re.compile(re.escape(separator) + f"[{re.escape(CLOSERS)}]*+\\s*+")
    cuts = [match.end() for match in pattern.finditer(text)]
    return cut_at(text, [cut for cut in cuts if can_cut(text, cut)])
