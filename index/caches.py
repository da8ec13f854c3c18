"""The sparse and the dense index of a collection, kept in step with its catalog.

Whenever a collection is opened, written to, or read at an older generation, each cache takes in
what it has missed. There is no other way into a cache, so a kill in between loses nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from index.catalog import CATALOG, Catalog
from index.changes import Changes
from index.contract import (
    Analyzer,
    Damaged,
    DenseChanges,
    DenseIndex,
    Embedder,
    Locked,
    NotWritable,
    SparseChanges,
    SparseIndex,
)
from index.database import writes_are_missing
from index.dictionary import Dictionary
from index.graph.contract import Extractor
from index.lock import writer_lock
from index.passage_tokens import PassageTokens
from index.scripts import Scripts
from index.windows import Windows
from ingest.contract import Unavailable

_REPLAY_BATCH = 5_000
_LANGUAGES = "languages"
"""What the catalog's meta calls the languages that its texts are in."""


@dataclass(frozen=True)
class Parts:
    """What collections are made of: the analyzer and embedder, and how the two caches are
    built (from their folder; the dense one also from the dimension). `passage_tokens` computes
    token vectors where none are stored. Without an `extractor` there is no graph."""

    analyzer: Analyzer
    embedder: Embedder
    sparse: Callable[[Path], SparseIndex]
    dense: Callable[[Path, int], DenseIndex]
    passage_tokens: PassageTokens = field(default_factory=PassageTokens)
    extractor: Extractor | None = None


