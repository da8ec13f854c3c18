"""Names of entities in a text that someone wrote, and the entities of a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from index.function_words import function_words
from index.graph.interned import Names, Numbers
from index.graph.names import (
    TOKEN,
    form_of,
    has_han,
    is_han_token,
    joined,
    normal_name,
    plain_text,
    spelled,
)
from ingest.contract import cached_property

_BETWEEN = re.compile(r"[\s·•・‧∙'’\-‐‑–—&,/《》“”\"]{0,3}")
"""What may stand between the words of one name, but for the full stop of an initial."""

_QUALIFIER = re.compile(r"\s*[(（]([^()（）]{1,60})[)）]")


@lru_cache(maxsize=1)
def _function_spellings() -> frozenset[str]:
    return frozenset(spelled(word) for word in function_words())


@dataclass(frozen=True, eq=False)
class NameLookup:
    """Finds entities by names. `entities` are those of each spelling that is in use, the
    commonest first, and `of_form` the same of each form: both as offsets by number and the
    entities."""

    names: Names
    entities: tuple[npt.NDArray[np.int64], Numbers]
    of_form: tuple[npt.NDArray[np.int64], Numbers]

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """The entities of a name, the commonest first. A name with a qualifier is looked up as
        it stands first."""
        normal = normal_name(name)
        exact = _row(self.entities, self.names.spellings.find(normal.spelled))
        if exact and normal.qualifier:
            return exact
        by_form = _row(self.of_form, self.names.forms.find(normal.form))
        return tuple(dict.fromkeys((*by_form, *exact)))

    def names_in(self, text: str) -> list[tuple[int, int, tuple[int, ...]]]:
        """Names that stand in a text, the longest first where they overlap, with their entities."""
        tokens, places = _tokens_with_places(text)
        found: list[tuple[int, int, int, tuple[int, ...]]] = []
        for start in range(len(tokens)):
            for length in self._lengths.get(_first(tokens, start), ()):
                end = start + length
                if end <= len(tokens) and (numbers := self._at(text, tokens, places, start, end)):
                    found.append((start, end, length, numbers))
        found.sort(key=lambda match: (-_width(places, match), match[0]))
        taken = [False] * len(tokens)
        chosen = []
        for start, end, _, numbers in found:
            if not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                chosen.append(self._told_apart(text, places[start][0], places[end - 1][1], numbers))
        return sorted(chosen)

    def _at(
        self,
        text: str,
        tokens: Sequence[str],
        places: Sequence[tuple[int, int]],
        start: int,
        end: int,
    ) -> tuple[int, ...]:
        """The entities whose name the tokens from start to end are."""
        name = joined(list(tokens[start:end]))
        numbers = _row(self.entities, self.names.spellings.find(name)) or self._also.get(name, ())
        if not numbers:
            return ()
        for place in range(start, end - 1):
            between = text[places[place][1] : places[place + 1][0]]
            if between[:1] == "." and (len(tokens[place]) < 3 or between == "."):
                between = between[1:]
            if not _BETWEEN.fullmatch(between):
                return ()
        if name in _function_spellings():
            written = text[places[start][0] : places[end - 1][1]]
            if not written.isupper() or has_han(written):
                return ()
        by_form = _row(self.of_form, self.names.forms.find(form_of(name)))
        return tuple(dict.fromkeys((*by_form, *numbers)))

    def _told_apart(
        self, text: str, start: int, end: int, numbers: tuple[int, ...]
    ) -> tuple[int, int, tuple[int, ...]]:
        """The match with what stands in parentheses behind it, where that is part of a name."""
        if match := _QUALIFIER.match(text, end):
            whole = normal_name(text[start : match.end()])
            exact = _row(self.entities, self.names.spellings.find(whole.spelled))
            if exact and whole.qualifier:
                return start, match.end(), exact
        return start, end, numbers

    @cached_property
    def _also(self) -> dict[str, tuple[int, ...]]:
        """What people call things of which the texts only have longer names: without a qualifier,
        or the legal form of a company."""
        names = self.names
        spelling, form = names.spelling_of(), names.form_of()
        qualifier, has_legal_form = names.qualifier_of(), names.has_legal_form()
        # Names may be added to the tables while this goes on, or since the graph was derived.
        count = min(map(len, (spelling, form, qualifier, has_legal_form)))
        is_longer = has_legal_form[:count] | (qualifier[:count] != names.qualifiers.find(""))
        offsets = self.entities[0]
        is_longer &= spelling[:count] < len(offsets) - 1
        rows = np.flatnonzero(is_longer)
        rows = rows[np.diff(offsets)[spelling[rows]] > 0]
        found: dict[str, tuple[int, ...]] = {}
        for row in rows.tolist():
            whole = names.spellings.values[spelling[row]]
            tail = names.qualifiers.values[qualifier[row]]
            short = whole.removesuffix(f" ({tail})") if tail else names.forms.values[form[row]]
            found[short] = _row(self.of_form, int(form[row]))
        return found

    @cached_property
    def _lengths(self) -> dict[str, tuple[int, ...]]:
        """By how names begin, how many tokens they have, the longest first."""
        lengths: dict[str, set[int]] = {}
        values = self.names.spellings.values
        held = np.flatnonzero(np.diff(self.entities[0])).tolist()
        for name in (*(values[number] for number in held), *self._also):
            tokens = TOKEN.findall(name)
            if len(tokens) > 1 or (tokens and not is_han_token(tokens[0])):
                lengths.setdefault(_first(tokens, 0), set()).add(len(tokens))
        return {begin: tuple(sorted(sizes, reverse=True)) for begin, sizes in lengths.items()}


def _first(tokens: Sequence[str], start: int) -> str:
    """What a name is looked up by: its first word, or its first two Han characters."""
    token = tokens[start]
    if is_han_token(token) and start + 1 < len(tokens):
        return token + tokens[start + 1]
    return token


def _row(table: tuple[npt.NDArray[np.int64], Numbers], number: int) -> tuple[int, ...]:
    offsets, values = table
    if not 0 <= number < len(offsets) - 1:
        return ()
    return tuple(values[offsets[number] : offsets[number + 1]].tolist())


def _width(places: Sequence[tuple[int, int]], match: tuple[int, int, int, tuple[int, ...]]) -> int:
    start, end = match[:2]
    return places[end - 1][1] - places[start][0]


def _tokens_with_places(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Tokens of a text in normal form, each with where it stands in the text as it is written."""
    plain = plain_text(text)
    if len(plain) == len(text):
        matches = list(TOKEN.finditer(plain))
        return [m.group() for m in matches], [m.span() for m in matches]
    tokens: list[str] = []
    places: list[tuple[int, int]] = []
    for word in re.finditer(r"\S+", text):
        plain_word = plain_text(word.group())
        matches = list(TOKEN.finditer(plain_word))
        if len(plain_word) == len(word.group()):
            spans = [(word.start() + m.start(), word.start() + m.end()) for m in matches]
        else:
            spans = _places_by_character(word.group(), word.start(), [m.group() for m in matches])
        tokens.extend(m.group() for m in matches)
        places.extend(spans)
    return tokens, places


def _places_by_character(word: str, start: int, tokens: Sequence[str]) -> list[tuple[int, int]]:
    """Where the tokens of a word stand in it, going by the normal form of each character."""
    letters: list[tuple[str, int]] = []
    for place, character in enumerate(word):
        letters.extend((c, place) for c in plain_text(character) if not c.isspace())
    found = []
    position = 0
    for token in tokens:
        while position < len(letters) and letters[position][0] != token[0]:
            position += 1
        first = letters[min(position, len(letters) - 1)][1] if letters else 0
        position = min(position + len(token), len(letters))
        last = letters[position - 1][1] if position else 0
        found.append((start + first, start + max(last, first) + 1))
    return found
