"""A study as its report sees it: systems and datasets in order, what is best, and how sure that is.

Everything that costs time is computed once, when it is first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eval.answers.judging import CORRECT, PREFERRED
from eval.answers.measures import ANSWER_MEASURES as ANSWERS
from eval.answers.measures import ANSWERED
from eval.contract import Difference, LegReport, Report, Stage, Study
from eval.experiments.verdicts import Overall, Verdict, overall, slice_verdicts, verdicts
from eval.latency import Latency, summarize
from eval.significance import bootstrap_interval
from eval.summary import DEFAULT_LEG, common_measure, main_measure, ranked_legs
from ingest.contract import cached_property

Interval = tuple[float, float]


ANSWER_MEASURES = (*ANSWERS, CORRECT, PREFERRED)
"""Measures of answers, as against those of rankings."""

_MAIN_ANSWER_MEASURES = (CORRECT, "F1", "AnswerHit", "Points", "CitationR", ANSWERED)
"""What answers are compared by: the first of these that there is."""


@dataclass(frozen=True, slots=True)
class Lead:
    """How far the best system is ahead of the next, with its 95% interval; `p_value` is corrected
    where the comparison is one of several."""

    best: str
    following: str
    difference: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True)
class Analysis:
    """What follows from a study. `resamples` are those of the intervals of means; tests of
    differences have `test_resamples`."""

    given: Study
    resamples: int = 2_000
    test_resamples: int = 9_999

    @cached_property
    def study(self) -> Study:
        """The study, whose baseline is the best system where none was named."""
        named = any(self.given.baseline in report.legs for report in self.given.reports)
        return self.given if named else replace(self.given, baseline=self.best)

    @property
    def has_baseline(self) -> bool:
        """Whether a baseline was named, and is there."""
        return self.study.baseline == self.given.baseline

    @property
    def reports(self) -> Sequence[Report]:
        """One for each dataset."""
        return self.given.reports

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """All systems, as they first come."""
        return tuple(dict.fromkeys(name for report in self.reports for name in report.legs))

    @cached_property
    def common_measure(self) -> str:
        """The first measure that every dataset has; empty where there is none."""
        return common_measure(self.reports)

    def measure(self, report: Report) -> str:
        """What systems are ranked by on a dataset."""
        return self.common_measure or main_measure(report)

    @cached_property
    def means(self) -> dict[str, float]:
        """The mean over datasets of the common measure, for the systems that all of them have."""
        name = self.common_measure
        return {
            system: sum(r.legs[system].measures[name] for r in self.reports) / len(self.reports)
            for system in self.systems
            if name and all(name in _of(r, system) for r in self.reports)
        }

    @cached_property
    def ranked(self) -> list[str]:
        """Systems that all datasets have, best mean first; equal ones as they come. Where the
        datasets have no measure in common, those of the first dataset."""
        if self.means:
            return sorted(self.means, key=lambda system: -self.means[system])
        report = self.reports[0]
        return [leg.leg for leg in ranked_legs(report, self.measure(report))]

    @property
    def best(self) -> str:
        """The system with the best mean."""
        return self.ranked[0]

    @property
    def shown(self) -> str:
        """The system whose queries are worth a look: the default one, else the best."""
        return DEFAULT_LEG if DEFAULT_LEG in self.systems else self.best

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """Every system against the baseline on each dataset's measure."""
        found: list[Verdict] = []
        for report in self.reports:
            alone = replace(self.study, reports=(report,))
            found += verdicts(alone, (self.measure(report),), self.test_resamples)
        return found

    @cached_property
    def overall(self) -> list[Overall]:
        """Every system against the baseline over all datasets."""
        if not self.common_measure or len(self.reports) < 2:
            return []
        return overall(self.study, self.common_measure, self.resamples)

    @cached_property
    def lead(self) -> Lead | None:
        """How far the best system is ahead of the next: over all datasets, or on the only one.
        None where there is no next."""
        if len(self.ranked) < 2 or not (self.common_measure or len(self.reports) == 1):
            return None
        best, following = self.ranked[:2]
        if self.study.baseline in (best, following):
            found = self._lead(self.verdicts, self.overall, best, following)
            if found is not None:
                return found
        pair = [
            replace(r, legs={name: r.legs[name] for name in (following, best)})
            for r in self.reports
        ]
        study = replace(self.study, reports=pair, baseline=following)
        if len(pair) == 1:
            measure = self.measure(pair[0])
            return self._lead(verdicts(study, (measure,), self.test_resamples), [], best, following)
        rows = overall(study, self.common_measure, self.resamples)
        return self._lead([], rows, best, following)

    def _lead(
        self, tests: Sequence[Verdict], rows: Sequence[Overall], best: str, following: str
    ) -> Lead | None:
        """The comparison of these two among those that were made, seen from the best."""
        if len(self.reports) > 1:
            pairs: list[tuple[tuple[str, str], Overall | Difference, float]] = [
                ((row.baseline, row.system), row, row.adjusted_p) for row in rows
            ]
        else:
            pairs = [
                ((test.difference.left, test.difference.right), test.difference, test.adjusted_p)
                for test in tests
            ]
        for (left, right), found, p_value in pairs:
            if (left, right) == (following, best):
                return Lead(best, following, found.difference, found.low, found.high, p_value)
            if (left, right) == (best, following):
                return Lead(best, following, -found.difference, -found.high, -found.low, p_value)
        return None

    def lost(self, reports: Sequence[Report], system: str) -> tuple[int, list[Stage]]:
        """How many answers a system was to find in reports that say where they were lost, and the
        stages that lost some. Often those alone are traced that did not come."""
        total, lost = 0, []
        for report in reports:
            leg = report.legs.get(system)
            if leg is not None and leg.traces:
                judged = leg.per_query.get(self.measure(report), {})
                total += max(len(judged), len(leg.traces))
                lost += [trace.lost for trace in leg.traces.values() if trace.lost is not None]
        return total, lost

    def answer_measure(self, report: Report) -> str:
        """What the answers of a dataset are compared by; empty where there are none."""
        legs = report.legs.values()
        return next(
            (name for name in _MAIN_ANSWER_MEASURES if all(name in leg.measures for leg in legs)),
            "",
        )

    def answer_verdicts(self, report: Report) -> list[Verdict]:
        """Every system against the baseline on the answers of a dataset."""
        alone = replace(self.study, reports=(report,))
        return verdicts(alone, (self.answer_measure(report),), self.test_resamples)

    @cached_property
    def slice_verdicts(self) -> dict[str, list[Verdict]]:
        """Every system against the baseline on the slices of each dataset."""
        return {
            report.dataset: slice_verdicts(self.study, report, self.measure(report), self.resamples)
            for report in self.reports
        }

    def interval(self, leg: LegReport, measure: str) -> Interval | None:
        """The 95% interval of a mean; a measure that is a sum has none."""
        values = list(leg.per_query[measure].values())
        mean = sum(values) / len(values) if values else math.nan
        if not math.isclose(mean, leg.measures[measure], rel_tol=1e-6, abs_tol=1e-9):
            return None
        return bootstrap_interval(values, self.resamples)

    def speeds(self, measure: str = "") -> dict[str, tuple[float, float]]:
        """The median latency in milliseconds and the quality of each system that has both: means
        over datasets (of latencies the geometric one)."""
        found = {}
        for system in self.systems:
            if system not in self.ranked:
                continue
            legs = [r.legs[system] for r in self.reports if system in r.legs]
            if legs and all(leg.p50_ms > 0 for leg in legs):
                logs = [math.log(leg.p50_ms) for leg in legs]
                quality = self.means.get(system)
                if quality is None:
                    quality = legs[0].measures[self.measure(self.reports[0])]
                found[system] = (math.exp(sum(logs) / len(logs)), quality)
        return found


def latency_of(leg: LegReport) -> Latency:
    """The latencies of a leg; of one without them all, what is known."""
    if leg.latencies_ms:
        return summarize(leg.latencies_ms)
    return Latency(0, math.nan, leg.p50_ms, leg.p95_ms, math.nan, math.nan)


def frontier(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """Names of the points (cost, gain) that no other beats on both, cheapest first: none is as
    cheap and better, or as good and cheaper."""
    kept = []
    for name, (cost, gain) in points.items():
        beaten = any(
            (c <= cost and g > gain) or (c < cost and g >= gain)
            for other, (c, g) in points.items()
            if other != name
        )
        if not beaten:
            kept.append(name)
    return sorted(kept, key=lambda name: points[name])


def _of(report: Report, system: str) -> Mapping[str, float]:
    return report.legs[system].measures if system in report.legs else {}
