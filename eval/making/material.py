"""What questions are made of: passages, their sentences, and what a language's rules know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.graph.contract import ChunkFacts, EntityType, Field, Mention
from ingest.contract import BlockKind, Chunk, cached_property

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN = re.compile(f"[{HAN}]")
_LATIN = re.compile("[A-Za-z]")
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|（[^（）]*）|\[[0-9, –-]{1,12}\])")
_TEXT = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_LONGEST = 420
_AROUND = 260
"""Characters that a passage has at least, where its paragraph has them (a Chinese one 100)."""
_AROUND_HAN = 100


class Tagged(Protocol):
    """A word in a text, from `start` to `end`, with its part of speech (Penn Treebank in English,
    jieba's in Chinese)."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def tag(self) -> str: ...


@dataclass(frozen=True)
class Reader:
    """What reads texts for the making of questions: the index terms of a text and those that say
    nothing of a subject, the facts of a chunk, words with their tags, and whether an English word
    (in small letters) is known."""

    terms: Callable[[str], Sequence[str]]
    function_terms: frozenset[str]
    facts: Callable[[Chunk], ChunkFacts]
    english: Callable[[str], Sequence[Tagged]]
    chinese: Callable[[str], Sequence[Tagged]]
    is_word: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Named:
    """A thing named in a sentence, from `start` to `end` in its text."""

    start: int
    end: int
    text: str
    type: EntityType
    is_defined: bool = False


@dataclass(frozen=True)
class Sentence:
    """A sentence without its asides (brackets), with the things that it names, and the passage
    that it stands in, whose text is as in the chunk."""

    text: str
    named: Sequence[Named]
    chunk: Chunk
    passage: str

    @cached_property
    def is_chinese(self) -> bool:
        """Whether Han characters prevail."""
        return len(_HAN.findall(self.text)) * 2 > len(_LATIN.findall(self.text))


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that was made, by what `kind` of rule. `passage` holds the answer; `points` are
    what a whole answer has. `needs_place` says that it is understood only where the document is
    known; `strength` (0 to 1) that it is a good one of its kind."""

    kind: str
    text: str
    answer: str
    chunk: Chunk
    passage: str
    reference: str = ""
    points: Sequence[str] = ()
    needs_place: bool = False
    strength: float = 0.5
    tags: Sequence[str] = field(default_factory=tuple)


def sentences_of(chunk: Chunk, facts: ChunkFacts) -> Iterator[Sentence]:
    """The sentences of a chunk of prose."""
    if chunk.kind not in _TEXT:
        return
    for number, (start, end) in enumerate(facts.sentences):
        raw = chunk.text[start:end]
        if "\n" in raw.strip() or len(raw) > _LONGEST:
            continue
        mentions = [
            mention
            for mention in facts.mentions
            if mention.sentence == number and mention.field is Field.TEXT
        ]
        yield _sentence(chunk, (start, end), mentions, _passage(chunk.text, facts, number))


def _sentence(
    chunk: Chunk, span: tuple[int, int], mentions: Sequence[Mention], passage: str
) -> Sentence:
    """White space and asides go; the names keep their places."""
    raw = chunk.text[span[0] : span[1]]
    kept = [True] * len(raw)
    for match in _ASIDE.finditer(raw):
        kept[match.start() : match.end()] = [False] * (match.end() - match.start())
    for place, character in enumerate(raw):
        if character.isspace() and (place == 0 or raw[place - 1].isspace()):
            kept[place] = False
    moved = [0]
    for keep in kept:
        moved.append(moved[-1] + keep)
    text = "".join(" " if c.isspace() else c for c, keep in zip(raw, kept, strict=True) if keep)
    named = []
    for mention in mentions:
        start, end = mention.start - span[0], mention.end - span[0]
        if 0 <= start < end <= len(raw) and all(kept[start:end]):
            at, to = moved[start], moved[end]
            named.append(Named(at, to, text[at:to], mention.type, mention.is_defined))
    return Sentence(text.rstrip(), named, chunk, passage)


def _passage(text: str, facts: ChunkFacts, number: int) -> str:
    """The sentence with those about it in its paragraph, as far as they are needed to understand
    it: the one before first."""
    spans = facts.sentences
    first = last = number
    start, end = spans[number]
    enough = _AROUND_HAN if _HAN.search(text[start:end]) else _AROUND
    while spans[last][1] - spans[first][0] < enough:
        before = first > 0 and "\n\n" not in text[spans[first - 1][0] : spans[first][0]]
        after = last + 1 < len(spans) and "\n\n" not in text[spans[last][0] : spans[last + 1][0]]
        if before and number - first <= last - number:
            first -= 1
        elif after:
            last += 1
        elif before:
            first -= 1
        else:
            break
    return text[spans[first][0] : spans[last][1]].strip()
