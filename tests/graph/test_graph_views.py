"""Entities by name, networks for networkx, paths and neighbourhoods, over derived graphs."""

from __future__ import annotations

from itertools import combinations, pairwise

import networkx as nx
import pytest
from looking_room import COMPANIES, ORG, PERSON, PLACE, Said, view_of

from index.graph.contract import TOGETHER, Decision, DecisionKind, EntityType
from index.graph.finding import AmbiguousName, entities_like, entity_number, reference_of
from index.graph.networks import network, relation_network
from index.graph.pipeline import GraphView, Nearness, alias_line, parse_aliases
from ingest.contract import BadInput, NotFound


@pytest.fixture(scope="module")
def view() -> GraphView:
    return view_of(COMPANIES)


def test_the_network_has_what_the_graph_has(view: GraphView) -> None:
    graph = view.graph
    made = network(graph)
    assert list(made.nodes) == list(graph.ids)
    assert made.number_of_edges() == len(graph.edges.columns) // 2 == graph.stats().relations
    for number, own in enumerate(graph.ids):
        columns, weights = graph.edges.row(number)
        there = {graph.ids[c]: w for c, w in zip(columns.tolist(), weights.tolist(), strict=True)}
        assert {other: data["weight"] for other, data in made[own].items()} == there
    assert made.nodes["阿里巴巴"]["type"] == "organization"
    assert "nobody" not in made
    assert {"logistics arm of", "delivers for"} <= {
        relation.kind for relation in graph.relations_of(entity_number(graph, "Cainiao Network"))
    }
    with pytest.raises(nx.NetworkXError, match="Frozen"):
        made.add_node("nobody")


def test_the_network_with_chunks_ties_each_to_what_it_names(view: GraphView) -> None:
    made = network(view.graph, with_chunks=True)
    keys = view.graph.keys.tolist()
    assert made.number_of_nodes() == len(view.graph.ids) + len(keys)
    assert len(keys) == len(COMPANIES)
    assert set(made[1]) == {"马云", "杭州", "阿里巴巴"}
    tied = [(a, b) for a, b in made.edges if isinstance(a, int) != isinstance(b, int)]
    assert len(tied) == len(view.graph.named.columns)
    assert made.nodes[1] == {"node": "chunk"}


def test_every_relation_is_an_edge_from_its_head_to_its_tail(view: GraphView) -> None:
    made = relation_network(view.graph, lambda n: {}, lambda r: {"kind": r.kind})
    stated = {(head, tail, data["kind"]) for head, tail, data in made.edges(data=True)}
    assert {("马云", "阿里巴巴", "创立"), ("阿里巴巴", "杭州", "总部位于")} <= stated
    assert ("阿里巴巴", "马云", "创立") not in stated
    keys = [key for _, _, key in made.edges(keys=True)]
    assert len(set(keys)) == len(keys)
    copy: nx.MultiDiGraph[str] = nx.MultiDiGraph(made.edges(keys=True))
    assert {node: sorted(made.predecessors(node)) for node in copy} == {
        node: sorted(copy.predecessors(node)) for node in copy
    }


def test_a_path_says_which_sentences_it_rests_on(view: GraphView) -> None:
    ends = view.number("Daniel Zhang"), view.number("杭州")
    best = view.paths(*ends)[0]
    names = [entity.name for entity in best.entities]
    assert names == ["Daniel Zhang", "Cainiao Network", "阿里巴巴", "杭州"]
    kinds = [{link.relation.kind for link in step} for step in best.steps]
    assert kinds == [{"led"}, {"logistics arm of", "delivers for"}, {"总部位于"}]
    cited = best.steps[0][0].quotes[0]
    assert cited.sentence == "Daniel Zhang led Cainiao Network."
    assert cited.chunk.document_id == "文档/5.md"
    for path in view.paths(*ends, limit=10):
        ids = [entity.id for entity in path.entities]
        assert len(set(ids)) == len(ids)
        assert len(path.steps) == len(ids) - 1
        assert path.weight == min(view.network[a][b]["weight"] for a, b in pairwise(ids))


def test_paths_by_hops_and_by_weight_are_those_of_networkx(view: GraphView) -> None:
    copy: nx.Graph[str] = nx.Graph(view.network.edges(data=True))
    for a, b in combinations(range(len(view.graph.ids)), 2):
        first, second = view.graph.ids[a], view.graph.ids[b]
        short, heavy = view.paths(a, b, limit=1), view.paths(a, b, Nearness.WEIGHT, limit=1)
        assert bool(short) == bool(heavy) == nx.has_path(copy, first, second)
        if not short:
            continue
        assert len(short[0].steps) == nx.shortest_path_length(copy, first, second)
        cost = nx.shortest_path_length(
            copy, first, second, weight=lambda _a, _b, edge: 1 / edge["weight"]
        )
        ids = [entity.id for entity in heavy[0].entities]
        assert sum(1 / copy[x][y]["weight"] for x, y in pairwise(ids)) == pytest.approx(cost)


def test_what_nothing_connects_has_no_path(view: GraphView) -> None:
    assert view.paths(view.number("马云"), view.number("Ghent")) == []
    with pytest.raises(BadInput, match="name two entities"):
        view.paths(3, 3)


