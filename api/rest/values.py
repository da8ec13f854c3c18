"""Checks on what clients send that types alone do not express."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import datetime
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from starlette.exceptions import HTTPException

from index.pipeline import MAX_TAGS
from ingest.contract import BadInput

MAX_ID_CHARS = 512
COLLECTION_PATTERN = r"^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}$"
"""Names of collections, as JSON Schema writes it."""
MAX_DEPTH = 32
MAX_VALUES = 20_000
MAX_FILTER_CONDITIONS = 500

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)
_DRIVE = re.compile(r"[A-Za-z]:")


def _written(given: Any) -> Any:
    if isinstance(given, datetime) or (isinstance(given, str) and _MOMENT.match(given)):
        return given
    raise ValueError("a moment is written as in 2026-03-01T08:00:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_written), Field(strict=False)]
"""A moment as RFC 3339 writes it; no number of seconds."""


class Given(BaseModel):
    """What a client sends: no unknown fields, no conversion between types, but that 3.0 is the
    integer 3, as JSON Schema has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, given: Any) -> Any:
        """Floats without a fraction become integers where a field is one."""
        if not isinstance(given, dict):
            return given
        return {
            name: _whole(value) if name in _integers(cls) else value
            for name, value in given.items()
        }


@cache
def _integers(model: type[BaseModel]) -> frozenset[str]:
    """The fields that are integers."""
    fields = model.model_fields.items()
    return frozenset(
        name
        for name, field in fields
        if any(_is_integer(part) for part in (field.annotation, *get_args(field.annotation)))
    )


def _is_integer(annotation: Any) -> bool:
    """True of `int`, plain or with bounds."""
    return annotation is int or (
        get_origin(annotation) is Annotated and int in get_args(annotation)
    )


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def document_id_of(given: str) -> str:
    """A document id in its normal form (NFC, forward slashes). Raises BadInput for one that
    could not be stored, addressed in a URL, or told from a path out of its folder."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/")
    fault = _fault_of(name)
    if fault:
        shown = given if len(given) <= 80 else given[:80] + "…"
        raise BadInput(f"{shown!r} cannot be the id of a document: {fault}")
    return name


def _fault_of(name: str) -> str:
    if not name.strip():
        return "it is empty; give the file a name, or an id in `ids`"
    if len(name) > MAX_ID_CHARS:
        return f"it has {len(name)} characters, and {MAX_ID_CHARS} is the limit"
    if _CONTROL.search(name) or not _is_unicode(name):
        return "it has control characters or broken Unicode in it"
    if name.startswith("/") or _DRIVE.match(name):
        return "it is an absolute path; make it relative"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "it has empty parts, '.' or '..' between its slashes"
    return ""


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for what neither SQLite nor JSON can hold."""
    pending: list[tuple[Any, int]] = [(value, 1)]
    seen = 0
    while pending:
        item, depth = pending.pop()
        seen += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        if seen > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES:,} values")
        if isinstance(item, dict):
            pending.extend((part, depth + 1) for pair in item.items() for part in pair)
        elif isinstance(item, list):
            pending.extend((part, depth + 1) for part in item)
        elif isinstance(item, str):
            if not _is_unicode(item) or "\x00" in item:
                raise ValueError("a string has NUL or broken Unicode in it")
        elif isinstance(item, float) and not math.isfinite(item):
            raise ValueError("NaN and Infinity are no JSON")
        elif isinstance(item, int) and not -(2**63) <= item < 2**63:
            raise ValueError("an integer has more than 64 bits")
    return value


def _few_conditions(value: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a filter with more conditions than one statement can hold."""
    pending: list[Any] = [value]
    conditions = 0
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            conditions += max(len(item), 1)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(part for part in item if isinstance(part, dict | list))
    if conditions > MAX_FILTER_CONDITIONS:
        raise ValueError(
            f"{conditions} conditions, and {MAX_FILTER_CONDITIONS} is the limit; $in takes many "
            "values in one condition"
        )
    return value


JsonObject = Annotated[dict[str, Any], AfterValidator(_checked)]
"""A JSON object that can be stored and given back as it is."""

AccessTags = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[\w.:-]{1,64}$")]], Field(max_length=MAX_TAGS)
]
"""Access tags of a document; index.tagging has the last word."""

Filter = Annotated[dict[str, Any], AfterValidator(_checked), AfterValidator(_few_conditions)]
"""A metadata filter of bearable size; whether it is a right one is for the index to say."""


async def json_only(request: Request) -> None:
    """A dependency of routes that take JSON alone: 415 for anything else."""
    given = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    subtype = given.removeprefix("application/")
    if subtype == given or not (subtype == "json" or subtype.endswith("+json")):
        raise HTTPException(
            415, f"this route takes application/json, not {given or 'a body without a type'}"
        )
