"""braid bench embed."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.output import JsonOption, braid_of, errors_shown, print_json

app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `embed` a subcommand while it is the only one."""


@app.command("embed")
def embed(
    passages: Annotated[int, typer.Option(min=8, help="Passages to embed.")] = 500,
    as_json: JsonOption = False,
) -> None:
    """Embed passages as Braid does, and as sentence-transformers does by default in float32.

    Both run the same model over the same text in turns, a slice at a time, so that noise on the
    machine falls on both.
    """
    with errors_shown(as_json), braid_of() as braid:
        from api.benchmark import bench_embedding

        result = bench_embedding(braid, passages)
        if as_json:
            print_json(result)
            return
        typer.echo(f"{result.passages} passages of {result.mean_tokens:.0f} tokens on average")
        typer.echo(f"Braid                          {result.braid_per_s:8.1f} passages/s")
        typer.echo(f"sentence-transformers, fp32    {result.baseline_per_s:8.1f} passages/s")
        typer.echo(f"ratio {result.ratio:.2f}; least cosine between the two {result.cosine:.5f}")
