"""Chunks to make questions of, and what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from eval.making.choosing import placed
from eval.making.make import drafts_of
from eval.pipeline import making
from index.analyze.rjieba import RjiebaAnalyzer
from index.graph.pipeline import build_extractor, en_tokens, is_english_word, zh_words
from index.pipeline import function_terms
from ingest.contract import BlockKind, Chunk, chunk_id


@lru_cache(maxsize=1)
def reader() -> making.Reader:
    """What the application hands in."""
    analyzer, extractor = RjiebaAnalyzer(), build_extractor("rules")
    return making.Reader(
        analyzer.terms,
        function_terms(analyzer),
        lambda chunk: extractor.extract(chunk, ()),
        en_tokens,
        zh_words,
        is_english_word,
    )


def chunk(
    text: str,
    document: str = "guide.md",
    ordinal: int = 0,
    kind: BlockKind = BlockKind.PARAGRAPH,
    title: str = "A Guide to Pumps",
    headings: Sequence[str] = (),
) -> Chunk:
    """A chunk of a document without pages."""
    path = tuple(headings)
    name = chunk_id(document, path, text, ordinal)
    return Chunk(name, document, ordinal, kind, title, path, text, (0, len(text)))


def drafts(*chunks: Chunk) -> list[tuple[str, str]]:
    """The questions that rules find, with their answers."""
    found = placed(drafts_of(chunks, reader()))
    return [(draft.text, draft.answer) for draft in found]
