"""The graph of a collection, derived when it is asked for and kept until its facts change.

One of more than a few documents takes a while to derive. Searches do not wait for that: they go on
with the one before, or without, while a thread makes the next. Hits come from the catalog, so an
older graph never shows what has been deleted.

Readers who do not see all documents have graphs of their own, derived from the facts of what they
see and from nothing else: no name, count or weight in one comes from what is hidden.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.graph.extraction import words_of
from index.graph.store import FactStore

if TYPE_CHECKING:
    from index.access import Sight
    from index.catalog import Catalog
    from index.graph.contract import Decision, Graph
    from index.graph.derive import Derivation

_SMALL = 2_000
"""Chunks up to which a search waits for the first graph: it takes a third of a second."""
_TINY = 200
"""Chunks up to which every search waits for the newest: it takes hundredths of a second."""
_REST = 9.0
"""A thread that has derived a graph rests for so many times as long: while documents come in all
the time, a tenth of the time goes into graphs, and the rest is left to searches."""
_LONG_REST, _LONG_REST_S = 30.0, 45.0
"""It rests longer, for so many times as long, where that is not more than some seconds."""
_KEPT = 4
"""So many graphs of readers who do not see all are kept."""


@dataclass(frozen=True, eq=False)
class _Made:
    """A graph, the decisions and the derivation that it was made with, and for whom."""

    decisions: tuple[Decision, ...]
    derivation: Derivation
    graph: Graph
    sight: Sight | None = None


class Graphs:
    """Of the collection of a catalog. Safe to use from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._store = FactStore(catalog)
        self._guard = threading.Lock()
        self._derivation: Derivation | None = None
        self._seen = -1  # the generation that the derivation has looked at
        self._made: OrderedDict[frozenset[str] | None, _Made] = OrderedDict()
        self._maker: threading.Thread | None = None
        self._rests_until = -math.inf

    def newest(self, sight: Sight | None = None) -> Graph:
        """The graph of all that is stored now, or of what a reader sees of it."""
        with self._guard:
            return self._newest(_narrowing(sight))

    def ready(self, sight: Sight | None = None) -> Graph | None:
        """One that can be had at once: that of the newest facts in a tiny collection; in others
        perhaps that of some before, and in large ones None until there is any. It never has what is
        hidden from the reader now."""
        sight = _narrowing(sight)
        made = self._made.get(_tags(sight))
        if made is None:
            count = self._store.count() if sight is None else len(sight.keys)
            if count <= _SMALL:
                return self.newest(sight)
            self._begin(sight)
            return None
        if len(made.graph.keys) <= _TINY:
            return self.newest(sight)
        if not self._is_newest(made, sight):
            self._begin(sight)
            if not self._may_be_seen(made, sight):
                return None
        return made.graph

    def is_newest(self, sight: Sight | None = None) -> bool:
        """Whether `ready` gives the graph of all that is stored now."""
        if self.ready(sight) is None:
            return False
        made = self._made.get(_tags(sight))
        return made is not None and self._is_newest(made, sight)

    def _begin(self, sight: Sight | None) -> None:
        """Has a thread make the newest, unless one is at work, or rests."""
        if time.monotonic() < self._rests_until or not self._guard.acquire(blocking=False):
            return
        try:
            if self._maker is None or not self._maker.is_alive():
                self._maker = threading.Thread(target=self._make, args=(sight,), daemon=True)
                self._maker.start()
        finally:
            self._guard.release()

    def settle(self) -> None:
        """Waits for the thread."""
        maker = self._maker
        if maker is not None:
            maker.join()

    def _make(self, sight: Sight | None) -> None:
        # The collection may be closed meanwhile: then nobody needs the graph.
        from ingest.contract import BraidError

        begun = time.monotonic()
        try:
            self.newest(sight)
        except BraidError:
            return
        finally:
            ended = time.monotonic()
            took = ended - begun
            self._rests_until = ended + max(_REST * took, min(_LONG_REST * took, _LONG_REST_S))

    def _is_newest(self, made: _Made, sight: Sight | None) -> bool:
        return (
            self._seen == self._catalog.generation
            and made.derivation is self._derivation
            and made.decisions == self._store.decisions()
            and _is_same(made.sight, sight)
        )

    def _may_be_seen(self, made: _Made, sight: Sight | None) -> bool:
        """Whether a graph of before has nothing that was seen then and is hidden now."""
        if sight is None:
            return True
        gone = made.graph.keys[~sight.sees_each(made.graph.keys)]
        return not self._catalog.has_any(gone.tolist())

    def _newest(self, sight: Sight | None) -> Graph:
        made = self._made.get(_tags(sight))
        if made is not None and self._is_newest(made, sight):
            self._made.move_to_end(_tags(sight))
            return made.graph
        derivation, decisions = self._followed(), self._store.decisions()
        is_made = made is not None and made.derivation is derivation
        if made is None or not is_made or decisions != made.decisions or sight is not None:
            made = self._derived(derivation, decisions, sight)
            self._made[_tags(sight)] = made
            self._forget()
        return made.graph

    def _derived(
        self, derivation: Derivation, decisions: tuple[Decision, ...], sight: Sight | None
    ) -> _Made:
        words = [word.word for word in words_of(self._catalog)]
        if sight is None:
            graph: Graph = derivation.derive(decisions, self._store.bare(), words)
        else:
            seen = derivation.among(sight.keys)
            told = seen.told(decisions, sight.hidden)
            graph = seen.derive(told, len(sight.keys) - len(seen.facts.keys), words)
        return _Made(decisions, derivation, graph, sight)

    def decisions(self, sight: Sight | None = None) -> tuple[Decision, ...]:
        """What people decided, as far as a reader may know of it: of names that stand in what is
        seen."""
        decisions, sight = self._store.decisions(), _narrowing(sight)
        if sight is None:
            return decisions
        with self._guard:
            return self._followed().among(sight.keys).told(decisions, sight.hidden)

    def _followed(self) -> Derivation:
        """The facts as they are now."""
        from index.graph.derive import Derivation

        after = self._derivation if self._derivation is not None else Derivation()
        seen = self._seen
        for changes in self._store.since(seen):
            if changes.added or changes.gone or changes.generation != seen:
                after = after.changed(changes)
            seen = changes.generation
        self._derivation, self._seen = after, seen
        return after

    def _forget(self) -> None:
        """Leaves the graph of all, and the last few of those who do not see all."""
        narrowed = [tags for tags in self._made if tags is not None]
        for tags in narrowed[: max(len(narrowed) - _KEPT, 0)]:
            del self._made[tags]


def _narrowing(sight: Sight | None) -> Sight | None:
    """The sight of who does not see all."""
    return sight if sight is not None and sight.hidden else None


def _tags(sight: Sight | None) -> frozenset[str] | None:
    return None if sight is None else sight.tags


def _is_same(one: Sight | None, other: Sight | None) -> bool:
    """Whether two sights of one generation show the same."""
    if one is None or other is None:
        return one is other
    return one is other or (one.hidden == other.hidden and np.array_equal(one.keys, other.keys))
