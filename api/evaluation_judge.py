"""Answers judged by the language model that is set for it."""

from __future__ import annotations

from collections.abc import Sequence

from api.choices import judge_options
from api.settings import Settings
from eval.contract import Progress, QuestionSet, Report
from eval.pipeline import AnswerRun, Judge, judge_answers, with_judgements
from generate.pipeline import build_model
from index.graph.pipeline import Prices


def judged(
    settings: Settings,
    questions: QuestionSet,
    runs: Sequence[AnswerRun],
    report: Report,
    progress: Progress | None = None,
    *,
    is_whole: bool = False,
) -> Report:
    """The report with the judge's verdicts. Raises BadInput where no judge is set, and Unavailable
    where it does not answer: from the first question on, or, where the whole is wanted, later."""
    options = judge_options(settings)
    prices: Prices = options["prices"]
    given = settings.judge
    judge = Judge(build_model(options), given.max_tokens, given.budget_tokens)
    found = judge_answers(questions, runs, judge, given.workers, progress, is_whole=is_whole)
    return with_judgements(report, found, judge, None if prices == Prices() else prices.of)
