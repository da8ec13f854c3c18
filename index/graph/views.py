"""Looking at a graph: what an entity has to do with others, how two are connected, and the
sentences that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from itertools import combinations, islice, pairwise
from typing import TYPE_CHECKING, Any

from index.contract import StoredChunk
from index.graph.chunk_reader import Chunks
from index.graph.contract import Entity, Evidence, Graph, Relation
from index.graph.finding import entity_number
from index.graph.networks import network, number_of
from ingest.contract import BadInput, Chunk, cached_property

if TYPE_CHECKING:
    import networkx as nx

MAX_NODES = 200
MAX_HOPS = 4
MAX_PATHS = 20

_FADING = 0.5
"""So much less an entity counts with each hop away."""

_SHORTER = 1e-3
"""Among paths of as many hops, the weight decides: it never makes up for a hop."""


class Nearness(StrEnum):
    """What makes a path a good one: few hops (among as many, heavy ones), or heavy relations."""

    HOPS = "hops"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence as it stands in a chunk."""

    sentence: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Link:
    """A relation with some of the sentences that say it."""

    relation: Relation
    quotes: tuple[CitedSentence, ...]


@dataclass(frozen=True, slots=True)
class EntityPath:
    """How two entities are connected: the entities on the way, and for each two that follow one
    another the relations between them, heaviest first."""

    entities: tuple[Entity, ...]
    steps: tuple[tuple[Link, ...], ...]
    weight: float
    """That of its lightest step."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An entity near another: in how many hops (0: the one itself), by which entity (its id, empty
    for the one itself), and how near (1 to 0)."""

    entity: Entity
    hops: int
    by: str
    nearness: float


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The entities nearest to one, itself first, then by nearness, and all relations between any
    two of them, heaviest first."""

    members: tuple[Neighbour, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True)
class GraphView:
    """A graph with the texts of its chunks."""

    graph: Graph
    chunks: Chunks

    @cached_property
    def network(self) -> nx.Graph[Any]:
        """The entities and the weights between them, as networkx has it; see networks.network."""
        return network(self.graph)

    def number(self, name: str) -> int:
        """As `entity_number` of the graph."""
        return entity_number(self.graph, name)

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """The names of entities by their ids."""
        return {one: self.graph.entity(self.number_of(one)).name for one in dict.fromkeys(ids)}

    def links(self, relations: Iterable[Relation], quotes: int = 1) -> list[Link]:
        """The relations with up to so many sentences each; evidence that is no longer there is
        passed over."""
        told = list(relations)
        keys = sorted({one.key for relation in told for one in relation.evidence[:quotes]})
        chunks = self.chunks(keys) if keys else {}
        return [
            Link(relation, tuple(_quotes(relation.evidence[:quotes], chunks))) for relation in told
        ]

    def paths(
        self, first: int, second: int, by: Nearness = Nearness.HOPS, limit: int = 3, links: int = 3
    ) -> list[EntityPath]:
        """The best paths between two entities, best first, none that visits an entity twice, with
        up to so many relations for each step; none where nothing connects them. Raises BadInput
        for the same entity twice."""
        import networkx as nx

        if first == second:
            raise BadInput(f"{self.graph.ids[first]!r} is both ends of the path: name two entities")

        def cost(_one: str, _other: str, edge: Any) -> float:
            if by is Nearness.WEIGHT:
                return 1.0 / float(edge["weight"])
            return 1.0 + _SHORTER / (1.0 + float(edge["weight"]))

        ends = self.graph.ids[first], self.graph.ids[second]
        try:
            found = list(islice(nx.shortest_simple_paths(self.network, *ends, weight=cost), limit))
        except nx.NetworkXNoPath:
            return []
        return [self._path(ids, links) for ids in found]

    def _path(self, ids: Sequence[str], links: int) -> EntityPath:
        numbers = [self.number_of(entity_id) for entity_id in ids]
        steps = tuple(
            tuple(self.links(self.graph.relations_between(one, other)[:links]))
            for one, other in pairwise(numbers)
        )
        weight = min(self.network[one][other]["weight"] for one, other in pairwise(ids))
        return EntityPath(tuple(map(self.graph.entity, numbers)), steps, float(weight))

    def exact(self, entity_id: str) -> int | None:
        """The number of the entity with that id; None where there is none."""
        return number_of(self.graph, entity_id)

    def number_of(self, entity_id: str) -> int:
        """The number of the entity with that id, which is there."""
        number = number_of(self.graph, entity_id)
        assert number is not None
        return number

    def neighbourhood(self, number: int, limit: int = 30, hops: int = 2) -> Neighbourhood:
        """The entities nearest to one, itself among the `limit`. The nearness of a neighbour is
        its weight over that of the strongest neighbour; over several hops it is the best product,
        halved with each hop after the first."""
        nearest: dict[int, Neighbour] = {}
        waiting: list[tuple[float, int, int, int]] = [(-1.0, 0, number, number)]
        while waiting and len(nearest) < limit:
            minus, hop, at, by = heappop(waiting)
            if at in nearest:
                continue
            before = self.graph.ids[by] if hop else ""
            nearest[at] = Neighbour(self.graph.entity(at), hop, before, -minus)
            if hop >= hops:
                continue
            columns, weights = self.graph.edges.row(at)
            most = float(weights.max()) if len(weights) else 1.0
            fading = _FADING if hop else 1.0
            for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
                if column not in nearest:
                    heappush(waiting, (minus * fading * weight / most, hop + 1, column, at))
        return Neighbourhood(tuple(nearest.values()), self._among(sorted(nearest)))

    def _among(self, numbers: Sequence[int]) -> tuple[Relation, ...]:
        found = [
            relation
            for one, other in combinations(numbers, 2)
            if self.network.has_edge(self.graph.ids[one], self.graph.ids[other])
            for relation in self.graph.relations_between(one, other)
        ]
        return tuple(sorted(found, key=lambda one: (-one.weight, one.head, one.tail, one.kind)))


def _quotes(
    evidence: Iterable[Evidence], chunks: Mapping[int, StoredChunk]
) -> Iterable[CitedSentence]:
    for one in evidence:
        stored = chunks.get(one.key)
        if stored is not None:
            start, end = one.span
            yield CitedSentence(" ".join(stored.chunk.text[start:end].split()), stored.chunk)
