"""What the tests of the index are made of: a small embedder, documents, collections."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest

from index.analyze.jieba import JiebaAnalyzer
from index.caches import Parts
from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.components import DENSE, SPARSE
from index.contract import Embeddings, Keys, QueryEmbedding, Vectors
from index.embed.sentence_transformers import SentenceTransformerEmbedder
from index.token_codes import TokenRows
from ingest.contract import Block, BlockKind, Chunk, Document, Json, chunk_id, load_component

DIMENSION = 48
MODELS = Path(platformdirs.user_cache_dir("braid")) / "models"
"""Where a service with default settings unpacks the default model, too."""
ANALYZER = JiebaAnalyzer()
PIPELINE = "test"
BACKENDS = [(sparse, kind) for sparse in sorted(SPARSE) for kind in ("flat", "hnsw", "ivf")]
"""Every sparse backend with every kind of dense index."""


@cache
def default_embedder() -> SentenceTransformerEmbedder:
    """The default model, which a process of the tests loads once."""
    return SentenceTransformerEmbedder(MODELS)


@lru_cache(maxsize=4096)
def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


@dataclass(frozen=True)
class WordSumEmbedder:
    """The sum of a fixed random direction for each word (each Han character): texts with like
    words lie close together. `embedded` lists every passage it was given."""

    fingerprint: str = "words/1"
    dimension: int = DIMENSION
    max_tokens: int = 256
    embedded: list[str] = field(default_factory=list, compare=False)

    def count(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(_words(text)) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return np.array([_vector(text) for text in texts], dtype=np.float32).reshape(
            len(texts), DIMENSION
        )

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        return Embeddings(self.embed_passages(texts), [_token_vectors(text) for text in texts])

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return [_token_vectors(text) for text in texts]

    def embed_query(self, text: str) -> QueryEmbedding:
        return QueryEmbedding(_vector(text), _token_vectors(text))


def _vector(text: str) -> Vectors:
    total = sum((_direction(word) for word in _words(text)), _direction("") * 0.01)
    unit: Vectors = total / np.linalg.norm(total)
    return unit


def _token_vectors(text: str) -> Vectors:
    rows = [_direction(word) / np.linalg.norm(_direction(word)) for word in _words(text)]
    return np.array(rows, dtype=np.float32).reshape(len(rows), DIMENSION)


def _words(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text.casefold())


def make_parts(
    embedder: WordSumEmbedder | None = None,
    sparse: str = "impacts",
    dense: str = "faiss",
    **options: Any,
) -> Parts:
    """Parts with real indexes and the small embedder; `options` are those of the dense index."""
    return Parts(
        ANALYZER,
        embedder or WordSumEmbedder(),
        lambda path: load_component(SPARSE, sparse, path=path),
        lambda path, dimension: load_component(
            DENSE, dense, path=path, dimension=dimension, **options
        ),
    )


def make_document(
    document_id: str,
    paragraphs: Sequence[str],
    *,
    title: str = "A title",
    metadata: dict[str, Json] | None = None,
) -> tuple[Document, list[Chunk]]:
    """A document of paragraphs, and a chunk for each."""
    blocks = tuple(Block(BlockKind.PARAGRAPH, text) for text in paragraphs)
    content = hashlib.sha256(repr((title, list(paragraphs), metadata)).encode()).hexdigest()
    document = Document(document_id, title, "text/plain", content, blocks, metadata=metadata or {})
    seen: dict[str, int] = {}
    chunks = []
    for ordinal, (text, span) in enumerate(zip(paragraphs, document.block_spans(), strict=True)):
        occurrence = seen[text] = seen.get(text, -1) + 1
        chunks.append(
            Chunk(
                chunk_id(document_id, (), text, occurrence),
                document_id,
                ordinal,
                BlockKind.PARAGRAPH,
                title,
                (),
                text,
                span,
            )
        )
    return document, chunks


def keys_of(collection: Collection) -> tuple[list[int], list[int], list[int]]:
    """The keys that the catalog, the sparse and the dense index hold."""
    snapshot = collection.snapshot()
    catalog = [
        int(row["key"]) for row in collection._catalog.read("SELECT key FROM chunks ORDER BY key")
    ]
    return catalog, snapshot.sparse.keys().tolist(), snapshot.dense.keys().tolist()


def by_key(tokens: TokenRows, keys: Keys) -> list[tuple[int, Vectors]]:
    """The token vectors of each chunk that has some, by the keys that were asked for."""
    parts = np.split(tokens.vectors, tokens.starts[1:])
    return list(zip(keys[tokens.places].tolist(), parts, strict=False))


def assert_sound(collection: Collection) -> None:
    """Catalog and indexes hold the same."""
    catalog, sparse, dense = keys_of(collection)
    assert catalog == sparse == dense
    assert collection.check() == []
    stats = collection.stats()
    assert stats.chunks == stats.vectors == stats.sparse == stats.dense == len(catalog)


def texts_of(collection: Collection) -> dict[str, list[str]]:
    """The text of every chunk, by document."""
    return {
        record.id: [chunk.text for chunk in collection.document_chunks(record.id)]
        for record in collection.records()
    }


def fill(path: Path, parts: Parts, documents: Sequence[tuple[Document, list[Chunk]]]) -> Collection:
    """A new collection with documents."""
    collection = Collection.create(path, parts)
    with collection.writer() as writer:
        writer.put(documents, PIPELINE)
    return collection


def rows_of(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of a collection's catalog."""
    catalog = Catalog(folder / CATALOG)
    try:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        tables = [row[0] for row in catalog.read(sql)]
        return {
            table: sorted(map(tuple, catalog.read(f"SELECT * FROM {table}")), key=repr)
            for table in tables
        }
    finally:
        catalog.close()


def assert_same_answers(one: Collection, other: Collection) -> None:
    """The same passages for a few questions, whatever their keys."""
    for question in ("alpha", "beta gamma", "向量", "事务 x"):
        found = []
        for collection in (one, other):
            snapshot = collection.snapshot()
            vector = WordSumEmbedder().embed_query(question).vector
            sparse = snapshot.sparse.search(ANALYZER.query_terms(question), 100).keys
            dense = snapshot.dense.search(vector, 100)
            chunks = snapshot.chunks([*sparse.tolist(), *dense.keys.tolist()])
            scored = {
                (chunks[k].chunk.id, chunks[k].chunk.title): s
                for k, s in zip(dense.keys.tolist(), dense.scores.tolist(), strict=True)
            }
            found.append(({chunks[k].chunk.id for k in sparse.tolist()}, scored))
        assert found[0][0] == found[1][0]
        assert found[0][1] == pytest.approx(found[1][1], abs=1e-5)
