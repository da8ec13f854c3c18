"""What a question is made of: language, script, keywords, identifiers, numbers, dates, its type."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from index.contract import HAN, IDENTIFIER_MARK, LATIN, Analyzer, AnyOf
from index.pipeline import (
    BIGRAM_MARK,
    Snapshot,
    function_words,
    identifiers,
    is_han,
    language_of,
    script_of,
)
from retrieve.contract import Analysis
from retrieve.understanding.question_type import question_type

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_YEAR = re.compile(r"(?<![\d.])((?:1[5-9]|20|21)\d\d)(?=\s?年)")
_MEASURE = re.compile(r"\d+(?:\.\d+)*(?:[^\W\d]|[%‰°/])*[23]?")
_PLAIN_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?:\s?%)?(?![\w.,-])", re.ASCII)
_MORE_FUNCTION_WORDS = (
    "who's what's there's how's tell me about let know need want get got just does doesn't don't "
    "isn't aren't after before over under through per up out say says said us ok hi hello "
    "几 有几 多久 多长 几天 呀 啦 哦 么 嘛 吗 呢 还 还有 又 再 很 太 最 只 不 没 没有 要 想 来 去 说 讲 做 "
    "用 让 给 向 往 着 过 得 地 该 各 每 某 些 这些 那些 哪天 几点 怎么办 为啥 咋 请教 麻烦 帮我 帮 看看 "
    "告诉 知道 应该 需要 必须 进行 如果 因为 所以 而且 并且 或者 还是 但是 不过 谢谢 你好"
)


def analysis_of(
    snapshot: Snapshot, text: str, terms: Sequence[str | AnyOf], identified: Sequence[str]
) -> Analysis:
    """`terms` are those that the analyzer makes of the text, `identified` its identifiers."""
    normal = snapshot.parts.analyzer.normal(text)
    script = script_of(text)
    dates = [term for term in identified if _DATE.fullmatch(term)]
    dates += [year for year in _YEAR.findall(normal) if not any(d.startswith(year) for d in dates)]
    measures = [term for term in identified if _MEASURE.fullmatch(term) and term not in dates]
    codes = [term for term in identified if term not in dates and term not in measures]
    taken = {*dates, *measures}
    numbers = [n for n in _PLAIN_NUMBER.findall(normal) if n not in taken]
    words = keywords_of(text, terms, snapshot.parts.analyzer)
    left = [word for word in words if not any(char.isdigit() for char in word)]
    only = bool(identified) and all(len(word) <= 8 and word in "".join(codes) for word in left)
    return Analysis(
        text=text,
        language=_language(text, script, snapshot.languages),
        script=script,
        question_type=question_type(normal, only_identifiers=only and bool(codes)),
        keywords=words,
        identifiers=codes,
        numbers=[*measures, *numbers],
        dates=dates,
    )


def identified_in(text: str) -> list[str]:
    """The identifiers of a query, without their mark, each once."""
    found = identifiers(text, in_query=True)
    return list(dict.fromkeys(term.removeprefix(IDENTIFIER_MARK) for term in found))


def keywords_of(text: str, terms: Sequence[str | AnyOf], analyzer: Analyzer) -> list[str]:
    """The words that say what a text is about, as they are written but for case, each once."""
    function = _function(analyzer)
    han = (t for t in terms if isinstance(t, str) and t[:1] != BIGRAM_MARK and is_han(t))
    found = dict.fromkeys(word for word in han if word not in function)
    for match in _WORD.finditer(analyzer.normal(text)):
        word = match.group()
        if not is_han(word[:1]) and word not in function:
            found[word] = None
    return list(found)


def is_function_word(word: str, analyzer: Analyzer) -> bool:
    """Whether a word in normal form says nothing about a subject."""
    return word in _function(analyzer)


def word_terms(terms: Sequence[str | AnyOf]) -> list[str | AnyOf]:
    """Without pairs of characters and identifiers."""
    return [
        term
        for term in terms
        if isinstance(term, AnyOf) or term[:1] not in (BIGRAM_MARK, IDENTIFIER_MARK)
    ]


@lru_cache(maxsize=8)
def _function(analyzer: Analyzer) -> frozenset[str]:
    written = " ".join((*function_words(), _MORE_FUNCTION_WORDS))
    return frozenset(analyzer.normal(written).split())


def _language(text: str, script: str, spoken: Collection[str]) -> str:
    """As language_of; of a short text by its function words. The detector of languages is loaded
    only where the collection has others than English."""
    if script == HAN:
        return "chinese"
    words = {word.casefold() for word in _WORD.findall(text)}
    if script != LATIN or words & _ENGLISH:
        return "english" if script == LATIN else ""
    return language_of(text) if set(spoken) - {"english"} else ""


_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "that",
        "with",
        "from",
        "by",
        "which",
        "this",
        "for",
        "is",
        "are",
        "was",
        "were",
        "what",
        "who",
        "when",
        "where",
        "why",
        "how",
        "does",
        "do",
        "did",
        "can",
        "should",
        "will",
        "my",
        "your",
        "it",
        "its",
        "in",
        "on",
        "an",
    ]
)
