"""Which units of a section make a chunk: at the best places to part, or filled in order."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.contract import BlockKind
from ingest.cutting import Cutting, Part
from ingest.packing import Piece, pack
from ingest.pieces import HARD, TOGETHER, Unit, boundary, owners

_TASTE_INSIDE, _TASTE_BETWEEN = 0.6, 0.2  # inside a block, between blocks
_TASTE_CHARS = 32


@dataclass(frozen=True)
class Packing:
    """Groups that follow the structure: neighbours that belong together stay so, tables stand
    by themselves, and groups are even. `small` is the size under which a group is joined to its
    neighbours; `extra` is a cost of parting two units on top."""

    cutting: Cutting
    small: int
    extra: Callable[[Unit, Unit], float] | None = None

    def groups(
        self, part: Part, row: Sequence[Unit], room: int, factor: float = 1.0
    ) -> list[list[Unit]]:
        """The units grouped, none over `room`, their sizes taken `factor` times as large."""
        sizes = self.cutting.weights(row)
        leads = self.cutting.leads(row)
        blocks = self.cutting.document.blocks
        tables: Counter[int] = Counter()
        for unit, size in zip(row, sizes, strict=True):
            if blocks[unit.block].kind is BlockKind.TABLE:
                tables[unit.block] += int(size)
        pieces: list[Piece] = []
        owner = owners(list(dict.fromkeys(unit.block for unit in row)), blocks)
        for n, (unit, size, lead) in enumerate(zip(row, sizes, leads, strict=True)):
            parting = self._parting(row[n - 1], unit, tables, owner) if n else 0.0
            if factor != 1.0:
                size, lead = int(size * factor) + 1, int(lead * factor) + 1
            pieces.append(Piece(int(size), lead, parting))
        ranges = pack(pieces, room, min(self.small, room))
        return [list(row[a:b]) for a, b in ranges]

    def _parting(
        self, before: Unit, unit: Unit, tables: Mapping[int, int], owner: Mapping[int, int]
    ) -> float:
        one, two = before.block, unit.block
        extra = self.extra(before, unit) if self.extra else 0.0
        if one == two:
            # A row has to stand under its header, so it cannot follow cells.
            if unit.row is not None and before.row is None:
                return HARD
            return unit.parting + extra + _TASTE_INSIDE * self._taste(unit)
        one_table, two_table = owner.get(one, one), owner.get(two, two)
        largest = max(tables.get(one_table, 0), tables.get(two_table, 0))
        cost = boundary(
            self.cutting.document.blocks[one],
            self.cutting.document.blocks[two],
            owned=one_table == two_table,
            by_table=largest >= max(self.small, 1),
        )
        if cost >= TOGETHER:
            extra = max(extra, 0.0)
        return cost + extra + _TASTE_BETWEEN * self._taste(unit)

    def _taste(self, unit: Unit) -> float:
        """A number from 0 to 1 that depends on the text alone. As a small cost it makes some
        places to part better than their likes, so that after an edit the old boundaries are
        soon met again."""
        head = self.cutting.source[unit.start : unit.start + _TASTE_CHARS]
        return zlib.crc32(head.encode("utf-8", "surrogatepass")) / 0xFFFFFFFF


def filled(
    cutting: Cutting, row: Sequence[Unit], room: float, factor: float = 1.0
) -> list[list[Unit]]:
    """The units in order, each group as full as `room` allows. A row of a table never follows
    the cells of one, and brings its header along where a group begins with it."""
    groups: list[list[Unit]] = []
    used = 0.0
    sizes, leads = cutting.weights(row), cutting.leads(row)
    for unit, size, lead in zip(row, sizes, leads, strict=True):
        size *= factor
        before = groups[-1][-1] if groups else None
        apart = before is not None and _apart(before, unit)
        if before is not None and not apart and used + size <= room:
            groups[-1].append(unit)
            used += size
        else:
            groups.append([unit])
            used = size + lead * factor
    return groups


def _apart(before: Unit, unit: Unit) -> bool:
    """Whether a row would follow the cells of its own table, or other text, without its header."""
    if unit.row is None:
        return False
    return before.block == unit.block and before.row is None
