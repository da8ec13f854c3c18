"""Entities by what people call them."""

from __future__ import annotations

from collections.abc import Sequence

from index.graph.contract import Entity, EntityType, Graph
from index.graph.names import normal_name, spelled
from index.graph.networks import number_of
from ingest.contract import BadInput, NotFound

_FIRST = "#1"
"""Behind the id of the first of several entities of one name, which has no number of its own."""

_NEAR = 5
_LEAST_LIKENESS = 60.0


class AmbiguousName(BadInput):
    """Several entities have the name."""


def entity_number(graph: Graph, name: str) -> int:
    """The number of the entity that is meant: by its name, one of its aliases, or its id (`#1`
    behind it names the first of several of one name). Raises NotFound, which tells of names that
    are like it, and AmbiguousName, which tells of the entities that have it."""
    numbers = graph.numbers_of(name)
    if len(numbers) == 1:
        return numbers[0]
    if len(numbers) > 1:
        listed = "; ".join(_told(graph, number) for number in numbers)
        raise AmbiguousName(
            f"{name!r} names {len(numbers)} entities: {listed}: choose one by the id in front"
        )
    exact = number_of(graph, name.removesuffix(_FIRST))
    if exact is None:
        exact = number_of(graph, normal_name(name.removesuffix(_FIRST)).form)
    if exact is not None:
        return exact
    near = ", ".join(repr(graph.entity(number).name) for number in _like(graph, name, _NEAR))
    known = f"; there is {near}" if near else ""
    raise NotFound(f"no entity {name!r} in the graph{known}")


def reference_of(graph: Graph, number: int) -> str:
    """The id of an entity, in the form that names no other."""
    entity = graph.entity(number)
    several = len(graph.numbers_of(entity.name)) > 1
    return f"{entity.id}{_FIRST}" if several and "#" not in entity.id else entity.id


def _told(graph: Graph, number: int) -> str:
    entity = graph.entity(number)
    passages = "1 passage" if entity.chunks == 1 else f"{entity.chunks:,} passages"
    return f"{reference_of(graph, number)} ({entity.type.value}, {passages})"


def entities_like(
    graph: Graph, query: str = "", kind: EntityType | None = None, limit: int = 100, skip: int = 0
) -> list[Entity]:
    """Entities of a type whose names have the query in them: those of that very name first, then
    those that begin with it, each by authority; where none has, those whose names are like it. All
    of them for an empty query."""
    wanted = spelled(query) if query.strip() else ""
    if wanted:
        exact = graph.numbers_of(query)
        inside = [number for number, name in enumerate(graph.ids) if wanted in name]
        numbers = list(dict.fromkeys([*exact, *inside])) or _like(graph, query, limit)
    else:
        exact, numbers = (), list(range(len(graph.ids)))
    found = [graph.entity(number) for number in numbers]
    if kind is not None:
        found = [entity for entity in found if entity.type is kind]
    first = {graph.ids[number] for number in exact}
    found.sort(
        key=lambda entity: (
            entity.id not in first, not entity.id.startswith(wanted), -entity.authority, entity.id
        )
    )  # fmt: skip
    return found[skip : skip + limit]


def _like(graph: Graph, name: str, limit: int) -> Sequence[int]:
    """Entities whose names look like it: those that it is a part of, shortest first, then the
    likest ones."""
    from rapidfuzz import fuzz, process

    wanted = spelled(name)
    inside = [number for number, one in enumerate(graph.ids) if wanted in one]
    inside.sort(key=lambda number: (len(graph.ids[number]), number))
    found = process.extract(
        wanted, graph.ids, scorer=fuzz.ratio, limit=limit, score_cutoff=_LEAST_LIKENESS
    )
    found.sort(key=lambda one: (-one[1], one[2]))
    return list(dict.fromkeys((*inside[:limit], *(number for _, _, number in found))))[:limit]
