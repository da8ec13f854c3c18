"""Compares legs, within one report or between two, over the same queries."""

from __future__ import annotations

from collections.abc import Sequence

from eval.contract import Difference, LegReport, Report
from eval.significance import RESAMPLES, holm, paired_test
from ingest.contract import BadInput

SOURCE_PREFIX = "sha256 of "


def difference(
    left: LegReport, right: LegReport, measure: str, resamples: int = RESAMPLES
) -> Difference:
    """Right against left on one measure that both have. Raises BadInput where they were not
    measured on the same queries.
    """
    ours, theirs = left.per_query[measure], right.per_query[measure]
    if ours.keys() != theirs.keys():
        alone = sorted(ours.keys() ^ theirs.keys())
        raise BadInput(
            f"{left.leg!r} and {right.leg!r} were not measured on the same queries "
            f"({len(alone)} are in one only, such as {alone[0]!r}): compare runs of one dataset"
        )
    test = paired_test(list(ours.values()), [theirs[query_id] for query_id in ours], resamples)
    return Difference(
        measure=measure,
        left=left.leg,
        right=right.leg,
        left_mean=left.measures[measure],
        right_mean=right.measures[measure],
        difference=test.difference,
        low=test.low,
        high=test.high,
        p_value=test.p_value,
        wins=test.wins,
        ties=test.ties,
        losses=test.losses,
    )


def compare(left: Report, right: Report, pairs: Sequence[tuple[str, str]] = ()) -> list[Difference]:
    """Right against left: each pair of legs (one of left, one of right; by default every leg
    that both have) on each measure that both have. Give one report twice to compare its legs.

    P-values are of single tests: `holm_by_measure` corrects them for how many there are.
    Raises BadInput where there is nothing to compare, or the queries are not the same.
    """
    pairs = pairs or [(leg, leg) for leg in left.legs if leg in right.legs]
    if not pairs:
        raise BadInput(
            f"the reports have no leg in common ({_names(left)}; {_names(right)}): "
            f"name the pair to compare"
        )
    differences: list[Difference] = []
    for left_leg, right_leg in pairs:
        ours, theirs = _leg(left, left_leg), _leg(right, right_leg)
        shared = [measure for measure in ours.measures if measure in theirs.measures]
        if not shared:
            raise BadInput(
                f"{left_leg!r} and {right_leg!r} have no measure in common: run both with the "
                f"same measures"
            )
        differences += [difference(ours, theirs, measure) for measure in shared]
    return differences


def holm_by_measure(differences: Sequence[Difference]) -> list[float]:
    """The p-value of each, corrected by Holm for all that are on the same measure."""
    corrected = [1.0] * len(differences)
    for measure in dict.fromkeys(row.measure for row in differences):
        places = [place for place, row in enumerate(differences) if row.measure == measure]
        adjusted = holm([differences[place].p_value for place in places])
        for place, p_value in zip(places, adjusted, strict=True):
            corrected[place] = p_value
    return corrected


def data_differences(left: Report, right: Report) -> list[str]:
    """One line for each file that both reports were made from and that was not the same."""
    return [
        f"{key.removeprefix(SOURCE_PREFIX)} was not the same in both: the figures differ for "
        f"that reason too"
        for key, value in left.settings.items()
        if key.startswith(SOURCE_PREFIX) and right.settings.get(key, value) != value
    ]


def _leg(report: Report, name: str) -> LegReport:
    leg = report.legs.get(name)
    if leg is None:
        raise BadInput(f"there is no leg {name!r} in the report; it has: {_names(report)}")
    return leg


def _names(report: Report) -> str:
    return ", ".join(report.legs)
