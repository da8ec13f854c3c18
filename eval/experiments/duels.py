"""Two systems query by query: where one wins, with what both found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.contract import Report
from ingest.contract import BadInput


@dataclass(frozen=True, slots=True)
class Duel:
    """One query on which two systems differ. `left_found` and `right_found` are the first results
    of each, a line each, best first; empty where they were not kept."""

    query_id: str
    query: str
    left: float
    right: float
    left_found: Sequence[str] = ()
    right_found: Sequence[str] = ()


def duels(left: Report, right: Report, pair: tuple[str, str], measure: str) -> list[Duel]:
    """The queries on which the second leg of the pair (of `right`) differs from the first (of
    `left`): its greatest losses first, its greatest wins last. Give one report twice to compare
    its legs. Raises BadInput where a leg, or its measure, is not there."""
    for report, name in zip((left, right), pair, strict=True):
        if name not in report.legs or measure not in report.legs[name].per_query:
            raise BadInput(f"{name!r} has no {measure} in the report of {report.dataset}")
    ours, theirs = left.legs[pair[0]], right.legs[pair[1]]
    before, after = ours.per_query[measure], theirs.per_query[measure]
    found = [
        Duel(
            query_id=query_id,
            query=right.texts.get(query_id, left.texts.get(query_id, "")),
            left=value,
            right=after[query_id],
            left_found=ours.found.get(query_id, ()),
            right_found=theirs.found.get(query_id, ()),
        )
        for query_id, value in before.items()
        if query_id in after and after[query_id] != value
    ]
    return sorted(found, key=lambda duel: duel.right - duel.left)
