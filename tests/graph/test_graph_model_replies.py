"""What a language model wrote, read: as it was asked for, and as models really write."""

from __future__ import annotations

import json

import pytest

from index.graph.model_replies import Reply, read
from ingest.contract import Completion

ENTITIES = [
    {"name": "Lindau tunnel", "type": "place", "description": "a tunnel"},
    {"name": "Orla Rail", "type": "organization", "description": ""},
]
RELATIONS = [
    {
        "head": "Orla Rail",
        "tail": "Lindau tunnel",
        "kind": "built",
        "keywords": ["construction"],
        "strength": 0.9,
        "description": "",
    }
]
WHOLE = json.dumps({"entities": ENTITIES, "relations": RELATIONS})


def reply_of(text: str) -> Reply:
    reply = read(Completion(text))
    assert reply is not None
    return reply


def names(text: str) -> list[str]:
    return [entity.name for entity in reply_of(text).entities]


def test_what_was_asked_for() -> None:
    reply = reply_of(WHOLE)
    assert [entity.model_dump() for entity in reply.entities] == ENTITIES
    (relation,) = reply.relations
    assert (relation.head, relation.kind, relation.tail) == ("Orla Rail", "built", "Lindau tunnel")
    assert relation.keywords == ("construction",)
    assert relation.strength == 0.9
    assert not reply.is_repaired
    assert reply.dropped == 0


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{WHOLE}\n```",
        f"Sure! Here it is:\n\n{WHOLE}\n\nI hope that this helps [1].",
        f"<think>The text names {{two}} things.</think>{WHOLE}",
        f"two things</think>\n{WHOLE}",
        json.dumps({"result": {"entities": ENTITIES, "relations": RELATIONS}}),
        json.dumps([*ENTITIES, *RELATIONS]),
        "\n".join(json.dumps(item) for item in [*ENTITIES, *RELATIONS]),
    ],
)
def test_sound_json_in_other_clothes(text: str) -> None:
    reply = reply_of(text)
    assert [entity.name for entity in reply.entities] == ["Lindau tunnel", "Orla Rail"]
    assert [relation.head for relation in reply.relations] == ["Orla Rail"]
    assert not reply.is_repaired


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace('"', "'"),
        WHOLE.replace("}]", "},]"),
        WHOLE.replace('"name"', "name"),
        WHOLE.replace('"type"', '"type" // of the thing\n').replace("// of the thing\n", ""),
        WHOLE.replace("},", "}，"),
        WHOLE[:-1],
        WHOLE.replace("a tunnel", 'called a "tunnel" by some'),
    ],
)
def test_broken_json_is_repaired(text: str) -> None:
    assert names(text) == ["Lindau tunnel", "Orla Rail"]


def test_of_a_cut_answer_only_what_is_whole_stays() -> None:
    read_at_all = 0
    for at in range(60, len(WHOLE)):
        reply = read(Completion(WHOLE[:at], is_cut=True))
        if reply is None:
            continue
        read_at_all += 1
        assert {entity.name for entity in reply.entities} <= {"Lindau tunnel", "Orla Rail"}
        for relation in reply.relations:
            assert (relation.head, relation.tail) == ("Orla Rail", "Lindau tunnel")
    assert read_at_all > 100


def test_other_names_of_fields_and_other_forms() -> None:
    reply = reply_of(
        '{"nodes": ["A", {"entity_name": "B", "entity_type": "geo"}], "edges": ['
        '{"source": "A", "target": "B", "relationship": "in", "weight": "8/10", '
        '"keywords": "space, travel，旅行"}, ["B", "near", "C"]]}'
    )
    assert [entity.name for entity in reply.entities] == ["A", "B"]
    assert reply.relations[0].strength == 0.8
    assert reply.relations[0].keywords == ("space", "travel", "旅行")
    assert (reply.relations[1].head, reply.relations[1].tail) == ("B", "C")
    chinese = reply_of('{"实体": [{"名称": "《红楼梦》", "类型": "作品", "描述": "小说"}]}')
    assert chinese.entities[0].name == "红楼梦"


def test_items_without_a_name_are_left_out_and_counted() -> None:
    reply = reply_of('{"entities": [{"type": "place"}, {"name": ""}, {"name": ["x"]}, 7, "A"]}')
    assert [entity.name for entity in reply.entities] == ["A"]
    assert reply.dropped == 4


def test_nothing_found_is_an_answer() -> None:
    for text in ('{"entities": [], "relations": []}', "{}", "[]", '{"entities": []}'):
        assert reply_of(text) == Reply()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot help with that.",
        "<think>This will take long",
        '{"answer": 42}',
        "[1, 2]",
        "[" * 50_000,
        '{"a":' * 20_000,
        "{" * 20_000,
        '"' * 20_000,
        "\ufffd",
    ],
)
def test_what_holds_nothing_cannot_be_read(text: str) -> None:
    assert read(Completion(text)) is None


def test_an_answer_that_repeats_itself_without_end() -> None:
    text = '{"entities": [' + '{"name": "A", "type": "place"}, ' * 5_000
    assert names(text) == ["A"]
