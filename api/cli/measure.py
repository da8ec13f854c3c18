"""braid bench embed, parse, index, search, query."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.benchmark_index import IndexPlan
    from api.benchmark_report import IndexReport
    from api.benchmark_sparse import SparsePlan
    from api.compose import Braid

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


SIZES = "10000,100000"
VARIANTS = "flat,hnsw,ivfpq"
FUSIONS = "rrf,default,sparse,dense"
SHARES = "1,0.5,0.1,0.01,0.001"


@app.command("index")
def index(
    sizes: Annotated[str, typer.Option(help="Numbers of vectors; empty: none.")] = SIZES,
    variants: Annotated[
        str, typer.Option(help="kind or kind-codes, with options: 'hnsw-sq8:recall=0.95'.")
    ] = VARIANTS,
    selectivity: Annotated[
        str, typer.Option(help="Shares of the vectors that a filter leaves; empty: none.")
    ] = SHARES,
    dimension: Annotated[int, typer.Option(min=2, help="Of the vectors.")] = 384,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="Neighbours.")] = 10,
    count: Annotated[int, typer.Option(min=20, help="Vectors to search for.")] = 1000,
    vectors: Annotated[
        Path | None,
        typer.Option(exists=True, help="A .npy of your own: rows first, queries last."),
    ] = None,
    sparse: Annotated[
        str, typer.Option(help="Numbers of passages to search by words; empty: none.")
    ] = "",
    text: Annotated[
        Path | None,
        typer.Option(exists=True, help="BEIR corpus or text files; else the collection's text."),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(exists=True, help="queries.jsonl, or one a line; else halves of sentences."),
    ] = None,
    report: Annotated[
        list[Path] | None, typer.Option(help="Write .html, .json or .csv here; repeatable.")
    ] = None,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build, open and search indexes of several sizes: seconds, recall, bytes, and their growth.

    Vectors are synthetic, as hard to search as those of real passages, or your own. Each variant
    and size has processes of its own.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.benchmark_index import IndexPlan
        from api.benchmark_report import as_text, check_form, plain, write_report

        for path in report or ():
            check_form(path)
        shares = _shares(selectivity)
        plan = IndexPlan(
            _numbers(sizes, "--sizes"), _words(variants), dimension, k, count, shares, vectors
        )
        words = _sparse_plan(braid, _numbers(sparse, "--sparse"), text, queries)
        found = _measured(plan, words, as_json)
        for path in report or ():
            write_report(found, path)
        if as_json:
            print_json(plain(found))
        else:
            typer.echo("\n".join(as_text(found)))
    if found.failed:
        raise typer.Exit(SOME_FAILED)


def _measured(plan: IndexPlan, words: SparsePlan | None, quiet: bool) -> IndexReport:
    from api.benchmark_child import machine
    from api.benchmark_index import bench_index
    from api.benchmark_report import IndexReport
    from api.benchmark_sparse import bench_sparse

    def tell(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    command = f"braid bench index --variants {','.join(plan.variants)}"
    for flag, sizes in (("--sizes", plan.sizes), ("--sparse", words.sizes if words else ())):
        command += f" {flag} {','.join(map(str, sizes))}" if sizes else ""
    dense = []
    for row in bench_index(plan, tell) if plan.sizes else ():
        dense.append(row)
        tell(f"  recall {row.recall:.4f}, p50 {row.p50_ms:.3f} ms, built in {row.build_s:.1f} s")
    sparse = [row for rows in bench_sparse(words, tell) for row in rows] if words else []
    return IndexReport(plan.k, {"command": command, **machine()}, dense, sparse)


QueriesOption = Annotated[
    Path, typer.Option(exists=True, help="queries.jsonl, its folder, or one query a line.")
]
KOption = Annotated[int, typer.Option("--k", min=1, max=1000, help="Hits.")]


@app.command("search")
def search(
    collection: Annotated[str, typer.Argument(help="The collection to search.")],
    queries: QueriesOption,
    threads: Annotated[str, typer.Option(help="Numbers of threads.")] = "1,2,4",
    fusions: Annotated[str, typer.Option(help="Fusions and legs.")] = FUSIONS,
    searches: Annotated[int, typer.Option(min=1, help="Of each, in all.")] = 1000,
    k: KOption = 10,
    busy: Annotated[bool, typer.Option("--busy", help="Keep another core busy.")] = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search in this process, from one thread and from several.

    Queries are embedded beforehand: what is measured is the search without it.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.benchmark_child import machine
        from api.benchmark_search import SearchPlan, bench_search
        from api.benchmark_texts import read_queries

        numbers = _numbers(threads, "--threads")
        texts = read_queries(queries)[:searches]
        plan = SearchPlan(texts, _words(fusions), numbers, searches, k, busy)
        found = list(bench_search(braid, collection, plan))
        if as_json:
            print_json({"results": found, "busy": busy, "machine": machine()})
            return
        typer.echo(f"{'fusion':10}{'threads':>8}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'per s':>9}")
        for row in found:
            typer.echo(
                f"{row.fusion:10}{row.threads:>8}{row.p50_ms:>9.2f}{row.p95_ms:>9.2f}"
                f"{row.p99_ms:>9.2f}{row.per_s:>9.0f}  {_stages(row.stages_ms)}"
            )


@app.command("query")
def query(
    url: Annotated[str, typer.Argument(help="The service, as http://HOST:PORT.")],
    queries: QueriesOption,
    collection: CollectionOption = None,
    clients: Annotated[int, typer.Option(min=1, max=1000, help="That ask at once.")] = 4,
    seconds: Annotated[float, typer.Option(min=0.1, help="Counted.")] = 10.0,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds before, not counted.")] = 2.0,
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="Requests a second, due whatever the service does."),
    ] = None,
    fusion: Annotated[str, typer.Option(help="Fusion or leg.")] = "default",
    k: KOption = 10,
    stages: Annotated[bool, typer.Option("--stages", help="Ask for its own timings.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask a running service from several clients at once: answers a second, latencies, errors.

    The key is the setting server.api_key. Ends with 1 where a request failed.
    """
    with errors_shown(as_json):
        from api.benchmark_query import QueryPlan, bench_query
        from api.benchmark_texts import read_queries

        settings = settings_of(collection)
        key = settings.server.api_key.get_secret_value()
        plan = QueryPlan(
            url, settings.collection, read_queries(queries), clients, seconds, warm_up, rate, k,
            fusion, stages, key,
        )  # fmt: skip
        found = bench_query(plan)
        if as_json:
            print_json(found)
        else:
            typer.echo(
                f"{found.answered:,} answers, {found.per_s:,.1f} a second; p50 {found.p50_ms:.1f} "
                f"ms, p95 {found.p95_ms:.1f}, p99 {found.p99_ms:.1f}, most {found.max_ms:.1f}"
            )
            if found.stages_ms:
                typer.echo(_stages(found.stages_ms))
            for kind, number in found.errors.items():
                typer.echo(f"{number:,} failed: {kind}", err=True)
    if found.errors or not found.answered:
        raise typer.Exit(FAILED)


