"""Reports as JSON: for programs, for the record, and to be compared later."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.contract import LegReport, Report, Study
from ingest.contract import BadInput

_LATENCIES = ("p50_ms", "p95_ms")


@dataclass(frozen=True)
class JsonWriter:
    """Writes a report as JSON, so that `read_report` gives it back; the queries that went badly
    are not in it, their values are.
    """

    indent: int = 1

    def __call__(self, study: Study) -> str:
        data = report_json(study.reports[0])
        return json.dumps(data, ensure_ascii=False, indent=self.indent, allow_nan=False) + "\n"


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON values: `dataset`, `queries`, `documents`, `legs` (measures and
    latencies by leg), `settings`, and `per_query` (leg, then measure, then query id).
    """
    legs = {
        name: {
            **{measure: float(value) for measure, value in leg.measures.items()},
            "p50_ms": round(leg.p50_ms, 3),
            "p95_ms": round(leg.p95_ms, 3),
        }
        for name, leg in report.legs.items()
    }
    return {
        "dataset": report.dataset,
        "queries": report.queries,
        "documents": report.documents,
        "legs": legs,
        "settings": dict(report.settings),
        "per_query": {
            name: {measure: dict(values) for measure, values in leg.per_query.items()}
            for name, leg in report.legs.items()
        },
    }


def read_report(path: Path) -> Report:
    """The report that a JSON file holds. Raises BadInput."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON ({error}): give a file of braid eval run") from error
    return report_from_json(data, str(path))


def report_from_json(data: object, where: str = "the report") -> Report:
    """The report that `report_json` made these values of. Raises BadInput, which says `where`
    and what does not fit.
    """
    root = _mapping(data, where)
    per_query = _mapping(root.get("per_query"), f"{where}: per_query")
    legs = {
        name: _leg(name, leg, per_query.get(name), f"{where}: leg {name!r}")
        for name, leg in _mapping(root.get("legs"), f"{where}: legs").items()
    }
    if not legs:
        raise BadInput(f"{where} has no leg: give a file of braid eval run")
    settings = _mapping(root.get("settings", {}), f"{where}: settings")
    return Report(
        dataset=_text(root.get("dataset"), f"{where}: dataset"),
        queries=_count(root.get("queries"), f"{where}: queries"),
        documents=_count(root.get("documents"), f"{where}: documents"),
        legs=legs,
        settings={
            key: _text(value, f"{where}: settings: {key}") for key, value in settings.items()
        },
    )


def _leg(name: str, data: object, values: object, where: str) -> LegReport:
    figures = {key: _number(value, f"{where}: {key}") for key, value in _items(data, where)}
    missing = [key for key in _LATENCIES if key not in figures]
    if missing:
        raise BadInput(f"{where} lacks {missing[0]}: give a file of braid eval run")
    measures = {key: value for key, value in figures.items() if key not in _LATENCIES}
    per_query: dict[str, dict[str, float]] = {}
    for measure, by_query in _items(values, f"{where}: per_query"):
        place = f"{where}: per_query: {measure}"
        per_query[measure] = {
            query_id: _number(value, f"{place}: {query_id}")
            for query_id, value in _items(by_query, place)
        }
    if per_query.keys() != measures.keys() or not measures:
        raise BadInput(f"{where}: its measures and those of per_query differ: run it again")
    if len({frozenset(by_query) for by_query in per_query.values()}) > 1 or not all(
        per_query.values()
    ):
        raise BadInput(f"{where}: its measures are not over the same queries: run it again")
    return LegReport(name, measures, per_query, figures["p50_ms"], figures["p95_ms"])


def _items(value: object, where: str) -> list[tuple[str, object]]:
    return list(_mapping(value, where).items())


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput(f"{where} is no JSON object: give a file of braid eval run")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where} is no text: give a file of braid eval run")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadInput(f"{where} is no number: give a file of braid eval run")
    return float(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadInput(f"{where} is no whole number: give a file of braid eval run")
    return value
