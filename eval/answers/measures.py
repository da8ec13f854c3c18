"""The measures of answers, by name. Each gives a value for a question, from 0 to 1, higher is
better.

Whether a question has a value is decided by the question alone, never by the answer: so a measure
is over the same questions for every system, and systems can be compared question by question. An
answerable question that was refused has 0 on all of them. One that nothing answers has `Refused`
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eval.answers.citing import citation_precision, citation_recall, supported_share
from eval.answers.overlap import bleu, exact_match, rouge_l, token_f1
from eval.answers.points import point_coverage
from eval.answers.style import distinct_2, readability
from eval.answers.text import plain_text
from eval.contract import Question
from eval.passages import holds_answer
from eval.questions import is_judged
from generate.contract import Answer


@dataclass(frozen=True, slots=True)
class AnswerMeasure:
    """`counts` says whether a question has a value, `value` gives it for an answer that does not
    refuse."""

    counts: Callable[[Question], bool]
    value: Callable[[Question, Answer], float]


REFUSED, ANSWERED = "Refused", "Answered"
DESCRIPTIVE = ("Supported", "Distinct-2", "Readability")
"""They describe an answer; more of it is not always better."""


def right_answers(question: Question) -> list[str]:
    """What a right answer may say: the answer string, and the answer in a person's words."""
    return [text for text in (question.answer, question.reference) if text.strip()]


def _is_answerable(question: Question) -> bool:
    return question.answerable


def _has_right_answer(question: Question) -> bool:
    return question.answerable and bool(right_answers(question))


def _overlap(measure: Callable[[str, Sequence[str]], float]) -> AnswerMeasure:
    def value(question: Question, answer: Answer) -> float:
        return measure(plain_text(answer.text), right_answers(question))

    return AnswerMeasure(_has_right_answer, value)


def _has_answer(question: Question) -> bool:
    return question.answerable and bool(question.answer.strip())


def _has_points(question: Question) -> bool:
    return question.answerable and bool(question.points)


ANSWER_MEASURES: Mapping[str, AnswerMeasure] = {
    ANSWERED: AnswerMeasure(_is_answerable, lambda question, answer: 1.0),
    REFUSED: AnswerMeasure(lambda question: not question.answerable, lambda question, answer: 0.0),
    "EM": _overlap(exact_match),
    "F1": _overlap(token_f1),
    "ROUGE-L": _overlap(rouge_l),
    "BLEU": _overlap(bleu),
    "AnswerHit": AnswerMeasure(
        _has_answer,
        lambda question, answer: float(holds_answer(plain_text(answer.text), question.answer)),
    ),
    "Points": AnswerMeasure(
        _has_points,
        lambda question, answer: point_coverage(plain_text(answer.text), question.points),
    ),
    "CitationP": AnswerMeasure(is_judged, citation_precision),
    "CitationR": AnswerMeasure(is_judged, citation_recall),
    "Supported": AnswerMeasure(_is_answerable, lambda question, answer: supported_share(answer)),
    "Distinct-2": AnswerMeasure(
        _is_answerable, lambda question, answer: distinct_2(plain_text(answer.text))
    ),
    "Readability": AnswerMeasure(
        _is_answerable, lambda question, answer: readability(plain_text(answer.text))
    ),
}


def measure_answers(
    questions: Sequence[Question], answers: Mapping[str, Answer]
) -> dict[str, dict[str, float]]:
    """`values[measure][question id]`, in the order of the questions; `answers` has one for each.
    Measures that no question has data for are left out."""
    values: dict[str, dict[str, float]] = {}
    for name, measure in ANSWER_MEASURES.items():
        of_questions = {
            question.id: _value(name, measure, question, answers[question.id])
            for question in questions
            if measure.counts(question)
        }
        if of_questions:
            values[name] = of_questions
    return values


def _value(name: str, measure: AnswerMeasure, question: Question, answer: Answer) -> float:
    if not answer.known:
        return float(name == REFUSED)
    return measure.value(question, answer)
