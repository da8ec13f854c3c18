"""What a searcher should know of how the legs could serve a query."""

from __future__ import annotations

from collections.abc import Mapping

from index.contract import HAN, LATIN, Keys
from index.pipeline import Snapshot
from retrieve.contract import AnalyzedQuery, LegResult

_OTHER = {HAN: LATIN, LATIN: HAN}


class Fault(str):
    """A note that says what failed: the same query, asked again, may find more."""


def notes_of(
    snapshot: Snapshot,
    query: AnalyzedQuery,
    legs: Mapping[str, LegResult],
    allowed: Keys | None,
) -> tuple[str, ...]:
    if allowed is not None and not len(allowed):
        return ("the filter leaves no chunk",)
    if "sparse" not in legs:
        return ()
    if not query.terms:
        return ("the query has no word to look up: the sparse leg has no vote",)
    found = len(legs["sparse"].ranking.keys) > 0
    if query.script and not len(snapshot.scripts.all_foreign(_OTHER[query.script])):
        return (_unserved(query, legs, found=found),)
    return () if found else ("no chunk has a word of the query: the sparse leg has no vote",)


def _unserved(query: AnalyzedQuery, legs: Mapping[str, LegResult], *, found: bool) -> str:
    """What the legs can do for a query where no chunk is in its script."""
    written = {HAN: "Chinese characters", LATIN: "Latin letters"}[query.script]
    own = "the sparse leg finds its other words alone" if found else "the sparse leg has no vote"
    if "translated" not in legs:
        return f"no chunk is written in {written}, as the query is: {own}"
    if not query.translations:
        known = "none of its words was looked up in the other language"
    elif len(legs["translated"].ranking.keys):
        known = "its words are found by their translations"
    else:
        known = "no chunk has a translation of its words"
    return f"no chunk is written in {written}, as the query is: {own}, {known}"
