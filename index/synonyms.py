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
from ingest.contract import BadInput

MAX_RULES = 50_000
MAX_PHRASE_CHARS = 200

_META = "SELECT value FROM meta WHERE key = 'synonyms'"
_PART = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)")
_ARROW = re.compile(r"(?<!\\)=>")
_ESCAPED = re.compile(r"\\(.)")
_NEEDS_ESCAPE = re.compile(r"([\\,#]|=>)")


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
    found: list[SynonymRule] = []
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append(_parse(text))
        except ValueError as error:
            raise BadInput(
                f"{place}, line {number}: {error}; write a rule to a line: 'laptop, notebook, "
                "笔记本电脑', or 'WFH => remote work' for one way"
            ) from error
    if len(found) > MAX_RULES:
        raise BadInput(f"{place}: {len(found):,} rules; {MAX_RULES:,} at the most")
    return found


def _parse(text: str) -> SynonymRule:
    sides = _ARROW.split(text)
    left, right = sides[0], sides[1] if len(sides) > 1 else ""
    words, also = _phrases(left), _phrases(right)
    if len(sides) > 2:
        raise ValueError("it has two arrows")
    if len(sides) > 1 and not also:
        raise ValueError("there is nothing right of the arrow")
    if not words or (len(sides) == 1 and len(words) < 2):
        raise ValueError("a rule needs two words at least")
    return SynonymRule(words, also)


def _phrases(text: str) -> tuple[str, ...]:
    """The words or phrases between the commas, each once."""
    parts = (" ".join(_ESCAPED.sub(r"\1", part).split()) for part in _PART.findall(text))
    phrases = tuple(dict.fromkeys(part for part in parts if part))
    for phrase in phrases:
        if len(phrase) > MAX_PHRASE_CHARS or not phrase.isprintable():
            raise ValueError(
                f"{phrase[:20]!r}… is over {MAX_PHRASE_CHARS} characters, or cannot be printed"
            )
        if not any(character.isalnum() for character in phrase):
            raise ValueError(f"{phrase!r} has neither a letter nor a digit")
    return phrases


def synonym_line(rule: SynonymRule) -> str:
    """The line that `parse_synonyms` makes the rule of."""
    left, right = (
        ", ".join(_NEEDS_ESCAPE.sub(r"\\\1", word) for word in words)
        for words in (rule.words, rule.also)
    )
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
