"""braid list | delete."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import (
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    print_json,
)

if TYPE_CHECKING:
    from index.pipeline import Collection

_PAGE = 1_000


class StateChoice(StrEnum):
    """Where a document stands, as in index.contract.Status."""

    OK = "ok"
    FAILED = "failed"
    UNPACKED = "unpacked"


def list_documents(
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    state: Annotated[
        StateChoice | None,
        typer.Option("--state", help="Documents in order, those that failed and why, or archives."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the documents of a collection, or the collections with `--collection ''`.

    With --state, where each one stands: what failed, in which stage, why and how often."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        if collection == "":
            stats = [braid.store.get(name).stats() for name in braid.store.names()]
            if as_json:
                print_json({"collections": stats})
            for row in stats if not as_json else ():
                typer.echo(f"{row.name}: {row.documents} documents, {row.chunks} chunks")
            return
        target = braid.store.get(braid.settings.collection)
        if state is not None:
            _list_states(target, state, as_json)
            return
        records = target.records(limit=1_000_000)
        if as_json:
            print_json({"collection": target.name, "documents": records})
        for record in records if not as_json else ():
            pages = f", {record.page_count} pages" if record.page_count else ""
            original = record.metadata.get("duplicate_of")
            repeats = f", repeats {original}" if original else ""
            typer.echo(f"{record.id}: {record.title} ({record.chunk_count} chunks{pages}{repeats})")


def _list_states(target: Collection, wanted: StateChoice, as_json: bool) -> None:
    found = [state for state in target.ledger.states.every() if state.status == wanted.value]
    if as_json:
        print_json({"collection": target.name, "documents": found})
        return
    for state in found:
        why = f": {state.stage}: {state.error} (tried {state.attempts} times)"
        typer.echo(state.document_id + (why if state.error else ""))


def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Ids of documents.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete documents, with what is packed in them, and say how many rows went from each
    store."""
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from ingest.contract import BadInput, NotFound

        if bool(document_ids) == everything:
            raise BadInput("give ids of documents, or --all")
        target = braid.store.get(braid.settings.collection)
        known = {state.document_id for state in target.ledger.states.every()}
        wanted = sorted(known) if everything else list(document_ids or ())
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise NotFound(
                f"no document {', '.join(map(repr, unknown))} in {target.name!r}; nothing was "
                "deleted ('braid list' shows the ids)"
            )
        with target.writer() as writer:
            receipt = writer.delete(wanted)
        target.settle()
        if as_json:
            print_json({"collection": target.name, "receipt": receipt})
        else:
            typer.echo(
                f"deleted {receipt.documents} documents, {receipt.chunks} chunks, "
                f"{receipt.vectors} vectors, facts of {receipt.facts} chunks; {receipt.sparse} "
                f"rows of the sparse index, {receipt.dense} of the dense"
            )
