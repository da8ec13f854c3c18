"""A study as Markdown, as GitHub shows it: tables instead of charts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.contract import Study
from eval.reports.blocks import (
    Block,
    Bullets,
    Case,
    Cell,
    Code,
    Figures,
    Heading,
    Paragraph,
    Role,
    Side,
    Table,
    Terms,
)
from eval.reports.plan import Telling
from eval.reports.words import Words

_SPECIAL = re.compile(r"([\\`*_>|~$&]|<(?=[A-Za-z/!?])|\](?=\())")
_LINE_START = re.compile(r"^(\d*)([#=]|[-+](?=[ -]|$)|[.)](?= |$))")
"""What makes a heading, a rule or a list out of a line: `#`, `---`, `- `, `1. `; with the digits
before it."""


@dataclass(frozen=True)
class MarkdownWriter(Telling):
    """Writes a report to be read as text, or by GitHub."""

    def __call__(self, study: Study) -> str:
        words = Words(self.language)
        report = self.told(study, words)
        parts = [f"# {_plain(report.title)}", _plain(report.facts)]
        parts += [text for block in _without_charts(report.blocks) if (text := _text(block, words))]
        return "\n\n".join(parts) + "\n"


def _without_charts(blocks: Sequence[Block]) -> Iterator[Block]:
    """Charts, and the notes that explain them, say nothing here."""
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        is_note = isinstance(block, Paragraph) and block.role is Role.NOTE
        if isinstance(block, Figures) or (is_note and isinstance(following, Figures)):
            continue
        yield block


def _text(block: Block, words: Words) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_plain(block.text)}"
        case Paragraph():
            text = _plain(block.text)
            return f"**{text}**" if block.role is Role.HEADLINE else text
        case Bullets():
            return "\n".join(f"- {_plain(item)}" for item in block.items)
        case Table():
            return _table(block)
        case Terms():
            return "\n".join(f"- {_plain(name)}: {_plain(said)}" for name, said in block.items)
        case Code():
            return f"```console\n{block.text}\n```"
        case Case():
            return _case(block, words)
        case Figures():
            return ""


def _table(table: Table) -> str:
    first = table.rows[0][1] if table.rows else ()
    marks = ["---", *("---" if cell.words else "---:" for cell in first)]
    lines = [_row(list(map(_plain, table.head))), _row(marks)]
    lines += [_row([_plain(name), *map(_cell, cells)]) for name, cells in table.rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = _plain(cell.text)
    return f"**{text}**" if cell.best else text


def _case(case: Case, words: Words) -> str:
    facts = [f"- {_plain(name)}: {_plain(said)}" for name, said in case.facts]
    sides = [line for side in case.sides for line in _side(side, words)]
    return "\n".join([f"**{_plain(case.query)}**", "", *facts, *sides])


def _side(side: Side, words: Words) -> Iterator[str]:
    if not side.lines:
        yield f"- {_plain(side.title)}: {words('case.nothing')}"
        return
    yield f"- {_plain(side.title)}:"
    yield from (f"  {rank}. {_plain(line)}" for rank, line in enumerate(side.lines, start=1))


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    line = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _LINE_START.sub(r"\1\\\2", line)
