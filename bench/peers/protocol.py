"""What the driver and a system say to each other: a line of JSON each way.

A request is `{"do": NAME, ...}`; the answer has `"ok"`, and what was asked for, or `"error"`.

| do | with | gives |
| --- | --- | --- |
| open | | `seconds`, `versions`, `notes` |
| add | `documents` (ids) | `seconds`, `entries` (how many) |
| settle | | `seconds` of what is done after adding much, and searches need not wait for |
| search | `queries` (names), `k`, `threads`, `whole` | `found`, `ms`, `faults`, `seconds` |
| delete | `documents` (ids) | `seconds` |
| close | | the process ends |

`k` counts entries; `found` are documents with scores, best first, by query; `ms` are milliseconds
of each search.
A query's name is `q:ID` for a question of the set, or `d:ID` for a document searched by its own
beginning and its own vector, which tells whether it can be found. This module and what it imports
run in every venv: the standard library and NumPy only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ingest.contract import cached_property

ENTRIES, PASSAGES, QUESTIONS, QUERIES = (
    "entries.jsonl", "passages.npy", "questions.jsonl", "queries.npy"
)  # fmt: skip
PROBE_CHARS = 120

OUT_OF_THE_BOX, TUNED = "out of the box", "tuned"
DEPTH = 100
"""Entries of each leg that a tuned system merges."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage: what stands in an index. Its document is what relevance is judged of."""

    id: str
    document: str
    text: str


@dataclass(frozen=True)
class Given:
    """A set as it lies in a folder: entries with their vectors, questions with theirs. All vectors
    are of length 1, float32."""

    folder: Path

    @cached_property
    def entries(self) -> list[Entry]:
        """In the order in which they are indexed."""
        return [Entry(**record) for record in _records(self.folder / ENTRIES)]

    @cached_property
    def questions(self) -> dict[str, str]:
        """Texts by id."""
        return {record["id"]: record["text"] for record in _records(self.folder / QUESTIONS)}

    def of_documents(self, documents: Sequence[str]) -> list[Entry]:
        """The entries of these documents."""
        return [entry for name in documents for entry in self._by_document.get(name, ())]

    def query(self, name: str) -> str:
        """The text that a query's name stands for."""
        kind, _, name = name.partition(":")
        return self.questions[name] if kind == "q" else self._probe(name)

    @cached_property
    def passage_vectors(self) -> dict[str, npt.NDArray[np.float32]]:
        """By text."""
        rows = np.load(self.folder / PASSAGES)
        return {entry.text: row for entry, row in zip(self.entries, rows, strict=True)}

    @cached_property
    def query_vectors(self) -> dict[str, npt.NDArray[np.float32]]:
        """By text: those of the questions, and of the beginnings of documents."""
        rows = np.load(self.folder / QUERIES)
        found = {
            self._probe(name): self.passage_vectors[entries[0].text]
            for name, entries in self._by_document.items()
        }
        found.update(zip(self.questions.values(), rows, strict=True))
        return found

    @cached_property
    def dimension(self) -> int:
        """Of every vector."""
        return int(np.load(self.folder / PASSAGES, mmap_mode="r").shape[1])

    @cached_property
    def _by_document(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.document, []).append(entry)
        return found

    def _probe(self, document: str) -> str:
        return self._by_document[document][0].text[:PROBE_CHARS]


class Adapter(Protocol):
    """A system over one folder. `packages` are what is installed for it, `notes` say what it lacks
    or does another way, by what is asked of it."""

    packages: Sequence[str]
    notes: Mapping[str, str]

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None: ...

    def open(self) -> None:
        """Makes it, or opens what lies in the folder."""
        ...

    def add(self, entries: Sequence[Entry]) -> None:
        """On return they are durable and can be found."""
        ...

    def delete(self, entries: Sequence[Entry]) -> None:
        """On return they are gone for good."""
        ...

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        """Ids of at least `k` entries with their scores, best first, as far as there are. The
        vector of the text is given."""
        ...

    def close(self) -> None:
        """Ends in good order."""
        ...


class Embedding(Adapter, Protocol):
    """A system that embeds by itself what it is asked, and puts off what can wait."""

    def prepare(self) -> None:
        """Loads what is not to be timed."""
        ...

    def settle(self) -> None:
        """Does what was put off."""
        ...

    def warm(self, texts: Sequence[str]) -> None:
        """Embeds queries beforehand, for the searches that follow."""
        ...

    def search_whole(self, text: str, k: int) -> list[tuple[str, float]]:
        """As `search`, embedding included."""
        ...


def ranked_documents(
    found: Sequence[tuple[str, float]], document_of: Mapping[str, str]
) -> list[tuple[str, float]]:
    """Documents at the rank of their best entry."""
    best: dict[str, float] = {}
    for entry, score in found:
        best.setdefault(document_of[entry], float(score))
    return list(best.items())


def _records(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
