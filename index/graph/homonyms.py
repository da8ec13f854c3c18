"""Things of one name told apart: by what titles say in parentheses, and by their company.

"The Zone (1995 film)" and "The Zone (2017 film)" are two things by their own titles. Where two
documents each say what a name is, in one script, and hardly anything else that they name beside it
is the same, they tell of two things ("Michael Jordan" with Scottie Pippen, and with Andrew Ng),
where it is a name of people or works, or of things of two types; other documents go with the one
whose company theirs is more like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.graph.contract import EntityType
from index.graph.facts import TITLE
from index.graph.sparse_rows import Ints, counted, distinct
from index.graph.units import NUMBER_OF, Nodes, Units
from ingest.contract import cached_property

_MASKED = re.compile("[^某]{1,2}某{1,2}[甲乙丙丁0-9]?")
LEAST_COMPANY = 2
"""Other names that a document has beside one, at the least, for them to say something."""

SHARED = 0.05
"""Of the weight of the smaller company: what two that are of different things have in common at
the most."""

MOST_DEFINED = 60
"""Documents that say what a name is: one of which more do is taken for one thing."""

_SPLITTABLE = tuple(
    NUMBER_OF[kind]
    for kind in EntityType
    if kind not in (EntityType.DATE, EntityType.AMOUNT, EntityType.IDENTIFIER, EntityType.SECTION)
)

_SHARING = frozenset((NUMBER_OF[EntityType.PERSON], NUMBER_OF[EntityType.WORK]))


def qualified_apart(units: Units, nodes: Nodes, keep_whole: frozenset[int]) -> None:
    """Moves the units of names that titles tell apart in parentheses; `keep_whole` are labels that
    people said are one thing."""
    mentions = units.facts.mentions
    qualifiers = units.facts.tables.names.qualifier_of()[mentions["name"]]
    rows = np.flatnonzero(mentions["field"] == TITLE)
    values = units.facts.tables.names.qualifiers.values
    unit, qualifier, _ = counted(units.of_row[rows], qualifiers[rows], len(values) + 1)
    label = units.labels[unit]
    of_pairs = counted(label, qualifier, len(values) + 1)[0]
    many = np.flatnonzero(np.bincount(of_pairs, minlength=1) > 1)
    for of_label in sorted(set(many.tolist()) - keep_whole):
        for one, what in zip(
            unit[label == of_label].tolist(), qualifier[label == of_label].tolist(), strict=True
        ):
            nodes.move(int(one), f"qualifier:{values[what]}" if values[what] else "titled")


def masked_apart(units: Units, nodes: Nodes, keep_whole: frozenset[int]) -> None:
    """Moves the units of names that hide who is meant ("李某"): they tell of another person in
    each document."""
    is_han = units.facts.tables.names.is_han()[units.forms]
    counts = np.bincount(units.labels, minlength=len(units.forms))
    documents = units.facts.tables.documents.values
    for label in np.flatnonzero(is_han & (counts > 1)).tolist():
        if label not in keep_whole and _MASKED.fullmatch(units.text(label)):
            for unit in units.units_of(label):
                nodes.move(unit, f"masked:{documents[int(units.documents[unit])]}")


def split_by_company(units: Units, nodes: Nodes, keep_whole: frozenset[int]) -> None:
    """Moves the units of names that two documents at least define, in different company;
    `keep_whole` are labels that people said are one thing."""
    mentions = units.facts.mentions
    is_defining = mentions["defined"] | (mentions["field"] == TITLE)
    defining = distinct(units.of_row[is_defining])
    at_first = nodes.of_unit[defining] == units.labels[defining]
    defining = defining[at_first & np.isin(units.types[defining], _SPLITTABLE)]
    counts = np.bincount(units.labels[defining], minlength=len(units.forms))
    company = _Company(units)
    is_told = units.types != NUMBER_OF[EntityType.OTHER]
    is_told[units.of_row[mentions["defined"] & (mentions["field"] != TITLE)]] = True
    starts = np.cumsum(counts) - counts
    for label in np.flatnonzero((counts > 1) & (counts <= MOST_DEFINED)).tolist():
        of_label = defining[starts[label] : starts[label] + counts[label]].tolist()
        # A title that does not say of what kind it is tells of no second kind.
        told = {int(units.types[unit]) for unit in of_label if is_told[unit]}
        if label in keep_whole or not _may_differ(told):
            continue
        groups = _groups(company, of_label)
        if len(groups) > 1:
            _move(units, nodes, company, label, groups)


def _may_differ(types: Set[int]) -> bool:
    """Whether things of a name may be several: people share names, and films, and a fruit has one
    with a company. Two texts about one term, place or firm may well have nothing else in common."""
    return len(types) > 1 or (len(types) == 1 and types <= _SHARING)


def _groups(company: _Company, defining: Sequence[int]) -> list[list[int]]:
    """Units that define a name, by whose company is alike, the largest first. Where any says too
    little, all are one."""
    if len({company.script(unit) for unit in defining}) > 1:
        return [list(defining)]
    bags = {unit: company.of(unit) for unit in defining}
    if any(len(bag) < LEAST_COMPANY for bag in bags.values()):
        return [list(defining)]
    groups: list[list[int]] = []
    for unit in defining:
        near = [g for g in groups if any(company.alike(bags[unit], bags[o]) > SHARED for o in g)]
        groups = [g for g in groups if g not in near]
        groups.append([*(one for group in near for one in group), unit])
    document = company.document
    return sorted(groups, key=lambda group: (-len(group), min(document(unit) for unit in group)))


def _move(
    units: Units, nodes: Nodes, company: _Company, label: int, groups: Sequence[Sequence[int]]
) -> None:
    keys = [f"context:{min(company.document(unit) for unit in group)}" for group in groups]
    placed = {unit: place for place, group in enumerate(groups) for unit in group}
    rest = [u for u in units.units_of(label) if nodes.of_unit[u] == label and u not in placed]
    bags = [distinct(np.concatenate([company.of(unit) for unit in group])) for group in groups]
    placed.update(zip(rest, company.likest(rest, bags), strict=True))
    for unit, place in sorted(placed.items()):
        if place:
            nodes.move(unit, keys[place])


@dataclass(frozen=True, eq=False)
class _Company:
    """What a name stands with in a document: the other labels of the chunks that name it there,
    each weighed by how few documents have it."""

    units: Units

    def of(self, unit: int) -> Ints:
        """The other labels, ascending."""
        if unit not in self._known:
            offsets, own = self.units.facts.mentions.offsets, self.units.labels[unit]
            chunks = distinct(self._chunk_of[self.units.rows_of(unit)]).tolist()
            rows = [self._label_of[offsets[chunk] : offsets[chunk + 1]] for chunk in chunks]
            labels = distinct(np.concatenate(rows))
            self._known[unit] = labels[(self._weights[labels] > 0) & (labels != own)]
        return self._known[unit]

    def alike(self, one: Ints, other: Ints) -> float:
        """How much of the weight of the smaller company is in both."""
        weights = self._weights
        least = min(int(weights[one].sum()), int(weights[other].sum()))
        if not least:
            return 1.0
        places = np.minimum(np.searchsorted(other, one), len(other) - 1)
        return int(weights[one[other[places] == one]].sum()) / least

    def likest(self, some: Sequence[int], bags: Sequence[Ints]) -> list[int]:
        """The place of the company that each of the units' is most like, the first of several."""
        if not some:
            return []
        own = [self.of(unit) for unit in some]
        of_unit = np.repeat(np.arange(len(own)), [len(bag) for bag in own])
        labels = np.concatenate(own)
        weights = self._weights
        sums = np.bincount(of_unit, weights=weights[labels], minlength=len(own))
        likeness = np.zeros((len(bags), len(own)))
        for place, bag in enumerate(bags):
            shared = np.where(np.isin(labels, bag), weights[labels], 0)
            least = np.minimum(sums, weights[bag].sum())
            in_both = np.bincount(of_unit, weights=shared, minlength=len(own))
            likeness[place] = np.divide(in_both, least, out=np.ones(len(own)), where=least > 0)
        places: list[int] = np.argmax(likeness, axis=0).tolist()
        return places

    def script(self, unit: int) -> bool:
        """Whether the most of what the name stands with is in Han characters."""
        bag = self.of(unit)
        return bool(2 * self._is_han[bag].sum() > len(bag))

    def document(self, unit: int) -> str:
        """The document of a unit."""
        return self.units.facts.tables.documents.values[int(self.units.documents[unit])]

    @cached_property
    def _known(self) -> dict[int, Ints]:
        return {}

    @cached_property
    def _is_han(self) -> npt.NDArray[np.bool_]:
        return self.units.facts.tables.names.is_han()[self.units.forms]

    @cached_property
    def _chunk_of(self) -> npt.NDArray[np.int32]:
        return self.units.facts.mentions.chunks()

    @cached_property
    def _label_of(self) -> Ints:
        return self.units.labels[self.units.of_row]

    @cached_property
    def _weights(self) -> Ints:
        """Inverse document frequencies; 0 for what is in most documents, dates and amounts."""
        units = self.units
        documents = len(distinct(units.documents))
        counts = np.bincount(units.labels, minlength=len(units.forms))
        weights = np.log((documents + 1) / counts)
        weights[~np.isin(units.label_types, _SPLITTABLE)] = 0
        # In whole numbers, whose sums do not depend on their order.
        found: Ints = np.rint(1000 * np.maximum(weights, 0)).astype(np.int64)
        return found
