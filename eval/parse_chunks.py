"""What the chunks of a document show, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.parse_locate import Stream
from eval.parse_text import letters, same_heading
from ingest.contract import BlockKind, Chunk, Document, cached_property

_LEAST_OVERLAP = 16


@dataclass(frozen=True)
class Reading:
    """A document as a reader gave it, with its streams."""

    document: Document
    chunks: Sequence[Chunk]

    @cached_property
    def chunk_stream(self) -> Stream:
        """The texts of the chunks."""
        return Stream.of(chunk.text for chunk in self.chunks)

    @cached_property
    def body(self) -> list[int]:
        """The numbers of the blocks that are no furniture."""
        blocks = self.document.blocks
        return [n for n, block in enumerate(blocks) if block.kind is not BlockKind.FURNITURE]

    @cached_property
    def block_stream(self) -> Stream:
        """The texts of the blocks that are no furniture."""
        return Stream.of(self.document.blocks[n].text for n in self.body)

    @cached_property
    def headings(self) -> list[str]:
        """The headings, in order."""
        return [b.text for b in self.document.blocks if b.kind is BlockKind.HEADING]

    def shown(self, title: str) -> list[str]:
        """Everything the chunks show, in order: headings where they begin, texts without what is
        repeated of the chunk before. The document's title comes first where it is the one that
        the truth states: a file name in its place is no text of the document."""
        out: list[str] = []
        if title and any(same_heading(chunk.title, title) for chunk in self.chunks[:1]):
            out.append(title)
        known: set[tuple[str, ...]] = set()
        before = ""
        for chunk in self.chunks:
            plain = letters(chunk.text)
            for depth in range(1, len(chunk.heading_path) + 1):
                path = tuple(chunk.heading_path[:depth])
                text = path[-1]
                if path not in known and not plain.startswith(letters(text)):
                    written = any(letters(line) == letters(text) for line in chunk.text.split("\n"))
                    if not written and not (out and same_heading(text, title)):
                        out.append(text)
                known.add(path)
            out.append(without_repeats(before, chunk.text))
            before = chunk.text
        if title and len(out) > 1 and out[0] == title and _begins(out[1], title):
            out.pop(0)
        return out


def _begins(text: str, title: str) -> bool:
    return letters(text).startswith(letters(title))


def without_repeats(before: str, text: str) -> str:
    """The text without what it repeats of the chunk before: overlap at its start, and the header
    of a table that goes on."""
    for size in range(min(len(before), len(text)), _LEAST_OVERLAP - 1, -1):
        if text.startswith(before[-size:]):
            return text[size:]
    lines = text.split("\n")
    rule = next((n for n, line in enumerate(lines) if _is_rule(line)), 0)
    if not rule or any(not line.startswith("|") for line in lines[:rule]):
        return text
    known = set(before.split("\n"))
    end = 0
    while end < len(lines) and (lines[end] in known or _is_rule(lines[end])):
        end += 1
    return "\n".join(lines[end:]) if end > rule else text


def _is_rule(line: str) -> bool:
    return line.startswith("|") and "---" in line and not set(line) - set("|-: ")
