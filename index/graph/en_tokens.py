"""English words with the part of speech that each has most often.

The lexicon is that of Brill's tagger (94,000 words), as the wheel of TextBlob carries it; nothing
of TextBlob itself is run. Words that it lacks are told by their endings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_LETTER = "A-Za-z\u00c0-\u024f\u0300-\u036f\u0370-\u052f\u1e00-\u1eff"
_TOKEN = re.compile(
    rf"(?:[A-Z]\.){{2,}}|[A-Z]\.(?=[ -]?[A-Z])|[{_LETTER}0-9]+(?:['’&](?![sS]\b)[{_LETTER}]+|-[{_LETTER}0-9]+)*"
)
_ENDINGS = (
    ("ly", "RB"), ("ing", "VBG"), ("ed", "VBN"), ("ous", "JJ"), ("ful", "JJ"), ("ive", "JJ"),
    ("able", "JJ"), ("ible", "JJ"), ("ical", "JJ"), ("ic", "JJ"), ("al", "JJ"), ("less", "JJ"),
    ("ary", "JJ"), ("ss", "NN"), ("us", "NN"), ("is", "NN"), ("s", "NNS"),
)  # fmt: skip


class Token(NamedTuple):
    """A word from `start` to `end` with its tag (Penn Treebank); `is_name` says that it begins
    with a capital letter or has one within."""

    start: int
    end: int
    text: str
    tag: str
    is_name: bool


@lru_cache(maxsize=1)
def lexicon() -> Mapping[str, str]:
    """Words to their commonest tags."""
    from importlib.metadata import distribution

    path = Path(str(distribution("textblob").locate_file("textblob/en/en-lexicon.txt")))
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, tag = line.partition(" ")
        if word and tag and not word.startswith(";;;"):
            found[word] = tag.strip()
    return found


def tag_of(word: str) -> str:
    """The tag of a word in small letters."""
    known = lexicon().get(word)
    if known is not None:
        return known
    if word[0].isdigit():
        return "CD"
    _, hyphen, last = word.rpartition("-")
    if hyphen:
        tag = tag_of(last) if last else "NN"
        return "JJ" if tag[:2] in ("VB", "JJ") else tag
    return next((tag for ending, tag in _ENDINGS if word.endswith(ending)), "NN")


def en_tokens(text: str) -> list[Token]:
    """The words of a text that are written in Latin, Greek or Cyrillic letters, and numbers."""
    tags = lexicon()
    tokens = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in ("s", "S") and text[match.start() - 1 : match.start()] in ("'", "’"):
            continue
        lower = word.lower()
        tokens.append(
            Token(
                match.start(),
                match.end(),
                word,
                tags.get(lower) or tag_of(lower),
                word != lower and not word[0].isdigit(),
            )
        )
    return tokens
