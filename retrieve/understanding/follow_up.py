"""Questions that go on from the one before: what they leave out is carried along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.contract import IDENTIFIER_MARK, AnyOf
from index.pipeline import Snapshot
from retrieve.contract import Turn
from retrieve.understanding.analysis import identified_in, keywords_of, word_terms
from retrieve.understanding.sections import sections_asked, without

WEIGHT = 0.5
"""What a word of an earlier question counts beside one of this."""
_MOST_CHARS = 400
_FROM_ANSWER = 3

_OPENS = re.compile(
    r"^(?:那么?|那个?|还有|另外|然后|再|以及|换成|如果是)(?=.{1,12}(?:呢|吗|嘛)?[?？]?$)"
    r"|^(?:and|but|or|so|then|what about|how about|also)\b(?=.{1,60}$)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"^.{1,10}呢\s*[?？]?$")
_POSSESSIVE = re.compile(
    r"它们?的|他们?的|她们?的|其(?=[\u4e00-\u9fff])(?!他|它|中|实|次|余)|\b(?:its|their|his|her)\b",
    re.I,
)
_PRONOUN = re.compile(
    r"它们?|(?<!其)他们?(?!人)|她们?|这个(?![\u4e00-\u9fff])|那个(?![\u4e00-\u9fff])|这些(?![\u4e00-\u9fff])"
    r"|上述|前者|后者|该(?=产品|设备|公司|合同|文件|条款|员工|项目|系统|型号|制度)|^(?:此|这|那)(?=是|有|怎|为|要|会|能|种|款|样)"
    r"|\b(?:it|they|them|he|she|him)\b|\b(?:this|that|these|those|the former|the latter|the other one|the same)\b"
    r"(?=\s*(?:[?,.]|$|is|are|was|were|work|apply|mean|cost|one)\b|\s*[?]?$)",
    re.IGNORECASE,
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|will|would|does|did|can) it (?:be |really )?(?:possible|allowed|necessary|true|mandatory|required|take|ok|"
    r"safe|legal|mean|matter)\b|\bit (?:takes?|took|is|was|will|would) (?:\w+ ){0,3}?(?:to|that)\b|\bit (?:department|policy|support|team|system|security|equipment)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Carried:
    """What comes from the turns before: `questions` to be read in front of this one, the words
    carried, and the terms they are looked up as."""

    questions: Sequence[str]
    words: Sequence[str]
    terms: Sequence[str | AnyOf]


def carried(
    snapshot: Snapshot, text: str, terms: Sequence[str | AnyOf], history: Sequence[Turn]
) -> Carried | None:
    """None where the question stands by itself."""
    analyzer = snapshot.parts.analyzer
    own = keywords_of(text, terms, analyzer)
    if not history or not _leans(analyzer.normal(text), own):
        return None
    questions: list[str] = []
    words: dict[str, None] = {}
    found: list[str | AnyOf] = []
    have = set(word_terms(terms))
    for turn in reversed(history[-3:]):
        asked = turn.question[:_MOST_CHARS]
        asked = without(asked, sections_asked(asked)) or asked
        its_terms = analyzer.query_terms(asked, snapshot.languages)
        its_words = keywords_of(asked, its_terms, analyzer)
        questions.insert(0, asked)
        for word in its_words:
            if word in words or word in own:
                continue
            words[word] = None
            for term in analyzer.query_terms(word, snapshot.languages):
                if term in have or term in found:
                    continue
                found.append(_lighter(term))
        if not _leans(analyzer.normal(asked), its_words):
            break
    for code in identified_in(history[-1].answer)[:_FROM_ANSWER]:
        if any(char.isalpha() for char in code) and code not in words:
            words[code] = None
            found.append(IDENTIFIER_MARK + code)
    return Carried(questions, list(words), list(dict.fromkeys(found)))


def _lighter(term: str | AnyOf) -> str | AnyOf:
    if isinstance(term, AnyOf):
        return AnyOf(term.wordings, term.weight * WEIGHT)
    return term if term.startswith(IDENTIFIER_MARK) else AnyOf(((term,),), WEIGHT)


def _leans(normal: str, own: Sequence[str]) -> bool:
    """Whether a question refers to something that it does not say."""
    text = normal.strip()
    if _OPENS.search(text) or _ENDS.search(text):
        return len(own) <= 4
    if not own:
        return len(text) <= 40
    plain = _EXPLETIVE.sub(" ", text)
    for pattern, most in ((_POSSESSIVE, 0), (_PRONOUN, 1)):
        match = pattern.search(plain)
        if match and sum(word in plain[: match.start()] for word in own) <= most:
            return True
    return False
