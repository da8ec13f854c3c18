"""Pieces of blocks: what a chunker groups, how a piece is cut finer, how a group reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ingest.contract import BLOCK_SEPARATOR, Block, BlockKind
from ingest.sentences import Span, clauses, cut_at, fragments, split
from ingest.tables import body_lines, column_names, escape, header_lines, to_markdown

BLOCK, SENTENCE, CLAUSE, FRAGMENT, ROW = 0.0, 0.5, 3.0, 4.0, 3.0
TOGETHER, APART, HARD = 2.0, -1.5, -10.0

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*?(?=[^\n])")
_LINE = re.compile(r"\n+")
_SENTENCE_END = re.compile(r"[。！？；…!?.;][”’」』\"）)]*\s*$")
_SHORT_LINE = 80
_COLON = re.compile(r"[:：]\s*$")
_LED = (BlockKind.LIST_ITEM, BlockKind.TABLE, BlockKind.CODE, BlockKind.FORMULA)
_ITEM = re.compile(
    r"\s*(?:[-*•·▪◦–]\s|[(（]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4}|[一二三四五六七八九十]{1,3})[)）.、．]|[①-⑳])"
)
_TABLE_NOTE = re.compile(
    r"\s*(?:\*\s|(?:注|附注|说明|备注|资料来源|数据来源|来源)\s*\d?\s*[:：]|"
    r"(?:notes?|sources?)\s*\d?\s*[:.])",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*(?:[a-z]|其中|式中|这里|即|[，,；;])")
_NOTE_MARK = re.compile(r"\s*\W?\^?(\d{1,3}|[*†‡§]{1,3}|[①-⑳])")


@dataclass(frozen=True, slots=True)
class Unit:
    """The part [start, end) of the document's text, in block `block`.

    `parting` is the cost of beginning a chunk with it (see ingest.packing). A `row` of a table
    has the table's header lines as `lead`, to be put above it where a chunk begins with it. A
    cell standing alone has its `value` and the column's name as `prefix`; `value` is None for a
    unit that reads as the document does. `size` is its tokens, where they need not be counted.
    """

    block: int
    start: int
    end: int
    parting: float = BLOCK
    row: int | None = None
    lead: str = ""
    prefix: str = ""
    value: str | None = None
    size: float | None = None

    def text(self, source: str) -> str:
        """What the unit reads as, without a lead."""
        if self.value is None:
            return source[self.start : self.end].strip()
        return self.prefix + self.value.strip()


def units(block: Block, index: int, span: Span, grain: int) -> list[Unit]:
    """The units of one block: rows, groups of code lines or sentences, the very short ones
    joined up to `grain` characters. They follow each other without a gap.
    """
    start = span[0]
    if block.kind is BlockKind.TABLE:
        rows = _rows(block, index, start)
        if rows:
            return rows
    cut: Callable[[str], list[Span]] = split
    if block.kind is BlockKind.CODE:
        cut = _code_groups
    spans = _joined(cut(block.text), grain)
    return [
        Unit(index, start + a, start + b, SENTENCE if n else BLOCK)
        for n, (a, b) in enumerate(spans)
    ]


def _rows(block: Block, index: int, start: int) -> list[Unit]:
    """One unit for each row, the first with the header; [] where the block's text is not the
    rendering of its table.
    """
    table = block.table
    if table is None or not table.rows or to_markdown(table) != block.text:
        return []
    header, body = header_lines(table), body_lines(table)
    lead = "\n".join(header)
    if not body:
        return [Unit(index, start, start + len(block.text), row=-1, lead=lead)]
    ends: list[int] = []
    position = start + len(lead) + 1
    for line in body:
        position += len(line) + 1
        ends.append(position)
    ends[-1] -= 1
    starts = [start, *ends[:-1]]
    return [
        Unit(index, a, b, ROW if n else BLOCK, row=n, lead=lead)
        for n, (a, b) in enumerate(zip(starts, ends, strict=True))
    ]


def _code_groups(text: str) -> list[Span]:
    return _between(text, _BLANK_LINES)


def _between(text: str, pattern: re.Pattern[str]) -> list[Span]:
    """Spans that end where the pattern's matches do."""
    return cut_at(text, [match.end() for match in pattern.finditer(text)])


