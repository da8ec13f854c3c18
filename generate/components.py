"""The generators by name, and how one is built.

A value is "module:Class"; the module is imported when it is first asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import import_module
from typing import cast

from generate.contract import Generator
from ingest.contract import BadInput

GENERATORS: Mapping[str, str] = {
    "extractive": "generate.generators.extractive:ExtractiveGenerator",
    "openai": "generate.generators.openai:OpenAIGenerator",
}


def generator(name: str, **options: object) -> Generator:
    """Build the named generator.

    Raises BadInput for an unknown name (the message lists the known ones) and for an option
    that the generator does not have or does not accept.
    """
    target = GENERATORS.get(name)
    if target is None:
        known = ", ".join(sorted(GENERATORS))
        raise BadInput(f"there is no generator named {name!r}; choose one of: {known}")
    module_name, _, class_name = target.partition(":")
    cls = getattr(import_module(module_name), class_name)
    fields = {field.name for field in dataclasses.fields(cls) if field.init}
    unknown = sorted(set(options) - fields)
    if unknown:
        choice = ", ".join(sorted(fields))
        raise BadInput(f"{name!r} has no option {', '.join(map(repr, unknown))}; options: {choice}")
    try:
        return cast(Generator, cls(**options))
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name!r} does not accept these options: {error}") from error
