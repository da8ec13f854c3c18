"""LlamaIndex: QueryFusionRetriever over BM25Retriever and a VectorStoreIndex.

The set-up is that of "Reciprocal Rerank Fusion Retriever"
(https://developers.llamaindex.ai/python/framework/integrations/retrievers/reciprocal_rerank_fusion),
with `num_queries=1`, which the page gives for no query generation, and the default vector store,
persisted as "Storing" in its documentation says. Tuned: BM25Retriever takes a pattern for words and
no function, so texts with Chinese are handed in as jieba's words with spaces between, and one
character is a word, too; DEPTH of each retriever.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_index.core import QueryBundle, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever
from pydantic import PrivateAttr

from bench.peers.protocol import DEPTH, Entry, Given
from bench.peers.words import spaced

_WORDS = r"(?u)\b\w+\b"


class GivenEmbedding(BaseEmbedding):
    """Vectors that are known beforehand, by the text that is handed in."""

    _passages: dict[str, Any] = PrivateAttr()
    _queries: dict[str, Any] = PrivateAttr()

    def __init__(self, passages: dict[str, Any], queries: dict[str, Any]) -> None:
        super().__init__(model_name="given")
        self._passages = passages
        self._queries = queries

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._passages[text].tolist()

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._queries[query].tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class System:
    """A persisted index; BM25 over its document store."""

    packages = ("llama-index-core", "llama-index-retrievers-bm25", "bm25s")
    notes = {  # noqa: RUF012
        "add": "BM25Retriever takes nothing in: it is built anew of all nodes; "
        "the store is written anew as a whole",
        "delete": "BM25Retriever deletes nothing: it is built anew of all nodes; "
        "the store is written anew as a whole",
    }

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._folder = folder
        self._tuned = tuned
        passages = given.passage_vectors
        if tuned:
            passages = {spaced(text): row for text, row in passages.items()}
        self._embedding = GivenEmbedding(passages, given.query_vectors)

    def open(self) -> None:
        if (self._folder / "docstore.json").exists():
            context = StorageContext.from_defaults(persist_dir=str(self._folder))
            self._index = load_index_from_storage(context, embed_model=self._embedding)
        else:
            self._index = VectorStoreIndex(nodes=[], embed_model=self._embedding)
        self._build()

    def _build(self) -> None:
        self._bm25 = None
        if self._index.docstore.docs:
            options = {"token_pattern": _WORDS} if self._tuned else {}
            self._bm25 = BM25Retriever.from_defaults(docstore=self._index.docstore, **options)

    def add(self, entries: Sequence[Entry]) -> None:
        cut = spaced if self._tuned else str
        nodes = [TextNode(id_=one.id, text=cut(one.text)) for one in entries]
        self._index.insert_nodes(nodes)
        self._index.storage_context.persist(str(self._folder))
        self._build()

    def delete(self, entries: Sequence[Entry]) -> None:
        self._index.delete_nodes([one.id for one in entries], delete_from_docstore=True)
        self._index.storage_context.persist(str(self._folder))
        self._build()

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        assert self._bm25 is not None
        depth = min(DEPTH if self._tuned else k, len(self._index.docstore.docs))
        self._bm25.similarity_top_k = depth
        fusion = QueryFusionRetriever(
            [self._index.as_retriever(similarity_top_k=depth), self._bm25],
            llm=MockLLM(),
            similarity_top_k=max(k, depth),
            num_queries=1,
            mode="reciprocal_rerank",
            use_async=False,
        )
        asked = QueryBundle(spaced(text) if self._tuned else text, custom_embedding_strs=[text])
        return [(one.node.node_id, float(one.score or 0)) for one in fusion.retrieve(asked)]

    def close(self) -> None:
        """Everything was written when it was added."""
