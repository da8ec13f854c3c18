"""LangChain: EnsembleRetriever over BM25Retriever and FAISS.

The set-up is that of "How to combine results from multiple retrievers" (the documentation of
EnsembleRetriever, https://reference.langchain.com/python/langchain-classic/retrievers/ensemble):
BM25Retriever and FAISS, weights of a half each, reciprocal rank fusion. Tuned: `preprocess_func`
of BM25Retriever, its documented place for a word splitter, and DEPTH of each retriever.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.docstore.in_memory import InMemoryDocstore
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from bench.peers.protocol import DEPTH, Entry, Given
from bench.peers.words import words


class GivenEmbeddings(Embeddings):
    """Vectors that are known beforehand."""

    def __init__(self, given: Given) -> None:
        self._given = given

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._given.passage_vectors[text].tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._given.query_vectors[text].tolist()


class System:
    """A FAISS store on disk; BM25 over the documents that it holds."""

    packages = ("langchain-classic", "langchain-community", "rank-bm25", "faiss-cpu")
    notes = {  # noqa: RUF012
        "add": "BM25Retriever takes nothing in: it is built anew of all documents",
        "delete": "BM25Retriever deletes nothing: it is built anew of all documents",
        "open": "BM25Retriever is not stored: it is built anew of all documents",
    }

    def __init__(self, folder: Path, given: Given, tuned: bool) -> None:
        self._folder = folder
        self._tuned = tuned
        self._embeddings = GivenEmbeddings(given)
        self._dimension = given.dimension

    def open(self) -> None:
        if (self._folder / "index.faiss").exists():
            self._store = FAISS.load_local(
                str(self._folder), self._embeddings, allow_dangerous_deserialization=True
            )
        else:
            import faiss

            # As in the documentation of the FAISS vector store.
            self._store = FAISS(
                self._embeddings, faiss.IndexFlatL2(self._dimension), InMemoryDocstore(), {}
            )
        self._build()

    def _build(self) -> None:
        held = self._store.docstore._dict
        documents = [held[key] for key in self._store.index_to_docstore_id.values()]
        self._bm25 = None
        if documents:
            options = {"preprocess_func": words} if self._tuned else {}
            self._bm25 = BM25Retriever.from_documents(documents, **options)

    def add(self, entries: Sequence[Entry]) -> None:
        documents = [Document(one.text, metadata={"entry": one.id}) for one in entries]
        self._store.add_documents(documents, ids=[one.id for one in entries])
        self._store.save_local(str(self._folder))
        self._build()

    def delete(self, entries: Sequence[Entry]) -> None:
        self._store.delete([one.id for one in entries])
        self._store.save_local(str(self._folder))
        self._build()

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        assert self._bm25 is not None
        depth = DEPTH if self._tuned else k
        bm25 = self._bm25.model_copy(update={"k": depth})
        dense = self._store.as_retriever(search_kwargs={"k": depth})
        ensemble = EnsembleRetriever(retrievers=[bm25, dense], weights=[0.5, 0.5], id_key="entry")
        found = ensemble.invoke(text)
        return [(one.metadata["entry"], -float(rank)) for rank, one in enumerate(found)]

    def close(self) -> None:
        """Everything was written when it was added."""
