"""braid init: a settings file to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import JsonOption, errors_shown, print_json


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where it is written; the working folder if not given.")
    ] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace one that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a braid.toml with every setting in it, commented out.

    Each stands there with what it means and its default; the few that most people change come
    first. Take the '#' away before the name of its section and before what you change.
    """
    with errors_shown(as_json):
        from api.settings import CONFIG_FILE
        from api.settings_file import settings_file
        from ingest.contract import Conflict

        file = folder / CONFIG_FILE
        try:
            with file.open("w" if force else "x", encoding="utf-8") as opened:
                opened.write(settings_file())
        except FileExistsError as error:
            raise Conflict(
                f"{file} is there already: look into it, or replace it with --force"
            ) from error
        if as_json:
            print_json({"file": file})
        else:
            typer.echo(f"wrote {file}: every setting is in it, commented out")
