"""From hits to numbered passages."""

from __future__ import annotations

from collections.abc import Sequence

from generate.contract import Passage
from retrieve.contract import Hit

DEFAULT_MAX_PASSAGES = 8
DEFAULT_MAX_CHARS = 16_000


def passages_from_hits(
    hits: Sequence[Hit],
    max_passages: int = DEFAULT_MAX_PASSAGES,
    max_chars: int = DEFAULT_MAX_CHARS,
) -> list[Passage]:
    """The first hits as passages numbered from 1, in the order of their rank.

    A hit whose text was given already is left out. Hits are taken while their text fits into
    `max_chars` characters together; the first is always taken.
    """
    passages: list[Passage] = []
    seen: set[str] = set()
    room = max_chars
    for hit in hits:
        text = hit.chunk.text
        if text in seen or not text.strip():
            continue
        if passages and (len(passages) >= max_passages or len(text) > room):
            break
        seen.add(text)
        room -= len(text)
        passages.append(Passage(len(passages) + 1, hit.chunk, hit.score))
    return passages
