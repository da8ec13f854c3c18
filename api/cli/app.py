"""The command `braid`: its subcommands, and how errors become exit codes.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 some inputs failed.
"""

from __future__ import annotations

import typer

from api.cli import (
    access,
    answer,
    documents,
    evaluate,
    feedback,
    graph,
    ingesting,
    init,
    keys,
    measure,
    service,
    synonyms,
    tune,
    upkeep,
    words,
)

app = typer.Typer(
    name="braid",
    help="Search and question your documents, in Chinese and English, with checked citations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # loading the library that draws boxes takes as long as all the rest
)

app.command("init")(init.init)
app.command("ingest")(ingesting.ingest)
app.command("sync")(ingesting.sync)
app.command("list")(documents.list_documents)
app.command("delete")(documents.delete)
app.command("search")(answer.search)
app.command("ask")(answer.ask)
app.command("serve")(service.serve)
app.command("mcp")(service.mcp)
app.command("audit")(keys.audit)
app.command("doctor")(service.doctor)
app.command("tune")(tune.tune)
app.command("reindex")(upkeep.reindex)
app.command("backup")(upkeep.backup)
app.command("restore")(upkeep.restore)
app.command("export")(upkeep.export)
app.command("import")(upkeep.import_collection)
app.add_typer(access.app, name="access")
app.add_typer(words.app, name="words")
app.add_typer(synonyms.app, name="synonyms")
app.add_typer(keys.app, name="keys")
app.add_typer(feedback.app, name="feedback")
app.add_typer(graph.app, name="graph")
app.add_typer(evaluate.app, name="eval")
app.add_typer(measure.app, name="bench")


def run() -> None:
    """Runs a command line and exits with its code."""
    app()
