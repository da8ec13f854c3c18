"""Answers as text, and text as the tokens that measures compare.

Tokens are words where words are written apart, and single characters in Chinese and Japanese.
What is not compared goes first: case, width and punctuation, and the English articles, as SQuAD's
script has it (P. Rajpurkar and others, "SQuAD: 100,000+ Questions for Machine Comprehension of
Text", EMNLP 2016) and that of CMRC 2018 (Y. Cui and others, "A Span-Extraction Dataset for Chinese
Machine Reading Comprehension", EMNLP 2019), which cuts mixed text in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARK = re.compile(r"\s*\[\d{1,3}\]")
_ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana and Han characters, each a token by itself."""
_TOKEN = re.compile(rf"[{_ALONE}]|[^\s{_ALONE}]+")
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")
_CHARACTER = re.compile(rf"[{_ALONE}]")
_ARTICLES = frozenset(("a", "an", "the"))


@lru_cache(maxsize=4096)
def plain_text(markdown: str) -> str:
    """What an answer in Markdown says: without markup and without citation marks, a block (a
    paragraph, an item, a cell of a table) to a line."""
    lines = [_said(token) for token in _parser().parse(markdown)]
    return "\n".join(line for line in lines if line.strip())


def _said(token: Token) -> str:
    if token.type in ("fence", "code_block"):
        return token.content.rstrip()
    if token.type != "inline":
        return ""
    said = [
        child.content if child.type != "softbreak" and child.type != "hardbreak" else " "
        for child in token.children or ()
    ]
    return _MARK.sub("", "".join(said)).strip()


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Tokens in order, with repeats. Punctuation and symbols are removed, not replaced by a space,
    as SQuAD does: "3.5 %" is "35". English articles stay where the text has Chinese: there "A"
    names something."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c for c in folded if unicodedata.category(c)[0] not in "PS")
    found = _TOKEN.findall(kept)
    if is_chinese(text):
        return tuple(found)
    return tuple(token for token in found if token not in _ARTICLES)


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Runs of letters and digits, and single characters, in order, articles among them: on English
    the tokens of the package rouge-score without its stemmer."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


@lru_cache(maxsize=4096)
def is_chinese(text: str) -> bool:
    """Whether a text is read by characters: where they are as many as its other words."""
    found = _TOKEN.findall(text)
    characters = sum(1 for token in found if _CHARACTER.match(token))
    return 2 * characters >= len(found) > 0


def bigrams(text: str) -> list[tuple[str, str]]:
    """Pairs of neighbouring tokens, in order, with repeats."""
    found = tokens(text)
    return list(pairwise(found))
