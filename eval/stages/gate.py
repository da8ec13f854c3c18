"""Whether a system has become worse than a baseline, beyond what may be luck.

A measure falls when its mean over the same queries is lower than it was by more than a tolerance,
the 95 % interval of the difference lies below zero, and the one-sided p-value of the paired
randomisation test (only falls are asked about), raised for the number of measures looked at (Holm),
is under 0.05. So a system that is run again as it is does not fall, however often, and chance alone
lets any measure of a run fall in one of twenty at the most.

A measure in which so few queries changed that no signs of them could be significant takes no part
in the correction (R. Tarone, "A modified Bonferroni method for discrete data", Biometrics 46,
1990): measures of tables do not make it harder to see that rankings fell, where no table changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from eval.contract import Difference, LegReport, Stage
from eval.differences import difference
from eval.measures import check_measures
from eval.significance import SIGNIFICANT, holm
from eval.stages.falls import Fall, by_stage, most_common
from ingest.contract import BadInput

TOLERANCE = 0.005
BASELINE, NOW = "baseline", "now"
"""What the two systems are called in reports."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A measure beside what it was. `p_value` is that of a fall, raised for all measures that were
    looked at; `sure` whether a fall is beyond luck, however small it is. `stage` answers for it
    where it is of reading or chunking alone."""

    difference: Difference
    p_value: float
    fell: bool
    stage: Stage | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """Something of a document that got worse (a row of a table, a sentence), and where."""

    stage: Stage
    text: str


@dataclass(frozen=True, slots=True)
class Speed:
    """Median latencies in milliseconds; `limit` is the ratio that fails, None where none does."""

    before_ms: float
    now_ms: float
    limit: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether searching has become slower than it may."""
        if self.limit is None or not self.before_ms:
            return False
        return self.now_ms > self.limit * self.before_ms


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the gate found. `falls` are the questions that got worse in a measure that fell,
    `things` are what else got lost in one; `notes` say what was not compared, or differs beside the
    figures. Falls of up to `tolerance` were let pass."""

    name: str
    judged: Sequence[Judged]
    falls: Sequence[Fall] = ()
    things: Sequence[Thing] = ()
    speed: Speed | None = None
    notes: Sequence[str] = ()
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether nothing fell, and searching is not too slow."""
        slow = self.speed is not None and self.speed.is_over
        return not slow and not any(row.fell for row in self.judged)

    @property
    def stage(self) -> Stage | None:
        """The stage that lost the most; None where nothing fell or none can be told."""
        if not any(row.fell for row in self.judged):
            return None
        counts = {stage: len(falls) for stage, falls in by_stage(self.falls).items()}
        if counts:
            return most_common(counts)
        return most_common(Counter(thing.stage for thing in self.things)) or next(
            (row.stage for row in self.judged if row.fell and row.stage), None
        )


def judge(
    pairs: Sequence[tuple[LegReport, LegReport]],
    tolerance: float = TOLERANCE,
    stages: Mapping[str, Stage] | None = None,
    measures: Sequence[str] = (),
    strict: bool = False,
) -> list[Judged]:
    """Every measure that both of a pair (baseline and now, over the same queries) have, or only
    those named. `stages` are those that answer for a measure by its name: of reading and chunking,
    which come out the same in every run, so that where it is `strict` they fall by the tolerance
    alone. Raises BadInput where there is nothing to compare, or a measure named is not there."""
    known = [name for old, new in pairs for name in old.measures if name in new.measures]
    absent = sorted(set(measures) - set(known))
    if absent or not known:
        raise BadInput(
            f"there is no measure {absent[0]!r} in both" if absent else "no measure is in both"
        )
    found = [
        difference(old, new, name)
        for old, new in pairs
        for name in old.measures
        if name in new.measures and (not measures or name in measures)
    ]
    judged = []
    for row, p_value in zip(found, _raised(found), strict=True):
        sure = row.high < 0.0 and p_value < SIGNIFICANT
        stage = (stages or {}).get(row.measure)
        fell = row.difference < -tolerance and (sure or (strict and stage is not None))
        judged.append(Judged(row, p_value, fell, stage, sure))
    return judged


def _raised(found: Sequence[Difference]) -> list[float]:
    """The p-value of a fall in each, corrected by Holm for all in which so many queries changed
    that one may be significant: of n signs that are tossed, all come out one way once in 2^n."""
    falls = [
        row.p_value / 2.0 if row.difference < 0.0 else 1.0 - row.p_value / 2.0 for row in found
    ]
    places = [
        place for place, row in enumerate(found) if 2.0 ** -(row.wins + row.losses) < SIGNIFICANT
    ]
    for place, p_value in zip(places, holm([falls[place] for place in places]), strict=True):
        falls[place] = p_value
    return falls


