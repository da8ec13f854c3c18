"""braid access set."""

from __future__ import annotations

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

app = typer.Typer(help="Who may see documents.", no_args_is_help=True)


@app.command("set")
def set_tags(
    document_ids: Annotated[list[str], typer.Argument(help="Ids of documents.")],
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", help="Who holds it sees them; may be given several times."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="For everyone who may read the collection.")
    ] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give documents these access tags in place of theirs, with what is packed in them. Searches
    follow at once; nothing is read or embedded again."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from index.pipeline import access_tags
        from ingest.contract import BadInput, NotFound

        if bool(tag) == public:
            raise BadInput("give --tag, once or several times, or --public")
        tags = access_tags(tag or (), "--tag")
        target = braid.store.get(braid.settings.collection)
        with target.writer() as writer:
            unknown = [name for name in document_ids if target.ledger.states.get(name) is None]
            if unknown:
                raise NotFound(
                    f"no document {', '.join(map(repr, unknown))} in {target.name!r}; nothing was "
                    "changed ('braid list' shows the ids)"
                )
            generation = writer.describe(document_ids, tags=tags)
        if as_json:
            print_json(
                {
                    "collection": target.name,
                    "documents": document_ids,
                    "access": tags,
                    "generation": generation,
                }
            )
        else:
            count = len(document_ids)
            seen = f"who holds {' or '.join(tags)}" if tags else "everyone"
            typer.echo(f"{count} document{'s' * (count != 1)} for {seen}")
