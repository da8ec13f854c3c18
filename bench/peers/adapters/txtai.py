"""txtai: Embeddings with `hybrid`.

The set-up is that of "General" and "Vectors" of its configuration
(https://neuml.github.io/txtai/embeddings/configuration/general): `hybrid: True`, which "creates a
BM25 index for full text search", and vectors from outside by `method: external` and a `transform`
function; the index is FAISS. Tuned: `scoring.tokenizer` takes options and no function, so texts are
handed in as words with spaces between, and split at white space; DEPTH of each index.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from txtai import Embeddings

from bench.peers.protocol import DEPTH, Entry, Given
from bench.peers.words import words


class System:
    """An index, saved as a whole."""

    packages = ("txtai", "faiss-cpu")
    notes = {  # noqa: RUF012
        "add": "the index is written anew as a whole",
        "delete": "the index is written anew as a whole",
    }

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._folder = folder / "index"
        self._tuned = tuned
        self._cut = (lambda text: " ".join(words(text))) if tuned else str
        self._vectors: dict[str, Any] = {
            self._cut(text): row for text, row in given.passage_vectors.items()
        }
        self._queries: dict[str, Any] = {
            self._cut(text): row for text, row in given.query_vectors.items()
        }

        def transform(texts: Sequence[str]) -> Any:
            known = [self._vectors.get(text, self._queries.get(text)) for text in texts]
            return np.array(known, dtype=np.float32)

        self._transform = transform  # a function, and no method, as the library asks for

    def open(self) -> None:
        config: dict[str, Any] = {
            "method": "external",
            "transform": self._transform,
            "hybrid": True,
        }
        if self._tuned:
            config["scoring"] = {
                "method": "bm25",
                "terms": True,
                "normalize": True,
                "tokenizer": {"whitespace": True},
            }
        self._embeddings = Embeddings(config)
        self._is_empty = not self._embeddings.exists(str(self._folder))
        if not self._is_empty:
            self._embeddings.load(str(self._folder), config={"transform": self._transform})

    def add(self, entries: Sequence[Entry]) -> None:
        rows = [(one.id, self._cut(one.text), None) for one in entries]
        if self._is_empty:
            self._embeddings.index(rows)
        else:
            self._embeddings.upsert(rows)
        self._is_empty = False
        self._embeddings.save(str(self._folder))

    def delete(self, entries: Sequence[Entry]) -> None:
        self._embeddings.delete([one.id for one in entries])
        self._embeddings.save(str(self._folder))

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        found = self._embeddings.search(self._cut(text), DEPTH if self._tuned else k)
        return [(key, float(score)) for key, score in found]

    def close(self) -> None:
        self._embeddings.close()
