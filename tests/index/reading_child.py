"""A process that serves one collection: for each line it is sent, it says the generation that it
reads and what is found, or what is wrong. Argument: the folder of the collections."""

from __future__ import annotations

import sys
from pathlib import Path

from index_room import make_parts

from index.pipeline import Store
from ingest.contract import BraidError


def main(root: Path) -> None:
    store = Store(root, make_parts(kind="flat"))
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            snapshot = store.get("c").snapshot()
            keys = snapshot.sparse.search(line.split(), 9).keys.tolist()
            texts = sorted(found.chunk.text for found in snapshot.chunks(keys).values())
            print(snapshot.generation, *texts, len(snapshot.dense), sep="|", flush=True)
        except BraidError as error:
            print(type(error).__name__, flush=True)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
