"""A process that asks a model about a collection's chunks, to be killed in the middle.

Arguments: the collection's folder, the server's address, calls at the same time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from model_extraction_room import collection_of, extraction


def main(folder: Path, base_url: str, workers: int) -> None:
    collection = collection_of(folder, ())
    print("ready", flush=True)
    with collection.asking() as store:
        extraction(base_url).build(store, workers=workers)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
