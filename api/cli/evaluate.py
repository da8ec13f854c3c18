"""braid eval parse; further commands stand in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import evaluate_compare, evaluate_experiment
from api.cli.evaluate_gate import gate
from api.cli.evaluate_make import make
from api.cli.evaluate_report import report as write_report
from api.cli.evaluate_run import run
from api.cli.evaluate_trec import trec
from api.cli.output import (
    SOME_FAILED,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.contract import ParsedFile

app = typer.Typer(help="Measure the quality of reading and of retrieval.", no_args_is_help=True)

app.command("run")(run)
app.command("make")(make)
app.command("trec")(trec)


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
        from api.evaluation_gate import truth_sources
        from eval.contract import ParseReport
        from eval.pipeline import load_truths, measure_files, parse_html, parse_json

        truths = load_truths(truth_dir, formats or ())
        evaluation = Evaluation(braid)
        with progress_bar("reading", not as_json) as progress:
            files = measure_files(
                truths, evaluation.document_reader(), braid.parts.embedder.count, progress
            )
        named = "".join(f" --format {name}" for name in formats or ())
        command = f"braid eval parse {truth_dir.name}{named}"
        described = {**evaluation.described(command), **truth_sources(truth_dir)}
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


app.command("compare")(evaluate_compare.compare)
app.command("experiment")(evaluate_experiment.experiment)
app.command("history")(evaluate_experiment.history)
app.command("runs")(evaluate_experiment.runs)
app.command("gate")(gate)
app.command("report")(write_report)
