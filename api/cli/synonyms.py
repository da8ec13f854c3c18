"""braid synonyms load, list, clear."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    lines_of,
    print_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.compose import Braid
    from index.pipeline import SynonymRule

app = typer.Typer(help="Words of a collection that mean the same.", no_args_is_help=True)


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="A rule to a line, as Solr writes them.")],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the rules of a file in UTF-8 and no others; the next search has them. A line is
    'laptop, notebook' where each stands for the other, or 'WFH => remote work' where the left
    stands for the right, too; lines that begin with # are passed over."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import parse_synonyms

        _keep(braid, parse_synonyms(lines_of(file), str(file)), as_json)


@app.command("list")
def list_synonyms(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the rules, as the lines of a file that `braid synonyms load` reads."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import synonym_line

        target = braid.store.get(braid.settings.collection)
        rules = target.ledger.synonyms.rules().rules
        if as_json:
            print_json({"collection": target.name, "synonyms": rules})
        for rule in rules if not as_json else ():
            typer.echo(synonym_line(rule))


@app.command("clear")
def clear(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove all rules."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        _keep(braid, [], as_json)


def _keep(braid: Braid, rules: Sequence[SynonymRule], as_json: bool) -> None:
    target = braid.store.get(braid.settings.collection)
    target.ledger.synonyms.replace(rules)
    kept = len(target.ledger.synonyms.rules().rules)
    if as_json:
        print_json({"collection": target.name, "rules": kept})
    else:
        typer.echo(f"{target.name}: {kept} rules of synonyms")
