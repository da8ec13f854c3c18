"""Captions of tables and figures, told by how they read and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.contract import Block, BlockKind
from ingest.lines import ends_sentence

LONGEST = 160
_CAPTION = re.compile(
    r"(?:图|表|图表|附图|附表|圖|Figure|Fig\.?|Table|Chart|Exhibit|Abbildung|Tabelle|Tableau)\s*"
    r"(?:\d+|[A-Z]|[一二三四五六七八九十]+|[IVX]+)(?:[-.．–—]\d+)*(?=[\s.:：、．\u3400-\u9fff]|$)",
    re.I,
)
_SAYS = re.compile(
    r"^\S+\s+\S+\s+(?:shows?|lists?|gives?|presents?|summari[sz]es|contains?|illustrates?|is|are)\b",
    re.I,
)


def reads_as_caption(text: str) -> bool:
    """Whether the text begins as captions do: `Table 3`, `图 2-1`."""
    return len(text) <= LONGEST and _CAPTION.match(text) is not None


def with_captions(blocks: Sequence[Block], pictures: set[int]) -> list[Block]:
    """The blocks; a paragraph that reads as a caption beside a table or a picture is one.
    `pictures` are the indices of the blocks that stand after a picture."""
    out = list(blocks)
    for index, block in enumerate(blocks):
        if (
            block.kind is not BlockKind.PARAGRAPH
            or not reads_as_caption(block.text)
            or _SAYS.match(block.text)
        ):
            continue
        after = blocks[index + 1].kind if index + 1 < len(blocks) else None
        before = blocks[index - 1].kind if index else None
        pictured = bool(pictures & {index, index + 1})
        tabled = BlockKind.TABLE in (before, after)
        if pictured or (tabled and not ends_sentence(block.text)):
            out[index] = replace(block, kind=BlockKind.CAPTION)
    return out
