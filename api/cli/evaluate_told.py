"""Experiments, trends and stored runs as text on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from eval.contract import Report, Study
    from eval.pipeline import StoredRun, experiments


def print_study(
    study: Study,
    verdicts: Sequence[experiments.Verdict],
    whole: Sequence[experiments.Overall],
    outcome: experiments.Outcome,
) -> None:
    """A table for each dataset, then one over all, and what was left out."""
    for report in study.reports:
        _print_report(report, study, [v for v in verdicts if v.dataset == report.dataset])
    if len(study.reports) > 1:
        _print_overall(whole)
    for fallen in outcome.dropped.values():
        typer.echo(f"dropped: {fallen.said}; not measured on what remained")
    for (dataset, system), why in outcome.failed.items():
        typer.echo(f"failed: {system} on {dataset}: {why}")
    if outcome.failed:
        typer.echo("once what failed answers again, the same command measures it, and nothing else")
    left_out = [
        cell
        for cell in outcome.left_out()
        if cell.system.name not in outcome.dropped
        and (cell.entry.name, cell.system.name) not in outcome.failed
    ]
    if left_out:
        names = ", ".join(f"{c.system.name} on {c.entry.name}" for c in left_out[:5])
        more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        typer.echo(f"not measured yet: {names}{more}")
    for note in outcome.experiment.notes:
        typer.echo(f"note: {note}")


def _print_report(report: Report, study: Study, verdicts: Sequence[experiments.Verdict]) -> None:
    from eval.pipeline import experiments

    names = list(next(iter(report.legs.values())).measures)
    by_system = {verdict.difference.right: verdict for verdict in verdicts}
    width = max(len("system"), *map(len, report.legs)) + 2
    typer.echo(f"\n{report.dataset}: {report.queries:,} queries, {report.documents:,} documents")
    head = "".join(f"{name:>11}" for name in names)
    typer.echo(
        f"{'system':{width}}{head}{'p50 ms':>9}{'p95 ms':>9}   against {study.baseline}, {names[0]}"
    )
    for leg in sorted(report.legs.values(), key=lambda leg: -leg.measures[names[0]]):
        values = "".join(f"{leg.measures[name]:>11.4f}" for name in names)
        verdict = by_system.get(leg.leg)
        against = "" if verdict is None else f"   {_against(verdict)}"
        typer.echo(f"{leg.leg:{width}}{values}{leg.p50_ms:>9.1f}{leg.p95_ms:>9.1f}{against}")
    if noise := report.settings.get(experiments.NOISE):
        typer.echo(f"note: {noise}")


def _against(verdict: experiments.Verdict) -> str:
    found = verdict.difference
    sure = "better" if verdict.is_better else "worse" if verdict.is_worse else "may be luck"
    if not found.wins + found.losses:
        sure = "the same"
    return (
        f"{found.difference:+.4f} [{found.low:+.4f}, {found.high:+.4f}]  p {verdict.adjusted_p:.4f}"
        f"  +{found.wins} ={found.ties} -{found.losses}  {sure}"
    )


def _print_overall(rows: Sequence[experiments.Overall]) -> None:
    if not rows:
        return
    width = max(len("system"), *(len(row.system) for row in rows)) + 2
    typer.echo(f"\nover all datasets, {rows[0].measure}, against {rows[0].baseline}:")
    typer.echo(f"{'system':{width}}{'mean':>9}{'change':>9}   95% interval            p   datasets")
    for row in rows:
        missing = f", not on {', '.join(row.missing)}" if row.missing else ""
        typer.echo(
            f"{row.system:{width}}{row.system_mean:>9.4f}{row.difference:>+9.4f}   "
            f"[{row.low:+.4f}, {row.high:+.4f}]   {row.adjusted_p:.4f}   "
            f"better {row.better} (surely {row.surely_better}), equal {row.equal}, "
            f"worse {row.worse} (surely {row.surely_worse}){missing}"
        )


def print_plan(rows: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> None:
    """The cells that would be measured, and how long that takes as far as it can be told."""
    width = max(len(row["system"]) for row in rows) + 2
    dataset = ""
    for row in rows:
        if row["dataset"] != dataset:
            dataset = row["dataset"]
            typer.echo(f"{dataset}: {row['queries']:,} queries, {row['documents']:,} documents")
        took = "" if row["state"] == "measured" else _took(row["seconds"])
        typer.echo(f"  {row['system']:{width}}{row['state']:15}{took}")
    unknown = sum(row["seconds"] is None for row in rows)
    total = sum(row["seconds"] or 0.0 for row in rows)
    left = sum(row["state"] != "measured" for row in rows)
    known = f"about {_took(total)}" if unknown < left or not left else "no telling how long"
    more = f", and {unknown} of which nothing is known" if 0 < unknown < left else ""
    typer.echo(f"{len(rows)} cells, {left} to be measured: {known}{more}")
    for note in notes:
        typer.echo(f"note: {note}")


def _took(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def print_history(history: experiments.History) -> None:
    """Each trend as a table, what changed below the run that it changed with."""
    for trend in history.trends:
        typer.echo(f"\n{trend.dataset}, {trend.system}, {trend.measure}")
        before: float | None = None
        for point in trend.points:
            change = "" if before is None else f"{point.value - before:>+9.4f}"
            when = point.begun[:16].replace("T", " ")
            typer.echo(
                f"  {when}  {point.value:.4f}  [{point.low:.4f}, {point.high:.4f}]{change:>9}  "
                f"{point.version}  {point.run.rpartition('-')[2]}"
            )
            for line in point.changes:
                typer.echo(f"      changed: {line}")
            before = point.value


def print_runs(runs: Sequence[StoredRun]) -> None:
    """A line for each run: its id last, by which it is compared."""
    for run in runs:
        measure, value = next(iter(run.measures.items()))
        when = run.begun[:19].replace("T", " ")
        typer.echo(
            f"{when}  {run.dataset}  {run.system.name}  {measure} {value:.4f}  "
            f"{run.queries:,} queries  {run.id}"
        )
