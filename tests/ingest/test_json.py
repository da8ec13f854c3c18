"""JSON reads well: records as tables, documents and chats as text; nothing of it is lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.json_records import JsonParser

H, P, L, T = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE
LINES = "application/x-ndjson"


def parse(value: object, media_type: str = "application/json") -> Parsed:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return JsonParser().parse(Source("a.json", text.encode(), "a.json"), media_type)


def shape(value: object, media_type: str = "application/json") -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(value, media_type).blocks]


def test_flat_records_are_a_table() -> None:
    records = [
        {"名称": "苹果", "价格": 5, "地": {"省": "山东"}},
        {"名称": "梨", "标签": ["a", "b"]},
    ]
    (block,) = parse(records).blocks
    assert block.table is not None
    assert block.table.rows == (
        ("名称", "价格", "地.省", "标签"),
        ("苹果", "5", "山东", ""),
        ("梨", "", "", "a, b"),
    )


def test_many_records_are_tables_with_the_header_each() -> None:
    blocks = parse([{"n": n, "square": n * n} for n in range(1, 1201)]).blocks
    assert [len(b.table.rows) for b in blocks if b.table] == [501, 501, 201]
    assert all(b.table and b.table.rows[0] == ("n", "square") for b in blocks)


def test_objects_are_headings_over_lists() -> None:
    value = {
        "title": "Settings",
        "author": "Ann",
        "server": {"host": "x", "tls": {"on": True}, "port": 80},
        "hosts": ["a", "b"],
        "none": None,
    }
    parsed = parse(value)
    assert parsed.title == "Settings" and parsed.metadata == {"author": "Ann"}
    assert shape(value) == [
        (H, 1, "Settings"),
        (L, 1, "- author: Ann"),
        (L, 1, "- hosts: a, b"),
        (H, 2, "server"),
        (L, 1, "- host: x"),
        (L, 1, "- port: 80"),
        (H, 3, "tls"),
        (L, 1, "- on: true"),
    ]


def test_documents_stand_under_their_titles() -> None:
    long = "第二段。" * 80
    value = [{"title": "甲", "text": f"第一段。\n\n{long}", "id": 7}, {"title": "乙", "text": "x"}]
    assert shape(value) == [
        (H, 1, "甲"),
        (P, 0, "第一段。"),
        (P, 0, long),
        (L, 1, "- id: 7"),
        (H, 1, "乙"),
        (P, 0, "x"),
    ]


def test_chats_read_line_by_line() -> None:
    plain = {"messages": [{"role": "user", "content": "Hi"}, {"role": "bot", "content": "Yes?"}]}
    assert shape(plain)[1:] == [(P, 0, "user: Hi"), (P, 0, "bot: Yes?")]
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    assert shape(parts) == [(P, 0, "user: Hi")]
    nodes: dict[str, object] = {"z": {"message": None}}
    for name, role, at, said in (("x", "user", 2, "B"), ("y", "bot", 1, "A")):
        message = {"author": {"role": role}, "create_time": at, "content": {"parts": [said]}}
        nodes[name] = {"message": message}
    assert shape([{"title": "Chat", "mapping": nodes}]) == [
        (H, 1, "Chat"),
        (P, 0, "bot: A"),
        (P, 0, "user: B"),
    ]


def test_numbers_and_repeated_keys_survive() -> None:
    digits = "1" * 6000
    texts = [b.text for b in parse(f'{{"a": 1.50, "a": 2, "b": {digits}}}').blocks]
    assert texts[:2] == ["- a: 1.50", "- a: 2"]
    assert digits in texts[2]


def test_lines() -> None:
    text = '{"a": 1}\n{"a": 2}\n\nnot json\n{"a": 3}\n'
    parsed = parse(text, LINES)
    assert parsed.blocks[0].text == "| a |\n| --- |\n| 1 |\n| 2 |\n| 3 |"
    assert parsed.metadata == {"records": 3, "unreadable_lines": 1}
    documents = "\n".join(json.dumps({"title": f"T{n}", "text": "x" * 300}) for n in range(501))
    blocks = parse(documents, LINES).blocks
    assert [b.text for b in blocks[-2:]] == ["T500", "x" * 300]
    assert parse('{"a": 1} {"a": 2}').metadata == {"records": 2}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + '"deep"' + "]" * 100_000,
        '{"a":' * 800 + '"deep"' + "}" * 800,
        '{"a": "deep", "b": [1, 2',
        "[{'a': 1}, \"deep\"]",
    ],
)
def test_deep_and_damaged_json_is_read_as_far_as_it_goes(text: str) -> None:
    assert "deep" in " ".join(b.text for b in parse(text).blocks)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no JSON"):
        parse("hello there")
    with pytest.raises(UnreadableFile, match="no line"):
        parse("hello there\nand here", LINES)


WORDS = st.text("abcdefgh中文字", min_size=1, max_size=8)
VALUES = st.recursive(
    WORDS | st.integers(0, 10**30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [str(value)]


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_no_value_is_lost(value: object) -> None:
    text = " ".join(b.text for b in parse([value]).blocks)
    for leaf in leaves(value):
        assert leaf in text
