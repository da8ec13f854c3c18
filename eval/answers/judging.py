"""Answers of several legs judged by a language model, and how far that is to be trusted: whether
the order of two answers mattered, and whether the judge agrees with the measures of words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import combinations

from eval.answers.asking import AnswerRun, with_measures
from eval.answers.judge import Better, BothOrders, Judge
from eval.answers.measures import right_answers
from eval.answers.text import plain_text
from eval.contract import Progress, Question, QuestionSet, Report
from generate.contract import Answer
from ingest.contract import Unavailable

CORRECT, PREFERRED = "Correct", "Preferred"
_COMPARED = ("F1", "ROUGE-L", "AnswerHit")
_POINTS = {Better.LEFT: (1.0, 0.0), Better.RIGHT: (0.0, 1.0), Better.TIE: (0.5, 0.5)}


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two legs by the judge: on how many questions the left one is preferred, neither, the right
    one. `agreement` is the share of questions on which both orders gave the same verdict,
    `first_share` that of preferences which went to the answer shown first (0.5: the order does
    not matter; None: no preference)."""

    left: str
    right: str
    left_better: int
    ties: int
    right_better: int
    agreement: float
    first_share: float | None


@dataclass
class Judgements:
    """Verdicts by leg and question: `correct` of answers against the reference, `preferred` the
    share of the other legs that an answer beats, a tie being half. Both are over the same
    questions for all legs. `orders` are the comparisons of each pair. `left_out` counts questions
    without a verdict that could be read, `failure` says why the judge ended early."""

    correct: dict[str, dict[str, float]] = field(default_factory=dict)
    preferred: dict[str, dict[str, float]] = field(default_factory=dict)
    orders: dict[tuple[str, str], dict[str, BothOrders]] = field(default_factory=dict)
    judged: int = 0
    left_out: int = 0
    failure: str = ""

    def pairings(self) -> list[Pairing]:
        """Each pair of legs that was compared."""
        return [_pairing(pair, list(found.values())) for pair, found in self.orders.items()]


def judge_answers(
    questions: QuestionSet,
    runs: Sequence[AnswerRun],
    judge: Judge,
    workers: int = 4,
    progress: Progress | None = None,
    *,
    is_whole: bool = False,
) -> Judgements:
    """Judges the answers to each answerable question in turn, until the budget is spent: each
    against the reference where there is one, and each two against each other. A refusal is not
    correct, and the same text twice is a tie: the judge is not asked.

    Raises Unavailable where the judge fails on the first question; where it fails later, what was
    judged until then stands, unless the whole is wanted.
    """
    asked = [question for question in questions.questions if question.answerable]
    found = Judgements()
    with ThreadPoolExecutor(workers) as pool:
        for done, question in enumerate(asked, 1):
            if judge.is_spent:
                found.failure = (
                    f"the budget of {judge.budget_tokens:,} tokens (judge.budget_tokens) is spent"
                )
                break
            try:
                _judge_question(question, runs, judge, pool, found)
            except Unavailable as error:
                if is_whole or not found.judged:
                    raise
                found.failure = str(error)
                break
            found.judged += 1
            if progress is not None:
                progress(done, len(asked))
    return found


def _judge_question(
    question: Question,
    runs: Sequence[AnswerRun],
    judge: Judge,
    pool: ThreadPoolExecutor,
    found: Judgements,
) -> None:
    """All verdicts on the answers to one question; its calls are made at the same time."""
    reference = "\n".join(right_answers(question))
    texts = {run.leg: _text(run.answers[question.id]) for run in runs}
    graded = {
        leg: pool.submit(_correctness, judge, question.text, reference, text)
        for leg, text in texts.items()
        if reference
    }
    compared = {
        pair: pool.submit(_orders, judge, question.text, reference, texts[pair[0]], texts[pair[1]])
        for pair in combinations(texts, 2)
    }
    grades = {leg: future.result() for leg, future in graded.items()}
    orders = {pair: future.result() for pair, future in compared.items()}
    kept = [grade for grade in grades.values() if grade is not None]
    read = {pair: one for pair, one in orders.items() if one is not None}
    if len(kept) < len(grades) or len(read) < len(orders):
        found.left_out += 1
    if len(kept) == len(grades):
        for leg, grade in zip(grades, kept, strict=True):
            found.correct.setdefault(leg, {})[question.id] = grade
    if orders and len(read) == len(orders):
        for pair, one in read.items():
            found.orders.setdefault(pair, {})[question.id] = one
        for leg, points in _points(read).items():
            found.preferred.setdefault(leg, {})[question.id] = points / (len(texts) - 1)


