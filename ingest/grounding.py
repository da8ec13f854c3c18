"""Whether a statement says what a text says: its numbers, names, words and negations are there.

A check of words, not of logic. It is strict: what it lets pass may still be imprecise, so the
source is kept beside a statement, and what it does not let pass is replaced by the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_HAN_RUN = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_LEFT_OUT = re.compile("[的了是在和与及或其该此这那于对为由将被把等也都又并而且以之则所从向到个]")
_NEGATION = re.compile(
    "不|没|未|无|非|勿|禁|否|\\b(?:not|no|never|none|without|neither|nor|cannot|"
    "\\w+n['’]t|except|unless|prohibit\\w*)\\b",
    re.IGNORECASE,
)
_FUNCTION_WORDS = frozenset(
    """
    a an the this that these those it its he she they them his her their we our you your i is are
    was were be been being am do does did has have had of in on at by for from to with as and or
    but if then than so such there which who whom whose what when where while will would can could
    may might shall should must also into over under about each any all both more most
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read and to mend
)
_STEM = 5
_SAID = 0.75  # of the words of a statement that the text has to hold
_SAID_PAIRS = 0.6  # of its pairs of Han characters: joining two clauses makes new ones
_LEAST_LIKENESS = 0.2
_COVERED = 0.7  # of the words of a sentence that its statements have to hold


@dataclass(frozen=True, slots=True)
class Content:
    """What a text says, as sets: its Han characters and the stems of its words, its pairs of Han
    characters, its numbers, and the words written with a capital inside a sentence."""

    words: frozenset[str]
    pairs: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    negated: bool


def content(text: str) -> Content:
    """The content of a text."""
    flat = unicodedata.normalize("NFKC", text)
    words: set[str] = set()
    pairs: set[str] = set()
    for run in _HAN_RUN.findall(flat):
        for piece in _LEFT_OUT.split(run):
            words.update(piece)
            pairs.update(one + two for one, two in pairwise(piece))
    names: set[str] = set()
    for match in _WORD.finditer(flat):
        word = match.group()
        lower = word.casefold()
        if lower in _FUNCTION_WORDS:
            continue
        words.add(lower[:_STEM])
        before = flat[: match.start()].rstrip()
        if word[0].isupper() and before and before[-1] not in ".!?:\"'“‘(":
            names.add(lower)
    numbers = {number.replace(",", "").rstrip(".:") for number in _NUMBER.findall(flat)}
    return Content(
        frozenset(words),
        frozenset(pairs),
        frozenset(numbers),
        frozenset(names),
        bool(_NEGATION.search(flat)),
    )


def origin(statement: Content, sentences: Sequence[Content], around: Content) -> int | None:
    """Which of the sentences the statement comes from; None where it is not borne out.

    `around` is the content of the whole passage with its headings: a statement may name what a
    pronoun stands for. Borne out is one whose numbers and names are all in the passage, whose
    words nearly all are, that is like one of the sentences, and that denies where that does.
    """
    if not statement.words or not statement.numbers <= around.numbers:
        return None
    if any(name[:_STEM] not in around.words for name in statement.names):
        return None
    if len(statement.words & around.words) < _SAID * len(statement.words):
        return None
    if len(statement.pairs & around.pairs) < _SAID_PAIRS * len(statement.pairs):
        return None
    best = max(range(len(sentences)), key=lambda n: (_likeness(statement, sentences[n]), -n))
    closest = sentences[best]
    if _likeness(statement, closest) < _LEAST_LIKENESS or statement.negated != closest.negated:
        return None
    return best


def _likeness(one: Content, two: Content) -> float:
    """Dice's coefficient of their words, pairs and numbers, from 0 to 1."""
    first = one.words | one.pairs | one.numbers
    second = two.words | two.pairs | two.numbers
    return 2 * len(first & second) / max(len(first) + len(second), 1)


def covers(statements: Sequence[Content], sentence: Content) -> bool:
    """Whether the statements together say nearly all that the sentence does, and every number."""
    words = frozenset[str]().union(*(statement.words for statement in statements))
    numbers = frozenset[str]().union(*(statement.numbers for statement in statements))
    enough = len(words & sentence.words) >= _COVERED * len(sentence.words)
    return enough and sentence.numbers <= numbers
