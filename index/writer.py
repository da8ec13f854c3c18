"""Writing to a collection: the catalog first, then its caches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from index import rows
from index.caches import Caches
from index.catalog import Catalog
from index.contract import DeleteReceipt, Embedder, Origin, UserWord, WriteReceipt
from index.dictionary import Dictionary
from index.known import known_or_embedded
from ingest.contract import Chunk, Document


class Writer:
    """Writes to a collection, for as long as its lock is held. `follow` brings its caches up to
    date after each write. `scratch` is a folder that it may make, and that goes with it; `donors`
    are other catalogs, whose vectors are the embedder's. `stage` is what `put` is at, or was when
    it failed: "embed" or "store"."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        caches: Caches,
        follow: Callable[[], None],
        scratch: Path,
        donors: Sequence[Catalog] = (),
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._caches = caches
        self._follow = follow
        self._donors = donors
        self.scratch = scratch
        self.stage = ""

    def put(
        self,
        items: Sequence[tuple[Document, Sequence[Chunk]]],
        pipeline: str | Callable[[Document], str],
        origins: Mapping[str, Origin] | None = None,
    ) -> list[WriteReceipt]:
        """Stores documents with their chunks, each replacing what had its id. On return every
        one is durable and can be found. What has been embedded already is not embedded again.
        `pipeline` is the fingerprint of what read and chunked them, or gives each one's;
        `origins` says by id where they come from."""
        self.stage = "embed"
        catalog = self._catalog
        marks = [[rows.embedding_hash(chunk) for chunk in chunks] for _, chunks in items]
        texts = {
            mark: chunk.embedding_text
            for row, (_, chunks) in zip(marks, items, strict=True)
            for mark, chunk in zip(row, chunks, strict=True)
        }
        vectors, fresh = known_or_embedded(texts, (catalog, *self._donors), self._embedder)
        self.stage = "store"
        receipts = []
        try:
            for (document, chunks), row in zip(items, marks, strict=True):
                read_by = pipeline if isinstance(pipeline, str) else pipeline(document)
                origin = (origins or {}).get(document.id)
                result = catalog.put(document, chunks, vectors, read_by, origin)
                receipts.append(
                    WriteReceipt(
                        document.id,
                        result.generation,
                        len(result.added),
                        result.kept,
                        len(result.deleted),
                        len(fresh.intersection(row)),
                    )
                )
                fresh.difference_update(row)
        finally:
            self._follow()
        return receipts

    def delete(self, document_ids: Sequence[str], *, packed: bool = True) -> DeleteReceipt:
        """Deletes documents, with what is `packed` in them, from every store and counts what
        went. Ids that are not there count nothing."""
        before = self._rows()
        documents, chunks, vectors, changes = self._catalog.delete(document_ids, packed=packed)
        self._follow()
        after = self._rows()
        return DeleteReceipt(
            documents=documents,
            chunks=chunks,
            vectors=vectors,
            sparse=before[0] - after[0],
            dense=before[1] - after[1],
            generation=changes.generation,
        )

    def set_words(self, words: Iterable[UserWord]) -> None:
        """Makes these the collection's own words. On return they are durable, and every text
        can be found by them; no vector changes. Raises BadInput where there are too many."""
        Dictionary(self._catalog).replace(words)
        self._follow()

    def _rows(self) -> tuple[int, int]:
        """Of the sparse and the dense index."""
        return len(self._caches.sparse.reader()), len(self._caches.dense.reader())
