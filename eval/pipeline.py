"""Evaluation from end to end: queries through legs, measures, comparison. What other rooms use
of evaluation is named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.components import WRITERS
from eval.contract import (
    DEPTH,
    MEASURES,
    QUESTION_DEPTH,
    QUESTION_MEASURES,
    Dataset,
    DocumentSearch,
    LegReport,
    LegRun,
    Located,
    LocatedSearch,
    Miss,
    Progress,
    QuestionSet,
    Report,
    ReportWriter,
    Study,
)
from eval.curves import Axis, Points, curve_chart, curve_legend
from eval.datasets import load_dataset
from eval.differences import SOURCE_PREFIX, compare, data_differences
from eval.latency import Latency, summarize
from eval.legs import WARM_UP, check_legs, run_legs
from eval.measures import aggregate, check_measures, measure_queries
from eval.misses import worst_queries
from eval.page import html_page, html_row, html_table, settings_section
from eval.parse_report import parse_html, parse_json, parse_table, shown_findings
from eval.parse_run import format_key, grouped, measure_files
from eval.parse_truth import load_truths
from eval.questions import (
    describe_place,
    describe_question,
    first_rank,
    load_questions,
    questions_of,
)
from eval.report_file import read_report, report_from_json, report_json
from eval.runs import read_qrels, read_run, write_qrels, write_run
from eval.summary import headline
from ingest.contract import load_component

__all__ = [
    "Axis",
    "Latency",
    "Points",
    "compare",
    "curve_chart",
    "curve_legend",
    "data_differences",
    "evaluate",
    "evaluate_questions",
    "format_key",
    "grouped",
    "headline",
    "html_page",
    "html_row",
    "html_table",
    "load_dataset",
    "load_questions",
    "load_truths",
    "measure_files",
    "measure_runs",
    "parse_html",
    "parse_json",
    "parse_table",
    "questions_of",
    "read_qrels",
    "read_report",
    "read_run",
    "render",
    "report_from_json",
    "report_json",
    "settings_section",
    "shown_findings",
    "study_of",
    "summarize",
    "worst_queries",
    "write_qrels",
    "write_run",
]

_ANSWER = "place"
_GOOD_RANK = 3


def render(form: str, study: Study, **options: object) -> str:
    """The text of a report file in the form of that name. Raises BadInput for an unknown form
    or option."""
    writer: ReportWriter = load_component(WRITERS, form, **options)
    return writer(study)


def study_of(report: Report, misses: Sequence[Miss] = ()) -> Study:
    """One evaluation by itself."""
    return Study(report.dataset, (report,), misses={report.dataset: misses})


def evaluate(
    dataset: Dataset,
    search: DocumentSearch,
    legs: Sequence[str],
    measures: Sequence[str] = MEASURES,
    depth: int = DEPTH,
    progress: Progress | None = None,
    settings: Mapping[str, str] | None = None,
) -> tuple[Report, list[LegRun]]:
    """Searches every query of the dataset by every leg, `depth` results each, and measures.

    `settings` says what was searched, and goes into the report beside what this function knows.
    Raises BadInput for unusable legs or measures before anything is searched.
    """
    check_legs(legs)
    check_measures(measures, depth)

    def ranked(query: str, leg: str) -> Sequence[tuple[str, float]]:
        return search(query, leg, depth)

    timed = run_legs(dataset.queries, legs, ranked, progress)
    runs: list[LegRun] = []
    for leg in legs:
        rankings = {
            query_id: _checked(ranking, depth, leg, query_id)
            for query_id, ranking in timed[leg].found.items()
        }
        runs.append(LegRun(leg, rankings, timed[leg].latencies_ms))
    described = {
        **(settings or {}),
        **_described(measures, depth, dataset.sources),
        **({"notes": "; ".join(dataset.notes)} if dataset.notes else {}),
    }
    report = Report(
        dataset=dataset.name,
        queries=len(dataset.queries),
        documents=len(dataset.documents),
        legs=measure_runs(dataset.qrels, runs, measures),
        settings=described,
    )
    return report, runs


def measure_runs(
    qrels: Mapping[str, Mapping[str, int]], runs: Sequence[LegRun], measures: Sequence[str]
) -> dict[str, LegReport]:
    """Measures of runs, by leg: also of runs that were read from files."""
    reports: dict[str, LegReport] = {}
    for run in runs:
        values = measure_queries(qrels, run.rankings, measures)
        latency = summarize(run.latencies_ms)
        reports[run.leg] = LegReport(
            leg=run.leg,
            measures={name: aggregate(name, values[name]) for name in measures},
            per_query=values,
            p50_ms=latency.p50_ms,
            p95_ms=latency.p95_ms,
        )
    return reports


def evaluate_questions(
    questions: QuestionSet,
    search: LocatedSearch,
    legs: Sequence[str],
    k: int = QUESTION_DEPTH,
    progress: Progress | None = None,
    settings: Mapping[str, str] | None = None,
) -> tuple[Report, list[Miss]]:
    """Searches every question by every leg and measures at which rank the first right place
    (document with page or heading) stands.

    A question asks for one place: results after the first right one neither gain nor lose. The
    misses are those whose place is not among the first three, by leg. Raises BadInput as
    `evaluate` does.
    """
    check_legs(legs)
    check_measures(QUESTION_MEASURES, k)

    def located(query: str, leg: str) -> Sequence[Located]:
        return search(query, leg, k)

    by_id = {question.id: question for question in questions.questions}
    texts = {question.id: question.text for question in questions.questions}
    timed = run_legs(texts, legs, located, progress)
    runs: list[LegRun] = []
    misses: list[Miss] = []
    for leg in legs:
        rankings: dict[str, list[tuple[str, float]]] = {}
        for question_id, places in timed[leg].found.items():
            question = by_id[question_id]
            rank = first_rank(question, places[:k])
            rankings[question_id] = _as_ranking(len(places[:k]), rank)
            if rank is None or rank > _GOOD_RANK:
                expected = [describe_question(question)]
                found = [describe_place(place) for place in places[:_GOOD_RANK]]
                misses.append(Miss(leg, question_id, question.text, expected, found, rank))
        runs.append(LegRun(leg, rankings, timed[leg].latencies_ms))
    qrels = {question_id: {_ANSWER: 1} for question_id in by_id}
    report = Report(
        dataset=questions.name,
        queries=len(by_id),
        documents=questions.documents,
        legs=measure_runs(qrels, runs, QUESTION_MEASURES),
        settings={**(settings or {}), **_described(QUESTION_MEASURES, k, questions.sources)},
    )
    return report, misses


def _described(measures: Sequence[str], depth: int, sources: Mapping[str, str]) -> dict[str, str]:
    return {
        "measures": ", ".join(measures),
        "depth": str(depth),
        "warm_up_queries": str(WARM_UP),
        **{SOURCE_PREFIX + name: sources[name] for name in sorted(sources)},
    }


def _checked(
    ranking: Sequence[tuple[str, float]], depth: int, leg: str, query_id: str
) -> tuple[tuple[str, float], ...]:
    """At most `depth` results. A document twice in a ranking is a defect of the search."""
    cut = tuple((document_id, float(score)) for document_id, score in ranking[:depth])
    if len({document_id for document_id, _ in cut}) < len(cut):
        raise ValueError(f"leg {leg!r} returned a document twice for query {query_id!r}")
    return cut


def _as_ranking(length: int, rank: int | None) -> list[tuple[str, float]]:
    return [
        (_ANSWER if place == rank else f"rank {place}", float(length - place))
        for place in range(1, length + 1)
    ]
