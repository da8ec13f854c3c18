"""braid eval run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.evaluate_print import print_report, print_stages
from api.cli.evaluate_run_flags import (
    ANSWERED_LEGS,
    LEGS,
    AllStagesOption,
    AnswersOption,
    AnswersToOption,
    CorpusOption,
    JudgeOption,
    LegsOption,
    MeasuresOption,
    QrelsOption,
    RunsOption,
    SizesOption,
    SplitOption,
    StagesOption,
    ThreadsOption,
    TopicFieldOption,
    TopicsOption,
)
from api.cli.output import (
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)
from api.cli.report_files import (
    LanguageOption,
    ReportOption,
    command_line,
    report_forms,
    report_language,
    write_reports,
)

if TYPE_CHECKING:
    from api.compose import Braid
    from api.evaluation import Evaluation
    from api.evaluation_stages import Tracing
    from eval.contract import Dataset, Miss, QuestionSet, Report, Study
    from generate.contract import Answer
    from index.pipeline import Collection


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the flags ask for. `command` is how to ask for it again."""

    legs: Sequence[str]
    measures: Sequence[str]
    threads: Sequence[int]
    sizes: Sequence[int]
    answers: Path | None
    is_answered: bool
    is_judged: bool
    is_traced: bool
    is_traced_all: bool
    command: str
    quiet: bool


