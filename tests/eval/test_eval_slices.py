"""Slices of questions and datasets."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from eval.contract import Dataset, Question, QuestionSet
from eval.slices import dataset_slices, length_of, question_slices


def told(text: str) -> Mapping[str, str]:
    return {"language": "english" if text.isascii() else "chinese", "type": ""}


def test_slices_of_questions_by_language_tags_and_split() -> None:
    asked = [
        Question("1", "who?", "law/a.pdf", tags=("domain: law", "cross"), split="dev"),
        Question("2", "谁？", "news/b.pdf", tags=("domain: news",), split="test"),
        Question("3", "where?", answerable=False, split="dev"),
    ]
    assert question_slices(QuestionSet("made", asked, 2), told) == {
        "answerable: no": ("3",),
        "domain: law": ("1",),
        "domain: news": ("2",),
        "language: chinese": ("2",),
        "language: english": ("1", "3"),
        "split: dev": ("1", "3"),
        "split: test": ("2",),
        "tag: cross": ("1",),
    }


def test_slices_of_a_dataset_by_folders_of_relevant_documents() -> None:
    dataset = Dataset(
        "set",
        (),
        {"q1": "what is it", "q2": "what is the name of the pump that stands in the cellar"},
        {"q1": {"law/a": 1, "news/b": 0}, "q2": {"news/b": 2}},
    )
    assert dataset_slices(dataset) == {
        "domain: law": ("q1",),
        "domain: news": ("q2",),
        "length: medium": ("q2",),
        "length: short": ("q1",),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who owns it?", "short"),
        ("额定电流是多少？", "short"),
        ("离心泵在启动之前为什么必须先灌满水？", "medium"),
        ("word " * 15, "long"),
    ],
)
def test_lengths(text: str, expected: str) -> None:
    assert length_of(text) == expected
