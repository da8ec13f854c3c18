"""A made set, reviewed by a person."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.contract import BadDataset, Question
from eval.pipeline import making

FIRST = Question(
    "made-1", "What is a duckling?", "duck.html", heading="Etymology",
    answer="a young duck", chunk="A duckling is a young duck\nin downy plumage.",
    points=("a young duck",), split="dev",
)  # fmt: skip
SECOND = Question(
    "made-2", "额定电流是多少？", "泵.pdf", page=3, answer="12 A", chunk="额定电流为 12 A。"
)


@pytest.fixture
def review(tmp_path: Path) -> Path:
    path = tmp_path / "set.review.md"
    path.write_text(making.review_text([FIRST, SECOND], "set", path.name), encoding="utf-8")
    return path


def edited(path: Path, before: str, after: str) -> Path:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_a_file_that_nobody_touched_changes_nothing(review: Path) -> None:
    found = making.read_review(review, [FIRST, SECOND])
    assert list(found.questions) == [FIRST, SECOND]
    assert (found.kept, found.edited, found.dropped) == (2, 0, 0)


def test_decisions_are_taken_back(review: Path) -> None:
    edited(review, "## [keep] made-2", "## [DROP] made-2")
    edited(review, "What is a duckling?", "How do you call a young duck?")
    edited(review, "- answer: a young duck", "- answer: duckling")
    found = making.read_review(review, [FIRST, SECOND])
    assert list(found.questions) == [
        replace(
            FIRST, text="How do you call a young duck?", answer="duckling", points=("duckling",)
        )
    ]
    assert (found.kept, found.edited, found.dropped) == (0, 1, 1)


def test_a_passage_may_be_corrected(review: Path) -> None:
    edited(review, "> in downy plumage.", "> in down.")
    found = making.read_review(review, [FIRST, SECOND])
    assert found.questions[0].chunk == "A duckling is a young duck\nin down."


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "## [keep] made-2",
            "## [yes] made-2",
            r"made-2.: write ## \[keep\]",
        ),
        ("## [keep] made-2", "## [keep] made-3", r"there is no question 'made-3' in the set"),
        ("## [keep] made-2", "## [keep] made-1", r"'made-1' stands on line \d+ already"),
        ("- question: 额定电流是多少？", "- question:", r"the question of 'made-2' is gone"),
        ("- question: 额定电流是多少？", "额定电流？", r"'额定电流？' is no part of a question"),
        ("- answer: 12 A", "", r"the answer of 'made-2' is gone"),
        ("- answer: 12 A", "- answer: 13 A", r"does not have the answer '13 A'"),
        ("> 额定电流为 12 A。", "", r"the passage of 'made-2' is gone"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(
    review: Path, before: str, after: str, message: str
) -> None:
    edited(review, before, after)
    with pytest.raises(BadDataset, match=message):
        making.read_review(review, [FIRST, SECOND])


def test_a_question_that_was_taken_out_is_missed(review: Path) -> None:
    text = review.read_text("utf-8")
    review.write_text(text[: text.index("## [keep] made-2")], encoding="utf-8")
    with pytest.raises(BadDataset, match=r"1 question\(s\) are missing, first 'made-2'"):
        making.read_review(review, [FIRST, SECOND])
