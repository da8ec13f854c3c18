"""The frame of an HTML report: one file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from eval.reports.stylesheet import STYLESHEET

COMMAND_SETTING = "command"


def html_page(title: str, sections: Sequence[str], language: str = "en") -> str:
    """A whole page under its title; empty sections are left out. `language` is a tag."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLESHEET}</style>\n</head>\n"
        f"<body><main>\n<h1>{escape(title)}</h1>\n"
        f"{chr(10).join(part for part in sections if part)}\n</main></body>\n</html>\n"
    )


def html_table(head: Sequence[str], rows: Sequence[str]) -> str:
    """A table of rows from `html_row`, which scrolls where it is too wide."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    return (
        f'<div class="scroll"><table><thead><tr>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def html_row(name: str, cells: str) -> str:
    """A row under its name; `cells` is HTML."""
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def settings_section(settings: Mapping[str, str]) -> str:
    """How to have the report again; the setting COMMAND_SETTING, where there is one, is shown as
    what to type."""
    command = settings.get(COMMAND_SETTING)
    items = "".join(
        f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>"
        for key, value in settings.items()
        if key != COMMAND_SETTING
    )
    shown = f"<pre>{escape(command)}</pre>" if command else ""
    return f'<h2>How to have this again</h2>{shown}<dl class="settings">{items}</dl>'
