"""Which of a ranking become hits, and what comes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from index.pipeline import Snapshot
from ingest.contract import Json
from retrieve.after.diversity import diversified
from retrieve.after.duplicates import Copies
from retrieve.after.grouping import Quota
from retrieve.after.surroundings import with_contexts
from retrieve.clock import Clock
from retrieve.contract import AnalyzedQuery, Found, Hit, Query
from retrieve.hits import Sieve, load_hits


@dataclass(frozen=True)
class Chosen:
    """The hits, what was `found` that they come from, and what a searcher should know."""

    hits: list[Hit]
    found: Found
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choosing:
    """Makes hits of what a query has found. Where `collapses`, copies of a better hit take no
    place of their own. What was done goes to `reports`."""

    snapshot: Snapshot
    query: Query
    analyzed: AnalyzedQuery
    collapses: bool
    clock: Clock
    reports: dict[str, Json]

    def choose(self, found: Found, searchable: int, deeper: Callable[[], Found]) -> Chosen:
        """The hits of `found`. Where the limit for each document leaves too few, and there are
        more `searchable` chunks than were found, those of what is found `deeper`."""
        query = self.query
        sieve, found, hits = self._sifted(found)
        notes: tuple[str, ...] = ()
        if query.per_document is not None:
            is_short = len(hits) < query.k and len(found.keys) < searchable
            is_deeper = is_short and self._has_time
            if is_deeper:
                sieve, found, hits = self._sifted(deeper())
            missing = query.k - len(hits)
            if missing and sieve.quota.left_out:
                notes = (_too_few(len(hits), query.per_document),)
            if sieve.quota.left_out or is_short:
                self.reports["per_document"] = {
                    "left_out": sieve.quota.left_out,
                    "searched_deeper": is_deeper,
                    "missing": missing if sieve.quota.left_out else 0,
                }
        copies = sum(len(hit.copies) for hit in hits)
        if copies:
            repeated = sum(1 for hit in hits if hit.copies)
            self.reports["duplicates"] = {"collapsed": copies, "hits_with_copies": repeated}
        if query.context_tokens and hits:
            with self.clock.stage("context"):
                hits = with_contexts(self.snapshot, hits, query.context_tokens)
            longer = sum(1 for h in hits if h.context and len(h.context) > len(h.chunk.text))
            inside = sum(1 for h in hits if not h.context)
            self.reports["context"] = {"hits_with_more": longer, "hits_inside_a_better": inside}
        return Chosen(hits, found, notes)

    @property
    def _has_time(self) -> bool:
        """Whether the budget has room for what was done up to now, once more."""
        return self.clock.left_ms > sum(self.clock.timings_ms.values())

    def _sifted(self, found: Found) -> tuple[Sieve, Found, list[Hit]]:
        query = self.query
        if query.diversity:
            with self.clock.stage("diversity"):
                before = found.ranking
                ranking = diversified(self.snapshot, before, query.k, query.diversity)
            found = replace(found, ranking=ranking)
            moved = int((ranking.keys[: query.k] != before.keys[: query.k]).sum())
            self.reports["diversity"] = {"moved": moved}
        copies = Copies(self.analyzed.terms) if self.collapses else None
        sieve = Sieve(copies, Quota(query.per_document))
        with self.clock.stage("load"):
            hits = load_hits(self.snapshot, found, query.k, sieve)
        return sieve, found, hits


def _too_few(count: int, limit: int) -> str:
    passages = "passage" if limit == 1 else "passages"
    return (
        f"only {count} hits: what else was found is of documents that have their {limit} "
        f"{passages} already (per_document)"
    )
