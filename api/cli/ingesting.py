"""braid ingest | sync."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.output import (
    SOME_FAILED,
    CollectionOption,
    DataOption,
    JsonOption,
    braid_of,
    errors_shown,
    is_terminal,
    print_json,
    print_table,
    progress_bar,
)

if TYPE_CHECKING:
    from api.compose import Braid
    from api.events import Ingested
    from api.ingestion import Ingestor
    from api.sources import Files
    from index.pipeline import Collection, Ledger
    from ingest.contract import Json

_PDF = "application/pdf"
_TRIES = 3

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done; write nothing, load no model.")
]
FastOption = Annotated[
    bool, typer.Option("--fast", help="Read PDFs without the layout model: quick, and plainer.")
]
PasswordOption = Annotated[
    list[str] | None,
    typer.Option("--password", help="For encrypted files; may be given several times."),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=0, help="Processes that read; 0: none.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=0.1, help="Seconds for reading one file, as many for each MB of it."
    ),
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option("--metadata", help="key=value, kept with each document; the value may be JSON."),
]
AccessOption = Annotated[
    list[str] | None,
    typer.Option(
        "--access",
        help="Access tag: who holds one of a document's tags sees it. May be given several times; "
        "without it a document keeps its tags, and a new one is for everyone.",
    ),
]


def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and folders.")] = None,
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    dry_run: DryRunOption = False,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Only files that failed before; of PATHS, if given."),
    ] = False,
    fast: FastOption = False,
    password: PasswordOption = None,
    metadata: MetadataOption = None,
    access: AccessOption = None,
    workers: WorkersOption = None,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read files into a collection. What has not changed since is passed over, so a run that
    was interrupted goes on where it was. What is packed in archives and mails is taken in too.

    `report.pdf.meta.json` beside `report.pdf` holds its metadata, as a JSON object.

    Exits with 3 where some files could not be read; the others are stored all the same.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from ingest.contract import BadInput, NotFound

        given = list(paths or [])
        if not given and not retry_failed:
            raise BadInput("give files or folders, or --retry-failed")
        missing = [str(path) for path in given if not path.exists()]
        if missing:
            raise NotFound(f"there is no file or folder at {', '.join(missing)}")
        run = _Run(braid, as_json, dry_run)
        run.set_up(fast, password, _told(metadata, access), workers, timeout)
        if dry_run:
            with run.planning() as (ledger, scratch):
                files = run.files.failed(ledger, given) if retry_failed else run.files.under(given)
                run.follow(run.ingestor.plan(ledger, files, scratch), given)
        else:
            target = braid.store.get_or_create(braid.settings.collection)
            failed = run.files.failed(target.ledger, given) if retry_failed else None
            sources = run.files.under(given) if failed is None else list(failed)
            run.follow(run.ingestor.ingest(target, sources), [] if retry_failed else given)
            run.ask_for_passwords(target)
            target.settle()
            braid.keep_tuned(target)
        run.report()


def sync(
    folder: Annotated[Path, typer.Argument(help="The folder.")],
    collection: CollectionOption = None,
    data_dir: DataOption = None,
    dry_run: DryRunOption = False,
    fast: FastOption = False,
    password: PasswordOption = None,
    metadata: MetadataOption = None,
    access: AccessOption = None,
    workers: WorkersOption = None,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a collection in step with a folder: add what is new, update what has changed, delete
    what came from the folder and is gone. Documents from elsewhere are left alone.

    Nothing is deleted where the folder, or the part that a file was in, cannot be looked at.
    """
    with errors_shown(as_json), braid_of(collection, data_dir) as braid:
        from api.sync import check_folder, plan_sync
        from api.sync import sync as bring_in_step

        check_folder(folder)
        run = _Run(braid, as_json, dry_run)
        run.set_up(fast, password, _told(metadata, access), workers, timeout)
        if dry_run:
            with run.planning() as (ledger, scratch):
                events = plan_sync(run.ingestor, ledger, run.files, folder, scratch)
                run.follow(events, [folder])
        else:
            target = braid.store.get_or_create(braid.settings.collection)
            run.follow(bring_in_step(run.ingestor, target, run.files, folder), [folder])
            run.ask_for_passwords(target)
            target.settle()
            braid.keep_tuned(target)
        run.report()


