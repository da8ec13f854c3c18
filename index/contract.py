"""What an index holds and gives: analysed terms, vectors, keys, receipts, snapshots.

A *key* is the catalog's number for a chunk: a positive 63-bit integer, never used twice in a
collection. Sparse and dense indexes know chunks by their keys only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.contract import Chunk, Conflict, Json, TokenCounter, Unavailable

Keys: TypeAlias = npt.NDArray[np.int64]
Vectors: TypeAlias = npt.NDArray[np.float32]

HAN, LATIN = "han", "latin"
"""The scripts that a text may be told to be in."""

IDENTIFIER_MARK = "\u2403"
"""Begins the terms of the field `identifiers`, and no other term."""


class Locked(Conflict):
    """Another process writes to the collection; the message names it."""


class NotWritable(Unavailable):
    """The folder of the collection, or its disk, takes no writes."""


class Damaged(Unavailable):
    """The catalog is not what was written, or lacks what it acknowledged."""


class FingerprintMismatch(Conflict):
    """The collection was built with another analyzer, embedder or chunker."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Keys and their scores, best first, equal scores by key. The arrays are not to be changed."""

    keys: Keys
    scores: npt.NDArray[np.float32]

    @staticmethod
    def of(keys: npt.ArrayLike, scores: npt.ArrayLike) -> Ranking:
        """A ranking of keys in any order: sorted by score, then by key."""
        key_array = np.asarray(keys, dtype=np.int64)
        score_array = np.asarray(scores, dtype=np.float32)
        if not len(key_array):
            return Ranking(key_array, score_array)
        order = np.lexsort((key_array, -score_array))
        return Ranking(key_array[order], score_array[order])

    def head(self, k: int) -> Ranking:
        """The first k."""
        return Ranking(self.keys[:k], self.scores[:k])

    def scores_of(self, keys: Keys) -> npt.NDArray[np.float32]:
        """The score of each of the keys (ascending, all of the ranking's among them); 0 for one
        that is not in the ranking."""
        scores = np.zeros(len(keys), dtype=np.float32)
        scores[np.searchsorted(keys, self.keys)] = self.scores
        return scores


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One notion in several wordings, each of one or more terms; a chunk has it by the wording
    that it holds best. `weight` multiplies what the notion counts."""

    wordings: tuple[tuple[str, ...], ...]
    weight: float = 1.0

    @property
    def phrases(self) -> list[str]:
        """Each wording as one string, to be shown."""
        return [" ".join(wording) for wording in self.wordings]


@dataclass(frozen=True, slots=True)
class UserWord:
    """A word of a collection's own dictionary; `frequency` (None: enough to be kept whole) and
    `tag`, which says nothing to a search, are as in jieba's."""

    word: str
    frequency: int | None = None
    tag: str = ""


class Analyzer(Protocol):
    """Turns text into index terms. Text and query share one normal form."""

    @property
    def fingerprint(self) -> str: ...

    def __hash__(self) -> int: ...

    def normal(self, text: str) -> str:
        """The form in which texts and queries are compared."""

    def terms(self, text: str, language: str = "") -> list[str]:
        """The words of a text, in order, then its identifiers (codes, numbers with units,
        versions, dates), each whole, under IDENTIFIER_MARK; with repeats. `language` is one of
        index.languages.language_of; empty where it is not known."""

    def query_terms(self, text: str, languages: Collection[str] = ()) -> list[str | AnyOf]:
        """The same of a query; a word that texts in these languages may have in other forms is
        an AnyOf."""

    def with_words(self, words: Sequence[UserWord]) -> Analyzer:
        """The same, knowing these words, too; under the same fingerprint."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Passages for storing: their unit `vectors`, shape (passages, dimension), and the `tokens`
    of each for late interaction, shape (n, dimension): unit vectors of few neighbouring tokens
    together. n is 0 where the embedder has none."""

    vectors: Vectors
    tokens: Sequence[Vectors]


@dataclass(frozen=True, slots=True)
class QueryEmbedding:
    """A query's unit `vector`, shape (dimension,), and unit vectors of its `tokens`, shape
    (n, dimension); n is 0 where the embedder has none."""

    vector: Vectors
    tokens: Vectors


class Embedder(TokenCounter, Protocol):
    """Turns text into unit vectors. Texts over the limit are cut at `max_tokens`."""

    @property
    def fingerprint(self) -> str:
        """Names the model, its dimension, prefixes, precision and how tokens are pooled."""

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), rows of length 1."""

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        """The same vectors, with those of the tokens, by one pass over the texts."""

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        """The tokens of `embed_with_tokens`, also where it gives none because none are stored."""

    def embed_query(self, text: str) -> QueryEmbedding:
        """A query's vector, and those of its tokens."""


@dataclass(frozen=True, slots=True)
class SparseEntry:
    """The analysed fields of one chunk. `body` is its text under its title and headings, and
    `window` the same with the text of the chunks before and after it: what a question asks for
    is often said across a boundary. `identifiers` are those of the body, each whole, under their
    mark."""

    key: int
    title: Sequence[str]
    headings: Sequence[str]
    body: Sequence[str]
    window: Sequence[str] = ()
    identifiers: Sequence[str] = ()


SPARSE_FIELDS = ("title", "headings", "body", "window", "identifiers")
"""The fields of a SparseEntry that are searched, in order."""


@dataclass(frozen=True, slots=True)
class SparseChanges:
    """What a sparse index has to take in to be at `generation`."""

    generation: int
    added: Sequence[SparseEntry] = ()
    deleted: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class DenseChanges:
    """What a dense index has to take in to be at `generation`: `keys` (any order) with their
    `vectors`, shape (len(keys), dimension)."""

    generation: int
    keys: Keys
    vectors: Vectors
    deleted: Sequence[int] = ()


