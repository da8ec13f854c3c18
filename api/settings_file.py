"""The settings as a braid.toml that says everything and sets nothing. Made from the settings
classes, so that it knows all that can be set.

Names are written whole (`server.port = 8080`), so that any line may be taken in by itself.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from annotated_types import Ge, Gt
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from api.settings import Settings

FIRST = (
    "data_dir",
    "collection",
    "server.host",
    "server.port",
    "server.api_key",
    "answer.model",
    "answer.base_url",
    "answer.api_key",
    "embedder.model",
    "ocr.engine",
)
"""What most people change, if anything."""

_WIDTH = 98
_HEAD = """\
Settings of Braid. Each stands here with what it means and its default: take the '# ' away before
what you change. Flags and BRAID_* variables stand over this file (BRAID_SERVER__PORT is
server.port). Keys are better kept in the environment than here."""


def settings_file() -> str:
    """The text of a braid.toml with every setting commented out: a line that begins with '# '
    is one, a line with '##' is about it."""
    found = dict(setting_fields(Settings, ""))
    lines = [*_text(_HEAD), "", *_title("What most people change")]
    for name in FIRST:
        lines += _setting(name, found[name])
    section = None
    for name, field in found.items():
        if name in FIRST:
            continue
        if name.rpartition(".")[0] != section:
            section = name.rpartition(".")[0]
            lines += _title(section, _about(section))
        lines += _setting(name, field)
    return "\n".join(lines) + "\n"


def setting_fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its whole name; those of a section together, before its own sections."""
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            nested.append((name, kind))
        else:
            yield f"{prefix}{name}", field
    for name, kind in nested:
        yield from setting_fields(kind, f"{prefix}{name}.")


def _about(section: str) -> str:
    model: Any = Settings
    for name in filter(None, section.split(".")):
        model = model.model_fields[name].annotation
    return " ".join((model.__doc__ or "").split())


def _title(title: str, about: str = "") -> list[str]:
    return ["", f"## {f'--- {title} ' if title else ''}".ljust(_WIDTH, "-"), *_text(about), ""]


def _text(text: str) -> list[str]:
    return [f"## {line}" for line in textwrap.wrap(text, _WIDTH - 3)]


def _setting(name: str, field: FieldInfo) -> list[str]:
    default = field.get_default(call_default_factory=True)
    text = field.description or ""
    unset = " (unset)" if default is None and "unset:" not in text else ""
    value = _toml(_sample(field) if default is None else default)
    return [*_text(f"{text}{unset}{_choices(field)}"), f"# {name} = {value}", ""]


def _choices(field: FieldInfo) -> str:
    """The values that there are, where they are few words."""
    given = [value for value in get_args(field.annotation) if isinstance(value, str)]
    return f"; one of {', '.join(given)}" if given else ""


def _sample(field: FieldInfo) -> Any:
    """A value of a setting that has none: the one that its description names, else the least."""
    kinds = get_args(field.annotation)
    if int in kinds or float in kinds:
        named = re.search(r"unset: (\d+)", field.description or "")
        least: list[Any] = [one.ge for one in field.metadata if isinstance(one, Ge)]
        least += [one.gt for one in field.metadata if isinstance(one, Gt)]
        return int(named[1]) if named else max([0, *least]) + 1
    return [] if any(getattr(kind, "__origin__", None) is tuple for kind in kinds) else ""


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, SecretStr):
        return json.dumps(value.get_secret_value(), ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in sorted(value.items()))
        return f"{{ {inside} }}" if inside else "{}"
    return f"[{', '.join(map(_toml, value))}]"
