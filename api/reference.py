"""The reference pages that are made from the code: `python -m api.reference docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from api.settings import Settings


def settings_page() -> str:
    """docs/settings.md: every setting with its name in the environment and in braid.toml."""
    lines = [
        "# Settings",
        "",
        "Flags stand over the environment, the environment over `braid.toml` (in the working",
        "folder, or where `BRAID_CONFIG` says), and that over the defaults. In `braid.toml` the",
        'part before the dot is a table: `[embedder]` with `model = "…"`.',
        "",
        "| setting | environment | default | meaning |",
        "| --- | --- | --- | --- |",
        *_rows(Settings, ""),
    ]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows: list[str] = []
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            rows.extend(_rows(nested, f"{prefix}{name}."))
            continue
        path = f"{prefix}{name}"
        variable = "BRAID_" + path.replace(".", "__").upper()
        default = field.default
        if default is PydanticUndefined:
            shown = "none" if field.annotation == dict[str, bool] else "the user's folder for it"
        elif hasattr(default, "get_secret_value"):
            shown = "none"
        else:
            shown = "none" if default in (None, "") else f"`{default}`"
        rows.append(f"| `{path}` | `{variable}` | {shown} | {field.description} |")
    return rows


def command_page() -> str:
    """docs/cli.md: the help of every command."""
    import typer

    from api.cli.app import app

    lines = [
        "# Commands",
        "",
        "Exit codes: 0 done, 1 failed, 2 wrong use, 3 some inputs failed.",
    ]

    def walk(command: typer.core.TyperCommand | typer.core.TyperGroup, path: str) -> None:
        children = getattr(command, "commands", {})
        if not children:
            lines.extend(_command(command, path))
        for name, child in children.items():
            walk(child, f"{path} {name}")

    walk(typer.main.get_command(app), "braid")  # type: ignore[arg-type]
    return "\n".join(lines) + "\n"


def _command(command: object, path: str) -> list[str]:
    import inspect

    arguments, options = [], []
    for parameter in command.params:  # type: ignore[attr-defined]
        text = getattr(parameter, "help", None) or ""
        if parameter.param_type_name == "argument":
            arguments.append(f"| `{parameter.name.upper()}` | {text} |")
        elif parameter.name != "help":
            options.append(
                f"| `{', '.join([*parameter.opts, *parameter.secondary_opts])}` | {text} |"
            )
    help_text = inspect.cleandoc(command.help or "")  # type: ignore[attr-defined]
    table = ["", "| | |", "| --- | --- |", *arguments, *options] if arguments or options else []
    return ["", f"## {path}", "", help_text, *table]


def main() -> None:
    """Writes the pages into the folder given."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")
    (folder / "cli.md").write_text(command_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
