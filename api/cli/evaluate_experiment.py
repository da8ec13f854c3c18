"""braid eval experiment | history | runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.evaluate_told import print_history, print_plan, print_runs, print_study
from api.cli.output import (
    SOME_FAILED,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
    settings_of,
)
from api.cli.report_files import (
    LanguageOption,
    ReportOption,
    report_forms,
    report_language,
    write_reports,
)

if TYPE_CHECKING:
    from api.experiments import Workbench
    from eval.pipeline import RunStore, experiments

DatasetArgument = Annotated[
    str, typer.Argument(help="Of this dataset alone, by its name.", show_default=False)
]
SystemOption = Annotated[str, typer.Option(help="Of this system alone, by its name.")]


def experiment(
    file: Annotated[Path, typer.Argument(help="The TOML file: see docs/evaluating.md.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be measured, and how long it takes.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Measure anew what has been measured before.")
    ] = False,
    stored: Annotated[
        bool, typer.Option("--stored", help="Measure nothing: tell what has been measured.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin nothing more after so many minutes.")
    ] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure systems on datasets, as a file says, and compare them with a baseline.

    Each is kept as soon as it is measured: what was stopped goes on where it was, and what failed
    because a model did not answer is measured by the same command later (exit code 3).
    """
    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        from api.experiment_settings import known_of
        from api.experiments import Workbench
        from eval.pipeline import RunStore, experiments
        from ingest.contract import BadInput

        if again and stored:
            raise BadInput("--again measures anew and --stored measures nothing: give one of them")
        settings = braid.settings
        planned = experiments.with_sizes(experiments.read_experiment(file, known_of(settings)))
        forms, spoken = report_forms(report), report_language(language, settings)
        store = RunStore(settings.runs_dir)
        bench = Workbench(planned, settings, store, lambda title: progress_bar(title, not as_json))
        try:
            if dry_run:
                _plan(bench, planned, store, again, as_json)
                return
            outcome = _conduct(bench, store, again, stored, minutes, as_json)
        finally:
            bench.close()
        if forms:
            _write(outcome, store, forms, spoken)
        _report(outcome, store, as_json)
    if outcome.failed:
        raise typer.Exit(SOME_FAILED)


def _conduct(
    bench: Workbench, store: RunStore, again: bool, stored: bool, minutes: float | None, quiet: bool
) -> experiments.Outcome:
    from eval.pipeline import experiments

    start = time.monotonic()

    def is_over() -> bool:
        return minutes is not None and time.monotonic() - start >= minutes * 60

    conduct = experiments.Conduct(bench, store, again, stored, is_over)
    if not quiet:
        conduct = replace(conduct, told=_told, failed=_failed)
    return conduct(bench.experiment)


def _failed(cell: experiments.Cell, why: str) -> None:
    typer.echo(f"{cell.entry.name}  {cell.system.name}  failed: {why}", err=True)


def _told(done: experiments.Done) -> None:
    leg = next(iter(done.run.report.legs.values()))
    measure, value = next(iter(leg.measures.items()))
    before = f"  (measured {_when(done)})" if done.stored else ""
    typer.echo(f"{done.cell.entry.name}  {done.cell.system.name}  {measure} {value:.4f}{before}")


def _when(done: experiments.Done) -> str:
    """When a stored run was measured, and with which versions that are not those of now."""
    from api.provenance import PACKAGES, versions

    now, then = versions(), done.run.versions
    others = [
        f"{name} {then[name]}" for name in PACKAGES if name in then and now.get(name) != then[name]
    ]
    when = done.run.begun[:16].replace("T", " ")
    return f"{when} with {', '.join(others)}: --again measures anew" if others else when


def _write(
    outcome: experiments.Outcome, store: RunStore, forms: Mapping[Path, str], language: str
) -> None:
    """Writes reports of what there is, with the history of its systems."""
    from eval.pipeline import common_measure, experiments

    study = experiments.study_of_runs(outcome)
    if not study.reports:
        return
    study = replace(study, misses=experiments.poor_queries(outcome.experiment, study))
    told = {(report.dataset, leg) for report in study.reports for leg in report.legs}
    runs = [run for run in store.runs() if (run.dataset, run.system.name) in told]
    measure = common_measure(study.reports)
    trends = experiments.history_of(runs, (measure,) if measure else ()).trends
    write_reports(study, forms, language, trends)


