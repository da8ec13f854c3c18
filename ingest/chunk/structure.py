"""Chunks that follow a document's structure."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.contract import (
    BadInput,
    BlockKind,
    Box,
    Chunk,
    Document,
    TokenCounter,
    chunk_id,
    context_line,
    join_context,
)
from ingest.outline import Context, fit_context, sections
from ingest.packing import Piece, pack
from ingest.pieces import HARD, Unit, boundary, finer, owners, render, units

_VERSION = 1
_LEAST_TOKENS = 8
_CHARS_PER_TOKEN = 64  # more characters than this for each token of the budget are never counted
_BATCH = 4096
_TASTE_INSIDE, _TASTE_BETWEEN = 0.6, 0.2  # inside a block, between blocks
_TASTE_CHARS = 32


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
        if self.max_tokens < _LEAST_TOKENS:
            raise BadInput(
                f"chunker: max_tokens is {self.max_tokens}; give {_LEAST_TOKENS} or more"
            )
            raise BadInput(
                f"chunker: max_tokens is {self.max_tokens}; give {_LEAST_TOKENS} or more"
            )
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
        return _Run(self, document, counter).chunks()


@dataclass(slots=True)
class _Part:
    """A section while it is cut: its context, the tokens left for text, its units with their
    sizes, and the groups of units that have been found to fit.
    """

    context: Context
    room: int
    units: list[Unit]


@dataclass(slots=True)
class _Group:
    """Units that may become a chunk; `repeated` ones come from the chunk before."""

    part: _Part
    units: list[Unit]
    repeated: list[Unit]
    text: str = ""


class _Run:
    """One document being cut."""

    def __init__(self, chunker: StructureChunker, document: Document, counter: TokenCounter):
        self.options = chunker
        self.document = document
        self.counter = counter
        self.source = document.text
        self.limit = min(chunker.max_tokens, counter.max_tokens)
        self.overhead = counter.count([""])[0]
        self.known: dict[str, int] = {}
        if self.limit - self.overhead < _LEAST_TOKENS // 2:
            raise BadInput(
                f"chunker: a budget of {self.limit} tokens leaves no room for text beside the "
                f"{self.overhead} that every passage costs; raise max_tokens"
            )

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without the overhead. A text far too long is not counted but
        given a size over every budget.
        """
        most = self.limit * _CHARS_PER_TOKEN
        new = sorted({t for t in texts if t not in self.known and len(t) <= most})
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            counts = self.counter.count(batch)
            for text, count in zip(batch, counts, strict=True):
                self.known[text] = max(count - self.overhead, 0)
        return [self.known.get(text, most) for text in texts]

    def chunks(self) -> list[Chunk]:
        parts = self._parts()
        self._refine(parts)
        groups = [group for part in parts for group in self._packed(part, part.units, 1.0)]
        if self.options.overlap_sentences:
            self._repeat(groups)
        return self._built(self._verified(groups))

    def _parts(self) -> list[_Part]:
        document = self.document
        spans = document.block_spans()
        room = self.limit - self.overhead
        fitted: dict[tuple[str, ...], Context] = {}
        parts: list[_Part] = []
        for section in sections(document.blocks, document.title):
            if section.path not in fitted:
                fitted[section.path] = fit_context(
                    document.title, section.path, room // 4, self.sizes
                )
            context = fitted[section.path]
            grain = max(room // 20, 1)
            found = [
                unit
                for index in section.blocks
                for unit in units(document.blocks[index], index, spans[index], grain)
            ]
            parts.append(_Part(context, room - context.size, found))
        return parts

    def _refine(self, parts: Sequence[_Part]) -> None:
        """Cut what is too big alone, round by round, so that each round is counted at once."""
        pending = list(parts)
        while pending:
            self.sizes([text for part in pending for u in part.units for text in self._texts(u)])
            changed: list[_Part] = []
            for part in pending:
                big = self._too_big(part)
                if not any(big):
                    continue
                part.units = [
                    piece
                    for unit, too_big in zip(part.units, big, strict=True)
                    for piece in (self._cut(unit, part.room) if too_big else (unit,))
                ]
                changed.append(part)
            pending = changed

    def _texts(self, unit: Unit) -> list[str]:
        return [unit.text(self.source), *([unit.lead] if unit.row is not None else ())]

    def _too_big(self, part: _Part) -> list[bool]:
        """For each unit whether it has to be cut. Rows are, where they do not fit under their
        header, or where a header fills half of the room and the table is not whole.
        """
        sizes = self.sizes([unit.text(self.source) for unit in part.units])
        leads = self.sizes([unit.lead for unit in part.units])
        tables: Counter[int] = Counter()
        for unit, size in zip(part.units, sizes, strict=True):
            if unit.row is not None:
                tables[unit.block] += size
        big: list[bool] = []
        for unit, size, lead in zip(part.units, sizes, leads, strict=True):
            over = size > part.room
            if unit.row is not None and tables[unit.block] > part.room:
                repeated = lead if unit.row > 0 else 0
                over = over or size + repeated > part.room or lead > part.room // 2
            big.append(over)
        return big

    def _cut(self, unit: Unit, room: int) -> list[Unit]:
        block = self.document.blocks[unit.block]
        cut = finer(unit, block, self.source, max(room // 4, 1))
        if not cut:
            raise BadInput(
                f"chunker: the budget of {self.limit} tokens is too small for "
                f"{unit.text(self.source)[:20]!r} in {self.document.id}; raise max_tokens"
            )
        return cut

    def _packed(self, part: _Part, row: Sequence[Unit], factor: float) -> list[_Group]:
        """The units grouped, their sizes taken `factor` times as large."""
        sizes = self.sizes([unit.text(self.source) for unit in row])
        leads = self.sizes([unit.lead for unit in row])
        tables: Counter[int] = Counter()
        for unit, size in zip(row, sizes, strict=True):
            if self.document.blocks[unit.block].kind is BlockKind.TABLE:
                tables[unit.block] += size
        pieces: list[Piece] = []
        owner = owners(list(dict.fromkeys(unit.block for unit in row)), self.document.blocks)
        for n, (unit, size, lead) in enumerate(zip(row, sizes, leads, strict=True)):
            parting = self._parting(row[n - 1], unit, tables, owner) if n else 0.0
            repeated = lead if (unit.row or 0) > 0 else 0
            if factor != 1.0:
                size, repeated = int(size * factor) + 1, int(repeated * factor) + 1
            pieces.append(Piece(size, repeated, parting))
        room = part.room
        if self.options.overlap_sentences:
            room = max(room * 4 // 5, 1)
        ranges = pack(pieces, room, min(self.options.min_tokens, room))
        return [_Group(part, list(row[a:b]), []) for a, b in ranges]

    def _parting(
        self, before: Unit, unit: Unit, tables: Mapping[int, int], owner: Mapping[int, int]
    ) -> float:
        one, two = before.block, unit.block
        if one == two:
            # A row has to stand under its header, so it cannot follow cells.
            if unit.row is not None and before.row is None:
                return HARD
            return unit.parting + _TASTE_INSIDE * self._taste(unit)
        one_table, two_table = owner.get(one, one), owner.get(two, two)
        largest = max(tables.get(one_table, 0), tables.get(two_table, 0))
        cost = boundary(
            self.document.blocks[one],
            self.document.blocks[two],
            owned=one_table == two_table,
            by_table=largest >= max(self.options.min_tokens, 1),
        )
        return cost + _TASTE_BETWEEN * self._taste(unit)

    def _taste(self, unit: Unit) -> float:
        """A number from 0 to 1 that depends on the text alone. As a small cost it makes some
        places to part better than their likes, so that after an edit the old boundaries are
        soon met again."""
        head = self.source[unit.start : unit.start + _TASTE_CHARS]
        return zlib.crc32(head.encode("utf-8", "surrogatepass")) / 0xFFFFFFFF

    def _repeat(self, groups: Sequence[_Group]) -> None:
        """Give each group the last sentences of the one before it, as far as there is room."""
        for before, group in pairwise(groups):
            if before.part is not group.part or group.units[0].row is not None:
                continue
            sizes = self.sizes([unit.text(self.source) for unit in group.units])
            left = group.part.room - sum(sizes)
            for unit in reversed(before.units[-self.options.overlap_sentences :]):
                left -= self.sizes([unit.text(self.source)])[0]
                if left < 0 or unit.row is not None or unit.value is not None:
                    break
                group.repeated.insert(0, unit)

    def _verified(self, groups: list[_Group]) -> list[_Group]:
        """Count the texts as the embedder will see them, and mend those over the limit."""
        done: dict[int, list[_Group]] = {}
        pending = list(enumerate(groups))
        while pending:
            for _, group in pending:
                row = [*group.repeated, *group.units]
                group.text = render(row, self.document.blocks, self.source)
            counts: list[int] = []
            for start in range(0, len(pending), _BATCH):
                counts += self.counter.count(
                    [self._seen(group) for _, group in pending[start : start + _BATCH]]
                )
            again: list[tuple[int, _Group]] = []
            for (place, group), count in zip(pending, counts, strict=True):
                if count <= self.limit:
                    done.setdefault(place, []).append(group)
                else:
                    again += [(place, smaller) for smaller in self._smaller(group, count)]
            pending = again
        for found in done.values():
            found.sort(key=lambda group: group.units[0].start)
        return [group for place in range(len(groups)) for group in done[place]]

    def _seen(self, group: _Group) -> str:
        context = group.part.context
        return join_context(context_line(context.title, context.path), group.text)

    def _smaller(self, group: _Group, count: int) -> list[_Group]:
        if group.repeated:
            return [replace(group, repeated=[])]
        row = group.units
        if len(row) == 1:
            row = self._cut(row[0], group.part.room)
            if len(row) == 1:
                return [_Group(group.part, row, [])]
            return [_Group(group.part, [unit], []) for unit in row]
        sizes = self.sizes([unit.text(self.source) for unit in row])
        used = count - self.overhead - group.part.context.size
        factor = max(used / max(sum(sizes), 1), 1.0) * 1.02
        smaller = self._packed(group.part, row, factor)
        if len(smaller) == 1:
            middle = len(row) // 2
            halves = (row[:middle], row[middle:])
            return [_Group(group.part, half, []) for half in halves]
        return smaller

    def _built(self, groups: Sequence[_Group]) -> list[Chunk]:
        seen: Counter[tuple[tuple[str, ...], str]] = Counter()
        chunks: list[Chunk] = []
        for ordinal, group in enumerate(groups):
            context = group.part.context
            key = (context.path, group.text)
            boxes, pages = self._places(group)
            chunks.append(
                Chunk(
                    id=chunk_id(self.document.id, context.path, group.text, seen[key]),
                    document_id=self.document.id,
                    ordinal=ordinal,
                    kind=self._kind(group.units),
                    title=context.title,
                    heading_path=context.path,
                    text=group.text,
                    span=self._span([*group.repeated, *group.units]),
                    pages=pages,
                    boxes=boxes,
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

    def _places(self, group: _Group) -> tuple[tuple[Box, ...], tuple[int, int] | None]:
        indices = dict.fromkeys(unit.block for unit in (*group.repeated, *group.units))
        boxes = tuple(
            dict.fromkeys(box for index in indices for box in self.document.blocks[index].boxes)
        )
        pages = [box.page for box in boxes]
        return boxes, (min(pages), max(pages)) if pages else None
