"""`braid sync`: a collection brought in step with a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from api.ingestion import Ingested, Ingestor, State
from api.sources import Files
from index.pipeline import Collection, Ledger
from ingest.contract import Failure, NotFound, UnreadableFile
from ingest.pipeline import FileSource, shown

_DELETED_AT_ONCE = 200


def check_folder(root: Path) -> None:
    """Raises NotFound or UnreadableFile for what is no folder that can be listed: nothing is to
    be deleted because a disk is not there."""
    if not root.is_dir():
        raise NotFound(f"there is no folder at {shown(root)}; nothing was changed")
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise UnreadableFile(
            f"{shown(root)} cannot be listed: {error.strerror or error}; nothing was changed"
        ) from error


def sync(
    ingestor: Ingestor, collection: Collection, files: Files, root: Path
) -> Iterator[Ingested]:
    """Adds, updates and deletes so that what came from the folder is what is in it; documents
    from elsewhere are left alone, and so are those whose part of the folder could not be looked
    at. What is new is stored before what is gone is deleted, so the vectors of a file that was
    renamed are there to be used again. Raises as `check_folder`, and Locked."""
    check_folder(root)
    ledger = collection.ledger
    seen = _Seen()
    with collection.writer() as writer:
        sources = seen.watching(files.in_step(ledger, root))
        yield from ingestor.ingest_with(writer, ledger, sources)
        check_folder(root)
        gone = seen.gone(ledger, root)
        for start in range(0, len(gone), _DELETED_AT_ONCE):
            names = gone[start : start + _DELETED_AT_ONCE]
            packed = {name: ledger.states.members(name) for name in names}
            writer.delete(names)
            for name in names:
                yield Ingested(name, State.DELETED)
                for member in packed[name]:
                    yield Ingested(member, State.DELETED, container=name)


def plan_sync(
    ingestor: Ingestor, ledger: Ledger | None, files: Files, root: Path, scratch: Path
) -> Iterator[Ingested]:
    """What `sync` would do, as `Ingestor.plan` tells it."""
    check_folder(root)
    seen = _Seen()
    yield from ingestor.plan(ledger, seen.watching(files.in_step(ledger, root)), scratch)
    if ledger is None:
        return
    for name in seen.gone(ledger, root):
        yield Ingested(name, State.DELETED)
        for member in ledger.states.members(name):
            yield Ingested(member, State.DELETED, container=name)


class _Seen:
    """What a folder was seen to have."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._barred: set[str] = set()

    def watching(self, sources: Iterator[FileSource | Failure]) -> Iterator[FileSource | Failure]:
        """The same sources."""
        for source in sources:
            if isinstance(source, Failure):
                self._barred.add(source.document_id)
            self._names.add(source.document_id)
            yield source

    def gone(self, ledger: Ledger, root: Path) -> list[str]:
        """What came from the folder and is not in it. What is packed in a file goes with it."""
        return [
            state.document_id
            for state in ledger.states.of_root(root.resolve())
            if not state.origin.container
            and state.document_id not in self._names
            and not self._is_barred(state.document_id)
        ]

    def _is_barred(self, document_id: str) -> bool:
        """Whether it lies in a folder that could not be looked at."""
        parts = document_id.split("/")
        folders = ("/".join(parts[:end]) for end in range(1, len(parts)))
        return "." in self._barred or any(folder in self._barred for folder in folders)
