"""Graphs derived from facts that are written out, with the chunks that they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.contract import StoredChunk
from index.graph.contract import (
    ChunkFacts,
    Decision,
    EntityType,
    FactsChanged,
    Mention,
    Statement,
)
from index.graph.derive import Derivation
from index.graph.pipeline import GraphView
from ingest.contract import BlockKind, Chunk

ORG, PERSON, PLACE, DATE = (
    EntityType.ORGANIZATION, EntityType.PERSON, EntityType.PLACE, EntityType.DATE
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A chunk of one sentence: what it names, and what it states of these, by their places."""

    text: str
    names: Mapping[str, EntityType]
    states: Sequence[tuple[str, str, str]] = ()


COMPANIES = (
    Said(
        "马云于1999年在杭州创立了阿里巴巴。",
        {"马云": PERSON, "杭州": PLACE, "阿里巴巴": ORG},
        [("马云", "阿里巴巴", "创立")],
    ),
    Said(
        "阿里巴巴的总部位于杭州。",
        {"阿里巴巴": ORG, "杭州": PLACE},
        [("阿里巴巴", "杭州", "总部位于")],
    ),
    Said("马云住在杭州。", {"马云": PERSON, "杭州": PLACE}),
    Said(
        "Cainiao Network is the logistics arm of 阿里巴巴 <b>&amp; co</b>.",
        {"Cainiao Network": ORG, "阿里巴巴": ORG},
        [("Cainiao Network", "阿里巴巴", "logistics arm of")],
    ),
    Said(
        "Daniel Zhang led Cainiao Network.",
        {"Daniel Zhang": PERSON, "Cainiao Network": ORG},
        [("Daniel Zhang", "Cainiao Network", "led")],
    ),
    Said(
        "Cainiao Network delivers for 阿里巴巴.",
        {"Cainiao Network": ORG, "阿里巴巴": ORG},
        [("Cainiao Network", "阿里巴巴", "delivers for")],
    ),
    Said("Daniel Zhang was born in Shanghai.", {"Daniel Zhang": PERSON, "Shanghai": PLACE}),
    Said("Acme Corp is in Ghent.", {"Acme Corp": ORG, "Ghent": PLACE}),
)


def chunk_of(key: int, text: str) -> Chunk:
    """A chunk of a document of its own."""
    return Chunk(
        id=f"chunk-{key}",
        document_id=f"文档/{key}.md",
        ordinal=0,
        kind=BlockKind.PARAGRAPH,
        title="",
        heading_path=("一、概述",),
        text=text,
        span=(0, len(text)),
        pages=(key, key),
    )


def facts_of(said: Said) -> ChunkFacts:
    """The facts as they are written out."""
    places = {name: number for number, name in enumerate(said.names)}
    mentions = []
    for name, kind in said.names.items():
        start = said.text.index(name)
        mentions.append(Mention(name, kind, start, start + len(name), sentence=0))
    return ChunkFacts(
        mentions=tuple(mentions),
        statements=tuple(
            Statement(places[head], places[tail], kind, 0) for head, tail, kind in said.states
        ),
        sentences=((0, len(said.text)),),
    )


def view_of(chunks: Sequence[Said], decisions: Sequence[Decision] = ()) -> GraphView:
    """The graph of the chunks, whose keys count from 1."""
    keyed = {key: chunk_of(key, said.text) for key, said in enumerate(chunks, start=1)}
    added = {
        key: (keyed[key].document_id, (facts_of(said),)) for key, said in enumerate(chunks, start=1)
    }
    graph = Derivation().changed(FactsChanged(1, added, ())).derive(decisions)

    def stored(keys: Sequence[int]) -> dict[int, StoredChunk]:
        return {key: StoredChunk(key, keyed[key], {}) for key in keys if key in keyed}

    return GraphView(graph, stored)
