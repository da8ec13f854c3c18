"""Words for the tuned set-ups, as a careful user would split them: Chinese by jieba, the rest at
what is no letter or digit; in small letters."""

from __future__ import annotations

import logging
import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"\w+")


def is_chinese(text: str) -> bool:
    """Whether there is Chinese in a text."""
    return bool(_HAN.search(text))


def words(text: str) -> list[str]:
    """The words of a text."""
    if not is_chinese(text):
        return _WORD.findall(text.lower())
    import jieba

    jieba.setLogLevel(logging.ERROR)
    return [word for word in jieba.cut(text.lower()) if _WORD.search(word)]


def spaced(text: str) -> str:
    """A text with Chinese in it as its words with spaces between, for libraries that take a pattern
    for words, and no function. Other texts stay as they are."""
    return " ".join(words(text)) if is_chinese(text) else text
