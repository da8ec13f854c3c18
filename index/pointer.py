"""The small file that says which files of a cache count: replaced as a whole, after them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def point(path: Path, facts: Mapping[str, Any]) -> None:
    """Has `path` say these facts, which JSON can hold. Raises OSError."""
    draft = path.with_name(f"{path.name}.tmp")
    text = json.dumps(facts)
    with draft.open("w") as handle:
        handle.write(f"{text}\n{hashlib.sha256(text.encode()).hexdigest()}\n")
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)


def pointed(path: Path, form: int) -> dict[str, Any] | None:
    """The facts; None where there is no such file. Raises ValueError where it is damaged, or
    their `format` is not `form`, and OSError."""
    try:
        text, _, digest = path.read_text().rstrip("\n").partition("\n")
    except FileNotFoundError:
        return None
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise ValueError(f"{path} is damaged, or of another version")
    facts: dict[str, Any] = json.loads(text)
    if facts["format"] != form:
        raise ValueError(f"{path.parent} was written in another format")
    return facts
