"""Records as lines of JSON, and back with every field checked.

The JSON is Python's: not-a-number is `NaN`. A line is UTF-8; one with half a character in it, as
names of files may have, is written in ASCII.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

_NAMES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Path: "text",
}


def line_of(record: Mapping[str, Any]) -> bytes:
    """A record as a line."""
    try:
        return json.dumps(record, ensure_ascii=False, default=str).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record, default=str).encode() + b"\n"


def record_of(line: bytes) -> dict[str, Any]:
    """The record of a line. Raises ValueError that says what is wrong with it."""
    try:
        record = json.loads(line)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    found: dict[str, Any] = _checked(record, isinstance(record, dict), "an object", "")
    return found


def decoded(kind: type[T], value: object, where: str = "") -> T:
    """A dataclass, or a plain value, out of JSON. Raises ValueError that names the field, from
    `where` on, and what is wrong with it."""
    found: T = _decoded(kind, value, where)
    return found


def _decoded(kind: Any, value: Any, where: str) -> Any:
    if is_dataclass(kind):
        return _dataclass(kind, value, where)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _decoded(inner[0], value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin is not None:  # a mapping of whatever JSON has
        return _checked(value, isinstance(value, dict), "an object", where)
    if issubclass(kind, Enum):
        choice = [member.value for member in kind]
        return kind(_checked(value, value in choice, f"one of {', '.join(choice)}", where))
    is_bool = isinstance(value, bool)
    is_whole = isinstance(value, int) and not is_bool
    fits = {bool: is_bool, int: is_whole, float: is_whole or isinstance(value, float)}
    _checked(value, fits.get(kind, isinstance(value, str)), _NAMES[kind], where)
    return Path(value) if kind is Path else value


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    _checked(value, isinstance(value, dict), "an object", where)
    hints, needed = _shape(kind)
    prefix = f"{where}." if where else ""
    for name in value:
        if name not in hints:
            raise ValueError(f"{prefix}{name} is no field of it")
    for name in needed:
        if name not in value:
            raise ValueError(f"{prefix}{name} is missing")
    return kind(**{k: _decoded(hints[k], item, f"{prefix}{k}") for k, item in value.items()})


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    _checked(value, isinstance(value, list), "a list", where)
    if inner[-1] is not Ellipsis:
        _checked(value, len(value) == len(inner), f"a list of {len(inner)}", where)
    else:
        inner = (inner[0],) * len(value)
    pairs = zip(inner, value, strict=True)
    return tuple(_decoded(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(pairs))


@lru_cache
def _shape(kind: Any) -> tuple[dict[str, Any], list[str]]:
    """The types of a dataclass's fields by name, and the fields that have no default."""
    hints = get_type_hints(kind)
    known = [item for item in fields(kind) if item.init]
    plain = (item.name for item in known if item.default is item.default_factory is MISSING)
    return {item.name: hints[item.name] for item in known}, list(plain)


def _checked(value: Any, fits: bool, wanted: str, where: str) -> Any:
    if not fits:
        raise ValueError(f"{where or 'it'} is to be {wanted}, not {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
