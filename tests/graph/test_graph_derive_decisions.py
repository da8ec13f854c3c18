"""What people decide of names holds, and is undone by taking it back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from derive_room import Document, graph_of, same_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from index.graph.contract import Decision, DecisionKind
from index.graph.derived import DerivedGraph

MERGE, SEPARATE, SPLIT = DecisionKind.MERGE, DecisionKind.SEPARATE, DecisionKind.SPLIT

DOCUMENTS: Mapping[str, Document] = {
    "a": ("Health", "The World Health Organization (WHO) is based in Geneva with Gavi."),
    "b": ("Vaccines", "In Geneva, the WHO approved a vaccine of Apple Inc. and Gavi."),
    "c": ("卫生", "世界卫生组织（World Health Organization）总部位于日内瓦。"),
    "d": ("Profile", "Tim Cook leads Apple in Cupertino. Then Cook flew to Geneva."),
    "e": ("Voyages", "James Cook sailed to Tahiti. In 1770, Cook reached Botany Bay with Apple."),
}
KEYS = dict(enumerate(DOCUMENTS, start=1))


def entity_of(graph: DerivedGraph, name: str) -> str:
    (number,) = graph.numbers_of(name)
    return graph.ids[number]


def merged(graph: DerivedGraph) -> set[frozenset[str]]:
    return {frozenset((merge.first, merge.second)) for merge in graph.merges()}


def test_every_union_is_a_merge_with_its_reason() -> None:
    graph = graph_of(DOCUMENTS)
    merges = {frozenset((merge.first, merge.second)): merge for merge in graph.merges()}
    acronym = merges[frozenset(("World Health Organization", "WHO"))]
    assert (acronym.reason, acronym.by, acronym.evidence) == ("acronym", "rules", (1,))
    assert merges[frozenset(("Apple", "Apple Inc"))].reason == "legal form"
    assert merges[frozenset(("Tim Cook", "Cook"))].evidence == (4,)
    assert merges[frozenset(("James Cook", "Cook"))].reason == "short form"
    ids = [merge.id for merge in graph.merges()]
    assert ids == sorted(set(ids))
    names = {graph.entity(n).name for n in range(len(graph.ids))}
    aliases = sum(len(graph.entity(n).aliases) for n in range(len(graph.ids)))
    assert names and aliases <= len(ids)


def test_what_is_said_to_be_one_thing_is_one() -> None:
    decision = Decision(1, MERGE, ("Gavi", "Geneva", "not there"))
    graph = graph_of(DOCUMENTS, [decision])
    assert graph.numbers_of("Gavi") == graph.numbers_of("Geneva")
    (merge,) = (merge for merge in graph.merges() if merge.by == "user")
    assert {merge.first, merge.second} == {"Gavi", "Geneva"} and merge.id.startswith("decision-1")


def test_what_is_held_apart_is_apart_whatever_texts_say() -> None:
    graph = graph_of(DOCUMENTS, [Decision(1, SEPARATE, ("WHO", "World Health Organization"))])
    assert entity_of(graph, "WHO") != entity_of(graph, "World Health Organization")
    assert entity_of(graph, "世界卫生组织") == entity_of(graph, "World Health Organization")
    assert frozenset(("World Health Organization", "WHO")) not in merged(graph)


def test_what_would_join_two_that_are_apart_is_left_out() -> None:
    # WHO is joined to 世界卫生组织 through the English name alone: the path is cut in one place.
    graph = graph_of(DOCUMENTS, [Decision(1, SEPARATE, ("WHO", "世界卫生组织"))])
    assert entity_of(graph, "WHO") != entity_of(graph, "世界卫生组织")
    english = entity_of(graph, "World Health Organization")
    assert english in (entity_of(graph, "WHO"), entity_of(graph, "世界卫生组织"))


def test_two_spellings_of_one_form_can_be_held_apart() -> None:
    graph = graph_of(DOCUMENTS, [Decision(1, SEPARATE, ("Apple Inc.", "Apple"))])
    numbers = graph.numbers_of("Apple")
    assert {graph.ids[n] for n in numbers} == {"apple", "apple#2"}
    assert graph.entity(numbers[0]).name == "Apple"
    assert graph.entity(numbers[1]).name == "Apple Inc"


def test_mentions_of_some_documents_can_be_split_off() -> None:
    graph = graph_of(DOCUMENTS, [Decision(1, SPLIT, ("Apple",), ("e",))])
    named = [
        {KEYS[key] for key, _ in graph.mentions_of(number)} for number in graph.numbers_of("Apple")
    ]
    assert named == [{"b", "d"}, {"e"}]


def test_a_short_form_goes_home_where_it_is_held_apart() -> None:
    graph = graph_of(DOCUMENTS, [Decision(1, SEPARATE, ("Tim Cook", "Cook"))])
    assert {graph.ids[n] for n in graph.numbers_of("Cook")} == {"cook", "james cook"}
    (number,) = (n for n in graph.numbers_of("Cook") if graph.ids[n] == "cook")
    assert {KEYS[key] for key, _ in graph.mentions_of(number)} == {"d"}


def test_later_decisions_of_a_user_win() -> None:
    apart = Decision(1, SEPARATE, ("Gavi", "Geneva"))
    graph = graph_of(DOCUMENTS, [Decision(2, MERGE, ("Gavi", "Geneva")), apart])
    assert graph.numbers_of("Gavi") == graph.numbers_of("Geneva")
    by_file = Decision(2, MERGE, ("Gavi", "Geneva"), by="aliases")
    graph = graph_of(DOCUMENTS, [by_file, apart])
    assert graph.numbers_of("Gavi") != graph.numbers_of("Geneva")


NAMES = ("WHO", "World Health Organization", "世界卫生组织", "Tim Cook", "Cook", "James Cook",
         "Apple", "Apple Inc.", "Geneva", "Gavi", "cook#2", "nobody")  # fmt: skip
decision = st.builds(
    Decision,
    st.just(0),
    st.sampled_from(DecisionKind),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple),
    st.lists(st.sampled_from(sorted(DOCUMENTS)), max_size=2, unique=True).map(tuple),
    st.sampled_from(("user", "aliases")),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(decision, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_taking_decisions_back_brings_back_the_graph_before(
    decisions: list[Decision], random: object
) -> None:
    from random import Random

    from derive_room import derivation_of

    assert isinstance(random, Random)
    numbered = [
        Decision(n, d.kind, d.names, d.documents, d.by) for n, d in enumerate(decisions, start=1)
    ]
    derivation = derivation_of(DOCUMENTS)
    before = [derivation.derive(numbered[:end]) for end in range(len(numbered) + 1)]
    for end in reversed(range(len(numbered))):
        left = numbered[:end]
        random.shuffle(left)
        assert same_graph(before[end], derivation.derive(left), KEYS, KEYS) == []
    # What was known before the first decision does not know of it.
    assert same_graph(before[0], graph_of(DOCUMENTS), KEYS, KEYS) == []
    apart = [d for d in numbered if d.kind == SEPARATE and d.by == "user"]
    for one in apart:
        later = [d for d in numbered if d.kind == MERGE and d.number > one.number]
        if len(one.names) == 2 and not later and "cook#2" not in one.names:
            first, second = (set(before[-1].numbers_of(name)) for name in one.names)
            if one.names[0].split()[0] != one.names[1].split()[0]:
                assert not first & second or "Cook" in " ".join(one.names)


@pytest.mark.parametrize("kind", list(DecisionKind))
def test_decisions_of_names_that_are_not_there_change_nothing(kind: DecisionKind) -> None:
    decided = graph_of(DOCUMENTS, [Decision(1, kind, ("Nobody", "No one"), ("z",))])
    assert same_graph(graph_of(DOCUMENTS), decided, KEYS, KEYS) == []
