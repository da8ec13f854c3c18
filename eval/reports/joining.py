"""Several evaluations as one study: to compare what was measured apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eval.contract import LegReport, Miss, Report, Study
from eval.differences import SOURCE_PREFIX
from eval.reports.page import COMMAND_SETTING
from ingest.contract import BadInput


def joined(studies: Mapping[str, Study], name: str = "", baseline: str = "") -> Study:
    """Studies, each under a label, as one: a report for each dataset, with the systems of all.
    A system that has the name of another is told apart by the label of its study. `baseline`, where
    it is given, has to be a system. Raises BadInput where it is none, or where the queries of a
    dataset are not the same in all.
    """
    groups: dict[str, list[tuple[str, Report]]] = {}
    for label, study in studies.items():
        for report in study.reports:
            groups.setdefault(report.dataset, []).append((label, report))
    named = {key: _names(group) for key, group in groups.items()}
    reports = [_merged(group, named[dataset]) for dataset, group in groups.items()]
    misses: dict[str, list[Miss]] = {}
    for label, study in studies.items():
        for dataset, found in study.misses.items():
            names = named.get(dataset, {})
            misses.setdefault(dataset, []).extend(
                replace(miss, leg=names.get((label, miss.leg), miss.leg)) for miss in found
            )
    systems = list(dict.fromkeys(leg for report in reports for leg in report.legs))
    if baseline and baseline not in systems:
        raise BadInput(f"there is no system {baseline!r}; there are: {', '.join(systems)}")
    given = next((study.baseline for study in studies.values() if study.baseline in systems), "")
    shown = name or " + ".join(dict.fromkeys(study.name for study in studies.values()))
    return Study(shown, tuple(reports), baseline or given, misses)


def _names(group: Sequence[tuple[str, Report]]) -> dict[tuple[str, str], str]:
    """What each system of each study is called."""
    counts: dict[str, int] = {}
    for _, report in group:
        for leg in report.legs:
            counts[leg] = counts.get(leg, 0) + 1
    return {
        (label, leg): leg if counts[leg] == 1 else f"{leg} ({label})"
        for label, report in group
        for leg in report.legs
    }


def _merged(group: Sequence[tuple[str, Report]], names: Mapping[tuple[str, str], str]) -> Report:
    first_label, first = group[0]
    texts, slices = dict(first.texts), dict(first.slices)
    legs: dict[str, LegReport] = {}
    settings: dict[str, str] = {}
    for label, report in group:
        if report.queries != first.queries:
            raise BadInput(
                f"{first.dataset} has {first.queries} queries in {first_label} and "
                f"{report.queries} in {label}: join evaluations on the same queries"
            )
        texts |= report.texts
        slices |= report.slices
        for name, leg in report.legs.items():
            legs[names[label, name]] = replace(leg, leg=names[label, name])
        for key, value in report.settings.items():
            others = [other.settings.get(key) for _, other in group]
            if all(other == value for other in others):
                settings[key] = value
            elif key.startswith(SOURCE_PREFIX):
                settings[f"{key} ({label})"] = value
            elif key == COMMAND_SETTING or not _is_own(key, report):
                for name in report.legs:
                    settings[f"{names[label, name]}: {key}"] = value
            else:
                settings[key] = value
    return replace(first, legs=legs, settings=settings, texts=texts, slices=slices)


def _is_own(key: str, report: Report) -> bool:
    """Whether a setting is already that of one system."""
    return any(key.startswith(f"{leg}: ") for leg in report.legs)
