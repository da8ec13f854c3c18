"""Chains of evidence: how the graph leads to a hit, in sentences that a person can read.

Two kinds (after MindMap, Wen, Wang, Sun 2024): a *path* goes from an entity of the question, or one
that a passage found is about, to what the hit is about; a *neighbour* is what the hit says of an
entity of the question and one beside it. Each link has its sentence, and where that stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from index.contract import Keys, StoredChunk
from index.graph.contract import TOGETHER, Field, Mention
from ingest.contract import Chunk
from ingest.pipeline import split_sentences
from retrieve.contract import Chain, Hit, Link
from retrieve.graph.hops import Hop
from retrieve.graph.linking import HEADED, Asked, Place

PATH, NEIGHBOUR = "path", "neighbour"

_MOST_LINKS = 3
_NEIGHBOURS = 2
"""Chains of a hit by what stands beside an entity of the question."""


@dataclass(frozen=True)
class Chains:
    """Makes chains for hits, of what the graph says of a question; `hops` are those that were
    looked at, by the chunks they lead to."""

    place: Place
    asked: Asked
    hops: Mapping[int, Hop]

    def of(self, hits: Sequence[Hit], keys: Keys, most: int) -> list[Chain]:
        """At most so many: paths first, each kind in the order of the hits. `keys` are the first
        of the ranking that the hits come from."""
        wanted = {hit.chunk.id: hit for hit in hits}
        seeds = {hop.seed for hop in self.hops.values()}
        stored = self.place.snapshot.chunks(sorted({*keys.tolist(), *seeds}))
        key_of = {one.chunk.id: key for key, one in stored.items() if one.chunk.id in wanted}
        placed = [(key_of[hit.chunk.id], hit) for hit in hits if hit.chunk.id in key_of]
        found = (
            chain
            for make in (self._path, self._neighbours)
            for key, hit in placed
            for chain in make(key, hit, stored)
        )
        return list(islice(found, most))

    def _path(self, key: int, hit: Hit, stored: Mapping[int, StoredChunk]) -> Iterator[Chain]:
        links: list[Link] = []
        seen = {key}
        while (hop := self.hops.get(key)) is not None and len(links) < _MOST_LINKS:
            if hop.seed in seen or hop.seed not in stored:
                break
            head = self._subject(hop.seed)
            if head is None:
                break
            links.insert(
                0, self._link(head, hop.entity, hop.mention, stored[hop.seed].chunk, hop.seed)
            )
            if head in self.asked.entities:
                break
            key = hop.seed
            seen.add(key)
        if links:
            yield Chain(PATH, hit.rank, tuple(links))

    def _neighbours(self, key: int, hit: Hit, stored: Mapping[int, StoredChunk]) -> Iterator[Chain]:
        graph = self.place.graph
        mentions = [pair for pair in graph.mentions_in(key) if pair[1].field == Field.TEXT]
        by_sentence: dict[int, dict[int, Mention]] = {}
        for entity, mention in mentions:
            by_sentence.setdefault(mention.sentence, {}).setdefault(entity, mention)
        pairs: dict[tuple[int, int], tuple[float, Mention]] = {}
        for of_sentence in by_sentence.values():
            for own in sorted(self.asked.entities & of_sentence.keys()):
                columns, weights = graph.edges.row(own)
                for other, mention in of_sentence.items():
                    place = int(columns.searchsorted(other))
                    if place < len(columns) and columns[place] == other:
                        pair = (min(own, other), max(own, other))
                        pairs.setdefault(pair, (float(weights[place]), mention))
        best = sorted(pairs.items(), key=lambda item: (-item[1][0], item[0]))
        for (first, second), (_, mention) in best[:_NEIGHBOURS]:
            own, other = (first, second) if first in self.asked.entities else (second, first)
            link = self._link(own, other, mention, stored[key].chunk, key)
            yield Chain(NEIGHBOUR, hit.rank, (link,))

    def _subject(self, key: int) -> int | None:
        """What a chunk is about: one that the question names, if there is one."""
        graph = self.place.graph
        row = int(graph.keys.searchsorted(key))
        about = []
        for entity in graph.named.row(row)[0].tolist():
            chunks, values = graph.subjects.row(entity)
            value = float(values[chunks == row].max(initial=0.0))
            if value >= HEADED or (value and entity in self.asked.entities):
                about.append((entity not in self.asked.entities, -value, entity))
        return min(about)[2] if about else None

    def _link(self, head: int, tail: int, mention: Mention, chunk: Chunk, key: int) -> Link:
        graph = self.place.graph
        span = _sentence_at(chunk.text, mention.start)
        kind, ends = TOGETHER, (head, tail)
        for relation in graph.relations_between(head, tail):
            if relation.kind != TOGETHER and any(e.key == key for e in relation.evidence):
                kind = relation.kind
                if relation.head == graph.ids[tail]:
                    ends = tail, head
                break
        first, second = (graph.entity(number).name for number in ends)
        return Link(
            first, kind, second, chunk.text[slice(*span)].strip(), chunk.id, chunk.document_id, span
        )


def chains_of(
    place: Place, asked: Asked, hops: Sequence[Hop], hits: Sequence[Hit], keys: Keys, most: int
) -> list[Chain]:
    """Chains for hits, where there are any to be had."""
    if not most or not hits:
        return []
    return Chains(place, asked, {hop.key: hop for hop in hops}).of(hits, keys, most)


def _sentence_at(text: str, place: int) -> tuple[int, int]:
    for start, end in split_sentences(text):
        if start <= place < end:
            return start, end
    return 0, len(text)