class Caches:
    """Both indexes of the collection at `path`, opened and brought up to date; one that is
    damaged, or does not match the catalog, is built anew. `analyzer` knows the collection's own
    words. Not safe to use from many threads. Raises Unavailable where neither can be had."""

    sparse: SparseIndex
    dense: DenseIndex
    scripts: Scripts
    analyzer: Analyzer

    def __init__(self, path: Path, parts: Parts, catalog: Catalog) -> None:
        self._path = path
        self._parts = parts
        self._catalog = catalog
        self._dimension = int(catalog.meta("dimension") or 0)
        self.scripts = Scripts()
        self.mended: list[str] = []  # why they were built anew
        self._refused: int | None = None  # the generation that the disk would not take
        self._dictionary = Dictionary(catalog)
        self._languages: set[str] = set()
        self._words_generation = 0
        self.analyzer = parts.analyzer
        self._open()

    @property
    def generation(self) -> int:
        """What both hold."""
        return min(self.sparse.generation, self.dense.generation)

    def settle(self) -> None:
        """Waits for what is still being written in the background."""
        self.dense.settle()

    @property
    def languages(self) -> frozenset[str]:
        """Those that texts are, or were, in, as far as they are known."""
        return frozenset((self._catalog.meta(_LANGUAGES) or "").split()) | self._languages

    def close(self) -> None:
        """Releases files and memory; what is being written in the background is given up, and
        done when the collection is next written to."""
        self.sparse.close()
        self.dense.close()

    def _open(self) -> None:
        for attempt in (1, 2, 3):
            self.sparse = self._parts.sparse(self._path / "sparse")
            self.dense = self._parts.dense(self._path / "dense", self._dimension)
            try:
                self.catch_up_as_able()
                if self._agrees():
                    return
                reason: Exception = ValueError("a cache holds other chunks than the catalog")
            except (ValueError, OSError) as error:
                reason = error
            self.close()
            # A writer may have swapped a file meanwhile: look twice before building anew.
            if attempt == 2:
                self._drop()
                self.mended.append(str(reason))
        raise Unavailable(
            f"the indexes of the collection {self._path.name!r} cannot be opened or rebuilt: "
            f"{reason}; check the disk at {self._path}"
        ) from reason

    def _agrees(self) -> bool:
        """True where each cache at the catalog's generation has as many rows as it."""
        chunks = self._catalog.counts()[1]
        generation = self._catalog.generation
        caches = ((self.sparse, self.sparse.reader), (self.dense, self.dense.reader))
        return all(
            len(reader()) == chunks for cache, reader in caches if cache.generation == generation
        )

    def _drop(self) -> None:
        with writer_lock(self._path, timeout_s=10.0):
            drop_caches(self._path)

    def catch_up_as_able(self) -> None:
        """Brings both up to date; those on disk only where no other writer is about to, and the
        disk takes them: until it does, they stay as they are."""
        self._follow_words()
        newest = self._catalog.generation
        if self.sparse.generation == newest == self.dense.generation == self.scripts.generation:
            return
        try:
            if self._refused != newest:
                with writer_lock(self._path):
                    self.catch_up(owner=True)
                return
        except (Locked, NotWritable):
            pass
        except OSError:
            self._refused = newest
        self.catch_up(owner=False)

    def catch_up(self, *, owner: bool) -> None:
        """Brings both up to date. An `owner` holds the writer's lock."""
        held = max(self.sparse.generation, self.dense.generation)
        newest = self._catalog.generation  # read last: another process may write meanwhile
        if held > newest:
            path = self._path / CATALOG
            raise Damaged(writes_are_missing(path, newest, held, "generations"))
        before = self.sparse.generation
        if before < newest and (owner or self.sparse.in_memory):
            for part in _in_batches(self._missed_by_sparse(before), before):
                self.sparse.apply(self._sparse_changes(part, owner=owner))
        changes = self._catalog.since(self.scripts.generation)
        added = list(zip(changes.added, changes.scripts, strict=True))
        self.scripts = self.scripts.changed(changes.generation, added, changes.deleted)
        self.dense.refresh()
        before = self.dense.generation
        if before < newest:
            for part in _in_batches(self._catalog.since(before), before):
                keys, vectors = self._catalog.vectors(part.added, self._dimension)
                dense = DenseChanges(part.generation, keys, vectors, part.deleted)
                self.dense.apply(dense, owner=owner)

    def _follow_words(self) -> int:
        """Has the analyzer know the collection's own words as they are now; the generation at
        which they last changed."""
        changed = self._dictionary.generation
        if changed != self._words_generation:
            self.analyzer = self._parts.analyzer.with_words(self._dictionary.words())
            self._words_generation = changed
        return changed

    def _missed_by_sparse(self, held: int) -> Changes:
        """What came after the generation held; all that there is, where words have changed
        since, because any text may hold them. Looked at again until no other process changes
        words in between."""
        while True:
            changed = self._follow_words()
            changes = self._catalog.since(-1 if held < changed else held)
            if self._dictionary.generation == changed:
                return changes

    def _sparse_changes(self, changes: Changes, *, owner: bool) -> SparseChanges:
        chunks = self._catalog.chunks(changes.added)
        wanted = sorted({stored.chunk.document_id for stored in chunks.values()})
        windows = Windows(self.analyzer, self._catalog.texts(wanted))
        entries = [windows.entry(key, stored.chunk) for key, stored in sorted(chunks.items())]
        new = windows.languages - self.languages
        if new:
            # Before the index has the texts: a query that finds them knows their languages.
            self._languages |= new
            if owner:
                self._catalog.set_meta({_LANGUAGES: " ".join(sorted(self.languages))})
        return SparseChanges(changes.generation, entries, changes.deleted)


def drop_caches(path: Path) -> None:
    """Deletes the caches of the collection at `path`: they are built anew when it is opened."""
    for name in ("sparse", "dense"):
        shutil.rmtree(path / name, ignore_errors=True)


def _in_batches(changes: Changes, before: int) -> Iterator[Changes]:
    """The same changes in pieces of bounded size; all but the last leave a cache at the
    generation `before`, so that a kill in between starts over."""
    added = list(changes.added)
    while len(added) > _REPLAY_BATCH:
        yield Changes(before, added[:_REPLAY_BATCH], [])
        added = added[_REPLAY_BATCH:]
    yield Changes(changes.generation, added, changes.deleted)
