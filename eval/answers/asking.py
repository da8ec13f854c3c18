"""Asks questions as users ask them, and measures what is answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.answers.measures import DESCRIPTIVE, measure_answers
from eval.answers.text import plain_text
from eval.contract import Answering, LegReport, Progress, QuestionSet, Report
from eval.latency import summarize
from eval.legs import run_legs
from eval.measures import mean
from generate.contract import Answer

DESCRIPTIVE_SETTING = "descriptive measures"
"""The setting of a report that names the measures of which more is not better."""


@dataclass(frozen=True, slots=True)
class AnswerRun:
    """What one leg (or system) answered to each question, by its id, and how long each answer
    took, in milliseconds."""

    leg: str
    answers: Mapping[str, Answer]
    latencies_ms: Sequence[float]


def ask_questions(
    questions: QuestionSet, answering: Mapping[str, Answering], progress: Progress | None = None
) -> list[AnswerRun]:
    """Asks every question of every leg, one at a time; legs take turns as they do when they are
    searched. No question is asked twice: an answer may cost money."""

    def answered(text: str, leg: str) -> Answer:
        return answering[leg](text)

    texts = {question.id: question.text for question in questions.questions}
    timed = run_legs(texts, list(answering), answered, progress, warm_up=0)
    return [AnswerRun(leg, timed[leg].found, timed[leg].latencies_ms) for leg in answering]


def with_answers(report: Report, questions: QuestionSet, runs: Sequence[AnswerRun]) -> Report:
    """The report with the measures of answers beside those of rankings, what the answers cost
    and how long they took among the costs of each leg (`answer_p50_ms` and so on), and what wrote
    them among the settings."""
    legs = dict(report.legs)
    for run in runs:
        leg, values = legs[run.leg], measure_answers(questions.questions, run.answers)
        legs[run.leg] = with_measures(leg, values, answer_costs(run))
    writers = Counter(answer.generator for run in runs for answer in run.answers.values())
    described = {
        "answers": ", ".join(f"{name} ({writers[name]:,})" for name in sorted(writers)),
        DESCRIPTIVE_SETTING: ", ".join(DESCRIPTIVE),
    }
    return replace(report, legs=legs, settings={**report.settings, **described})


def with_measures(
    leg: LegReport,
    values: Mapping[str, Mapping[str, float]],
    costs: Mapping[str, float] | None = None,
) -> LegReport:
    """A leg with further measures, by name and question, and costs."""
    return replace(
        leg,
        measures={**leg.measures, **{name: mean(values[name]) for name in values}},
        per_query={**leg.per_query, **values},
        costs={**leg.costs, **(costs or {})},
    )


def answer_costs(run: AnswerRun) -> dict[str, float]:
    """Calls of a model and their tokens, their cost where prices are set, and milliseconds of an
    answer. Answers that were quoted have cost nothing."""
    used = [answer.usage for answer in run.answers.values()]
    costs = {
        "calls": float(sum(one.calls for one in used)),
        "tokens": float(sum(one.prompt_tokens + one.completion_tokens for one in used)),
    }
    priced = [one.cost for one in used if one.cost is not None]
    if priced:
        costs["cost"] = sum(priced)
    took = summarize(run.latencies_ms)
    return {
        **costs,
        "answer_p50_ms": took.p50_ms,
        "answer_p95_ms": took.p95_ms,
        "answer_p99_ms": took.p99_ms,
    }


def write_answers(runs: Sequence[AnswerRun], report: Report, path: Path) -> None:
    """Writes every answer as a line of JSON: `id`, `question`, `leg`, `answer` without marks,
    `known`, `cited` (documents, with pages), `generator`, `notes` and its `measures`."""
    lines: list[str] = []
    for run in runs:
        per_query = report.legs[run.leg].per_query
        for question_id, answer in run.answers.items():
            told = {
                "id": question_id,
                "question": report.texts.get(question_id, ""),
                "leg": run.leg,
                "answer": plain_text(answer.text),
                "known": answer.known,
                "cited": sorted({_place(answer, at) for at in range(len(answer.citations))}),
                "generator": answer.generator,
                "notes": list(answer.notes),
                "measures": {
                    name: values[question_id]
                    for name, values in per_query.items()
                    if question_id in values
                },
            }
            lines.append(json.dumps(told, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _place(answer: Answer, at: int) -> str:
    chunk = answer.citations[at].chunk
    return f"{chunk.document_id}, p. {chunk.pages[0]}" if chunk.pages else chunk.document_id
