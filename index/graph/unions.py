"""Putting nodes together that are of one thing, and keeping those apart that are not.

The strongest evidence goes first (as Kruskal's algorithm grows a spanning tree), and what would
join two nodes that have to stay apart is left out: the weakest link of the path between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

USER, ALIASES, RULES = "user", "aliases", "rules"
_BY = {USER: 0, ALIASES: 1, RULES: 2}
SPELLING, LEGAL_FORM = "spelling", "legal form"
REASONS = (
    SPELLING,
    "acronym", "defined", "also known as", "translation", "parentheses", "short form", "legal form",
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    """Two nodes that are said to be one thing: by their names, for a reason, in some chunks
    (numbers of chunks)."""

    first: int
    second: int
    names: tuple[str, str]
    reason: str
    by: str = RULES
    number: int = 0
    chunks: tuple[int, ...] = ()


@dataclass(eq=False)
class Unions:
    """Sets of nodes. `marks` are what nodes have to be kept apart by, and `apart` which marks
    must not meet."""

    marks: Mapping[int, frozenset[str]]
    apart: Mapping[str, frozenset[str]]
    parents: dict[int, int] = field(default_factory=dict)
    _held: dict[int, frozenset[str]] = field(default_factory=dict)

    def find(self, node: int) -> int:
        """The node that stands for the set of a node."""
        root = node
        while (above := self.parents.get(root, root)) != root:
            root = above
        while (above := self.parents.get(node, node)) != root:
            self.parents[node], node = root, above
        return root

    def join(self, first: int, second: int) -> bool:
        """Whether the two may be one thing, which they then are."""
        one, other = self.find(first), self.find(second)
        if one == other:
            return True
        marks, more = self._marks(one), self._marks(other)
        if any(not self.apart.get(mark, frozenset()).isdisjoint(more) for mark in marks):
            return False
        self.parents[max(one, other)] = min(one, other)
        if marks or more:
            self._held[min(one, other)] = marks | more
        return True

    def _marks(self, root: int) -> frozenset[str]:
        return self._held.get(root, self.marks.get(root, frozenset()))


def joined(
    links: Iterable[Link], unions: Unions, text: Mapping[int, tuple[str, str]]
) -> list[Link]:
    """The links that hold, strongest first; `text` tells a node whatever its number."""

    def order(link: Link) -> tuple[object, ...]:
        ends = sorted((text[link.first], text[link.second]))
        reason = REASONS.index(link.reason) if link.reason in REASONS else len(REASONS)
        return _BY[link.by], link.number, reason, -len(link.chunks), ends, link.reason

    return [link for link in sorted(links, key=order) if unions.join(link.first, link.second)]


def one_way(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Which marks must not meet, by each of them."""
    found: dict[str, set[str]] = {}
    for first, second in pairs:
        found.setdefault(first, set()).add(second)
        found.setdefault(second, set()).add(first)
    return {mark: frozenset(others) for mark, others in found.items()}
