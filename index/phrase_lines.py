"""Files of phrases: something to a line, phrases between commas.

A comma, a backslash, # or => within a phrase has a backslash before it. Empty lines and those that
begin with # are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from ingest.contract import BadInput

MAX_PHRASE_CHARS = 200

T = TypeVar("T")

_PART = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)")
_ESCAPED = re.compile(r"\\(.)")
_NEEDS_ESCAPE = re.compile(r"([\\,#]|=>)")


def parsed_lines(
    lines: Iterable[str], place: str, parse: Callable[[str], T], advice: str
) -> list[T]:
    """What `parse` makes of each line. Raises BadInput, naming the line in `place` and saying what
    `advice` has, where it raises ValueError."""
    found: list[T] = []
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").strip()
        if not text or text.startswith("#"):
            continue
        try:
            found.append(parse(text))
        except ValueError as error:
            raise BadInput(f"{place}, line {number}: {error}; {advice}") from error
    return found


def phrases_of(text: str) -> tuple[str, ...]:
    """The phrases between the commas, each once. Raises ValueError."""
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


def phrase_line(phrases: Iterable[str]) -> str:
    """The text that `phrases_of` makes the phrases of."""
    return ", ".join(_NEEDS_ESCAPE.sub(r"\\\1", phrase) for phrase in phrases)