class SparseIndex(Protocol):
    """Ranks chunks by BM25 over their terms. A cache of the catalog: it records the generation
    that it holds and may be thrown away at any time."""

    @property
    def generation(self) -> int: ...

    @property
    def in_memory(self) -> bool:
        """True where it leaves nothing on disk, so that every process fills its own; False
        where only the holder of the writer's lock may call `apply`, and others read what that
        has written."""

    def apply(self, changes: SparseChanges) -> None:
        """Delete, then add (a key that is there already is replaced), then take on the
        generation. Applying the same changes twice changes nothing."""

    def reader(self) -> SparseReader:
        """A snapshot of what was last applied; later changes do not touch it."""

    def close(self) -> None: ...


class SparseReader(Protocol):
    """An immutable view of a sparse index, safe to use from many threads."""

    def __len__(self) -> int: ...

    def search(self, terms: Sequence[str | AnyOf], k: int, allowed: Keys | None = None) -> Ranking:
        """The best k chunks that hold at least one of the terms; of `allowed` only, where it
        is given (sorted, unique). Scores are positive: the sum over the terms of their BM25 in
        each field, by the field's weight. In a field, an AnyOf counts as much as the best of
        its wordings, and a wording as the mean of its terms."""

    def by_term(self, terms: Sequence[str | AnyOf], keys: Keys) -> npt.NDArray[np.float32] | None:
        """What each of the different terms, as often as it is there, adds to the score of each of
        the keys (sorted, unique); shape (terms, keys), terms as they first appear. None where that
        would take a search for each of them."""

    def counts(self, terms: Sequence[str], allowed: Keys | None = None) -> list[int]:
        """In how many chunks each term is: in the body, or with its mark in the identifiers; of
        `allowed` only, where it is given (sorted, unique)."""

    def keys(self) -> Keys:
        """Every key held, ascending."""

    def among(self, keys: Keys) -> SparseReader:
        """A reader of those chunks alone (sorted, unique): terms are as rare as among them."""


class DenseIndex(Protocol):
    """Ranks chunks by the inner product of unit vectors. A cache of the catalog, as
    SparseIndex is."""

    @property
    def generation(self) -> int: ...

    def apply(self, changes: DenseChanges, *, owner: bool) -> None:
        """Delete, then add, then take on the generation, as in SparseIndex. Only for an `owner`
        (the holder of the writer's lock) files are written, perhaps later, by a thread; for
        anyone else memory alone changes."""

    def refresh(self) -> None:
        """Takes on what another process has written, if that is not what is held: the
        generation may then be an older one, for what came after it has to be applied again."""
        ...

    def settle(self) -> None:
        """Waits until everything that was to be written is."""
        ...

    def reader(self) -> DenseReader:
        """A snapshot of what was last applied; the same object until that changes."""
        ...

    def close(self) -> None: ...


class DenseReader(Protocol):
    """An immutable view of a dense index, safe to use from many threads."""

    def __len__(self) -> int: ...

    def search(self, vector: Vectors, k: int, allowed: Keys | None = None) -> Ranking:
        """The best k by cosine; of `allowed` only, where it is given (sorted, unique)."""

    def score(self, vector: Vectors, keys: Keys) -> npt.NDArray[np.float32]:
        """The exact cosine of each key, in the order given; nan for a key not held."""

    def keys(self) -> Keys: ...


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """What the catalog says of one document."""

    id: str
    title: str
    media_type: str
    content_hash: str
    pipeline: str
    page_count: int
    chunk_count: int
    metadata: Mapping[str, Json] = field(default_factory=dict)
    generation: int = 0


class Status(StrEnum):
    """Where a document stands. A FAILED one may be stored as it was before; an UNPACKED one is
    an archive without a text of its own, whose members are documents."""

    OK = "ok"
    FAILED = "failed"
    UNPACKED = "unpacked"


STAGES = ("load", "read", "chunk", "embed", "store")
"""What happens to a document, in order."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a document comes from: the file, and the folder that was ingested or kept in step
    with, without links (both None where it was handed in); the outermost file that it is packed
    in (empty where it is not); the metadata handed in with it."""

    path: Path | None = None
    root: Path | None = None
    container: str = ""
    given: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentState:
    """How far a document has come. `stage` is the one of STAGES in which it failed, `error` why,
    `attempts` how often in a row; empty and 0 where it is in order. `updated_at` is ISO 8601 in
    UTC."""

    document_id: str
    status: Status
    stage: str = ""
    error: str = ""
    attempts: int = 0
    updated_at: str = ""
    origin: Origin = field(default_factory=Origin)


class StoredChunk(NamedTuple):
    """A chunk with its key and the metadata of its document."""

    key: int
    chunk: Chunk
    metadata: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """What one acknowledged write did. `kept` chunks were there already and untouched;
    `embedded` counts the vectors that had to be computed."""

    document_id: str
    generation: int
    added: int
    kept: int
    removed: int
    embedded: int


@dataclass(frozen=True, slots=True)
class DeleteReceipt:
    """Rows that went from each store; `originals` are files that were kept for what is gone."""

    documents: int
    chunks: int
    vectors: int
    facts: int
    sparse: int
    dense: int
    originals: int
    generation: int


@dataclass(frozen=True, slots=True)
class CollectionStats:
    """Rows in each store, and kept files; a sound collection has as many vectors, and rows of both
    indexes, as chunks."""

    name: str
    generation: int
    documents: int
    chunks: int
    vectors: int
    facts: int
    sparse: int
    dense: int
    originals: int
    fingerprints: Mapping[str, str] = field(default_factory=dict)
