"""Report files as JSON: for programs, for the record, and to be compared later.

A file holds a report (what `braid eval run --json` prints), a study (one or several reports with
their misses) or a stored run. Whoever wants one report can read any of them that has just one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from eval.contract import LegReport, Miss, Report, Run, Stage, Study, System, Trace
from ingest.contract import BadInput, Json

_LATENCIES = ("p50_ms", "p95_ms")
_HINT = "give a file of braid eval run"
_DIGITS = 3
"""Latencies are kept to the microsecond."""


@dataclass(frozen=True)
class JsonWriter:
    """Writes a study as JSON, so that `read_study` gives it back, and `read_report` where it is of
    one report."""

    indent: int = 1

    def __call__(self, study: Study) -> str:
        data = study_json(study)
        return json.dumps(data, ensure_ascii=False, indent=self.indent, allow_nan=False) + "\n"


def study_json(study: Study) -> dict[str, Any]:
    """The study as JSON values: `study` (its name), `baseline`, `reports`, and `misses` by
    dataset."""
    return {
        "study": study.name,
        "baseline": study.baseline,
        "reports": [report_json(report) for report in study.reports],
        "misses": {
            dataset: [
                {**asdict(miss), "expected": list(miss.expected), "found": list(miss.found)}
                for miss in misses
            ]
            for dataset, misses in study.misses.items()
        },
    }


def run_json(run: Run) -> dict[str, Any]:
    """The stored run as JSON values: `run` (its id), `experiment`, `system`, `begun`, `versions`,
    `machine`, `report`."""
    system = run.system
    return {
        "run": run.id,
        "experiment": run.experiment,
        "system": {"name": system.name, "settings": dict(system.settings), "leg": system.leg},
        "begun": run.begun,
        "versions": dict(run.versions),
        "machine": dict(run.machine),
        "report": report_json(run.report),
    }


def report_json(report: Report) -> dict[str, Any]:
    """The report as JSON values: `dataset`, `queries`, `documents`, `legs` (measures and
    latencies by leg), `settings`, and `per_query` (leg, then measure, then query id); then, where
    there are any, `texts`, `slices`, and by leg `latencies_ms`, `found`, `traces` and `costs`.
    """
    legs = {
        name: {
            **{measure: float(value) for measure, value in leg.measures.items()},
            "p50_ms": round(leg.p50_ms, _DIGITS),
            "p95_ms": round(leg.p95_ms, _DIGITS),
        }
        for name, leg in report.legs.items()
    }
    data = {
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
    details: dict[str, Any] = {
        "texts": dict(report.texts),
        "slices": {name: list(ids) for name, ids in report.slices.items()},
        **{
            part: {name: value for name, leg in report.legs.items() if (value := made(leg))}
            for part, made in _LEG_DETAILS.items()
        },
    }
    return data | {name: value for name, value in details.items() if value}


def _latencies(leg: LegReport) -> list[float]:
    return [round(value, _DIGITS) for value in leg.latencies_ms]


def _found(leg: LegReport) -> dict[str, list[str]]:
    return {query_id: list(lines) for query_id, lines in leg.found.items()}


def _traces(leg: LegReport) -> dict[str, Any]:
    return {
        query_id: {
            "lost": trace.lost.value if trace.lost is not None else None,
            "ranks": dict(trace.ranks),
            "detail": trace.detail,
        }
        for query_id, trace in leg.traces.items()
    }


def _costs(leg: LegReport) -> dict[str, float]:
    return {name: float(value) for name, value in leg.costs.items()}


_LEG_DETAILS = {
    "latencies_ms": _latencies,
    "found": _found,
    "traces": _traces,
    "costs": _costs,
}


def read_study(path: Path) -> Study:
    """The study that a JSON file holds; a report or a run alone is a study of one. Raises
    BadInput."""
    return study_from_json(_read(path), str(path))


def read_report(path: Path) -> Report:
    """The report that a JSON file holds. Raises BadInput, also where it holds several."""
    return report_from_json(_read(path), str(path))


def read_stored_run(path: Path) -> Run:
    """The stored run that a JSON file holds. Raises BadInput."""
    return run_from_json(_read(path), str(path))


def _read(path: Path) -> object:
    try:
        text = path.read_text(encoding="utf-8")
        # A stored run has what lists need in a first line, and the whole of it in the second.
        return json.loads(text.rstrip().rpartition("\n")[2] if path.suffix == ".jsonl" else text)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON ({error}): {_HINT}") from error


def study_from_json(data: object, where: str = "the study") -> Study:
    """The study that `study_json` made these values of; those of `report_json` and `run_json` are
    a study of one report. Raises BadInput, which says `where` and what does not fit."""
    root = _mapping(data, where)
    if "reports" not in root:
        report = report_from_json(root, where)
        return Study(report.dataset, (report,))
    reports = [
        report_from_json(value, f"{where}: report {number}")
        for number, value in enumerate(_list(root["reports"], f"{where}: reports"), start=1)
    ]
    if not reports:
        raise BadInput(f"{where} has no report: {_HINT}")
    return Study(
        name=_text(root.get("study"), f"{where}: study"),
        reports=tuple(reports),
        baseline=_text(root.get("baseline", ""), f"{where}: baseline"),
        misses={
            dataset: tuple(
                _miss(value, f"{where}: misses: {dataset}: {number}")
                for number, value in enumerate(_list(values, f"{where}: misses: {dataset}"), 1)
            )
            for dataset, values in _items(root.get("misses", {}), f"{where}: misses")
        },
    )


def run_from_json(data: object, where: str = "the run") -> Run:
    """The run that `run_json` made these values of. Raises BadInput, which says `where` and what
    does not fit."""
    root = _mapping(data, where)
    system = _mapping(root.get("system"), f"{where}: system")
    settings = _mapping(system.get("settings"), f"{where}: system: settings")
    report = report_from_json(_mapping(root.get("report"), f"{where}: report"), where)
    name = _text(system.get("name"), f"{where}: system: name")
    if list(report.legs) != [name]:
        raise BadInput(
            f"{where}: its report is of {', '.join(report.legs)}, not of {name!r} alone: run it "
            f"again"
        )
    return Run(
        id=_text(root.get("run"), f"{where}: run"),
        experiment=_text(root.get("experiment"), f"{where}: experiment"),
        system=System(
            name,
            cast("Mapping[str, Json]", settings),
            _text(system.get("leg"), f"{where}: system: leg"),
        ),
        begun=_text(root.get("begun"), f"{where}: begun"),
        report=report,
        versions=_texts(root.get("versions", {}), f"{where}: versions"),
        machine=_texts(root.get("machine", {}), f"{where}: machine"),
    )


def report_from_json(data: object, where: str = "the report") -> Report:
    """The report that `report_json` made these values of, or that of a run or of a study of one
    report. Raises BadInput, which says `where` and what does not fit.
    """
    root = _mapping(data, where)
    if "report" in root:
        return report_from_json(root["report"], f"{where}: report")
    if "reports" in root:
        return _only_report(root, where)
    per_query = _mapping(root.get("per_query"), f"{where}: per_query")
    details = {
        part: _mapping(root.get(part, {}), f"{where}: {part}") for part in (*_LEG_DETAILS, "slices")
    }
    texts = _texts(root.get("texts", {}), f"{where}: texts")
    legs = {
        name: _leg(name, leg, per_query.get(name), texts.keys(), f"{where}: leg {name!r}")
        for name, leg in _items(root.get("legs"), f"{where}: legs")
    }
    if not legs:
        raise BadInput(f"{where} has no leg: {_HINT}")
    return Report(
        dataset=_text(root.get("dataset"), f"{where}: dataset"),
        queries=_count(root.get("queries"), f"{where}: queries"),
        documents=_count(root.get("documents"), f"{where}: documents"),
        legs={
            name: _detailed(leg, details, f"{where}: leg {name!r}") for name, leg in legs.items()
        },
        settings=_texts(root.get("settings", {}), f"{where}: settings"),
        texts=texts,
        slices={
            name: _lines(ids, f"{where}: slices: {name}") for name, ids in details["slices"].items()
        },
    )


def _only_report(root: Mapping[str, object], where: str) -> Report:
    study = study_from_json(root, where)
    if len(study.reports) > 1:
        names = ", ".join(report.dataset for report in study.reports)
        raise BadInput(
            f"{where} holds {len(study.reports)} reports ({names}), and one is wanted: give a "
            f"file of one evaluation"
        )
    return study.reports[0]


def _leg(name: str, data: object, values: object, asked: Set[str], where: str) -> LegReport:
    """The leg with its figures; `asked` are the queries, none where they are not known."""
    figures = {key: _number(value, f"{where}: {key}") for key, value in _items(data, where)}
    missing = [key for key in _LATENCIES if key not in figures]
    if missing:
        raise BadInput(f"{where} lacks {missing[0]}: {_HINT}")
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
    # Some measures are of a part of the queries: those that nothing answers, say.
    first = next(iter(per_query.values())).keys()
    known = asked or first
    if not first or any(not by_query.keys() <= known for by_query in per_query.values()):
        raise BadInput(f"{where}: its measures are not over the same queries: run it again")
    return LegReport(name, measures, per_query, figures["p50_ms"], figures["p95_ms"])


def _detailed(leg: LegReport, details: Mapping[str, Mapping[str, object]], where: str) -> LegReport:
    """The leg with what files have of it beside its figures."""
    given = {part: details[part].get(leg.leg, {}) for part in ("found", "traces", "costs")}
    latencies = _list(details["latencies_ms"].get(leg.leg, []), f"{where}: latencies_ms")
    return replace(
        leg,
        latencies_ms=tuple(_number(value, f"{where}: latencies_ms") for value in latencies),
        found={
            query_id: _lines(lines, f"{where}: found: {query_id}")
            for query_id, lines in _items(given["found"], f"{where}: found")
        },
        traces={
            query_id: _trace(value, f"{where}: traces: {query_id}")
            for query_id, value in _items(given["traces"], f"{where}: traces")
        },
        costs={
            name: _number(value, f"{where}: costs: {name}")
            for name, value in _items(given["costs"], f"{where}: costs")
        },
    )


def _trace(data: object, where: str) -> Trace:
    root = _mapping(data, where)
    lost, stages = root.get("lost"), [stage.value for stage in Stage]
    if lost is not None and lost not in stages:
        raise BadInput(f"{where}: lost is none of {', '.join(stages)}: {_HINT}")
    return Trace(
        lost=None if lost is None else Stage(lost),
        ranks={
            name: _rank(value, f"{where}: ranks: {name}")
            for name, value in _items(root.get("ranks", {}), f"{where}: ranks")
        },
        detail=_text(root.get("detail", ""), f"{where}: detail"),
    )


def _miss(data: object, where: str) -> Miss:
    root = _mapping(data, where)
    return Miss(
        leg=_text(root.get("leg"), f"{where}: leg"),
        query_id=_text(root.get("query_id"), f"{where}: query_id"),
        query=_text(root.get("query"), f"{where}: query"),
        expected=_lines(root.get("expected"), f"{where}: expected"),
        found=_lines(root.get("found"), f"{where}: found"),
        rank=_rank(root.get("rank"), f"{where}: rank"),
    )


def _items(value: object, where: str) -> list[tuple[str, object]]:
    return list(_mapping(value, where).items())


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadInput(f"{where} is no JSON object: {_HINT}")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise BadInput(f"{where} is no JSON list: {_HINT}")
    return value


def _lines(value: object, where: str) -> tuple[str, ...]:
    return tuple(_text(line, where) for line in _list(value, where))


def _texts(value: object, where: str) -> dict[str, str]:
    return {key: _text(text, f"{where}: {key}") for key, text in _items(value, where)}


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{where} is no text: {_HINT}")
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadInput(f"{where} is no number: {_HINT}")
    return float(value)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadInput(f"{where} is no whole number: {_HINT}")
    return value


def _rank(value: object, where: str) -> int | None:
    return None if value is None else _count(value, where)
