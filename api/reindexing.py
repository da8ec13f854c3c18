"""`braid reindex`: a collection built anew from its own documents."""

from __future__ import annotations

from api.compose import Braid
from index.contract import CollectionStats


def reindex(braid: Braid, name: str) -> CollectionStats:
    """Chunks and embeds every document of a collection under the present settings, aside, and
    then swaps the new collection in. Raises NotFound, and Locked while another process writes;
    stopped before the swap, it leaves the old collection as it was."""
    with braid.store.rebuilding(name) as (documents, writer):
        for _ in braid.ingestor.store(writer, documents):
            pass
    return braid.store.get(name).stats()
