"""The graph of a collection, derived when it is asked for and kept until its facts change.

A large one takes seconds to derive. Searches do not wait for that: they go on with the one before,
or without, while a thread makes the next. Hits come from the catalog, so an older graph never shows
what has been deleted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from index.graph.extraction import words_of
from index.graph.store import FactStore

if TYPE_CHECKING:
    from index.catalog import Catalog
    from index.graph.contract import Decision, Graph
    from index.graph.derive import Derivation

_SMALL = 2_000
"""Chunks up to which a search waits for the newest graph: it takes a tenth of a second."""


class Graphs:
    """Of the collection of a catalog. Safe to use from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._store = FactStore(catalog)
        self._guard = threading.Lock()
        self._derivation: Derivation | None = None
        self._seen = -1  # the generation that the derivation has looked at
        self._made: tuple[tuple[Decision, ...], Graph] | None = None
        self._maker: threading.Thread | None = None

    def newest(self) -> Graph:
        """The graph of all that is stored now."""
        with self._guard:
            return self._newest()

    def ready(self) -> Graph | None:
        """One that can be had at once: that of the newest facts in a small collection; in a large
        one perhaps that of some before, and None until there is any."""
        made = self._made
        if made is None:
            if self._store.count() <= _SMALL:
                return self.newest()
            self._begin()
            return None
        if len(made[1].keys) <= _SMALL:
            return self.newest()
        if not self._is_newest(made[0]):
            self._begin()
        return made[1]

    def _begin(self) -> None:
        """Has a thread make the newest, unless one does."""
        if not self._guard.acquire(blocking=False):
            return
        try:
            if self._maker is None or not self._maker.is_alive():
                self._maker = threading.Thread(target=self._make, daemon=True)
                self._maker.start()
        finally:
            self._guard.release()

    def settle(self) -> None:
        """Waits for the thread."""
        maker = self._maker
        if maker is not None:
            maker.join()

    def _make(self) -> None:
        # The collection may be closed meanwhile: then nobody needs the graph.
        from ingest.contract import BraidError

        try:
            self.newest()
        except BraidError:
            return

    def _is_newest(self, decisions: tuple[Decision, ...]) -> bool:
        return self._seen == self._catalog.generation and decisions == self._store.decisions()

    def _newest(self) -> Graph:
        made = self._made
        if made is not None and self._is_newest(made[0]):
            return made[1]
        from index.graph.derive import Derivation

        decisions = self._store.decisions()
        words = [word.word for word in words_of(self._catalog)]
        before = self._derivation if self._derivation is not None else Derivation()
        after = before
        seen = self._seen
        for changes in self._store.since(seen):
            if changes.added or changes.gone or changes.generation != seen:
                after = after.changed(changes)
            seen = changes.generation
        self._derivation, self._seen = after, seen
        if made is None or after is not before or decisions != made[0]:
            made = decisions, after.derive(decisions, self._store.bare(), words)
            self._made = made
        return made[1]
