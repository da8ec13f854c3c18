"""Which leg of a report is the best."""

from __future__ import annotations

from collections.abc import Sequence

from eval.contract import LegReport, Report

DEFAULT_LEG = "default"


def main_measure(report: Report) -> str:
    """The measure that legs are ranked by: the first that was asked for."""
    return next(iter(next(iter(report.legs.values())).measures))


def common_measure(reports: Sequence[Report]) -> str:
    """The first measure that every leg of every report has; empty where there is none."""
    every = [leg.measures for report in reports for leg in report.legs.values()]
    return next((name for name in every[0] if all(name in other for other in every)), "")


def ranked_legs(report: Report, measure: str) -> list[LegReport]:
    """Legs, best first; equal ones in the report's order."""
    return sorted(report.legs.values(), key=lambda leg: -leg.measures.get(measure, 0.0))
