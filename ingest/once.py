"""What an object works out when it is first asked, and keeps."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property:  # noqa: N801
        """As functools.cached_property, once for each object, however many threads ask.

        The library's is one or the other: up to Python 3.11 it holds one lock for all objects of
        the class, so that two threads cannot compute the scores of two questions at a time; from
        3.12 it holds none, so that two threads build two of what there is to be one of.
        """

        def __init__(self, compute: Any) -> None:
            self._compute = compute
            self._name = self._lock_name = ""
            self.__doc__ = compute.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name, self._lock_name = name, f"{name} is being computed"

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            held = vars(instance)
            with held.setdefault(self._lock_name, RLock()):
                if self._name not in held:
                    held[self._name] = self._compute(instance)
            held.pop(self._lock_name, None)
            return held[self._name]
