"""Collections by name, and the parts they are made of."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from index import default_model
from index.backup import Manifest, Restored, back_up, name_in, unpack
from index.caches import Parts
from index.catalog import Catalog
from index.collection import CATALOG, Collection, Snapshot
from index.compiled_encoder import has_native_bfloat16
from index.components import ANALYZERS, DENSE, EMBEDDERS, SPARSE
from index.contract import Analyzer, DenseIndex, FingerprintMismatch, SparseEntry, SparseIndex
from index.document_filter import DocumentFilter
from index.export import ExportManifest, Progress, export, quiet
from index.feedback import LEAST_RATING, MOST_RATING, Feedback, qrels_of
from index.function_words import function_terms, function_words
from index.graph.extraction import Extraction
from index.graph.pipeline import build_extractor
from index.identifiers import identifiers
from index.importing import Imported, import_into, opened_export
from index.jobs import Job, JobDocument, Jobs, JobState
from index.languages import language_of
from index.lock import writer_lock
from index.moments import utc_now
from index.place import Replaced
from index.query_cache import QueryCache
from index.rebuild import Rebuild, rebuilt
from index.soundness import catalog_faults
from index.stand_in import StandIn
from index.states import Ledger, States
from index.swap import put_in_place, recover, workshop
from index.synonyms import MAX_RULES, SynonymRule, SynonymRules, parse_synonyms, synonym_line
from index.tagging import MAX_TAGS, access_tags, may_see, tags_of, with_tags
from index.tuning import Tuning
from index.user_words import MAX_WORDS, line_of, parse_words
from index.view import View
from index.windows import Windows
from index.words import BIGRAM_MARK, is_han, normalize
from index.words import script as script_of
from index.writer import Writer
from ingest.contract import BadInput, BraidError, Chunk, Conflict, NotFound, load_component

__all__ = [
    "BIGRAM_MARK",
    "LEAST_RATING",
    "MAX_RULES",
    "MAX_TAGS",
    "MAX_WORDS",
    "MOST_RATING",
    "Choice",
    "Collection",
    "DocumentFilter",
    "Feedback",
    "Job",
    "JobDocument",
    "JobState",
    "Jobs",
    "Ledger",
    "Parts",
    "QueryCache",
    "Replaced",
    "Snapshot",
    "StandIn",
    "States",
    "Store",
    "SynonymRule",
    "SynonymRules",
    "Tuning",
    "View",
    "Writer",
    "access_tags",
    "build_dense",
    "build_parts",
    "build_sparse",
    "function_terms",
    "function_words",
    "has_native_bfloat16",
    "identifiers",
    "is_han",
    "language_of",
    "line_of",
    "may_see",
    "model_fault",
    "normalize",
    "parse_synonyms",
    "parse_words",
    "qrels_of",
    "script_of",
    "sparse_entries",
    "synonym_line",
    "tags_of",
    "utc_now",
    "with_tags",
]

_REBUILT, _ARRIVING = ".new-", ".in-"
"""Before the names of folders aside: of a collection that is built anew, and of one that comes out
of a file."""
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


def build_parts(
    analyzer: Choice,
    embedder: Choice,
    sparse: Choice,
    dense: Choice,
    extractor: Choice | None = None,
) -> Parts:
    """Parts out of the room's tables. Raises BadInput for unknown names and options."""
    return Parts(
        load_component(ANALYZERS, analyzer.name, **analyzer.options),
        QueryCache(load_component(EMBEDDERS, embedder.name, **embedder.options)),
        partial(build_sparse, sparse),
        partial(build_dense, dense),
        extractor=None
        if extractor is None
        else build_extractor(extractor.name, **extractor.options),
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
        recover(root)

    def names(self) -> list[str]:
        """Names of the collections, in order."""
        return sorted(
            path.parent.name
            for path in self._root.glob(f"*/{CATALOG}")
            if _NAME.fullmatch(path.parent.name)
        )

    def get(self, name: str) -> Collection:
        """The collection that lies under the name now: one that another process has replaced
        since is opened anew, while those who have the old one read it to the end. Raises
        NotFound (with the names there are), BadInput for a name that is none."""
        with self._guard:
            opened = self._open.get(name)
            if opened is None or not opened.is_in_place:
                self._open.pop(name, None)
                self._open[name] = Collection.open(self._existing(name), self._parts)
            return self._open[name]

    @contextmanager
    def ledger(self, name: str) -> Iterator[Ledger | None]:
        """What a collection holds, whatever parts it was built with, and without loading any;
        None where there is no such collection. Raises BadInput for a name that is none."""
        path = self._folder(name) / CATALOG
        if not path.is_file():
            yield None
            return
        with closing(Catalog(path)) as catalog:
            yield Ledger(catalog)

    @contextmanager
    def lending(self) -> Iterator[Sequence[Catalog]]:
        """The catalogs whose vectors are of the embedder of these parts, for another store to take
        vectors from. One that cannot be read lends nothing."""
        lent = []
        with ExitStack() as held:
            for name in self.names():
                with suppress(BraidError):
                    catalog = held.enter_context(closing(Catalog(self._folder(name) / CATALOG)))
                    if catalog.meta("embedder") == self._parts.embedder.fingerprint:
                        lent.append(catalog)
            yield lent

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
        folder = self._existing(name)
        with self._guard, writer_lock(folder):
            self._open.pop(name, None)  # those who have it open read it to the end
            # The catalog goes first: without it the rest is no collection, even after a kill.
            (folder / CATALOG).unlink()
            shutil.rmtree(folder)
        shutil.rmtree(self._root / f"{_REBUILT}{name}", ignore_errors=True)

    @contextmanager
    def rebuilding(self, name: str, pipeline: str) -> Iterator[Rebuild]:
        """A collection built anew beside the old one, which is read and written to meanwhile, as
        `index.rebuild.rebuilt` says. The old one may have been built with other parts. Raises
        NotFound, and Locked while another process builds it anew."""
        folder = self._existing(name)
        with (
            workshop(self._root / f"{_REBUILT}{name}", name) as aside,
            rebuilt(folder, aside, self._parts, pipeline) as rebuild,
        ):
            yield rebuild
        self._forget(name)

    def _forget(self, name: str) -> None:
        """The collection has been replaced; those who have the old one open read it to the end."""
        with self._guard:
            self._open.pop(name, None)

    def backup(self, name: str, target: Path, *, braid: str, force: bool = False) -> Manifest:
        """A collection as one file, as `index.backup.back_up` says, whatever parts it was built
        with. Raises NotFound too."""
        return back_up(self._existing(name), target, braid=braid, force=force)

    def restore(self, file: Path, name: str | None = None, *, force: bool = False) -> Restored:
        """Makes a collection of a backup, under the name it had or another; one that has the
        name already goes (with `force`) once the new one was found sound. Raises NotFound where
        there is no file, BadInput that names what is wrong with it, Conflict where the name is
        taken, Locked while the old one is written to."""
        if not file.is_file():
            raise NotFound(f"there is no file {file}")
        wanted = name or name_in(file)
        with self._arriving(wanted, force) as aside:
            manifest = unpack(file, aside)
            is_searchable = self._prove(aside, file)
        return Restored(wanted, manifest, is_searchable)

    def export(
        self,
        name: str,
        target: Path,
        *,
        braid: str,
        vectors: bool = True,
        force: bool = False,
        progress: Progress = quiet,
    ) -> ExportManifest:
        """A collection in files for people and other tools, as `index.export.export` says, whatever
        parts it was built with. Raises NotFound too."""
        folder = self._existing(name)
        return export(folder, target, braid=braid, vectors=vectors, force=force, progress=progress)

    def import_from(
        self, path: Path, name: str, *, force: bool = False, progress: Progress = quiet
    ) -> Imported:
        """Makes a collection of an export; one that has the name already goes (with `force`) once
        the new one is whole. Raises as `restore`; nothing is imported by halves."""
        with opened_export(path) as source, self._arriving(name, force) as aside:
            Collection.create(aside, self._parts).close()
            with closing(Catalog(aside / CATALOG)) as catalog:
                embedded = import_into(catalog, source, self._parts.embedder, progress)
                if self._parts.extractor is not None:
                    for _ in Extraction(catalog, self._parts.extractor).catch_up():
                        pass
            self._prove(aside, path)
        return Imported(name, source.manifest, embedded)

    def _prove(self, aside: Path, file: Path) -> bool:
        """Opens a collection that is to be put in place, so that its indexes are built; False
        where that takes other settings than the present ones. Raises BadInput where it is not
        sound."""
        try:
            collection = Collection.open(aside, self._parts)
        except FingerprintMismatch:
            with closing(Catalog(aside / CATALOG)) as catalog:
                faults = catalog_faults(catalog)
            is_searchable = False
        else:
            with closing(collection):
                faults = collection.check()
                collection.settle()
            is_searchable = True
        if faults:
            raise BadInput(f"what {file} holds is not sound: {'; '.join(faults)}")
        return is_searchable

    @contextmanager
    def _arriving(self, name: str, force: bool) -> Iterator[Path]:
        """An empty folder aside; it takes the collection's place when the block ends without an
        error. Raises Conflict where there is one and no `force`."""
        folder = self._folder(name)
        with ExitStack() as held:
            if folder.is_dir():
                held.enter_context(writer_lock(folder))
            self._check_free(folder, force)
            aside = held.enter_context(workshop(self._root / f"{_ARRIVING}{name}", name))
            shutil.rmtree(aside, ignore_errors=True)  # what a kill left
            try:
                aside.mkdir()
                yield aside
                self._check_free(folder, force)
                put_in_place(aside, folder)
                self._forget(name)
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    @staticmethod
    def _check_free(folder: Path, force: bool) -> None:
        if (folder / CATALOG).is_file() and not force:
            raise Conflict(
                f"there is a collection {folder.name!r} already: choose another name, or replace "
                "it with --force"
            )

    def _existing(self, name: str) -> Path:
        folder = self._folder(name)
        if not (folder / CATALOG).is_file():
            known = ", ".join(self.names()) or "none yet"
            raise NotFound(f"no collection {name!r}; there are: {known}")
        return folder

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
