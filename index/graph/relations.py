"""The relations of an entity, with the sentences that say them; worked out when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.graph.contract import TOGETHER, Evidence, Incidence, Relation
from index.graph.entities import Entities
from index.graph.facts import STRENGTH_UNITS, TEXT, Facts
from ingest.contract import cached_property

MOST_EVIDENCE = 8
"""Sentences of a relation."""

MOST_KEYWORDS = 6

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Relations:
    """Of the entities of one graph."""

    facts: Facts
    entities: Entities
    edges: Incidence

    def rows_of(self, number: int) -> Rows:
        """The mentions of an entity, by chunk."""
        offsets, rows = self._rows
        return rows[offsets[number] : offsets[number + 1]]

    def of(self, number: int) -> list[Relation]:
        """Those that the entity is the head or tail of, heaviest first."""
        columns, _ = self.edges.row(number)
        found = self._said(number, columns)
        said = {other for other, _ in found}
        beside = np.array([c for c in columns.tolist() if c not in said], dtype=np.int64)
        relations = [relation for _, relation in found] + self._beside(number, beside)
        return sorted(relations, key=lambda r: (-r.weight, r.head, r.tail, r.kind))

    def between(self, first: int, second: int) -> list[Relation]:
        """Those of which the two are head and tail, either way."""
        if not self._weight(first, second):
            return []
        only = np.array([second], dtype=np.int32)
        relations = [relation for _, relation in self._said(first, only)]
        relations = relations or self._beside(first, only.astype(np.int64))
        return sorted(relations, key=lambda r: (-r.weight, r.head, r.tail, r.kind))

    def _said(self, number: int, columns: npt.NDArray[np.int32]) -> list[tuple[int, Relation]]:
        """Relations by statements, with the entity at the other end."""
        offsets, of_entity = self._statements
        head, tail = self._ends
        allowed = set(columns.tolist())
        groups: dict[tuple[int, int, str], list[int]] = {}
        for row in of_entity[offsets[number] : offsets[number + 1]].tolist():
            ends = int(head[row]), int(tail[row])
            other = ends[1] if ends[0] == number else ends[0]
            if other in allowed:
                kind = self.facts.tables.texts.values[self.facts.statements["kind"][row]]
                groups.setdefault((*ends, kind), []).append(row)
        strength = {key: int(self._strengths(rows).sum()) for key, rows in groups.items()}
        of_pair: dict[tuple[int, int], int] = {}
        for (first, second, _), value in strength.items():
            pair = min(first, second), max(first, second)
            of_pair[pair] = of_pair.get(pair, 0) + value
        found = []
        for (first, second, kind), rows in groups.items():
            pair = min(first, second), max(first, second)
            share = strength[first, second, kind] / max(of_pair[pair], 1)
            other = second if first == number else first
            found.append((other, self._relation((first, second, kind), rows, share)))
        return found

    def _relation(self, what: tuple[int, int, str], rows: list[int], share: float) -> Relation:
        head, tail, kind = what
        statements = self.facts.statements
        values = self.facts.tables
        best = sorted(rows, key=lambda row: self._order(row))
        chunks = np.searchsorted(statements.offsets, best, side="right") - 1
        evidence = [
            self._evidence(int(chunk), int(statements["sentence"][row]))
            for chunk, row in zip(chunks, best, strict=True)
            if statements["sentence"][row] >= 0
        ]
        keywords = [
            word for row in best for word in values.keywords.values[statements["keywords"][row]]
        ]
        descriptions = [values.texts.values[statements["description"][row]] for row in best]
        return Relation(
            self.entities.ids[head],
            self.entities.ids[tail],
            kind,
            self._weight(head, tail) * share,
            tuple(dict.fromkeys(keywords))[:MOST_KEYWORDS] or self._themes(chunks),
            tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE],
            next((text for text in descriptions if text), ""),
        )

    def _order(self, row: int) -> tuple[int, ...]:
        """Strongest first; then by chunk, whatever its key is."""
        statements = self.facts.statements
        chunk = int(np.searchsorted(statements.offsets, row, side="right")) - 1
        place = (int(self._canonical[chunk]), int(statements["sentence"][row]))
        return (-int(statements["strength"][row]), *place, row - int(statements.offsets[chunk]))

    def _beside(self, number: int, others: npt.NDArray[np.int64]) -> list[Relation]:
        """Relations by standing together, with the sentences that name both; where there are
        none, with those of the chunks that do."""
        if not len(others):
            return []
        mine, sentences, chunks, entity = self._around(number)
        is_beside = np.isin(sentences, mine)
        by_entity = np.argsort(entity, kind="stable")
        bounds = np.searchsorted(entity[by_entity], np.stack([others, others + 1], axis=1)).tolist()
        relations = []
        for other, (low, high) in zip(others.tolist(), bounds, strict=True):
            rows = by_entity[low:high]
            in_common = rows[is_beside[rows]]
            chosen = in_common if len(in_common) else rows
            order = np.lexsort((sentences[chosen], self._canonical[chunks[chosen]]))
            chosen = chosen[order]
            evidence = [
                self._evidence(int(chunks[row]), int(sentences[row] - self._starts[chunks[row]]))
                for row in chosen.tolist()
                if sentences[row] >= 0
            ]
            first, second = sorted((number, other))
            relations.append(
                Relation(
                    self.entities.ids[first],
                    self.entities.ids[second],
                    TOGETHER,
                    self._weight(first, second),
                    self._themes(chunks[chosen]),
                    tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE],
                )
            )
        return relations

    def _around(self, number: int) -> tuple[Rows, Rows, Rows, Rows]:
        """The sentences of an entity, and of every mention in its chunks: its sentence (counted
        through all chunks, -1 outside the text), its chunk and its entity."""
        mentions = self.facts.mentions
        chunk_of = self._chunk_of
        own = self.rows_of(number)
        chunks = np.unique(chunk_of[own])
        counts = np.diff(mentions.offsets)[chunks]
        starts = np.repeat(mentions.offsets[chunks] - np.cumsum(counts) + counts, counts)
        rows = np.arange(len(starts)) + starts
        sentences = self._sentence_of(rows)
        return self._sentence_of(own), sentences, chunk_of[rows], self.entities.of_row[rows]

    def _sentence_of(self, rows: Rows) -> Rows:
        mentions = self.facts.mentions
        sentence = mentions["sentence"][rows].astype(np.int64)
        is_said = (sentence >= 0) & (mentions["field"][rows] == TEXT)
        found: Rows = np.where(is_said, sentence + self._starts[self._chunk_of[rows]], -1)
        return found

    def _evidence(self, chunk: int, sentence: int) -> Evidence:
        row = int(self._starts[chunk]) + sentence
        sentences = self.facts.sentences
        span = int(sentences["from"][row]), int(sentences["to"][row])
        return Evidence(int(self.facts.keys[chunk]), span)

    def _themes(self, chunks: Rows) -> tuple[str, ...]:
        """Theme keywords of chunks, those of most of them first."""
        counts: dict[str, int] = {}
        values = self.facts.tables.keywords.values
        for chunk in dict.fromkeys(chunks[:MOST_EVIDENCE].tolist()):
            for word in values[self.facts.keywords[chunk]]:
                counts[word] = counts.get(word, 0) + 1
        return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:MOST_KEYWORDS])

    def _weight(self, first: int, second: int) -> float:
        columns, values = self.edges.row(first)
        place = int(np.searchsorted(columns, second))
        is_there = place < len(columns) and columns[place] == second
        return float(values[place]) if is_there else 0.0

    def _strengths(self, rows: Sequence[int]) -> npt.NDArray[np.int64]:
        strengths = self.facts.statements["strength"][np.asarray(rows)].astype(np.int64)
        found: npt.NDArray[np.int64] = np.maximum(strengths, STRENGTH_UNITS // 1000)
        return found

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        return self.facts.sentences.offsets

    @cached_property
    def _chunk_of(self) -> npt.NDArray[np.int32]:
        return self.facts.mentions.chunks()

    @cached_property
    def _canonical(self) -> npt.NDArray[np.int32]:
        return self.facts.canonical_chunks()

    @cached_property
    def _rows(self) -> tuple[npt.NDArray[np.int64], Rows]:
        return _grouped(self.entities.of_row, len(self.entities))

    @cached_property
    def _ends(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The entities at the head and tail of each statement."""
        rows = self.facts.statements
        starts = self.facts.mentions.offsets[rows.chunks()]
        of_row = self.entities.of_row
        return of_row[starts + rows["head"]], of_row[starts + rows["tail"]]

    @cached_property
    def _statements(self) -> tuple[npt.NDArray[np.int64], Rows]:
        """The statements that each entity is head or tail of."""
        head, tail = self._ends
        is_whole = (head >= 0) & (tail >= 0) & (head != tail)
        rows = np.flatnonzero(is_whole)
        offsets, order = _grouped(np.concatenate([head[rows], tail[rows]]), len(self.entities))
        both: Rows = np.concatenate([rows, rows])[order]
        return offsets, both


def _grouped(numbers: npt.NDArray[np.int32], count: int) -> tuple[npt.NDArray[np.int64], Rows]:
    """Places by number, in order; as offsets by number and the places."""
    order = np.argsort(numbers, kind="stable")
    offsets = np.searchsorted(numbers[order], np.arange(count + 1)).astype(np.int64)
    return offsets, order
