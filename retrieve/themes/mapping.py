"""Communities as they count for a question, and smaller ones joined to what they have most to do
with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.contract import Keys, Ranking
from index.graph.contract import Community, Graph
from index.pipeline import Snapshot

Floats: TypeAlias = npt.NDArray[np.float64]

_FOUND, _STEEP = 60, 3
"""Of what a search finds, so many chunks count, by this power of how far they are over the next."""

_STRAY = 0.2
"""A theme does not tell of a document that it has so much less of than of another."""

_OF_CHANCE = 0.2
"""Communities have to do with each other where the weight of the relations between them is so much
of what their relations in all would make it by chance. Above 1 they would be one community."""

_OVER_ZERO = 1e-12


@dataclass(frozen=True, eq=False)
class Weighed:
    """Chunks with what each counts in the answer, and the number of its document; keys ascend."""

    keys: Keys
    weights: Floats
    documents: npt.NDArray[np.int32]

    @staticmethod
    def of(
        snapshot: Snapshot, graph: Graph, found: Ranking | None, allowed: Keys | None
    ) -> Weighed:
        """All chunks alike; or the first of those found, by how far they are over the last: many
        that have little to do with the subject must not outweigh a few that are about it."""
        wanted = graph.keys if allowed is None else np.intersect1d(graph.keys, allowed)
        keys, documents = snapshot.documents_of(wanted)
        if found is None:
            return Weighed(keys, np.ones(len(keys)), documents)
        weights = np.zeros(len(keys))
        if len(found.keys) and len(keys):
            head = found.head(_FOUND)
            scores = head.scores.astype(np.float64)
            last = float(found.scores[min(_FOUND, len(found.scores) - 1)])
            spread = scores[0] - last
            shares = ((scores - last) / spread) ** _STEEP if spread > 0 else np.ones(len(scores))
            places = np.minimum(np.searchsorted(keys, head.keys), len(keys) - 1)
            held = keys[places] == head.keys
            weights[places[held]] = shares[held]
        return Weighed(keys, weights, documents)


@dataclass(frozen=True, eq=False)
class Mapped:
    """Communities that are one theme, the weightiest first, with those of their chunks that count
    for the question. `weight` is of them all, `documents` has the weight of each document that
    they have chunks of."""

    parts: tuple[Community, ...]
    weight: float
    documents: Mapping[int, float]

    @staticmethod
    def of(community: Community, weighed: Weighed) -> Mapped:
        keys = np.array(community.keys, dtype=np.int64)
        if not len(weighed.keys) or not len(keys):
            return Mapped((community,), 0.0, {})
        places = np.minimum(np.searchsorted(weighed.keys, keys), len(weighed.keys) - 1)
        weights = np.where(weighed.keys[places] == keys, weighed.weights[places], 0.0)
        counted = np.flatnonzero(weights > 0)
        # The weightiest first; those of the same weight stay as telling as they were.
        order = counted[np.argsort(-weights[counted], kind="stable")]
        documents, inverse = np.unique(weighed.documents[places[counted]], return_inverse=True)
        shares = np.bincount(inverse, weights[counted], minlength=len(documents))
        told = replace(community, keys=tuple(keys[order].tolist()))
        by_document = dict(zip(documents.tolist(), shares.tolist(), strict=True))
        return Mapped((told,), float(weights.sum()), by_document)

    @property
    def main(self) -> Community:
        return self.parts[0]

    @property
    def shares(self) -> Mapping[int, float]:
        """The weight of each document that they tell of."""
        least = _STRAY * max(self.documents.values(), default=0.0)
        return {number: share for number, share in self.documents.items() if share >= least}

    def joined(self, other: Mapped) -> Mapped:
        documents = dict(self.documents)
        for number, share in other.documents.items():
            documents[number] = documents.get(number, 0.0) + share
        return Mapped((*self.parts, *other.parts), self.weight + other.weight, documents)


def joined(graph: Graph, mapped: Sequence[Mapped], k: int) -> list[Mapped]:
    """No more than k, as far as they have to do with each other: the smallest is joined to the one
    that it has most to do with, then the next smallest, and never more than two."""
    order = sorted(mapped, key=lambda one: (-one.weight, one.main.id))
    if len(order) <= k:
        return order
    relations = _relations(graph, order)
    kept: list[Mapped | None] = list(order)
    strength = relations.sum(axis=1)
    chance = np.outer(strength, strength) / max(float(relations.sum()), _OVER_ZERO)
    more = np.divide(relations, chance, out=np.zeros(chance.shape), where=chance > 0)
    free = np.ones(len(order), dtype=bool)
    for place in range(len(order) - 1, 0, -1):
        if sum(one is not None for one in kept) <= k:
            break
        ties = np.where(free[:place], more[place, :place], 0.0)
        best = int(ties.argmax())
        if not free[place] or ties[best] <= _OF_CHANCE:
            continue
        kept[best], kept[place] = order[best].joined(order[place]), None
        free[[best, place]] = False
    return [one for one in kept if one is not None]


def _relations(graph: Graph, mapped: Sequence[Mapped]) -> Floats:
    """The weight of the relations between each two, those within them on the diagonal."""
    ids = np.array(graph.ids)
    label = np.full(len(ids), len(mapped), dtype=np.int64)
    for place, one in enumerate(mapped):
        label[np.searchsorted(ids, np.array(one.main.entities))] = place
    edges = graph.edges
    heads = label[np.repeat(np.arange(len(edges)), np.diff(edges.offsets))]
    tails = label[edges.columns]
    count = len(mapped) + 1
    weights = np.bincount(heads * count + tails, edges.values, minlength=count * count)
    relations: Floats = weights.reshape(count, count)[:-1, :-1].astype(np.float64)
    return relations
