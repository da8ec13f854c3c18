"""What extraction by rules says of the things that it names, in both languages."""

from __future__ import annotations

import pytest

from index.graph.contract import ChunkFacts, EntityType, Field
from index.graph.extract.rules import RuleExtractor
from ingest.contract import BlockKind, Chunk

EXTRACTOR = RuleExtractor()


def facts_of(text: str, title: str = "", path: tuple[str, ...] = ()) -> ChunkFacts:
    chunk = Chunk("c", "d", 0, BlockKind.PARAGRAPH, title, path, text, (0, len(text)))
    return EXTRACTOR.extract(chunk, ())


def said(facts: ChunkFacts) -> set[tuple[str, str, str]]:
    names = [mention.name for mention in facts.mentions]
    return {(names[s.head], s.kind, names[s.tail]) for s in facts.statements}


def types(facts: ChunkFacts) -> dict[str, EntityType]:
    return {mention.name: mention.type for mention in facts.mentions}


def aliases(facts: ChunkFacts) -> set[tuple[str, str, str]]:
    names = [mention.name for mention in facts.mentions]
    return {(names[a.first], names[a.second], a.reason) for a in facts.aliases}


@pytest.mark.parametrize(
    ("text", "title", "statement"),
    [
        (
            "Vertigo is a 1958 film directed by Alfred Hitchcock and starring James Stewart.",
            "Vertigo (film)",
            ("Vertigo", "directed by", "Alfred Hitchcock"),
        ),
        (
            "Vertigo is a 1958 film directed by Alfred Hitchcock and starring James Stewart and Kim Novak.",
            "Vertigo (film)",
            ("Vertigo", "starring", "Kim Novak"),
        ),
        ("He was born in Vienna.", "Franz Huber", ("Franz Huber", "born in", "Vienna")),
        ("In 1990 he married Anna Berg.", "Franz Huber", ("Franz Huber", "married", "Anna Berg")),
        (
            "Lina Weber, the daughter of Karl Weber, left early.",
            "",
            ("Lina Weber", "daughter of", "Karl Weber"),
        ),
        ("The firm hired Apple CEO Tim Cook.", "", ("Tim Cook", "CEO of", "Apple")),
        (
            "Zhang Holdings acquired Northwind Traders last year.",
            "",
            ("Zhang Holdings", "acquired", "Northwind Traders"),
        ),
        ("苹果公司的创始人是乔布斯。", "", ("乔布斯", "创始人", "苹果公司")),
        ("乔布斯是苹果公司的创始人。", "", ("乔布斯", "创始人", "苹果公司")),
        ("乔布斯，苹果公司的创始人，喜欢书法。", "", ("乔布斯", "创始人", "苹果公司")),
        ("《红高粱》由张艺谋执导。", "", ("张艺谋", "执导", "红高粱")),
        (
            "该公司位于上海市浦东新区。",
            "腾云科技有限公司",
            ("腾云科技有限公司", "位于", "上海市浦东新区"),
        ),
        ("阿里巴巴成立了。蔣經國出生於浙江。", "", ("蔣經國", "出生于", "浙江")),
    ],
)
def test_relations(text: str, title: str, statement: tuple[str, str, str]) -> None:
    assert statement in said(facts_of(text, title))


def test_a_pronoun_stands_for_the_title_and_says_so_less_surely() -> None:
    facts = facts_of("He was born in Vienna. Franz Huber was born in Vienna.", "Franz Huber")
    title = next(i for i, m in enumerate(facts.mentions) if m.field == Field.TITLE)
    by_head = {s.head == title: s.strength for s in facts.statements}
    assert by_head[True] < by_head[False]


def test_a_statement_names_its_sentence_and_themes() -> None:
    facts = facts_of("It rained. Vertigo is a psychological thriller film by Alfred Hitchcock.")
    statement = next(s for s in facts.statements if "Hitchcock" in facts.mentions[s.tail].name)
    assert statement.sentence == 1
    assert "psychological thriller film" in statement.keywords


def test_co_occurrence_alone_is_no_statement() -> None:
    assert not facts_of("Vienna, Berlin and Paris. Karl Weber; Anna Berg.").statements
    assert not facts_of("北京、上海和广州。").statements


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        ("检索增强生成（RAG）是指一种方法。", ("检索增强生成", "RAG", "acronym")),
        ("我们采用检索增强生成（RAG）。", ("检索增强生成", "RAG", "acronym")),
        (
            "We use retrieval-augmented generation (RAG) here.",
            ("retrieval-augmented generation", "RAG", "acronym"),
        ),
        (
            "RAG (retrieval-augmented generation) helps.",
            ("RAG", "retrieval-augmented generation", "acronym"),
        ),
        (
            "The World Health Organization (WHO) warned.",
            ("World Health Organization", "WHO", "acronym"),
        ),
        ("阿里巴巴（Alibaba）成立于杭州。", ("阿里巴巴", "Alibaba", "translation")),
        (
            "長短期記憶網路（Long Short-Term Memory，LSTM）很有用。",
            ("長短期記憶網路", "Long Short-Term Memory", "translation"),
        ),
        (
            "長短期記憶網路（Long Short-Term Memory，LSTM）很有用。",
            ("長短期記憶網路", "LSTM", "acronym"),
        ),
        ("北海道狼，又称虾夷狼，已灭绝。", ("北海道狼", "虾夷狼", "also known as")),
        (
            "恒瑞医药股份有限公司（以下简称“恒瑞医药”）公告。",
            ("恒瑞医药股份有限公司", "恒瑞医药", "defined"),
        ),
        (
            "Robert Zimmerman, better known as Bob Dylan, sang.",
            ("Robert Zimmerman", "Bob Dylan", "also known as"),
        ),
    ],
)
def test_aliases(text: str, alias: tuple[str, str, str]) -> None:
    assert alias in aliases(facts_of(text))