@dataclass
class _Run:
    """One command's events, shown as they come and summed up at the end."""

    braid: Braid
    as_json: bool
    is_plan: bool
    events: list[Ingested] = field(default_factory=list)
    files: Files = field(init=False)
    ingestor: Ingestor = field(init=False)

    def set_up(
        self,
        fast: bool,
        passwords: list[str] | None,
        metadata: dict[str, Json],
        workers: int | None,
        timeout_s: float | None,
    ) -> None:
        """The ingestor and the files as the flags want them."""
        ingestor = self.braid.ingestor
        options = {kind: dict(given) for kind, given in ingestor.parser_options.items()}
        if fast:
            options.setdefault(_PDF, {})["layout"] = False
        limits = ingestor.limits
        self.ingestor = replace(
            ingestor,
            parser_options=options,
            passwords=tuple(passwords or ()),
            workers=ingestor.workers if workers is None else workers,
            limits=limits if timeout_s is None else replace(limits, timeout_s=timeout_s),
        )
        told = self._passed_over if self.is_plan else None
        self.files = replace(self.braid.files(), metadata=metadata, passed_over=told)

    @contextmanager
    def planning(self) -> Iterator[tuple[Ledger | None, Path]]:
        """What is stored, and a folder to unpack into, for a run that writes nothing."""
        import tempfile

        name = self.braid.settings.collection
        with (
            self.braid.store.ledger(name) as ledger,
            tempfile.TemporaryDirectory(prefix="braid-") as scratch,
        ):
            yield ledger, Path(scratch)

    def follow(self, events: Iterator[Ingested], paths: list[Path]) -> None:
        """Takes in the events of a run, with a progress bar over the files under the paths."""
        from api.events import State

        total = _Count(paths)
        done = 0
        with progress_bar("reading", not self.as_json) as progress:
            if is_terminal() and not self.as_json:
                total.start()
            for event in events:
                self.events.append(event)
                if not event.container and event.state is not State.DELETED:
                    done += 1
                    progress(done, total.value)
                self._show(event)

    def ask_for_passwords(self, target: Collection) -> None:
        """On a terminal, asks for the passwords of files that need one."""
        if self.as_json or not is_terminal():
            return
        for _ in range(_TRIES):
            locked = [event.document_id for event in self.events if event.needs_password]
            if not locked:
                return
            typer.echo(f"encrypted: {', '.join(locked)}", err=True)
            given = typer.prompt(
                "password (none: leave them out)", default="", hide_input=True,
                show_default=False, err=True,
            )  # fmt: skip
            if not given:
                return
            self.ingestor = replace(self.ingestor, passwords=(*self.ingestor.passwords, given))
            sources = list(self.files.of(target.ledger, locked))
            again = list(self.ingestor.ingest(target, sources))
            names = {event.document_id for event in again}
            self.events = [e for e in self.events if e.document_id not in names] + again
            for event in again:
                self._show(event)

    def _show(self, event: Ingested) -> None:
        from api.events import State

        if self.as_json:
            return
        if event.state is State.FAILED:
            typer.echo(f"failed  {event.document_id}: {event.reason}", err=True)
        elif self.is_plan and event.state is not State.UNCHANGED:
            why = f": {event.reason}" if event.reason else ""
            typer.echo(f"{event.state.value:8} {event.document_id}{why}")

    def _passed_over(self, document_id: str, reason: str) -> None:
        from api.events import Ingested, State

        event = Ingested(document_id, State.SKIPPED, reason=reason)
        self.events.append(event)
        self._show(event)

    def report(self) -> None:
        """The sum of the run, and exit code 3 where something failed."""
        from api.events import State, Summary

        summary = Summary()
        for event in self.events:
            summary.add(event)
        name = self.braid.settings.collection
        counts: dict[str, Any] = {
            **{state.value: summary.states[state] for state in State},
            "chunks": summary.chunks,
            "embedded": summary.embedded,
        }
        if self.as_json:
            print_json(
                {
                    "collection": name,
                    "dry_run": self.is_plan,
                    "documents": self.events,
                    "summary": counts,
                }
            )
        elif sys.stdout.isatty():
            print_table(name, counts)
        else:
            found = ", ".join(f"{summary.states[s]} {s.value}" for s in State if summary.states[s])
            sums = f"; {summary.chunks} chunks, {summary.embedded} embedded"
            typer.echo(f"{name}: {found or 'no files found'}{'' if self.is_plan else sums}")
        bad = (State.FAILED, State.SKIPPED)
        if any(event.state in bad and event.stage for event in self.events):
            raise typer.Exit(SOME_FAILED)


class _Count:
    """The number of files under paths, counted while others work; None until it is known."""

    def __init__(self, paths: list[Path]) -> None:
        self.value: int | None = None
        self._paths = paths

    def start(self) -> None:
        """Begins to count."""
        if self._paths:
            threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        from ingest.pipeline import discover

        self.value = sum(1 for _ in discover(self._paths))


def _told(metadata: list[str] | None, access: list[str] | None) -> dict[str, Json]:
    """What the flags say of every document. Raises BadInput."""
    from index.pipeline import access_tags
    from ingest.contract import ACCESS

    found = _metadata_of(metadata or [])
    return found if access is None else {**found, ACCESS: access_tags(access, "--access")}


def _metadata_of(given: list[str]) -> dict[str, Json]:
    """Metadata of key=value flags. A value that is JSON is taken as such, any other as text."""
    import json

    from ingest.contract import ACCESS, BadInput, UnreadableFile
    from ingest.pipeline import metadata_object

    found: dict[str, Json] = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not key.strip() or not equals:
            raise BadInput(f"--metadata {item!r}: expected key=value")
        if key.strip() == ACCESS:
            raise BadInput(f"--metadata {item!r}: give access tags with --access")
        quoted = json.dumps(key.strip())
        try:
            found.update(metadata_object(f"{{{quoted}: {value}}}".encode(), "--metadata"))
        except (UnreadableFile, UnicodeEncodeError):
            found[key.strip()] = value
    return found
