"""The entity graph of a collection as the command line and the service show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from index.graph.contract import TOGETHER, Community, Decision, Entity, Graph, Merge, Relation
from index.graph.pipeline import (
    CitedSentence,
    EntityPath,
    GraphView,
    Link,
    Neighbourhood,
    candidates,
    digest_of,
)
from index.pipeline import Collection, View
from ingest.contract import NotFound

_MENTIONS = 10_000
"""So many are looked at to say in which documents an entity is named."""


def view_of(collection: Collection | View) -> GraphView:
    """The newest graph of a collection, with the texts of its chunks."""
    graph = collection.graph()
    return GraphView(graph, collection.snapshot().chunks)


def candidates_shown(collection: Collection | View, limit: int) -> list[dict[str, Any]]:
    """Pairs of entities that may be one thing, the most alike first, for people to look at."""
    graph, snapshot = collection.graph(), collection.snapshot()
    held, rows = snapshot.vectors(graph.keys)
    vectors = np.zeros((len(graph.keys), snapshot.parts.embedder.dimension), dtype=np.float32)
    vectors[np.searchsorted(graph.keys, held)] = rows
    return [
        {
            "first": entity_plain(graph.entity(pair.first)),
            "second": entity_plain(graph.entity(pair.second)),
            "likeness": round(pair.likeness, 3),
            "names": round(pair.names, 3),
            "company": round(pair.company, 3),
        }
        for pair in (candidates(graph, vectors, limit) if len(graph.keys) else ())
    ]


def entity_plain(entity: Entity) -> dict[str, Any]:
    """An entity in plain values."""
    return {
        "id": entity.id,
        "name": entity.name,
        "type": entity.type.value,
        "aliases": list(entity.aliases),
        "chunks": entity.chunks,
        "mentions": entity.mentions,
        "authority": round(entity.authority, 4),
        "description": entity.description,
    }


def cited_plain(cited: CitedSentence) -> dict[str, Any]:
    """A sentence with its place."""
    chunk = cited.chunk
    return {
        "sentence": cited.sentence,
        "document_id": chunk.document_id,
        "chunk_id": chunk.id,
        "pages": list(chunk.pages) if chunk.pages else None,
        "heading_path": list(chunk.heading_path),
    }


def link_plain(link: Link) -> dict[str, Any]:
    """A relation with its sentences."""
    relation = link.relation
    return {
        "head": relation.head,
        "tail": relation.tail,
        "kind": relation.kind,
        "weight": round(relation.weight, 4),
        "keywords": list(relation.keywords),
        "description": relation.description,
        "evidence": [cited_plain(cited) for cited in link.quotes],
    }


def path_plain(path: EntityPath) -> dict[str, Any]:
    """A path in plain values."""
    return {
        "entities": [entity_plain(entity) for entity in path.entities],
        "steps": [[link_plain(link) for link in step] for step in path.steps],
        "weight": round(path.weight, 4),
    }


def neighbours_plain(neighbourhood: Neighbourhood, links: Iterable[Link]) -> dict[str, Any]:
    """A neighbourhood with the relations given."""
    return {
        "neighbours": [
            {
                **entity_plain(one.entity),
                "hops": one.hops,
                "by": one.by,
                "nearness": round(one.nearness, 4),
            }
            for one in neighbourhood.members[1:]
        ],
        "relations": [link_plain(link) for link in links],
    }


def community_plain(community: Community) -> dict[str, Any]:
    """A community in plain values, without what its chunks say."""
    return {
        "id": community.id,
        "level": community.level,
        "parent": community.parent,
        "title": community.title,
        "keywords": list(community.keywords),
        "summary": community.summary,
        "size": len(community.entities),
        "entities": list(community.entities),
    }


def decision_plain(decision: Decision) -> dict[str, Any]:
    """A decision in plain values."""
    return asdict(decision) | {"kind": decision.kind.value}


def merge_plain(merge: Merge) -> dict[str, Any]:
    """A merge in plain values."""
    return {
        "id": merge.id,
        "first": merge.first,
        "second": merge.second,
        "reason": merge.reason,
        "by": merge.by,
        "passages": len(merge.evidence),
    }


def relations_shown(neighbourhood: Neighbourhood, limit: int) -> list[Relation]:
    """Of the relations of a neighbourhood the first to be told: those of the entity itself, and of
    them those that a text states, each heaviest first."""
    own = neighbourhood.members[0].entity.id
    return sorted(
        neighbourhood.relations,
        key=lambda one: (own not in (one.head, one.tail), one.kind == TOGETHER),
    )[:limit]


def documents_of(view: GraphView, number: int) -> dict[str, int]:
    """The documents that name an entity, and how often, the most often first."""
    mentions = view.graph.mentions_of(number, _MENTIONS)
    chunks = view.chunks(sorted({key for key, _ in mentions}))
    counted = Counter(chunks[key].chunk.document_id for key, _ in mentions if key in chunks)
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def merges_of(graph: Graph, entity: Entity) -> list[Merge]:
    """The merges that made an entity of several names."""
    names = {entity.name, *entity.aliases}
    return [merge for merge in graph.merges() if merge.first in names and merge.second in names]


def merges_like(graph: Graph, query: str) -> list[Merge]:
    """The merges of a name that has the query in it; all of them for an empty one."""
    wanted = query.strip().casefold()
    return [
        merge
        for merge in graph.merges()
        if wanted in merge.first.casefold() or wanted in merge.second.casefold()
    ]


def communities_of(graph: Graph, entity_id: str) -> list[Community]:
    """The communities that an entity is in, the coarsest first."""
    return [one for one in graph.communities() if entity_id in one.entities]


def community_of(graph: Graph, community_id: str) -> Community:
    """Raises NotFound."""
    for community in graph.communities():
        if community.id == community_id:
            return community
    raise NotFound(f"no community {community_id!r} in the graph")


def told_community(view: GraphView, community: Community) -> tuple[Community, list[CitedSentence]]:
    """A community with the title and the summary that its chunks give it, and the sentences of
    the summary with their places."""

    def chunks_of(keys: Sequence[int]) -> dict[int, Any]:
        return {key: stored.chunk for key, stored in view.chunks(keys).items()}

    digest = digest_of(view.graph, community, chunks_of)
    chunks = chunks_of([quote.key for quote in digest.quotes])
    cited = [
        CitedSentence(" ".join(quote.text.split()), chunks[quote.key])
        for quote in digest.quotes
        if quote.key in chunks
    ]
    return digest.community, cited


def community_shown(view: GraphView, community: Community) -> dict[str, Any]:
    """All that is told of a community: its parts, and what its chunks say."""
    told, cited = told_community(view, community)
    parts = [one.id for one in view.graph.communities() if one.parent == community.id]
    return {
        **community_plain(told),
        "parts": parts,
        "evidence": [cited_plain(one) for one in cited],
    }


def entity_shown(view: GraphView, number: int, links: Iterable[Link]) -> dict[str, Any]:
    """All that is told of an entity."""
    entity = view.graph.entity(number)
    return {
        **entity_plain(entity),
        "documents": documents_of(view, number),
        "merges": [merge_plain(merge) for merge in merges_of(view.graph, entity)],
        "communities": [one.id for one in communities_of(view.graph, entity.id)],
        "relations": [link_plain(link) for link in links],
    }
