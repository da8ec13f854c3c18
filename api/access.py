"""Who asks, and what they may do: roles on collections, and tags that let documents be seen.

A document may carry access tags (metadata `access`, given when it is handed in, never read from
the file itself). One without tags is seen by everyone who may read its collection; one with tags
by callers who hold at least one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ingest.contract import Denied

EVERY = "*"
"""Stands for every collection in a grant, those that are still to be made among them."""


class Role(StrEnum):
    """What a key may do with a collection; each role may do what those before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, other: Role) -> bool:
        """Whether who has this role may do what the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a request comes from. `id` is that of the key, or "local" where the server asks for
    none; `grants` have a role by name of collection, or by EVERY. `tags` are the access tags that
    the caller holds; None sees every document."""

    id: str
    grants: Mapping[str, Role]
    tags: frozenset[str] | None = None

    def may(self, role: Role, collection: str) -> bool:
        """Whether the caller has the role on a collection (EVERY: on all)."""
        held = (self.grants.get(EVERY), self.grants.get(collection))
        return any(one is not None and one.covers(role) for one in held)

    def may_anywhere(self, role: Role) -> bool:
        """Whether there is a collection on which the caller has the role."""
        return any(one.covers(role) for one in self.grants.values())

    def check(self, role: Role, collection: str) -> None:
        """Raises Denied, in the same words whether there is such a collection or not."""
        if not self.may(role, collection):
            place = "every collection" if collection == EVERY else f"collection {collection!r}"
            raise Denied(f"this needs a key with the role '{role}' on {place}")


LOCAL = Caller("local", {EVERY: Role.ADMIN})
"""Whoever asks a server that asks for no key."""
