"""Sentences, clauses and fragments cover the text and part it where a reader would."""

from __future__ import annotations

import itertools
import time

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ingest.sentences import CLOSERS, can_cut, clauses, fragments, split

TEXT = st.text(alphabet="aB3.,!?;:。！？；…，、“”\"'）) \n中文é\u0301\u200d", max_size=80)


def pieces(text: str) -> list[str]:
    return [text[a:b] for a, b in split(text)]


def check_cover(text: str, spans: list[tuple[int, int]]) -> None:
    assert all(a < b for a, b in spans)
    assert [a for a, _ in spans] == [0, *(b for _, b in spans)][: len(spans)]
    assert (spans[-1][1] if spans else 0) == len(text)


@given(TEXT, st.integers(1, 20))
def test_spans_cover_the_text(text: str, size: int) -> None:
    check_cover(text, split(text))
    check_cover(text, clauses(text))
    check_cover(text, fragments(text, size))
    assert split(text) == split(text)


@given(TEXT)
def test_no_cut_inside_numbers_or_before_closing_marks(text: str) -> None:
    for start, _ in split(text)[1:]:
        before = text[start - 1]
        assert not (text[start].isdigit() and (before.isdigit() or before == "."))
        if before != "\n" and "\n" not in text[len(text[:start].rstrip()) : start]:
            assert text[start] not in CLOSERS


@pytest.mark.parametrize(
    "sentences",
    [
        ["他说：“你好。”", "她走了！", "真的吗？", "是；", "好……", "然后走了。"],
        ["（见图1。）", "下文。"],
        ["Mr. Smith et al. (2019) used 3.5 of them, e.g. this. ", "See Fig. 3 and No. 5. ", "End."],
        ["The U.S. economy grew 3.5%. ", "J. R. Smith came. ", "He left... ", "And so on."],
        ["We lived in the U.S. ", "It was good. ", "At 5 p.m. ", "We left."],
        ["Uber Technologies, Inc. reported gains. ", "Apple Inc. ", "The end."],
        ["Visit http://a.com/x.html?q=1. ", 'Then "What?" he asked. ', '"Yes." ', "She said."],
        ["1. First item. ", "2. Second."],
        ["价格是3.14元。", "Revenue was $17.5 billion.", "收入增长！", "Good?", "好的。"],
        ["one\n\n", "two\n  ", "three"],
        ["见http://a.com/?q=中文。", "完。"],
    ],
)
def test_sentences(sentences: list[str]) -> None:
    assert pieces("".join(sentences)) == sentences


def test_empty_and_blank_texts() -> None:
    assert split("") == [] and clauses("") == [] and fragments("", 5) == []
    assert pieces(" \n ") == [" \n "]
    assert pieces("...") == ["..."]


def test_clauses_leave_numbers_whole() -> None:
    text = "甲，乙、丙：1,000元; a, b"
    assert [text[a:b] for a, b in clauses(text)] == [
        "甲，",
        "乙、",
        "丙：",
        "1,000元; ",
        "a, ",
        "b",
    ]


def test_fragments_prefer_spaces_and_spare_visible_characters() -> None:
    text = "aaaa bbbb cccc dddd"
    assert [text[a:b] for a, b in fragments(text, 6)] == ["aaaa ", "bbbb ", "cccc ", "dddd"]
    family = "👨‍👩‍👧"
    for a, _ in fragments(family * 9, 7):
        assert a % len(family) == 0
    assert not can_cut("12345", 2) and not can_cut("e\u0301", 1) and can_cut("中文", 1)


def test_time_is_linear() -> None:
    """Ten times the text takes about ten times as long, on the texts that tempt most."""
    for unit in ("a.a。", ". ", '".', "No. 5 is here ", "  ", "x", "a\n"):
        times = []
        for size in (20_000, 200_000):
            start = time.process_time()
            text = unit * (size // len(unit))
            split(text), clauses(text), fragments(text, 40)
            times.append(time.process_time() - start)
        assert times[1] < 40 * times[0] + 0.5


def test_spans_do_not_depend_on_position() -> None:
    sentences = ["第一句。", "Second one. ", "三？"]
    for order in itertools.permutations(sentences):
        assert pieces("".join(order)) == list(order)
