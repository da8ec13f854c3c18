"""What a report says, in a sentence."""

from __future__ import annotations

from eval.contract import Difference, LegReport, Report
from eval.differences import difference
from eval.significance import SIGNIFICANT

DEFAULT_LEG = "default"


def main_measure(report: Report) -> str:
    """The measure that legs are ranked by: the first that was asked for."""
    return next(iter(next(iter(report.legs.values())).measures))


def ranked_legs(report: Report, measure: str) -> list[LegReport]:
    """Legs, best first; equal ones in the report's order."""
    return sorted(report.legs.values(), key=lambda leg: -leg.measures.get(measure, 0.0))


def shown_leg(report: Report) -> LegReport:
    """The leg whose queries are worth a look: the default one, else the best."""
    leg = report.legs.get(DEFAULT_LEG)
    return leg if leg is not None else ranked_legs(report, main_measure(report))[0]


def headline(report: Report) -> str:
    """The best leg, by how much it is ahead of the next, and whether that may be luck."""
    measure = main_measure(report)
    legs = ranked_legs(report, measure)
    best = legs[0]
    value = f"{measure} {best.measures[measure]:.4f}"
    if len(legs) == 1:
        return f"{best.leg} has {value} over {report.queries:,} queries."
    result = difference(legs[1], best, measure)
    if result.left_mean == result.right_mean:
        tied = [leg.leg for leg in legs if leg.measures[measure] == best.measures[measure]]
        return f"{_listed(tied)} are level with {value} over {report.queries:,} queries."
    return (
        f"{best.leg} is best with {value}, {result.difference:.4f} above {result.left}, the "
        f"next; over {report.queries:,} queries {verdict(result)}."
    )


def verdict(result: Difference) -> str:
    """Whether a difference is significant, with its p-value."""
    if result.p_value < SIGNIFICANT:
        return f"that is significant (p {p_text(result.p_value)})"
    return f"that is not significant (p {p_text(result.p_value)}): it may be luck"


def p_text(p_value: float) -> str:
    """A p-value with its sign, as it is printed: "= 0.031", "< 0.001"."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1]
