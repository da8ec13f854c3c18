"""From hits to numbered passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generate.contract import Passage
from ingest.contract import Chunk
from retrieve.contract import Hit

DEFAULT_MAX_PASSAGES = 8
DEFAULT_MAX_CHARS = 16_000


def passages_from_hits(
    hits: Sequence[Hit],
    max_passages: int = DEFAULT_MAX_PASSAGES,
    max_chars: int = DEFAULT_MAX_CHARS,
) -> list[Passage]:
    """The first hits as passages numbered from 1, in the order of their rank.

    A hit that has a parent is read as it (see Chunk.to_read), and one that has a context as that
    (see Hit.context). One whose text was given already, or that lies whole in a parent that was, or
    in the context of a better hit, is left out: several children of one parent make one passage.
    Hits are taken while their text fits into `max_chars` characters together; the first
    is always taken.
    """
    passages: list[Passage] = []
    seen: set[str] = set()
    parents: list[Chunk] = []
    room = max_chars
    for hit in hits:
        chunk = _to_read(hit)
        text = chunk.text
        if text in seen or not text.strip() or any(_holds(one, hit.chunk) for one in parents):
            continue
        if passages and (len(passages) >= max_passages or len(text) > room):
            break
        seen.add(text)
        if chunk is not hit.chunk:
            parents.append(chunk)
        room -= len(text)
        passages.append(Passage(len(passages) + 1, chunk, hit.score))
    return passages


def _to_read(hit: Hit) -> Chunk:
    """The chunk with the text to be read in place of its own, and the place of that."""
    if hit.context is None:
        return hit.chunk.to_read
    chunk, at = replace(hit.chunk, text=hit.context, parent=None), hit.context_place
    if at is None:
        return chunk
    return replace(chunk, span=at.span, pages=at.pages, boxes=at.boxes)


def _holds(parent: Chunk, chunk: Chunk) -> bool:
    """Whether the chunk lies whole in a parent that has been given."""
    return (
        parent.document_id == chunk.document_id
        and parent.span[0] <= chunk.span[0]
        and chunk.span[1] <= parent.span[1]
    )