def test_an_acronym_needs_the_initials_of_the_words_before_it() -> None:
    assert not aliases(facts_of("The speed of light (RAG) is high."))
    assert not aliases(facts_of("病重（病危）患者。"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A boundary layer is a thin layer of fluid.", "boundary layer"),
        ("Zea nicaraguensis is a true grass species.", "Zea nicaraguensis"),
        ("Churn means the loss of customers.", "Churn"),
        ("检索增强生成是指一种方法。", "检索增强生成"),
        ("所谓熵，是指混乱的程度。", None),
        ("腳踏車是一種小型陸上車輛。", "腳踏車"),
    ],
)
def test_definitions(text: str, name: str | None) -> None:
    defined = {m.name for m in facts_of(text).mentions if m.is_defined}
    assert defined == (set() if name is None else {name})


def test_the_film_of_which_the_text_speaks_defines_nothing() -> None:
    facts = facts_of("The film was a success. 总资产为10亿元。")
    assert not [m for m in facts.mentions if m.is_defined]


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("Karl Weber was a German historian.", "Karl Weber", EntityType.PERSON),
        ("Karl Weber (born 3 May 1950) sings.", "Karl Weber", EntityType.PERSON),
        ("The film stars Anna Berg.", "Anna Berg", EntityType.PERSON),
        ("Hirer Angti is a 1992 Bengali film.", "Hirer Angti", EntityType.WORK),
        ("She was born in Graz.", "Graz", EntityType.PLACE),
        ("He joined Northwind Inc in May.", "Northwind Inc", EntityType.ORGANIZATION),
        ("The Battle of Hastings was lost.", "Battle of Hastings", EntityType.EVENT),
        ("被告人元某某承认。", "元某某", EntityType.PERSON),
        ("由栗子市薰衣区人民检察院指控。", "栗子市薰衣区人民检察院", EntityType.ORGANIZATION),
        ("他住在北京市海淀区。", "北京市海淀区", EntityType.PLACE),
        ("讀過《紅樓夢》。", "紅樓夢", EntityType.WORK),
        ("威廉·邁巴赫研製汽車。", "威廉·邁巴赫", EntityType.PERSON),
        ("It cost $5 million.", "$5 million", EntityType.AMOUNT),
        ("营业收入为31亿元。", "31亿元", EntityType.AMOUNT),
        ("于2024年3月5日生效。", "2024年3月5日", EntityType.DATE),
        ("on 26 December 1717 it", "26 December 1717", EntityType.DATE),
        ("型号PPR-9087已停产。", "PPR-9087", EntityType.IDENTIFIER),
    ],
)
def test_types(text: str, name: str, kind: EntityType) -> None:
    assert types(facts_of(text)).get(name) == kind


def test_a_word_that_a_dictionary_calls_a_place_by_mistake_is_none() -> None:
    assert EntityType.PLACE not in types(facts_of("数据需要加密，提高满意度。")).values()


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("The Zone (2017 film)", {"The Zone": EntityType.WORK}),
        ("手册 v2.docx", {"手册 v2": EntityType.OTHER}),
        (
            "丝路市人民医院 苏某某",
            {"丝路市人民医院": EntityType.ORGANIZATION, "苏某某": EntityType.PERSON},
        ),
        ("2024.pdf", {}),
    ],
)
def test_titles(title: str, names: dict[str, EntityType]) -> None:
    facts = facts_of("", title)
    assert {m.name: m.type for m in facts.mentions if m.field == Field.TITLE} == names


def test_the_title_is_a_name_in_the_text_whatever_words_it_is_of() -> None:
    facts = facts_of("A Cry from the Streets is old.", "A Cry from the Streets")
    assert facts.mentions[0].name == "A Cry from the Streets"


def test_headings_are_mentions_without_their_numbers() -> None:
    path = ("第三章 质量管理", "3.2 Weld inspection", "Introduction")
    facts = facts_of("", "", path)
    joined = "\n".join(path)
    found = [m for m in facts.mentions if m.field == Field.HEADINGS]
    assert {"质量管理", "Weld inspection"} <= {m.name for m in found}
    assert "Introduction" not in {m.name for m in found}
    assert all(joined[m.start : m.end] == m.name and m.sentence == -1 for m in found)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("详情请见第三章。", ("操作手册", "参见", "第三章")),
        ("For limits see Section 3.2 below.", ("操作手册", "refers to", "Section 3.2")),
        ("根据《合同法》第五十二条处理。", ("第五十二条", "出自", "合同法")),
    ],
)
def test_references(text: str, statement: tuple[str, str, str]) -> None:
    facts = facts_of(text, "操作手册")
    assert statement in said(facts)


def test_keywords_are_few_and_the_theme_comes_first() -> None:
    text = "齿轮泵由齿轮泵壳体组成。齿轮泵的密封圈易损。更换密封圈前应停机。"
    keywords = facts_of(text, "齿轮泵维修", ("密封圈更换",)).keywords
    assert 3 <= len(keywords) <= 8
    assert "密封圈" in keywords[:4]


_PIECES = (
    "甲", "A", "A b ", "（RAG", "X is a Y, ", "又称", "·中", "的", "1", "9,", '"A', "of A ", "《", "2024年",
    "《a》第三条", "王·明是 ", "Jr, ", "A1-",
)  # fmt: skip


@pytest.mark.parametrize("piece", _PIECES)
def test_a_long_chunk_of_anything_is_read(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    facts = facts_of(text)
    assert all(text[m.start : m.end] == m.name for m in facts.mentions)
