"""What generation takes and gives: passages in, an answer with checked citations out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.contract import Chunk, Unavailable

Terms: TypeAlias = Callable[[str], list[str]]
"""Cuts text into index terms, in order, with repeats (the index analyzer's `terms`)."""

Similarity: TypeAlias = Callable[[str, Sequence[str]], npt.NDArray[np.float32]]
"""Cosine of one text to each of several, shape (len(texts),); 1 is the same meaning."""


class GeneratorUnavailable(Unavailable):
    """The language model's endpoint is down, refuses the key, or is too slow."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage given to a generator; `number` (from 1) is what `[n]` refers to.
    `score` is the retriever's.
    """

    number: int
    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked link from a part of the answer to a passage.

    `answer_span` is (start, end) of the supported sentence in the answer's text; `quote` is the
    part of the passage that supports it best; `support` is between 0 and 1.
    """

    number: int
    chunk: Chunk
    answer_span: tuple[int, int]
    quote: str
    support: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in Markdown with `[n]` marks. `citations` are those that stood the check;
    `dropped` says, one line each, which did not and why. `known` is False where the passages
    hold no answer; the text then says so. `generator` names what wrote it, `notes` says what
    did not go as asked (a fallback, a cut).
    """

    text: str
    citations: Sequence[Citation]
    known: bool
    generator: str
    dropped: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer as it is written. Pieces are provisional until the Answer, which
    is always the last event, replaces them.
    """

    text: str


Event: TypeAlias = TextDelta | Answer


class Generator(Protocol):
    """Writes an answer from passages alone."""

    @property
    def name(self) -> str: ...

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        """TextDelta events, then one Answer. Raises GeneratorUnavailable before the first
        event or between events.
        """
        ...
