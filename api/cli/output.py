"""What every command shares: options, results as text or JSON, errors as exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from api.compose import Braid
    from api.settings import Settings

FAILED = 1
WRONG_USE = 2
SOME_FAILED = 3

CollectionOption = Annotated[
    str | None, typer.Option("--collection", "-c", help="The collection; 'default' if not given.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Where collections lie.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def settings_of(collection: str | None = None, data_dir: Path | None = None) -> Settings:
    """The settings with these flags on top."""
    from api.settings import load_settings

    return load_settings(collection=collection, data_dir=data_dir)


def lines_of(file: Path) -> list[str]:
    """The lines of a file in UTF-8. Raises BadInput for one in another encoding."""
    from ingest.contract import BadInput

    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not in UTF-8: save it in that encoding") from error


@contextmanager
def braid_of(collection: str | None = None, data_dir: Path | None = None) -> Iterator[Braid]:
    """A Braid for one command, closed afterwards."""
    import os

    # Transformers asks the hub about a model even when it lies on disk.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from api.compose import Braid

    braid = Braid(settings_of(collection, data_dir))
    try:
        yield braid
    finally:
        braid.close()


@contextmanager
def errors_shown(as_json: bool) -> Iterator[None]:
    """Errors that Braid raises on purpose, and those of the file system, go to standard error in
    one line (as JSON to standard output where that is asked for) and end the command: wrong use
    with 2, anything else with 1."""
    from ingest.contract import BadInput, BraidError, UnreadableFile

    try:
        yield
    except BraidError as error:
        _print_error(type(error).__name__, str(error), as_json)
        misuse = isinstance(error, BadInput) and not isinstance(error, UnreadableFile)
        raise typer.Exit(WRONG_USE if misuse else FAILED) from error
    except BrokenPipeError:
        raise  # The reader of our output has gone, as `head` does: there is nobody to tell.
    except OSError as error:
        if error.filename is None:
            raise
        message = f"{error.filename}: {error.strerror}: check the path, its rights and the disk"
        _print_error(type(error).__name__, message, as_json)
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt as error:
        typer.echo("stopped; what was reported as done is kept", err=True)
        raise typer.Exit(130) from error


def _print_error(kind: str, message: str, as_json: bool) -> None:
    if as_json:
        shown = {"error": {"type": kind, "message": message}}
        typer.echo(json.dumps(shown, ensure_ascii=False))
    else:
        typer.echo(f"error: {message}", err=True)


def print_json(data: Any) -> None:
    """One JSON document on standard output, dataclasses as objects."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def is_terminal() -> bool:
    """True where progress bars make sense."""
    return sys.stderr.isatty()


def print_table(title: str, counts: Mapping[str, int]) -> None:
    """Numbers under their names, on standard output; those that are 0 are left out."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in counts.items():
        if number:
            table.add_row(name, f"{number:,}")
    Console().print(table if table.rows else f"{title}: no files found")


@contextmanager
def progress_bar(title: str, shown: bool) -> Iterator[Any]:
    """A function of (done, total); it draws a bar with the rate and the time that remains on a
    terminal, and is silent in a pipe. The total is None while nobody knows it."""
    if not (shown and is_terminal()):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """How many are done in a second."""

        def render(self, task: Task) -> Text:
            rate = task.finished_speed or task.speed
            return Text("" if rate is None else f"{rate:.1f}/s", style="progress.data.speed")

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def update(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield update
