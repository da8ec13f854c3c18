"""braid eval trec."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import JsonOption, errors_shown, print_json, settings_of
from api.cli.report_files import (
    LanguageOption,
    ReportOption,
    report_forms,
    report_language,
    write_reports,
)


def trec(
    qrels: Annotated[Path, typer.Argument(help="The judgements, as TREC or BEIR has them.")],
    runs: Annotated[list[Path], typer.Argument(help="TREC run files, of any system.")],
    measures: Annotated[
        str, typer.Option(help="With commas, by ir-measures' names: nDCG@10, AP, RR, P@5, R@100.")
    ] = "",
    topics: Annotated[
        Path | None, typer.Option(help="The topics, to show what was asked in a report.")
    ] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
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
            report_json,
            runs_report,
            study_of,
        )

        forms, spoken = report_forms(report), report_language(language, settings_of())
        names = tuple(word.strip() for word in measures.split(",") if word.strip())
        judged = read_any_qrels(qrels)
        legs = measure_runs(judged, list(named_runs(runs, judged).values()), names or MEASURES)
        measured = runs_report([qrels, *runs], judged, legs, topics)
        write_reports(study_of(measured), forms, spoken)
        if as_json:
            print_json(report_json(measured))
        else:
            print_report(measured, ())
