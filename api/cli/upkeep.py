"""braid backup | restore | export | import | reindex."""

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
    progress_bar,
)

ForceOption = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
NamedPathArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="[COLLECTION] PATH",
        help="The collection ('default' if not given), and where to write.",
    ),
]


def backup(
    target: NamedPathArgument,
    force: ForceOption = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a collection into one file, while others read it and write to it.

    In the file are documents, chunks, vectors, states, jobs and the uploads that wait for their
    turn, all as they were at one moment. The indexes are not: they are built when it is restored.
    """
    with errors_shown(as_json):
        collection, path = _named_path(target)
        with braid_of(collection, data_dir) as braid:
            from api.version import version

            name = braid.settings.collection
            manifest = braid.store.backup(name, path, braid=version(), force=force)
        if as_json:
            print_json({"file": path, "bytes": path.stat().st_size, "manifest": manifest})
        else:
            waiting = f", {manifest.jobs} waiting jobs" if manifest.jobs else ""
            typer.echo(
                f"{name}: {manifest.documents} documents, {manifest.chunks} chunks{waiting} at "
                f"generation {manifest.generation} in {path} ({path.stat().st_size:,} bytes)"
            )


def restore(
    file: Annotated[Path, typer.Argument(help="What 'braid backup' wrote.")],
    name: Annotated[
        str | None, typer.Option("--as", help="A name for the collection; else the one it had.")
    ] = None,
    force: ForceOption = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a collection of a backup.

    Every byte is compared with its SHA-256, and the collection opened and checked aside, before
    it takes its place. One that has the name already is replaced with --force only, and goes
    last of all.
    """
    with errors_shown(as_json), braid_of(None, data_dir) as braid:
        restored = braid.store.restore(file, name, force=force)
        if as_json:
            print_json(restored)
            return
        manifest = restored.manifest
        typer.echo(
            f"{restored.name}: {manifest.documents} documents, {manifest.chunks} chunks of "
            f"{manifest.created_at} restored"
        )
        if not restored.is_searchable:
            typer.echo(
                "it was built with other settings than the present ones: set them back, or run "
                f"'braid reindex {restored.name}'",
                err=True,
            )


def export(
    target: NamedPathArgument,
    vectors: Annotated[
        bool, typer.Option("--vectors/--no-vectors", help="With vectors, or to be embedded anew.")
    ] = True,
    force: ForceOption = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a collection in files for people and other tools: a folder, or a ZIP of it where the
    name ends in .zip.

    Documents, chunks and states are JSON lines, vectors are NumPy files; docs/upkeep.md has the
    fields. Others may read the collection and write to it meanwhile.
    """
    with errors_shown(as_json):
        collection, path = _named_path(target)
        with braid_of(collection, data_dir) as braid:
            from api.version import version

            name = braid.settings.collection
            with progress_bar("writing", not as_json) as progress:
                manifest = braid.store.export(
                    name, path, braid=version(), vectors=vectors, force=force, progress=progress
                )
        if as_json:
            print_json({"path": path, "manifest": manifest})
        else:
            typer.echo(
                f"{name}: {manifest.documents} documents, {manifest.chunks} chunks in {path}"
            )


def import_collection(
    path: Annotated[Path, typer.Argument(help="The folder or ZIP that 'braid export' wrote.")],
    collection: CollectionOption = None,
    force: ForceOption = False,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a collection of an export. Nothing is embedded where it has vectors of the embedder
    that is set.

    A line that is wrong is named, and nothing is imported. A collection that has the name already
    is replaced with --force only, when the new one is whole.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        name = braid.settings.collection
        with progress_bar("importing", not as_json) as progress:
            imported = braid.store.import_from(path, name, force=force, progress=progress)
        if as_json:
            print_json(imported)
        else:
            manifest = imported.manifest
            typer.echo(
                f"{name}: {manifest.documents} documents, {manifest.chunks} chunks imported; "
                f"{imported.embedded} embedded"
            )


def reindex(
    collection: Annotated[
        str | None, typer.Argument(help="The collection; 'default' if not given.")
    ] = None,
    data_dir: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a collection anew from its own documents, with the settings now in force.

    The old one is searched and written to until the new one is whole and has what was written
    meanwhile; then they change places. What was stopped goes on where it was, as long as the
    settings are the same. Only text that the embedder has not seen is embedded.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from dataclasses import asdict

        from api.reindexing import reindex as build_anew

        with progress_bar("rebuilding", not as_json) as progress:
            done = build_anew(
                braid, braid.settings.collection, progress, lambda text: typer.echo(text, err=True)
            )
        if as_json:
            resumed = {"embedded": done.embedded, "resumed": done.is_resumed}
            print_json({**asdict(done.stats), **resumed})
        else:
            stats = done.stats
            typer.echo(
                f"{stats.name}: {stats.documents} documents, {stats.chunks} chunks; "
                f"{done.embedded} embedded"
            )


def _named_path(given: list[str]) -> tuple[str | None, Path]:
    """The collection, if one is named, and the path after it."""
    from ingest.contract import BadInput

    if len(given) > 2:
        raise BadInput(f"give a collection and one path, not {len(given)} words")
    return (given[0] if len(given) == 2 else None), Path(given[-1])
