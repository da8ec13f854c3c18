"""Report files that a command writes: forms by their endings, and the language."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.settings import Settings
    from eval.contract import Study
    from eval.pipeline import Analysis, experiments

ReportOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--report",
        help="Write a report here, in the form of its ending: .html, .md, .json, .csv, or "
        ".queries.csv with a row for each query; repeatable.",
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(help="Language of reports: en or zh; evaluation.language if not set.")
]


def command_line(
    command: str, dataset: Path, values: Mapping[str, object], flags: Mapping[str, bool]
) -> str:
    """How to ask `braid eval` for the same again, for a report; of a path its last part, which is
    not to tell where it lies on one machine."""
    words = ["braid eval", command, _word(dataset)]
    words += [f"--{name} {_word(value)}" for name, value in values.items() if value]
    return " ".join([*words, *(f"--{name}" for name, is_set in flags.items() if is_set)])


def _word(value: object) -> str:
    text = str(value)
    shown = Path(text).name if isinstance(value, Path) or Path(text).is_absolute() else text
    return shlex.quote(shown)


def report_forms(paths: Sequence[Path] | None) -> dict[Path, str]:
    """The form of each report file, by its ending. Raises BadInput for one that there is not, and
    NotFound for a folder that is not there: before anything is measured."""
    from eval.pipeline import form_of
    from ingest.contract import NotFound

    for path in paths or ():
        if not path.parent.is_dir():
            raise NotFound(f"there is no folder {path.parent} to write {path.name} to: make it")
    return {path: form_of(path) for path in paths or ()}


def report_language(language: str | None, settings: Settings) -> str:
    """The language of reports: as the flag says, else as is set. Raises BadInput for one that
    reports are not written in."""
    from eval.pipeline import LANGUAGES
    from ingest.contract import BadInput

    chosen = language or settings.evaluation.language
    if chosen not in LANGUAGES:
        raise BadInput(f"--language {chosen}: choose one of {', '.join(LANGUAGES)}")
    return chosen


def write_reports(
    study: Study, forms: Mapping[Path, str], language: str, trends: Sequence[experiments.Trend] = ()
) -> Analysis:
    """Writes the files of `report_forms`, and gives the analysis that they are made of; `trends`
    are of earlier runs of the same systems."""
    from eval.pipeline import TOLD, Analysis, render

    analysis = Analysis(study)
    told = {"language": language, "trends": trends, "analysis": analysis}
    for path, form in forms.items():
        options = told if form in TOLD else {}
        path.write_text(render(form, study, **options), encoding="utf-8", newline="")
    return analysis
