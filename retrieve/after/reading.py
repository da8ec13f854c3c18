"""Chunks of a document put together again as it reads.

Spans tell how: where two overlap, what the second repeats is left out, and where they touch inside
a block they are joined as the block was. A row of a split table stands under its header once.
Where a passage stands under other headings than the one before it, these come first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.contract import BLOCK_SEPARATOR, BlockKind, Chunk, Parent

_SEPARATOR_ROW = re.compile(r"\|(?: ?:?-+:? ?\|)+")
_LINES = (BlockKind.TABLE, BlockKind.CODE)


@dataclass(frozen=True)
class Reading:
    """A passage as it is read: a chunk, or the parent in place of the chunks cut from it.
    `stands_for` are those chunks."""

    chunk: Chunk
    stands_for: tuple[Chunk, ...]


def readings(chunks: Sequence[Chunk]) -> list[Reading]:
    """The chunks of one document, in order, with parents in their places; but for parents that
    overlap, as the windows around sentences do: there the chunks stand for themselves."""
    if _overlap_each_other([chunk.parent for chunk in chunks if chunk.parent]):
        return [Reading(chunk, (chunk,)) for chunk in chunks]
    found: list[Reading] = []
    for chunk in chunks:
        read, last = chunk.to_read, found[-1] if found else None
        if last and chunk.parent and (last.chunk.span, last.chunk.text) == (read.span, read.text):
            found[-1] = Reading(last.chunk, (*last.stands_for, chunk))
        else:
            found.append(Reading(read, (chunk,)))
    return found


def _overlap_each_other(parents: Sequence[Parent]) -> bool:
    return any(one.span != two.span and two.span[0] < one.span[1] for one, two in pairwise(parents))


def in_one_block(before: Chunk, after: Chunk) -> bool:
    """Whether a block was cut between the two."""
    return after.span[0] - before.span[1] < len(BLOCK_SEPARATOR)


def in_one_table(before: Chunk, after: Chunk) -> bool:
    """Whether a table was cut between the two."""
    return BlockKind.TABLE in (before.kind, after.kind) and in_one_block(before, after)


def joined(chunks: Sequence[Chunk], heading_path: tuple[str, ...]) -> str:
    """The text of passages that follow each other in their document, for a reader who knows that
    he is under `heading_path`."""
    text, table, path = "", "", heading_path
    for before, chunk in pairwise([None, *chunks]):
        assert chunk is not None
        added, between = chunk.text, BLOCK_SEPARATOR
        if before is None:
            between = ""
        elif in_one_block(before, chunk):
            added, between = _continued(before, chunk, table)
        elif before.kind is chunk.kind is BlockKind.LIST_ITEM:
            between = "\n"
        if chunk.heading_path != path:
            names = "\n".join(_new_names(path, chunk.heading_path))
            added = f"{names}{BLOCK_SEPARATOR}{added}" if names else added
            between = BLOCK_SEPARATOR if text else ""
        text += f"{between}{added}" if added else ""
        goes_on = before is not None and in_one_table(before, chunk)
        table = f"{table}\n{added}" if goes_on else chunk.text
        path = chunk.heading_path
    return text


def _continued(before: Chunk, chunk: Chunk, table: str) -> tuple[str, str]:
    """What a chunk that goes on in the block of the one before adds, and what stands between.
    `table` is the table that the two may be cut from, as far as it has been read."""
    repeated = before.span[1] - chunk.span[0]
    if repeated > 0:
        return chunk.text[_overlap(before.text, chunk.text, repeated) :], ""
    if in_one_table(before, chunk):
        return chunk.text[_header(chunk, table) :], "\n"
    if not repeated:
        return chunk.text, ""
    return chunk.text, "\n" if before.kind in _LINES or chunk.kind in _LINES else " "


def _overlap(before: str, after: str, most: int) -> int:
    """How many characters at the start of one text are the end of the other."""
    for size in range(min(most, len(before), len(after)), 0, -1):
        if before.endswith(after[:size]):
            return size
    return 0


def _header(chunk: Chunk, table: str) -> int:
    """How many characters of the chunk are the table's header, which has been read."""
    text = chunk.text
    lines = text.split("\n", 2)
    if len(lines) < 3 or not _SEPARATOR_ROW.fullmatch(lines[1]):
        return 0
    by_span = len(text) - (chunk.span[1] - chunk.span[0])
    for size in (by_span, len(lines[0]) + len(lines[1]) + 2):
        if size > len(lines[0]) and text[size - 1] == "\n" and text[:size] in f"{table}\n":
            return size
    return 0


def _new_names(before: Sequence[str], after: Sequence[str]) -> Sequence[str]:
    """The headings to be read where one path follows another."""
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    return after[shared:] or after[-1:]
