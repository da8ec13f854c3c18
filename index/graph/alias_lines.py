"""The alias file of a collection: names of one thing to a line, between commas.

`阿里巴巴, Alibaba, 阿里` says that the three are one thing, whatever the texts say. Commas within
names, comments and empty lines are as in files of synonyms (index/phrase_lines.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from index.phrase_lines import parsed_lines, phrase_line, phrases_of
from ingest.contract import BadInput

MAX_ALIAS_SETS = 50_000


def parse_aliases(lines: Iterable[str], place: str) -> list[tuple[str, ...]]:
    """The sets of names of the lines, in order, each once. Raises BadInput, naming the line in
    `place`."""
    advice = "write the names of one thing to a line: '阿里巴巴, Alibaba, 阿里'"
    found = list(dict.fromkeys(parsed_lines(lines, place, _parse, advice)))
    if len(found) > MAX_ALIAS_SETS:
        raise BadInput(f"{place}: {len(found):,} sets of names; {MAX_ALIAS_SETS:,} at the most")
    return found


def _parse(text: str) -> tuple[str, ...]:
    names = phrases_of(text)
    if len(names) < 2:
        raise ValueError("a thing needs two names at least")
    return names


def alias_line(names: Iterable[str]) -> str:
    """The line that `parse_aliases` makes the names of."""
    return phrase_line(names)
