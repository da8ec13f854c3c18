"""A process that adds, updates and deletes text files one after another and says when each is
durable, to be killed at any moment and started again.

It is forked for each request of a socket, whose number is the argument: what it loads takes
longer than what it does. A request is the collection's folder, the most documents that it may
hold, paragraphs of each, a seed, operations, and the file to write to: `ready PROCESS`; for each
operation `begin NAME VERSION`, then `done NAME VERSION`, where version 0 is a deletion; at last
`ended STATUS`, even when it was killed.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import traceback
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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


def say(*words: object) -> None:
    """In one piece, which no kill cuts."""
    print(" ".join(map(str, words)) + "\n", end="", flush=True)


def main(path: Path, documents: int, paragraphs: int, seed: int, operations: int) -> None:
    say("ready", os.getpid())
    draw, worker = random.Random(seed), ingestor()
    collection = collection_at(path)
    for _ in range(operations):
        present = {record.id for record in collection.records()}
        name = f"doc{draw.randrange(documents):03}.txt"
        gone = name in present and draw.random() < 0.3
        version = 0 if gone else draw.randrange(1, 10**6)
        say("begin", name, version)
        if gone:
            with collection.writer() as writer:
                assert writer.delete([name]).documents == 1
        else:
            for event in worker.ingest(collection, [partial(source, name, version, paragraphs)]):
                assert event.state in (State.ADDED, State.UPDATED), event.reason
        say("done", name, version)
    collection.close()


def attend(request: list[Any]) -> int:
    """Runs `main` in a process of its own, and waits for it: its status, or the signal, negative,
    that ended it."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    try:
        main(Path(request[0]), *request[1:])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def serve(requests: socket.socket) -> None:
    """Attends to each request in a process of its own, until nobody can ask any more. What is
    loaded when it is first needed is loaded beforehand."""
    with TemporaryDirectory() as folder, redirect_stdout(None):
        main(Path(folder) / "collection", 1, 2, 0, 2)
    while True:
        said, (*files,), *_ = socket.recv_fds(requests, 65_536, 1)
        if not said:
            return
        if not os.fork():
            requests.close()
            os.dup2(files[0], sys.stdout.fileno())
            os.close(files[0])
            say("ended", attend(json.loads(said)))
            os._exit(0)
        os.close(files[0])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
