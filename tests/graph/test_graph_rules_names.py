"""What extraction by rules names, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.contract import UserWord
from index.graph.contract import ChunkFacts, EntityType, Field, Mention
from index.graph.extract.rules import RuleExtractor
from ingest.contract import BlockKind, Chunk

EXTRACTOR = RuleExtractor()


def chunk_of(text: str, title: str = "", path: tuple[str, ...] = ()) -> Chunk:
    return Chunk("c", "d", 0, BlockKind.PARAGRAPH, title, path, text, (0, len(text)))


def facts_of(text: str, title: str = "", *words: UserWord) -> ChunkFacts:
    return EXTRACTOR.extract(chunk_of(text, title), words)


def names_of(text: str, title: str = "") -> set[str]:
    return {m.name for m in facts_of(text, title).mentions if m.field == Field.TEXT}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The film was directed by Alfred Hitchcock in London.", "Alfred Hitchcock"),
        ("He studied at the University of Oxford for years.", "University of Oxford"),
        ("The engineer met Dr. Grace Hopper there.", "Grace Hopper"),
        ("It was written by J. R. R. Tolkien.", "J. R. R. Tolkien"),
        ("费某在北京市海淀区起诉。", "费某"),
        ("本案由北京市海淀区人民法院审理。", "北京市海淀区人民法院"),
        ("蔣經國是中華民國總統。", "蔣經國"),
        ("他读过《红楼梦》。", "红楼梦"),
    ],
)
def test_names_are_found(text: str, name: str) -> None:
    assert name in names_of(text)


def test_the_first_word_of_a_sentence_is_no_name_for_its_capital_letter() -> None:
    assert names_of("Many engines failed. However, most ran.") & {"Many", "However"} == set()


_PIECES = st.sampled_from(
    ["检索增强生成（RAG）", "Alfred Hitchcock", " of the ", "《", "》", "（", "）", "(", ")", "\ud800", "\U0001f600",
     "İstanbul", "ß", "e\u0301", "\u200b", "2024年3月5日", "$5 million", "GB 50016", "張某某", "約翰·史密斯", ". ",
     "。", "\n", "“", "”", "X is a Y", "是指", "\u0130", "ﬁ", "某", "·", "第三章", "Section 3.2", "\x00"]
)  # fmt: skip
_TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=25).map("".join)


@settings(deadline=None, max_examples=150)
@given(text=_TEXTS, title=_TEXTS, path=st.lists(_TEXTS, max_size=2))
def test_spans_are_exact_and_overlap_as_agreed(text: str, title: str, path: list[str]) -> None:
    chunk = chunk_of(text, title, tuple(path))
    words = (UserWord("增强生成"), UserWord("hitchcock of", None, "nr"), UserWord("\u0130"))
    facts = EXTRACTOR.extract(chunk, words)
    fields = {Field.TEXT: text, Field.TITLE: title, Field.HEADINGS: "\n".join(path)}
    for mention in facts.mentions:
        assert fields[mention.field][mention.start : mention.end] == mention.name
        assert mention.name
        assert (mention.sentence >= 0) == (mention.field == Field.TEXT)
        if mention.field == Field.TEXT:
            start, end = facts.sentences[mention.sentence]
            assert start <= mention.start < end
    for one in facts.mentions:
        for other in facts.mentions:
            if one is not other and one.field == other.field:
                assert agree(one, other), (one, other)
    places = range(len(facts.mentions))
    for statement in facts.statements:
        assert statement.head in places
        assert statement.tail in places
        assert statement.head != statement.tail
    for alias in facts.aliases:
        assert alias.first in places
        assert alias.second in places
    assert EXTRACTOR.extract(chunk, words) == facts


def agree(one: Mention, other: Mention) -> bool:
    if one.end <= other.start or other.end <= one.start:
        return True
    outer, inner = (one, other) if one.end - one.start > other.end - other.start else (other, one)
    return (
        outer.start <= inner.start
        and inner.end <= outer.end
        and outer.type != inner.type
        and outer.type in (EntityType.TERM, EntityType.ORGANIZATION)
    )


def test_words_of_the_dictionary_are_mentions_of_their_kind() -> None:
    words = (UserWord("光刻胶树脂", None, "nz"), UserWord("光刻胶"), UserWord("林和生", None, "nr"))
    facts = facts_of("林和生研究光刻胶树脂和光刻膠。", "", *words)
    found = {(m.name, m.type) for m in facts.mentions}
    assert ("林和生", EntityType.PERSON) in found
    assert ("光刻胶树脂", EntityType.OTHER) in found
    assert ("光刻膠", EntityType.TERM) in found


def test_words_change_only_chunks_that_hold_them() -> None:
    text = "检索增强生成是一种方法。Alfred Hitchcock directed it."
    assert facts_of(text, "", UserWord("量子纠缠")) == facts_of(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("宁波是药学家屠呦呦的故乡。", "屠呦呦"),
        ("客服系统使用大语言模型回答。", "大语言模型"),
        ("Huawei opened an office.", "Huawei"),
        ("乘坐10号线车站换乘。", "10号线车站"),
        ("Henry Vane, 1st Earl of Derby, fled.", "Henry Vane, 1st Earl of Derby"),
        ("He saw William the Silent there.", "William the Silent"),
        ("They met at St James's Palace today.", "St James's Palace"),
        ("Leo Roy Selby of Oklahoma ran.", "Leo Roy Selby"),
    ],
)
def test_names_of_unusual_build_are_found(text: str, name: str) -> None:
    assert name in names_of(text)


def test_where_a_thing_is_from_is_no_name() -> None:
    assert "Danish" not in names_of("She is a Danish film director.")
    assert "Danish" in names_of("She spoke Danish.")
