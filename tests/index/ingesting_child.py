"""A process that ingests text files one after another and says when each is durable; killed and
started again by `test_index_kill.py`. Arguments: the collection's folder, the number of files."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from index_room import WordSumEmbedder, make_parts

from api.ingestion import Ingestor, State
from index.collection import CATALOG, Collection
from ingest.components import CHUNKERS
from ingest.contract import Source, load_component

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]
PARAGRAPHS = 8


def source(number: int) -> Source:
    """The text file of a number: some paragraphs of their own, long enough for a chunk each."""
    paragraphs = [
        " ".join(f"{word} {number} {part}" for word in WORDS) + "." for part in range(PARAGRAPHS)
    ]
    return Source(f"doc{number:02}.txt", "\n\n".join(paragraphs).encode(), f"doc{number:02}.txt")


def ingestor() -> Ingestor:
    """A real chunker over the small embedder."""
    chunker = load_component(CHUNKERS, "structure", max_tokens=40, min_tokens=10)
    return Ingestor(chunker, WordSumEmbedder())


def collection_at(path: Path) -> Collection:
    """The collection, made where it is not there."""
    parts = make_parts(kind="flat")
    if (path / CATALOG).is_file():
        return Collection.open(path, parts)
    return Collection.create(path, parts)


def main(path: Path, count: int) -> None:
    print("ready", flush=True)
    collection, worker = collection_at(path), ingestor()
    for number in range(count):
        for event in worker.ingest(collection, [partial(source, number)]):
            assert event.state is not State.FAILED, event.reason
            print(event.document_id, event.state, flush=True)
    collection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
