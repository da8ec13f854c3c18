"""Collections by name, and the parts they are made of."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from index import default_model
from index.caches import Parts
from index.catalog import Catalog, documents_of
from index.collection import CATALOG, Collection, Snapshot
from index.components import ANALYZERS, DENSE, EMBEDDERS, SPARSE
from index.contract import Analyzer, DenseIndex, SparseEntry, SparseIndex
from index.function_words import function_words
from index.jobs import Job, JobDocument, Jobs, JobState, has_open_jobs
from index.lock import writer_lock
from index.query_cache import QueryCache
from index.states import Ledger, States
from index.user_words import MAX_WORDS, line_of, parse_words
from index.windows import Windows
from index.words import script as script_of
from index.writer import Writer
from ingest.contract import BadInput, Chunk, Conflict, Document, NotFound, load_component

__all__ = [
    "MAX_WORDS",
    "Choice",
    "Collection",
    "Job",
    "JobDocument",
    "JobState",
    "Jobs",
    "Ledger",
    "Parts",
    "Snapshot",
    "States",
    "Store",
    "Writer",
    "build_dense",
    "build_parts",
    "build_sparse",
    "function_words",
    "line_of",
    "model_fault",
    "parse_words",
    "script_of",
    "sparse_entries",
]

_ASIDE, _RETIRED = ".new-", ".old-"
_NAME = re.compile(r"\w[\w.-]{0,63}")


@dataclass(frozen=True)
class Choice:
    """A component's name with its options."""

    name: str
    options: Mapping[str, Any]


def build_sparse(choice: Choice, path: Path) -> SparseIndex:
    """The sparse index of that name over a folder. Raises BadInput as build_parts does."""
    index: SparseIndex = load_component(SPARSE, choice.name, path=path, **choice.options)
    return index


def build_dense(choice: Choice, path: Path, dimension: int) -> DenseIndex:
    """The dense index of that name over a folder. Raises BadInput as build_parts does."""
    index: DenseIndex = load_component(
        DENSE, choice.name, path=path, dimension=dimension, **choice.options
    )
    return index


def sparse_entries(analyzer: Analyzer, chunks: Mapping[int, Chunk]) -> list[SparseEntry]:
    """What a sparse index takes in of the chunks of whole documents, by their keys."""
    texts = {(chunk.document_id, chunk.ordinal): chunk.text for chunk in chunks.values()}
    windows = Windows(analyzer, texts)
    return [windows.entry(key, chunk) for key, chunk in sorted(chunks.items())]


def build_parts(analyzer: Choice, embedder: Choice, sparse: Choice, dense: Choice) -> Parts:
    """Parts out of the room's tables. Raises BadInput for unknown names and options."""
    return Parts(
        load_component(ANALYZERS, analyzer.name, **analyzer.options),
        QueryCache(load_component(EMBEDDERS, embedder.name, **embedder.options)),
        partial(build_sparse, sparse),
        partial(build_dense, dense),
    )


def model_fault(cache: Path) -> str | None:
    """What is wrong with the default model below the cache folder, every byte looked at; None
    where it is sound, or not unpacked yet."""
    folder = default_model.model_folder(cache)
    if not folder.exists() or default_model.is_whole(folder, deep=True):
        return None
    return f"{folder} is damaged: delete it, and it will be unpacked again"


