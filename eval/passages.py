"""Texts compared as passages and answers are: whatever a reader or a chunker made of the layout."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_GRAM = 8
"""Characters in a row that count as the same text."""
_RULE = re.compile(r"^\|(?:\s*:?-{3,}:?\s*\|)+[ \t]*$", re.MULTILINE)
_MARKS = re.compile(r"[\W_]+")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_IN_WORD = rf"[^\W_{_HAN}]"


def fold_heading(heading: str) -> str:
    """A heading as it is compared: width and case folded, white space removed. Numbering stays:
    "2.1 Scope" and "Scope" are two headings.
    """
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split())


@lru_cache(maxsize=4096)
def fold_text(text: str) -> str:
    """Letters and digits of a text, width and case folded: white space, punctuation and the bars
    of tables differ from reader to reader."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def counted_part(passage: str) -> str:
    """What of a passage tells it from others: of a table in Markdown its rows, for what stands
    above them is repeated wherever the table is cut."""
    rules = list(_RULE.finditer(passage))
    below = passage[rules[-1].end() :] if rules else ""
    return below if fold_text(below) else passage


def held_share(passage: str, text: str) -> float:
    """The share of the passage's characters (letters and digits) that stand in the text, in runs
    of eight at least; of a shorter passage, 1 where the text has it. 0 for a passage of none. Only
    its `counted_part` counts."""
    wanted, given = fold_text(counted_part(passage)), fold_text(text)
    if not wanted:
        return 0.0
    if wanted in given:
        return 1.0
    if len(wanted) <= _GRAM:
        return 0.0
    grams = {given[start : start + _GRAM] for start in range(len(given) - _GRAM + 1)}
    covered, reach = 0, 0
    for start in range(len(wanted) - _GRAM + 1):
        if wanted[start : start + _GRAM] in grams:
            covered += start + _GRAM - max(start, reach)
            reach = start + _GRAM
    return covered / len(wanted)


def holds_answer(text: str, answer: str) -> bool:
    """Whether an answer stands in a text as words of their own ("art" is not in "party", nor "5"
    in "1.5"), however case, width and white space are written."""
    wanted = unicodedata.normalize("NFKC", answer).casefold().split()
    if not wanted:
        return False
    return _standing(tuple(wanted)).search(_plain(text)) is not None


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@lru_cache(maxsize=4096)
def _standing(words: tuple[str, ...]) -> re.Pattern[str]:
    first, last = words[0][0], words[-1][-1]
    before = rf"(?<!{_IN_WORD})" if re.match(_IN_WORD, first) else ""
    after = rf"(?!{_IN_WORD})" if re.match(_IN_WORD, last) else ""
    if first.isdigit():
        before += r"(?<![0-9][.,])"
    if last.isdigit():
        after += r"(?![.,][0-9])"
    pieces = (r"\s*".join(re.escape(character) for character in word) for word in words)
    return re.compile(before + r"\s*".join(pieces) + after)
