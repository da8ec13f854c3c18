"""Names by which several things go, and the short forms of names."""

from __future__ import annotations

from derive_room import derived

from index.graph.contract import (
    Alias,
    ChunkFacts,
    Decision,
    DecisionKind,
    EntityType,
    Field,
    Mention,
)
from index.graph.derived import DerivedGraph

PERSON, ORGANIZATION, PLACE, TERM, WORK, OTHER = (
    EntityType.PERSON, EntityType.ORGANIZATION, EntityType.PLACE, EntityType.TERM,
    EntityType.WORK, EntityType.OTHER,
)  # fmt: skip


def saying(*names: tuple[str, EntityType], aliases: tuple[Alias, ...] = ()) -> ChunkFacts:
    """A chunk of one sentence that names these; a name with a star is defined."""
    mentions = tuple(
        Mention(name.strip("*"), kind, 20 * i, 20 * i + 9, sentence=0, is_defined="*" in name)
        for i, (name, kind) in enumerate(names)
    )
    return ChunkFacts(mentions, (), aliases, ((0, 20 * len(names)),))


def graph(*decisions: Decision, **documents: ChunkFacts) -> DerivedGraph:
    added = {key: (id, (facts,)) for key, (id, facts) in enumerate(documents.items(), start=1)}
    return derived(added, decisions)


def documents_of(of: DerivedGraph, name: str) -> list[set[int]]:
    """The keys of the chunks of each entity of a name, the commonest first."""
    return [{key for key, _ in of.mentions_of(number)} for number in of.numbers_of(name)]


def test_people_of_one_name_are_told_apart_by_their_company() -> None:
    found = graph(
        a=saying(("Ann Lee*", PERSON), ("Oslo", PLACE), ("chess", TERM)),
        b=saying(("Ann Lee*", PERSON), ("Lima", PLACE), ("cancer", TERM)),
        c=saying(("Ann Lee", PERSON), ("Lima", PLACE), ("Quito", PLACE)),
        d=saying(("chess", TERM), ("cancer", TERM)),
    )
    assert sorted(map(sorted, documents_of(found, "Ann Lee"))) == [[1], [2, 3]]


def test_one_shared_name_or_no_definition_keeps_a_name_whole() -> None:
    shared = graph(
        a=saying(("Ann Lee*", PERSON), ("Oslo", PLACE), ("chess", TERM)),
        b=saying(("Ann Lee*", PERSON), ("Oslo", PLACE), ("cancer", TERM)),
        c=saying(("chess", TERM), ("cancer", TERM)),
    )
    assert documents_of(shared, "Ann Lee") == [{1, 2}]
    undefined = graph(
        a=saying(("Ann Lee*", PERSON), ("Oslo", PLACE), ("chess", TERM)),
        b=saying(("Ann Lee", PERSON), ("Lima", PLACE), ("cancer", TERM)),
    )
    assert documents_of(undefined, "Ann Lee") == [{1, 2}]
    across_scripts = graph(
        a=saying(("Python*", WORK), ("Guido", PERSON), ("Oslo", PLACE)),
        b=saying(("Python*", WORK), ("吉多", PERSON), ("荷兰", PLACE)),
    )
    assert documents_of(across_scripts, "Python") == [{1, 2}]


def test_titles_tell_works_apart_by_their_parentheses() -> None:
    def titled(title: str) -> ChunkFacts:
        return ChunkFacts((Mention(title, WORK, 0, len(title), Field.TITLE),))

    found = graph(a=titled("The Zone (1995 film)"), b=titled("The Zone (2017 film)"))
    assert sorted(map(sorted, documents_of(found, "The Zone"))) == [[1], [2]]
    assert documents_of(found, "the zone (2017 Film)") == [{2}]
    text = "Who made The Zone (2017 film)?"
    ((start, end, numbers),) = found.names_in(text)
    assert text[start:end] == "The Zone (2017 film)" and len(numbers) == 1


def test_an_acronym_goes_with_what_its_document_says() -> None:
    acronym = (Alias(0, 1, "acronym"),)
    found = graph(
        a=saying(("retrieval-augmented generation", TERM), ("RAG", TERM), aliases=acronym),
        b=saying(("Recombination Activating Gene", TERM), ("RAG", TERM), aliases=acronym),
        c=saying(("RAG", TERM), ("retrieval-augmented generation", TERM)),
        d=saying(("RAG", OTHER), ("Oslo", PLACE)),
    )
    assert sorted(map(sorted, documents_of(found, "RAG"))) == [[1, 3], [2], [4]]
    assert documents_of(found, "retrieval augmented generation") == [{1, 3}]


def test_a_masked_name_is_another_person_in_each_document() -> None:
    found = graph(a=saying(("李某", PERSON)), b=saying(("李某", PERSON), ("某公司", TERM)))
    assert sorted(map(sorted, documents_of(found, "李某"))) == [[1], [2]]


def test_a_name_merged_with_itself_is_one_thing() -> None:
    acronym = (Alias(0, 1, "acronym"),)
    documents = {
        "a": saying(("Ann Lee*", PERSON), ("Oslo", PLACE), ("李某", PERSON)),
        "b": saying(("Ann Lee*", PERSON), ("Lima", PLACE), ("Quito", PLACE)),
        "c": saying(("random access generation", TERM), ("RAG", TERM), aliases=acronym),
        "d": saying(("Recombination Gene", TERM), ("RAG", TERM), ("李某", PERSON), aliases=acronym),
    }
    for name in ("Ann Lee", "RAG", "李某"):
        assert len(documents_of(graph(**documents), name)) == 2
        decision = Decision(1, DecisionKind.MERGE, (name, f"{name}#2"))
        assert len(documents_of(graph(decision, **documents), name)) == 1


def test_short_forms_are_of_the_one_full_name_of_their_document() -> None:
    found = graph(
        a=saying(("Tim Cook", PERSON), ("Cook", OTHER)),
        b=saying(("Tim Cook", PERSON), ("James Cook", PERSON), ("Cook", OTHER)),
        c=saying(("University of Chicago", ORGANIZATION), ("Chicago", PLACE)),
        d=saying(("Acme Tools Inc.", OTHER), ("Acme Tools", OTHER), ("Acme", OTHER)),
        e=saying(("Swedish Railways", ORGANIZATION), ("Swedish", OTHER)),
    )
    assert documents_of(found, "Tim Cook") == [{1, 2}]
    assert {2} in documents_of(found, "Cook")
    assert documents_of(found, "Chicago") == [{3}] and documents_of(found, "Acme") == [{4}]
    assert found.numbers_of("Chicago") != found.numbers_of("University of Chicago")
    assert found.numbers_of("Acme") == found.numbers_of("Acme Tools")
    assert found.numbers_of("Swedish") != found.numbers_of("Swedish Railways")
