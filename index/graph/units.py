"""Mentions by the name that they have in a document: what resolution puts together and apart.

A *label* stands for a form; where people say that two spellings of one form are two things, for
each spelling by itself. A *unit* is all mentions of one label in one document, and a *node* is
what units are gathered in: at first one node for each label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.graph.contract import EntityType
from index.graph.facts import TYPES, Facts
from index.graph.sparse_rows import Ints, counted, numbered
from ingest.contract import cached_property

VAGUE = np.array([kind in (EntityType.TERM, EntityType.OTHER) for kind in TYPES])
NUMBER_OF = {kind: number for number, kind in enumerate(TYPES)}


@dataclass(frozen=True, eq=False)
class Units:
    """Labels and units are numbered from 0; the numbers say nothing. `labels` and `documents`
    are those of each unit, ordered by both; `of_row` is the unit of each mention, `forms` the
    form of each label, `own` the name that a label by itself stands for (-1: all of the form)."""

    facts: Facts
    forms: Ints
    own: Ints
    labels: Ints
    documents: Ints
    of_row: Ints
    document_count: int

    @classmethod
    def of(cls, facts: Facts, alone: Collection[int]) -> Units:
        """Those of the facts; `alone` are forms each of whose spellings is a label by itself."""
        names = facts.tables.names
        name = facts.mentions["name"].astype(np.int64)
        form = names.form_of()[name].astype(np.int64)
        width = len(names) + 1
        is_alone = np.isin(form, np.fromiter(sorted(alone), np.int64, len(alone)))
        codes, label = np.unique(
            form * width + np.where(is_alone, name + 1, 0), return_inverse=True
        )
        document = facts.documents[facts.mentions.chunks()].astype(np.int64)
        count = len(facts.tables.documents)
        units, of_row = numbered(label * max(count, 1) + document)
        return cls(
            facts,
            codes // width,
            codes % width - 1,
            units // max(count, 1),
            units % max(count, 1),
            of_row,
            max(count, 1),
        )

    def unit(self, label: npt.ArrayLike, document: npt.ArrayLike) -> Ints:
        """The unit of each label in each document, -1 where there is none."""
        codes = np.asarray(label, np.int64) * self.document_count + np.asarray(document, np.int64)
        held = self._codes
        places = np.minimum(np.searchsorted(held, codes), max(len(held) - 1, 0))
        if not len(held):
            return np.full(codes.shape, -1, dtype=np.int64)
        return np.where(held[places] == codes, places, -1)

    def units_of(self, label: int) -> range:
        """The units of a label."""
        return range(self._starts[label], self._starts[label + 1])

    def rows_of(self, unit: int) -> npt.NDArray[np.intp]:
        """The mentions of a unit."""
        offsets, rows = self._rows
        return rows[offsets[unit] : offsets[unit + 1]]

    def text(self, label: int) -> str:
        """What a label is told by: its form, or its spelling where that stands by itself."""
        names = self.facts.tables.names
        own = self._own[label]
        return names.values[own] if own >= 0 else names.forms.values[self._forms[label]]

    def name(self, label: int) -> str:
        """The commonest way in which the label is written."""
        if label not in self._names:
            offsets, rows = self._rows
            units = self.units_of(label)
            where = rows[offsets[units.start] : offsets[units.stop]]
            numbers = self.facts.mentions["name"][where].tolist()
            values = self.facts.tables.names.values
            best: int = numbers[0]
            if numbers.count(best) < len(numbers):
                counts = Counter(numbers)
                best = min(counts, key=lambda number: (-counts[number], values[number]))
            self._names[label] = values[best]
        return self._names[label]

    def labels_of(self, name: str) -> tuple[int, ...]:
        """The labels that a name, as someone writes it, stands for."""
        names = self.facts.tables.names
        number = names.number(name)
        form = int(names.form_of()[number])
        low, high = np.searchsorted(self.forms, [form, form + 1])
        found = range(int(low), int(high))
        if len(found) == 1 and self.own[low] < 0:
            return tuple(found)
        spelling = names.spelling_of()
        own = self.own[low:high]
        labels = [
            label
            for label, held in zip(found, own.tolist(), strict=True)
            if held == number or (held >= 0 and spelling[held] == spelling[number])
        ]
        return tuple(sorted(labels, key=self.text))

    @cached_property
    def _own(self) -> list[int]:
        numbers: list[int] = self.own.tolist()
        return numbers

    @cached_property
    def _forms(self) -> list[int]:
        numbers: list[int] = self.forms.tolist()
        return numbers

    @cached_property
    def _names(self) -> dict[int, str]:
        return {}

    @cached_property
    def _starts(self) -> list[int]:
        """The first unit of each label, and how many units there are."""
        starts: list[int] = np.searchsorted(self.labels, np.arange(len(self.forms) + 1)).tolist()
        return starts

    @cached_property
    def _codes(self) -> Ints:
        codes: Ints = self.labels * self.document_count + self.documents
        return codes

    @cached_property
    def _rows(self) -> tuple[Ints, npt.NDArray[np.intp]]:
        order = np.argsort(self.of_row, kind="stable")
        offsets = np.searchsorted(self.of_row[order], np.arange(len(self.labels) + 1))
        return offsets.astype(np.int64), order

    @cached_property
    def types(self) -> npt.NDArray[np.int8]:
        """The commonest type of each unit; one that says something before one that does not."""
        return commonest_types(self.of_row, self.facts.mentions["type"], len(self.labels))

    @cached_property
    def label_types(self) -> npt.NDArray[np.int8]:
        """The commonest type of each label."""
        return commonest_types(self.labels, self.types, len(self.forms))


def commonest_types(things: Ints, types: npt.NDArray[np.int8], count: int) -> npt.NDArray[np.int8]:
    """The commonest type of each of the things; one that says something before one that does
    not."""
    if not count:
        return np.empty(0, dtype=np.int8)
    width = len(TYPES)
    thing, kind, often = counted(things, types, width)
    rank = (np.where(VAGUE[kind], 0, len(things) + 1) + often) * width + (width - 1 - kind)
    best = np.maximum.reduceat(rank, np.searchsorted(thing, np.arange(count)))
    return (width - 1 - best % width).astype(np.int8)


@dataclass(eq=False)
class Nodes:
    """What units are gathered in. A node is a label's first, or one of its senses, told by a
    key that says what makes it another thing."""

    units: Units
    of_unit: Ints
    labels: list[int]
    keys: list[str]
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Units) -> Nodes:
        """A node for each label."""
        count = len(units.forms)
        return cls(units, units.labels.copy(), list(range(count)), [""] * count)

    def sense(self, label: int, key: str) -> int:
        """The node of a sense of a label."""
        if not key:
            return label
        number = self._numbers.get((label, key))
        if number is None:
            number = self._numbers[label, key] = len(self.labels)
            self.labels.append(label)
            self.keys.append(key)
        return number

    def move(self, unit: int, key: str) -> int:
        """Takes a unit for that sense of its label."""
        node = self.sense(int(self.units.labels[unit]), key)
        self.of_unit[unit] = node
        return node

    def text(self, node: int) -> tuple[str, str]:
        """What a node is told by, whatever its number."""
        return self.units.text(self.labels[node]), self.keys[node]