def _text(answer: Answer) -> str:
    """What an answer says; "" for a refusal."""
    return plain_text(answer.text) if answer.known else ""


def _correctness(judge: Judge, question: str, reference: str, text: str) -> float | None:
    return judge.correctness(question, reference, text) if text else 0.0


def _orders(
    judge: Judge, question: str, reference: str, left: str, right: str
) -> BothOrders | None:
    if left == right:
        return BothOrders(Better.TIE, Better.TIE)
    refused = "(The documents hold no answer.)"
    return judge.preference(question, reference, left or refused, right or refused)


def _points(orders: Mapping[tuple[str, str], BothOrders]) -> dict[str, float]:
    points: dict[str, float] = {}
    for (left, right), one in orders.items():
        for leg, gained in zip((left, right), _POINTS[one.verdict], strict=True):
            points[leg] = points.get(leg, 0.0) + gained
    return points


def _pairing(pair: tuple[str, str], found: Sequence[BothOrders]) -> Pairing:
    verdicts = [one.verdict for one in found]
    first, decided = (sum(parts) for parts in zip(*(one.first_shown for one in found), strict=True))
    return Pairing(
        *pair,
        left_better=verdicts.count(Better.LEFT),
        ties=verdicts.count(Better.TIE),
        right_better=verdicts.count(Better.RIGHT),
        agreement=sum(one.agrees for one in found) / len(found),
        first_share=first / decided if decided else None,
    )


def agreement_with_words(report: Report, found: Judgements) -> dict[str, float]:
    """Kendall's tau-b of the judge's grades with each measure of words, over all answers that have
    both: 1 where they put answers in the same order, 0 where they have nothing to do with each
    other. Measures or grades that are all equal have no order, and are left out."""
    from scipy.stats import kendalltau

    agreed: dict[str, float] = {}
    for name in _COMPARED:
        pairs = [
            (grade, report.legs[leg].per_query[name][question_id])
            for leg, grades in found.correct.items()
            for question_id, grade in grades.items()
            if question_id in report.legs[leg].per_query.get(name, {})
        ]
        if len(pairs) < 2:
            continue
        grades, values = zip(*pairs, strict=True)
        tau = float(kendalltau(grades, values).statistic)
        if not math.isnan(tau):
            agreed[name] = tau
    return agreed


def with_judgements(
    report: Report,
    found: Judgements,
    judge: Judge,
    price: Callable[[float, float], float] | None = None,
) -> Report:
    """The report with the judge's verdicts as measures, and among its settings who judged, what
    that cost by `price` (of tokens read and written; None: not known) and how far it is to be
    trusted."""
    legs = dict(report.legs)
    for name, values in ((CORRECT, found.correct), (PREFERRED, found.preferred)):
        for leg, of_questions in values.items():
            legs[leg] = with_measures(legs[leg], {name: of_questions})
    read, written = judge.prompt_tokens, judge.completion_tokens
    cost = price(read, written) if price else None
    told = {
        "judge": judge.model.name,
        "judge, questions": f"{found.judged:,} judged, {found.left_out:,} without a clear verdict",
        "judge, calls": f"{judge.calls:,}, {read:,} + {written:,} tokens"
        + ("" if cost is None else f", cost {cost:.6g}"),
    }
    for pair in found.pairings():
        first = "" if pair.first_share is None else f", {pair.first_share:.0%} for the first shown"
        told[f"judge, {pair.left} or {pair.right}"] = (
            f"{pair.left_better} to {pair.right_better}, {pair.ties} ties; the orders agree on "
            f"{pair.agreement:.0%}{first}"
        )
    for name, tau in agreement_with_words(report, found).items():
        told[f"judge, agreement with {name}"] = f"Kendall's tau-b {tau:.2f}"
    if found.failure:
        told["judge, ended early"] = found.failure
    return replace(report, legs=legs, settings={**report.settings, **told})
