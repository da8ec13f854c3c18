"""Haystack: a pipeline of InMemoryBM25Retriever, InMemoryEmbeddingRetriever and DocumentJoiner.

The set-up is that of "Creating a Hybrid Retrieval Pipeline" and of the page of DocumentJoiner
(https://docs.haystack.deepset.ai/docs/documentjoiner), with its reciprocal rank fusion, over
InMemoryDocumentStore, the only store of Haystack itself, kept as a file by `save_to_disk`. Tuned:
the store takes a pattern for words and no function (`bm25_tokenization_regex`), so texts with
Chinese are handed in as jieba's words with spaces between, and one character is a word, too; DEPTH
of each retriever.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline, component
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy

from bench.peers.protocol import DEPTH, Entry, Given
from bench.peers.words import spaced

_WORDS = r"(?u)\b\w+\b"
_FILE = "store.json"


@component
class GivenTextEmbedder:
    """Vectors of queries that are known beforehand."""

    def __init__(self, given: Given) -> None:
        self._given = given

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, Any]:
        return {"embedding": self._given.query_vectors[text].tolist()}


class System:
    """A store in memory, written to a file as a whole."""

    packages = ("haystack-ai",)
    notes = {  # noqa: RUF012
        "add": "the store is written anew as a whole",
        "delete": "the store is written anew as a whole",
    }

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._file = folder / _FILE
        self._given = given
        self._tuned = tuned

    def open(self) -> None:
        if self._file.exists():
            self._store = InMemoryDocumentStore.load_from_disk(str(self._file))
        else:
            options = {"bm25_tokenization_regex": _WORDS} if self._tuned else {}
            self._store = InMemoryDocumentStore(embedding_similarity_function="cosine", **options)
        pipeline = Pipeline()
        pipeline.add_component("text_embedder", GivenTextEmbedder(self._given))
        pipeline.add_component("embedding", InMemoryEmbeddingRetriever(self._store))
        pipeline.add_component("bm25", InMemoryBM25Retriever(self._store))
        joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")
        pipeline.add_component("joiner", joiner)
        pipeline.connect("text_embedder.embedding", "embedding.query_embedding")
        pipeline.connect("bm25", "joiner")
        pipeline.connect("embedding", "joiner")
        self._pipeline = pipeline

    def add(self, entries: Sequence[Entry]) -> None:
        vectors = self._given.passage_vectors
        cut = spaced if self._tuned else str
        documents = [
            Document(id=one.id, content=cut(one.text), embedding=vectors[one.text].tolist())
            for one in entries
        ]
        self._store.write_documents(documents, policy=DuplicatePolicy.OVERWRITE)
        self._store.save_to_disk(str(self._file))

    def delete(self, entries: Sequence[Entry]) -> None:
        self._store.delete_documents([one.id for one in entries])
        self._store.save_to_disk(str(self._file))

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        depth = DEPTH if self._tuned else k
        found = self._pipeline.run(
            {
                "text_embedder": {"text": text},
                "bm25": {"query": spaced(text) if self._tuned else text, "top_k": depth},
                "embedding": {"top_k": depth},
            }
        )
        return [(one.id, float(one.score or 0)) for one in found["joiner"]["documents"]]

    def close(self) -> None:
        """Everything was written when it was added."""
