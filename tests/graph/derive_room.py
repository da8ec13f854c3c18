"""What tests of the derivation share: chunks by rules, facts made by hand, graphs compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

from index.contract import UserWord
from index.graph.contract import (
    ALIASES,
    ChunkFacts,
    Decision,
    Entity,
    FactsChanged,
    Field,
    Graph,
    Incidence,
    Mention,
    Merge,
    Relation,
)
from index.graph.derive import Derivation
from index.graph.derived import DerivedGraph
from index.graph.names import spelled
from index.graph.pipeline import build_extractor
from ingest.contract import BlockKind, Chunk

Document = tuple[str, str]


def chunk_of(document_id: str, title: str, text: str, headings: Sequence[str] = ()) -> Chunk:
    """A document of one chunk."""
    span = (0, len(text))
    kind = BlockKind.PARAGRAPH
    return Chunk(document_id, document_id, 0, kind, title, tuple(headings), text, span)


def graph_of(documents: Mapping[str, Document], decisions: Sequence[Decision] = ()) -> DerivedGraph:
    """The graph of documents (title and text by id), by rules; the names in an alias file are words
    of the collection, as in `index.graph.extraction`."""
    words = [
        UserWord(name, tag="nz") for one in decisions if one.by == ALIASES for name in one.names
    ]
    return derivation_of(documents, words).derive(decisions, words=[word.word for word in words])


def derivation_of(documents: Mapping[str, Document], words: Sequence[UserWord] = ()) -> Derivation:
    """The facts of documents, by rules, under keys from 1."""
    extractor = build_extractor("rules")
    added = {
        key: (id, (extractor.extract(chunk_of(id, title, text), words),))
        for key, (id, (title, text)) in enumerate(documents.items(), start=1)
    }
    return derivation(added)


def derived(
    added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]], decisions: Sequence[Decision] = ()
) -> DerivedGraph:
    """The graph of facts."""
    return derivation(added).derive(decisions)


def derivation(added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]]) -> Derivation:
    """Facts as they are kept."""
    return Derivation().changed(FactsChanged(1, added, ()))


def numbers_in(graph: Graph, key: int, name: str) -> list[int]:
    """The entities of which a chunk has a mention spelled like that (but for an article in front);
    those that only its title names where its text has none."""
    place = int(np.searchsorted(graph.keys, key))
    found: dict[Field, list[int]] = {}
    for number in graph.named.row(place)[0].tolist():
        for of, mention in graph.mentions_of(number, 10**6):
            if of == key and bare(mention.name) == bare(name):
                found.setdefault(mention.field, []).append(number)
    return sorted(set(found.get(Field.TEXT, found.get(Field.TITLE, []))))


def bare(name: str) -> str:
    """A name as it is spelled, without an article in front."""
    return spelled(name).removeprefix("the ")


def _rows(matrix: Incidence, columns: Callable[[int], Hashable]) -> list[object]:
    return [
        sorted(
            (
                (columns(c), v)
                for c, v in zip(*(part.tolist() for part in matrix.row(i)), strict=True)
            ),
            key=repr,
        )
        for i in range(len(matrix))
    ]


def told(graph: Graph, chunk_ids: Mapping[int, str]) -> dict[str, object]:
    """All that a graph says, with ids of chunks in place of their keys."""
    keys = graph.keys.tolist()
    chunk = [chunk_ids[key] for key in keys]
    by_chunk = sorted(range(len(keys)), key=chunk.__getitem__)

    def relation(r: Relation) -> object:
        evidence = [(chunk_ids[e.key], e.span) for e in r.evidence]
        return r.head, r.tail, r.kind, r.weight, r.keywords, evidence, r.description

    def mention(pair: tuple[int, Mention]) -> object:
        return chunk_ids[pair[0]], pair[1]

    def merge(m: Merge) -> object:
        return m.id, m.first, m.second, m.reason, m.by, sorted(chunk_ids[k] for k in m.evidence)

    named = _rows(graph.named, lambda n: graph.ids[n])
    entities: list[Entity] = [graph.entity(n) for n in range(len(graph.ids))]
    stats = graph.stats()
    return {
        "ids": list(graph.ids),
        "entities": entities,
        "chunks": [chunk[i] for i in by_chunk],
        "named": [named[i] for i in by_chunk],
        "naming": _rows(graph.naming, chunk.__getitem__),
        "subjects": _rows(graph.subjects, chunk.__getitem__),
        "edges": _rows(graph.edges, lambda n: graph.ids[n]),
        "relations": [[relation(r) for r in graph.relations_of(n)] for n in range(len(entities))],
        "mentions": [
            sorted((mention(m) for m in graph.mentions_of(n, 10**6)), key=repr)
            for n in range(len(entities))
        ],
        "merges": [merge(m) for m in graph.merges()],
        "keywords": [tuple(graph.keywords_of(keys[i])) for i in by_chunk],
        "lookups": [graph.numbers_of(name) for e in entities for name in (e.name, *e.aliases)],
        "rows": (stats.chunks, stats.entities, stats.mentions, stats.relations, stats.statements),
    }


def same_graph(
    first: Graph, second: Graph, first_ids: Mapping[int, str], second_ids: Mapping[int, str]
) -> list[str]:
    """What two graphs differ in; nothing where they are the same but for their generation and
    the keys of chunks, whose ids are given by key."""
    one, other = told(first, first_ids), told(second, second_ids)
    return [part for part in one if one[part] != other[part]]
