"""A Graph as networkx sees it, without a copy.

The dictionaries that networkx reads its nodes and edges from are made of the Graph row by row, when
an algorithm first looks at them: a path between two entities of a large graph costs what it visits.
The networks are frozen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from index.graph.contract import Entity, Graph, Relation

if TYPE_CHECKING:
    import networkx as nx

Node: TypeAlias = str | int
"""The id of an entity, or the key of a chunk."""

N = TypeVar("N", bound=Hashable)
V = TypeVar("V")

_ROWS_KEPT = 20_000


def number_of(graph: Graph, entity_id: str) -> int | None:
    """The number of the entity with that id; None where there is none."""
    place = bisect_left(graph.ids, entity_id)
    return place if place < len(graph.ids) and graph.ids[place] == entity_id else None


class _Nodes(Collection[Any]):
    """The ids of the entities, and, where they are wanted, the keys of the chunks."""

    def __init__(self, graph: Graph, *, with_chunks: bool) -> None:
        self._graph = graph
        self._keys: list[int] = graph.keys.tolist() if with_chunks else []
        self._places = {key: place for place, key in enumerate(self._keys)}

    def place_of(self, key: int) -> int:
        """The row of a chunk."""
        return self._places[key]

    @property
    def keys(self) -> list[int]:
        return self._keys

    def __contains__(self, node: object) -> bool:
        if isinstance(node, str):
            return number_of(self._graph, node) is not None
        return node in self._places

    def __iter__(self) -> Iterator[Node]:
        yield from self._graph.ids
        yield from self._keys

    def __len__(self) -> int:
        return len(self._graph.ids) + len(self._keys)


class _MadeWhenLookedAt(Mapping[N, V]):
    """A dictionary over the nodes whose values are made of them."""

    def __init__(self, nodes: Collection[N], make: Callable[[N], V]) -> None:
        self._nodes = nodes
        self._make = lru_cache(maxsize=_ROWS_KEPT)(make)

    def __getitem__(self, node: N) -> V:
        if node not in self._nodes:
            raise KeyError(node)
        return self._make(node)

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __iter__(self) -> Iterator[N]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def network(graph: Graph, *, with_chunks: bool = False) -> nx.Graph[Any]:
    """The entities, by their ids, with the `weight` of what relates each two; with chunks, these
    too, by their keys, tied to the entities that they name (`weight`: how often)."""
    import networkx as nx

    nodes = _Nodes(graph, with_chunks=with_chunks)

    def neighbours(node: Node) -> dict[Node, dict[str, float]]:
        if isinstance(node, int):
            columns, values = graph.named.row(nodes.place_of(node))
            names = [graph.ids[column] for column in columns.tolist()]
            return {
                name: {"weight": value} for name, value in zip(names, values.tolist(), strict=True)
            }
        number = number_of(graph, node)
        assert number is not None
        columns, values = graph.edges.row(number)
        row: dict[Node, dict[str, float]] = {
            graph.ids[column]: {"weight": value}
            for column, value in zip(columns.tolist(), values.tolist(), strict=True)
        }
        if nodes.keys:
            columns, values = graph.naming.row(number)
            for column, value in zip(columns.tolist(), values.tolist(), strict=True):
                row[nodes.keys[column]] = {"weight": value}
        return row

    made: nx.Graph[Any] = nx.Graph()
    _fill(made, nodes, lambda node: _attributes(graph, node), neighbours)
    return made


def relation_network(
    graph: Graph,
    node_data: Callable[[int], dict[str, Any]],
    edge_data: Callable[[Relation], dict[str, Any]],
) -> nx.MultiDiGraph[Any]:
    """The entities, by their ids, with every relation from its head to its tail; what nodes and
    edges say is made by the functions given. The key of an edge is unique in the network."""
    import networkx as nx

    def heads(node: str) -> dict[str, dict[str, dict[str, Any]]]:
        number = number_of(graph, node)
        assert number is not None
        row: dict[str, dict[str, dict[str, Any]]] = {}
        for edge, relation in enumerate(relations_from(graph, number)):
            row.setdefault(relation.tail, {})[f"e{number}-{edge}"] = edge_data(relation)
        return row

    def tails(node: str) -> dict[str, dict[str, dict[str, Any]]]:
        number = number_of(graph, node)
        assert number is not None
        found = {one.head for one in graph.relations_of(number) if one.tail == node}
        return {head: made._adj[head][node] for head in sorted(found)}

    def described(node: str) -> dict[str, Any]:
        number = number_of(graph, node)
        assert number is not None
        return node_data(number)

    made: Any = nx.MultiDiGraph()
    nodes = _Nodes(graph, with_chunks=False)
    _fill(made, nodes, described, heads)
    made._pred = _MadeWhenLookedAt(nodes, tails)
    network: nx.MultiDiGraph[Any] = made
    return network


def relations_from(graph: Graph, number: int) -> list[Relation]:
    """The relations that the entity is the head of, in order of tail and kind."""
    own = graph.ids[number]
    found = [relation for relation in graph.relations_of(number) if relation.head == own]
    return sorted(found, key=lambda relation: (relation.tail, relation.kind))


def _attributes(graph: Graph, node: Node) -> dict[str, Any]:
    if isinstance(node, int):
        return {"node": "chunk"}
    number = number_of(graph, node)
    assert number is not None
    return {"node": "entity", **attributes_of(graph.entity(number))}


def attributes_of(entity: Entity) -> dict[str, Any]:
    """What is told of an entity beside its id, in plain values."""
    return {
        "name": entity.name,
        "type": entity.type.value,
        "aliases": list(entity.aliases),
        "chunks": entity.chunks,
        "mentions": entity.mentions,
        "authority": entity.authority,
        "description": entity.description,
    }


def _fill(
    made: Any, nodes: Collection[Any], node: Callable[[Any], Any], row: Callable[[Any], Any]
) -> None:
    """Lets a networkx graph read through, as the views of networkx itself do."""
    import networkx as nx

    made._node = _MadeWhenLookedAt(nodes, node)
    made._adj = _MadeWhenLookedAt(nodes, row)
    nx.freeze(made)
