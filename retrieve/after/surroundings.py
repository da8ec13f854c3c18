"""What stands around hits, for reading: up to a budget of tokens for each.

A hit is read as its parent, where it has one that fits. Around it, the largest of these that fits
is taken whole: the table that it was cut from, its section, the sections around that, the document.
What room is left is filled with neighbours before and after, one by one, from the next larger of
these, whose ends are not crossed. The better of two hits has what both could have, and a hit that
stands in a better one's context has none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from index.contract import Embedder
from index.pipeline import Snapshot
from ingest.contract import Chunk
from retrieve.after.reading import Reading, in_one_table, joined, readings
from retrieve.contract import ContextPlace, Hit

_TOKENS_PER_CHUNK = 16
"""Chunks are seldom smaller: so many neighbours are looked at that such ones fill the budget."""
_LEAST_REACH, _MOST_REACH = 4, 64
_MARGIN = 1.25
"""Texts are counted as far as they would fill the budget so many times, by the tokens that the
hit has for each character."""

Range: TypeAlias = tuple[int, int]
"""Places in a list of readings, the end exclusive."""


@dataclass
class _Page:
    """The part of a document around hits, as it is read, and which of it has been given."""

    rows: list[Reading]

    def __post_init__(self) -> None:
        self.given = [False] * len(self.rows)
        self._places = {
            chunk.id: place for place, row in enumerate(self.rows) for chunk in row.stands_for
        }

    def place_of(self, chunk: Chunk) -> int | None:
        """None where the document has changed meanwhile."""
        return self._places.get(chunk.id)

    def free(self, at: int) -> Range:
        """The rows around a place without a gap that have not been given."""
        start, end = at, at + 1
        while start > 0 and not self.given[start - 1] and self._follows(start):
            start -= 1
        while end < len(self.rows) and not self.given[end] and self._follows(end):
            end += 1
        return start, end

    def _follows(self, place: int) -> bool:
        before, after = self.rows[place - 1].stands_for[-1], self.rows[place].stands_for[0]
        return before.ordinal + 1 == after.ordinal


class _Tokens:
    """Counts texts, each once, without what every passage costs."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._overhead = embedder.count([""])[0]
        self._known: dict[str, int] = {"": 0}

    def learn(self, texts: Sequence[str]) -> None:
        """Counts all at once."""
        new = sorted(set(texts) - self._known.keys())
        if new:
            counts = (max(count - self._overhead, 0) for count in self._embedder.count(new))
            self._known.update(zip(new, counts, strict=True))

    def of(self, text: str) -> int:
        """Of a text that has been learned, or not."""
        self.learn([text])
        return self._known[text]


