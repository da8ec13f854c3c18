"""The synonyms of a collection, as its catalog keeps them.

A line is a rule, as Solr and Elasticsearch write them: in `a, b, c` each stands for the others,
too; in `a, b => c, d` whoever asks for what is on the left asks for what is on the right, too, and
not the other way round. A comma or a backslash within a word has a backslash before it. No index
has to change for them: they widen queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from index.database import Database
from index.phrase_lines import parsed_lines, phrase_line, phrases_of
from ingest.contract import BadInput

MAX_RULES = 50_000

_META = "SELECT value FROM meta WHERE key = 'synonyms'"
_ARROW = re.compile(r"(?<!\\)=>")


@dataclass(frozen=True, slots=True)
class SynonymRule:
    """Words or phrases of a collection that mean the same: whoever asks for one of `words` asks
    for what is in `also`, too; for the other words, where that is empty."""

    words: tuple[str, ...]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SynonymRules:
    """Those of a collection; the same object for as long as they are the same."""

    rules: tuple[SynonymRule, ...] = ()


def parse_synonyms(lines: Iterable[str], place: str) -> list[SynonymRule]:
    """The rules of the lines; empty ones and those that begin with # are passed over. Raises
    BadInput, naming the line in `place`."""
    advice = "write a rule to a line: 'laptop, notebook', or 'WFH => remote work' for one way"
    found = parsed_lines(lines, place, _parse, advice)
    if len(found) > MAX_RULES:
        raise BadInput(f"{place}: {len(found):,} rules; {MAX_RULES:,} at the most")
    return found


def _parse(text: str) -> SynonymRule:
    sides = _ARROW.split(text)
    left, right = sides[0], sides[1] if len(sides) > 1 else ""
    words, also = phrases_of(left), phrases_of(right)
    if len(sides) > 2:
        raise ValueError("it has two arrows")
    if len(sides) > 1 and not also:
        raise ValueError("there is nothing right of the arrow")
    if not words or (len(sides) == 1 and len(words) < 2):
        raise ValueError("a rule needs two words at least")
    return SynonymRule(words, also)


def synonym_line(rule: SynonymRule) -> str:
    """The line that `parse_synonyms` makes the rule of."""
    left, right = phrase_line(rule.words), phrase_line(rule.also)
    return f"{left} => {right}" if right else left


@lru_cache(maxsize=8)
def _rules_of(text: str) -> SynonymRules:
    return SynonymRules(tuple(parse_synonyms(text.splitlines(), "the catalog")))


class Synonyms:
    """The rules in a catalog."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    def rules(self) -> SynonymRules:
        """In order; the same object for as long as they do not change."""
        row = self._catalog.first(_META)
        return _rules_of(row[0] if row else "")

    def replace(self, rules: Iterable[SynonymRule]) -> None:
        """Keeps these rules and no others; the next search has them. Raises BadInput where there
        are too many."""
        lines = [synonym_line(rule) for rule in dict.fromkeys(rules)]
        parse_synonyms(lines, "the rules")
        with self._catalog.transaction() as connection:
            sql = "INSERT OR REPLACE INTO meta VALUES ('synonyms', ?)"
            connection.execute(sql, ("\n".join(lines),))
