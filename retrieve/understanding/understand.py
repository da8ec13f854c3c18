"""What a query is taken to mean: its parts, the constraints it states, its words put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from index.contract import AnyOf, Keys
from index.pipeline import Snapshot
from ingest.contract import Json
from retrieve.contract import Query, Understood
from retrieve.understanding import filters, follow_up, quotes, sections, spelling, synonyms
from retrieve.understanding.analysis import analysis_of, identified_in
from retrieve.understanding.sections import Asked

_OF_QUESTIONS = frozenset(("quotes", "sections", "filters", "spelling"))
_LONGEST_QUESTION = 400
"""A longer text is a passage to find the like of, and what it says restricts nothing."""


def understand(snapshot: Snapshot, query: Query, steps: Set[str]) -> Understood:
    """Takes the steps that are on. Raises BadInput for a wrong filter."""
    allowed = snapshot.allowed(query.filter) if query.filter else None
    reading = _Reading(snapshot, query.text, allowed, query.filter)
    if len(query.text) > _LONGEST_QUESTION:
        steps = frozenset(steps) - _OF_QUESTIONS
    if "quotes" in steps:
        reading.quotes()
    if "filters" in steps:
        reading.filters(query.text)
    if "sections" in steps:
        reading.sections()
    analyzer = snapshot.parts.analyzer
    terms: Sequence[str | AnyOf] = analyzer.query_terms(reading.text, snapshot.languages)
    analysis = analysis_of(snapshot, query.text, terms, identified_in(query.text))
    before = terms
    if "spelling" in steps:
        terms = reading.spelling(terms)
    carried = None
    if "follow_up" in steps and query.history:
        carried = follow_up.carried(snapshot, reading.text, before, query.history)
    if "synonyms" in steps:
        terms = reading.synonyms(terms)
    if carried:
        reading.reports["follow_up"] = {
            "questions": list(carried.questions), "carried": list(carried.words)
        }  # fmt: skip
        reading.text = " ".join((*carried.questions, reading.text))
        terms = [*terms, *carried.terms]
    return Understood(
        text=reading.text,
        terms=terms,
        allowed=reading.allowed,
        first=reading.first,
        analysis=analysis,
        notes=tuple(reading.notes),
        reports=reading.reports,
    )


@dataclass
class _Reading:
    """How far a query is understood: the text that is left to be searched, the chunks allowed."""

    snapshot: Snapshot
    text: str
    allowed: Keys | None
    filter: Mapping[str, Json] | None
    notes: list[str] = field(default_factory=list)
    reports: dict[str, Json] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    first: Keys | None = None

    def quotes(self) -> None:
        """Only chunks with the quoted phrases stay; or they come first, where the question asks
        for more than them."""
        phrases = quotes.quoted(self.text)
        if not phrases:
            return
        held: dict[str, Keys] = {}
        for phrase in phrases:
            keys = quotes.holding(self.snapshot, phrase, self.allowed)
            if keys is None:
                self.notes.append(f"“{phrase}” is too short to be required: it is not")
            elif not len(keys):
                self.notes.append(f"no chunk holds “{phrase}”: it is not required")
            else:
                held[phrase] = keys
        self.required = list(held)
        if not held:
            return
        holders, is_all = quotes.all_or_any(list(held.values()))
        if quotes.asks_for_more(self.text, self.snapshot.parts.analyzer):
            self.first = holders
        else:
            self.allowed = holders
            if not is_all:
                self.notes.append(
                    f"no chunk holds all of {_listed(held)}: those that hold one are searched"
                )
        self.reports["quotes"] = {
            "required": list(held), "allowed": len(holders), "others_follow": self.first is not None
        }  # fmt: skip

    def filters(self, text: str) -> None:
        """Only chunks of the documents that the text restricts itself to stay."""
        stated = filters.restrictions(self.snapshot, text)
        stated = [one for one in stated if not _inside_quotes(one.written, self.required)]
        if not stated:
            return
        parts: list[Json] = [one.filter for one in stated]
        expression: dict[str, Json] = dict(stated[0].filter) if len(parts) == 1 else {"$and": parts}
        whole = {"$and": [self.filter, expression]} if self.filter else expression
        left = _within(self.snapshot.allowed(whole), self.allowed)
        if not len(left):
            self.notes.append(
                f"“{'”, “'.join(one.written.strip() for one in stated)}” leaves no chunk: it is "
                "not taken for a filter"
            )
            return
        self.allowed = left
        self.reports["filters"] = {"filter": whole, "allowed": len(left)}
        self.text = _what_is_left(filters.without(self.text, stated), self.text)

    def sections(self) -> None:
        """Only chunks in the sections that the text asks about stay."""
        asked = sections.sections_asked(self.text)
        if not asked:
            return
        written = " ".join(one.written for one in asked)
        path = [self._names(one) for one in asked]
        keys = _within(self.snapshot.in_sections(path), self.allowed)
        if not len(keys):
            self.notes.append(f"no chunk that can be searched is in {written}: it is ignored")
            return
        self.allowed = keys
        names = [" or ".join(self._present(names)) for names in path]
        self.reports["sections"] = {"sections": names, "allowed": len(keys)}
        self.text = _what_is_left(sections.without(self.text, asked), self.text)

    def _names(self, asked: Asked) -> frozenset[str]:
        """What its headings call it: the other names only where none has the first ones."""
        first = frozenset(asked.names)
        if asked.names_else and not len(_within(self.snapshot.in_sections([first]), self.allowed)):
            return first | frozenset(asked.names_else)
        return first

    def _present(self, names: Set[str]) -> list[str]:
        return sorted(name for name in names if len(self.snapshot.in_sections([{name}])))

    def spelling(self, terms: Sequence[str | AnyOf]) -> Sequence[str | AnyOf]:
        """The terms with what was meant beside what is written."""
        found = spelling.corrections(self.snapshot, self.text, terms, self.required)
        if not found:
            return terms
        self.text, terms = spelling.applied(self.text, terms, found, self.snapshot)
        self.reports["spelling"] = {"corrections": dict(spelling.shown(found))}
        said = ", ".join(f"“{one.written}” as “{one.meant}”" for one in found)
        self.notes.append(f"read {said}")
        return terms

    def synonyms(self, terms: Sequence[str | AnyOf]) -> Sequence[str | AnyOf]:
        """The terms with their synonyms."""
        terms, found = synonyms.expanded(self.snapshot, terms)
        if found:
            self.reports["synonyms"] = {"expanded": {word: list(a) for word, a in found.items()}}
        return terms


def _within(keys: Keys, allowed: Keys | None) -> Keys:
    found: Keys = keys if allowed is None else np.intersect1d(keys, allowed, assume_unique=True)
    return found


def _what_is_left(text: str, before: str) -> str:
    """The text without its constraints; as it was, where they are all it says."""
    return text if any(char.isalnum() for char in text) else before


def _inside_quotes(written: str, required: Sequence[str]) -> bool:
    return any(phrase in written and f"《{phrase}" not in written for phrase in required)


def _listed(phrases: Mapping[str, Keys]) -> str:
    return ", ".join(f"“{phrase}”" for phrase in phrases)
