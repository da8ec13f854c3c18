"""Evaluation from end to end: queries through legs, measures, comparison. What other rooms use
of evaluation is named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from eval.answers.asking import AnswerRun, ask_questions, with_answers, write_answers
from eval.answers.judge import Judge
from eval.answers.judging import judge_answers, with_judgements
from eval.components import ENDINGS, TOLD, WRITERS
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
from eval.datasets import load_corpus, load_dataset, note
from eval.differences import SOURCE_PREFIX, compare, data_differences, holm_by_measure
from eval.experiments import offered as experiments
from eval.experiments.run_store import RunStore, StoredRun
from eval.growth import dataset_parts
from eval.judged import load_judged
from eval.latency import Histogram, Latency, histogram, summarize
from eval.legs import WARM_UP, check_legs, run_legs
from eval.lines import sha256_of
from eval.making import offered as making
from eval.measures import aggregate, check_measures, measure_queries
from eval.misses import describe_documents, worst_queries
from eval.parse_report import parse_html, parse_json, parse_table, shown_findings
from eval.parse_run import format_key, grouped, measure_files
from eval.parse_truth import load_truths
from eval.questions import (
    describe_place,
    describe_question,
    first_rank,
    is_judged,
    load_questions,
    questions_of,
    questions_text,
)
from eval.report_file import (
    read_report,
    read_stored_run,
    read_study,
    report_from_json,
    report_json,
    run_from_json,
    run_json,
    study_from_json,
    study_json,
)
from eval.reports.analysis import Analysis
from eval.reports.closing import MACHINE_PREFIX, VERSION_PREFIX
from eval.reports.curves import Axis, Points, curve_chart, curve_legend
from eval.reports.joining import joined
from eval.reports.opening import NOTES
from eval.reports.opening import headline as headline_of
from eval.reports.page import html_page, html_row, html_table, settings_section
from eval.reports.words import LANGUAGES, Words
from eval.runs import read_qrels, read_run, write_qrels, write_run
from eval.slices import dataset_slices, question_slices
from eval.stages import offered as stages
from eval.summary import common_measure
from eval.throughput import Throughput, throughput
from eval.trec import named_runs, read_any_qrels, runs_report
from ingest.contract import BadInput, load_component

__all__ = [
    "LANGUAGES",
    "MACHINE_PREFIX",
    "NOTES",
    "SOURCE_PREFIX",
    "TOLD",
    "VERSION_PREFIX",
    "Analysis",
    "AnswerRun",
    "Axis",
    "Histogram",
    "Judge",
    "Latency",
    "Points",
    "RunStore",
    "StoredRun",
    "Throughput",
    "ask_questions",
    "common_measure",
    "compare",
    "curve_chart",
    "curve_legend",
    "data_differences",
    "dataset_parts",
    "dataset_slices",
    "evaluate",
    "evaluate_questions",
    "experiments",
    "form_of",
    "format_key",
    "grouped",
    "headline",
    "histogram",
    "holm_by_measure",
    "html_page",
    "html_row",
    "html_table",
    "is_judged",
    "joined",
    "judge_answers",
    "load_corpus",
    "load_dataset",
    "load_judged",
    "load_questions",
    "load_truths",
    "making",
    "measure_files",
    "measure_runs",
    "named_runs",
    "note",
    "parse_html",
    "parse_json",
    "parse_table",
    "question_slices",
    "questions_of",
    "questions_text",
    "read_any_qrels",
    "read_qrels",
    "read_report",
    "read_run",
    "read_stored_run",
    "read_study",
    "render",
    "report_from_json",
    "report_json",
    "run_from_json",
    "run_json",
    "runs_report",
    "settings_section",
    "sha256_of",
    "shown_findings",
    "stages",
    "study_from_json",
    "study_headline",
    "study_json",
    "study_of",
    "summarize",
    "throughput",
    "with_answers",
    "with_judgements",
    "worst_queries",
    "write_answers",
    "write_qrels",
    "write_run",
]

_ANSWER = "place"
_GOOD_RANK = 3
FOUND_SHOWN = 5
"""So many of a query's first results a report keeps."""


def render(form: str, study: Study, **options: object) -> str:
    """The text of a report file in the form of that name. Raises BadInput for an unknown form
    or option."""
    writer: ReportWriter = load_component(WRITERS, form, **options)
    return writer(study)


