"""Writing to a collection: the catalog first, then its caches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from index import rows
from index.caches import Caches
from index.catalog import Catalog
from index.contract import DeleteReceipt, Embedder, Origin, UserWord, WriteReceipt
from index.dictionary import Dictionary
from index.graph.contract import Decision
from index.graph.extraction import Extraction
from index.graph.store import FactStore, Made
from index.jobs import Jobs
from index.known import known_or_embedded
from index.originals import Originals
from ingest.contract import Chunk, Document, Json

_NOTHING: Mapping[str, Json] = {}


class Writer:
    """Writes to a collection, for as long as its lock is held. `follow` brings its caches up to
    date after each write. `scratch` is a folder that it may make, and that goes with it; `donors`
    are other catalogs, whose vectors are the embedder's; `extraction` finds facts for the graph.
    `stage` is what `put` is at, or was when it failed: "embed" or "store"; `seconds` has what each
    has taken so far."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        caches: Caches,
        follow: Callable[[], None],
        scratch: Path,
        donors: Sequence[Catalog] = (),
        extraction: Extraction | None = None,
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._caches = caches
        self._follow = follow
        self._donors = donors
        self._extraction = extraction
        self._originals = Originals(catalog, scratch.parent)
        self._jobs = Jobs(catalog, scratch.parent)
        self.scratch = scratch
        self.stage = ""
        self.seconds: dict[str, float] = {}
        self._begun = 0.0

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
        self._begin("embed")
        catalog = self._catalog
        marks = [[rows.embedding_hash(chunk) for chunk in chunks] for _, chunks in items]
        texts = {
            mark: chunk.embedding_text
            for row, (_, chunks) in zip(marks, items, strict=True)
            for mark, chunk in zip(row, chunks, strict=True)
        }
        vectors, fresh = known_or_embedded(texts, (catalog, *self._donors), self._embedder)
        self._end()
        self._begin("store")
        receipts = []
        try:
            for (document, chunks), row in zip(items, marks, strict=True):
                read_by = pipeline if isinstance(pipeline, str) else pipeline(document)
                origin = (origins or {}).get(document.id)
                facts = self._facts_of(document.id, chunks)
                result = catalog.put(document, chunks, vectors, read_by, origin, facts)
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
                self._originals.remove(result.let_go)
        finally:
            self._follow()
            self._end()
        return receipts

    def _begin(self, stage: str) -> None:
        self.stage, self._begun = stage, time.perf_counter()

    def _end(self) -> None:
        spent = time.perf_counter() - self._begun
        self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + spent

    def delete(self, document_ids: Sequence[str], *, packed: bool = True) -> DeleteReceipt:
        """Deletes documents, with what is `packed` in them, from every store and counts what
        went. Ids that are not there count nothing."""
        before = self._rows()
        deleted = self._catalog.delete(document_ids, packed=packed)
        self._follow()
        after = self._rows()
        self._jobs.drop(deleted.document_ids)
        originals = self._originals.remove(deleted.let_go)
        return DeleteReceipt(
            documents=deleted.rows.get("documents", 0),
            chunks=deleted.rows.get("chunks", 0),
            vectors=deleted.rows.get("vectors", 0),
            facts=deleted.rows.get("facts", 0),
            sparse=before[0] - after[0],
            dense=before[1] - after[1],
            originals=originals,
            generation=deleted.generation,
        )

    def describe(
        self,
        document_ids: Sequence[str],
        metadata: Mapping[str, Json] = _NOTHING,
        tags: Sequence[str] | None = None,
    ) -> int:
        """Sets these metadata of documents (None removes a key), and their access tags, with those
        of what is packed in them. On return it is durable, and searches keep to it; nothing is
        embedded. Returns the new generation. Raises BadInput for a key that is not for others to
        set."""
        generation = self._catalog.describe(document_ids, metadata, tags)
        self._follow()
        return generation

    def set_words(self, words: Iterable[UserWord]) -> None:
        """Makes these the collection's own words. On return they are durable, and every text
        can be found by them; no vector changes. Raises BadInput where there are too many."""
        with self._extracting():
            Dictionary(self._catalog).replace(words)
        self._follow()

    def set_aliases(self, aliases: Sequence[Decision]) -> None:
        """Makes these the collection's alias file: its names are one thing in the graph, and are
        found in every text. On return they are durable. Raises BadInput."""
        with self._extracting():
            FactStore(self._catalog).replace_aliases(aliases)

    @contextmanager
    def _extracting(self) -> Iterator[None]:
        """The facts follow what the block does to the words."""
        extraction = self._extraction
        before = () if extraction is None else extraction.words()
        yield
        if extraction is not None:
            extraction.follow(before)

    def extract(self) -> Iterator[int]:
        """Finds the facts of the chunks that have none: those stored before there was a graph, or
        by another extractor. Gives how many are left, first all; every one counted as done is
        durable."""
        if self._extraction is not None:
            yield from self._extraction.catch_up()

    def _facts_of(self, document_id: str, chunks: Sequence[Chunk]) -> dict[bytes, Made] | None:
        extraction = self._extraction
        return None if extraction is None else extraction.facts_of(document_id, chunks)

    def _rows(self) -> tuple[int, int]:
        """Of the sparse and the dense index."""
        return len(self._caches.sparse.reader()), len(self._caches.dense.reader())
