"""What the tests of chunkers are made of: counters, documents of any shape, the laws."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import hypothesis.strategies as st

from ingest.contract import Block, BlockKind, Chunk, Document, TokenCounter
from ingest.sentences import split
from ingest.tables import column_names, header_lines, make_table, row_line, table_block

H, P, L, C = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.CODE
_WORDS = re.compile(r"[\u3400-\u9fff]|[A-Za-z0-9]+|[^\sA-Za-z0-9\u3400-\u9fff]")


@dataclass(frozen=True)
class WordCounter:
    """One token for each Han character, word and mark, and four for the prefix."""

    max_tokens: int = 512

    def count(self, texts: Sequence[str]) -> list[int]:
        return [4 + len(_WORDS.findall(text)) for text in texts]


@dataclass(frozen=True)
class NastyCounter:
    """Joint texts cost more than their parts: what was measured apart never holds."""

    max_tokens: int = 512

    def count(self, texts: Sequence[str]) -> list[int]:
        return [
            3 + len(words) + len(words) ** 2 // 150 + 2 * text.count("\n")
            for text in texts
            for words in [_WORDS.findall(text)]
        ]


def document(blocks: Sequence[Block], title: str = "Title") -> Document:
    return Document("doc", title, "text/plain", "0", tuple(blocks))


def words(text: str) -> list[str]:
    return _WORDS.findall(text)


# --- properties -------------------------------------------------------------------------------

ZH = st.text(alphabet="天地玄黄宇宙洪荒，。！？；、", min_size=1, max_size=120)
EN = st.lists(
    st.sampled_from(["the", "fox", "jumps", "over", "3.14", "Mr. Dog.", "end.", "why?", "a,", "b"]),
    min_size=1,
    max_size=60,
).map(" ".join)
ODD = st.sampled_from(["x" * 900, "e\u0301" * 200, "1234567890" * 60, "，" * 300, "👩‍👩‍👧" * 50])
TEXT = st.one_of(ZH, EN, st.tuples(ZH, EN).map("".join), ODD)
CELL = st.one_of(st.sampled_from(["1", "2.5", "", "a|b"]), EN, st.text("甲乙丙", max_size=30))


@st.composite
def tables(draw: st.DrawFn) -> Block:
    columns = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(CELL, min_size=columns, max_size=columns), max_size=8))
    header = [
        draw(st.sampled_from(["Year", "金额", "a rather long name", ""])) for _ in range(columns)
    ]
    table = make_table([header, *rows, ["z"] * columns], draw(st.integers(0, 2)))
    return table_block(table)


BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["一", "Two", "三", "长" * 90]), st.integers(1, 4)).map(
            lambda t: Block(H, t[0], t[1])
        ),
        TEXT.map(lambda t: Block(P, t)),
        st.tuples(TEXT, st.integers(1, 3)).map(lambda t: Block(L, "- " + t[0], t[1])),
        TEXT.map(lambda t: Block(C, "def f():\n    " + t + "\n\n    return 1")),
        TEXT.map(lambda t: Block(BlockKind.CAPTION, "Table 1: " + t[:40])),
        st.just(Block(BlockKind.FURNITURE, "FURNITURE 7")),
        tables(),
    ),
    max_size=14,
)
COUNTERS = st.sampled_from([WordCounter(), WordCounter(max_tokens=40), NastyCounter()])


def check_spans(
    doc: Document, chunks: list[Chunk], overlap: int = 0, *, written: bool = False
) -> None:
    """Spans ascend, do not overlap, and cover all that has to be found; a chunk's words are
    those of its span. Chunks that are `written` may share a span and have words of their own."""
    covered = bytearray(len(doc.text))
    begin = end = 0
    for chunk in chunks:
        start = chunk.span[0]
        assert overlap or start >= end or (written and chunk.span == (begin, end))
        assert begin <= start < chunk.span[1]
        assert end <= chunk.span[1]
        begin, end = chunk.span
        covered[start:end] = b"\x01" * (end - start)
    for (start, stop), block in zip(doc.block_spans(), doc.blocks, strict=True):
        if block.kind not in (H, BlockKind.FURNITURE):
            lost = [i for i in range(start, stop) if not covered[i] and not doc.text[i].isspace()]
            assert not lost
    if not written and not any(
        b.kind in (BlockKind.TABLE, BlockKind.FURNITURE) for b in doc.blocks
    ):
        for chunk in chunks:
            a, b = chunk.span
            assert "".join(chunk.text.split()) == "".join(doc.text[a:b].split())


def check_headings(doc: Document, chunks: list[Chunk]) -> None:
    """Every heading stands over a chunk or in one, where the budget leaves room for all."""
    headings = [" ".join(b.text.split()) for b in doc.blocks if b.kind is H]
    for heading in headings:
        if len(heading) < 9:
            assert any(heading in c.heading_path or heading in c.text for c in chunks) or (
                any(len(h) > 9 for h in headings)
            )


def check_sentences(doc: Document, chunks: list[Chunk], counter: TokenCounter, limit: int) -> None:
    """No sentence is cut that fits in half of the budget, which is left whatever the context."""
    ends = {chunk.span[1] for chunk in chunks}
    for (start, _), block in zip(doc.block_spans(), doc.blocks, strict=True):
        if block.kind is not P:
            continue
        for a, b in split(block.text):
            sentence = block.text[a:b].strip()
            if counter.count([sentence])[0] <= limit // 2 - 4:
                assert not [e for e in ends if start + a < e < start + a + len(sentence)]


def check_tables(doc: Document, chunks: list[Chunk]) -> None:
    """Every row stands whole under its header, or its cells beside their columns' names."""
    for block in doc.blocks:
        if block.table is None or not block.table.rows:
            continue
        header = "\n".join(header_lines(block.table))
        names = column_names(block.table)
        for row in block.table.rows[block.table.header_rows :]:
            whole = any(
                header in chunk.text
                and row_line(row) in chunk.text[chunk.text.index(header) + len(header) :]
                for chunk in chunks
            )
            text = "\n".join(chunk.text for chunk in chunks)
            assert whole or all(
                f"{name}: {cell}" in text or cell in text or len(words(cell)) > 3
                for name, cell in zip(names, row, strict=True)
            )
