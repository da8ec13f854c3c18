"""Measures of answers: words, citations, refusals, points, style; and how they go into a report."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.answers.asking import ask_questions, with_answers, write_answers
from eval.answers.measures import ANSWER_MEASURES, measure_answers
from eval.answers.overlap import bleu, exact_match, rouge_l, token_f1
from eval.answers.points import point_coverage
from eval.answers.style import distinct_2, readability
from eval.answers.text import is_chinese, plain_text, tokens
from eval.contract import Located, Question, QuestionSet
from eval.pipeline import compare, evaluate_questions
from generate.contract import Answer, Citation, SentenceSupport, Usage
from ingest.contract import BlockKind, Chunk

MARKDOWN = """## Seals

The **seal** lasts `two` years [1][2].

| part | years |
|------|-------|
| seal | 2 [3] |

- 质保期为**三年**。[1]
"""


def test_an_answer_as_plain_text() -> None:
    assert plain_text(MARKDOWN).splitlines() == [
        "Seals", "The seal lasts two years.", "part", "years", "seal", "2", "质保期为三年。"
    ]  # fmt: skip
    assert plain_text("a\nb <b>c</b>") == "a b <b>c</b>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Fog, 3.5 % of a DPA-30.", "fog 35 of dpa30"),
        ("Ａ型离心泵：保３年。", "a 型 离 心 泵 保 3 年"),
        ("カタ and the 1st", "カ タ and 1st"),
        ("。!", ""),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    assert list(tokens(text)) == expected.split()


def test_chinese_is_told_by_its_characters() -> None:
    assert is_chinese("离心泵 DPA-30")
    assert not is_chinese("The pump 泵 runs")
    assert not is_chinese("")


def test_the_nearest_right_answer_counts() -> None:
    right = ["two years", "for two years from delivery"]
    assert exact_match("The two years.", right) == 1.0
    assert exact_match("two", right) == 0.0
    # 2 tokens shared of 4 and 2
    assert token_f1("two years since then", right) == pytest.approx(2 * 2 / (4 + 2))
    assert token_f1("质保两年", ["两年"]) == pytest.approx(2 * 2 / (4 + 2))
    assert token_f1("", ["。"]) == exact_match("", ["。"]) == 1.0
    assert token_f1("x", ["。"]) == 0.0


def test_rouge_l_is_that_of_rouge_score() -> None:
    """The example of its documentation (precision 5/8, recall 5/9), and two more."""
    fox = ["The quick brown fox jumps over the lazy dog"]
    assert rouge_l("The quick brown dog jumps on the log.", fox) == pytest.approx(10 / 17)
    assert rouge_l("well-known seals", ["Well known, the seals"]) == pytest.approx(6 / 7)
    assert rouge_l("年两保质", ["质保两年"]) == pytest.approx(2 / 8)


def test_bleu_is_sacrebleus() -> None:
    assert bleu("The cat sat on the mat.", ["The cat sat on the mat."]) == pytest.approx(1.0)
    # precisions 6/7, 4/6, 2/5, 1/4 of one length: their geometric mean
    expected = (6 / 7 * 4 / 6 * 2 / 5 * 1 / 4) ** 0.25
    assert bleu("The cat sat on the mat.", ["The cat sat on a mat."]) == pytest.approx(expected)
    assert bleu("质保两年。", ["质保两年。"]) == pytest.approx(1.0)
    assert 0.0 < bleu("密封件质保两年", ["密封件的质保期为两年"]) < 0.5
    assert bleu(" ", ["x"]) == 0.0


words = st.lists(
    st.sampled_from(
        ["the", "seal", "lasts", "two", "years", "质", "保", "期", "为", "3", ".", ",", "。"]
    ),
    max_size=8,
)
texts = words.map(" ".join)


@settings(max_examples=60, deadline=None)
@given(texts, st.lists(texts.filter(str.strip), min_size=1, max_size=3))
def test_overlap_is_a_share_and_whole_for_a_right_answer(text: str, right: list[str]) -> None:
    for measure in (exact_match, token_f1, rouge_l, bleu):
        assert 0.0 <= measure(text, right) <= 1.0
        assert measure(text, [*right, "other"]) >= measure(text, right) or measure is bleu
    for measure in (exact_match, token_f1, rouge_l):
        assert measure(right[-1], right) == 1.0
    assert exact_match(text, right) <= token_f1(text, right)


WORDS = ["The", "a", "an,", "of", "seal", "two", "well-known", "DPA-30", "3.5%", "it's", "$5"]
ENGLISH = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


def squad(text: str) -> list[str]:
    """As SQuAD's own script normalises."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", kept).split()


