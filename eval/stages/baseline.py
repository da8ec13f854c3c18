"""Baselines: a report with what the chunks of its corpus were like.

The file is a report as `braid eval run --json` prints it, with `corpus` beside: a row for each
document (the fields of Health). A report without it, and a stored run, will do: then chunks are not
compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.contract import LegReport, Report
from eval.report_file import report_from_json, report_json, run_from_json
from eval.stages.health import Health
from ingest.contract import BadInput

_CORPUS = "corpus"
_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A leg of a report to be compared with: its name there, what it `searches` by, and the health
    of the documents' chunks, by id (none where the file does not tell)."""

    report: Report
    name: str
    searches: str
    corpus: Mapping[str, Health] = field(default_factory=dict)

    @property
    def leg(self) -> LegReport:
        """The leg itself."""
        return self.report.legs[self.name]


def read_baseline(path: Path, leg: str = "") -> Baseline:
    """The baseline that a file holds: its leg of that name, or the default one, or its only one.
    Raises BadInput."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON ({error}): write it with --write-baseline") from error
    if isinstance(data, dict) and "readers" in data:
        raise BadInput(f"{path} is a report of braid eval parse: name the folder that it is of")
    report = report_from_json(data, str(path))
    names = list(report.legs)
    wanted = leg or (_DEFAULT if _DEFAULT in names else names[0])
    searches = wanted
    if isinstance(data, dict) and "system" in data:
        run = run_from_json(data, str(path))
        if leg not in ("", run.system.name, run.system.leg):
            raise BadInput(f"{path} is a run of {run.system.leg!r}, not of {leg!r}")
        wanted, searches = run.system.name, run.system.leg
    if wanted not in names or (not leg and _DEFAULT not in names and len(names) > 1):
        raise BadInput(f"{path} has the legs {', '.join(names)}: name one with --leg")
    return Baseline(report, wanted, searches, _corpus(data, path))


def baseline_json(report: Report, corpus: Mapping[str, Health]) -> dict[str, Any]:
    """What `read_baseline` reads, as JSON values."""
    rows = {document: health.row() for document, health in corpus.items()}
    return {**report_json(report), _CORPUS: rows}


def _corpus(data: Any, path: Path) -> dict[str, Health]:
    rows = data.get(_CORPUS, {})
    try:
        return {str(document): _health(row) for document, row in rows.items()}
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path}: {_CORPUS} cannot be used ({error}): write it again") from error


def _health(row: Any) -> Health:
    chunks, cut, tables, whole_tables, characters, rows, digest = row
    return Health(
        int(chunks), int(cut), int(tables), int(whole_tables), int(characters), int(rows),
        str(digest),
    )  # fmt: skip
