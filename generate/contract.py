"""What generation takes and gives: passages in, an answer with checked citations out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from index.contract import AnyOf
from ingest.contract import Chunk, Unavailable

Terms: TypeAlias = Callable[[str], list[str]]
"""Cuts text into index terms, in order, with repeats (the index analyzer's `terms`)."""

Similarity: TypeAlias = Callable[[str, Sequence[str]], npt.NDArray[np.float32]]
"""Cosine of one text to each of several, shape (len(texts),); 1 is the same meaning."""


Translate: TypeAlias = Callable[[str], Sequence[AnyOf]]
"""The wordings, as index terms, that a dictionary knows of a text's words in the other language."""


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
class SentenceSupport:
    """How far the passages hold up a sentence of the answer: its `span` (start, end) in the text,
    `support` from 0 (nothing cited stands behind it) to 1, and the `numbers` cited for it."""

    span: tuple[int, int]
    support: float
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost: `calls` of a language model, the tokens that they read and wrote (as the
    server counts them, else estimated: `is_estimate`), and their `cost` by the prices set (None
    where none are)."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    is_estimate: bool = False
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in Markdown with `[n]` marks. `citations` are those that stood the check;
    `dropped` says, one line each, which did not and why. `known` is False where the passages
    hold no answer; the text then says so, and `nearest` are the passages that come closest.
    `generator` names what wrote it, `notes` says what did not go as asked (a fallback, a cut).

    `sentences` say of each that claims something how far it is held up, in order, and `support` how
    far the whole is (0 to 1): their mean, each weighed by its length in characters.
    `outline` are the headings of a long answer, in order (empty for a short one), and `suggestions`
    further questions that the passages can answer.
    """

    text: str
    citations: Sequence[Citation]
    known: bool
    generator: str
    dropped: Sequence[str] = ()
    notes: Sequence[str] = ()
    sentences: Sequence[SentenceSupport] = ()
    support: float = 0.0
    nearest: Sequence[Passage] = ()
    outline: Sequence[str] = ()
    suggestions: Sequence[str] = ()
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Outline:
    """The headings of a long answer, before its first piece."""

    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer as it is written. Pieces are provisional until the Answer, which
    is always the last event, replaces them.
    """

    text: str


Event: TypeAlias = Outline | TextDelta | Answer


class Generator(Protocol):
    """Writes an answer from passages alone."""

    @property
    def name(self) -> str: ...

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        """TextDelta events, then one Answer. Raises GeneratorUnavailable before the first
        event or between events.
        """
        ...