@settings(max_examples=60, deadline=None)
@given(ENGLISH, ENGLISH)
def test_em_and_f1_are_those_of_squad(text: str, right: str) -> None:
    said, wanted = squad(text), squad(right)
    assert exact_match(text, [right]) == float(said == wanted)
    shared = sum((Counter(said) & Counter(wanted)).values())
    expected = 2 * shared / (len(said) + len(wanted)) if said and wanted else float(said == wanted)
    assert token_f1(text, [right]) == pytest.approx(expected)


POINTS = ["The seal lasts 2 years from delivery", "轴承须每季度润滑一次", "Bearings last 18 months"]


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("Seals: the seal lasts 2 years.", 1),
        ("Seals: the seal lasts 3 years from delivery.", 0),
        ("轴承每季度润滑一次，密封件不必。", 1),
        ("轴承季度", 0),
        ("A bearing lasts 18 months; the seal from delivery 2 years. 轴承每季度润滑。", 3),
        ("", 0),
    ],
)
def test_points_that_an_answer_covers(text: str, covered: int) -> None:
    assert point_coverage(text, POINTS) == pytest.approx(covered / 3)


def test_repetition_and_ease() -> None:
    assert distinct_2("two years two years two years") == pytest.approx(2 / 5)
    assert distinct_2("two") == 1.0
    short, long = "The seal is new. It is good.", "Notwithstanding considerable mechanical " * 6
    assert readability(short) == 1.0 > readability(long) == 0.0
    # 28 characters in 2 clauses: 0.5 * 14 of 20
    chinese = "离心泵在启动前必须灌满液体，否则叶轮空转会损坏机械密封件。"
    assert readability(chinese) == pytest.approx(1 - 0.5 * 14 / 20, abs=0.03)
    assert readability(chinese.replace("，", "")) < readability(chinese)


def chunk(document: str, text: str, page: int = 1) -> Chunk:
    return Chunk(
        f"{document}:{page}", document, 0, BlockKind.PARAGRAPH, document, (), text,
        (0, len(text)), (page, page),
    )  # fmt: skip


def answer(text: str, *cited: Chunk, bare: int = 0, known: bool = True) -> Answer:
    """An answer that cites each chunk for a sentence, and has so many more without."""
    citations = [
        Citation(number, one, (0, len(text)), one.text, 0.9) for number, one in enumerate(cited, 1)
    ]
    sentences = [
        *(SentenceSupport((0, 1), 0.9, (one.number,)) for one in citations),
        *(SentenceSupport((0, 1), 0.0) for _ in range(bare)),
    ]
    usage = Usage(1, 100, 10, cost=0.5)
    return Answer(text, citations, known, "made", sentences=sentences, usage=usage)


PLACE = Question("place", "How long are seals covered?", "a.pdf", page=3, answer="two years")
CHUNK = Question("chunk", "泵为何要灌水？", chunk="离心泵在启动前必须灌满液体，否则叶轮空转。")
TALK = Question("talk", "Why?", reference="Because seals dry.", points=("seals dry",))
NOTHING = Question("nothing", "Who won?", answerable=False)
QUESTIONS = QuestionSet("made", (PLACE, CHUNK, TALK, NOTHING), 2)
RIGHT, HOLDS, WRONG = (
    chunk("a.pdf", "Seals.", 3),
    chunk("b.pdf", "It is two years.", 9),
    chunk("a.pdf", "Motors.", 4),
)
GOOD: Mapping[str, Answer] = {
    "place": answer("Two years. [1][2][3]", RIGHT, HOLDS, WRONG, bare=1),
    "chunk": answer("离心泵启动前必须灌满液体。[1]", chunk("c.md", CHUNK.chunk)),
    "talk": answer("Because seals dry."),
    "nothing": answer("No answer was found.", known=False),
}


