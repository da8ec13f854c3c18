"""A process that builds a collection anew, slowly, and says what it has stored; killed by
`test_rebuild.py`. Arguments: the folder of the collections, the name of one."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from index_room import PIPELINE, WordSumEmbedder, make_document, make_parts

from index.pipeline import Store
from ingest.contract import Document

EMBEDDER = "words/2"


def chunked(document: Document) -> tuple[Document, list]:  # type: ignore[type-arg]
    """The document with a chunk for each block."""
    texts = [block.text for block in document.blocks]
    return document, make_document(document.id, texts, title=document.title)[1]


def main(root: Path, name: str) -> None:
    store = Store(root, make_parts(WordSumEmbedder(EMBEDDER), kind="flat"))
    with store.rebuilding(name, PIPELINE) as rebuild:
        for document in rebuild.documents():
            rebuild.writer.put([chunked(document)], PIPELINE)
            rebuild.stored()
            print(document.id, flush=True)
            time.sleep(0.01)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
