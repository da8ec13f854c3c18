"""braid eval compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import DataOption, JsonOption, errors_shown, print_json, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.contract import Difference, Report
    from eval.pipeline import experiments


def compare(
    left: Annotated[str, typer.Argument(help="A report file in JSON, or the id of a stored run.")],
    right: Annotated[str, typer.Argument(help="Another, of the same dataset.")],
    queries: Annotated[
        int, typer.Option(min=0, help="Show so many queries that went worse, and so many better.")
    ] = 0,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two reports, query by query, with a paired significance test.

    Two runs of one system each are compared whatever their systems are called. P-values are
    corrected for the number of comparisons on each measure (Holm).
    """
    with errors_shown(as_json):
        from eval.pipeline import compare as compare_reports
        from eval.pipeline import data_differences, experiments, holm_by_measure

        store = settings_of(None, data_dir).runs_dir
        first, second = _report_of(left, store), _report_of(right, store)
        pairs: list[tuple[str, str]] = []
        if len(first.legs) == len(second.legs) == 1:
            pairs = [(next(iter(first.legs)), next(iter(second.legs)))]
        found = compare_reports(first, second, pairs)
        corrected = holm_by_measure(found)
        warnings = data_differences(first, second)
        shown: list[experiments.Duel] = []
        if queries:
            head = found[0]
            shown = experiments.duels(first, second, (head.left, head.right), head.measure)
            shown = shown if len(shown) <= 2 * queries else [*shown[:queries], *shown[-queries:]]
        if as_json:
            rows = [
                {**asdict(row), "adjusted_p": p} for row, p in zip(found, corrected, strict=True)
            ]
            told = {"differences": rows, "warnings": warnings}
            print_json({**told, "queries": shown} if queries else told)
            return
        for warning in warnings:
            typer.echo(f"note: {warning}", err=True)
        _print_differences(found, corrected)
        _print_duels(shown)


def _report_of(name: str, runs_dir: Path) -> Report:
    """The report of a file, else of the stored run of that name."""
    from eval.pipeline import RunStore, read_report
    from ingest.contract import BadInput, NotFound

    path = Path(name)
    if path.exists() or path.suffix == ".json":
        return read_report(path)
    try:
        return RunStore(runs_dir).load(name).report
    except NotFound as error:
        raise BadInput(f"{name} is no file, and {error}") from error


def _print_duels(shown: Sequence[experiments.Duel]) -> None:
    for duel in shown:
        typer.echo(f"\n{duel.query_id}: {duel.query}  ({duel.left:.3f} -> {duel.right:.3f})")
        for side, lines in (("left", duel.left_found), ("right", duel.right_found)):
            for rank, line in enumerate(lines, start=1):
                typer.echo(f"  {side if rank == 1 else '':6}{rank}. {line}")


def _print_differences(found: Sequence[Difference], corrected: Sequence[float]) -> None:
    names = [row.left if row.left == row.right else f"{row.left}/{row.right}" for row in found]
    width = max(10, *(len(name) + 2 for name in names))
    typer.echo(
        f"{'leg':{width}}{'measure':12}{'left':>9}{'right':>9}{'change':>9}   "
        f"95% interval        p (Holm)"
    )
    for name, row, p_value in zip(names, found, corrected, strict=True):
        typer.echo(
            f"{name:{width}}{row.measure:12}{row.left_mean:>9.4f}{row.right_mean:>9.4f}"
            f"{row.difference:>+9.4f}   [{row.low:+.4f}, {row.high:+.4f}]   {p_value:.4f}"
            f"   +{row.wins} ={row.ties} -{row.losses}"
        )
