"""Cutting a passage into what can be quoted: sentences, list items and table rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from generate.contract import Passage
from ingest.contract import BlockKind


class UnitKind(StrEnum):
    """What a unit is; an INTRO is the line that a list hangs on."""

    SENTENCE = "sentence"
    INTRO = "intro"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Unit:
    """A quotable piece of a passage.

    `span` is (start, end) in the chunk's text. `text` is the piece on one line, without bullet;
    of a row, its cells with their headers. `cells` are (header, value) pairs of a row. Units of
    one list share a `group` from 1; 0 elsewhere. `marker` is the item's own number or bullet.
    """

    passage: Passage
    span: tuple[int, int]
    text: str
    kind: UnitKind = UnitKind.SENTENCE
    group: int = 0
    cells: tuple[tuple[str, str], ...] = ()
    marker: str = ""

    @property
    def quote(self) -> str:
        """The piece exactly as it stands in the chunk."""
        return self.passage.chunk.text[self.span[0] : self.span[1]]


_LINE = re.compile(r"[^\n]+")
_RULE_CELL = re.compile(r":?-{2,}:?|:?-+:")
_MARKER = re.compile(
    r"\s*(?P<marker>[-*+•·●◦▪‣○■□◆]|[（(]?\d{1,2}[.)）、．](?!\d)|[（(]?[a-zA-Z][.)）](?=\s)"
    r"|[（(]?[一二三四五六七八九十]{1,3}[)）、．]|[①-⑳]"
    r"|第[一二三四五六七八九十\d]{1,3}步[：:，,、]?|[Ss]tep\s+\d{1,2}[:.)]?)\s*(?=\S)"
)
_HEADING = re.compile(r"\s*#{1,6}\s")
_EMPTY = re.compile(r"[\W_]*(?:\d{1,2}[.)、．])?[\W_]*")  # no word, or a stray list number
_INTRO_END = re.compile(r"[:：]\s*$")
_CELL_EDGE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a running text, without the white space around them."""
    from ingest.pipeline import split_sentences

    spans = []
    for start, end in split_sentences(text):
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            spans.append((left, right))
    return spans


def cut(passage: Passage) -> list[Unit]:
    """The units of a passage in reading order; spans ascend and do not overlap. A Markdown
    heading is not one: it answers nothing."""
    lines = [_Line(m.start(), m.group()) for m in _LINE.finditer(passage.chunk.text)]
    lines = [line for line in lines if line.text.strip() and not _HEADING.match(line.text)]
    all_items = passage.chunk.kind is BlockKind.LIST_ITEM
    units: list[Unit] = []
    group = 0
    at = 0
    while at < len(lines):
        rows = _run(lines, at, _is_row)
        items = _run(lines, at, lambda line: _MARKER.match(line.text) is not None)
        if rows >= 2:
            units.extend(_rows(passage, lines[at : at + rows]))
            at += rows
        elif items >= 2 or (items == 1 and all_items):
            group += 1
            _hang_on_intro(units, group)
            units.extend(_item(passage, line, group) for line in lines[at : at + items])
            at += items
        else:
            units.extend(_sentences(passage, lines[at]))
            at += 1
    return [unit for unit in units if not _EMPTY.fullmatch(unit.text)]


def _run(lines: Sequence[_Line], at: int, belongs: Callable[[_Line], bool]) -> int:
    """How many lines from `at` on belong."""
    count = 0
    while at + count < len(lines) and belongs(lines[at + count]):
        count += 1
    return count


def _is_row(line: _Line) -> bool:
    stripped = line.text.strip()
    return len(stripped) > 2 and stripped.startswith("|") and stripped.endswith("|")


def _sentences(passage: Passage, line: _Line) -> Iterator[Unit]:
    for start, end in sentences(line.text):
        span = (line.start + start, line.start + end)
        yield Unit(passage, span, " ".join(line.text[start:end].split()))


def _item(passage: Passage, line: _Line, group: int) -> Unit:
    match = _MARKER.match(line.text)
    start = match.end() if match else len(line.text) - len(line.text.lstrip())
    text = line.text[start:].rstrip()
    span = (line.start + start, line.start + start + len(text))
    marker = match["marker"] if match else ""
    return Unit(passage, span, " ".join(text.split()), UnitKind.ITEM, group, marker=marker)


def _hang_on_intro(units: list[Unit], group: int) -> None:
    """Make the last sentence the list's introduction where it ends in a colon."""
    if units and units[-1].kind is UnitKind.SENTENCE and _INTRO_END.search(units[-1].text):
        last = units[-1]
        units[-1] = Unit(last.passage, last.span, last.text, UnitKind.INTRO, group)


def table_cells(line: str) -> list[str]:
    """The cells of one Markdown table row."""
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [" ".join(c.replace("\\|", "|").split()) for c in _CELL_EDGE.split(inner)]


def _rows(passage: Passage, lines: Sequence[_Line]) -> Iterator[Unit]:
    grid = [table_cells(line.text) for line in lines]
    rule = next((i for i, row in enumerate(grid) if all(map(_RULE_CELL.fullmatch, row))), None)
    header = _header(grid[:rule]) if rule else []
    first = 0 if rule is None else rule + 1
    while first < len(grid) and _is_second_header(header, grid[first]):
        header = _header([header, grid[first]])
        first += 1
    for line, row in zip(lines[first:], grid[first:], strict=True):
        if not any(row) or all(map(_RULE_CELL.fullmatch, row)):
            continue
        names = header + [""] * (len(row) - len(header))
        cells = tuple((names[i], value) for i, value in enumerate(row))
        lead = len(line.text) - len(line.text.lstrip())
        span = (line.start + lead, line.start + len(line.text.rstrip()))
        yield Unit(passage, span, readable(cells), UnitKind.ROW, cells=cells)


def _is_second_header(header: Sequence[str], row: Sequence[str]) -> bool:
    """Markdown has one header row; a second one stands first below the rule. It is known by
    names over several columns, which it divides, and by a first cell that names no row: empty,
    or a remark in parentheses."""
    names = [name for name in header if name]
    divided = len(set(names)) < len(names)
    return divided and bool(row) and (not row[0] or row[0].startswith(("(", "（")))


def _header(rows: Sequence[Sequence[str]]) -> list[str]:
    """One name for each column; the names of several header rows are joined."""
    width = max((len(row) for row in rows), default=0)
    names = []
    for column in range(width):
        parts: list[str] = []
        for row in rows:
            if column < len(row) and row[column] and row[column] not in parts:
                parts.append(row[column])
        names.append(" ".join(parts))
    return names


def readable(cells: Sequence[tuple[str, str]]) -> str:
    """A row as a line: "Region: Asia; 2021: 3.4"."""
    parts: list[str] = []
    for name, value in cells:
        part = f"{name}: {value}" if name and name != value else value
        if value and part not in parts:
            parts.append(part)
    return "; ".join(parts)
