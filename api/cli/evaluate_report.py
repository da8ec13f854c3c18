"""braid eval report."""

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


def report(
    files: Annotated[
        list[Path],
        typer.Argument(help="JSON files of braid eval run, braid eval experiment or stored runs."),
    ],
    report: ReportOption = None,
    baseline: Annotated[
        str, typer.Option(help="Compare the others with this system; the best, if not given.")
    ] = "",
    name: Annotated[str, typer.Option(help="Title of the report.")] = "",
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write reports of what was measured before: of one evaluation, or of several as one."""
    with errors_shown(as_json):
        from eval.pipeline import joined, read_study, study_headline, study_json

        spoken = report_language(language, settings_of())
        forms = report_forms(report)
        study = joined({path.stem: read_study(path) for path in files}, name, baseline)
        analysis = write_reports(study, forms, spoken)
        if as_json:
            print_json(study_json(study))
        else:
            typer.echo(study_headline(analysis, spoken))
