"""braid bench embed, parse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import SOME_FAILED, JsonOption, braid_of, errors_shown, print_json

app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)


@app.command("embed")
def embed(
    passages: Annotated[int, typer.Option(min=8, help="Passages to embed.")] = 500,
    starts: Annotated[int, typer.Option(min=0, help="Processes of each to start.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Embed passages as Braid does, and as sentence-transformers does by default in float32.

    Both run the same model over the same text in turns, a slice at a time, so that noise on the
    machine falls on both. So do as many short questions, one by one, and processes that start and
    embed one.
    """
    with errors_shown(as_json), braid_of() as braid:
        from api.benchmark import bench_embedding

        result = bench_embedding(braid, passages, starts)
        if as_json:
            print_json(result)
            return
        typer.echo(f"{result.passages} passages of {result.mean_tokens:.0f} tokens on average")
        typer.echo(f"Braid                          {result.braid_per_s:8.1f} passages/s")
        typer.echo(f"sentence-transformers, fp32    {result.baseline_per_s:8.1f} passages/s")
        for name, wait in (("Braid", result.braid), ("baseline", result.baseline)):
            line = f"{name + ', one question':<30} {wait.query_p50_ms:8.1f} ms"
            line += f", 95 of 100 in {wait.query_p95_ms:.1f}"
            if wait.start_s is not None:
                line += f"; first vector {wait.start_s:.1f} s after the start"
            typer.echo(line)
        typer.echo(f"ratio {result.ratio:.2f}; least cosine between the two {result.cosine:.5f}")


@app.command("parse")
def parse(
    files: Annotated[list[Path], typer.Argument(help="Files to read and chunk.", exists=True)],
    fast: Annotated[
        bool, typer.Option("--fast", help="Leave the layout model for PDF out.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read and chunk each file in a process of its own: pages and chunks, seconds, peak memory.

    Nothing is embedded or stored. The tokenizer is loaded before the clock starts.
    """
    with errors_shown(as_json):
        from api.benchmark_parse import bench_parse

        results = [bench_parse(path, fast) for path in files]
    if as_json:
        print_json(results)
    else:
        for result in results:
            if result.reason:
                typer.echo(f"{result.file}: {result.reason}", err=True)
                continue
            typer.echo(
                f"{result.file}: {result.pages} pages, {result.chunks} chunks; parse "
                f"{result.parse_s:.2f} s, chunk {result.chunk_s:.2f} s, "
                f"{result.pages_per_s:.1f} pages/s, {result.cpu_s:.2f} s of one core; "
                f"peak {result.peak_mb:.0f} MB ({result.idle_mb:.0f} before)"
            )
    if any(result.reason for result in results):
        raise typer.Exit(SOME_FAILED)
