"""The headings that a long answer stands under."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generate.contract import Passage
from generate.question import Question
from ingest.contract import Chunk

MOST = 5  # headings of a plan
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def heading_of(chunk: Chunk) -> str:
    """The innermost heading above a chunk; its title where it has none."""
    return chunk.heading_path[-1] if chunk.heading_path else chunk.title


def planned(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    """What a writer is told to arrange a long answer under: the headings above the passages, best
    first. None where the question asks for one thing, or all stands under one heading."""
    if not (question.compares or question.wants_many):
        return ()
    found = dict.fromkeys(heading_of(passage.chunk) for passage in passages)
    headings = tuple(" ".join(name.split()) for name in found if name.strip())[:MOST]
    return headings if len(headings) > 1 else ()


def headings_in(text: str) -> tuple[str, ...]:
    """The headings of a Markdown answer, in order."""
    return tuple(match[1] for match in _HEADING.finditer(text))