def aligned(before: LegReport, now: LegReport, name: str = NOW) -> tuple[LegReport, LegReport]:
    """Both over the queries and measures that both have: the first as the baseline, the second by
    that name. Raises BadInput where they share none."""
    names = [name for name in before.per_query if name in now.per_query]
    shared = {
        name: [query for query in before.per_query[name] if query in now.per_query[name]]
        for name in names
    }
    shared = {name: queries for name, queries in shared.items() if queries}
    if not shared:
        raise BadInput("the baseline has no query and measure in common with this run")
    return _over(before, BASELINE, shared), _over(now, name if name != BASELINE else NOW, shared)


def retrieval_measures(names: Sequence[str], depth: int) -> list[str]:
    """Those of the names that rankings of that depth can be measured by."""
    found: list[str] = []
    for name in names:
        try:
            check_measures([name], depth)
        except BadInput:
            continue
        found.append(name)
    return found


def worse_queries(judged: Sequence[Judged], before: LegReport, now: LegReport) -> list[str]:
    """The queries that got worse in a measure that fell, in the baseline's order."""
    fallen = [row.difference.measure for row in judged if row.fell]
    names = [name for name in fallen if name in before.per_query and name in now.per_query]
    worse = {
        query
        for name in names
        for query, value in before.per_query[name].items()
        if now.per_query[name].get(query, value) < value
    }
    every = next(iter(before.per_query.values()), {})
    return [query for query in every if query in worse]


def sentence(result: GateResult) -> str:
    """The verdict: what fell and by how much, and which stage lost it."""
    fallen = [row.difference for row in result.judged if row.fell]
    if result.passed:
        lowest = min((row.difference for row in result.judged), key=lambda row: row.difference)
        passed = (
            f"passed: none of {len(result.judged)} measures fell beyond its interval (the lowest "
            f"change: {lowest.measure} {lowest.difference:+.4f})"
        )
        return "; ".join([passed, *_doubts(result)])
    parts = []
    if fallen:
        worst = sorted(fallen, key=lambda row: row.difference)
        shown = [
            f"{row.measure} fell by {-row.difference:.4f} to {row.right_mean:.4f} "
            f"(95 % interval {row.low:+.4f} to {row.high:+.4f})"
            for row in worst[:_NAMED]
        ]
        more = len(worst) - len(shown)
        measures = "measure" if more == 1 else "measures"
        parts.append(", ".join(shown) + (f" and {more} more {measures}" if more else ""))
        parts += _blamed(result)
    if result.speed is not None and result.speed.is_over:
        speed = result.speed
        parts.append(
            f"a search takes {speed.now_ms:.1f} ms, and took {speed.before_ms:.1f} (median)"
        )
    return "failed: " + "; ".join(parts)


def _doubts(result: GateResult) -> list[str]:
    """What a gate that is passed lets pass: falls that are no luck but within the tolerance, and
    lower means that may be luck."""
    by_difference = sorted(result.judged, key=lambda row: row.difference.difference)
    small = [row.difference for row in by_difference if row.sure and not row.fell]
    unsure = [
        row.difference
        for row in by_difference
        if not row.sure and row.difference.difference < -result.tolerance
    ]
    said = []
    if small:
        said.append(
            f"{small[0].measure} fell by {-small[0].difference:.4f}, which is no luck, but within "
            f"the tolerance of {result.tolerance:g}"
        )
    if unsure:
        row = unsure[0]
        said.append(
            f"that {row.measure} is {-row.difference:.4f} lower may be luck ({row.losses} worse, "
            f"{row.wins} better): more questions would tell"
        )
    return said


def _blamed(result: GateResult) -> list[str]:
    stage = result.stage
    if stage is None:
        return ["no single stage can be named"]
    count = len(by_stage(result.falls).get(stage, ()))
    if count:
        total = len(result.falls)
        return [f"{stage.value}: {count} of {total} questions that got worse were lost there"]
    count, total = sum(thing.stage is stage for thing in result.things), len(result.things)
    if count:
        return [f"{stage.value}: {count} of {total} things that got worse did so there"]
    return [f"{stage.value} answers for it"]


def _over(leg: LegReport, name: str, shared: Mapping[str, Sequence[str]]) -> LegReport:
    values = {
        measure: {query: leg.per_query[measure][query] for query in queries}
        for measure, queries in shared.items()
    }
    return replace(
        leg,
        leg=name,
        measures={measure: fmean(by_query.values()) for measure, by_query in values.items()},
        per_query=values,
    )
