"""braid eval run | parse | compare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    SOME_FAILED,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose import Braid
    from eval.contract import Difference, Miss, ParsedFile, Report

app = typer.Typer(help="Measure the quality of reading and of retrieval.", no_args_is_help=True)

LEGS = "sparse,dense,rrf,convex,default"


@app.command("run")
def run(
    dataset: Annotated[
        Path, typer.Argument(help="A BEIR folder, or a .jsonl file of questions on files.")
    ],
    legs: Annotated[str, typer.Option(help="Legs and fusions, with commas.")] = LEGS,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Questions: the folder they ask about; 'corpus' beside the file."),
    ] = None,
    split: Annotated[str, typer.Option(help="BEIR: qrels/SPLIT.tsv.")] = "test",
    report: Annotated[Path | None, typer.Option(help="Write an HTML report here.")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="BEIR: write TREC run files here; else in the cache.")
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search every question by every leg and measure the rankings.

    The corpus is indexed into a collection of its own, which is kept for the next run.
    """
    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        names = tuple(name.strip() for name in legs.split(",") if name.strip())
        if dataset.suffix == ".jsonl":
            folder = corpus or dataset.parent / "corpus"
            measured, misses = _questions(braid, dataset, folder, names, as_json)
        else:
            measured, misses = _beir(braid, dataset, split, names, runs, as_json)
        from eval.pipeline import render, report_json, study_of

        if report is not None:
            report.write_text(render("html", study_of(measured, misses)), encoding="utf-8")
        if as_json:
            print_json(report_json(measured))
        else:
            _print_report(measured, misses if dataset.suffix == ".jsonl" else ())


def _beir(
    braid: Braid, folder: Path, split: str, legs: Sequence[str], runs: Path | None, quiet: bool
) -> tuple[Report, Sequence[Miss]]:
    from api.evaluation import Evaluation
    from eval.pipeline import evaluate, load_dataset, worst_queries, write_run

    dataset = load_dataset(folder, split)
    evaluation = Evaluation(braid)
    with progress_bar("indexing", not quiet) as progress:
        collection = evaluation.dataset_collection(dataset, progress)
    with progress_bar("searching", not quiet) as progress:
        measured, found = evaluate(
            dataset,
            evaluation.document_search(collection),
            legs,
            progress=progress,
            settings=evaluation.described(f"braid eval run {folder.name} --legs {','.join(legs)}"),
        )
    target = runs or braid.settings.cache_dir / "runs" / dataset.name
    target.mkdir(parents=True, exist_ok=True)
    for leg_run in found:
        write_run(leg_run, target / f"{leg_run.leg}.trec")
    shown = found[-1]
    return measured, worst_queries(dataset, shown, measured.legs[shown.leg])


def _questions(
    braid: Braid, path: Path, corpus: Path, legs: Sequence[str], quiet: bool
) -> tuple[Report, Sequence[Miss]]:
    from api.evaluation import Evaluation
    from eval.pipeline import evaluate_questions, load_questions
    from ingest.contract import NotFound

    questions = load_questions(path)
    if not corpus.is_dir():
        raise NotFound(f"no folder {corpus}: name the questions' files with --corpus")
    evaluation = Evaluation(braid)
    collection = evaluation.corpus_collection(corpus)
    questions = replace(questions, documents=collection.stats().documents)
    with progress_bar("searching", not quiet) as progress:
        return evaluate_questions(
            questions,
            evaluation.located_search(collection),
            legs,
            progress=progress,
            settings=evaluation.described(f"braid eval run {path.name} --legs {','.join(legs)}"),
        )


def _print_report(report: Report, misses: Sequence[Miss]) -> None:
    from eval.pipeline import headline

    names = list(next(iter(report.legs.values())).measures)
    typer.echo(f"{report.dataset}: {report.queries} queries, {report.documents} documents")
    typer.echo(
        f"{'':10}" + "".join(f"{name:>12}" for name in names) + f"{'p50 ms':>10}{'p95 ms':>10}"
    )
    for leg in report.legs.values():
        values = "".join(f"{leg.measures[name]:>12.4f}" for name in names)
        typer.echo(f"{leg.leg:10}{values}{leg.p50_ms:>10.1f}{leg.p95_ms:>10.1f}")
    typer.echo(headline(report))
    for miss in misses:
        if miss.leg == list(report.legs)[-1]:
            typer.echo(f"missed {miss.query_id}: {miss.query} -> {'; '.join(miss.expected)}")


@app.command("parse")
def parse(
    truth_dir: Annotated[
        Path, typer.Argument(help="A folder of files, each with its NAME.truth.json.")
    ],
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="These formats alone; repeatable.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Read and chunk files of known content, and measure what came of them."""
    with errors_shown(as_json), braid_of() as braid:
        from api.evaluation import Evaluation
        from eval.contract import ParseReport
        from eval.pipeline import load_truths, measure_files, parse_html, parse_json

        truths = load_truths(truth_dir, formats or ())
        evaluation = Evaluation(braid)
        with progress_bar("reading", not as_json) as progress:
            files = measure_files(
                truths, evaluation.document_reader(), braid.parts.embedder.count, progress
            )
        named = "".join(f" --format {name}" for name in formats or ())
        described = evaluation.described(f"braid eval parse {truth_dir.name}{named}")
        measured = ParseReport({"braid": files}, described)
        if report is not None:
            report.write_text(parse_html(measured), encoding="utf-8")
        if as_json:
            print_json(parse_json(measured))
        else:
            _print_parsed(files)
    if any(file.failure for file in files):
        raise typer.Exit(SOME_FAILED)


def _print_parsed(files: Sequence[ParsedFile]) -> None:
    from eval.pipeline import format_key, grouped, parse_table, shown_findings

    for line in parse_table({"all": files, **grouped(files, format_key)}):
        typer.echo(line)
    for file in files:
        lines = [f"failed: {file.failure}"] if file.failure else shown_findings(file, 2)
        for line in lines:
            typer.echo(f"{file.name}: {line}")


@app.command("compare")
def compare(
    left: Annotated[Path, typer.Argument(help="A report written with --json.")],
    right: Annotated[Path, typer.Argument(help="Another, of the same dataset.")],
    as_json: JsonOption = False,
) -> None:
    """Compare two reports, query by query, with a paired significance test."""
    with errors_shown(as_json):
        from eval.pipeline import compare as compare_reports
        from eval.pipeline import data_differences, read_report

        first, second = read_report(left), read_report(right)
        found = compare_reports(first, second)
        warnings = data_differences(first, second)
        if as_json:
            print_json({"differences": found, "warnings": warnings})
            return
        for warning in warnings:
            typer.echo(f"note: {warning}", err=True)
        _print_differences(found)


def _print_differences(found: Sequence[Difference]) -> None:
    typer.echo(
        f"{'leg':10}{'measure':12}{'left':>9}{'right':>9}{'change':>9}   95% interval        p"
    )
    for row in found:
        name = row.left if row.left == row.right else f"{row.left}/{row.right}"
        typer.echo(
            f"{name:10}{row.measure:12}{row.left_mean:>9.4f}{row.right_mean:>9.4f}"
            f"{row.difference:>+9.4f}   [{row.low:+.4f}, {row.high:+.4f}]   {row.p_value:.4f}"
            f"   +{row.wins} ={row.ties} -{row.losses}"
        )
