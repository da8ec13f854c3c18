"""A graph follows every change: it is what the facts that are left give, whatever came before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from derive_room import derived, same_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from index.graph.contract import (
    Alias,
    ChunkFacts,
    EntityType,
    FactsChanged,
    Field,
    Mention,
    Statement,
)
from index.graph.derive import Derivation

NAMES = (
    "Ada Byron", "ADA BYRON", "Byron", "Apple Inc.", "Apple", "World Health Organization", "WHO",
    "世界卫生组织", "世界衛生組織", "华夏娱乐有限公司", "华夏娱乐", "RAG", "retrieval-augmented generation",
    "Recombination Activating Gene", "graph", "3 May 2019", "The Zone (2017 film)",
    "The Zone (1995 film)",
)  # fmt: skip
REASONS = ("acronym", "parentheses", "also known as")


@st.composite
def chunk_facts(draw: st.DrawFn) -> ChunkFacts:
    """Facts of a chunk of one to three sentences, of few names, so that they meet often."""
    sentences = draw(st.integers(1, 3))
    mentions = []
    for place in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(NAMES))
        field = draw(st.sampled_from((Field.TEXT, Field.TEXT, Field.TITLE, Field.HEADINGS)))
        sentence = draw(st.integers(0, sentences - 1)) if field == Field.TEXT else -1
        kind = draw(st.sampled_from((EntityType.TERM, EntityType.PERSON, EntityType.ORGANIZATION)))
        start = 40 * place
        defined = draw(st.booleans())
        mentions.append(Mention(name, kind, start, start + 5, field, sentence, defined))
    index = st.integers(0, len(mentions) - 1)
    statements = draw(
        st.lists(
            st.builds(
                Statement,
                index,
                index,
                st.sampled_from(("founded", "is a")),
                st.integers(0, sentences - 1),
                st.just(("theme",)),
                st.sampled_from((0.3, 0.7, 1.0)),
            ),
            max_size=2,
        )
    )
    aliases = draw(st.lists(st.builds(Alias, index, index, st.sampled_from(REASONS)), max_size=2))
    spans = tuple((40 * i, 40 * i + 39) for i in range(sentences))
    return ChunkFacts(
        tuple(mentions),
        tuple(statements),
        tuple(aliases),
        spans,
        draw(st.sampled_from(((), ("a",)))),
    )


ChunkId = tuple[int, int]


Step = tuple[int, int, ChunkFacts | None]
step = st.tuples(st.integers(0, 3), st.integers(0, 2), st.none() | chunk_facts())
"""A document, the place of its chunk, and what it now says: None where it goes."""


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(step, min_size=1, max_size=4), min_size=1, max_size=6))
def test_a_history_ends_in_the_graph_built_afresh(history: list[list[Step]]) -> None:
    derivation, next_key = Derivation(), 1
    key_of: dict[ChunkId, int] = {}
    facts_of: dict[ChunkId, ChunkFacts] = {}
    for generation, changes in enumerate(history, start=1):
        added: dict[int, tuple[str, tuple[ChunkFacts, ...]]] = {}
        gone: set[int] = set()
        for document, place, facts in changes:
            chunk = document, place
            if chunk in key_of:
                gone.add(key_of.pop(chunk))
                facts_of.pop(chunk)
            if facts is not None:
                # No two chunks of a document have the very same text.
                spans = (*facts.sentences, (200, 210 + place))
                key_of[chunk], facts_of[chunk] = next_key, replace(facts, sentences=spans)
                next_key += 1
        held = set(key_of.values())
        for chunk, key in key_of.items():
            if key >= next_key - len(changes):
                added[key] = (f"document {chunk[0]}", (facts_of[chunk],))
        derivation = derivation.changed(FactsChanged(generation, added, sorted(gone - held)))
    # The same facts in another order, under other keys.
    chunks = sorted(facts_of, reverse=True)
    fresh = derived(
        {
            7 * key: (f"document {chunk[0]}", (facts_of[chunk],))
            for key, chunk in enumerate(chunks, start=1)
        }
    )
    ids = {key: f"{chunk}" for chunk, key in key_of.items()}
    fresh_ids = {7 * key: f"{chunk}" for key, chunk in enumerate(chunks, start=1)}
    assert same_graph(derivation.derive(), fresh, ids, fresh_ids) == []
    smaller = derivation.facts.compacted()
    assert len(smaller.tables.names) == len(np.unique(derivation.facts.mentions["name"]))
    compacted = replace(derivation, facts=smaller)
    assert same_graph(compacted.derive(), fresh, ids, fresh_ids) == []


def test_nothing_is_left_where_all_is_deleted() -> None:
    facts = ChunkFacts(
        (Mention("Ada Byron", EntityType.PERSON, 0, 9, sentence=0),
         Mention("Paris", EntityType.PLACE, 13, 18, sentence=0)),
        (Statement(0, 1, "lived in", 0),), (), ((0, 19),), ("towns",),
    )  # fmt: skip
    added: Mapping[int, tuple[str, tuple[ChunkFacts, ...]]] = {1: ("a", (facts,))}
    full = Derivation().changed(FactsChanged(1, added, ()))
    assert len(full.derive().ids) == 2
    empty = full.changed(FactsChanged(2, {}, [1])).derive()
    stats = empty.stats()
    rows = (stats.chunks, stats.entities, stats.mentions, stats.relations, stats.statements)
    assert (*rows, stats.merges, stats.communities) == (0, 0, 0, 0, 0, 0, 0)
    assert empty.numbers_of("Ada Byron") == ()
    assert list(empty.names_in("Ada Byron in Paris")) == []
    assert not len(empty.edges.columns) and not np.any(empty.named.offsets)
