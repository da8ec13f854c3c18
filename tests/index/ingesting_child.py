"""A process that adds, updates and deletes text files one after another and says when each is
durable, to be killed at any moment and started again.

Arguments: the collection's folder, the most documents that it may hold, paragraphs of each, a
seed, operations. Each operation prints `begin NAME VERSION`, then `done NAME VERSION`; version 0
is a deletion.
"""

from __future__ import annotations

import random
import sys
from functools import partial
from pathlib import Path

from index_room import WordSumEmbedder, make_parts

from api.ingestion import Ingestor, State
from index.collection import CATALOG, Collection
from ingest.components import CHUNKERS
from ingest.contract import Source, load_component
from ingest.pipeline import read

WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]


def source(name: str, version: int, paragraphs: int) -> Source:
    """A text file in one of its versions: half of the paragraphs are those of every version, and
    each is long enough for a chunk."""
    texts = [
        " ".join(f"{word} {name} {part} {version * (part % 2)}" for word in WORDS) + "."
        for part in range(paragraphs)
    ]
    return Source(name, "\n\n".join(texts).encode(), name)


def ingestor() -> Ingestor:
    """A real chunker over the small embedder."""
    chunker = load_component(CHUNKERS, "structure", max_tokens=60, min_tokens=10)
    return Ingestor(chunker, WordSumEmbedder())


def chunks_of(name: str, version: int, paragraphs: int) -> list[str]:
    """The chunks that a document has when it is whole."""
    worker = ingestor()
    document = read(source(name, version, paragraphs))
    return [chunk.text for chunk in worker.chunker.chunk(document, worker.counter)]


def collection_at(path: Path) -> Collection:
    """The collection, made where it is not there."""
    parts = make_parts(kind="flat")
    if (path / CATALOG).is_file():
        return Collection.open(path, parts)
    return Collection.create(path, parts)


def main(path: Path, documents: int, paragraphs: int, seed: int, operations: int) -> None:
    print("ready", flush=True)
    draw, worker = random.Random(seed), ingestor()
    collection = collection_at(path)
    for _ in range(operations):
        present = {record.id for record in collection.records()}
        name = f"doc{draw.randrange(documents):03}.txt"
        gone = name in present and draw.random() < 0.3
        version = 0 if gone else draw.randrange(1, 10**6)
        print("begin", name, version, flush=True)
        if gone:
            with collection.writer() as writer:
                assert writer.delete([name]).documents == 1
        else:
            for event in worker.ingest(collection, [partial(source, name, version, paragraphs)]):
                assert event.state in (State.ADDED, State.UPDATED), event.reason
        print("done", name, version, flush=True)
    collection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