def _report(outcome: experiments.Outcome, store: RunStore, as_json: bool) -> None:
    from eval.pipeline import experiments, study_json
    from ingest.contract import BadInput, Unavailable

    study = experiments.study_of_runs(outcome)
    if not study.reports and outcome.failed:
        raise Unavailable(f"nothing could be measured: {next(iter(outcome.failed.values()))}")
    if not study.reports:
        raise BadInput(
            f"nothing of {outcome.experiment.name} has been measured yet: run it without --stored"
        )
    compared, whole = experiments.verdicts(study), experiments.overall(study)
    if as_json:
        dropped = list(outcome.dropped.values())
        print_json(
            {
                **study_json(study),
                "verdicts": compared,
                "overall": whole,
                "slices": [
                    verdict
                    for report in study.reports
                    for verdict in experiments.slice_verdicts(study, report, resamples=1_999)
                ],
                "dropped": dropped,
                "failed": [
                    {"dataset": dataset, "system": system, "error": why}
                    for (dataset, system), why in outcome.failed.items()
                ],
                "runs": {
                    f"{dataset}: {system}": run.id
                    for (dataset, system), run in outcome.runs.items()
                },
                "left_out": outcome.experiment.notes,
            }
        )
        return
    print_study(study, compared, whole, outcome)
    typer.echo(f"runs are kept in {store.folder}")


def _plan(
    bench: Workbench, planned: experiments.Experiment, store: RunStore, again: bool, as_json: bool
) -> None:
    """What would be done, in the order that is known before anything is: dataset by dataset."""
    from eval.pipeline import experiments

    earlier = store.runs()
    rows: list[dict[str, Any]] = []
    for entry in experiments.by_size(planned):
        size, indexed = planned.sizes[entry.name], set[str]()
        for system in sorted(planned.systems, key=lambda one: one.name != planned.baseline):
            cell = experiments.Cell(entry, system)
            row = {
                "dataset": entry.name, "system": system.name, "queries": size.queries,
                "documents": size.documents, "state": "measured", "seconds": 0.0,
            }  # fmt: skip
            rows.append(row)
            if not again and experiments.find_stored(bench, store, planned, cell) is not None:
                continue
            name, is_there = bench.collection_of(cell)
            is_indexed = is_there or name in indexed
            indexed.add(name)
            row["state"] = "indexed" if is_indexed else "to be indexed"
            row["seconds"] = experiments.seconds(cell, size, earlier, is_indexed=is_indexed)
    if as_json:
        print_json({"cells": rows, "left_out": planned.notes})
    else:
        print_plan(rows, planned.notes)


def history(
    dataset: DatasetArgument = "",
    system: SystemOption = "",
    measure: Annotated[
        list[str] | None, typer.Option(help="This measure alone; repeatable.")
    ] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """How systems did over time, with intervals, and what changed between two runs."""
    with errors_shown(as_json):
        from eval.pipeline import RunStore, experiments
        from ingest.contract import NotFound

        settings = settings_of(None, data_dir)
        forms, spoken = report_forms(report), report_language(language, settings)
        store = RunStore(settings.runs_dir)
        found = store.runs(dataset, system)
        trends = experiments.history_of(found, measure or ())
        if not trends.trends:
            raise NotFound(
                f"{store.folder} has no such run: 'braid eval runs' lists what it has, and 'braid "
                "eval experiment' measures"
            )
        if forms:
            newest = {(run.dataset, run.system.name): run for run in found}
            loaded = [store.load(run) for run in sorted(newest.values(), key=lambda r: r.name)]
            name = " ".join(filter(None, (dataset, system))) or "all stored runs"
            study = experiments.study_of_stored(name, loaded)
            write_reports(study, forms, spoken, trends.trends)
        if as_json:
            print_json(trends)
        else:
            print_history(trends)


def runs(
    dataset: DatasetArgument = "",
    system: SystemOption = "",
    prune: Annotated[
        int | None,
        typer.Option(min=1, help="Remove all but so many of each system on each dataset."),
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the stored runs, the newest last, or remove old ones."""
    with errors_shown(as_json):
        from eval.pipeline import RunStore

        store = RunStore(settings_of(None, data_dir).runs_dir)
        shown = (
            store.runs(dataset, system) if prune is None else store.prune(prune, dataset, system)
        )
        if as_json:
            print_json({"folder": store.folder, "runs": shown, "removed": prune is not None})
            return
        if prune is not None:
            typer.echo(f"removed {len(shown)} runs from {store.folder}")
        elif not shown:
            typer.echo(f"no run is stored in {store.folder}")
        print_runs(shown)
