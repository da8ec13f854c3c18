"""milvus-lite: hybrid_search over a vector and a BM25 function, through MilvusClient.

The set-up is that of "Multi-Vector Hybrid Search" (https://milvus.io/docs/multi-vector-search.md)
and "Full Text Search" (https://milvus.io/docs/full-text-search.md): a field with `enable_analyzer`,
a function BM25 to a sparse field, RRFRanker. Tuned: the tokenizer `jieba` where most passages are
Chinese (milvus-lite has this and `standard`; Milvus' analyzers `chinese` and `english` it has not);
DEPTH of each request.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pymilvus import (
    AnnSearchRequest,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
)

from bench.peers.protocol import DEPTH, Entry, Given
from bench.peers.words import is_chinese

_NAME = "passages"
_BATCH = 1000
_LONGEST = 65_535


class System:
    """A database in a file of its own."""

    packages = ("pymilvus", "milvus-lite")
    notes: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._file = folder / "milvus.db"
        self._given = given
        self._tuned = tuned

    def open(self) -> None:
        self._client = MilvusClient(str(self._file))
        if not self._client.has_collection(_NAME):
            self._create()
        self._client.load_collection(_NAME)

    def _create(self) -> None:
        analyzer: dict[str, Any] = {}
        if self._tuned:
            chinese = sum(is_chinese(one.text) for one in self._given.entries)
            is_most = 2 * chinese > len(self._given.entries)
            analyzer = {"analyzer_params": {"tokenizer": "jieba" if is_most else "standard"}}
        schema = self._client.create_schema(auto_id=False)
        schema.add_field("id", DataType.VARCHAR, max_length=128, is_primary=True)
        schema.add_field(
            "text", DataType.VARCHAR, max_length=_LONGEST, enable_analyzer=True, **analyzer
        )
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=self._given.dimension)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                "bm25", FunctionType.BM25, input_field_names=["text"], output_field_names=["sparse"]
            )
        )
        indexes = self._client.prepare_index_params()
        indexes.add_index("dense", index_type="AUTOINDEX", metric_type="IP")
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        self._client.create_collection(_NAME, schema=schema, index_params=indexes)

    def add(self, entries: Sequence[Entry]) -> None:
        vectors = self._given.passage_vectors
        for at in range(0, len(entries), _BATCH):
            rows = [
                {"id": one.id, "text": one.text, "dense": vectors[one.text].tolist()}
                for one in entries[at : at + _BATCH]
            ]
            self._client.insert(_NAME, rows)

    def delete(self, entries: Sequence[Entry]) -> None:
        self._client.delete(_NAME, ids=[one.id for one in entries])

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        depth = DEPTH if self._tuned else k
        vector = self._given.query_vectors[text].tolist()
        requests = [
            AnnSearchRequest([vector], "dense", {"metric_type": "IP"}, limit=depth),
            AnnSearchRequest([text], "sparse", {"metric_type": "BM25"}, limit=depth),
        ]
        found = self._client.hybrid_search(_NAME, requests, RRFRanker(), limit=max(k, depth))
        return [(one["id"], float(one["distance"])) for one in found[0]]

    def close(self) -> None:
        self._client.close()