def test_a_neighbourhood_is_the_nearest_within_its_hops(view: GraphView) -> None:
    start = view.number("Cainiao Network")
    near = view.neighbourhood(start, limit=100, hops=4)
    reach = nx.single_source_shortest_path_length(view.network, "cainiao network", cutoff=4)
    assert {one.entity.id for one in near.members} == set(reach)
    assert all(one.hops >= reach[one.entity.id] for one in near.members)
    nearness = [one.nearness for one in near.members]
    assert nearness == sorted(nearness, reverse=True)
    assert near.members[0].entity.id == "cainiao network"
    at = {one.entity.id: place for place, one in enumerate(near.members)}
    assert all(at[one.by] < at[one.entity.id] for one in near.members[1:])
    assert len(view.neighbourhood(start, limit=2).members) == 2
    one_hop = view.neighbourhood(start, limit=100, hops=1)
    assert {one.entity.id for one in one_hop.members} == {n for n, far in reach.items() if far < 2}


def test_a_neighbourhood_has_every_relation_among_its_members(view: GraphView) -> None:
    near = view.neighbourhood(view.number("阿里巴巴"), limit=100, hops=1)
    members = {one.entity.id for one in near.members}
    every = {
        (relation.head, relation.tail, relation.kind)
        for number in range(len(view.graph.ids))
        for relation in view.graph.relations_of(number)
    }
    inside = {one for one in every if {one[0], one[1]} <= members}
    assert {(one.head, one.tail, one.kind) for one in near.relations} == inside
    assert len(near.relations) == len(inside)
    assert any(kind == TOGETHER for _, _, kind in inside)


def test_relations_of_two_are_those_of_one_that_lead_to_the_other(view: GraphView) -> None:
    graph = view.graph
    for a, b in combinations(range(len(graph.ids)), 2):
        ends = {graph.ids[a], graph.ids[b]}
        for number, other in ((a, b), (b, a)):
            of_it = [one for one in graph.relations_of(number) if {one.head, one.tail} == ends]
            assert list(graph.relations_between(number, other)) == of_it
            assert all(one.evidence for one in of_it)


def test_an_entity_is_found_by_name_alias_and_id() -> None:
    merged = Decision(1, DecisionKind.MERGE, ("阿里巴巴", "Alibaba"), by="aliases")
    more = (*COMPANIES, Said("Alibaba is in Hangzhou.", {"Alibaba": ORG, "Hangzhou": PLACE}))
    graph = view_of(more, [merged]).graph
    number = entity_number(graph, "ALIBABA")
    assert graph.entity(number).name == "阿里巴巴"
    assert entity_number(graph, "阿里巴巴") == number == entity_number(graph, "阿里巴巴#1")
    with pytest.raises(NotFound, match=r"no entity 'Cainiao Netwrok'.*there is 'Cainiao Network'"):
        entity_number(graph, "Cainiao Netwrok")
    with pytest.raises(NotFound, match="'阿里巴巴'"):
        entity_number(graph, "阿里")


def test_a_name_of_several_entities_is_to_be_chosen_by_id() -> None:
    two = (
        Said("Mercury is a planet near Venus.", {"Mercury": PLACE, "Venus": PLACE}),
        Said("Mercury sang with Queen.", {"Mercury": PERSON, "Queen": ORG}),
        Said("Mercury orbits beside Venus.", {"Mercury": PLACE, "Venus": PLACE}),
    )
    split = Decision(1, DecisionKind.SPLIT, ("Mercury",), ("文档/2.md",))
    graph = view_of(two, [split]).graph
    numbers = graph.numbers_of("Mercury")
    assert len(numbers) == 2
    with pytest.raises(AmbiguousName) as refused:
        entity_number(graph, "mercury")
    references = [reference_of(graph, number) for number in numbers]
    for reference, number in zip(references, numbers, strict=True):
        assert f"{reference} ({graph.entity(number).type.value}, " in str(refused.value)
        assert entity_number(graph, reference) == number
    assert references == ["mercury#1", "mercury#2"]


def test_entities_are_listed_by_name_and_type(view: GraphView) -> None:
    every = entities_like(view.graph)
    assert {entity.id for entity in every} == set(view.graph.ids)
    assert [entity.authority for entity in every] == sorted(
        (entity.authority for entity in every), reverse=True
    )
    assert [one.name for one in entities_like(view.graph, "ZHANG")] == ["Daniel Zhang"]
    assert {one.name for one in entities_like(view.graph, kind=EntityType.PERSON)} == {
        "马云", "Daniel Zhang"
    }  # fmt: skip
    assert entities_like(view.graph, limit=3, skip=2) == every[2:5]
    assert [one.name for one in entities_like(view.graph, "Shanghay")][:1] == ["Shanghai"]
    assert entities_like(view.graph, "xyzzy") == []


def test_alias_files_are_read_as_files_of_synonyms() -> None:
    lines = ["\ufeff# companies", "阿里巴巴, Alibaba ,阿里", "", r"Smith\, Jones, S\\J", "a, a, b"]
    sets = parse_aliases(lines, "file")
    assert sets == [("阿里巴巴", "Alibaba", "阿里"), ("Smith, Jones", r"S\J"), ("a", "b")]
    assert parse_aliases([alias_line(names) for names in sets], "file") == sets
    with pytest.raises(BadInput, match=r"^file, line 2: a thing needs two names"):
        parse_aliases(["a, b", "alone"], "file")