class Store:
    """The collections below one folder, each opened once."""

    def __init__(self, root: Path, parts: Parts) -> None:
        self._root = root
        self._parts = parts
        self._open: dict[str, Collection] = {}
        self._guard = threading.Lock()
        self._recover()

    def names(self) -> list[str]:
        """Names of the collections, in order."""
        return sorted(
            path.parent.name
            for path in self._root.glob(f"*/{CATALOG}")
            if _NAME.fullmatch(path.parent.name)
        )

    def get(self, name: str) -> Collection:
        """Raises NotFound (with the names there are), BadInput for a name that is none."""
        folder = self._folder(name)
        with self._guard:
            if name not in self._open:
                if not (folder / CATALOG).is_file():
                    known = ", ".join(self.names()) or "none yet"
                    raise NotFound(f"no collection {name!r}; there are: {known}")
                self._open[name] = Collection.open(folder, self._parts)
            return self._open[name]

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger | None]:
        """What a collection holds, whatever parts it was built with, and without loading any;
        None where there is no such collection. Raises BadInput for a name that is none."""
        path = self._folder(name) / CATALOG
        if not path.is_file():
            yield None
            return
        catalog = Catalog(path)
        try:
            yield Ledger(catalog)
        finally:
            catalog.close()

    def create(self, name: str) -> Collection:
        """Raises Conflict where it exists, BadInput for a name that is none."""
        folder = self._folder(name)
        with self._guard:
            collection = Collection.create(folder, self._parts)
            self._open[name] = collection
            return collection

    def get_or_create(self, name: str) -> Collection:
        """The collection, made if it is not there."""
        catalog = self._folder(name) / CATALOG
        if not catalog.is_file():
            try:
                return self.create(name)
            except Conflict:  # Made by someone else in between.
                if not catalog.is_file():
                    raise
        return self.get(name)

    def delete(self, name: str) -> None:
        """Removes a collection with its files. Raises NotFound, or Locked while it is written
        to."""
        folder = self._folder(name)
        if not (folder / CATALOG).is_file():
            raise NotFound(f"no collection {name!r}")
        with self._guard, writer_lock(folder):
            opened = self._open.pop(name, None)
            if opened is not None:
                opened.close()
            # The catalog goes first: without it the rest is no collection, even after a kill.
            (folder / CATALOG).unlink()
            shutil.rmtree(folder)

    @contextmanager
    def rebuilding(self, name: str) -> Iterator[tuple[Iterator[Document], Writer]]:
        """A collection built anew beside the old one: yields the old one's documents and a
        writer to the new one, which takes the old one's place when the block ends without an
        error. The old one may have been built with other parts. Raises NotFound, Locked, and
        Conflict while uploads wait for their turn: they would go with the old folder."""
        folder, aside = self._folder(name), self._root / f"{_ASIDE}{name}"
        if not (folder / CATALOG).is_file():
            raise NotFound(f"no collection {name!r}")
        with self._guard, writer_lock(folder):
            if has_open_jobs(folder / CATALOG):
                raise Conflict(
                    f"uploads to the collection {name!r} are waiting for their turn: let the "
                    "service finish them first"
                )
            shutil.rmtree(aside, ignore_errors=True)
            new = Collection.create(aside, self._parts)
            try:
                with new.writer() as writer:
                    with self.ledger(name) as old:
                        assert old is not None
                        writer.set_words(old.dictionary.words())
                    yield documents_of(folder / CATALOG), writer
                with self.ledger(name) as old:
                    assert old is not None
                    new.ledger.states.copy(old.states)
                new.settle()
            finally:
                new.close()
            opened = self._open.pop(name, None)
            if opened is not None:
                opened.close()
            retired = self._root / f"{_RETIRED}{name}"
            folder.rename(retired)
            aside.rename(folder)
        shutil.rmtree(retired)

    def _recover(self) -> None:
        """Puts back what a rebuilding that was killed between its two renames left aside, and
        clears away what one left behind."""
        for retired in self._root.glob(f"{_RETIRED}*"):
            name = retired.name.removeprefix(_RETIRED)
            if (self._root / name).exists():
                shutil.rmtree(retired, ignore_errors=True)
            else:
                retired.rename(self._root / name)

    def close(self) -> None:
        """Closes every collection that is open."""
        with self._guard:
            for collection in self._open.values():
                collection.close()
            self._open.clear()

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{name!r} cannot be the name of a collection: use letters, digits, '_', '-' and "
                "'.', 64 characters at the most, with a letter or digit first"
            )
        return self._root / name
