"""The normal form of text and its cutting into runs, shared by every analyzer.

Width and compatibility forms are folded (NFKC), then case (Unicode casefold); invisible
characters go. What is left falls into runs of Han characters, which a segmenter must cut, and
words of other scripts, which end at white space and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from index.contract import HAN, LATIN

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUN = re.compile(f"(?P<han>[{_HAN}]+)|(?P<word>[^\\W_{_HAN}]+(?:['’][^\\W\\d_{_HAN}]+)?)")

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


def normalize(text: str) -> str:
    """The form in which text and query are compared."""
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()


def runs(normalized: str) -> Iterator[tuple[bool, str]]:
    """(is Han, run) in order, over text from `normalize`."""
    for match in _RUN.finditer(normalized):
        han, word = match.group("han"), match.group("word")
        if han:
            yield True, han
        else:
            for start in range(0, len(word), _LONGEST_WORD):
                yield False, word[start : start + _LONGEST_WORD]


def bigrams(han: str) -> list[str]:
    """Marked overlapping pairs of a Han run; empty for a single character."""
    return [BIGRAM_MARK + han[i : i + 2] for i in range(len(han) - 1)]
