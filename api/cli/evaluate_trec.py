"""braid eval trec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import JsonOption, errors_shown, print_json


def trec(
    qrels: Annotated[Path, typer.Argument(help="The judgements, as TREC or BEIR has them.")],
    runs: Annotated[list[Path], typer.Argument(help="TREC run files, of any system.")],
    measures: Annotated[
        str, typer.Option(help="With commas, by ir-measures' names: nDCG@10, AP, RR, P@5, R@100.")
    ] = "",
    topics: Annotated[
        Path | None, typer.Option(help="The topics, to show what was asked in a report.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure run files against judgements, without any collection.

    The figures are those of trec_eval. What --json prints is compared by `braid eval compare`.
    """
    with errors_shown(as_json):
        from api.cli.evaluate_print import print_report
        from eval.contract import MEASURES
        from eval.pipeline import (
            measure_runs,
            named_runs,
            read_any_qrels,
            render,
            report_json,
            runs_report,
            study_of,
        )

        names = tuple(word.strip() for word in measures.split(",") if word.strip())
        judged = read_any_qrels(qrels)
        legs = measure_runs(judged, list(named_runs(runs, judged).values()), names or MEASURES)
        measured = runs_report([qrels, *runs], judged, legs, topics)
        if report is not None:
            report.write_text(render("html", study_of(measured)), encoding="utf-8")
        if as_json:
            print_json(report_json(measured))
        else:
            print_report(measured, ())
