"""Text and query are cut alike, whatever their width, case and hidden characters."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import ANALYZER

from index.analyze.jieba import JiebaAnalyzer
from index.components import ANALYZERS
from index.words import BIGRAM_MARK, normalize, runs, script
from ingest.contract import BadInput, load_component


def bigram(pair: str) -> str:
    return BIGRAM_MARK + pair


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ１２３", "abc123"),
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
    assert terms == ANALYZER.terms(text) == ANALYZER.query_terms(text)
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


def test_another_stemmer_changes_the_fingerprint_and_an_unknown_one_is_refused() -> None:
    german = load_component(ANALYZERS, "jieba", stemmer="german")
    assert german.fingerprint != ANALYZER.fingerprint
    with pytest.raises(BadInput, match="unknown stemmer 'klingon'"):
        load_component(ANALYZERS, "jieba", stemmer="klingon")
