"""Further questions that the passages found can answer, without a language model.

They are made of what stands in the passages and was not used: the cells of a table, a name that is
defined, a heading. Each is put to the extractive writer before it is suggested, and stays only
where the answer quotes what it was made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generate.contract import Answer, Passage, Terms
from generate.generators.extractive import ExtractiveGenerator
from generate.language import Script, language, script
from generate.outline import heading_of
from generate.units import Unit, UnitKind, cut

MOST = 3
_TRIED = 8  # candidates put to the writer at the most
_LONGEST = 40  # characters of a name in a question

_DEFINED = re.compile(
    r"(?:(?:An?|The) )?(?P<en>(?!An? |The )[A-Za-z][\w-]*(?: [\w-]+){0,4}?)"
    r" (?:is|are) (?:an?|the|any|every) \w"
    r"|[“\"「]?(?P<zh>[\u4e00-\u9fffA-Za-z0-9-]{2,12})[”\"」]?(?:是指|指的是|系指|，?是一[种種个個])"
)
_NO_NAME = re.compile(
    r"(?:it|this|that|these|those|there|he|she|they|we|you|which|what|who|if|when|each|one|all)\b"
    r"|[它他她这那本该其此]",
    re.IGNORECASE,
)
_ASKED = re.compile(r"[?？]\s*$")
_NUMBERED = re.compile(
    r"^(?:\d+(?:\.\d+)*\.?|第[一二三四五六七八九十百\d]+[章节節条條]|[一二三四五六七八九十]+、"
    r"|(?:Section|Chapter|Part|Annex) \d+:?)\s*"
)
_OF_CELL: dict[Script, str] = {
    "en": "What is given for {row} under “{column}”?",
    "zh": "{row}的“{column}”是什么？",
    "zh-hant": "{row}的「{column}」是什麼？",
}
_OF_NAME: dict[Script, str] = {
    "en": "What is meant by “{name}”?",
    "zh": "“{name}”是指什么？",
    "zh-hant": "「{name}」是指什麼？",
}
_OF_HEADING: dict[Script, str] = {
    "en": "What do the documents say about “{name}”?",
    "zh": "关于“{name}”，文档里是怎么说的？",
    "zh-hant": "關於「{name}」，文件裡是怎麼說的？",
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A question, and the passage with the words that its answer has to quote."""

    question: str
    passage: Passage
    words: str


def suggestions(
    question: str, answer: Answer, passages: Sequence[Passage], terms: Terms
) -> tuple[str, ...]:
    """At most three questions in the question's language, of passages in it, best passage first;
    those not cited yet come before the others. The same for the same answer and passages."""
    spoken, tongue = script(question), language(question)
    cited = {citation.chunk.id for citation in answer.citations}
    own = [p for p in passages if language(p.chunk.text) == tongue]
    own.sort(key=lambda passage: (passage.chunk.id in cited, passage.number))
    writer = ExtractiveGenerator(terms)
    found: list[str] = []
    used: set[str] = set()
    tried = 0
    for candidate in _by_turns([_candidates(p, answer, spoken) for p in own]):
        if len(found) == MOST or tried == _TRIED:
            break
        same = candidate.question.casefold() == question.strip().casefold()
        if same or candidate.question in found or candidate.passage.chunk.id in used:
            continue
        tried += 1
        if _answered(candidate, writer, passages):
            found.append(candidate.question)
            used.add(candidate.passage.chunk.id)
    return tuple(found)


def _answered(
    candidate: _Candidate, writer: ExtractiveGenerator, passages: Sequence[Passage]
) -> bool:
    told = writer.answer(candidate.question, passages)
    if not told.known:
        return False
    quoted = [one.quote for one in told.citations if one.chunk.id == candidate.passage.chunk.id]
    return any(candidate.words in quote for quote in quoted)


def _by_turns(lists: Sequence[Iterator[_Candidate]]) -> Iterator[_Candidate]:
    """The first of each, then the second of each …"""
    left = list(lists)
    while left:
        still = []
        for one in left:
            candidate = next(one, None)
            if candidate is not None:
                yield candidate
                still.append(one)
        left = still


def _candidates(passage: Passage, answer: Answer, spoken: Script) -> Iterator[_Candidate]:
    """What can be asked of a passage: a heading that is a question, then cells, names, headings."""
    units = [unit for unit in cut(passage) if unit.quote not in answer.text]
    heading = " ".join(heading_of(passage.chunk).split())
    if units and _ASKED.search(heading):
        yield _Candidate(heading, passage, "")
    yield from _of_cells(units, answer, spoken)
    for unit in units:
        match = _DEFINED.match(unit.text) if unit.kind is UnitKind.SENTENCE else None
        name = (match["en"] or match["zh"]) if match else ""
        if name and not _NO_NAME.match(name) and name not in answer.text:
            yield _Candidate(_OF_NAME[spoken].format(name=name), passage, unit.quote)
    name = _NUMBERED.sub("", heading)
    if units and name and len(name) <= _LONGEST and not _ASKED.search(heading):
        yield _Candidate(_OF_HEADING[spoken].format(name=name), passage, "")


def _of_cells(units: Sequence[Unit], answer: Answer, spoken: Script) -> Iterator[_Candidate]:
    """A column of the first row with a name, the last one that holds something short."""
    for unit in units:
        if unit.kind is not UnitKind.ROW or len(unit.cells) < 2:
            continue
        row = unit.cells[0][1]
        if not row or row in answer.text or len(row) > _LONGEST or row.isdigit():
            continue
        for column, value in reversed(unit.cells[1:]):
            if column and value and len(column) <= _LONGEST and value not in answer.text:
                question = _OF_CELL[spoken].format(row=row, column=column)
                yield _Candidate(question, unit.passage, value)
                break
