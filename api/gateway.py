"""What every door goes through (REST, the compatible doors, MCP): who may see what, and the work.

A door reads a request in its own words, asks here, and writes the answer in its own words. No door
reaches a collection another way, so none can show what its caller may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from api.access import Caller, Role
from api.compose import Braid
from generate.contract import Event
from index.pipeline import Collection
from retrieve.contract import Query, SearchResult


@dataclass(frozen=True)
class Gateway:
    """The collections, for callers."""

    braid: Braid

    def names(self, caller: Caller) -> list[str]:
        """The collections that the caller may read, in order."""
        return [name for name in self.braid.store.names() if caller.may(Role.READ, name)]

    def collection(self, caller: Caller, name: str, role: Role = Role.READ) -> Collection:
        """Raises Denied before it is looked whether there is such a collection; then NotFound."""
        caller.check(role, name)
        return self.braid.store.get(name)

    def search(self, caller: Caller, collection: Collection, query: Query) -> SearchResult:
        """Hits in what the caller may see."""
        return self.braid.search(collection, query, caller.tags)

    def ask(
        self, caller: Caller, collection: Collection, query: Query
    ) -> tuple[Iterator[Event], SearchResult]:
        """An answer from what the caller may see, piece by piece; the last event is the Answer."""
        return self.braid.answer_events(collection, query, caller.tags)
