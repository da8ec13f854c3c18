"""A collection's own synonyms: terms of a query become any of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from index.contract import IDENTIFIER_MARK, Analyzer, AnyOf
from index.pipeline import Snapshot, SynonymRules
from retrieve.understanding.analysis import word_terms

Phrase = tuple[str, ...]


def expanded(
    snapshot: Snapshot, terms: Sequence[str | AnyOf]
) -> tuple[list[str | AnyOf], dict[str, list[str]]]:
    """The terms, where those of a word or phrase with synonyms are one notion of several
    wordings that counts as much as they did; and the words with their synonyms."""
    rules = snapshot.synonyms
    if not rules.rules:
        return list(terms), {}
    table = _table(rules, snapshot.parts.analyzer, snapshot.languages)
    words = [_one(term) for term in word_terms(terms)]
    left = list(terms)
    found: dict[str, list[str]] = {}
    notions: list[AnyOf] = []
    place = 0
    while place < len(words):
        match = _longest(table, words, place)
        if match is None:
            place += 1
            continue
        for written, own, others in table[match]:
            if not _take_out(left, own):
                continue
            found.setdefault(written, []).extend(word for word, _ in others)
            notions.append(AnyOf((own, *(terms for _, terms in others)), float(len(own))))
        place += len(match)
    return [*left, *notions], found


def _longest(table: Mapping[Phrase, object], words: Sequence[str], place: int) -> Phrase | None:
    for end in range(min(len(words), place + 8), place, -1):
        phrase: Phrase = tuple(words[place:end])
        if phrase in table:
            return phrase
    return None


def _take_out(terms: list[str | AnyOf], own: Phrase) -> bool:
    """Takes these terms out, if all are there."""
    places = []
    for term in own:
        at = next((i for i, t in enumerate(terms) if i not in places and _one(t) == term), None)
        if at is None:
            return False
        places.append(at)
    for at in sorted(places, reverse=True):
        del terms[at]
    return True


def _one(term: str | AnyOf) -> str:
    return term if isinstance(term, str) else term.wordings[0][0]


@lru_cache(maxsize=16)
def _table(
    rules: SynonymRules, analyzer: Analyzer, languages: Collection[str]
) -> dict[Phrase, list[tuple[str, Phrase, list[tuple[str, Phrase]]]]]:
    """By the words that a query has to have in a row: the phrase as written, all its terms, and
    what else is asked for with each one's terms."""

    def terms_of(phrase: str) -> list[str | AnyOf]:
        return analyzer.query_terms(phrase, languages)

    found: dict[Phrase, dict[str, dict[str, None]]] = {}
    for rule in rules.rules:
        for word in rule.words:
            key = tuple(_one(term) for term in word_terms(terms_of(word)))
            others = rule.also or tuple(other for other in rule.words if other != word)
            if key:
                found.setdefault(key, {}).setdefault(word, {}).update(dict.fromkeys(others))
    table = {}
    for key, by_word in found.items():
        # Words that are one in their terms ("Laptop", "laptops") are one.
        written = next(iter(by_word))
        also = dict.fromkeys(other for others in by_word.values() for other in others)
        own = _marked(terms_of(written))
        pairs = [(other, _marked(terms_of(other))) for other in also]
        table[key] = [(written, own, [pair for pair in pairs if pair[1] and pair[1] != own])]
    return table


def _marked(terms: Sequence[str | AnyOf]) -> Phrase:
    return tuple(_one(term) for term in terms if not _one(term).startswith(IDENTIFIER_MARK))
