"""Chinese words with their parts of speech.

rjieba tags by jieba's dictionary (2,000 texts of 300 characters a second; jieba's own tagger does
90). Traditional characters are folded to simplified ones one by one before, so that every word
keeps its place in the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_FOLDED = ((0x3400, 0xA000), (0xF900, 0xFB00))


class Word(NamedTuple):
    """A word from `start` to `end`, in simplified characters, with jieba's tag."""

    start: int
    end: int
    text: str
    tag: str


def has_han(text: str) -> bool:
    """Whether a text has a Chinese character at all."""
    return _HAN.search(text) is not None


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Traditional characters to simplified ones; surrogates to the replacement character."""
    import opencc

    characters = [chr(code) for low, high in _FOLDED for code in range(low, high)]
    converted: str = opencc.OpenCC("t2s").convert("\n".join(characters))
    table = {
        ord(before): after
        for before, after in zip(characters, converted.split("\n"), strict=True)
        if before != after and len(after) == 1
    }
    table.update(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))
    return table


def simplified(text: str) -> str:
    """The text with each traditional character as a simplified one, at the same place."""
    return text if text.isascii() else text.translate(_simplified())


@lru_cache(maxsize=1)
def _tagger() -> Any:
    import rjieba

    return rjieba.Jieba()


def zh_words(text: str) -> list[Word]:
    """The words of a text in simplified characters, in order."""
    words: list[Word] = []
    place = 0
    for word, tag in _tagger().tag(text):
        words.append(Word(place, place + len(word), word, tag))
        place += len(word)
    return words


def is_known(word: str) -> bool:
    """Whether jieba's dictionary has the word."""
    known: bool = _tagger().has_word(word)
    return known


@lru_cache(maxsize=200_000)
def frequency(word: str) -> int:
    """How often a word stands in the texts that jieba's dictionary was counted in."""
    often: int = _tagger().suggest_freq(word)
    return often
