"""Markdown: CommonMark with tables, footnotes, formulas and front matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import Block, BlockKind, Json, Parsed, Source
from ingest.encodings import decode
from ingest.front_matter import split_front_matter
from ingest.markdown_blocks import read_markdown
from ingest.mojibake import undo


@dataclass(frozen=True)
class MarkdownParser:
    """Reads Markdown. With `front_matter`, YAML or TOML at the top becomes metadata; the
    languages of fenced code are metadata as `code_languages`."""

    front_matter: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the text. Its title is the front matter's, else its only top heading
        where that comes first."""
        del media_type
        text = undo(decode(source.data).text).replace("\r\n", "\n").replace("\r", "\n")
        text = text.removeprefix("\ufeff")
        metadata: dict[str, Json] = {}
        if self.front_matter:
            metadata, text = split_front_matter(text)
        found = read_markdown(text)
        if found.languages:
            metadata["code_languages"] = tuple(found.languages)
        return Parsed(tuple(found.blocks), _title(metadata, found.blocks), 0, metadata)


def _title(metadata: dict[str, Json], blocks: Sequence[Block]) -> str:
    stated = metadata.get("title")
    if isinstance(stated, str | int | float) and str(stated).strip():
        return str(stated).strip()
    tops = [n for n, b in enumerate(blocks) if b.kind is BlockKind.HEADING and b.level == 1]
    return blocks[0].text if tops == [0] else ""
