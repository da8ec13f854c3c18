"""braid feedback list, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import (
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
)

app = typer.Typer(help="What people said of what they found.", no_args_is_help=True)


@app.command("list")
def list_feedback(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the ratings, in the order they came: rating, document, query and comment."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        target = braid.store.get(braid.settings.collection)
        found = target.feedback.every()
        if as_json:
            print_json({"collection": target.name, "feedback": found})
        for one in found if not as_json else ():
            comment = f"  # {one.comment}" if one.comment else ""
            typer.echo(f"{one.rating:+d}  {one.document_id}  {one.query}{comment}")


@app.command("export")
def export(
    qrels: Annotated[
        Path, typer.Option("--qrels", help="A folder: queries.jsonl and qrels/test.tsv (BEIR).")
    ],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the ratings as a BEIR folder: the texts of the documents with their ids, the queries
    that something helped, and the grades, the mean over those who rated. `braid eval run` and
    `braid tune --qrels` read it."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.feedback_export import write_judged

        target = braid.store.get(braid.settings.collection)
        written = write_judged(target, qrels)
        if as_json:
            print_json({"collection": target.name, **written})
        else:
            typer.echo(
                f"{qrels}: {written['queries']} queries, {written['judgements']} judgements, "
                f"{written['documents']} documents"
            )
