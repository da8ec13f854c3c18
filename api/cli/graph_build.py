"""braid graph build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import (
    FAILED,
    SOME_FAILED,
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)
from api.cli.relations import passages

if TYPE_CHECKING:
    from api.compose import Braid
    from index.graph.pipeline import Budget, BuildReport, Estimate
    from index.pipeline import Collection

_MINUTE, _HOUR = 60, 3600


TokensOption = Annotated[
    int | None, typer.Option(min=0, help="With --model: stop before more tokens are used.")
]
PriceOption = Annotated[
    float | None, typer.Option(min=0, help="With --model: stop before it costs more.")
]
CallsOption = Annotated[
    int | None, typer.Option(min=0, help="With --model: stop before more calls are made.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="With --model: calls at the same time; graph.model.workers if not given."
    ),
]
ProbeOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="With --dry-run: so many passages; 0 asks nothing. A quarter of them if not given, "
        "graph.model.probe at the most.",
    ),
]


def build(
    model: Annotated[
        bool,
        typer.Option("--model", help="Ask the language model (answer.model), passage by passage."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="With --model: say what it will take. A few passages are asked about, to "
            "measure; their answers are kept.",
        ),
    ] = False,
    probe: ProbeOption = None,
    max_tokens: TokensOption = None,
    max_price: PriceOption = None,
    max_calls: CallsOption = None,
    workers: WorkersOption = None,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find entities in passages that were stored before there was a graph, or with other rules;
    with --model also those that a language model finds, in passages that it was not asked about.

    Ingesting finds entities by rules in what it stores. Nothing is embedded. A build with a model
    that was stopped, by its budget or by a kill, goes on with the same command, and no call is
    made twice."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.graph.pipeline import Budget
        from ingest.contract import BadInput

        target = braid.store.get(braid.settings.collection)
        given = (probe, max_tokens, max_price, max_calls, workers)
        if not model:
            if dry_run or given != (None,) * len(given):
                raise BadInput(
                    "--dry-run, --probe, --max-tokens, --max-price, --max-calls and --workers are "
                    "for building with a language model: add --model"
                )
            _by_rules(braid, target, as_json)
            return
        budget = Budget(max_tokens, max_price, max_calls)
        at_once = workers or braid.settings.graph.model.workers
        if dry_run:
            _say_what_it_takes(braid, target, budget, (probe, at_once), as_json)
        elif probe is not None:
            raise BadInput("--probe goes with --dry-run")
        else:
            _by_model(braid, target, budget, at_once, as_json)


def _by_rules(braid: Braid, target: Collection, as_json: bool) -> None:
    with progress_bar("finding entities", not as_json) as progress:
        total: int | None = None
        for left in braid.build_graph(target):
            total = left if total is None else total
            progress(total - left, total)
    if as_json:
        print_json({"collection": target.name, "passages": total or 0})
    else:
        typer.echo(f"{target.name}: entities found in {passages(total or 0)}")


def _say_what_it_takes(
    braid: Braid,
    target: Collection,
    budget: Budget,
    numbers: tuple[int | None, int],
    as_json: bool,
) -> None:
    """The estimate, by so many passages asked about with so many calls at the same time."""
    extraction = braid.model_extraction()
    extraction.check(budget)
    number, workers = numbers
    with target.asking() as store:
        if number is None:
            due = len(store.pending(extraction.fingerprint))
            number = min(braid.settings.graph.model.probe, -(-due // 4))
        estimate, report = extraction.probe(store, number, budget, workers)
    if as_json:
        print_json({"collection": target.name, "estimate": _rows(estimate), "probe": _rows(report)})
    else:
        typer.echo(f"{target.name}: {_expected(estimate)}")
        if report.usage.calls:
            typer.echo(
                f"the measuring took {_used(report)} for {passages(report.done)}, which are done"
            )
    _end(report, as_json)


def _by_model(
    braid: Braid, target: Collection, budget: Budget, workers: int, as_json: bool
) -> None:
    extraction = braid.model_extraction()
    extraction.check(budget)
    with target.asking() as store:
        if not as_json:
            typer.echo(f"{target.name}: {_expected(extraction.estimate(store))}", err=True)
        with progress_bar("asking the model", not as_json) as progress:
            report = extraction.build(store, budget, workers, progress)
    if as_json:
        print_json({"collection": target.name, **_rows(report)})
    else:
        found = report.findings
        typer.echo(
            f"{target.name}: {found.entities:,} entities and {found.statements:,} relations found "
            f"in {passages(report.done)}, by {_used(report)}; {passages(report.left)} left"
        )
        for line in _remarks(report):
            typer.echo(line)
    _end(report, as_json)


def _end(report: BuildReport, as_json: bool) -> None:
    """Says why a run ended early; as the command's exit code, where that is a failure."""
    from index.graph.pipeline import UNAVAILABLE

    if report.reason and not as_json:
        typer.echo(f"stopped: {report.reason}" if report.stopped else report.reason, err=True)
    if report.stopped == UNAVAILABLE:
        raise typer.Exit(FAILED)
    if report.given_up:
        raise typer.Exit(SOME_FAILED)


def _expected(estimate: Estimate) -> str:
    if not estimate.chunks:
        return "the model was asked about every passage"
    parts = [
        f"about {estimate.calls:,} calls",
        f"{estimate.prompt_tokens:,} tokens read and {estimate.completion_tokens:,} written",
    ]
    if estimate.price:
        parts.append(f"a price of {estimate.price:.4g}")
    if estimate.seconds is not None:
        parts.append(_time(estimate.seconds))
    basis = "assumed, not measured: --dry-run measures"
    if estimate.measured:
        basis = f"by {passages(estimate.measured)} that were asked about"
        if estimate.error is not None:
            basis += f", give or take {estimate.error:.0%}"
    return f"{passages(estimate.chunks)} to be asked about: {', '.join(parts)} ({basis})"


def _used(report: BuildReport) -> str:
    usage = report.usage
    price = f" and a price of {report.price:.4g}" if report.price else ""
    counted = " (in part estimated: the server did not count)" if usage.estimated else ""
    return (
        f"{usage.calls:,} calls with {usage.prompt_tokens:,} tokens read and "
        f"{usage.completion_tokens:,} written{price}{counted} in {_time(report.seconds)}"
    )


def _remarks(report: BuildReport) -> list[str]:
    found = report.findings
    remarks = (
        (
            found.ungrounded + found.unrelated,
            f"{found.ungrounded:,} entities and {found.unrelated:,} relations were left out: "
            "their passages do not name them",
        ),
        (
            found.unreadable,
            f"{passages(found.unreadable)} without facts: the model's answers cannot be read",
        ),
        (found.cut, f"{found.cut:,} answers were cut off: raise graph.model.max_tokens"),
    )
    return [text for count, text in remarks if count]


def _time(seconds: float) -> str:
    if seconds >= 2 * _HOUR:
        return f"{seconds / _HOUR:.1f} hours"
    if seconds >= 2 * _MINUTE:
        return f"{seconds / _MINUTE:.0f} minutes"
    return f"{seconds:.0f} seconds"


def _rows(value: Estimate | BuildReport) -> dict[str, Any]:
    import dataclasses

    return dataclasses.asdict(value)
