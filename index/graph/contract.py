"""What the entity graph of a collection is made of, and what it gives.

Extraction gives the *facts* of one chunk: mentions, statements and aliases, each with its place.
They are stored with the chunk and go with it. The *graph* is what follows from the facts of all
chunks and from what people decided (merges, splits): the same facts and decisions, in whatever
order they came, give the same graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.contract import Keys, UserWord
from ingest.contract import Chunk


class EntityType(StrEnum):
    """What an entity is; TERM where it is a notion of the field, OTHER where it cannot be told."""

    PERSON = "person"
    ORGANIZATION = "organization"
    PLACE = "place"
    WORK = "work"
    EVENT = "event"
    TERM = "term"
    DATE = "date"
    AMOUNT = "amount"
    IDENTIFIER = "identifier"
    SECTION = "section"
    OTHER = "other"


class Field(StrEnum):
    """Where in a chunk a mention stands; its span counts in the text of that field (headings: in
    the path joined by line feeds)."""

    TEXT = "text"
    TITLE = "title"
    HEADINGS = "headings"


RULES, MODEL = "rules", "model"
"""Sources of facts: extraction by rules, and by a language model."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named in a chunk: its `name` as it is written there, and where: characters from
    `start` to `end` of the field. `sentence` is the index of the sentence in ChunkFacts.sentences,
    -1 outside the text. `is_defined` says that the sentence says what it is ("X is a …"), or that
    the title is its name, not a sentence that names it."""

    name: str
    type: EntityType
    start: int
    end: int
    field: Field = Field.TEXT
    sentence: int = -1
    is_defined: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sentence says of two things: indexes into ChunkFacts.mentions, a short `kind` in the
    words of the text ("founded", "CEO of", "refers to", "创始人"), theme keywords, and its strength
    (0 to 1). `description` is a model's, empty else."""

    head: int
    tail: int
    kind: str
    sentence: int
    keywords: tuple[str, ...] = ()
    strength: float = 1.0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Alias:
    """Two mentions of one thing, by the text's own word: `reason` is "acronym", "parentheses",
    "defined", "also known as" or "translation"."""

    first: int
    second: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """What one chunk says. `sentences` are spans in its text, in order; `keywords` the themes of
    the chunk as a whole, best first; `descriptions` what a model says of things, by name."""

    mentions: tuple[Mention, ...] = ()
    statements: tuple[Statement, ...] = ()
    aliases: tuple[Alias, ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    keywords: tuple[str, ...] = ()
    descriptions: tuple[tuple[str, str], ...] = ()


class Extractor(Protocol):
    """Finds the facts of a chunk: of the same chunk and words always the same."""

    @property
    def fingerprint(self) -> str:
        """Names the extractor and every option that changes its output."""
        ...

    def extract(self, chunk: Chunk, words: Sequence[UserWord]) -> ChunkFacts:
        """What the chunk says; `words` are those of the collection's own dictionary."""
        ...


USER, ALIASES = "user", "aliases"
"""Who decides: people, one by one, and the alias file of the collection."""


class DecisionKind(StrEnum):
    """MERGE: the names are one thing. SEPARATE: they are not, whatever rules say. SPLIT: the
    mentions of a name in the documents given are another thing than the rest."""

    MERGE = "merge"
    SEPARATE = "separate"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Decision:
    """What someone decided of names, by their number in the order in which they came. `by` is
    "user" or "aliases" (the collection's alias file); `documents` are for a SPLIT. Taken back by
    deleting it, which leaves the graph as if it had never been."""

    number: int
    kind: DecisionKind
    names: tuple[str, ...]
    documents: tuple[str, ...] = ()
    by: str = USER
    note: str = ""
    decided_at: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Two names that the graph takes for one entity, why, and by whom ("rules", "aliases",
    "user"). `evidence` are keys of chunks that say so. `id` names it for taking it back."""

    id: str
    first: str
    second: str
    reason: str
    by: str
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """A node. `id` is the normal form of its commonest name, with "#2" behind it where another
    entity has the same; `aliases` its other names, `chunks` in how many it is named, `authority`
    its PageRank times the number of entities (1 is usual)."""

    id: str
    name: str
    type: EntityType
    aliases: tuple[str, ...]
    chunks: int
    mentions: int
    authority: float = 1.0
    description: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a relation is said: the chunk's key and the span of the sentence in its text."""

    key: int
    span: tuple[int, int]


TOGETHER = "together"
"""The kind of a relation that no sentence states."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that is told for others: the key of its chunk, its span in the chunk's text, and
    its words."""

    key: int
    span: tuple[int, int]
    text: str


@dataclass(frozen=True, slots=True)
class Relation:
    """An edge between entities, by their ids: said by statements (`kind` in their words), or by
    standing together more often than chance has it (`kind` is TOGETHER). `weight` is over 0."""

    head: str
    tail: str
    kind: str
    weight: float
    keywords: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Community:
    """Entities that belong together. `level` 0 is the coarsest, and `parent` the community of the
    level above that it is part of. `keys` are chunks that tell of it, the most telling first."""

    id: str
    level: int
    parent: str | None
    entities: tuple[str, ...]
    title: str
    keywords: tuple[str, ...] = ()
    summary: str = ""
    keys: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphStats:
    """Rows of a graph. `chunks` have facts, `pending` have none yet."""

    generation: int
    chunks: int
    pending: int
    entities: int
    mentions: int
    relations: int
    statements: int
    merges: int
    decisions: int
    communities: int


@dataclass(frozen=True, eq=False)
class Incidence:
    """A sparse matrix by rows: row i has `columns[offsets[i]:offsets[i + 1]]`, ascending, with
    their `values`."""

    offsets: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, i: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Columns and values of a row."""
        low, high = self.offsets[i], self.offsets[i + 1]
        return self.columns[low:high], self.values[low:high]


class Graph(Protocol):
    """An immutable view of the graph of one generation, safe to use from many threads. Entities
    are numbered in the order of their ids, chunks in the order of their keys."""

    @property
    def generation(self) -> int: ...

    @property
    def keys(self) -> Keys:
        """The chunks that have facts, ascending."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """The ids of the entities, ascending."""
        ...

    @property
    def named(self) -> Incidence:
        """Chunks by entities: how often each names it, wherever in it."""
        ...

    @property
    def naming(self) -> Incidence:
        """Entities by chunks: the same, turned."""
        ...

    @property
    def subjects(self) -> Incidence:
        """Entities by chunks: those that are about the entity (their title or a heading names
        it: 1; their text says what it is: less)."""
        ...

    @property
    def edges(self) -> Incidence:
        """Entities by entities, both ways: the weight of their relations."""
        ...

    def entity(self, number: int) -> Entity: ...

    def type_of(self, number: int) -> EntityType: ...

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """The entities that have this name or alias, as people write it, the commonest first."""
        ...

    def names_in(self, text: str) -> Sequence[tuple[int, int, tuple[int, ...]]]:
        """The names of entities that stand in a text, longest first where they overlap: start,
        end and the entities of that name."""
        ...

    def relations_of(self, number: int) -> Sequence[Relation]:
        """Those that the entity is the head or tail of, heaviest first, with their evidence."""
        ...

    def relations_between(self, first: int, second: int) -> Sequence[Relation]: ...

    def mentions_of(self, number: int, limit: int = 100) -> Sequence[tuple[int, Mention]]:
        """Keys of chunks with the mention in each, by key."""
        ...

    def mentions_in(self, key: int) -> Sequence[tuple[int, Mention]]:
        """The entities that a chunk names, each with its mention, as they were found; none for a
        chunk that has no facts."""
        ...

    def merges(self) -> Sequence[Merge]:
        """Every pair of names that was taken for one, by id."""
        ...

    def keywords_of(self, key: int) -> Sequence[str]:
        """Theme keywords of a chunk, best first."""
        ...

    def communities(self) -> Sequence[Community]:
        """All levels, coarsest first; worked out when first asked for."""
        ...

    def stats(self) -> GraphStats: ...


@dataclass(frozen=True, slots=True)
class FactsChanged:
    """What the facts of a collection have become since they were last looked at: those of each
    chunk that is new or changed, with its document and its sources, and the keys that are gone."""

    generation: int
    added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]]
    gone: Sequence[int]
