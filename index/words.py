"""The normal form of text and its cutting into runs, shared by every analyzer.

Width and compatibility forms are folded (NFKC), then case (Unicode casefold); invisible
characters and the commas between thousands go. What is left falls into runs of Han characters,
which a segmenter must cut, and words of other scripts, which end at white space, at punctuation,
and where letters meet digits: `PPR9087` has the same words as `PPR-9087`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from index.contract import HAN, LATIN

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(f"([{_HAN}]+)|([^\\W_{_HAN}]+(?:['’][^\\W\\d_{_HAN}]+)?)")
_ONLY_HAN = re.compile(f"[{_HAN}]+")
_PIECE = re.compile(r"\d+|\D+")
_MOST_PIECES = 6
"""Words with more (hashes, base64) stay whole: their pieces say nothing."""

_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_LATIN = re.compile("[a-z]")
_LONGEST_WORD = 255
"""Longer ones (base64, hashes, text without spaces) fall into pieces: tantivy leaves out any
term of over 65,530 bytes, and no one looks for one."""


def script(text: str) -> str:
    """The script that a text is written in: HAN where at least a quarter of its Han characters
    and letters are Han (a Chinese text full of product names is still Chinese), else LATIN;
    empty where it has neither."""
    normalized = normalize(text)
    han = sum(len(run) for is_han, run in runs(normalized) if is_han)
    letters = len(_LATIN.findall(normalized))
    if not han and not letters:
        return ""
    return HAN if 3 * han >= letters else LATIN


BIGRAM_MARK = "\u2402"
"""Put before the two characters of a Han bigram, so that it never meets a word of two."""


def folded(text: str) -> str:
    """The normal form but for case."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    if "," not in plain:
        return plain
    return _THOUSANDS.sub(lambda match: match.group().replace(",", ""), plain)


def normalize(text: str) -> str:
    """The form in which text and query are compared."""
    return folded(text).casefold()


def runs(normalized: str) -> Iterator[tuple[bool, str]]:
    """(is Han, run) in order, over text from `normalize`."""
    for match in _RUN.finditer(normalized):
        han, word = match.groups()
        if han:
            yield True, han
        elif word.isalpha() and len(word) <= _LONGEST_WORD:
            yield False, word
        else:
            for piece in _pieces(word):
                yield False, piece


def _pieces(word: str) -> Iterator[str]:
    pieces = _PIECE.findall(word)
    for piece in pieces if len(pieces) <= _MOST_PIECES else [word]:
        for start in range(0, len(piece), _LONGEST_WORD):
            yield piece[start : start + _LONGEST_WORD]


def is_han(text: str) -> bool:
    """Whether all of it is one Han run."""
    return _ONLY_HAN.fullmatch(text) is not None


def bigrams(han: str) -> list[str]:
    """Marked overlapping pairs of a Han run; empty for a single character."""
    return [BIGRAM_MARK + first + second for first, second in pairwise(han)]
