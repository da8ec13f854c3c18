"""Stores documents, keeps their files, and deletes them again, until it is killed; says what is
durable. Run as: keeping_child.py <folder of a collection> <seed>."""

from __future__ import annotations

import hashlib
import random
import sys
from dataclasses import replace
from pathlib import Path

from index_room import PIPELINE, make_document, make_parts

from index.collection import Collection
from ingest.contract import Document


def content(number: int) -> bytes:
    """Several documents have the same."""
    return f"content {number % 5}".encode() * 1000


def document(number: int) -> Document:
    digest = hashlib.sha256(content(number)).hexdigest()
    return replace(make_document(f"d{number}", [f"text {number}"])[0], content_hash=digest)


def main() -> None:
    folder, draw = Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    collection = Collection.open(folder, make_parts())
    handed_in = folder / "handed-in"
    print("ready", flush=True)
    while True:
        number = draw.randrange(8)
        name = f"d{number}"
        print("begin", name, flush=True)
        with collection.writer() as writer:
            if draw.random() < 0.6:
                made = document(number)
                writer.put([(made, [])], PIPELINE)
                handed_in.write_bytes(content(number))
                collection.originals.keep(name, handed_in, f"{name}.txt")
                handed_in.unlink()
                print("kept", name, flush=True)
            else:
                writer.delete([name])
                print("deleted", name, flush=True)


if __name__ == "__main__":
    main()
