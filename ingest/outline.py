"""A document as sections: the blocks under each heading, and the headings that lead there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ingest.contract import Block, BlockKind, context_line
from ingest.sentences import can_cut


@dataclass(frozen=True, slots=True)
class Section:
    """Indices of the blocks of one section in the document, furniture and blank blocks left
    out, and the headings above them: all of them as `headings`, without the title as `path`.
    The blocks of an `empty` section are headings that have nothing below them.
    """

    path: tuple[str, ...]
    blocks: tuple[int, ...]
    empty: bool = False
    headings: tuple[str, ...] = ()


def sections(blocks: Sequence[Block], title: str) -> list[Section]:
    """The sections in document order. Headings without a body that follow each other under the
    same parent make one section; an outermost heading that is the title is not repeated in
    paths.
    """
    found: list[Section] = []
    open_headings: list[tuple[int, str]] = []
    body: list[int] = []
    childless: int | None = None  # the heading read last, while nothing has come below it

    def section(headings: Sequence[tuple[int, str]], blocks: Sequence[int], empty: bool) -> Section:
        names = tuple(name for _, name in headings)
        path = names[1:] if names and names[0] == title else names
        return Section(path, tuple(blocks), empty, names)

    def close(next_level: int) -> None:
        nonlocal childless
        if body:
            found.append(section(open_headings, body, False))
            body.clear()
        elif childless is not None and open_headings[-1][0] >= next_level:
            if open_headings[-1][1] == title and (next_level or found):
                childless = None  # every other chunk names it
                return
            bare = section(open_headings[:-1], (childless,), True)
            if found and found[-1].empty and found[-1].path == bare.path:
                found[-1] = replace(bare, blocks=(*found[-1].blocks, childless))
            else:
                found.append(bare)
        childless = None

    for index, block in enumerate(blocks):
        if block.kind is BlockKind.FURNITURE or not block.text.strip():
            continue
        if block.kind is not BlockKind.HEADING:
            body.append(index)
            childless = None
            continue
        level = max(block.level, 1)
        close(level)
        while open_headings and open_headings[-1][0] >= level:
            open_headings.pop()
        open_headings.append((level, " ".join(block.text.split())))
        childless = index
    close(0)
    return found


@dataclass(frozen=True, slots=True)
class Context:
    """The title and the heading path that chunks of a section carry, and the tokens of their
    line.
    """

    title: str
    path: tuple[str, ...]
    size: int


def fit_context(
    title: str, path: tuple[str, ...], limit: int, sizes: Callable[[Sequence[str]], list[int]]
) -> Context:
    """The context within `limit` tokens, `sizes` counting the tokens of texts.

    Where it is too long, outer headings go first; then the innermost and the title are cut to
    a half, a quarter and so on of their length; an empty context fits always.
    """
    for names in _shorter(title, path):
        line = context_line(names[0], names[1:])
        size = sizes([line + "\n"])[0] if line else 0
        if size <= limit:
            return Context(names[0], names[1:], size)
    return Context("", (), 0)


def _shorter(title: str, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """(title, *path) and ever shorter forms of it, in the order in which to try them."""
    tries = [(title, *path[drop:]) for drop in range(max(len(path), 1))]
    innermost = path[-1] if path else ""
    length = max(len(title), len(innermost))
    while length > 1:
        length //= 2
        tries.append((_cut(title, length), *([_cut(innermost, length)] if path else [])))
    return tries


def _cut(text: str, length: int) -> str:
    """The first `length` characters at most, with an ellipsis where some are left out."""
    if len(text) <= length:
        return text
    while length > 1 and not can_cut(text, length):
        length -= 1
    return text[:length].rstrip() + "…"
