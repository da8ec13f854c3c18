"""BM25 by tantivy, over terms that an analyzer has cut beforehand.

tantivy's BM25 has k1 = 1.2 and b = 0.75, fixed. A chunk's score is the sum over the fields of
their BM25 times their weight. The generation lies in a file beside the index, written after
tantivy's own commit; a kill between the two repeats changes that repeat harmlessly.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from index.contract import (
    IDENTIFIER_MARK,
    SPARSE_FIELDS,
    AnyOf,
    Keys,
    Ranking,
    SparseChanges,
    SparseReader,
)
from ingest.contract import BadInput, cached_property

_FORMAT = 4
_GENERATION_FILE = "generation"
_META = "meta.json"
_HEAP_BYTES = 64_000_000
_SEGMENT_FILES = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_SMALL_FILTER = 2_000
"""Up to so many allowed keys the filter becomes part of the query; over it, results are taken
in growing numbers until enough of them are allowed."""

_TIES = 16
"""So many more are taken than asked for, in case that some have the score of the last."""


@dataclass(frozen=True)
class TantivyIndex:
    """`path` is a folder of its own, made if it is not there. The weights multiply the BM25 of
    the fields. Raises BadInput for other `k1` and `b`; ValueError or OSError where the folder
    holds something else or damaged: it is then to be deleted and filled again."""

    path: Path
    title_weight: float = 0.2
    headings_weight: float = 0.2
    body_weight: float = 0.5
    window_weight: float = 0.5
    identifiers_weight: float = 1.0
    k1: float = 1.2
    b: float = 0.75
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.k1, self.b) != (1.2, 0.75):
            raise BadInput("tantivy's BM25 has k1 = 1.2 and b = 0.75, fixed: leave them out")

    @cached_property
    def _folder(self) -> Path:
        """Where tantivy opens the index. It takes a lock for reading too: where the folder takes
        no writes, its files are linked to from a temporary one, and stay as they are now."""
        if not self.path.is_dir() or os.access(self.path, os.W_OK):
            return self.path
        folder = Path(self._links.name)
        # The generation first: what is newer than it is taken in again.
        for name in (_GENERATION_FILE, _META, ".managed.json"):
            shutil.copyfile(self.path / name, folder / name)
        for file in self.path.resolve().iterdir():
            if not file.name.startswith(".") and not (folder / file.name).exists():
                (folder / file.name).symlink_to(file)
        return folder

    @cached_property
    def _links(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="braid-")

    @cached_property
    def _index(self) -> Any:
        import tantivy

        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / _META).is_file():
            try:
                _verify(self._folder)
            except (AttributeError, KeyError, TypeError) as error:
                raise ValueError(f"{self.path / _META} is damaged: {error!r}") from error
        index = tantivy.Index(self._schema, path=str(self._folder), reuse=True)
        index.config_reader("manual", 0)
        whitespace = tantivy.Tokenizer.whitespace()
        index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(whitespace).build())
        return index

    @cached_property
    def _schema(self) -> Any:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("key", indexed=True, fast=True)
        for name in SPARSE_FIELDS:
            builder.add_text_field(name, tokenizer_name="terms", index_option="freq")
        return builder.build()

    @property
    def generation(self) -> int:
        try:
            found = (self._folder / _GENERATION_FILE).read_text()
        except FileNotFoundError:
            return 0
        form, _, rest = found.partition(" ")
        if form != str(_FORMAT):
            raise ValueError(f"{self.path} was written in another format")
        generation = int(rest.split()[0])
        if found != _generation_line(generation):
            raise ValueError(f"{self.path / _GENERATION_FILE} is damaged")
        _ = self._index
        return generation

    @property
    def in_memory(self) -> bool:
        return False

    def apply(self, changes: SparseChanges) -> None:
        with self._lock:
            if self._folder != self.path:  # it may be writable by now
                self.close()
            if self._folder != self.path:
                raise OSError(f"{self.path} cannot be written to")
            try:
                self._write(changes)
            except ValueError as error:  # what was opened well fails by the disk
                raise OSError(f"{self.path} cannot be written: {error}") from error
            self._record(changes.generation)

    def _write(self, changes: SparseChanges) -> None:
        import tantivy

        writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
        # What a kill left of a commit has the names that this one will take.
        writer.garbage_collect_files()
        stale = [*changes.deleted, *(entry.key for entry in changes.added)]
        if stale:
            # By query: by term, tantivy-py takes a number for a signed one and finds nothing.
            writer.delete_documents_by_query(
                tantivy.Query.term_set_query(self._schema, "key", stale)
            )
        for entry in changes.added:
            document = tantivy.Document()
            document.add_unsigned("key", entry.key)
            for name in SPARSE_FIELDS:
                document.add_text(name, " ".join(getattr(entry, name)))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def _record(self, generation: int) -> None:
        target = self.path / _GENERATION_FILE
        draft = target.with_suffix(".tmp")
        with draft.open("w") as handle:
            handle.write(_generation_line(generation))
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(target)

    def reader(self) -> SparseReader:
        with self._lock:
            self._index.reload()
            searcher = self._index.searcher()
        weights = {name: getattr(self, f"{name}_weight") for name in SPARSE_FIELDS}
        return TantivyReader(searcher, self._schema, weights)

    def close(self) -> None:
        """Tantivy holds no lock between writes; the files close with the object."""
        if "_links" in self.__dict__:
            self._links.cleanup()
        for name in ("_links", "_folder", "_index"):
            self.__dict__.pop(name, None)


def _generation_line(generation: int) -> str:
    text = f"{_FORMAT} {generation}"
    return f"{text} {zlib.crc32(text.encode()):08x}\n"


def _verify(folder: Path) -> None:
    """Raises ValueError or OSError where a file of a segment is missing or not what was
    written, which tantivy itself notices by a panic, in a search, or not at all. Each ends with
    JSON that holds the CRC-32 of the rest, the length of that JSON and a fixed number (u32,
    little-endian)."""
    for segment in json.loads((folder / _META).read_text())["segments"]:
        name = str(segment["segment_id"]).replace("-", "")
        endings = list(_SEGMENT_FILES)
        if segment["deletes"]:
            endings.append(f"{segment['deletes']['opstamp']}.del")
        for ending in endings:
            path = folder / f"{name}.{ending}"
            data = path.read_bytes()
            body = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
            footer = data[max(body, 0) : -8]
            if not footer or json.loads(footer).get("crc") != zlib.crc32(data[:body]):
                raise ValueError(f"{path} is damaged: its checksum is not the recorded one")


@dataclass(frozen=True)
class TantivyReader:
    """A searcher of one commit."""

    _searcher: Any
    _schema: Any
    _weights: dict[str, float]

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, terms: Sequence[str | AnyOf], k: int, allowed: Keys | None = None) -> Ranking:
        if not terms or k <= 0 or not len(self) or (allowed is not None and not len(allowed)):
            return Ranking.of([], [])
        query = self._query(terms)
        if allowed is None:
            return self._run(query, k)
        if len(allowed) <= _SMALL_FILTER:
            return self._run(self._restricted(query, allowed), k)
        wanted = k
        while True:
            ranking = self._run(query, wanted)
            mine = np.isin(ranking.keys, allowed, assume_unique=True)
            if mine.sum() >= k or len(ranking.keys) < wanted:
                return Ranking(ranking.keys[mine], ranking.scores[mine]).head(k)
            wanted *= 4

    def by_term(self, terms: Sequence[str | AnyOf], keys: Keys) -> None:
        """None: of 20,000 chunks, each term of 24 for 140 of them took 48 ms, a search 3."""

    def counts(self, terms: Sequence[str], allowed: Keys | None = None) -> list[int]:
        names = ["identifiers" if _is_identifier(term) else "body" for term in terms]
        queries = [self._term(name, term, 1.0) for name, term in zip(names, terms, strict=True)]
        found = [int(self._searcher.search(query, limit=1).count or 0) for query in queries]
        if allowed is None:
            return found
        return [
            int(np.isin(self._run(query, count).keys, allowed).sum()) if count else 0
            for query, count in zip(queries, found, strict=True)
        ]

    def keys(self) -> Keys:
        import tantivy

        if not len(self):
            return np.empty(0, dtype=np.int64)
        return np.sort(self._run(tantivy.Query.all_query(), len(self)).keys)

    def among(self, keys: Keys) -> SparseReader:
        """How rare a term is, is told by all chunks."""
        held = self.keys()
        return _Among(self, held[np.isin(held, keys, assume_unique=True)])

    def _query(self, terms: Sequence[str | AnyOf]) -> Any:
        from tantivy import Occur, Query

        parts = []
        for term, count in Counter(terms).items():
            for name, weight in self._weights.items():
                if weight <= 0 or _is_identifier(term) != (name == "identifiers"):
                    continue
                if isinstance(term, AnyOf):
                    query = Query.disjunction_max_query(
                        [self._wording(name, wording) for wording in term.wordings]
                    )
                    boosted = _boosted(query, weight * count * term.weight)
                    parts.append((Occur.Should, boosted))
                else:
                    parts.append((Occur.Should, self._term(name, term, weight * count)))
        return Query.boolean_query(parts)

    def _term(self, name: str, term: str, boost: float) -> Any:
        from tantivy import Query

        return _boosted(Query.term_query(self._schema, name, term, index_option="freq"), boost)

    def _wording(self, name: str, terms: Sequence[str]) -> Any:
        """Terms that share the weight of one."""
        from tantivy import Occur, Query

        share = 1.0 / len(terms)
        parts = [
            (Occur.Should, self._term(name, term, share * count))
            for term, count in Counter(terms).items()
        ]
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def _restricted(self, query: Any, allowed: Keys) -> Any:
        from tantivy import Occur, Query

        inside = Query.term_set_query(self._schema, "key", allowed.tolist())
        silent = Query.const_score_query(inside, 0.0)
        return Query.boolean_query([(Occur.Must, query), (Occur.Must, silent)])

    def _run(self, query: Any, k: int) -> Ranking:
        # Equal scores at the end are cut by tantivy as its segments lie: all are taken, and the
        # least keys of them kept.
        limit = k + _TIES
        while True:
            found = self._searcher.search(query, limit=limit, count=False).hits
            if len(found) < limit or found[-1][0] < found[k - 1][0]:
                break
            limit *= 4
        keys = self._searcher.fast_field_values("key", [address for _, address in found])
        return Ranking.of(keys, [score for score, _ in found]).head(k)


@dataclass(frozen=True)
class _Among:
    """A reader of these chunks of another."""

    _whole: SparseReader
    _keys: Keys

    def __len__(self) -> int:
        return len(self._keys)

    def search(self, terms: Sequence[str | AnyOf], k: int, allowed: Keys | None = None) -> Ranking:
        return self._whole.search(terms, k, self._of(allowed))

    def by_term(self, terms: Sequence[str | AnyOf], keys: Keys) -> None:
        """None, as of the whole."""

    def counts(self, terms: Sequence[str], allowed: Keys | None = None) -> list[int]:
        return self._whole.counts(terms, self._of(allowed))

    def keys(self) -> Keys:
        return self._keys

    def among(self, keys: Keys) -> SparseReader:
        return _Among(self._whole, self._of(keys))

    def _of(self, allowed: Keys | None) -> Keys:
        if allowed is None:
            return self._keys
        return np.intersect1d(self._keys, allowed, assume_unique=True)


def _is_identifier(term: str | AnyOf) -> bool:
    """Whether it can stand in that field, where nothing else does."""
    return isinstance(term, str) and term.startswith(IDENTIFIER_MARK)


def _boosted(query: Any, boost: float) -> Any:
    from tantivy import Query

    return query if boost == 1 else Query.boost_query(query, boost)