def with_contexts(snapshot: Snapshot, hits: Sequence[Hit], budget: int) -> list[Hit]:
    """The hits with what stands around each, in `budget` tokens; a hit that is longer by itself
    comes alone."""
    reach = min(max(budget // _TOKENS_PER_CHUNK, _LEAST_REACH), _MOST_REACH)
    found = snapshot.around([hit.chunk for hit in hits], reach)
    by_document = {
        document_id: list(chunks)
        for document_id, chunks in groupby(found, key=attrgetter("document_id"))
    }
    tokens = _Tokens(snapshot.parts.embedder)
    tokens.learn([text for hit in hits for text in (hit.chunk.text, hit.chunk.to_read.text)])
    pages = {
        document_id: _page(chunks, hits, tokens, budget)
        for document_id, chunks in by_document.items()
    }
    return [_read(hit, pages.get(hit.chunk.document_id), tokens, budget) for hit in hits]


def _page(chunks: list[Chunk], hits: Sequence[Hit], tokens: _Tokens, budget: int) -> _Page:
    """Chunks whose parents are too large are read by themselves."""
    wanted = {hit.chunk.id for hit in hits}
    tokens.learn([chunk.to_read.text for chunk in chunks if chunk.id in wanted])
    too_large = {
        chunk.parent.span
        for chunk in chunks
        if chunk.id in wanted and chunk.parent and tokens.of(chunk.parent.text) > budget
    }
    read = [
        replace(chunk, parent=None) if chunk.parent and chunk.parent.span in too_large else chunk
        for chunk in chunks
    ]
    return _Page(readings(read))


def _read(hit: Hit, page: _Page | None, tokens: _Tokens, budget: int) -> Hit:
    at = None if page is None else page.place_of(hit.chunk)
    if page is None or at is None:
        return _with(hit, [hit.chunk])
    if page.given[at]:
        return replace(hit, context="")
    start, end = _reach(page, at, tokens, budget)
    page.given[start:end] = [True] * (end - start)
    return _with(hit, [row.chunk for row in page.rows[start:end]])


def _with(hit: Hit, chunks: Sequence[Chunk]) -> Hit:
    text = joined(chunks, hit.chunk.heading_path)
    pages = [page for chunk in chunks if chunk.pages for page in chunk.pages]
    place = ContextPlace(
        (chunks[0].span[0], max(chunk.span[1] for chunk in chunks)),
        (min(pages), max(pages)) if pages else None,
        tuple(dict.fromkeys(box for chunk in chunks for box in chunk.boxes)),
    )
    return replace(hit, context=text, context_place=place)


def _reach(page: _Page, at: int, tokens: _Tokens, budget: int) -> Range:
    """The rows that are given with the one at a place."""
    free = page.free(at)
    sizes = _sizes(page, at, free, tokens, budget)
    taken = at, at + 1
    for level in _levels(page, at, free):
        if sum(sizes[level[0] : level[1]]) > budget:
            return _filled(taken, level, sizes, budget)
        taken = level
    return taken


def _sizes(page: _Page, at: int, free: Range, tokens: _Tokens, budget: int) -> list[float]:
    """The tokens of each row under its headings; infinite for those that are given already, or
    too far away to fit."""
    rows, own = page.rows, page.rows[at].chunk
    room = _MARGIN * budget * max(len(own.text), 1) / max(tokens.of(own.text), 1)
    near: list[int] = [at]
    for side in (range(at - 1, free[0] - 1, -1), range(at + 1, free[1])):
        seen = 0
        for place in side:
            near.append(place)
            seen += len(rows[place].chunk.text)
            if seen > room:
                break
    headings = {
        place: "\n".join(rows[place].chunk.heading_path)
        for place in near
        if rows[place].chunk.heading_path != own.heading_path
    }
    own_heading = "\n".join(own.heading_path)
    tokens.learn([own_heading, *headings.values(), *(rows[place].chunk.text for place in near)])
    sizes = [float("inf")] * len(rows)
    for place in near:
        # After another section the hit's own heading comes again.
        led = tokens.of(own_heading) if headings.get(place) is not None and place < at else 0
        sizes[place] = tokens.of(rows[place].chunk.text) + tokens.of(headings.get(place, "")) + led
    return sizes


def _levels(page: _Page, at: int, free: Range) -> Iterator[Range]:
    """Around a place, each as large as the one before or larger: the table, the window of a
    sentence, the section, the sections around it, the document."""
    rows = page.rows
    own, path = rows[at].chunk, rows[at].chunk.heading_path
    around = own.parent.span if own.parent else own.span
    spans = [row.chunk.span for row in rows]
    paths = [row.chunk.heading_path for row in rows]
    last = _table(rows, at, free)
    yield last
    for inside in (
        [around[0] <= start and end <= around[1] for start, end in spans],
        [other == path for other in paths],
        *([other[:depth] == path[:depth] for other in paths] for depth in range(len(path), -1, -1)),
    ):
        start, end = last
        while start > free[0] and inside[start - 1]:
            start -= 1
        while end < free[1] and inside[end]:
            end += 1
        last = start, end
        yield last


def _table(rows: Sequence[Reading], at: int, free: Range) -> Range:
    """The rows cut from one table with the one at a place."""
    start, end = at, at + 1
    while start > free[0] and in_one_table(rows[start - 1].chunk, rows[start].chunk):
        start -= 1
    while end < free[1] and in_one_table(rows[end - 1].chunk, rows[end].chunk):
        end += 1
    return start, end


def _filled(taken: Range, level: Range, sizes: Sequence[float], budget: int) -> Range:
    """What is taken with the rows before and after it in the level, by turns, while they fit."""
    start, end = taken
    left = budget - sum(sizes[start:end])
    while True:
        grown = False
        if start > level[0] and sizes[start - 1] <= left:
            start, grown = start - 1, True
            left -= sizes[start]
        if end < level[1] and sizes[end] <= left:
            left, end, grown = left - sizes[end], end + 1, True
        if not grown:
            return start, end
