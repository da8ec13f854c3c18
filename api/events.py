"""What ingestion tells of each document, and the sums over a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from ingest.contract import Failure


class State(StrEnum):
    """What became of a document. UNPACKED is an archive without a text of its own, when its
    members are stored. SKIPPED is said by a dry run alone, of what would not be read."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    UNPACKED = "unpacked"
    DELETED = "deleted"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one document. `embedded` counts new vectors; `reason` is a failure's, and
    `stage` the one in which it failed. `container` is the outermost file that it is packed in."""

    document_id: str
    state: State
    chunks: int = 0
    embedded: int = 0
    reason: str = ""
    stage: str = ""
    container: str = ""
    needs_password: bool = False


class Stopping(Protocol):
    """Tells a run whether it is to stop; a threading.Event does."""

    def is_set(self) -> bool: ...


Watch: TypeAlias = Callable[[str, str], None]
"""Told the id of a document and the stage that its work has come to."""


def unwatched(document_id: str, stage: str) -> None:
    """Nobody looks on."""


@dataclass
class Summary:
    """Counts over a run."""

    states: Counter[State] = field(default_factory=Counter)
    chunks: int = 0
    embedded: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, event: Ingested) -> None:
        """Counts one event."""
        self.states[event.state] += 1
        self.chunks += event.chunks
        self.embedded += event.embedded
        if event.state is State.FAILED:
            self.failures.append(Failure(event.document_id, event.reason))
