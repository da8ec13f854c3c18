"""The facts of all chunks in columns: what a graph is derived from.

Strings are numbered (`Tables`), so that a mention takes some 25 bytes. Facts of one chunk from
more than one source are put together first: what both say at the same place is said once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from index.contract import Keys
from index.graph.contract import (
    Alias,
    ChunkFacts,
    EntityType,
    Field,
    Mention,
    Statement,
)
from index.graph.interned import Interned, Names, Texts
from index.graph.sparse_rows import distinct

TYPES = tuple(EntityType)
FIELDS = tuple(Field)
_TYPE_NUMBER = {kind: number for number, kind in enumerate(TYPES)}
_FIELD_NUMBER = {place: number for number, place in enumerate(FIELDS)}
TEXT, TITLE, HEADINGS = (
    _FIELD_NUMBER[place] for place in (Field.TEXT, Field.TITLE, Field.HEADINGS)
)

STRENGTH_UNITS = 1_000_000
"""Strengths are whole numbers of this many to one, whose sums do not depend on their order."""

SPARE_NAMES = 10_000
"""Names that tables may hold for nothing, beside two for each mention."""

MENTION_COLUMNS = ("name", "type", "start", "end", "field", "sentence", "defined")
STATEMENT_COLUMNS = ("head", "tail", "kind", "sentence", "keywords", "strength", "description")
ALIAS_COLUMNS = ("first", "second", "reason")
SENTENCE_COLUMNS = ("from", "to")
_SMALL = {"type": np.int8, "field": np.int8, "defined": np.bool_}

Column = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Tables:
    """What the numbers in the columns stand for."""

    names: Names = field(default_factory=Names)
    documents: Texts = field(default_factory=Texts)
    texts: Texts = field(default_factory=Texts)
    """Kinds of statements, reasons of aliases, descriptions."""
    keywords: Interned[tuple[str, ...]] = field(default_factory=Interned)
    descriptions: Interned[tuple[tuple[str, str], ...]] = field(default_factory=Interned)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that belong to chunks: those of chunk i are from `offsets[i]` to `offsets[i + 1]`."""

    offsets: npt.NDArray[np.int64]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def __getitem__(self, column: str) -> Column:
        return self.columns[column]

    def chunks(self) -> npt.NDArray[np.int32]:
        """The chunk of each row."""
        counts = np.diff(self.offsets)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    def of(self, chunk: int) -> slice:
        """The rows of a chunk."""
        return slice(int(self.offsets[chunk]), int(self.offsets[chunk + 1]))

    def taken(self, chunks: npt.NDArray[np.int64]) -> Rows:
        """Those of the chunks, in the order given."""
        counts = np.diff(self.offsets)[chunks]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[chunks] - offsets[:-1], counts)
        return Rows(offsets, {name: column[rows] for name, column in self.columns.items()})

    def followed_by(self, other: Rows) -> Rows:
        """These and then the others."""
        offsets = np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]])
        columns: dict[str, Column] = {
            name: np.concatenate([column, other.columns[name]])
            for name, column in self.columns.items()
        }
        return Rows(offsets, columns)

    def with_columns(self, columns: Mapping[str, Column]) -> Rows:
        """The same rows with these columns in place of theirs."""
        return Rows(self.offsets, {**self.columns, **columns})

    @classmethod
    def of_chunks(cls, names: Sequence[str], chunks: Sequence[Sequence[tuple[int, ...]]]) -> Rows:
        """Rows of each chunk, each with a value for every column."""
        counts = np.array([len(rows) for rows in chunks], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        flat = [row for rows in chunks for row in rows]
        table = np.array(flat, dtype=np.int32).reshape(len(flat), len(names))
        columns: dict[str, Column] = {
            name: np.ascontiguousarray(table[:, i].astype(_SMALL.get(name, np.int32)))
            for i, name in enumerate(names)
        }
        return cls(offsets, columns)


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts of the chunks whose `keys` these are, ascending. `digests` tell chunks of one
    document apart by what they say, whatever their keys are."""

    tables: Tables
    keys: Keys
    documents: npt.NDArray[np.int32]
    digests: npt.NDArray[np.uint64]
    keywords: npt.NDArray[np.int32]
    descriptions: npt.NDArray[np.int32]
    mentions: Rows
    statements: Rows
    aliases: Rows
    sentences: Rows

    @classmethod
    def none(cls) -> Facts:
        """No chunk at all."""
        return _parsed(Tables(), {})

    def changed(
        self, added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]], gone: Sequence[int]
    ) -> Facts:
        """With the chunks added (in place of what they were) and without those gone."""
        away = np.union1d(
            np.asarray(gone, dtype=np.int64), np.fromiter(added, np.int64, len(added))
        )
        kept = np.flatnonzero(~np.isin(self.keys, away))
        new = _parsed(self.tables, added)
        keys = np.concatenate([self.keys[kept], new.keys])
        order = np.argsort(keys, kind="stable")

        def both(old: Column, more: Column) -> Column:
            found: Column = np.concatenate([old[kept], more])[order]
            return found

        def rows(old: Rows, more: Rows) -> Rows:
            all_rows = old if len(kept) == len(self.keys) else old.taken(kept)
            all_rows = all_rows.followed_by(more)
            in_order = bool((order[1:] > order[:-1]).all())
            return all_rows if in_order else all_rows.taken(order)

        return Facts(
            self.tables,
            keys[order],
            both(self.documents, new.documents),
            both(self.digests, new.digests),
            both(self.keywords, new.keywords),
            both(self.descriptions, new.descriptions),
            rows(self.mentions, new.mentions),
            rows(self.statements, new.statements),
            rows(self.aliases, new.aliases),
            rows(self.sentences, new.sentences),
        )

    def compacted(self) -> Facts:
        """The same with tables that hold nothing but what the facts hold."""
        tables = Tables()

        def renumbered(table: Interned[Any], old: Interned[Any], *columns: Column) -> list[Column]:
            held = distinct(np.concatenate(columns))
            new = np.zeros(len(old) + 1, dtype=np.int32)
            for number in held.tolist():
                new[number] = table.number(old.values[number])
            return [new[column] for column in columns]

        before, said = self.tables, self.statements
        (names,) = renumbered(tables.names, before.names, self.mentions["name"])
        (documents,) = renumbered(tables.documents, before.documents, self.documents)
        kinds, descriptions, reasons = renumbered(
            tables.texts, before.texts, said["kind"], said["description"], self.aliases["reason"]
        )
        keywords, themes = renumbered(
            tables.keywords, before.keywords, self.keywords, said["keywords"]
        )
        (told,) = renumbered(tables.descriptions, before.descriptions, self.descriptions)
        statements = {"kind": kinds, "description": descriptions, "keywords": themes}
        return replace(
            self,
            tables=tables,
            documents=documents,
            keywords=keywords,
            descriptions=told,
            mentions=self.mentions.with_columns({"name": names}),
            statements=said.with_columns(statements),
            aliases=self.aliases.with_columns({"reason": reasons}),
        )

    def mentions_at(self, rows: slice | npt.NDArray[np.int64]) -> list[Mention]:
        """Mentions as they were given."""
        names, column = self.tables.names.values, self.mentions
        parts = ("name", "type", "start", "end", "field", "sentence", "defined")
        return [
            Mention(names[name], TYPES[kind], start, end, FIELDS[field], sentence, bool(defined))
            for name, kind, start, end, field, sentence, defined in zip(
                *(column[part][rows].tolist() for part in parts), strict=True
            )
        ]

    def canonical_chunks(self) -> npt.NDArray[np.int32]:
        """The place of each chunk in an order that does not depend on keys: by document, then
        by what it says; chunks of a document that say the same are in the order of their keys."""
        document = self.tables.documents.ranks()[self.documents]
        order = np.lexsort((self.keys, self.digests, document))
        places = np.empty(len(order), dtype=np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        return places


def _parsed(tables: Tables, added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]]) -> Facts:
    keys = sorted(added)
    facts = [together(added[key][1]) for key in keys]
    return Facts(
        tables,
        np.array(keys, dtype=np.int64),
        np.array([tables.documents.number(added[key][0]) for key in keys], dtype=np.int32),
        np.array([_digest(of_chunk) for of_chunk in facts], dtype=np.uint64),
        np.array([tables.keywords.number(f.keywords) for f in facts], dtype=np.int32),
        np.array([tables.descriptions.number(f.descriptions) for f in facts], dtype=np.int32),
        Rows.of_chunks(MENTION_COLUMNS, [_mention_rows(tables, f) for f in facts]),
        Rows.of_chunks(STATEMENT_COLUMNS, [_statement_rows(tables, f) for f in facts]),
        Rows.of_chunks(ALIAS_COLUMNS, [_alias_rows(tables, f) for f in facts]),
        Rows.of_chunks(SENTENCE_COLUMNS, [f.sentences for f in facts]),
    )


def _digest(facts: ChunkFacts) -> int:
    parts = [f"{m.name}\x1f{m.start}\x1f{m.field}" for m in facts.mentions]
    parts.append(repr((facts.sentences, facts.keywords, len(facts.statements))))
    return int.from_bytes(blake2b("\x1e".join(parts).encode(), digest_size=8).digest(), "little")


def _mention_rows(tables: Tables, facts: ChunkFacts) -> list[tuple[int, ...]]:
    number = tables.names.number
    return [
        (
            number(m.name),
            _TYPE_NUMBER[m.type],
            m.start,
            m.end,
            _FIELD_NUMBER[m.field],
            m.sentence,
            m.is_defined,
        )
        for m in facts.mentions
    ]


def _statement_rows(tables: Tables, facts: ChunkFacts) -> list[tuple[int, ...]]:
    return [
        (
            s.head,
            s.tail,
            tables.texts.number(s.kind),
            s.sentence,
            tables.keywords.number(s.keywords),
            round(s.strength * STRENGTH_UNITS),
            tables.texts.number(s.description),
        )
        for s in facts.statements
    ]


def _alias_rows(tables: Tables, facts: ChunkFacts) -> list[tuple[int, ...]]:
    return [(a.first, a.second, tables.texts.number(a.reason)) for a in facts.aliases]


def together(sources: Sequence[ChunkFacts]) -> ChunkFacts:
    """The facts of one chunk from all its sources as one. Where two name the same at the same
    place, the mention is kept once: of the first type that says more than TERM or OTHER."""
    if len(sources) == 1:
        return sources[0]
    spans = sorted({span for facts in sources for span in facts.sentences})
    sentence_of = {span: number for number, span in enumerate(spans)}
    mentions: dict[tuple[Field, int, int, str], Mention] = {}
    places: dict[tuple[Field, int, int, str], int] = {}
    statements: list[Statement] = []
    aliases: list[Alias] = []
    for facts in sources:
        sentences = [sentence_of[span] for span in facts.sentences]
        moved = []
        for mention in facts.mentions:
            place = (mention.field, mention.start, mention.end, mention.name)
            moved.append(places.setdefault(place, len(places)))
            mentions[place] = _one(mentions.get(place), mention, sentences)
        for s in facts.statements:
            sentence = sentences[s.sentence] if s.sentence >= 0 else -1
            statements.append(
                Statement(
                    moved[s.head], moved[s.tail], s.kind, sentence, s.keywords, s.strength,
                    s.description,
                )
            )  # fmt: skip
        aliases.extend(Alias(moved[a.first], moved[a.second], a.reason) for a in facts.aliases)
    return ChunkFacts(
        tuple(mentions.values()),
        tuple(dict.fromkeys(statements)),
        tuple(dict.fromkeys(aliases)),
        tuple(spans),
        tuple(dict.fromkeys(word for facts in sources for word in facts.keywords)),
        tuple(dict.fromkeys(said for facts in sources for said in facts.descriptions)),
    )


def _one(known: Mention | None, mention: Mention, sentences: Sequence[int]) -> Mention:
    sentence = sentences[mention.sentence] if mention.sentence >= 0 else -1
    kind = mention.type
    if known is not None and known.type not in (EntityType.TERM, EntityType.OTHER):
        kind = known.type
    return Mention(
        mention.name,
        kind,
        mention.start,
        mention.end,
        mention.field,
        sentence,
        mention.is_defined or (known is not None and known.is_defined),
    )
