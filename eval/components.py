"""The report writers by name, and how one is built.

A value is "module:Class"; the module is imported when it is first asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module

from eval.contract import ReportWriter
from ingest.contract import BadInput

WRITERS: Mapping[str, str] = {
    "json": "eval.report_file:JsonWriter",
    "html": "eval.report:HtmlWriter",
}


def load(name: str, **options: object) -> ReportWriter:
    """Builds the writer `name` with these options. Raises BadInput for an unknown name or
    option.
    """
    target = WRITERS.get(name)
    if target is None:
        raise BadInput(f"there is no report writer {name!r}; choose one of: {', '.join(WRITERS)}")
    module_name, _, class_name = target.partition(":")
    writer = getattr(import_module(module_name), class_name)
    known = [field.name for field in dataclasses.fields(writer)]
    for option in options:
        if option not in known:
            raise BadInput(f"{name!r} has no option {option!r}; options: {', '.join(known)}")
    built: ReportWriter = writer(**options)
    return built
