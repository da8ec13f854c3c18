"""Communities: parts of a graph that hold together, whatever order it was made in."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from community_room import Facts, facts_of, graph_of_facts, planted, word_of
from derive_room import chunk_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag, csr_matrix

from index.graph import clusters
from index.graph.clusters import Cuts, Group, clusters_of
from index.graph.communities import MAX_SIZE, communities_of
from index.graph.community_titles import title_of, unlike
from index.graph.contract import ChunkFacts, Community, FactsChanged
from index.graph.derive import Derivation
from index.graph.pipeline import build_extractor, digest_of
from ingest.contract import Chunk

EXTRACTOR = build_extractor("rules")

DOCUMENTS = {
    "warranty": (
        "Warranty Terms",
        "The warranty covers pumps and sensors. The warranty period of a pump is two years. "
        "A sensor has a warranty period of one year. Claims go to the service centre.",
        "The service centre checks each claim. A pump that ran dry is outside the warranty. "
        "Spare parts of a repaired pump keep the warranty period of the pump.",
    ),
    "leave": (
        "Leave Rules",
        "Annual leave is twenty-five days. Parental leave is nine weeks. A team leader approves "
        "annual leave and parental leave.",
        "Care leave is for sick relatives. Human Resources keeps a list of annual leave and care "
        "leave. A team leader may ask Human Resources for the list.",
    ),
    "汽蚀": (
        "汽蚀早期识别",
        "汽蚀会损坏叶轮。流量传感器可以识别汽蚀。离心泵的叶轮在汽蚀时发出爆豆声。",
        "研究部用流量传感器测量离心泵。汽蚀余量不足时，离心泵的流量下降。",
    ),
}


def chunks_of(documents: Mapping[str, tuple[str, ...]]) -> dict[int, Chunk]:
    chunks: dict[int, Chunk] = {}
    for name, (title, *texts) in documents.items():
        for text in texts:
            chunks[len(chunks) + 1] = chunk_of(name, title, text)
    return chunks


def facts_by_rules(chunks: Mapping[int, Chunk]) -> Facts:
    return {
        key: (chunk.document_id, (EXTRACTOR.extract(chunk, ()),)) for key, chunk in chunks.items()
    }


def by_level(communities: Sequence[Community]) -> list[list[Community]]:
    levels: list[list[Community]] = []
    for community in communities:
        while len(levels) <= community.level:
            levels.append([])
        levels[community.level].append(community)
    return levels


def test_parts_that_were_planted_are_found() -> None:
    topics, words, chunks = 8, 12, 30
    graph = graph_of_facts(planted(topics, words, chunks))
    top = by_level(communities_of(graph))[0]
    home = {word_of(topic, number): topic for topic in range(topics) for number in range(words)}
    right = total = 0
    for community in top:
        told = Counter(home[entity] for entity in community.entities)
        right += max(told.values())
        total += sum(told.values())
    assert total == topics * words
    assert right >= 0.95 * total
    assert len(top) == topics


def test_chunks_go_to_the_community_that_they_tell_of() -> None:
    topics, chunks = 5, 20
    graph = graph_of_facts(planted(topics, 10, chunks))
    top = by_level(communities_of(graph))[0]
    for community in top:
        told = Counter((key - 1) // chunks for key in community.keys)
        assert told.most_common(1)[0][1] >= 0.95 * len(community.keys)
    assert sorted(key for community in top for key in community.keys) == graph.keys.tolist()


def test_a_document_keeps_its_own_together_and_gives_its_title() -> None:
    graph = graph_of_facts(facts_by_rules(chunks_of(DOCUMENTS)))
    top = by_level(communities_of(graph))[0]
    assert [sorted(community.keys) for community in sorted(top, key=lambda c: min(c.keys))] == [
        [1, 2],
        [3, 4],
        [5, 6],
    ]
    titles = " / ".join(community.title for community in top)
    for title, *_ in DOCUMENTS.values():
        assert title in titles


def test_dates_and_amounts_do_not_bind() -> None:
    facts = {
        1: ("a", (facts_of([word_of(0, 0), word_of(0, 1), "2021年"]),)),
        2: ("a", (facts_of([word_of(0, 0), word_of(0, 1), "2021年"]),)),
        3: ("b", (facts_of([word_of(1, 0), word_of(1, 1), "2021年"]),)),
        4: ("b", (facts_of([word_of(1, 0), word_of(1, 1), "2021年"]),)),
    }
    graph = graph_of_facts(facts)
    communities = communities_of(graph)
    assert [sorted(one.keys) for one in communities] == [[1, 2], [3, 4]]
    assert not any("2021" in entity for one in communities for entity in one.entities)


def test_an_empty_graph_has_none() -> None:
    assert list(communities_of(graph_of_facts({}))) == []
    assert list(communities_of(graph_of_facts({1: ("a", (facts_of([]),))}))) == []


@st.composite
def small_facts(draw: st.DrawFn) -> Facts:
    count = draw(st.integers(1, 25))
    facts: dict[int, tuple[str, tuple[ChunkFacts, ...]]] = {}
    for key in range(1, count + 1):
        names = draw(st.lists(st.integers(0, 30), max_size=5))
        title = draw(st.sampled_from(["", "First Report", "Second Report"]))
        facts[key] = (
            f"d{key % 4}",
            (facts_of([word_of(n % 5, n // 5) for n in names], title, 2),),
        )
    return facts


@settings(deadline=None, max_examples=60)
@given(small_facts(), st.randoms(use_true_random=False))
def test_communities_of_any_graph_are_sound_and_the_same_in_any_order(
    facts: Facts, chance: random.Random
) -> None:
    graph = graph_of_facts(facts)
    communities = communities_of(graph)
    ids = {community.id: community for community in communities}
    assert len(ids) == len(communities)
    for level in by_level(communities):
        members = [entity for community in level for entity in community.entities]
        assert len(members) == len(set(members))
    for community in communities:
        assert community.keys and set(community.keys) <= set(graph.keys.tolist())
        assert len(set(community.keys)) == len(community.keys)
        assert set(community.entities) <= set(graph.ids)
        assert community.title
        if community.parent is not None:
            parent = ids[community.parent]
            assert parent.level == community.level - 1
            assert set(community.entities) < set(parent.entities)
    # Facts that came one after the other, in another order, and a memory of other graphs.
    keys = list(facts)
    chance.shuffle(keys)
    cuts, derivation = Cuts(), Derivation()
    for number, key in enumerate(keys):
        changes = FactsChanged(number, {key: facts[key]}, ())
        derivation = derivation.changed(changes)
        if number % 5 == 0:
            communities_of(derivation.derive(), cuts)
    assert communities_of(derivation.derive(), cuts) == communities
    # The same chunks under other keys.
    other = {100 + place: facts[key] for place, key in enumerate(keys)}
    renamed = {key: 100 + place for place, key in enumerate(keys)}
    again = communities_of(graph_of_facts(other))
    assert [_shown(one) for one in again] == [_shown(one) for one in communities]
    for one, before in zip(again, communities, strict=True):
        assert set(one.keys) == {renamed[key] for key in before.keys}


def _shown(community: Community) -> tuple[object, ...]:
    return (
        community.id,
        community.level,
        community.parent,
        community.entities,
        community.title,
        community.keywords,
        len(community.keys),
    )


def test_a_part_that_has_not_changed_is_cut_once_and_comes_out_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut: list[int] = []
    leiden = clusters._leiden

    def counted(edges: csr_matrix) -> clusters.Labels:
        cut.append(edges.shape[0])
        return leiden(edges)

    monkeypatch.setattr(clusters, "_leiden", counted)
    cuts = Cuts()
    first, second = nested(3, 4, 6), nested(5, 4, 7)
    alone = told(clusters_of(block_diag([first]).tocsr(), 7, cuts))
    once = len(cut)
    both = told(clusters_of(block_diag([first, second]).tocsr(), 7, cuts))
    assert once == 1 + 3
    assert len(cut) - once == 1 + 5  # the new part, and what it is cut into
    assert told(clusters_of(block_diag([first, second]).tocsr(), 7, Cuts())) == both
    assert told(clusters_of(block_diag([first, second]).tocsr(), 7, cuts)) == both
    assert len(cut) == 2 * (once + 1 + 5)
    assert all(group in both for group in alone)


def test_memory_is_bounded() -> None:
    cuts = Cuts(held_nodes=100)
    for number in range(50):
        cuts.put(bytes([number]), np.zeros(10, dtype=np.int32))
    assert sum(cuts.get(bytes([number])) is not None for number in range(50)) == 10
    assert cuts.get(bytes([49])) is not None


def nested(wholes: int, cliques: int, size: int) -> csr_matrix:
    """Cliques that hold loosely together in wholes, and these with each other hardly at all."""
    count = wholes * cliques * size
    place = np.arange(count)
    same = np.equal.outer(place // size, place // size)
    whole = np.equal.outer(place // (size * cliques), place // (size * cliques))
    dense = np.where(same, 1.0, np.where(whole, 0.1, 0.0002))
    dense *= np.random.default_rng(count).uniform(0.9, 1.1, dense.shape)
    dense += dense.T
    np.fill_diagonal(dense, 0.0)
    return csr_matrix(dense)


def leaves_of(groups: Sequence[Group]) -> list[Group]:
    return [leaf for one in groups for leaf in (leaves_of(one.parts) if one.parts else [one])]


def told(groups: Sequence[Group]) -> list[object]:
    return [[one.members.tolist(), told(one.parts)] for one in groups]


def test_groups_are_cut_until_they_are_small() -> None:
    groups = clusters_of(nested(4, 6, 7), max_size=8, cuts=Cuts())
    assert [len(group.members) for group in groups] == [42] * 4
    leaves = leaves_of(groups)
    assert [len(leaf.members) for leaf in leaves] == [7] * 24
    together = np.sort(np.concatenate([leaf.members for leaf in leaves]))
    assert together.tolist() == list(range(4 * 6 * 7))
    assert all(len(set((leaf.members // 7).tolist())) == 1 for leaf in leaves)


def test_large_communities_have_parts() -> None:
    graph = graph_of_facts(planted(12, 40, 40, stray=0.3))
    communities = communities_of(graph)
    parents = {community.parent for community in communities}
    for community in communities:
        assert len(community.entities) <= MAX_SIZE or community.id in parents


def test_titles_say_a_thing_once() -> None:
    assert title_of(["Annual Report"], ["report", "Net profit", "net-profit", "revenue"]) == (
        "Annual Report · Net profit · revenue"
    )
    assert unlike(["AV-200", "av 200", "泵", "离心泵"], 5) == ["AV-200", "泵"]
    assert len(title_of(["x" * 300, "y" * 300], [])) <= 90


def test_a_summary_quotes_its_chunks() -> None:
    chunks = chunks_of(DOCUMENTS)
    graph = graph_of_facts(facts_by_rules(chunks))
    for community in by_level(communities_of(graph))[0]:
        digest = digest_of(graph, community, lambda keys: {key: chunks[key] for key in keys})
        assert 1 <= len(digest.quotes) <= 3
        for quote in digest.quotes:
            start, end = quote.span
            assert quote.key in community.keys
            assert chunks[quote.key].text[start:end] == quote.text
        assert all(quote.text in digest.community.summary for quote in digest.quotes)
        assert len({quote.text for quote in digest.quotes}) == len(digest.quotes)
        assert digest.community.title.startswith(chunks[community.keys[0]].title)


def test_a_summary_passes_over_what_is_no_sentence() -> None:
    text = (
        "| Pump | Warranty |\n| --- | --- |\n| AV-200 | pump warranty |\n\n"
        "GRANT warranty_pump TO pump_owner;\n\n- The warranty of a pump is given in writing.\n"
    )
    chunks = chunks_of({**DOCUMENTS, "warranty": ("Warranty Terms", text, text)})
    graph = graph_of_facts(facts_by_rules(chunks))
    (community,) = [one for one in communities_of(graph) if 1 in one.keys and one.level == 0]
    digest = digest_of(graph, community, lambda keys: {key: chunks[key] for key in keys})
    assert [quote.text for quote in digest.quotes] == [
        "The warranty of a pump is given in writing."
    ]


def test_a_chunk_that_is_gone_meanwhile_is_left_out() -> None:
    chunks = chunks_of(DOCUMENTS)
    graph = graph_of_facts(facts_by_rules(chunks))
    community = communities_of(graph)[0]
    digest = digest_of(graph, community, lambda keys: {})
    assert digest.quotes == ()
    assert digest.community.title == community.title
