"""Forms of a text in which what two programs show of it can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_KEPT = frozenset(
    [*range(0x2E80, 0x2FE0), *range(0xFB00, 0xFB07)]
)  # radicals and ligatures: what a font leaves in place of a character is a fault
_QUOTES = str.maketrans("“”„«»‘’‚‐‑–—−·•", '"""""\'\'\'-----..')
_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|?)+[ \t]*$", re.MULTILINE)
_BREAK = re.compile(r"<br\s*/?>|<!--.*?-->|</?(?:u|b|i|sup|sub)>", re.IGNORECASE)
_MARK = re.compile(
    r"^[ \t]*(?:>[ \t]+)*(?:[-*+•◦▪●○■□·–][ \t]+|\d{1,3}[.)][ \t]+|[a-zA-Z][.)][ \t]+)"
    r"(?:\d{1,3}[.)][ \t]+)?|^[ \t]*>[ \t]+",
    re.MULTILINE,
)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
_NOTE = re.compile(r"\[\^?\d{1,3}\]:?|\^\d{1,3}")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)\w*[ \t]*$", re.MULTILINE)
_MARKUP = frozenset("|*#`\\~_")
_SENTENCE = re.compile(r"(?<=[。！？；])|(?<=[.!?])\s+(?=[A-Z\"“(])")
_NUMBER = re.compile(
    r"^\s*(?:第[零一二三四五六七八九十百千〇\d]+[编章节条款部分篇]|[（(][一二三四五六七八九十\d]+[)）]|"
    r"[一二三四五六七八九十]+、|\d+(?:\.\d+)*[.、)]?(?=\s|[^\d\s.,%]))\s*"
)


@cache
def _folded(char: str) -> str:
    if ord(char) in _KEPT:
        return char
    return unicodedata.normalize("NFKC", char)


def fold(text: str) -> str:
    """Full-width and other compatibility forms resolved one by one, quotes and dashes made alike;
    radicals and ligatures stay, because a reader does not type them."""
    text = text.translate(_QUOTES)
    if text.isascii():
        return text
    return "".join(map(_folded, text)).translate(_QUOTES)


def bare(text: str) -> str:
    """The text without Markdown's signs, list marks and note marks, lines kept."""
    text = _BREAK.sub(" ", text)
    text = _FENCE.sub("", text)
    text = _RULE.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _MARK.sub("", text)
    return _NOTE.sub("", text)


def visible(text: str) -> str:
    """What a reader sees, without white space: for counting characters."""
    return "".join(c for c in fold(bare(text)) if not c.isspace() and c not in _MARKUP)


def letters(text: str) -> str:
    """Letters and digits alone: for finding a text whatever marks stand in it."""
    return "".join(c for c in fold(_BREAK.sub(" ", text)) if c.isalnum())


def same_heading(one: str, two: str) -> bool:
    """Whether two headings are the same but for marks and their number."""
    if letters(one) == letters(two):
        return True
    first, second = (letters(_NUMBER.sub("", fold(text))) for text in (one, two))
    return bool(first) and first == second


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph: after 。！？； and after . ! ? before a capital letter."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]
