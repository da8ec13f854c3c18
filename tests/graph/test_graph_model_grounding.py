"""Facts are what the chunk bears out, with the place of each name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from index.graph.contract import EntityType, Field
from index.graph.grounding import Grounded, grounded
from index.graph.model_replies import read
from index.graph.named_places import NamedPlaces
from ingest.contract import BlockKind, Chunk, Completion

TEXT = (
    "The Lindau tunnel is 57 km long. It was built by Orla Rail AG, whose head is Anna Keller. "
    "Keller opened the tunnel on 1 June 2016. Orla Rail AG also runs Lindau Tunnels Ltd."
)


def chunk_of(text: str, title: str = "", headings: tuple[str, ...] = ()) -> Chunk:
    return Chunk("c", "d", 0, BlockKind.PARAGRAPH, title, headings, text, (0, len(text)))


def facts_of(chunk: Chunk, *answers: str) -> Grounded:
    replies = [read(Completion(answer)) for answer in answers]
    return grounded(chunk, [reply for reply in replies if reply is not None])


def test_spans_are_those_of_the_text() -> None:
    chunk = chunk_of(TEXT)
    found = facts_of(
        chunk,
        '{"entities": [{"name": "lindau TUNNEL", "type": "Location", "description": "57 km long"},'
        '{"name": "Orla Rail AG", "type": "company"}, {"name": "Anna Keller", "type": "PERSON"}],'
        '"relations": [{"head": "Orla Rail AG", "tail": "Lindau tunnel", "kind": "built", '
        '"keywords": ["construction"], "strength": 7}]}',
    )
    facts = found.facts
    assert found.entities == 3
    for mention in facts.mentions:
        assert TEXT[mention.start : mention.end] == mention.name
        start, end = facts.sentences[mention.sentence]
        assert start <= mention.start < mention.end <= end
    by_name = {mention.name: mention.type for mention in facts.mentions}
    assert by_name == {
        "Lindau tunnel": EntityType.PLACE,
        "Orla Rail AG": EntityType.ORGANIZATION,
        "Anna Keller": EntityType.PERSON,
        "Lindau Tunnels": EntityType.PLACE,
    }
    (statement,) = facts.statements
    head, tail = facts.mentions[statement.head], facts.mentions[statement.tail]
    assert (head.name, statement.kind, statement.strength) == ("Orla Rail AG", "built", 0.7)
    assert tail.sentence == statement.sentence == head.sentence == 3
    assert facts.descriptions == (("Lindau tunnel", "57 km long"),)
    assert facts.keywords == ("construction",)


def test_what_the_chunk_does_not_name_is_left_out() -> None:
    found = facts_of(
        chunk_of(TEXT),
        '{"entities": [{"name": "Ada Lovelace", "type": "person"}, {"name": "Lind"}, '
        '{"name": "it"}, {"name": "7 km"}, {"name": "Anna Keller", "description": "born in 1971"}],'
        '"relations": [{"head": "Anna Keller", "tail": "Ada Lovelace", "kind": "knows"}, '
        '{"head": "Anna Keller", "tail": "Anna Keller", "kind": "is"}]}',
    )
    assert [mention.name for mention in found.facts.mentions] == ["Anna Keller"]
    assert found.facts.statements == ()
    assert found.facts.descriptions == ()
    assert (found.ungrounded, found.unrelated, found.undescribed) == (4, 2, 1)


def test_a_relation_alone_names_things_too() -> None:
    found = facts_of(
        chunk_of(TEXT),
        '{"relations": [{"head": "Anna Keller", "tail": "Orla Rail AG", "kind": "head of"}]}',
    )
    (statement,) = found.facts.statements
    head, tail = (found.facts.mentions[n] for n in (statement.head, statement.tail))
    assert (head.name, tail.name) == ("Anna Keller", "Orla Rail AG")
    assert head.sentence == tail.sentence == 1


def test_the_title_names_what_the_text_calls_it() -> None:
    chunk = chunk_of("He was king of Lotharingia.", "Lothair II", ("Life",))
    found = facts_of(
        chunk, '{"relations": [{"head": "Lothair II", "tail": "Lotharingia", "kind": "king of"}]}'
    )
    (statement,) = found.facts.statements
    head = found.facts.mentions[statement.head]
    assert (head.field, head.name, head.sentence) == (Field.TITLE, "Lothair II", -1)
    assert statement.sentence == 0


def test_chinese_and_traditional_and_wide_forms() -> None:
    text = "華為技術有限公司由任正非于１９８７年在深圳创立。它与ＩＢＭ合作。"
    found = facts_of(
        chunk_of(text),
        '{"entities": [{"name": "华为技术有限公司", "type": "公司"}, {"name": "任正非", "type": '
        '"人物"}, {"name": "1987年", "type": "日期"}, {"name": "IBM", "type": "组织"}], '
        '"relations": [{"head": "任正非", "tail": "华为技术有限公司", "kind": "创立"}]}',
    )
    assert [mention.name for mention in found.facts.mentions] == [
        "華為技術有限公司",
        "任正非",
        "１９８７年",
    ]
    assert found.ungrounded == 1  # a short acronym must be written so
    (statement,) = found.facts.statements
    assert statement.sentence == 0


def test_a_name_within_a_name() -> None:
    text = "Orla Rail AG met. Orla left."
    both = '{"entities": ["Orla Rail AG", "Orla", "Rail"]}'
    found = facts_of(chunk_of(text), both)
    assert [(m.name, m.start) for m in found.facts.mentions] == [
        ("Orla Rail AG", 0),
        ("Rail", 5),  # named nowhere else
        ("Orla", 18),
    ]


def test_us_is_not_us() -> None:
    assert NamedPlaces(chunk_of("They told us that it may rain.")).find("US") == []
    assert NamedPlaces(chunk_of("It moved to the US.")).find("US") != []
    found = facts_of(chunk_of("The WHO said who."), '{"entities": ["WHO", "who"]}')
    assert [mention.start for mention in found.facts.mentions] == [4]


def test_later_answers_add_to_the_first() -> None:
    chunk = chunk_of(TEXT)
    first = '{"entities": [{"name": "Orla Rail AG"}]}'
    more = '{"entities": [{"name": "Orla Rail AG", "type": "company"}, "Anna Keller"]}'
    found = facts_of(chunk, first, more)
    kinds = {mention.name: mention.type for mention in found.facts.mentions}
    assert kinds == {
        "Orla Rail AG": EntityType.ORGANIZATION,
        "Anna Keller": EntityType.OTHER,
    }


@given(
    st.text("aA 中國国éﬁ½-–'’\u200b\u0301ss\n.", max_size=40),
    st.text("aA 中國国éﬁ½-–'’\u200b\u0301ss\n.", min_size=1, max_size=4),
)
def test_places_are_in_the_text_whatever_it_holds(text: str, name: str) -> None:
    places = NamedPlaces(chunk_of(text))
    for place in places.find(name):
        assert 0 <= place.start < place.end <= len(text)
        assert places.written(place).strip()
