"""From hits to numbered passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from generate.contract import Passage
from generate.injection import why_left_out
from generate.prompt import estimate_tokens
from ingest.contract import Chunk
from retrieve.contract import Hit

DEFAULT_MAX_PASSAGES = 8
DEFAULT_MAX_TOKENS = 6_000


@dataclass(frozen=True, slots=True)
class Packed:
    """Passages for a writer, numbered by rank, and notes on what was kept from him."""

    passages: tuple[Passage, ...]
    notes: tuple[str, ...] = ()


def passages_from_hits(
    hits: Sequence[Hit],
    max_passages: int = DEFAULT_MAX_PASSAGES,
    max_tokens: int = DEFAULT_MAX_TOKENS,
) -> Packed:
    """The first hits as passages numbered from 1, in the order of their rank.

    A hit that has a context is read as it (see Hit.context: the whole table or section around it,
    where that fitted), and one that has a parent as that (see Chunk.to_read). One whose text was
    given already, or that lies whole in what was given of a better hit, is left out: several
    children of one parent make one passage. Hits are taken while they fit into `max_tokens`
    estimated tokens together, at most `max_passages`; one that does not fit with what stands around
    it is taken by itself, and one that does not fit by itself is passed over for smaller ones. The
    first is always taken. What speaks to a language model instead of a reader (see
    `ingest.injection`) is left out, and noted.
    """
    passages: list[Passage] = []
    notes: dict[str, None] = {}
    seen: set[str] = set()
    room = max_tokens
    for hit in hits:
        if len(passages) >= max_passages:
            break
        inside = hit.context == ""
        if any(_holds(one.chunk, hit.chunk, partly=inside) for one in passages):
            continue
        for chunk in (_to_read(hit), replace(hit.chunk, parent=None)):
            passage = Passage(len(passages) + 1, chunk, hit.score)
            fits = not passages or _cost(passage) <= room
            if not fits or not chunk.text.strip() or chunk.text in seen:
                continue
            if why := why_left_out(chunk):
                notes[why] = None
                continue
            room -= _cost(passage)
            passages.append(passage)
            seen.add(chunk.text)
            break
    return Packed(tuple(passages), tuple(notes))


def _cost(passage: Passage) -> int:
    return estimate_tokens(passage.chunk.context) + estimate_tokens(passage.chunk.text)


def _to_read(hit: Hit) -> Chunk:
    """The chunk with the text to be read in place of its own, and the place of that."""
    if hit.context is None:
        return hit.chunk.to_read
    chunk, at = replace(hit.chunk, text=hit.context, parent=None), hit.context_place
    if at is None:
        return chunk
    return replace(chunk, span=at.span, pages=at.pages, boxes=at.boxes)


def _holds(given: Chunk, chunk: Chunk, *, partly: bool = False) -> bool:
    """Whether the chunk lies in what has been given, a parent or a context: whole, or `partly`."""
    if given.document_id != chunk.document_id:
        return False
    if partly:
        return given.span[0] < chunk.span[1] and chunk.span[0] < given.span[1]
    return given.span[0] <= chunk.span[0] and chunk.span[1] <= given.span[1]
