"""All that a text names, by every rule, each thing at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.graph.contract import EntityType
from index.graph.definitions import definitions
from index.graph.en_context import shared, typed
from index.graph.en_names import en_names, en_terms
from index.graph.headings import occurrences
from index.graph.other_names import Pair, other_names
from index.graph.quantities import quantities
from index.graph.reading import Reading, Span
from index.graph.references import sections
from index.graph.spans import NAMES, QUOTED, NameSpan, settled
from index.graph.user_names import UserNames
from index.graph.zh_names import zh_names, zh_terms

_TITLE_MARKS = re.compile("《([^《》\n]{1,60})》")
_QUOTED = re.compile('["“]\\s?([A-Z][^"“”\n]{1,60}?)[,.]?["”]')

_WORKS = re.compile(
    r"\b(?:film|movie|novel|book|song|album|single|series|sitcom|show|play|opera|musical|magazine|newspaper|poem|episode|"
    r"game|comic|painting|story|drama)s?,?\W{0,3}$",
    re.I,
)


@dataclass(frozen=True)
class Named:
    """A text's names by place, the pairs among them, and the places of what it defines; `about`
    is what its title names."""

    reading: Reading
    spans: list[NameSpan]
    pairs: list[Pair]
    defined: frozenset[Span]
    about: str = ""


def named_in(
    text: str,
    sentences: Sequence[Span],
    known: Mapping[str, NameSpan] | None = None,
    user: UserNames | None = None,
) -> Named:
    """`known` are names given by the title: they are names in the text, too."""
    reading = Reading.of(text, sentences)
    known = known or {}
    names = sorted(_candidates(reading, known), key=lambda s: (s.start, -s.end, s.rank, s.type))
    names = typed(text, names)
    if user is not None:
        names.extend(user.find(text))
    starts, ends = _longest(names)
    defined = list(definitions(reading, starts, ends))
    names.extend(defined)
    starts, ends = _longest(names)
    pairs = list(other_names(reading, ends, starts))
    names.extend(span for pair in pairs for span in pair[:2])
    spans = settled(shared(text, names))
    return Named(
        reading, spans, pairs, frozenset((s.start, s.end) for s in defined), next(iter(known), "")
    )


def _candidates(reading: Reading, known: Mapping[str, NameSpan]) -> Iterator[NameSpan]:
    text = reading.text
    if reading.words:
        yield from zh_names(reading.plain, reading.words)
        yield from zh_terms(reading.words)
    yield from en_names(text, reading.tokens, reading.first_words, known)
    yield from en_terms(text, reading.tokens, reading.first_words)
    yield from quantities(text)
    yield from sections(text)
    for match in _TITLE_MARKS.finditer(text):
        yield NameSpan(*match.span(1), EntityType.WORK, QUOTED)
    for match in _QUOTED.finditer(text):
        is_work = _WORKS.search(text, max(0, match.start() - 40), match.start()) is not None
        kind = EntityType.WORK if is_work or len(match[1].split()) > 1 else EntityType.OTHER
        yield NameSpan(*match.span(1), kind, QUOTED)
    for name, given in known.items():
        for start, end in occurrences(name, text):
            yield NameSpan(start, end, given.type, NAMES)


def _longest(names: Iterable[NameSpan]) -> tuple[dict[int, NameSpan], dict[int, NameSpan]]:
    """The longest names, by where they begin and by where they end."""
    starts: dict[int, NameSpan] = {}
    ends: dict[int, NameSpan] = {}
    for name in names:
        if name.start not in starts or name.end > starts[name.start].end:
            starts[name.start] = name
        if name.end not in ends or name.start < ends[name.end].start:
            ends[name.end] = name
    return starts, ends
