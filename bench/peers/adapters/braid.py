"""Braid through its composition root, every setting as it is by default.

Passages come ready cut, with their vectors and token vectors, as the others are given theirs; the
entity graph, the sparse and the dense index are made here, and what a collection tunes itself to.
A question's vectors are computed before it is timed, but in `search_whole`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from api.compose import Braid
from api.settings import load_settings
from bench.peers.data import EXPORT
from bench.peers.protocol import Entry, Given
from index.contract import Embeddings, QueryEmbedding, Vectors
from index.pipeline import StandIn, Store
from index.plain import decoded, record_of
from index.token_codes import unpack
from ingest.contract import Chunk, Document, cached_property
from retrieve.contract import Query

_BATCH = 256
_PIPELINE = "bench.peers"


@dataclass(frozen=True)
class Stored(StandIn):
    """Gives the vectors of an export, and those of questions that were `asked` beforehand; other
    texts are embedded."""

    folder: Path
    asked: dict[str, QueryEmbedding] = field(default_factory=dict)

    @cached_property
    def _rows(self) -> dict[str, tuple[Vectors, Vectors]]:
        vectors, tokens = (np.load(self.folder / f"{name}.npy") for name in ("vectors", "tokens"))
        found, at = {}, 0
        with (self.folder / "chunks.jsonl").open("rb") as lines:
            for line, row in zip(lines, vectors, strict=True):
                part = tokens[at : at + row["token_rows"]]
                at += len(part)
                text = decoded(Chunk, record_of(line)).embedding_text
                found[text] = (row["vector"], part)
        return found

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        known = [self._rows[text] for text in texts if text in self._rows]
        if len(known) < len(texts):
            return self.real.embed_with_tokens(texts)
        rows = [unpack(part.tobytes(), self.dimension) for _, part in known]
        vectors = np.array([vector for vector, _ in known], dtype=np.float32)
        return Embeddings(vectors.reshape(len(texts), self.dimension), rows)

    def embed_query(self, text: str) -> QueryEmbedding:
        known = self.asked.get(text)
        return self.real.embed_query(text) if known is None else known


class System:
    """A collection in a data folder."""

    packages: Sequence[str] = ("faiss-cpu", "tantivy", "openvino")
    notes: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._given = given
        self._braid = Braid(load_settings(data_dir=folder))
        self._stored = Stored(self._braid.parts.embedder, given.folder / EXPORT)
        self._parts = replace(self._braid.parts, embedder=self._stored)
        self._folder = folder / "collections"

    def prepare(self) -> None:
        """Reads and loads what is not to be timed."""
        assert self._documents
        assert self._chunks
        self._stored.embed_with_tokens([self._given.entries[0].text])
        self._stored.real.embed_query("warm")
        self._parts.analyzer.terms("预热")  # its dictionary, as the others' is read beforehand

    def open(self) -> None:
        self._store = Store(self._folder, self._parts)
        self._collection = self._store.get_or_create("peers")
        self._braid.prepare(self._collection)

    def add(self, entries: Sequence[Entry]) -> None:
        wanted: dict[str, list[Chunk]] = {}
        for entry in entries:
            wanted.setdefault(entry.document, []).append(self._chunks[entry.id])
        items = [(self._documents[name], chunks) for name, chunks in wanted.items()]
        with self._collection.writer() as writer:
            for at in range(0, len(items), _BATCH):
                writer.put(items[at : at + _BATCH], _PIPELINE)

    def settle(self) -> None:
        """Waits for what ingestion does in the background, and tunes the collection, as `braid
        ingest` does at its end."""
        self._collection.settle()
        self._braid.keep_tuned(self._collection)
        self._braid.prepare(self._collection)

    def delete(self, entries: Sequence[Entry]) -> None:
        with self._collection.writer() as writer:
            writer.delete(list(dict.fromkeys(entry.document for entry in entries)))

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        # Relevance is judged of each document, so one that repeats another has a place of its own.
        asked = Query(text, k, steps={"duplicates": False})
        hits = self._braid.search(self._collection, asked).hits
        return [(hit.chunk.id, hit.score) for hit in hits]

    def warm(self, texts: Sequence[str]) -> None:
        """Embeds questions before they are timed."""
        # Past the cache of queries, so that a search that embeds by itself does not find them.
        embedder = cast(StandIn, self._stored.real).real
        for text in texts:
            if text not in self._stored.asked:
                self._stored.asked[text] = embedder.embed_query(text)

    def search_whole(self, text: str, k: int) -> list[tuple[str, float]]:
        """As `search`, embedding included."""
        self._stored.asked.pop(text, None)
        return self.search(text, k)

    def close(self) -> None:
        self._store.close()

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {one.id: one for one in self._read("documents", Document)}

    @cached_property
    def _chunks(self) -> dict[str, Chunk]:
        return {one.id: one for one in self._read("chunks", Chunk)}

    def _read(self, name: str, kind: Any) -> list[Any]:
        found = []
        with (self._given.folder / EXPORT / f"{name}.jsonl").open("rb") as lines:
            for line in lines:
                record = record_of(line)
                record.pop("pipeline", None)
                found.append(decoded(kind, record))
        return found
