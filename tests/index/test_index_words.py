"""Text and query are cut alike, whatever their width, case and hidden characters."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import ANALYZER

from index.analyze.jieba import JiebaAnalyzer
from index.components import ANALYZERS
from index.contract import IDENTIFIER_MARK, AnyOf, UserWord
from index.identifiers import identifiers
from index.mixed_text import MixedTextAnalyzer
from index.words import BIGRAM_MARK, normalize, runs, script
from ingest.contract import BadInput, load_component

ENGINES = [load_component(ANALYZERS, name) for name in sorted(ANALYZERS)]


def bigram(pair: str) -> str:
    return BIGRAM_MARK + pair


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ－１２３", "abc_123"),
        ("ＡＢＣ１２３", "abc_123"),
        ("1,234,567", "１２３４５６７"),
        ("ｶﾞ", "ガ"),
        ("STRASSE", "straße"),
        ("ﬁle", "FILE"),
        ("vec\u00adtor", "vector"),
        ("data\u200bbase", "database"),
        ("\ufeff向\u2060量", "向量"),
        ("running", "runs"),
        ("cafe\u0301", "café"),
        ("經銷商的保固與維修", "经销商的保固与维修"),  # traditional and simplified
        ("頭髮", "头发"),  # two traditional characters for one simplified
        ("發展", "发展"),
    ],
)
def test_forms_of_a_word_meet(one: str, other: str) -> None:
    assert ANALYZER.terms(one) == ANALYZER.query_terms(other) != []


def test_chinese_gives_words_and_marked_bigrams() -> None:
    terms = ANALYZER.terms("向量检索")
    assert "检索" in terms
    assert [t for t in terms if t.startswith(BIGRAM_MARK)] == [
        bigram("向量"),
        bigram("量检"),
        bigram("检索"),
    ]
    assert ANALYZER.terms("水") == ["水"]


def test_mixed_text_keeps_its_order() -> None:
    assert ANALYZER.terms("用GPU训练, it's running_fast! 3.14") == [
        "用", "gpu", "训练", bigram("训练"), "it", "run", "fast", "3", "14",
        IDENTIFIER_MARK + "3.14",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "  \n", "，。！？", "\u200b\ufeff", "___", "☂"])
def test_text_without_words_has_no_terms(text: str) -> None:
    assert ANALYZER.terms(text) == []
    assert script(text) == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("plain words", "latin"), ("全是中文", "han"), ("用 PyTorch 训练模型", "han"), ("12 34", "")],
)
def test_script(text: str, wanted: str) -> None:
    assert script(text) == wanted


def test_a_huge_word_falls_into_pieces_that_can_be_found() -> None:
    terms = ANALYZER.terms("before " + "x" * 70_000 + " after")
    assert terms[0] == "befor"
    assert terms[-1] == "after"
    assert max(map(len, terms)) <= 255
    assert sum(map(len, terms[1:-1])) == 70_000
    assert len(ANALYZER.terms("漢" * 20_000)) >= 20_000


@given(st.text())
def test_any_text_is_cut_the_same_again(text: str) -> None:
    normal = normalize(text)
    terms = ANALYZER.terms(text)
    assert terms == ANALYZER.terms(text)
    asked = ANALYZER.query_terms(text)
    words = [term for term in asked if not str(term).startswith(IDENTIFIER_MARK)]
    assert terms == [*words, *identifiers(text)]
    assert asked == [*words, *identifiers(text, in_query=True)]
    assert all(term and not term.isspace() and " " not in term for term in terms)
    for _, run in runs(normal):
        assert run in normal


def test_many_threads_get_the_same_terms() -> None:
    analyzer = JiebaAnalyzer()
    texts = [f"第{i}章 数据库系统的事务处理 transactions running {i}" for i in range(40)]
    wanted = [ANALYZER.terms(text) for text in texts]
    found: list[list[list[str]]] = []
    threads = [
        threading.Thread(target=lambda: found.append([analyzer.terms(text) for text in texts]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 8


def test_a_word_ends_where_letters_meet_digits_unless_it_is_a_hash() -> None:
    words = ["ppr", "9087", "h", "2", "o", "1990", "s"]
    assert ANALYZER.terms("PPR9087 H2O 1990s")[: len(words)] == words
    assert ANALYZER.terms("a1b2c3d4e5f6") == ["a1b2c3d4e5f6"]


def test_words_of_a_query_are_looked_up_as_each_language_has_them() -> None:
    text = "Die Häuser der Nachbarn"
    german = ANALYZER.terms(text, "german")
    assert german != ANALYZER.terms(text)
    looked_up = ANALYZER.query_terms("Häuser GPU 训练", {"german"})
    assert looked_up[:2] == [AnyOf((("häuser",), ("haus",))), "gpu"]
    assert "haus" in german
    assert ANALYZER.query_terms("Häuser", {"english"}) == ANALYZER.query_terms("Häuser")


def analyzers(*words: UserWord) -> list[MixedTextAnalyzer]:
    return [load_component(ANALYZERS, name, words=words) for name in sorted(ANALYZERS)]


@settings(deadline=None)  # the dictionary loads in the first example
@given(st.text(st.sampled_from("研究生命的起源和发展中国人民生活水平大学数据库系统abc1 ，乙")))
def test_engines_cut_alike(text: str) -> None:
    jieba, rjieba = ENGINES
    assert jieba.terms(text) == rjieba.terms(text)
    assert jieba.fingerprint != rjieba.fingerprint


@pytest.mark.parametrize("name", sorted(ANALYZERS))
def test_the_users_words_are_found_whole_and_in_parts(name: str) -> None:
    words = [
        UserWord("石墨烯"), UserWord("經銷商網", 100), UserWord("4G网络"), UserWord("T恤"),
        UserWord("C++"), UserWord("Edu Trust认证", 2000),
    ]  # fmt: skip
    plain = load_component(ANALYZERS, name)
    known = plain.with_words(words)
    assert known.fingerprint == plain.fingerprint
    for text, wanted in [
        ("这是石墨烯电池", "石墨烯"),
        ("各经销商网上", "经销商网"),
        ("用４Ｇ网络", "4g网络"),
        ("买t恤，", "t恤"),
        ("written in C++.", "c++"),
        ("an edu  trust認證 here", "edu_trust认证"),
    ]:
        before = plain.terms(text)
        assert wanted not in before
        after = known.terms(text)
        assert wanted in after
        assert wanted in known.query_terms(text)
        parts = set(plain.terms(wanted.replace("_", " ")))
        assert parts <= set(after)
    for text in ("AC++", "MT恤", "14G网络", "石墨"):
        assert known.terms(text) == plain.terms(text)


def test_engines_know_the_same_words() -> None:
    words = (UserWord("数据库系统"), UserWord("发展中", 20_000), UserWord("和发展", 1))
    jieba, rjieba = analyzers(*words)
    for text in ("大学数据库系统的发展", "发展中国家和发展中的城市", "数据库系统发展中"):
        assert jieba.terms(text) == rjieba.terms(text)
    assert "数据库系统" in jieba.terms("大学数据库系统的发展")
    assert "和发展" not in jieba.terms("大学和发展")


def test_another_stemmer_changes_the_fingerprint_and_an_unknown_one_is_refused() -> None:
    german = load_component(ANALYZERS, "jieba", stemmer="german")
    assert german.fingerprint != ANALYZER.fingerprint
    with pytest.raises(BadInput, match="unknown stemmer 'klingon'"):
        load_component(ANALYZERS, "jieba", stemmer="klingon")


@pytest.mark.parametrize("name", sorted(ANALYZERS))
def test_analyzers_with_the_same_words_are_one_to_what_is_kept_by_them(name: str) -> None:
    word = UserWord("石墨烯")
    plain, known = load_component(ANALYZERS, name), load_component(ANALYZERS, name, words=(word,))
    assert known == plain.with_words([word])
    assert hash(known) == hash(plain.with_words([word]))
    assert known != plain
    assert all(plain != other for other in analyzers() if other.engine != plain.engine)
