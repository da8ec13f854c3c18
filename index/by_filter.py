"""What was worked out for the last few filters: a service is asked with the same ones often."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from index.contract import Keys

_KEPT = 8
_T = TypeVar("_T")


class ByFilter(Generic[_T]):
    """Kept for as long as the array of allowed keys lives; told by which array it is."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Keys], _T]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, allowed: Keys, work_out: Callable[[Keys], _T]) -> _T:
        """What was worked out for this array, perhaps just now."""
        known = self._known.get(id(allowed))
        if known is not None and known[0]() is allowed:
            return known[1]
        found = work_out(allowed)
        while len(self._known) >= _KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[id(allowed)] = weakref.ref(allowed), found
        return found
