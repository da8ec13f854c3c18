"""A document while it is cut: what every chunker does alike.

Counting tokens, the sections with their context, cutting what is too big alone, mending groups
that turn out over the budget, and making chunks with ids and places. Which units make a chunk
is the chunker's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeAlias

from ingest.contract import (
    BadInput,
    Block,
    BlockKind,
    Box,
    Chunk,
    Document,
    Parent,
    TokenCounter,
    chunk_id,
    context_line,
    join_context,
)
from ingest.outline import Context, fit_context, sections
from ingest.pieces import Unit, finer, render, units
from ingest.section_numbers import section_path
from ingest.sentences import Span

LEAST_TOKENS = 8
_CHARS_PER_TOKEN = 64  # more characters than this for each token of the budget are never counted
_BATCH = 4096


@dataclass(slots=True)
class Part:
    """A section while it is cut: its context, the numbers of its headings, the tokens left for
    text, and its units in order."""

    context: Context
    section: tuple[str, ...]
    room: int
    units: list[Unit]


@dataclass(slots=True)
class Group:
    """Units that become a chunk; `repeated` ones come from the chunk before. `said` is what the
    chunk says in place of the units' own text, `parent` what is read in its place."""

    part: Part
    units: list[Unit]
    repeated: list[Unit] = field(default_factory=list)
    said: str = ""
    parent: Parent | None = None
    text: str = ""


Regroup: TypeAlias = Callable[[Part, Sequence[Unit], float], list[list[Unit]]]
"""How a chunker groups units of a section, their sizes taken so many times as large."""

UnitsOf: TypeAlias = Callable[[Block, int, Span], list[Unit]]
"""The units of a block, given its index and its span in the document's text."""


