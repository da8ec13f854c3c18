"""What was measured, in a file that a long run is taken up from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

SEARCHES, OPERATIONS = "searches", "operations"

Cell: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """A JSON file: `run` says what all cells have in common, `cells` has what was measured by
    "set/system/set-up/part"."""

    path: Path

    def read(self) -> dict[str, Any]:
        """All of it; empty where there is no file."""
        if not self.path.is_file():
            return {"run": {}, "sets": {}, "cells": {}}
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    def has(self, key: str) -> bool:
        """Whether a cell was measured."""
        return key in self.read()["cells"]

    def keep(self, key: str, cell: Cell) -> None:
        """Writes a cell."""
        held = self.read()
        held["cells"][key] = cell
        self._write(held)

    def describe(self, run: dict[str, Any]) -> None:
        """Writes what all cells have in common."""
        held = self.read()
        held["run"] = run
        self._write(held)

    def describe_set(self, name: str, about: dict[str, Any]) -> None:
        """Writes what is known of a set."""
        held = self.read()
        held["sets"][name] = about
        self._write(held)

    def _write(self, held: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.part")
        beside.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        beside.replace(self.path)


def key_of(dataset: str, system: str, set_up: str, part: str) -> str:
    """The name of a cell."""
    return f"{dataset}/{system}/{set_up}/{part}"
