"""`braid reindex`: a collection built anew from its own documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from api.compose import Braid
from index.contract import CollectionStats


@dataclass(frozen=True, slots=True)
class Reindexed:
    """The new collection. `embedded` counts the vectors that had to be computed in this run;
    `is_resumed` says that the run went on where another was stopped."""

    stats: CollectionStats
    embedded: int
    is_resumed: bool


def reindex(
    braid: Braid,
    name: str,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
) -> Reindexed:
    """Chunks every document of a collection under the present settings, aside, and swaps the new
    collection in, which has what was written to the old one meanwhile. Text that the embedder has
    embedded before is not embedded again. `progress` is told of documents done and of how many,
    `say` in a line what becomes of what an earlier run left. Stopped before the swap, it leaves the
    old collection as it is, and goes on there the next time. Raises NotFound, Locked where
    another process is at the same."""
    ingestor = braid.ingestor
    embedded = 0
    with braid.store.rebuilding(name, ingestor.pipeline) as rebuild:
        if rebuild.is_resumed:
            say("going on where an earlier run was stopped")
        if rebuild.is_discarded:
            say("an earlier run was stopped; what it left was made for other settings, or of "
                "another collection, and is thrown away")  # fmt: skip
        for receipt in ingestor.store(rebuild.writer, rebuild.documents()):
            rebuild.stored()
            embedded += receipt.embedded
            progress(rebuild.done, max(rebuild.done, rebuild.total))
    return Reindexed(braid.store.get(name).stats(), embedded, rebuild.is_resumed)