def run(
    dataset: Annotated[
        Path,
        typer.Argument(help="A BEIR or TREC folder, or a .jsonl file of questions on files."),
    ],
    legs: LegsOption = None,
    measures: MeasuresOption = "",
    corpus: CorpusOption = None,
    split: SplitOption = None,
    topics: TopicsOption = None,
    qrels: QrelsOption = None,
    topic_field: TopicFieldOption = "",
    answers: AnswersOption = False,
    answers_to: AnswersToOption = None,
    judge: JudgeOption = False,
    threads: ThreadsOption = "",
    sizes: SizesOption = "",
    stages: StagesOption = False,
    all_stages: AllStagesOption = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    runs: RunsOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search every question by every leg and measure the rankings, and the answers if asked for.

    The corpus is indexed into a collection of its own, which is kept for the next run.
    """
    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        forms, spoken = report_forms(report), report_language(language, braid.settings)
        is_answered = answers or judge or answers_to is not None
        names = _words(legs if legs is not None else ANSWERED_LEGS if is_answered else LEGS)
        values = {
            "legs": ",".join(names), "measures": measures, "corpus": corpus, "split": split,
            "topics": topics, "qrels": qrels, "topic-field": topic_field, "threads": threads,
            "sizes": sizes,
        }  # fmt: skip
        flags = {"answers": is_answered, "judge": judge, "stages": stages, "all-stages": all_stages}
        asked = _Asked(
            names,
            _words(measures),
            _counts(threads, "--threads", 256),
            _counts(sizes, "--sizes"),
            answers_to,
            is_answered,
            judge,
            stages or all_stages,
            all_stages,
            command_line("run", dataset, values, flags),
            as_json,
        )
        is_set = topics is None and dataset.suffix == ".jsonl"
        if is_set:
            study = _questions(braid, dataset, corpus or "", split or "", asked)
        else:
            judged = _judged(dataset, split or "", topics, qrels, topic_field)
            study = _dataset_study(braid, judged, runs, asked)
        write_reports(study, forms, spoken)
        _tell(study, asked, with_misses=is_set)


def _judged(
    place: Path, split: str, topics: Path | None, qrels: Path | None, field: str
) -> Dataset:
    from eval.pipeline import load_judged

    return load_judged(place, split, topics, qrels, field)


def _tell(study: Study, asked: _Asked, *, with_misses: bool) -> None:
    """Prints the reports, as JSON where that is asked for."""
    from eval.pipeline import report_json, study_json

    if asked.quiet:
        print_json(study_json(study) if asked.sizes else report_json(study.reports[0]))
        return
    for measured in study.reports:
        print_report(measured, study.misses[measured.dataset] if with_misses else ())
        if asked.is_traced:
            print_stages(measured)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _counts(text: str, flag: str, most: int = 10**9) -> tuple[int, ...]:
    """Raises BadInput for what is no number of threads, or of documents."""
    from ingest.contract import BadInput

    words = _words(text)
    if not all(word.isdecimal() and 0 < int(word) <= most for word in words):
        raise BadInput(f"{flag} {text!r}: give whole numbers from 1 to {most:,}, with commas")
    return tuple(map(int, words))


def _dataset_study(braid: Braid, dataset: Dataset, runs: Path | None, asked: _Asked) -> Study:
    from api.evaluation import Evaluation
    from eval.contract import Study
    from eval.pipeline import dataset_parts
    from ingest.contract import BadInput

    if asked.is_answered:
        raise BadInput(
            "answers are measured on questions about files: give a .jsonl file, not a folder of "
            "judged passages"
        )
    parts = dataset_parts(dataset, asked.sizes) if asked.sizes else [dataset]
    target = runs or braid.settings.cache_dir / "runs"
    reports: list[Report] = []
    misses: dict[str, Sequence[Miss]] = {}
    for part in parts:
        place = target / part.name if runs is None or asked.sizes else target
        measured, misses[part.name] = _dataset(Evaluation(braid), part, place, asked)
        reports.append(measured)
    return Study(dataset.name, reports, misses=misses)


def _dataset(
    evaluation: Evaluation, dataset: Dataset, target: Path, asked: _Asked
) -> tuple[Report, Sequence[Miss]]:
    """The report of a dataset, and what its last leg missed; runs are written to `target`."""
    from eval.contract import MEASURES
    from eval.pipeline import evaluate, worst_queries, write_run

    with progress_bar("indexing", not asked.quiet) as progress:
        collection = evaluation.dataset_collection(dataset, progress)
    with progress_bar("searching", not asked.quiet) as progress:
        measured, found = evaluate(
            dataset,
            evaluation.document_search(collection),
            asked.legs,
            asked.measures or MEASURES,
            progress=progress,
            settings=evaluation.described(asked.command),
        )
    measured = evaluation.completed(measured, dataset, collection)
    measured = _with_costs(evaluation, collection, measured, asked)
    if asked.is_traced:
        from api.evaluation_stages import dataset_tracing, shown_leg

        tracing = dataset_tracing(evaluation.braid, collection, dataset, shown_leg(asked.legs))
        measured = _traced(tracing, measured, asked, {})
    target.mkdir(parents=True, exist_ok=True)
    for leg_run in found:
        write_run(leg_run, target / f"{leg_run.leg}.trec")
    shown = found[-1]
    return measured, worst_queries(dataset, shown, measured.legs[shown.leg])


def _questions(braid: Braid, path: Path, corpus: str, split: str, asked: _Asked) -> Study:
    from api.choices import judge_options
    from api.evaluation import Evaluation
    from api.making import source_collection
    from eval.contract import QUESTION_MEASURES
    from eval.pipeline import (
        evaluate_questions,
        is_judged,
        load_questions,
        study_of,
    )
    from ingest.contract import BadInput

    if asked.sizes:
        raise BadInput("--sizes takes parts of a folder of judged passages, not of files")
    if asked.is_judged:  # before anything is searched or paid for
        judge_options(braid.settings)
    questions = load_questions(path, split)
    measures = asked.measures or QUESTION_MEASURES
    if asked.is_answered and not any(map(is_judged, questions.questions)):
        measures = ()  # rankings have nothing to be judged by; answers may have
    evaluation = Evaluation(braid)
    with progress_bar("indexing", not asked.quiet) as progress:
        source = corpus or str(path.parent / "corpus")
        collection = source_collection(evaluation, source, progress)
    questions = replace(questions, documents=collection.stats().documents)
    with progress_bar("searching", not asked.quiet) as progress:
        measured, misses = evaluate_questions(
            questions,
            evaluation.located_search(collection),
            asked.legs,
            progress=progress,
            settings=evaluation.described(asked.command),
            measures=measures,
        )
    measured = _with_costs(evaluation, collection, measured, asked)
    answers: Mapping[str, Mapping[str, Answer]] = {}
    if asked.is_answered:
        measured, answers = _answered(evaluation, collection, questions, measured, asked)
    measured = evaluation.completed(measured, questions, collection)
    if asked.is_traced:
        from api.evaluation_stages import question_tracing, shown_leg

        tracing = question_tracing(braid, collection, questions, shown_leg(asked.legs))
        measured = _traced(tracing, measured, asked, answers.get(tracing.staging.leg, {}))
    return study_of(measured, misses)


def _traced(
    tracing: Tracing, measured: Report, asked: _Asked, answers: Mapping[str, Answer]
) -> Report:
    """The report with where answers were lost; of those that were found, where there are
    answers."""
    from api.evaluation_stages import missed, with_traces

    leg = measured.legs[tracing.staging.leg]
    names = missed(leg) if not (asked.is_traced_all or answers) else list(tracing.texts)
    with progress_bar("tracing", not asked.quiet) as progress:
        traces = tracing.traces(names, answers=answers.get, progress=progress)
    return with_traces(measured, leg.leg, traces)


def _with_costs(
    evaluation: Evaluation, collection: Collection, measured: Report, asked: _Asked
) -> Report:
    from api.evaluation_costs import with_index_costs, with_throughput

    measured = with_index_costs(evaluation, collection, measured)
    return with_throughput(evaluation, collection, measured, asked.threads)


def _answered(
    evaluation: Evaluation,
    collection: Collection,
    questions: QuestionSet,
    measured: Report,
    asked: _Asked,
) -> tuple[Report, Mapping[str, Mapping[str, Answer]]]:
    """The report with the measures of answers, and a judge's where that is asked for; with the
    answers by leg and question."""
    from eval.pipeline import ask_questions, with_answers, write_answers

    answering = {leg: evaluation.answering(collection, leg) for leg in asked.legs}
    with progress_bar("answering", not asked.quiet) as progress:
        runs = ask_questions(questions, answering, progress)
    measured = with_answers(measured, questions, runs)
    if asked.is_judged:
        from api.evaluation_judge import judged

        with progress_bar("judging", not asked.quiet) as progress:
            measured = judged(evaluation.braid.settings, questions, runs, measured, progress)
    if asked.answers is not None:
        write_answers(runs, measured, asked.answers)
    return measured, {run.leg: run.answers for run in runs}
