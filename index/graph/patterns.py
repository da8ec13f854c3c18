"""Statements of a text: what its sentences say of the names in them, and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from index.graph.contract import EntityType, Statement
from index.graph.en_patterns import english_relations
from index.graph.naming import Named
from index.graph.reading import Reading
from index.graph.references import is_of_work, reference_before
from index.graph.said import ABOUT, SURE, Part, Said
from index.graph.spans import NameSpan, word_set
from index.graph.zh_patterns import chinese_relations
from index.graph.zh_tokens import has_han

_NO_PART = frozenset((EntityType.TERM, EntityType.DATE, EntityType.AMOUNT, EntityType.SECTION))
_SMALL = word_set("of in by to at on for with from as and the a an into about near over")
_MOST_KEYWORDS = 5


def statements(named: Named, about: int | None) -> list[Statement]:
    """What is said, in order of the sentences; `about` is the number of the mention that stands
    for "he", "it" or "the company": the title's. None where there is none."""
    reading, found = named.reading, dict[tuple[int, int, str], Statement]()
    for number, places in enumerate(_by_sentence(named)):
        parts = _parts(named.spans, places)
        said = list(_references(reading, named.spans, places, about))
        if parts:
            sentence = reading.sentences[number]
            is_chinese = has_han(reading.text[sentence[0] : sentence[1]])
            relations = chinese_relations if is_chinese else english_relations
            said.extend(relations(reading, sentence, parts))
        terms = _terms(reading, named.spans, places) if said else []
        for head, tail, kind, strength in said:
            if about is None and ABOUT in (head, tail):
                continue
            ends = [about if end == ABOUT and about is not None else end for end in (head, tail)]
            if _name(named, ends[0], about) == _name(named, ends[1], about):
                continue
            keywords = _keywords(terms, kind)
            statement = Statement(ends[0], ends[1], kind, number, keywords, round(strength, 2))
            found.setdefault((ends[0], ends[1], kind), statement)
    return list(found.values())


def _name(named: Named, place: int, about: int | None) -> str:
    if place == about or place >= len(named.spans):
        return named.about
    span = named.spans[place]
    return named.reading.text[span.start : span.end]


def _by_sentence(named: Named) -> list[list[int]]:
    places: list[list[int]] = [[] for _ in named.reading.sentences]
    for place, span in enumerate(named.spans):
        places[named.reading.sentence_at(span.start)].append(place)
    return places


def _parts(spans: Sequence[NameSpan], places: Sequence[int]) -> list[Part]:
    """The names of a sentence, without those within others."""
    parts: list[Part] = []
    for place in places:
        span = spans[place]
        if span.type in _NO_PART or (parts and span.start < parts[-1].end):
            continue
        parts.append(Part(place, span.start, span.end, span.type))
    return parts


def _references(
    reading: Reading, spans: Sequence[NameSpan], places: Sequence[int], about: int | None
) -> Iterator[Said]:
    """To sections and titled works that the text says to look at."""
    text = reading.text
    for place in places:
        span = spans[place]
        if span.type not in (EntityType.SECTION, EntityType.WORK):
            continue
        start = span.start - (span.type is EntityType.WORK)
        kind = reference_before(reading.plain, start)
        if kind and about is not None:
            yield Said(ABOUT, place, kind, SURE)
    for one, other in pairwise(places):
        is_cited = spans[one].type is EntityType.WORK and spans[other].type is EntityType.SECTION
        if is_cited and is_of_work(text, spans[one].end, spans[other].start):
            yield Said(other, one, "part of" if text.isascii() else "出自", SURE)


def _keywords(terms: Sequence[str], kind: str) -> tuple[str, ...]:
    """The words of the kind that say something, and the terms of the sentence."""
    words = [word for word in kind.split() if word.lower() not in _SMALL]
    return tuple(dict.fromkeys((*words, *terms)))[:_MOST_KEYWORDS]


def _terms(reading: Reading, spans: Sequence[NameSpan], places: Sequence[int]) -> list[str]:
    """The first terms of a sentence."""
    terms = (spans[place] for place in places)
    texts = (reading.text[s.start : s.end] for s in terms if s.type is EntityType.TERM)
    return [" ".join(text.split()) for text in islice(texts, _MOST_KEYWORDS)]
