"""Front matter: what a Markdown or reStructuredText file says of itself, in YAML or TOML."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ingest.contract import Json

_YAML = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"([A-Za-z_\u3400-\u9fff][\w .-]*?)\s*[:：](?:[ \t]+(.*)|)$")
_LONGEST = 100_000
_DEEPEST = 20
_TAGS = ("tags", "keywords", "categories")


def split_front_matter(text: str) -> tuple[dict[str, Json], str]:
    """The front matter as metadata, and the text after it; ({}, text) where there is none."""
    for pattern, read in ((_YAML, _from_yaml), (_TOML, _from_toml)):
        match = pattern.match(text[: _LONGEST + 10])
        if match:
            found = read(match.group(1) or "")
            if found is not None:
                return _named(found), text[match.end() :]
    return {}, text


def _from_toml(text: str) -> dict[str, Json] | None:
    import tomllib

    try:
        return as_metadata(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _from_yaml(text: str) -> dict[str, Json] | None:
    """YAML without aliases (which can grow without bound); where the text is not quite YAML,
    its `key: value` lines."""
    import yaml

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            return read_pairs(text)
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return read_pairs(text)
    if found is None:
        return {}
    return as_metadata(found) if isinstance(found, dict) else None


def as_metadata(values: Mapping[Any, Any]) -> dict[str, Json]:
    """Whatever of the values JSON can hold, dates as ISO 8601; the rest is left out."""
    found: dict[str, Json] = {}
    for key, value in values.items():
        json = _json(value, 0)
        if json is not None:
            found[str(key)] = json
    return found


def _json(value: object, depth: int) -> Json:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): _json(inner, depth + 1) for key, inner in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set):
        return tuple(_json(inner, depth + 1) for inner in value)
    return None


def _named(found: dict[str, Json]) -> dict[str, Json]:
    """The metadata with the names that all formats share added: `author` (a text), `created`,
    `lang`; tags as a sequence."""
    by_name = {key.lower(): value for key, value in found.items()}
    named = dict(found)
    authors = by_name.get("author", by_name.get("authors", by_name.get("作者")))
    names = _names(authors)
    if names:
        named["author"] = ", ".join(names)
    created = by_name.get("created", by_name.get("date", by_name.get("日期")))
    if isinstance(created, str | int):
        named.setdefault("created", str(created))
    language = by_name.get("lang", by_name.get("language"))
    if isinstance(language, str):
        named.setdefault("lang", language)
    for key in _TAGS:
        value = found.get(key)
        if isinstance(value, str):
            parts = re.split(r"[,，、;；]", value) if re.search(r"[,，、;；]", value) else [value]
            named[key] = tuple(part.strip() for part in parts if part.strip())
    return named


def _names(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, Mapping):
        return _names(value.get("name"))
    if isinstance(value, Sequence):
        return [name for inner in value for name in _names(inner)]
    return []


def read_pairs(text: str) -> dict[str, Json] | None:
    """The `key: value` lines and simple lists of the front matter (a small part of YAML);
    nested values are passed over. None where it is no front matter at all."""
    found: dict[str, Json] = {}
    key = ""
    items: list[Json] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        stripped = line.strip()
        if key and stripped.startswith("- "):
            items.append(_scalar(stripped[2:].strip()))
            found[key] = tuple(items)
            continue
        if line[0].isspace():
            continue
        pair = _PAIR.match(stripped)
        if pair is None:
            return None
        key, items = pair.group(1), []
        value = (pair.group(2) or "").strip()
        if value.startswith("[") and value.endswith("]"):
            parts = [part.strip() for part in value[1:-1].split(",")]
            found[key] = tuple(_scalar(part) for part in parts if part)
        elif value and value not in ("|", ">", "|-", ">-"):
            found[key] = _scalar(value)
    return found


def _scalar(value: str) -> Json:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if re.fullmatch(r"[+-]?(?:0|[1-9]\d{0,15})", value):
        return int(value)
    if re.fullmatch(r"[+-]?\d{1,15}\.\d{1,15}", value):
        return float(value)
    return value
