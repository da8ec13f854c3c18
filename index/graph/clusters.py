"""Groups of nodes that hold together more than with the rest, within groups (hierarchical Leiden,
Traag, Waltman and van Eck 2019, "From Louvain to Leiden", doi:10.1038/s41598-019-41695-z).

Each connected part of a graph is clustered by itself, and each group that is too large again by
itself: what a group is cut into depends on its own nodes and edges alone. What has been cut
before need not be cut again, and comes out the same.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Labels = npt.NDArray[np.int32]
"""The group of each node, numbered from 0 in the order of their first nodes."""

Members = npt.NDArray[np.int64]
"""Numbers of nodes, ascending."""

_SEED = 20
_ITERATIONS = 2
_HELD = 2_000_000
"""Nodes of which the groups are remembered, at most."""


@dataclass
class Cuts:
    """Remembers what sets of nodes were cut into, the latest used. Safe to use from many
    threads."""

    held_nodes: int = _HELD
    _cuts: OrderedDict[bytes, Labels] = field(default_factory=OrderedDict, repr=False)
    _nodes: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, name: bytes) -> Labels | None:
        with self._guard:
            labels = self._cuts.get(name)
            if labels is not None:
                self._cuts.move_to_end(name)
            return labels

    def put(self, name: bytes, labels: Labels) -> None:
        with self._guard:
            if name not in self._cuts:
                self._nodes += len(labels)
            self._cuts[name] = labels
            while self._nodes > self.held_nodes and len(self._cuts) > 1:
                _, oldest = self._cuts.popitem(last=False)
                self._nodes -= len(oldest)


@dataclass(frozen=True, eq=False)
class Group:
    """Nodes that hold together, and the groups that they are cut into (none, or two and more)."""

    members: Members
    parts: tuple[Group, ...] = ()


def clusters_of(edges: Any, max_size: int, cuts: Cuts) -> list[Group]:
    """The groups of a graph, those with most nodes first. `edges` is a symmetric scipy CSR matrix
    of weights over 0. None of the groups without parts has more than `max_size` nodes, unless it
    cannot be cut. A node without edges is a group by itself."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(edges, directed=False)
    groups: list[Group] = []
    for component in _members_of(labels):
        if len(component) == 1:
            groups.append(Group(component))
            continue
        within = _induced(edges, component)
        parts = _cut(within, cuts) if len(component) > 2 else []
        if len(parts) < 2:
            groups.append(Group(component))
        else:
            groups.extend(_grown(within, component, part, max_size, cuts) for part in parts)
    return sorted(groups, key=lambda group: (-len(group.members), int(group.members[0])))


def _grown(edges: csr_matrix, names: Members, places: Members, max_size: int, cuts: Cuts) -> Group:
    """A group of nodes at these places of a graph whose nodes have these names."""
    members = names[places]
    if len(places) <= max_size:
        return Group(members)
    within = _induced(edges, places)
    parts = _cut(within, cuts)
    if len(parts) < 2:
        return Group(members)
    grown = [_grown(within, members, part, max_size, cuts) for part in parts]
    grown.sort(key=lambda group: (-len(group.members), int(group.members[0])))
    return Group(members, tuple(grown))


def _cut(edges: csr_matrix, cuts: Cuts) -> list[Members]:
    """The groups of a graph at its coarsest; its nodes by their places."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in (edges.indptr, edges.indices, edges.data):
        hashed.update(np.ascontiguousarray(part).tobytes())
    name = hashed.digest()
    labels = cuts.get(name)
    if labels is None:
        labels = _leiden(edges)
        cuts.put(name, labels)
    return _members_of(labels)


def _leiden(edges: csr_matrix) -> Labels:
    import graspologic_native

    count = edges.shape[0]
    _, found = graspologic_native.leiden_csr(
        edges.indptr.astype(np.int64),
        edges.indices.astype(np.int32),
        edges.data.astype(np.float64),
        count,
        iterations=_ITERATIONS,
        seed=_SEED,
    )
    labels: Labels = np.fromiter((found[node] for node in range(count)), np.int32, count)
    return labels


def _members_of(labels: Sequence[int] | Labels) -> list[Members]:
    """The places of each label, the labels in the order of their first places."""
    array = np.asarray(labels)
    order = np.argsort(array, kind="stable")
    starts = np.flatnonzero(np.diff(array[order])) + 1
    found = np.split(order.astype(np.int64), starts)
    return sorted((part for part in found if len(part)), key=lambda part: int(part[0]))


def _induced(edges: csr_matrix, members: Members) -> csr_matrix:
    """The edges among some nodes, which are then numbered by their places."""
    within = edges[members][:, members]
    within.sort_indices()
    return within