def _joined(spans: Sequence[Span], grain: int) -> list[Span]:
    """Neighbours joined while together they are no longer than `grain`."""
    out: list[Span] = []
    for a, b in spans:
        if out and b - out[-1][0] <= grain:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def finer(unit: Unit, block: Block, source: str, size: int) -> list[Unit]:
    """The unit cut at the next finer kind of place, fragments being about `size` characters;
    [] where nothing is left to cut.
    """
    if unit.row is not None:
        return _cells(unit, block, size)
    text = source[unit.start : unit.end] if unit.value is None else unit.value
    spans, parting = _cut(text, block.kind, size)
    if len(spans) < 2:
        return [replace(unit, prefix="")] if unit.prefix else []
    if unit.value is None:
        starts = [unit.start + a for a, _ in spans]
        values: list[str | None] = [None] * len(spans)
    else:
        # An escaped value is as long as the value or longer.
        starts = [unit.start, *(min(unit.start + a, unit.end) for a, _ in spans[1:])]
        values = [text[a:b] for a, b in spans]
    ends = [*starts[1:], unit.end]
    return [
        replace(
            unit,
            start=a,
            end=b,
            value=value,
            parting=parting if n else unit.parting,
            size=None,
        )
        for n, (a, b, value) in enumerate(zip(starts, ends, values, strict=True))
    ]


