"""Chunks that end where the subject changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ingest.contract import BadInput, BlockKind, Chunk, Document, TokenCounter
from ingest.cutting import LEAST_TOKENS, Cutting, Group, Part
from ingest.grouping import Packing
from ingest.pieces import Unit

if TYPE_CHECKING:
    import numpy.typing as npt

    Embed: TypeAlias = Callable[[Sequence[str]], npt.NDArray[np.floating[Any]]]
    """Unit vectors of texts, one a row."""

_VERSION = 1
_BREAK, _WITHIN = -2.0, 1.0  # what parting costs at a breakpoint, and where nothing changes


@dataclass(frozen=True)
class SemanticChunker:
    """Breaks between two sentences under one heading where the cosine distance of the `buffer`
    sentences before to those after is over the `percentile` of the document's distances, or
    over `threshold` where that is given; and elsewhere only where `max_tokens` tokens (the
    embedder's limit, where that is lower), context included, ask for it, as near to a change of
    subject as can be. Stretches under `min_tokens` are joined to a neighbour.

    `embed` gives unit vectors of texts; `embedder` names it in the fingerprint. Breakpoints
    after G. Kamradt, "5 Levels of Text Splitting" (2023). Raises BadInput for options that make
    no sense.
    """

    embed: Embed
    embedder: str = ""
    percentile: float = 90.0
    threshold: float | None = None
    buffer: int = 2
    max_tokens: int = 320
    min_tokens: int = 48

    def __post_init__(self) -> None:
        if self.max_tokens < LEAST_TOKENS:
            raise BadInput(f"chunker: max_tokens is {self.max_tokens}; give {LEAST_TOKENS} or more")
        if not 0 <= self.min_tokens <= self.max_tokens:
            raise BadInput(f"chunker: min_tokens is {self.min_tokens}; give 0 to max_tokens")
        if not 0 < self.percentile <= 100:
            raise BadInput(f"chunker: percentile is {self.percentile}; give over 0 to 100")
        if self.threshold is not None and not 0 < self.threshold <= 2:
            raise BadInput(f"chunker: threshold is {self.threshold}; give over 0 to 2")
        if self.buffer < 1:
            raise BadInput(f"chunker: buffer is {self.buffer}; give 1 or more")

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""
        return (
            f"semantic/{_VERSION} percentile={self.percentile} threshold={self.threshold} "
            f"buffer={self.buffer} max_tokens={self.max_tokens} min_tokens={self.min_tokens} "
            f"embedder={self.embedder}"
        )

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        """The chunks of the document in order."""
        cutting = Cutting(document, counter, self.max_tokens)
        parts = cutting.parts()
        distances = self._distances(cutting, parts)
        limit = self.threshold
        if limit is None:
            limit = float(np.percentile(list(distances.values()), self.percentile, method="lower"))
        packing = Packing(cutting, self.min_tokens, _Changes(distances, max(limit, 1e-6)).cost)

        def regroup(part: Part, row: Sequence[Unit], factor: float) -> list[list[Unit]]:
            return packing.groups(part, row, part.room, factor)

        groups = [Group(part, units) for part in parts for units in regroup(part, part.units, 1.0)]
        return cutting.chunks(groups, regroup)

    def _distances(self, cutting: Cutting, parts: Sequence[Part]) -> dict[tuple[int, int], float]:
        """The distance over each place where two units of running text meet, by the place; one
        of 0 where there is none."""
        found: dict[tuple[int, int], tuple[str, str]] = {}
        for part in parts:
            row = part.units
            texts = [unit.text(cutting.source) for unit in row]
            for n, (one, two) in enumerate(pairwise(row)):
                if _is_text(cutting, one) and _is_text(cutting, two):
                    first = max(n + 1 - self.buffer, 0)
                    before = "\n".join(texts[first : n + 1])
                    found[_place(one, two)] = (
                        before,
                        "\n".join(texts[n + 1 : n + 1 + self.buffer]),
                    )
        wanted = list(dict.fromkeys(text for pair in found.values() for text in pair))
        if not wanted:
            return {(-1, -1): 0.0}
        rows = {text: n for n, text in enumerate(wanted)}
        vectors = np.asarray(self.embed(wanted), dtype=np.float32)
        return {
            place: float(1.0 - vectors[rows[one]] @ vectors[rows[two]])
            for place, (one, two) in found.items()
        }


@dataclass(frozen=True)
class _Changes:
    """What a change of subject makes of the cost to part two units."""

    distances: dict[tuple[int, int], float]
    limit: float

    def cost(self, before: Unit, unit: Unit) -> float:
        """Cheap at a breakpoint; elsewhere the dearer the closer the two are in meaning."""
        distance = self.distances.get(_place(before, unit))
        if distance is None:
            return 0.0
        return _BREAK if distance > self.limit else _WITHIN * (1 - distance / self.limit)


def _place(before: Unit, unit: Unit) -> tuple[int, int]:
    return before.start, unit.start


def _is_text(cutting: Cutting, unit: Unit) -> bool:
    return cutting.document.blocks[unit.block].kind not in (BlockKind.TABLE, BlockKind.CODE)