class Cutting:
    """One document being cut into chunks of at most `max_tokens` tokens, or what the embedder
    reads, where that is less. Raises BadInput where the budget leaves no room for text."""

    def __init__(self, document: Document, counter: TokenCounter, max_tokens: int) -> None:
        self.document = document
        self.counter = counter
        self.source = document.text
        self.limit = min(max_tokens, counter.max_tokens)
        self.overhead = counter.count([""])[0]
        self._known: dict[str, int] = {}
        if self.room < LEAST_TOKENS // 2:
            raise BadInput(
                f"chunker: a budget of {self.limit} tokens leaves no room for text beside the "
                f"{self.overhead} that every passage costs; raise max_tokens"
            )

    @property
    def room(self) -> int:
        """The tokens of a chunk, its context among them."""
        return self.limit - self.overhead

    # --- counting ----------------------------------------------------------------------------

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without the overhead. A text far too long is not counted but
        given a size over every budget."""
        most = self.limit * _CHARS_PER_TOKEN
        new = sorted({t for t in texts if t not in self._known and len(t) <= most})
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            counts = self.counter.count(batch)
            for text, count in zip(batch, counts, strict=True):
                self._known[text] = max(count - self.overhead, 0)
        return [self._known.get(text, most) for text in texts]

    def weights(self, row: Sequence[Unit]) -> list[float]:
        """Tokens of each unit: as it says itself, else counted."""
        asked = [unit for unit in row if unit.size is None]
        counted = iter(self.sizes([unit.text(self.source) for unit in asked]))
        return [next(counted) if unit.size is None else unit.size for unit in row]

    def leads(self, row: Sequence[Unit]) -> list[int]:
        """Tokens of what stands above each unit where a chunk begins with it."""
        sizes = self.sizes([unit.lead for unit in row])
        return [size if (unit.row or 0) > 0 else 0 for unit, size in zip(row, sizes, strict=True)]

    # --- sections and their units ------------------------------------------------------------

    def parts(self, units_of: UnitsOf | None = None, *, cut_text: bool = True) -> list[Part]:
        """The sections with their units: sentences, the very short ones joined, where it is not
        said otherwise. None is too big for a chunk, but for running text that is not `cut_text`.
        """
        document = self.document
        spans = document.block_spans()
        grain = max(self.room // 20, 1)
        fitted: dict[tuple[str, ...], Context] = {}
        parts: list[Part] = []
        for section in sections(document.blocks, document.title):
            if section.path not in fitted:
                fitted[section.path] = fit_context(
                    document.title, section.path, self.room // 4, self.sizes
                )
            context = fitted[section.path]
            found = [
                unit
                for index in section.blocks
                for unit in (
                    units(document.blocks[index], index, spans[index], grain)
                    if units_of is None
                    else units_of(document.blocks[index], index, spans[index])
                )
            ]
            numbers = section_path(section.headings)
            parts.append(Part(context, numbers, self.room - context.size, found))
        self._refine(parts, cut_text)
        return parts

    def _refine(self, parts: Sequence[Part], cut_text: bool) -> None:
        """Cut what is too big alone, round by round, so that each round is counted at once."""
        pending = list(parts)
        while pending:
            self.sizes([text for part in pending for u in part.units for text in self._texts(u)])
            changed: list[Part] = []
            for part in pending:
                big = [
                    too_big and (cut_text or unit.row is not None or unit.value is not None)
                    for unit, too_big in zip(part.units, self._too_big(part), strict=True)
                ]
                if not any(big):
                    continue
                part.units = [
                    piece
                    for unit, too_big in zip(part.units, big, strict=True)
                    for piece in (self.cut(unit, part.room) if too_big else (unit,))
                ]
                changed.append(part)
            pending = changed

    def _texts(self, unit: Unit) -> list[str]:
        return [unit.text(self.source), *([unit.lead] if unit.row is not None else ())]

    def _too_big(self, part: Part) -> list[bool]:
        """For each unit whether it has to be cut. Rows are, where they do not fit under their
        header, or where a header fills half of the room and the table is not whole.
        """
        sizes = self.weights(part.units)
        leads = self.sizes([unit.lead for unit in part.units])
        tables: Counter[int] = Counter()
        for unit, size in zip(part.units, sizes, strict=True):
            if unit.row is not None:
                tables[unit.block] += int(size)
        big: list[bool] = []
        for unit, size, lead in zip(part.units, sizes, leads, strict=True):
            over = size > part.room
            if unit.row is not None and tables[unit.block] > part.room:
                repeated = lead if unit.row > 0 else 0
                over = over or size + repeated > part.room or lead > part.room // 2
            big.append(over)
        return big

    def cut(self, unit: Unit, room: int) -> list[Unit]:
        """The unit cut at the next finer kind of place. Raises BadInput where nothing is left to
        cut."""
        block = self.document.blocks[unit.block]
        cut = finer(unit, block, self.source, max(room // 4, 1))
        if not cut:
            raise BadInput(
                f"chunker: the budget of {self.limit} tokens is too small for "
                f"{unit.text(self.source)[:20]!r} in {self.document.id}; raise max_tokens"
            )
        return cut

    def fit(self, part: Part, texts: Sequence[str]) -> list[bool]:
        """For each text whether it is within the limit as a chunk of the section."""
        counts = self.counter.count([_seen(part, text) for text in texts]) if texts else []
        return [count <= self.limit for count in counts]

    # --- groups to chunks --------------------------------------------------------------------

    def repeat(self, groups: Sequence[Group], *, units: int, tokens: float) -> None:
        """Give each group the last units of the one before it under the same heading, so many
        units and tokens at the most, as far as there is room."""
        for before, group in pairwise(groups):
            if before.part is not group.part or group.units[0].row is not None:
                continue
            left = min(tokens, group.part.room - sum(self.weights(group.units)))
            for unit in reversed(before.units[-units:]):
                left -= self.weights([unit])[0]
                if left < 0 or unit.row is not None or unit.value is not None:
                    break
                group.repeated.insert(0, unit)

    def chunks(self, groups: Sequence[Group], regroup: Regroup) -> list[Chunk]:
        """The chunks that the groups make. Those over the limit are cut further."""
        return self._built(self._verified(groups, regroup))

    def parent(self, part: Part, row: Sequence[Unit]) -> Parent:
        """The units as the parent of smaller chunks."""
        boxes, pages = self._places(row)
        text = render(row, self.document.blocks, self.source)
        return Parent(self._kind(row), text, self._span(row), pages, boxes)

    def _verified(self, groups: Sequence[Group], regroup: Regroup) -> list[Group]:
        """Count the texts as the embedder will see them, and mend those over the limit."""
        done: dict[int, list[Group]] = {}
        pending = list(enumerate(groups))
        while pending:
            for _, group in pending:
                self._render(group)
            counts: list[int] = []
            for start in range(0, len(pending), _BATCH):
                counts += self.counter.count(
                    [_seen(g.part, g.text) for _, g in pending[start : start + _BATCH]]
                )
            again: list[tuple[int, Group]] = []
            for (place, group), count in zip(pending, counts, strict=True):
                if count <= self.limit:
                    done.setdefault(place, []).append(group)
                else:
                    smaller = self._smaller(group, count, regroup)
                    again += [(place, one) for one in smaller]
            pending = again
        for found in done.values():
            found.sort(key=lambda group: group.units[0].start)
        verified = [group for place in range(len(groups)) for group in done[place]]
        for before, group in pairwise(verified):
            # The group before may have become smaller than what was to be repeated of it.
            kept = [unit for unit in group.repeated if unit.start >= before.units[0].start]
            if len(kept) < len(group.repeated):
                group.repeated = kept
                self._render(group)
        return verified

    def _render(self, group: Group) -> None:
        row = [*group.repeated, *group.units]
        group.text = group.said or render(row, self.document.blocks, self.source)

    def _smaller(self, group: Group, count: int, regroup: Regroup) -> list[Group]:
        if group.repeated:
            return [replace(group, repeated=self._fewer(group.repeated, count - self.limit))]
        if group.said:
            return [replace(group, said="")]
        row = group.units
        if len(row) == 1:
            return [replace(group, units=[unit]) for unit in self.cut(row[0], group.part.room)]
        used = count - self.overhead - group.part.context.size
        factor = max(used / max(sum(self.weights(row)), 1), 1.0) * 1.02
        smaller = regroup(group.part, row, factor)
        if len(smaller) == 1:
            middle = len(row) // 2
            smaller = [row[:middle], row[middle:]]
        return [replace(group, units=units) for units in smaller]

    def _fewer(self, repeated: Sequence[Unit], over: int) -> list[Unit]:
        """The repeated units without the first ones, which are `over` tokens too many."""
        gone, freed = 0, 0.0
        for weight in self.weights(repeated):
            gone, freed = gone + 1, freed + weight
            if freed >= over:
                break
        return list(repeated[gone:])

    def _built(self, groups: Sequence[Group]) -> list[Chunk]:
        seen: Counter[tuple[tuple[str, ...], str]] = Counter()
        chunks: list[Chunk] = []
        for ordinal, group in enumerate(groups):
            context = group.part.context
            key = (context.path, group.text)
            row = [*group.repeated, *group.units]
            boxes, pages = self._places(row)
            parent = group.parent
            chunks.append(
                Chunk(
                    id=chunk_id(self.document.id, context.path, group.text, seen[key]),
                    document_id=self.document.id,
                    ordinal=ordinal,
                    kind=self._kind(group.units),
                    title=context.title,
                    heading_path=context.path,
                    text=group.text,
                    span=self._span(row),
                    pages=pages,
                    boxes=boxes,
                    section=group.part.section,
                    parent=None if parent and parent.text == group.text else parent,
                )
            )
            seen[key] += 1
        return chunks

    def _span(self, row: Sequence[Unit]) -> tuple[int, int]:
        start, end = row[0].start, row[-1].end
        while start < end and self.source[start].isspace():
            start += 1
        while end > start and self.source[end - 1].isspace():
            end -= 1
        return start, end

    def _kind(self, row: Sequence[Unit]) -> BlockKind:
        weights: Counter[BlockKind] = Counter()
        for unit in row:
            weights[self.document.blocks[unit.block].kind] += unit.end - unit.start
        return weights.most_common(1)[0][0]

    def _places(self, row: Sequence[Unit]) -> tuple[tuple[Box, ...], tuple[int, int] | None]:
        indices = dict.fromkeys(unit.block for unit in row)
        boxes = tuple(
            dict.fromkeys(box for index in indices for box in self.document.blocks[index].boxes)
        )
        pages = [box.page for box in boxes]
        return boxes, (min(pages), max(pages)) if pages else None


def _seen(part: Part, text: str) -> str:
    """What the embedder sees of a text under the section's context."""
    return join_context(context_line(part.context.title, part.context.path), text)
