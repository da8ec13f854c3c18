"""The queries that systems of an experiment served worst, told from what runs keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from eval.contract import LegReport, Miss, Report, Study
from eval.experiments.material import dataset_of, questions_of_entry
from eval.experiments.plan import Entry, Experiment
from eval.misses import WORST, describe_documents
from eval.questions import describe_question
from eval.summary import main_measure, ranked_legs

_SHOWN = 3
_RANK = re.compile(r"RR(@\d+)?")


def poor_queries(experiment: Experiment, study: Study, count: int = WORST) -> dict[str, list[Miss]]:
    """By dataset, the worst `count` queries of the baseline and of the best system, below the best
    possible of 1 by the main measure; equal ones in the dataset's order. Nothing of a dataset on
    which no reciprocal rank was measured: none could tell whether a right result came at all."""
    entries = {entry.name: entry for entry in experiment.datasets}
    found: dict[str, list[Miss]] = {}
    for report in study.reports:
        measure = main_measure(report)
        reciprocal = _reciprocal(report)
        if not reciprocal:
            continue
        expected = _expected(experiment, entries[report.dataset])
        named = [leg for name, leg in report.legs.items() if name == study.baseline]
        for leg in dict.fromkeys(map(_name, (*named, ranked_legs(report, measure)[0]))):
            own = _worst(report, report.legs[leg], measure, count)
            found.setdefault(report.dataset, []).extend(
                _miss(report, report.legs[leg], query_id, expected(query_id), reciprocal)
                for query_id in own
            )
    return found


def _reciprocal(report: Report) -> str:
    """The measure that tells ranks; empty where none of the report's does."""
    names = next(iter(report.legs.values())).measures
    return next((name for name in names if _RANK.fullmatch(name)), "")


def _name(leg: LegReport) -> str:
    return leg.leg


def _worst(report: Report, leg: LegReport, measure: str, count: int) -> list[str]:
    values = leg.per_query[measure]
    poor = [query_id for query_id, value in values.items() if value < 1.0]
    return sorted(poor, key=lambda query_id: values[query_id])[:count]


def _miss(
    report: Report, leg: LegReport, query_id: str, expected: Sequence[str], reciprocal: str
) -> Miss:
    value = leg.per_query[reciprocal].get(query_id, 0.0)
    return Miss(
        leg=leg.leg,
        query_id=query_id,
        query=report.texts.get(query_id, ""),
        expected=expected,
        found=leg.found.get(query_id, ())[:_SHOWN],
        rank=round(1.0 / value) if value else None,
    )


def _expected(experiment: Experiment, entry: Entry) -> Callable[[str], list[str]]:
    """What should have come for a query, a line each."""
    if entry.has_questions:
        by_id = {one.id: one for one in questions_of_entry(experiment, entry).questions}
        return lambda query_id: [describe_question(by_id[query_id])]
    dataset = dataset_of(experiment, entry)
    documents = {document.id: document for document in dataset.documents}

    def relevant(query_id: str) -> list[str]:
        grades = {name: grade for name, grade in dataset.qrels[query_id].items() if grade > 0}
        best = sorted(grades, key=lambda name: (-grades[name], name))
        return describe_documents(best[:_SHOWN], documents)

    return relevant
