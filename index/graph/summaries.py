"""What a community is about in the words of its own chunks: a title, and a few sentences that can
be cited.

The sentences are chosen one after the other, each for the central entities that it names and
those before it do not, against its length (a greedy maximum of a monotone submodular function,
Lin and Bilmes 2011, "A Class of Submodular Functions for Document Summarization").
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from index.graph.community_titles import title_of
from index.graph.contract import Community, Graph, Quote
from index.words import is_han
from ingest.contract import BlockKind, Chunk
from ingest.pipeline import split_sentences

ChunksOf: TypeAlias = Callable[[Sequence[int]], Mapping[int, Chunk]]
"""The chunks of those keys that are still there."""

_READ = 12
"""Chunks whose sentences are looked at, the most telling first."""

_LOOKED_AT = 60
"""Chunks whose documents and headings are looked at."""

_LEADS, _LEADS_READ, _LEAD = 2, 4, 1.5
"""The first chunks of a document say what it is about: some of them are looked at, too, and their
sentences count so many times more."""

_CENTRAL = 40
"""Entities that a summary is to name, as far as it can."""

_DOMINATES = 0.6
"""Share of the chunks that a document or heading must have to give its name."""

_HAS_PART = 0.25
"""Share of the chunks that a document must have to be named beside others."""

_ENOUGH = 0.3
"""A further sentence must tell so much as the first one did."""

_MIN_WIDTH, _MAX_WIDTH = 24, 360
"""Of a sentence, in columns of a terminal: a Chinese character is two wide."""

_PREFERRED_WIDTH = 160
_LENGTH_POWER = 0.35
_LATER = 0.06
"""What a sentence loses for each chunk that is more telling than its own."""

_FADES = 0.1
"""Of an entity's place among the keywords or the central ones: by how much less it counts."""

_HALF = 0.5
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_MIN_WORDS, _LONG = 5, 4
_MARK = re.compile(r"\s*(?:[-*•·–]\s+|[(（]?\d{1,2}[.、)）](?!\d)\s*)?")
_ROW = re.compile(r"\s*\|.*\|\s*$|\s*(?:#{1,6}|`{3}|<)|.*\.{4,}")
_DANGLING = re.compile(
    r"(?:this|that|these|those|it|he|she|they|such|however|but|and|also|therefore|thus|moreover|"
    r"in addition|for example|as a result|"
    r"其|该|此|这|那|它|他|她|但|并|而|因此|所以|此外|同时|例如)",
    re.IGNORECASE,
)
_ENDS = ("。", "！", "？", ".", "!", "?", "”", '"', "；", ";", "」", "）", ")")
_NOT_TOLD = frozenset({BlockKind.TABLE, BlockKind.CODE, BlockKind.FORMULA, BlockKind.HEADING})


@dataclass(frozen=True)
class Digest:
    """A community as its chunks tell of it: `community` has their title and summary, of which
    `named` is as much as stands for the documents; `quotes` are the sentences, in the order of the
    chunks' keys."""

    community: Community
    named: str
    quotes: tuple[Quote, ...]


def digest_of(
    graph: Graph, community: Community, chunks_of: ChunksOf, sentences: int = 3
) -> Digest:
    """The community with a title and a summary of its chunks, in at most so many sentences."""
    keys = community.keys[:_LOOKED_AT]
    chunks = chunks_of(keys)
    found = [chunks[key] for key in keys if key in chunks]
    leads = [key for key in keys[_READ:] if key in chunks and chunks[key].ordinal < _LEADS]
    read = {key: chunks[key] for key in (*keys[:_READ], *leads[:_LEADS_READ]) if key in chunks}
    quotes = _chosen(graph, community, read, sentences)
    summary = " ".join(quote.text for quote in quotes)
    documents = _documents(found)
    names = [*documents, _heading(found)] if len(documents) == 1 else documents
    title = title_of(list(filter(None, names)), community.keywords) if names else community.title
    named = title_of(documents, ()) if documents else title
    return Digest(replace(community, title=title, summary=summary), named, quotes)


def _documents(chunks: Sequence[Chunk]) -> list[str]:
    """The titles of the documents that most chunks are of; none where they are of many."""
    counted = Counter(chunk.title for chunk in chunks if _is_readable(chunk.title)).most_common()
    titles = [title for title, count in counted if count >= _HAS_PART * len(chunks)]
    most = sum(count for _, count in counted[: len(titles)])
    return titles if most >= _DOMINATES * len(chunks) else []


def _heading(chunks: Sequence[Chunk]) -> str:
    """The innermost heading that most chunks stand below, if it can be read."""
    paths = Counter(
        chunk.heading_path[:depth]
        for chunk in chunks
        for depth in range(1, len(chunk.heading_path) + 1)
    )
    least = _DOMINATES * len(chunks)
    wide = [path for path, count in paths.items() if count >= least and _is_readable(path[-1])]
    return max(wide, key=lambda path: (len(path), paths[path]))[-1] if wide else ""


