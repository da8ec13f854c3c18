"""braid ingest | list | delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    SOME_FAILED,
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from api.ingestion import Summary


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read files into a collection. What has not changed since is passed over.

    Exits with 3 where some files could not be read; the others are stored all the same.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.ingestion import State, Summary
        from ingest.contract import NotFound
        from ingest.pipeline import discover

        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise NotFound(f"there is no file or folder at {', '.join(missing)}")
        summary = Summary()
        events = []
        with progress_bar("ingesting", not as_json) as progress:
            total = sum(1 for _ in discover(paths))
            target = braid.store.get_or_create(braid.settings.collection)
            for done, event in enumerate(braid.ingest_paths(target, paths), start=1):
                summary.add(event)
                events.append(event)
                progress(done, total)
                if event.state is State.FAILED and not as_json:
                    typer.echo(f"failed  {event.document_id}: {event.reason}", err=True)
        if as_json:
            print_json({"collection": target.name, "documents": events, **_counts(summary)})
        else:
            _print_summary(target.name, summary)
        if summary.failures:
            raise typer.Exit(SOME_FAILED)


def _counts(summary: Summary) -> dict[str, object]:
    from api.ingestion import State

    return {
        "summary": {
            **{state.value: summary.states[state] for state in State},
            "chunks": summary.chunks,
            "embedded": summary.embedded,
        }
    }


def _print_summary(name: str, summary: Summary) -> None:
    from api.ingestion import State

    counts = ", ".join(f"{summary.states[s]} {s.value}" for s in State if summary.states[s])
    typer.echo(
        f"{name}: {counts or 'no files found'}; {summary.chunks} chunks, "
        f"{summary.embedded} embedded"
    )


def list_documents(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the documents of a collection, or the collections with `--collection ''`."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        if collection == "":
            stats = [braid.store.get(name).stats() for name in braid.store.names()]
            if as_json:
                print_json({"collections": stats})
            for row in stats if not as_json else ():
                typer.echo(f"{row.name}: {row.documents} documents, {row.chunks} chunks")
            return
        target = braid.store.get(braid.settings.collection)
        records = target.records(limit=1_000_000)
        if as_json:
            print_json({"collection": target.name, "documents": records})
        for record in records if not as_json else ():
            pages = f", {record.page_count} pages" if record.page_count else ""
            original = record.metadata.get("duplicate_of")
            repeats = f", repeats {original}" if original else ""
            typer.echo(f"{record.id}: {record.title} ({record.chunk_count} chunks{pages}{repeats})")


def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Ids of documents.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete documents, and say how many rows went from each store."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from ingest.contract import BadInput, NotFound

        if bool(document_ids) == everything:
            raise BadInput("give ids of documents, or --all")
        target = braid.store.get(braid.settings.collection)
        known = {record.id for record in target.records(limit=1_000_000)}
        wanted = sorted(known) if everything else list(document_ids or ())
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise NotFound(
                f"no document {', '.join(map(repr, unknown))} in {target.name!r}; nothing was "
                "deleted ('braid list' shows the ids)"
            )
        with target.writer() as writer:
            receipt = writer.delete(wanted)
        if as_json:
            print_json({"collection": target.name, "receipt": receipt})
        else:
            typer.echo(
                f"deleted {receipt.documents} documents, {receipt.chunks} chunks, "
                f"{receipt.vectors} vectors; {receipt.sparse} rows of the sparse index, "
                f"{receipt.dense} of the dense"
            )
