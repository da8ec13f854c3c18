"""What the tests of ingestion share: collections over a small embedder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from index_room import WordSumEmbedder, make_parts

from api.events import Ingested, State
from api.ingestion import Ingestor
from api.sources import Files
from index.pipeline import Collection
from ingest.pipeline import build_chunker

MAX_BYTES = 2**20


def make_ingestor(**options: Any) -> Ingestor:
    """A real chunker over the small embedder, reading in this process unless told otherwise."""
    chunker = build_chunker("structure", max_tokens=60, min_tokens=8)
    return replace(Ingestor(chunker, WordSumEmbedder(), workers=0), **options)


@contextmanager
def a_collection(path: Path) -> Iterator[Collection]:
    """A new collection."""
    collection = Collection.create(path, make_parts(kind="flat"))
    try:
        yield collection
    finally:
        collection.close()


def ingest(
    collection: Collection, *paths: Path, ingestor: Ingestor | None = None, **metadata: Any
) -> list[Ingested]:
    """The events of a run over files and folders."""
    files = Files(MAX_BYTES, metadata).under(paths)
    return list((ingestor or make_ingestor()).ingest(collection, files))


def states(events: Iterable[Ingested]) -> list[tuple[str, State]]:
    """Ids with what became of them, in the order of the events."""
    return [(event.document_id, event.state) for event in events]


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def write_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """An archive with these files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
