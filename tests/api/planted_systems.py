"""Systems in which one thing is broken, made of the real parts with one of them wrapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import ingest.components
from api.compose import Braid
from api.settings import load_settings
from generate.contract import Answer, Event, Passage
from generate.language import script
from generate.pipeline import AnswerPipeline
from generate.unknown import unknown
from index.contract import Embedder, Embeddings, Keys, QueryEmbedding, Vectors
from index.pipeline import Parts, Snapshot
from ingest.contract import (
    Block,
    BlockKind,
    Chunk,
    Chunker,
    Document,
    Json,
    Parsed,
    Parser,
    Source,
    TokenCounter,
    cached_property,
    load_component,
)
from retrieve.contract import AnalyzedQuery, Reranker, Scores
from retrieve.pipeline import Retriever

SETTINGS: Mapping[str, Json] = {
    "ingest": {"workers": 0},
    "graph": {"extractor": "off"},
    "retrieval": {"tune": False, "translate": False},
}
"""Files are read in this process, where what is planted is seen; what takes long and is not
needed is switched off."""


def a_system(
    cache: Path,
    settings: Mapping[str, Mapping[str, Json]] | None = None,
    chunker: Callable[[Chunker], Chunker] | None = None,
    rerankers: Mapping[str, Reranker] | None = None,
    embedder: Callable[[Embedder], Embedder] | None = None,
    generator: type[Writer] | None = None,
) -> PlantedBraid:
    """Braid with these settings over those of SETTINGS, and parts replaced."""
    merged = {
        name: {**dict(SETTINGS.get(name, {})), **dict((settings or {}).get(name, {}))}  # type: ignore[arg-type]
        for name in {**SETTINGS, **(settings or {})}
    }
    made = load_settings(cache_dir=cache, **merged)
    return PlantedBraid(
        made, chunker=chunker, rerankers=rerankers, embedder=embedder, generator=generator
    )


@dataclass(frozen=True)
class PlantedBraid(Braid):
    """Braid with some of its parts wrapped or replaced."""

    chunker: Callable[[Chunker], Chunker] | None = None
    rerankers: Mapping[str, Reranker] | None = None
    embedder: Callable[[Embedder], Embedder] | None = None
    generator: type[Writer] | None = None

    def _build_chunker(self) -> Chunker:
        built = super()._build_chunker()
        return self.chunker(built) if self.chunker else built

    def _build_parts(self, *, compiled: bool = True) -> Parts:
        built = super()._build_parts(compiled=compiled)
        if self.embedder is None:
            return built
        return replace(built, embedder=self.embedder(built.embedder))

    @cached_property
    def retriever(self) -> Retriever:
        built = super().retriever
        return built if self.rerankers is None else replace(built, rerankers=self.rerankers)

    @cached_property
    def answers(self) -> AnswerPipeline:
        built = super().answers
        if self.generator is None:
            return built
        writer = self.generator()
        return replace(built, generator=writer, fallback=writer, keep_unsupported=True)


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """A parser of the real table, what it gives put through `spoil`."""

    target: str
    spoil: Callable[[Parsed], Parsed]

    def parse(self, source: Source, media_type: str) -> Parsed:
        parser: Parser = load_component({media_type: self.target}, media_type)
        return self.spoil(parser.parse(source, media_type))


def plant_parser(
    patch: pytest.MonkeyPatch, media_type: str, spoil: Callable[[Parsed], Parsed]
) -> None:
    """Files of that type are read through `spoil` from now on."""
    target = ingest.components.PARSERS[media_type]
    name = f"planted_{spoil.__name__}"

    @dataclass(frozen=True)
    class Spoiling:
        def parse(self, source: Source, media_type: str) -> Parsed:
            return Planted(target, spoil).parse(source, media_type)

    patch.setattr(f"planted_systems.{name}", Spoiling, raising=False)
    patch.setitem(ingest.components.PARSERS, media_type, f"planted_systems:{name}")


def _with_blocks(parsed: Parsed, blocks: Sequence[Block]) -> Parsed:
    return replace(parsed, blocks=tuple(blocks))


def without_tables(parsed: Parsed) -> Parsed:
    """Tables are dropped."""
    return _with_blocks(parsed, [b for b in parsed.blocks if b.kind is not BlockKind.TABLE])


def without_last_pages(parsed: Parsed) -> Parsed:
    """Nothing after the second page is read."""
    kept = [b for b in parsed.blocks if not b.boxes or b.boxes[0].page <= 2]
    return _with_blocks(parsed, kept)


def garbled(parsed: Parsed) -> Parsed:
    """A font without a map of its letters: each comes out as another."""
    return _with_blocks(
        parsed,
        [replace(b, text="".join(chr(ord(c) ^ 0x15) for c in b.text)) for b in parsed.blocks],
    )


def without_headings(parsed: Parsed) -> Parsed:
    """Headings are taken for paragraphs."""
    return _with_blocks(
        parsed,
        [
            replace(b, kind=BlockKind.PARAGRAPH, level=0) if b.kind is BlockKind.HEADING else b
            for b in parsed.blocks
        ],
    )


# --- chunking -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpoiledChunker:
    """Chunks of a real chunker, each put through `spoil`; those that it makes None of are
    dropped."""

    chunker: Chunker
    spoil: Callable[[Chunk], Chunk | None]

    @property
    def fingerprint(self) -> str:
        return f"{self.chunker.fingerprint} {self.spoil.__name__}"

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]:
        made = map(self.spoil, self.chunker.chunk(document, counter))
        kept = [chunk for chunk in made if chunk is not None]
        return [replace(chunk, ordinal=number) for number, chunk in enumerate(kept)]


def spoiling(spoil: Callable[[Chunk], Chunk | None]) -> Callable[[Chunker], Chunker]:
    """What puts chunks through `spoil`."""
    return lambda chunker: SpoiledChunker(chunker, spoil)


def without_heading_path(chunk: Chunk) -> Chunk:
    """Headings are lost."""
    return replace(chunk, heading_path=())


def without_pages(chunk: Chunk) -> Chunk:
    """Pages are lost."""
    return replace(chunk, pages=None, boxes=())


def first_sentence(chunk: Chunk) -> Chunk:
    """What comes after the first sentence is dropped."""
    for mark in ("。", ". "):
        if mark in chunk.text:
            return replace(chunk, text=chunk.text[: chunk.text.index(mark) + 1])
    return chunk


def without_last_sentence(chunk: Chunk) -> Chunk:
    """The last sentence is dropped, and not counted as covered."""
    kept = chunk.text.rstrip(" .").rpartition(". ")[0]
    if not kept:
        return chunk
    return replace(chunk, text=f"{kept}.", span=(chunk.span[0], chunk.span[0] + len(kept) + 1))


def header_alone(chunk: Chunk) -> Chunk:
    """Of a table, the header is left."""
    if chunk.kind is not BlockKind.TABLE:
        return chunk
    return replace(chunk, text="\n".join(chunk.text.split("\n")[:2]))


# --- searching ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class BlindEmbedder:
    """A real embedder, whose queries all mean the same."""

    embedder: Embedder

    @property
    def fingerprint(self) -> str:
        return f"{self.embedder.fingerprint} blind"

    @property
    def dimension(self) -> int:
        return self.embedder.dimension

    @property
    def max_tokens(self) -> int:
        return self.embedder.max_tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        return self.embedder.count(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.embed_passages(texts)

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        return self.embedder.embed_with_tokens(texts)

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return self.embedder.embed_tokens(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        return self.embedder.embed_query("weather")


@dataclass(frozen=True)
class Misjudging:
    """A reranker that thinks much of what is far down: the last of what it judges comes first.
    Where it prefers `long` passages, the longest."""

    weight: float = 100.0
    depth: int = 30
    long: bool = False
    own_unit: bool = True
    at_once: int = 30
    by_call: bool = False
    guess_ms: float = 0.1

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        if self.long:
            chunks = snapshot.chunks(keys.tolist())
            lengths = [len(chunks[key].chunk.text) for key in keys.tolist()]
            return np.array(lengths, dtype=np.float32)
        return np.arange(len(keys), dtype=np.float32)


# --- answering ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Writer:
    """A generator that writes one text whatever it is asked."""

    name: str = "planted"

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        raise NotImplementedError

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        yield self.write(question, passages)


@dataclass(frozen=True)
class Refusing(Writer):
    """Says that it does not know."""

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        return unknown(script(question), passages, self.name)


@dataclass(frozen=True)
class QuotingLast(Writer):
    """Quotes the last passage, right or wrong."""

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        last = passages[-1]
        return Answer(f"{last.chunk.text.rstrip('.。')} [{last.number}].", (), True, self.name)


@dataclass(frozen=True)
class Vague(Writer):
    """Says nothing in particular, and cites nothing."""

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        return Answer("That depends on the circumstances.", (), True, self.name)


@dataclass(frozen=True)
class Headlong(Writer):
    """Quotes the first words of the first passage alone."""

    words: int = 3

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        first = passages[0]
        text = (
            " ".join(first.chunk.text.split()[: self.words])
            if " " in first.chunk.text
            else (first.chunk.text[: self.words])
        )
        return Answer(f"{text} [{first.number}].", (), True, self.name)


@dataclass(frozen=True)
class Digitless(Writer):
    """Quotes the first passages, with their numbers left out."""

    def write(self, question: str, passages: Sequence[Passage]) -> Answer:
        first = passages[0]
        text = "".join(char for char in first.chunk.text if not char.isdigit())
        return Answer(f"{text.rstrip('.。')} [{first.number}].", (), True, self.name)
