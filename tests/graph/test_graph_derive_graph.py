"""What a derived graph answers."""

from __future__ import annotations

import numpy as np
from derive_room import derivation, derived, graph_of

from index.graph.contract import ChunkFacts, EntityType, Evidence, Field, Mention, Statement

DOCUMENTS = {
    "a": ("Ada Lovelace", "Ada Lovelace wrote notes for Charles Babbage in London."),
    "b": ("Analytical Engine", "Charles Babbage designed the Analytical Engine in London."),
    "c": ("诗人", "李白生于碎叶城，长安人杜甫是李白的朋友。"),
}


def person(name: str, start: int, sentence: int = 0) -> Mention:
    return Mention(name, EntityType.PERSON, start, start + len(name), sentence=sentence)


def test_names_lead_to_entities_however_they_are_written() -> None:
    graph = graph_of(DOCUMENTS)
    (number,) = graph.numbers_of("charles  BABBAGE")
    entity = graph.entity(number)
    assert (entity.name, entity.chunks) == ("Charles Babbage", 2)
    assert graph.numbers_of("Charles") == () and graph.numbers_of("") == ()
    assert graph.ids[number] == entity.id == "charles babbage"
    assert list(graph.ids) == sorted(graph.ids)


def test_names_in_a_question_are_found_where_they_stand() -> None:
    graph = graph_of(DOCUMENTS)
    question = "Who knew CHARLES BABBAGE, and wasn't 李白 in Ｌｏｎｄｏｎ?"
    found = [(question[s:e], graph.ids[n[0]]) for s, e, n in graph.names_in(question)]
    assert found == [
        ("CHARLES BABBAGE", "charles babbage"),
        ("李白", "李白"),
        ("Ｌｏｎｄｏｎ", "london"),
    ]
    assert graph.names_in("Londoners") == [] and graph.names_in("Charles. Babbage?") == []


def test_matrices_agree_with_each_other() -> None:
    graph = graph_of(DOCUMENTS)
    count = len(graph.ids)
    assert len(graph.named) == len(graph.keys) == 3 and len(graph.naming) == count
    assert graph.named.values.sum() == graph.naming.values.sum() == graph.stats().mentions
    for number in range(count):
        chunks, often = graph.naming.row(number)
        assert graph.entity(number).chunks == len(chunks) and (np.diff(chunks) > 0).all()
        assert len(graph.mentions_of(number)) == often.sum() == graph.entity(number).mentions
        for other, weight in zip(*graph.edges.row(number), strict=True):
            columns, values = graph.edges.row(int(other))
            assert values[list(columns).index(number)] == weight > 0
    (ada,) = graph.numbers_of("Ada Lovelace")
    chunks, about = graph.subjects.row(ada)
    assert graph.keys[chunks].tolist() == [1] and about.tolist() == [1.0]


def test_relations_have_their_sentences() -> None:
    said = ChunkFacts(
        (person("Ada", 0), person("Bob", 10), person("Cy", 30, 1)),
        (Statement(0, 1, "taught", 0, ("schools",), 0.5, "A taught B."),),
        (), ((0, 25), (25, 60)), ("towns",),
    )  # fmt: skip
    beside = ChunkFacts((person("Bob", 0), person("Cy", 5)), (), (), ((0, 9),), ("rivers",))
    graph = derived({4: ("a", (said,)), 9: ("b", (beside,))})
    ada, bob, cy = (graph.numbers_of(name)[0] for name in ("Ada", "Bob", "Cy"))
    (taught,) = graph.relations_between(bob, ada)
    assert (taught.head, taught.tail, taught.kind) == ("ada", "bob", "taught")
    assert taught.evidence == (Evidence(4, (0, 25)),) and taught.keywords == ("schools",)
    assert taught.description == "A taught B."
    (together,) = graph.relations_between(cy, bob)
    assert together.kind == "together" and together.evidence == (Evidence(9, (0, 9)),)
    assert together.keywords == ("rivers",)
    both = graph.relations_of(bob)
    assert {r.kind for r in both} == {"taught", "together"} and both[0].weight >= both[1].weight
    assert graph.relations_between(ada, cy) == []


def test_dates_join_nothing_and_lone_terms_are_left_out() -> None:
    when = Mention("3 May 2019", EntityType.DATE, 20, 30, sentence=0)
    term = Mention("steady pace", EntityType.TERM, 31, 40, sentence=0)
    heading = Mention("gait", EntityType.TERM, 0, 4, Field.HEADINGS)
    facts = ChunkFacts(
        (person("Ada", 0), person("Bob", 5), when, term, heading), (), (), ((0, 40),)
    )
    graph = derived({1: ("a", (facts,))})
    assert list(graph.ids) == ["3 may 2019", "ada", "bob", "gait"]
    with_words = derivation({1: ("a", (facts,))}).derive(words=("Steady  pace", "other"))
    assert list(with_words.ids) == [*graph.ids, "steady pace"]
    assert len(graph.edges.row(0)[0]) == 0
    assert graph.subjects.row(3)[1].tolist() == [np.float32(0.8)]


def test_facts_of_two_sources_are_put_together() -> None:
    rules = ChunkFacts(
        (Mention("Ada", EntityType.TERM, 0, 3, sentence=0), person("Bob", 10, 1)), (), (),
        ((0, 9), (9, 20)), ("towns",),
    )  # fmt: skip
    model = ChunkFacts(
        (person("Bob", 10), person("Ada", 0)), (Statement(1, 0, "taught", 0),), (), ((9, 20),),
        ("schools",), (("Ada", "A teacher."),),
    )  # fmt: skip
    graph = derived({1: ("a", (rules, model))})
    (ada,) = graph.numbers_of("Ada")
    entity = graph.entity(ada)
    assert (entity.type, entity.mentions, entity.description) == (
        EntityType.PERSON,
        1,
        "A teacher.",
    )
    assert graph.keywords_of(1) == ("towns", "schools") and graph.keywords_of(2) == ()
    assert graph.relations_of(ada)[0].evidence == (Evidence(1, (9, 20)),)
