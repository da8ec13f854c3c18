"""Questions about files: reading them and judging places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.contract import BadDataset, Located, Question, QuestionSet
from eval.pipeline import evaluate_questions, load_questions
from eval.questions import answers, describe_question, questions_text
from ingest.contract import BadInput

PAGE = Question("p", "页码？", "a.pdf", page=3)
HEADING = Question("h", "heading?", "b.md", heading="2.1 Scope of Work")
EITHER = Question("e", "either?", "a.pdf", page=3, heading="第二章 总则")
DOCUMENT = Question("d", "document?", "c.txt")


@pytest.mark.parametrize(
    ("question", "place", "expected"),
    [
        (PAGE, Located("a.pdf", (2, 3), ()), True),
        (PAGE, Located("a.pdf", (3, 3), ()), True),
        (PAGE, Located("a.pdf", (4, 9), ()), False),
        (PAGE, Located("a.pdf", None, ()), False),
        (PAGE, Located("b.pdf", (3, 3), ()), False),
        (HEADING, Located("b.md", None, ("Contract", "2.1  scope OF work")), True),
        (HEADING, Located("b.md", None, ("２．１ Ｓｃｏｐｅ of Work", "Part")), True),
        (HEADING, Located("b.md", None, ("Scope of Work",)), False),
        (HEADING, Located("b.md", (1, 9), ("2.1 Scope of Work and more",)), False),
        (EITHER, Located("a.pdf", (1, 1), ("第二章　总则",)), True),
        (EITHER, Located("a.pdf", (3, 4), ()), True),
        (EITHER, Located("a.pdf", (1, 1), ("第三章 总则",)), False),
        (DOCUMENT, Located("c.txt", None, ()), True),
        (DOCUMENT, Located("d.txt", None, ()), False),
    ],
)
def test_judging_a_place(question: Question, place: Located, expected: bool) -> None:
    assert answers(question, place) is expected


LONG = (
    "The centrifugal pump has to be filled with water before it is started, because it cannot "
    "draw air. The fill plug is on the upper side, and has to be closed by hand."
)
PASSAGE = Question("c", "passage?", "a.pdf", page=3, chunk=LONG, answer="filled with water")
ANYWHERE = replace(PASSAGE, document="", page=None)
WORDS = Question("w", "words?", "a.pdf", answer="1.5 kW")


def at(text: str, document: str = "a.pdf") -> Located:
    return Located(document, (9, 9), (), text)


@pytest.mark.parametrize(
    ("question", "place", "expected"),
    [
        (PASSAGE, at(LONG), True),
        (PASSAGE, at(f"Before. {LONG} After."), True),
        (PASSAGE, at(LONG.upper().replace(" ", "\n| ")), True),
        (PASSAGE, at(LONG, "b.pdf"), False),
        (ANYWHERE, at(LONG, "b.pdf"), True),
        (PASSAGE, Located("a.pdf", (3, 3), (), "The pump is painted blue."), False),
        (PASSAGE, at(LONG[:100]), True),
        (PASSAGE, at(LONG[-60:]), False),
        # A piece of the passage is right where it has the answer.
        (PASSAGE, at(LONG[:60]), True),
        (PASSAGE, at(LONG[:30]), False),
        (PASSAGE, at(""), False),
        (WORDS, at("rated at 1.5 KW"), True),
        (WORDS, at("额定功率１．５ｋＷ。"), True),
        (WORDS, at("rated at 11.5 kW"), False),
        (WORDS, at("rated at 1.5 kWh"), False),
        (Question("n", "nothing?", answerable=False), at(LONG), False),
        (Question("r", "reference?", reference="Water."), at(LONG), False),
    ],
)
def test_judging_a_passage(question: Question, place: Located, expected: bool) -> None:
    assert answers(question, place) is expected


@settings(max_examples=60)
@given(cut=st.integers(1, len(LONG) - 1), bar=st.sampled_from(["", " ", "\n\n", " | "]))
def test_cutting_a_passage_in_two_leaves_a_right_piece(cut: int, bar: str) -> None:
    pieces = [at(LONG[:cut] + bar), at(bar + LONG[cut:])]
    assert any(answers(replace(PASSAGE, answer=""), piece) for piece in pieces)


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def test_reading_questions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "questions.jsonl",
        {"id": "1", "text": "何时？", "document": "a.pdf", "page": 2, "answer": "昨天"},
        {"id": "2", "text": "who?", "document": "b.md", "heading": "People", "tags": ["cross"]},
        {"id": "3", "text": "what?", "document": "b.md", "page": None, "heading": None},
    )
    questions = load_questions(path)
    assert questions.name == "questions"
    assert list(questions.sources) == ["questions.jsonl"]
    assert questions.documents == 2
    assert list(questions.questions) == [
        Question("1", "何时？", "a.pdf", page=2, answer="昨天"),
        Question("2", "who?", "b.md", heading="People", tags=("cross",)),
        Question("3", "what?", "b.md"),
    ]


SOUND = {"id": "1", "text": "x", "document": "a.pdf"}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": "1", "text": "x"}, r'line 1: nothing says what is right: give "document"'),
        ({**SOUND, "document": 7}, r'line 1: give "document" as a string, not 7'),
        ({**SOUND, "document": " "}, r'line 1: "document" is blank'),
        ({**SOUND, "points": "one"}, r'line 1: give "points" as a list'),
        ({**SOUND, "answerable": "no"}, r'line 1: give "answerable" as true or false'),
        ({**SOUND, "answerable": False}, r'"answerable" is false, but "document" is given'),
        ({"id": "1", "text": "x", "answer": "y", "page": 2}, r'"page" is in no document'),
        ({**SOUND, "text": " "}, r'line 1: "text" is empty'),
        ({**SOUND, "page": "2"}, r'line 1: give "page" as a whole number'),
        ({**SOUND, "page": 0}, r'line 1: give "page" as a whole number'),
        ({**SOUND, "page": True}, r'line 1: give "page" as a whole number'),
        ({**SOUND, "pages": 2}, r"line 1: unknown key 'pages': use id, text, document, page"),
        ({**SOUND, "heading": "  "}, r'line 1: "heading" is blank'),
        ({**SOUND, "tags": "cross"}, r'line 1: give "tags" as a list'),
        ([1], r"line 1: a list"),
    ],
)
def test_bad_questions(tmp_path: Path, record: object, message: str) -> None:
    with pytest.raises(BadDataset, match=message):
        load_questions(write(tmp_path / "questions.jsonl", record))


FULL = Question(
    "9", "多少？", "a.pdf", 2, "总则", "十二安培", ("zh", "domain: law"), "额定电流为十二安培。",
    "十二安培。", ("十二", "安培"), split="dev",
)  # fmt: skip


def test_questions_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    asked = [FULL, PAGE, Question("0", "who?", answerable=False, reference="Not said.")]
    path.write_text(questions_text(asked), encoding="utf-8")
    assert list(load_questions(path).questions) == asked
    assert [describe_question(question) for question in asked] == [
        "a.pdf, p. 2, § 总则", "a.pdf, p. 3", "no answer",
    ]  # fmt: skip


def test_a_split_is_read_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_text(questions_text([FULL, PAGE, replace(FULL, id="t", split="test")]), "utf-8")
    assert [question.id for question in load_questions(path, "test").questions] == ["t"]
    assert len(load_questions(path).questions) == 3
    with pytest.raises(BadDataset, match=r"'train': choose one of: dev, test"):
        load_questions(path, "train")


def test_no_questions_and_equal_ids(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="holds no question"):
        load_questions(write(tmp_path / "questions.jsonl"))
    with pytest.raises(BadDataset, match=r"line 2: id '1' stands on line 1"):
        load_questions(write(tmp_path / "questions.jsonl", SOUND, SOUND))


def test_ranks_of_first_right_places() -> None:
    wrong, right = Located("z.pdf", (1, 1), ()), Located("a.pdf", (3, 3), ("第二章 总则",))
    found = {
        "页码？": [right, right, wrong],
        "heading?": [wrong, wrong],
        "either?": [wrong, wrong, wrong, right],
        "document?": [],
    }

    def search(query: str, leg: str, k: int) -> Sequence[Located]:
        assert k == 10
        return found[query] if leg == "good" else []

    questions = QuestionSet("made", (PAGE, HEADING, EITHER, DOCUMENT), 5, {"made.jsonl": "00"})
    report, misses = evaluate_questions(questions, search, ["good", "none"])
    good = report.legs["good"]
    assert good.measures == pytest.approx(
        {"Success@1": 0.25, "Success@3": 0.25, "Success@10": 0.5, "RR@10": (1 + 1 / 4) / 4}
    )
    assert good.per_query["RR@10"] == {"p": 1.0, "h": 0.0, "e": 0.25, "d": 0.0}
    assert set(report.legs["none"].measures.values()) == {0.0}
    assert (report.queries, report.documents) == (4, 5)
    ours = [miss for miss in misses if miss.leg == "good"]
    assert [(miss.query_id, miss.rank) for miss in ours] == [("h", None), ("e", 4), ("d", None)]
    assert ours[1].expected == ["a.pdf, p. 3, § 第二章 总则"]
    assert ours[1].found == ["z.pdf, p. 1"] * 3
    assert ours[2].found == []
    assert len(misses) == 3 + 4


def test_questions_that_nothing_answers_are_searched_but_not_ranked() -> None:
    place = Located("c.txt", (2, 3), ("Part", "Chapter"), "text")
    unanswerable = Question("u", "unheard of?", "", answerable=False)

    def search(query: str, leg: str, k: int) -> Sequence[Located]:
        return [place] * 7

    questions = QuestionSet("made", (DOCUMENT, unanswerable), 1)
    report, misses = evaluate_questions(questions, search, ["leg"], measures=["RR@10"])
    leg = report.legs["leg"]
    assert leg.per_query == {"RR@10": {"d": 1.0}}
    assert len(leg.latencies_ms) == report.queries == 2
    assert leg.found == dict.fromkeys(("d", "u"), ["c.txt, p. 2 to 3, § Part > Chapter"] * 5)
    assert report.texts == {"d": "document?", "u": "unheard of?"}
    assert misses == []
    with pytest.raises(BadInput, match="no question of made says where"):
        evaluate_questions(QuestionSet("made", (unanswerable,), 1), search, ["leg"])