def _is_readable(name: str) -> bool:
    """Whether there are as many letters in it as other characters."""
    return 2 * len(_LETTERS.findall(name)) >= len("".join(name.split())) and len(name) > 1


@dataclass(frozen=True)
class _Sentence:
    """A sentence with the entities that it names, by their weights, and what it is worth before
    these."""

    quote: Quote
    names: Mapping[int, float]
    worth: float


def _chosen(
    graph: Graph, community: Community, chunks: Mapping[int, Chunk], count: int
) -> tuple[Quote, ...]:
    weights = _weights(graph, community)
    words = Counter(word for chunk in chunks.values() for word in _words(chunk.title))
    common = [word for word, count in words.items() if count >= _HAS_PART * len(chunks)]
    sentences = [
        replace(sentence, worth=sentence.worth * _on_title(sentence.quote.text, common))
        for place, (key, chunk) in enumerate(chunks.items())
        for sentence in _sentences(graph, key, chunk, weights, _worth(place, chunk))
    ]
    taken: list[_Sentence] = []
    left = dict(weights)
    first = 0.0
    while len(taken) < count and sentences:
        gains = [_gain(sentence, left) for sentence in sentences]
        best = max(range(len(gains)), key=gains.__getitem__)  # the first of those that are equal
        if not taken:
            first = gains[best]
        if gains[best] <= _ENOUGH * first:
            break
        sentence = sentences.pop(best)
        taken.append(sentence)
        for number in sentence.names:
            left[number] = 0.0
        said = _plain(sentence.quote.text)
        sentences = [one for one in sentences if not _repeats(_plain(one.quote.text), said)]
    return tuple(sorted((one.quote for one in taken), key=lambda quote: (quote.key, quote.span)))


def _weights(graph: Graph, community: Community) -> dict[int, float]:
    """The entities that a summary should name, with what each is worth: those of the keywords
    most, then the central ones."""
    weights: dict[int, float] = {}
    for place, word in enumerate(community.keywords):
        for number in graph.numbers_of(word)[:1]:
            weights.setdefault(number, 1.0 / (1.0 + _FADES * place))
    for place, entity in enumerate(community.entities[:_CENTRAL]):
        number = bisect_left(graph.ids, entity)
        weights.setdefault(number, _HALF / (1.0 + _FADES * place))
    return weights


def _worth(place: int, chunk: Chunk) -> float:
    """Of the sentences of a chunk, by its place among those that tell of the community."""
    return (_LEAD if chunk.ordinal < _LEADS else 1.0) / (1.0 + _LATER * min(place, _READ))


def _gain(sentence: _Sentence, left: Mapping[int, float]) -> float:
    return sentence.worth * sum(left[number] for number in sentence.names)


def _sentences(
    graph: Graph, key: int, chunk: Chunk, weights: Mapping[int, float], worth: float
) -> Iterator[_Sentence]:
    """The sentences of a chunk that can stand for themselves."""
    if chunk.kind in _NOT_TOLD:
        return
    named = [
        (start, [number for number in numbers if number in weights])
        for start, _, numbers in graph.names_in(chunk.text)
    ]
    for start, end in split_sentences(chunk.text):
        piece = chunk.text[start:end]
        mark = _MARK.match(piece)
        left = start + (mark.end() if mark else 0)
        text = chunk.text[left:end].rstrip()
        width = _width(text)
        if not _MIN_WIDTH <= width <= _MAX_WIDTH or not _is_sentence(text):
            continue
        names = {n: weights[n] for at, numbers in named if left <= at < end for n in numbers}
        if not names:
            continue
        value = worth * (_PREFERRED_WIDTH / max(width, _PREFERRED_WIDTH)) ** _LENGTH_POWER
        if _DANGLING.match(text):
            value *= _HALF
        if not text.endswith(_ENDS):
            value *= _HALF
        yield _Sentence(Quote(key, (left, left + len(text)), text), names, value)


def _words(title: str) -> set[str]:
    """What a sentence on the same subject shares with a title: words, and pairs of Han."""
    title = title.casefold()
    pairs = (title[place : place + 2] for place in range(len(title) - 1))
    long = (word for word in _LATIN.findall(title) if len(word) >= _LONG)
    return {*long, *(pair for pair in pairs if is_han(pair))}


def _on_title(text: str, words: Sequence[str]) -> float:
    if not words:
        return 1.0
    folded = text.casefold()
    return 1.0 + sum(word in folded for word in words) / len(words)


def _is_sentence(text: str) -> bool:
    """Whether it is running text: no row of a table, no heading, no code, no list of names."""
    if not _is_readable(text) or _ROW.match(text) or "_" in text:
        return False
    latin = _LATIN.findall(text)
    if 2 * sum(map(len, latin)) < len("".join(text.split())):
        return True
    small = sum(word[0].islower() for word in latin)
    return len(latin) >= _MIN_WORDS and 2 * small >= len(latin)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _repeats(text: str, said: str) -> bool:
    """Whether two sentences are the same but for a few characters."""
    return text in said or said in text


def _plain(text: str) -> str:
    return "".join(_LETTERS.findall(text.casefold()))