def test_each_measure_is_of_the_questions_that_have_data_for_it() -> None:
    values = measure_answers(QUESTIONS.questions, GOOD)
    assert list(values) == list(ANSWER_MEASURES)
    answerable = {"place", "chunk", "talk"}
    for name in ("Answered", "Supported", "Distinct-2", "Readability"):
        assert values[name].keys() == answerable
    assert values["Refused"] == {"nothing": 1.0}
    assert values["Answered"] == dict.fromkeys(("place", "chunk", "talk"), 1.0)
    assert values["EM"] == {"place": 1.0, "talk": 1.0}
    assert values["AnswerHit"] == {"place": 1.0}
    assert values["Points"] == {"talk": 1.0}
    assert values["CitationP"] == {"place": pytest.approx(2 / 3), "chunk": 1.0}
    assert values["CitationR"] == {"place": 1.0, "chunk": 1.0}
    assert values["Supported"] == {"place": 0.75, "chunk": 1.0, "talk": 0.0}
    wrong = measure_answers((PLACE,), {"place": answer("A year. [1]", WRONG)})
    assert wrong["CitationP"] == wrong["CitationR"] == wrong["AnswerHit"] == {"place": 0.0}
    bare = measure_answers((PLACE,), {"place": answer("Two years.")})
    assert bare["CitationP"] == bare["CitationR"] == bare["Supported"] == {"place": 0.0}


def test_a_refusal_has_nothing_but_is_right_where_nothing_answers() -> None:
    refused = {name: replace(one, known=False) for name, one in GOOD.items()}
    spoken = {**GOOD, "nothing": answer("Someone. [1]", WRONG)}
    values = measure_answers(QUESTIONS.questions, refused)
    assert values.pop("Refused") == {"nothing": 1.0}
    assert all(value == 0.0 for of in values.values() for value in of.values())
    assert measure_answers(QUESTIONS.questions, spoken)["Refused"] == {"nothing": 0.0}
    by_name = measure_answers(QUESTIONS.questions, GOOD)
    assert {name: list(of) for name, of in by_name.items()} == {
        name: list(of) for name, of in measure_answers(QUESTIONS.questions, refused).items()
    }


def test_questions_whose_answers_alone_can_be_judged() -> None:
    questions = QuestionSet("talk", (TALK, NOTHING), 1)
    report, misses = evaluate_questions(questions, lambda query, leg, k: [], ["leg"], measures=())
    assert (report.legs["leg"].measures, misses) == ({}, [])
    runs = ask_questions(questions, {"leg": lambda text: GOOD["talk"]})
    leg = with_answers(report, questions, runs).legs["leg"]
    assert (leg.measures["Answered"], leg.measures["Refused"], leg.measures["EM"]) == (1, 0, 1)
    assert len(leg.latencies_ms) == 2


def test_answers_stand_beside_rankings_and_are_compared(tmp_path: Path) -> None:
    places = [Located("a.pdf", (3, 3), (), "Seals.")]
    report, _ = evaluate_questions(QUESTIONS, lambda query, leg, k: places, ["good", "mute"])
    asked: list[str] = []

    def good(question: str) -> Answer:
        asked.append(question)
        return next(GOOD[one.id] for one in QUESTIONS.questions if one.text == question)

    def mute(question: str) -> Answer:
        return replace(answer("Nothing was found.", known=False), usage=Usage())

    runs = ask_questions(QUESTIONS, {"good": good, "mute": mute})
    assert asked == [question.text for question in QUESTIONS.questions]
    measured = with_answers(report, QUESTIONS, runs)
    leg = measured.legs["good"]
    assert list(leg.measures) == [*report.legs["good"].measures, *ANSWER_MEASURES]
    assert leg.per_query["RR@10"].keys() == {"place", "chunk"}
    assert leg.measures["CitationP"] == pytest.approx((2 / 3 + 1) / 2)
    costs = leg.costs
    assert (costs["calls"], costs["tokens"], costs["cost"]) == (4, 440, 2.0)
    assert 0 < costs["answer_p50_ms"] <= costs["answer_p95_ms"] <= costs["answer_p99_ms"]
    assert "cost" not in measured.legs["mute"].costs
    assert measured.settings["answers"] == "made (8)"
    rows = {row.measure: row for row in compare(measured, measured, [("mute", "good")])}
    assert (rows["Answered"].wins, rows["Answered"].ties) == (3, 0)
    assert (rows["Refused"].left_mean, rows["Refused"].right_mean) == (1.0, 1.0)

    write_answers(runs, measured, tmp_path / "answers.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [(line["leg"], line["id"]) for line in lines] == [
        (name, question.id) for name in ("good", "mute") for question in QUESTIONS.questions
    ]
    assert lines[0]["answer"] == "Two years."
    assert lines[0]["cited"] == ["a.pdf, p. 3", "a.pdf, p. 4", "b.pdf, p. 9"]
    assert lines[0]["measures"]["EM"] == 1.0
    assert lines[3]["known"] is False
