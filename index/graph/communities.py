"""The communities of a graph: entities that belong together, in levels, each with a title, its
keywords and the chunks that tell of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.graph.clusters import Cuts, Group, clusters_of
from index.graph.community_titles import Naming, title_of
from index.graph.contract import Community, Graph
from index.graph.ground import Floats, Ground
from index.graph.telling import NOWHERE, Numbers, Votes

MAX_SIZE = 60
"""Entities of a community at the finest level, where it can be cut."""

_BEST, _OVER_ZERO = 0.8, 1e-9
"""Of what the chunk that tells most of a community does, what those must that are told for it,
where each of them tells more of another."""

_ID_BYTES = 6


def communities_of(graph: Graph, cuts: Cuts | None = None) -> Sequence[Community]:
    """All levels, coarsest first, and in each the communities that most chunks tell of first. The
    same graph has always the same, whatever `cuts` remember of others."""
    ground = Ground.of(graph)
    groups = [
        group
        for group in clusters_of(ground.edges, MAX_SIZE, cuts if cuts is not None else Cuts())
        if _is_told(ground, group)
    ]
    votes = Votes.of(ground)
    hashes = [hashlib.blake2b(name.encode(), digest_size=_ID_BYTES).digest() for name in graph.ids]
    level = Level.top(groups, len(graph.keys))
    found: list[Community] = []
    while level.groups:
        members = [group.members for group in level.groups]
        assigned = votes.assigned(members, level.within, np.array(level.parents, dtype=np.int64))
        ids = [_id_of(level.number, [hashes[member] for member in each]) for each in members]
        told = _told(votes, level, assigned, ids)
        found.extend(sorted(told, key=lambda one: (-len(one.keys), one.id)))
        level = level.below(assigned, ids)
    return found


@dataclass(frozen=True, eq=False)
class Level:
    """The groups of a level, each with the place of its parent in the level above (NOWHERE at the
    top), whose ids are `parent_ids`; `within` is the place of the parent that each chunk tells
    of."""

    number: int
    groups: list[Group]
    parents: list[int]
    parent_ids: list[str]
    within: Numbers

    @staticmethod
    def top(groups: list[Group], chunks: int) -> Level:
        within = np.full(chunks, NOWHERE, dtype=np.int64)
        return Level(0, groups, [NOWHERE] * len(groups), [], within)

    def below(self, assigned: Numbers, ids: list[str]) -> Level:
        pairs = [(part, place) for place, one in enumerate(self.groups) for part in one.parts]
        return Level(
            self.number + 1,
            [part for part, _ in pairs],
            [place for _, place in pairs],
            ids,
            # A chunk that tells of none of these tells of none of their parts.
            np.where(assigned == NOWHERE, NOWHERE - 1, assigned),
        )


def _is_told(ground: Ground, group: Group) -> bool:
    """Whether there is more to it than one thing that some text names in passing."""
    if len(group.members) > 1:
        return True
    (only,) = group.members
    return bool(ground.telling[only]) and bool(ground.graph.subjects.row(int(only))[0].size)


def _told(votes: Votes, level: Level, assigned: Numbers, ids: Sequence[str]) -> list[Community]:
    ground = votes.ground
    members = [group.members for group in level.groups]
    naming = Naming(ground, members, assigned)
    keys = _keys(votes, naming)
    told = []
    for place, (keywords, subject) in enumerate(
        zip(naming.keywords(), naming.subjects(), strict=True)
    ):
        numbers = members[place]
        central = numbers[np.lexsort((numbers, -naming.centrality[numbers]))]
        parent = level.parents[place]
        told.append(
            Community(
                id=ids[place],
                level=level.number,
                parent=None if parent == NOWHERE else level.parent_ids[parent],
                entities=tuple(ground.graph.ids[number] for number in central),
                title=title_of([subject] if subject else [], keywords),
                keywords=keywords,
                keys=keys[place],
            )
        )
    return told


def _keys(votes: Votes, naming: Naming) -> list[tuple[int, ...]]:
    """The chunks of each group, those first that name most of what is central to it. A group
    whose things are named in the chunks of others only has the best of these."""
    from scipy.sparse import diags

    keys = votes.ground.graph.keys
    central: Floats = naming.centrality
    weighed = (votes.values @ diags(central)).tocsr()
    told = []
    turned = weighed.tocsc()
    order = np.argsort(naming.assigned, kind="stable")
    starts = np.searchsorted(naming.assigned[order], np.arange(len(naming.groups) + 1))
    for place, members in enumerate(naming.groups):
        scores = np.asarray(turned[:, members].sum(axis=1)).ravel()
        chunks = order[starts[place] : starts[place + 1]]
        if not len(chunks):
            chunks = np.flatnonzero(scores >= max(_BEST * scores.max(), _OVER_ZERO))
        best = chunks[np.lexsort((chunks, -scores[chunks]))]
        told.append(tuple(keys[best].tolist()))
    return told


def _id_of(level: int, hashes: Sequence[bytes]) -> str:
    """Of two communities of which one has most members of the other, the id is most likely the
    same (min-wise hashing, Broder 1997); those of one level have no member in common."""
    return f"{level}-{min(hashes).hex()}"
