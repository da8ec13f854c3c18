"""Chunks of so many tokens, wherever that falls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ingest.contract import BadInput, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import filled
from ingest.pieces import FRAGMENT, Unit
from ingest.sentences import HAN, can_cut, cut_at

_VERSION = 1
_WORD_END = re.compile(rf"\s+(?=\S)|[{HAN}](?=\S)|\S(?=[{HAN}])")
_SLACK = 3  # tokens that a window may be more than the sum of its words


@dataclass(frozen=True)
class FixedChunker:
    """Windows as full of words as `max_tokens` tokens (the embedder's limit, where that is
    lower) allow, context included. `overlap_tokens` tokens of the window before, under the same
    heading, are repeated at the start of the next.

    Sentences are cut; words, numbers and rows of tables are not where they fit. A window ends
    with its section. Raises BadInput for options that make no sense.
    """

    max_tokens: int = 320
    overlap_tokens: int = 0

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise BadInput(
                f"chunker: overlap_tokens is {self.overlap_tokens}; give 0 to half of max_tokens"
            )

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return f"fixed/{_VERSION} max_tokens={self.max_tokens} overlap_tokens={self.overlap_tokens}"

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The chunks of the document in order."""
        cutting = Cutting(document, counter, self.max_tokens)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            # Room is kept for what is repeated, half of a small section's at the most.
            kept = min(self.overlap_tokens, part.room // 2)
            return filled(cutting, row, max(part.room - kept - _SLACK, 1), factor)

        groups = [
            Group(part, units)
            for part in cutting.parts()
            for units in regroup(part, _words(cutting, part.units), 1.0)
        ]
        if self.overlap_tokens:
            most = max((len(group.units) for group in groups), default=0)
            cutting.repeat(groups, units=most, tokens=self.overlap_tokens)
        return cutting.chunks(groups, regroup)


def _words(cutting: Cutting, row: Sequence[Unit]) -> list[Unit]:
    """The units cut into words, each with its share of the unit's tokens: a tokenizer counts
    them so only together."""
    out: list[Unit] = []
    for unit, weight in zip(row, cutting.weights(row), strict=True):
        if unit.row is not None or unit.value is not None:
            out.append(unit)
            continue
        text = cutting.source[unit.start : unit.end]
        cuts = [match.end() for match in _WORD_END.finditer(text)]
        spans = cut_at(text, [cut for cut in cuts if can_cut(text, cut)])
        out += [
            replace(
                unit,
                start=unit.start + a,
                end=unit.start + b,
                parting=FRAGMENT if n else unit.parting,
                size=weight * (b - a) / len(text),
            )
            for n, (a, b) in enumerate(spans)
        ]
    return out
