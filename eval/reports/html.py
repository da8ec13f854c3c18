"""A study as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

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
from eval.reports.charts import pattern_definitions
from eval.reports.page import html_page
from eval.reports.plan import Telling
from eval.reports.words import Words

_SHORT = 12
"""Tables of so many rows stay on one page of paper."""

_SEPARATORS = re.compile(r"([,=/_+:).-])(?=\w)")


@dataclass(frozen=True)
class HtmlWriter(Telling):
    """Writes a report for people."""

    def __call__(self, study: Study) -> str:
        words = Words(self.language)
        report = self.told(study, words)
        sections = [
            f'<p class="facts">{escape(report.facts)}</p>',
            _contents(report.blocks, words),
            *(_html(block, words) for block in report.blocks),
        ]
        if any('fill="url(#' in section for section in sections):
            sections.insert(0, pattern_definitions())
        return html_page(report.title, sections, words.tag)


def _contents(blocks: Sequence[Block], words: Words) -> str:
    items = "".join(
        f'<li><a href="#{block.anchor}">{escape(block.text)}</a></li>'
        for block in blocks
        if isinstance(block, Heading) and block.level == 2
    )
    name = escape(words("contents"))
    return f'<nav class="contents" aria-label="{name}"><ul>{items}</ul></nav>'


def _html(block: Block, words: Words) -> str:
    match block:
        case Heading():
            return f'<h{block.level} id="{block.anchor}">{escape(block.text)}</h{block.level}>'
        case Paragraph():
            kind = "" if block.role is Role.TEXT else f' class="{block.role.value}"'
            return f"<p{kind}>{escape(block.text)}</p>"
        case Bullets():
            return f'<ul class="points">{_items(block.items)}</ul>'
        case Table():
            return _table(block, words)
        case Figures():
            kind = "charts wide" if block.wide else "charts"
            return f'{block.legend}<div class="{kind}">{"".join(block.figures)}</div>'
        case Terms():
            pairs = "".join(
                f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in block.items
            )
            return f'<dl class="settings">{pairs}</dl>'
        case Code():
            return f"<pre>{escape(block.text)}</pre>"
        case Case():
            return _case(block, words)


def _items(lines: Sequence[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _table(table: Table, words: Words) -> str:
    first = table.rows[0][1] if table.rows else ()
    kinds = ["", *(' class="words"' if cell.words else "" for cell in first)]
    columns = "".join(
        f'<th scope="col"{kind}>{_breakable(name)}</th>'
        for name, kind in zip(table.head, kinds, strict=False)
    )
    rows = "".join(
        f'<tr><th scope="row">{_breakable(name)}</th>{"".join(map(_cell, cells))}</tr>'
        for name, cells in table.rows
    )
    kind = "scroll short" if len(table.rows) <= _SHORT else "scroll"
    # A region that scrolls has to be reached by keyboard, and have a name.
    return (
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{escape(words("scroll"))}">'
        f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _breakable(name: str) -> str:
    """A name that may be parted after what separates its pieces."""
    return _SEPARATORS.sub(r"\1<wbr>", escape(name))


def _cell(cell: Cell) -> str:
    if cell.best:
        return f'<td class="best">{escape(cell.text)} ★</td>'
    kind = ' class="words"' if cell.words else ""
    return f"<td{kind}>{escape(cell.text)}</td>"


def _case(case: Case, words: Words) -> str:
    facts = " · ".join(
        escape(words("case.fact", name=name, said=said)) for name, said in case.facts
    )
    sides = "".join(_side(side, words) for side in case.sides)
    return (
        f'<section class="miss"><p class="query" dir="auto">{escape(case.query)}</p>'
        f'<p class="note">{facts}</p><div class="sides">{sides}</div></section>'
    )


def _side(side: Side, words: Words) -> str:
    found = f"<ol>{_items(side.lines)}</ol>" if side.lines else f"<p>{words('case.nothing')}</p>"
    return f'<div dir="auto"><p class="side">{escape(side.title)}</p>{found}</div>'
