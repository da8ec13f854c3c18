"""Who watches the work that the doors ask for: metrics hang here."""

from __future__ import annotations

from typing import Protocol

from generate.contract import Answer
from retrieve.contract import SearchResult


class Observer(Protocol):
    """Is told of each piece of work when it is done, in the thread that did it. What it does is to
    be quick, and to raise nothing."""

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """A search took so long; those behind answers too, not those behind cached answers."""
        ...

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """An answer was written, so long after its search; cached ones are not told."""
        ...

    def on_cache(self, hit: bool) -> None:
        """The answer cache was asked, and had the answer or had not."""
        ...


class Unobserved:
    """Nobody watches."""

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """Nothing."""

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """Nothing."""

    def on_cache(self, hit: bool) -> None:
        """Nothing."""
