"""How an answer reads. These figures describe: they do not say that an answer is right, and
differences of a few hundredths mean nothing.
"""

from __future__ import annotations

import re

from eval.answers.text import bigrams, is_chinese, tokens

HARDEST = 20.0
"""The reading grade, or its Chinese counterpart, that counts as 0."""
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)|\n+|[。！？；…]+")
_CLAUSE_END = re.compile(r"[，：,:]")
_WORD_CHARACTER = re.compile(r"\w")


def distinct_2(text: str) -> float:
    """The share of the answer's pairs of neighbouring tokens that are different ones (distinct-2
    of J. Li and others, "A Diversity-Promoting Objective Function for Neural Conversation Models",
    2016, within one answer): low where an answer repeats itself. Short answers have 1."""
    pairs = bigrams(text)
    return len(set(pairs)) / len(pairs) if pairs else 1.0


def readability(text: str) -> float:
    """How easily an answer is read: 1 for the easiest, 0 for what is as hard as `HARDEST`, on a
    straight line between; by the formula of its language. Compare texts of one language."""
    hardness = _chinese_hardness(text) if is_chinese(text) else _reading_grade(text)
    return min(1.0, max(0.0, 1.0 - hardness / HARDEST))


def _reading_grade(text: str) -> float:
    """The automated readability index, a school grade of the United States: 4.71 times the letters
    of a word, and 0.5 times the words of a sentence, less 21.43 (E. Smith and R. Senter,
    "Automated Readability Index", AMRL-TR-66-220, 1967). It needs no dictionary of syllables."""
    sentences = _sentences(text)
    words = [word for word in text.split() if _WORD_CHARACTER.search(word)]
    if not words or not sentences:
        return 0.0
    letters = sum(len(_WORD_CHARACTER.findall(word)) for word in words)
    return 4.71 * letters / len(words) + 0.5 * len(words) / len(sentences) - 21.43


def _chinese_hardness(text: str) -> float:
    """Half of the mean characters of a clause (徐巍, 姚振晔, 陈冬华, 中文年报可读性：衡量与检验,
    会计研究 2021(3)). Their index, after the Gunning fog index, is half of the sum of these and
    of the share of adverbs and conjunctions, which is left out: it is below 0.2, and takes a
    tagger."""
    clauses = [
        tokens(clause) for sentence in _sentences(text) for clause in _CLAUSE_END.split(sentence)
    ]
    lengths = [len(clause) for clause in clauses if clause]
    return 0.5 * sum(lengths) / len(lengths) if lengths else 0.0


def _sentences(text: str) -> list[str]:
    return [one for one in _SENTENCE_END.split(text) if _WORD_CHARACTER.search(one)]
