"""Systems against the baseline, on each dataset, over all of them, and on slices; corrected for
how many comparisons are made.

A family is what is corrected together: on one dataset and one measure, all systems against the
baseline; over all datasets, on one measure, the same; and on the slices of a dataset, every system
on every slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.contract import Difference, LegReport, Report, Study
from eval.differences import difference
from eval.significance import RESAMPLES, SIGNIFICANT, holm, stratified_test
from eval.summary import main_measure, ranked_legs

LEAST_QUERIES = 10
"""Slices of fewer are not tested."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A system (right) against the baseline (left) on a dataset, or on a slice of it.
    `adjusted_p` is the p-value corrected by Holm for a family of `compared` tests."""

    dataset: str
    difference: Difference
    adjusted_p: float
    compared: int
    slice: str = ""

    @property
    def is_better(self) -> bool:
        """Significantly better than the baseline, after correction."""
        return self.adjusted_p < SIGNIFICANT and self.difference.difference > 0

    @property
    def is_worse(self) -> bool:
        """Significantly worse than the baseline, after correction."""
        return self.adjusted_p < SIGNIFICANT and self.difference.difference < 0


@dataclass(frozen=True, slots=True)
class Overall:
    """A system against the baseline over the datasets that both were measured on, each of which
    weighs the same. `better`, `equal` and `worse` count datasets; `surely_better` and
    `surely_worse` those where that is significant after correction; `missing` are datasets that
    the system was not measured on."""

    measure: str
    system: str
    baseline: str
    datasets: int
    baseline_mean: float
    system_mean: float
    difference: float
    low: float
    high: float
    p_value: float
    adjusted_p: float
    better: int
    equal: int
    worse: int
    surely_better: int
    surely_worse: int
    missing: Sequence[str] = ()


def baseline_of(study: Study, report: Report, measure: str) -> LegReport | None:
    """What systems are compared with: the baseline, or, where none is named, the best. None where
    the baseline was not measured on this dataset."""
    if not study.baseline:
        return ranked_legs(report, measure)[0]
    return report.legs.get(study.baseline)


def verdicts(
    study: Study, measures: Sequence[str] = (), resamples: int = RESAMPLES
) -> list[Verdict]:
    """Every system against the baseline, on each dataset and measure (by default each dataset's
    first), in the order of the study."""
    found = []
    for report in study.reports:
        for measure in measures or (main_measure(report),):
            found += _family(study, report, measure, resamples)
    return found


def _family(study: Study, report: Report, measure: str, resamples: int) -> list[Verdict]:
    baseline = baseline_of(study, report, measure)
    if baseline is None or measure not in baseline.measures:
        return []
    others = [
        leg for leg in report.legs.values() if leg is not baseline and measure in leg.measures
    ]
    return _judged(
        [("", difference(baseline, leg, measure, resamples)) for leg in others], report.dataset
    )


def _judged(tests: Sequence[tuple[str, Difference]], dataset: str) -> list[Verdict]:
    adjusted = holm([test.p_value for _, test in tests])
    return [
        Verdict(dataset, test, p_value, len(tests), name)
        for (name, test), p_value in zip(tests, adjusted, strict=True)
    ]


def slice_verdicts(
    study: Study, report: Report, measure: str = "", resamples: int = RESAMPLES
) -> list[Verdict]:
    """Every system against the baseline on every slice of a dataset that has LEAST_QUERIES
    queries, by slice."""
    measure = measure or main_measure(report)
    baseline = baseline_of(study, report, measure)
    if baseline is None:
        return []
    tests = []
    for name, ids in report.slices.items():
        part = _part(baseline, measure, ids)
        if part is None:
            continue
        for leg in report.legs.values():
            own = _part(leg, measure, ids)
            if leg is not baseline and own is not None:
                tests.append((name, difference(part, own, measure, resamples)))
    return _judged(tests, report.dataset)


def _part(leg: LegReport, measure: str, ids: Sequence[str]) -> LegReport | None:
    """The leg on some of its queries; None where they are too few."""
    wanted, values = set(ids), leg.per_query.get(measure, {})
    kept = {query_id: value for query_id, value in values.items() if query_id in wanted}
    if len(kept) < LEAST_QUERIES:
        return None
    mean = sum(kept.values()) / len(kept)
    return replace(leg, measures={measure: mean}, per_query={measure: kept})


def overall(study: Study, measure: str = "", resamples: int = RESAMPLES) -> list[Overall]:
    """Every system against the baseline over all datasets on one measure (by default the first
    of the first dataset), the best system first. Needs a baseline that is named: empty without
    one."""
    if not study.reports or not study.baseline:
        return []
    measure = measure or main_measure(study.reports[0])
    reports = [r for r in study.reports if _has(r, study.baseline, measure)]
    names = dict.fromkeys(name for report in reports for name in report.legs)
    by_system: dict[str, list[Verdict]] = {}
    for report in reports:
        for verdict in _family(study, report, measure, resamples):
            by_system.setdefault(verdict.difference.right, []).append(verdict)
    tested = [(name, by_system[name]) for name in names if name in by_system]
    rows = [_overall(study.baseline, name, own, reports, resamples) for name, own in tested]
    adjusted = holm([row.p_value for row in rows])
    judged = [replace(row, adjusted_p=p) for row, p in zip(rows, adjusted, strict=True)]
    return sorted(judged, key=lambda row: (len(row.missing), -row.difference))


def _overall(
    baseline: str, system: str, own: Sequence[Verdict], reports: Sequence[Report], resamples: int
) -> Overall:
    measure = own[0].difference.measure
    measured = {verdict.dataset for verdict in own}
    strata = []
    for report in reports:
        if report.dataset in measured:
            left = report.legs[baseline].per_query[measure]
            right = report.legs[system].per_query[measure]
            strata.append([right[query_id] - value for query_id, value in left.items()])
    mean, low, high, p_value = stratified_test(strata, resamples)
    tests = [verdict.difference for verdict in own]
    return Overall(
        measure=measure,
        system=system,
        baseline=baseline,
        datasets=len(own),
        baseline_mean=sum(test.left_mean for test in tests) / len(tests),
        system_mean=sum(test.right_mean for test in tests) / len(tests),
        difference=mean,
        low=low,
        high=high,
        p_value=p_value,
        adjusted_p=p_value,
        better=sum(test.difference > 0 for test in tests),
        equal=sum(test.difference == 0 for test in tests),
        worse=sum(test.difference < 0 for test in tests),
        surely_better=sum(verdict.is_better for verdict in own),
        surely_worse=sum(verdict.is_worse for verdict in own),
        missing=tuple(r.dataset for r in reports if r.dataset not in measured),
    )


def _has(report: Report, leg: str, measure: str) -> bool:
    return leg in report.legs and measure in report.legs[leg].measures
