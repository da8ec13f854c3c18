"""braid eval gate: whether the system, as it is set, is worse than a baseline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    FAILED,
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
    from api.evaluation_gate import Wanted
    from eval.contract import Study
    from eval.pipeline import stages

Compared = tuple["stages.GateResult | None", "Study | None"]

DatasetArgument = Annotated[
    Path,
    typer.Argument(
        help="A BEIR or TREC folder, a .jsonl file of questions on files, or a folder of files "
        "with their truths (NAME.truth.json)."
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(help="Compare with this: a report with --json, a stored run, a baseline."),
]
WriteOption = Annotated[
    Path | None, typer.Option(help="Write what is measured now here, as a baseline.")
]
CorpusOption = Annotated[
    Path | None,
    typer.Option(help="Questions: the folder they ask about; 'corpus' beside the file."),
]
SplitOption = Annotated[str, typer.Option(help="As in braid eval run.")]
LegOption = Annotated[
    str, typer.Option(help="Leg or fusion; the baseline's, or 'default'.", show_default=False)
]
MeasuresOption = Annotated[
    list[str] | None, typer.Option("--measure", help="These alone may fail it; repeatable.")
]
ToleranceOption = Annotated[float, typer.Option(help="A fall of the mean up to this is let pass.")]
SlowdownOption = Annotated[
    float | None,
    typer.Option(help="Fail, too, where the median latency is over so many times as long."),
]
SampleOption = Annotated[
    int | None, typer.Option(min=1, help="So many queries at the most, the same each time.")
]
AnswersOption = Annotated[
    bool, typer.Option("--answers", help="Questions: have each answered, and compare that.")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Index anew, whatever is in the cache.")]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Measures of reading and chunking fall by the tolerance alone, in however few files.",
    ),
]
ChangedOption = Annotated[
    bool, typer.Option("--allow-changed-data", help="Compare though the data changed.")
]


def gate(
    dataset: DatasetArgument,
    baseline: BaselineOption = None,
    write_baseline: WriteOption = None,
    corpus: CorpusOption = None,
    split: SplitOption = "",
    leg: LegOption = "",
    measures: MeasuresOption = None,
    tolerance: ToleranceOption = 0.005,
    max_slowdown: SlowdownOption = None,
    sample: SampleOption = None,
    answers: AnswersOption = False,
    fresh: FreshOption = False,
    strict: StrictOption = False,
    allow_changed_data: ChangedOption = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the system as it is set, and fail where it is worse than a baseline.

    Ends with 1 where a measure fell beyond its interval, 0 where none did, 2 for wrong use.
    """
    from ingest.contract import BadInput, NotFound

    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        from api.evaluation_gate import Wanted, is_truth_folder
        from eval.pipeline import stages

        if baseline is None and write_baseline is None:
            raise BadInput("there is nothing to do: give --baseline, or --write-baseline")
        try:
            forms, spoken = report_forms(report), report_language(language, braid.settings)
        except NotFound as error:  # 1 is for a fall alone
            raise BadInput(str(error)) from error
        options = stages.Options(
            tolerance, tuple(measures or ()), max_slowdown, allow_changed_data, strict
        )
        if is_truth_folder(dataset):
            result, study = _parsing(braid, dataset, baseline, write_baseline, options, as_json)
        else:
            wanted = Wanted(
                dataset, corpus, split, leg, sample=sample, is_fresh=fresh, is_answered=answers
            )
            result, study = _searching(braid, wanted, baseline, write_baseline, options, as_json)
        if study is not None:
            write_reports(study, forms, spoken)
        if result is not None:
            _print(result, as_json)
        elif as_json:
            print_json({"written": str(write_baseline)})
    if result is not None and not result.passed:
        raise typer.Exit(FAILED)


def _searching(
    braid: Braid,
    wanted: Wanted,
    baseline: Path | None,
    target: Path | None,
    options: stages.Options,
    quiet: bool,
) -> Compared:
    from api.evaluation_gate import measured
    from eval.pipeline import stages

    before = None if baseline is None else stages.read_baseline(baseline, wanted.leg)
    if before is None:
        wanted = replace(wanted, leg=wanted.leg or "default")
    else:
        queries = {name for values in before.leg.per_query.values() for name in values}
        wanted = replace(
            wanted,
            leg=before.searches,
            queries=frozenset(queries),
            measures=tuple(before.leg.measures),
        )
    with (
        progress_bar("searching", not quiet) as told,
        measured(braid, wanted, _command(wanted), told) as found,
    ):
        compared: Compared = (None, None)
        if before is not None:
            compared = stages.compare_runs(before, found.rerun(), options)
        if target is not None:
            _write(target, stages.baseline_json(found.traced(), found.corpus))
    return compared


def _command(wanted: Wanted) -> str:
    values = {
        "corpus": wanted.corpus, "split": wanted.split, "leg": wanted.leg, "sample": wanted.sample,
    }  # fmt: skip
    flags = {"answers": wanted.is_answered, "fresh": wanted.is_fresh}
    return command_line("gate", wanted.path, values, flags)


def _parsing(
    braid: Braid,
    folder: Path,
    baseline: Path | None,
    target: Path | None,
    options: stages.Options,
    quiet: bool,
) -> Compared:
    from api.evaluation_gate import parsed
    from eval.contract import ParseReport
    from eval.pipeline import parse_json, stages

    before = None if baseline is None else stages.read_parsed(baseline)
    with progress_bar("reading", not quiet) as progress:
        found = parsed(braid, folder, command_line("gate", folder, {}, {}), progress)
    compared: Compared = (None, None)
    if before is not None:
        now = found.files, found.settings
        compared = stages.compare_parsed(folder.resolve().name, before, now, found.read, options)
    if target is not None:
        _write(target, parse_json(ParseReport({"braid": found.files}, found.settings)))
    return compared


def _write(path: Path, data: object) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _print(result: stages.GateResult, as_json: bool) -> None:
    from eval.pipeline import stages

    if as_json:
        print_json(stages.gate_json(result))
        return
    for line in stages.gate_lines(result):
        typer.echo(line)
