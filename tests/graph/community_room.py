"""What tests of communities share: graphs of facts made by hand, with parts that are known."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from derive_room import derived

from index.graph.contract import ChunkFacts, EntityType, Field, Graph, Mention

Facts = Mapping[int, tuple[str, tuple[ChunkFacts, ...]]]


def facts_of(names: Sequence[str], title: str = "", sentences: int = 1) -> ChunkFacts:
    """A chunk that names things in so many sentences, one after the other, and has a title."""
    mentions = []
    spans = []
    start = 0
    per = -(-len(names) // sentences) if names else 1
    for sentence in range(sentences):
        begun = start
        for name in names[sentence * per : (sentence + 1) * per]:
            end = start + len(name)
            kind = EntityType.DATE if name.endswith("年") else EntityType.TERM
            mentions.append(Mention(name, kind, start, end, Field.TEXT, sentence))
            start = end + 1
        spans.append((begun, max(start, begun + 1)))
    if title:
        mentions.append(Mention(title, EntityType.WORK, 0, len(title), Field.TITLE))
    return ChunkFacts(mentions=tuple(mentions), sentences=tuple(spans))


def planted(topics: int, words: int, chunks: int, seed: int = 5, stray: float = 0.05) -> Facts:
    """Chunks of so many topics, each with words of its own, of which a few stray into others."""
    chance = random.Random(seed)
    facts = {}
    for topic in range(topics):
        for number in range(chunks):
            named = []
            for _ in range(6):
                of = chance.randrange(topics) if chance.random() < stray else topic
                named.append(word_of(of, chance.randrange(words)))
            facts[topic * chunks + number + 1] = (f"d{topic}", (facts_of(named),))
    return facts


def word_of(topic: int, number: int) -> str:
    """A name of two syllables that no other rule makes one with another."""
    syllables = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "da", "fe", "go", "hi")
    first, second = divmod(number, len(syllables))
    return f"{syllables[topic % 14]}{syllables[topic // 14]}{syllables[first]}{syllables[second]}x"


def graph_of_facts(facts: Facts) -> Graph:
    return derived(facts)