def _cut(text: str, kind: BlockKind, size: int) -> tuple[list[Span], float]:
    """The coarsest cut that gives more than one span, and what it costs to part there."""
    ways: list[tuple[Callable[[str], list[Span]], float]]
    if kind is BlockKind.CODE:
        ways = [(_code_groups, SENTENCE), (lambda t: _between(t, _LINE), SENTENCE)]
    else:
        ways = [(split, SENTENCE), (clauses, CLAUSE)]
    for way, parting in ways:
        spans = way(text)
        if len(spans) > 1:
            grain = size // 4 if parting == CLAUSE else 1
            joined = _joined(spans, grain)
            return (joined if len(joined) > 1 else spans), parting
    return fragments(text, max(1, min(size, (len(text) + 1) // 2))), FRAGMENT


def _cells(unit: Unit, block: Block, size: int) -> list[Unit]:
    """A row as cells that name their columns; the header, where the unit holds it, as text."""
    table = block.table
    if table is None or unit.row is None:
        raise ValueError("only a row of a table has cells")
    out: list[Unit] = []
    start = unit.start
    if unit.row <= 0:
        end = unit.end if unit.row < 0 else min(unit.start + len(unit.lead) + 1, unit.end)
        out.append(Unit(unit.block, start, end, unit.parting))
        start = end
    if unit.row < 0:
        return out
    cells = table.rows[table.header_rows + unit.row]
    ends: list[int] = []
    position = start + 2
    for cell in cells:
        position += len(escape(cell)) + 3
        ends.append(min(position, unit.end))
    for name, cell, end in zip(column_names(table), cells, ends, strict=True):
        if not cell:
            continue
        prefix = f"{name[: max(size, 1)]}: " if name else ""
        parting = SENTENCE if out else HARD
        out.append(Unit(unit.block, start, end, parting, prefix=prefix, value=cell))
        start = end
    if not out:
        return [Unit(unit.block, unit.start, unit.end, unit.parting)]
    out[-1] = replace(out[-1], end=unit.end)
    return out


def render(group: Sequence[Unit], blocks: Sequence[Block], source: str) -> str:
    """The text of a chunk made of these units."""
    parts: list[str] = []
    for before, run in _runs(group):
        first, last = run[0], run[-1]
        if first.value is None:
            text = source[first.start : last.end].strip("\n").rstrip()
            block = blocks[first.block]
            if block.kind is not BlockKind.CODE:
                text = text.strip()
            if block.kind is BlockKind.LIST_ITEM:
                text = "  " * min(max(block.level - 1, 0), 8) + text
        else:
            text = first.text(source)
        if before is None:
            if first.lead and (first.row or 0) > 0:
                text = f"{first.lead}\n{text}"
        else:
            parts.append(_joiner(before, first, blocks))
        parts.append(text)
    return "".join(parts).strip("\n").rstrip()


def _runs(group: Sequence[Unit]) -> Iterator[tuple[Unit | None, list[Unit]]]:
    """Units that read as one stretch of their block, each stretch with the unit before it."""
    run: list[Unit] = []
    before: Unit | None = None
    for unit in group:
        if run and (unit.block != run[-1].block or unit.value is not None or run[-1].value):
            yield before, run
            before, run = run[-1], []
        run.append(unit)
    if run:
        yield before, run


def _joiner(before: Unit, after: Unit, blocks: Sequence[Block]) -> str:
    if before.block == after.block:
        return "\n"
    one, two = blocks[before.block], blocks[after.block]
    both = one.kind is BlockKind.LIST_ITEM and two.kind is BlockKind.LIST_ITEM
    return "\n" if both else BLOCK_SEPARATOR


def owners(order: Sequence[int], blocks: Sequence[Block]) -> dict[int, int]:
    """The table that each caption, and each short line that announces a table, belongs to.
    `order` holds the indices of neighbouring blocks. A caption between two tables is the
    latter's."""
    found: dict[int, int] = {}
    table = BlockKind.TABLE
    for index, after in reversed(list(pairwise(order))):
        owner = found.get(after, after)
        if blocks[owner].kind is table and _announces(blocks[index]):
            found[index] = owner
    for before, index in pairwise(order):
        owner = found.get(before, before)
        after = index not in found and _explains(blocks[index])
        own = before not in found or _TABLE_NOTE.match(blocks[index].text) is not None
        if after and own and blocks[owner].kind is table:
            found[index] = owner
    return found


def _explains(block: Block) -> bool:
    """Whether the block is a caption, or a note or source that stands under a table."""
    if block.kind is BlockKind.CAPTION:
        return True
    noted = block.kind in (BlockKind.PARAGRAPH, BlockKind.FOOTNOTE)
    return noted and _TABLE_NOTE.match(block.text) is not None


def _announces(block: Block) -> bool:
    """Whether the block is a caption, or a line that leads to what comes next."""
    if block.kind is BlockKind.CAPTION:
        return True
    if block.kind is BlockKind.TABLE:
        return False
    if _COLON.search(block.text[-8:]):
        return True
    short = block.kind is BlockKind.PARAGRAPH and len(block.text) <= _SHORT_LINE
    return short and not _SENTENCE_END.search(block.text[-8:])


def boundary(one: Block, two: Block, *, owned: bool, by_table: bool) -> float:
    """The cost of parting two blocks. `owned` says that one belongs to the other (a caption to
    its table), `by_table` that one is, or belongs to, a table big enough to stand alone."""
    if owned:
        return TOGETHER
    if by_table:
        return APART
    if _COLON.search(one.text[-8:]) and (two.kind in _LED or _ITEM.match(two.text)):
        return TOGETHER
    if two.kind is BlockKind.FOOTNOTE:
        # Less than a cut inside of it: it follows whole, or not at all.
        return 0.45 if _refers(one, two) else 0.2
    if BlockKind.FORMULA in (one.kind, two.kind) and _runs_on(one, two):
        return TOGETHER
    if two.kind is BlockKind.LIST_ITEM and one.kind is BlockKind.LIST_ITEM:
        return 0.5 if two.level > one.level else 0.25
    if two.kind is one.kind is BlockKind.PARAGRAPH and _ITEM.match(one.text):
        return 0.25 if _ITEM.match(two.text) else BLOCK
    if _dangles(one) and not _dangles(two) and two.kind is not BlockKind.CAPTION:
        return 0.5
    return BLOCK


def _refers(one: Block, footnote: Block) -> bool:
    """Whether the mark of the footnote stands in the block before it; it may stand in one that
    comes earlier, where the footnotes of a page follow each other."""
    mark = _NOTE_MARK.match(footnote.text)
    if mark is None:
        return one.kind is not BlockKind.FOOTNOTE
    written = re.escape(mark[1])
    return re.search(rf"[^\s\d]{written}(?!\d)", one.text) is not None


def _runs_on(one: Block, two: Block) -> bool:
    """Whether a sentence goes on over the boundary, as it does around a formula."""
    if two.kind is BlockKind.FORMULA:
        return not _SENTENCE_END.search(one.text[-8:])
    return _GOES_ON.match(two.text) is not None


def _dangles(block: Block) -> bool:
    """Whether the block is a short line that is no sentence: it leads to what comes next."""
    short = block.kind is BlockKind.PARAGRAPH and len(block.text) <= _SHORT_LINE
    return short and not _SENTENCE_END.search(block.text[-8:])