def form_of(path: Path) -> str:
    """The form of a report file, by its ending. Raises BadInput where there is none of that
    name."""
    name = path.name.lower()
    form = next((form for ending, form in ENDINGS.items() if name.endswith(ending)), None)
    if form is None:
        raise BadInput(f"{path} has no form of a report: let it end in one of {', '.join(ENDINGS)}")
    return form


def headline(report: Report) -> str:
    """The best leg, by how much it is ahead of the next, and whether that may be luck."""
    return study_headline(Analysis(study_of(report)))


def study_headline(analysis: Analysis, language: str = "en") -> str:
    """The same of a study, over its datasets."""
    return headline_of(analysis, Words(language))


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

    `settings` says what was searched, and goes into the report beside what this function knows;
    slices are for the caller, who can tell languages (`dataset_slices`). Raises BadInput for
    unusable legs or measures before anything is searched.
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
        **({NOTES: "; ".join(dataset.notes)} if dataset.notes else {}),
    }
    measured = measure_runs(dataset.qrels, runs, measures)
    report = Report(
        dataset=dataset.name,
        queries=len(dataset.queries),
        documents=len(dataset.documents),
        legs={run.leg: replace(measured[run.leg], found=_found(run, dataset)) for run in runs},
        settings=described,
        texts=dict(dataset.queries),
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
            latencies_ms=tuple(run.latencies_ms),
        )
    return reports


def evaluate_questions(
    questions: QuestionSet,
    search: LocatedSearch,
    legs: Sequence[str],
    k: int = QUESTION_DEPTH,
    progress: Progress | None = None,
    settings: Mapping[str, str] | None = None,
    measures: Sequence[str] = QUESTION_MEASURES,
) -> tuple[Report, list[Miss]]:
    """Searches every question by every leg and measures at which rank the first right place
    stands.

    A question asks for one place: results after the first right one neither gain nor lose. One
    that nothing answers, or that says of no place that it is right, is searched, but no ranking
    measure counts it. The misses are those whose place is not among the first three, by leg.
    Raises BadInput as `evaluate` does, and where no question has a right place. Without `measures`
    nothing is measured but time: of some questions answers alone can be judged.
    """
    check_legs(legs)
    if measures:
        check_measures(measures, k)

    def located(query: str, leg: str) -> Sequence[Located]:
        return search(query, leg, k)

    by_id = {question.id: question for question in questions.questions}
    qrels = {name: {_ANSWER: 1} for name, question in by_id.items() if is_judged(question)}
    if measures and not qrels:
        raise BadInput(
            f'no question of {questions.name} says where its answer stands: give "document", '
            '"chunk" or "answer" of some'
        )
    texts = {question.id: question.text for question in questions.questions}
    timed = run_legs(texts, legs, located, progress)
    runs: list[LegRun] = []
    misses: list[Miss] = []
    shown: dict[str, dict[str, list[str]]] = {}
    for leg in legs:
        rankings: dict[str, list[tuple[str, float]]] = {}
        shown[leg] = {}
        for question_id, places in timed[leg].found.items():
            question = by_id[question_id]
            rank = first_rank(question, places[:k])
            rankings[question_id] = _as_ranking(len(places[:k]), rank)
            found = shown[leg][question_id] = list(map(describe_place, places[:FOUND_SHOWN]))
            if question_id in qrels and (rank is None or rank > _GOOD_RANK):
                asked, first = [describe_question(question)], found[:_GOOD_RANK]
                misses.append(Miss(leg, question_id, question.text, asked, first, rank))
        runs.append(LegRun(leg, rankings, timed[leg].latencies_ms))
    measured = measure_runs(qrels, runs, measures)
    report = Report(
        dataset=questions.name,
        queries=len(by_id),
        documents=questions.documents,
        legs={leg: replace(measured[leg], found=shown[leg]) for leg in legs},
        settings={**(settings or {}), **_described(measures, k, questions.sources)},
        texts=texts,
    )
    return report, misses


def _described(measures: Sequence[str], depth: int, sources: Mapping[str, str]) -> dict[str, str]:
    return {
        "measures": ", ".join(measures),
        "depth": str(depth),
        "warm_up_queries": str(WARM_UP),
        **{SOURCE_PREFIX + name: sources[name] for name in sorted(sources)},
    }


def _found(run: LegRun, dataset: Dataset) -> dict[str, list[str]]:
    """The first results of each query, a line each."""
    documents = {document.id: document for document in dataset.documents}
    return {
        query_id: describe_documents([name for name, _ in ranking[:FOUND_SHOWN]], documents)
        for query_id, ranking in run.rankings.items()
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
