"""An evaluation's report in lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from eval.contract import LegReport, Miss, Report

_WIDTH = 12
_COLUMNS = 6
"""Measures beside each other."""
_BARS = " ▁▂▃▄▅▆▇█"


def print_report(report: Report, misses: Sequence[Miss]) -> None:
    """Measures of all legs, costs, and what the last leg missed."""
    from eval.pipeline import headline

    typer.echo(f"{report.dataset}: {report.queries} queries, {report.documents} documents")
    names = list(next(iter(report.legs.values())).measures)
    for start in range(0, len(names), _COLUMNS):
        _print_measures(report, names[start : start + _COLUMNS], with_latency=start == 0)
    typer.echo(headline(report))
    for name in ("answers", *(name for name in report.settings if name.startswith("judge"))):
        if name in report.settings:
            typer.echo(f"{name}: {report.settings[name]}")
    for leg in report.legs.values():
        told = ", ".join(f"{name} {value:,.4g}" for name, value in leg.costs.items())
        typer.echo(f"{leg.leg}: {_latency(leg)}{told and '; '}{told}")
    for miss in misses:
        if miss.leg == list(report.legs)[-1]:
            typer.echo(f"missed {miss.query_id}: {miss.query} -> {'; '.join(miss.expected)}")


def print_stages(report: Report) -> None:
    """Which stage lost an answer."""
    from api.evaluation_stages import shown_leg
    from eval.pipeline import stages

    traces = report.legs[shown_leg(list(report.legs))].traces
    for line in stages.stage_lines(traces, report.texts):
        typer.echo(line)


def _latency(leg: LegReport) -> str:
    """Latencies in a line: percentiles, and a bar for each part of their range."""
    from eval.pipeline import histogram, summarize

    took = summarize(leg.latencies_ms)
    counts = histogram(leg.latencies_ms, len(_BARS)).counts
    most = max(counts, default=0)
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] for count in counts)
    return (
        f"{took.mean_ms:.1f} ms on average, p99 {took.p99_ms:.1f}, at most {took.max_ms:.1f} "
        f"[{bars}]"
    )


def _print_measures(report: Report, names: Sequence[str], *, with_latency: bool) -> None:
    head = "".join(f"{name:>{_WIDTH}}" for name in names)
    typer.echo(f"{'':10}{head}" + (f"{'p50 ms':>10}{'p95 ms':>10}" if with_latency else ""))
    for leg in report.legs.values():
        values = "".join(
            f"{leg.measures[name]:>{_WIDTH}.4f}" if name in leg.measures else f"{'':{_WIDTH}}"
            for name in names
        )
        took = f"{leg.p50_ms:>10.1f}{leg.p95_ms:>10.1f}" if with_latency else ""
        typer.echo(f"{leg.leg:10}{values}{took}")