def _stages(stages_ms: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {ms:.2f}" for name, ms in stages_ms.items())


def _sparse_plan(
    braid: Braid, sizes: list[int], text: Path | None, queries: Path | None
) -> SparsePlan | None:
    from api.benchmark_sparse import SparsePlan
    from api.benchmark_texts import collection_texts, halves, read_queries, read_texts

    if not sizes:
        return None
    if text is not None:
        texts = read_texts(text)
    else:
        texts = collection_texts(braid.store.get(braid.settings.collection))
    asked = read_queries(queries)[:1000] if queries else halves(texts, 1000)
    return SparsePlan(sizes, texts, asked)


def _words(given: str) -> list[str]:
    return [part.strip() for part in given.split(",") if part.strip()]


def _numbers(given: str, flag: str) -> list[int]:
    from ingest.contract import BadInput

    parts = _words(given.replace("_", ""))
    if not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise BadInput(f"{flag} {given!r}: give whole numbers from 1, with commas between them")
    return sorted({int(part) for part in parts})


def _shares(given: str) -> list[float]:
    from ingest.contract import BadInput

    try:
        shares = [float(part) for part in _words(given)]
    except ValueError:
        shares = [math.nan]
    if not all(0 < share <= 1 for share in shares):
        raise BadInput(f"--selectivity {given!r}: give shares over 0 and up to 1, with commas")
    return shares
