"""`braid reindex`: a collection built anew from its own documents."""

from __future__ import annotations

from collections.abc import Sequence

from api.compose import Braid
from index.contract import CollectionStats
from ingest.contract import Chunk, Document

_BATCH = 256


def reindex(braid: Braid, name: str) -> CollectionStats:
    """Chunks and embeds every document of a collection under the present settings, aside, and
    then swaps the new collection in. Raises NotFound, and Locked while another process writes;
    stopped before the swap, it leaves the old collection as it was."""
    ingestor = braid.ingestor
    with braid.store.rebuilding(name) as (documents, writer):
        batch: list[tuple[Document, Sequence[Chunk]]] = []
        for document in documents:
            batch.append((document, ingestor.chunker.chunk(document, ingestor.counter)))
            if sum(len(chunks) for _, chunks in batch) >= _BATCH:
                writer.put(batch, ingestor.pipeline)
                batch = []
        if batch:
            writer.put(batch, ingestor.pipeline)
    return braid.store.get(name).stats()
