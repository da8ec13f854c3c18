"""From a query to ranked, explained hits."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from index.contract import HAN, LATIN, Analyzer, AnyOf, Keys, Ranking
from index.pipeline import Snapshot, function_words, script_of
from ingest.contract import Unavailable, load_component
from retrieve.components import FUSIONS, LEGS, RERANKERS, TRANSLATORS
from retrieve.contract import (
    MAX_K,
    MAX_QUERY_CHARS,
    AnalyzedQuery,
    BadQuery,
    Explanation,
    Fused,
    Fusion,
    Hit,
    Leg,
    LegResult,
    LegScore,
    Query,
    Reranker,
    SearchResult,
    Translator,
)

_OTHER = {HAN: LATIN, LATIN: HAN}

METHODS = (*LEGS, *FUSIONS)
"""What `Query.fusion` may name: a leg alone, or a fusion of all."""

_RERANKED = "default"
"""The fusion whose ranking is ordered anew; the others are as the textbooks have them."""


def build_translator(name: str, cache: Path, analyzer: Analyzer) -> Translator:
    """The translator of that name into the terms of an analyzer; it may keep files below the
    cache folder. Raises BadInput for an unknown name."""
    translator: Translator = load_component(
        TRANSLATORS,
        name,
        cache=cache,
        terms=analyzer.terms,
        fingerprint=analyzer.fingerprint,
        function_words=frozenset(analyzer.terms("\n".join(function_words()))),
    )
    return translator


def build_reranker(name: str, **options: Any) -> Reranker:
    """The reranker of that name. Raises BadInput for an unknown name or a wrong option."""
    reranker: Reranker = load_component(RERANKERS, name, **options)
    return reranker


@dataclass(frozen=True)
class Retriever:
    """Answers queries over snapshots. `depth` candidates are taken from each leg (more where
    more results are asked for); `options` are those of the fusions, by name. Without a
    `translator`, the words of a query find nothing in the other language. `rerankers` order the
    result of the default fusion anew, one after the other, by their names."""

    depth: int = 100
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    translator: Translator | None = None
    rerankers: Mapping[str, Reranker] = field(default_factory=dict)
    _fusions: dict[str, Fusion] = field(default_factory=dict, init=False, repr=False, compare=False)

    def search(self, snapshot: Snapshot, query: Query) -> SearchResult:
        """The hits of a query. Raises BadQuery, and BadInput for a wrong filter."""
        _check(query)
        clock = _Clock()
        names = (query.fusion,) if query.fusion in LEGS else tuple(LEGS)
        with clock.stage("analyze"):
            analyzed, notes = self._analyzed(snapshot, query.text, names)
        allowed = None
        if query.filter:
            with clock.stage("filter"):
                allowed = snapshot.allowed(query.filter)
        fusion = self._fusion(query.fusion)
        depth = max(self.depth, query.k)
        rankings = _rankings(snapshot, analyzed, names, depth, allowed, clock)
        keys = _candidates(rankings)
        with clock.stage("rescore"):
            by_ranks = fusion is None or fusion.by_ranks
            legs = _judged(snapshot, analyzed, keys, rankings, by_ranks)
        with clock.stage("fusion"):
            if fusion is None:
                fused = Fused(rankings[query.fusion], {query.fusion: 1.0})
            elif not len(keys):
                fused = Fused(Ranking.of([], []), dict.fromkeys(legs, 0.0))
            else:
                fused = fusion.fuse(keys, legs, len(analyzed.terms))
        judged: dict[str, Ranking] = {}
        if query.fusion == _RERANKED:
            fused, judged = self._reranked(snapshot, analyzed, fused, clock)
        with clock.stage("load"):
            hits = _hits(snapshot, fused, keys, legs, judged, query.k)
        explanation = Explanation(
            terms=[_shown(term) for term in analyzed.terms],
            translations=analyzed.translations,
            fusion=query.fusion,
            weights=fused.weights,
            allowed=None if allowed is None else len(allowed),
            timings_ms=clock.timings_ms,
            notes=(*_notes(snapshot, analyzed, legs, allowed), *notes),
        )
        return SearchResult(query, hits, snapshot.generation, explanation)

    def _analyzed(
        self, snapshot: Snapshot, text: str, names: Sequence[str]
    ) -> tuple[AnalyzedQuery, Sequence[str]]:
        """The query for the legs of these names, and what the searcher should know of how it
        came about."""
        parts = snapshot.parts
        script = script_of(text)
        translations: Sequence[AnyOf] = ()
        notes: Sequence[str] = ()
        translator = self.translator if "translated" in names else None
        if translator is not None and len(snapshot.scripts.all_foreign(script)):
            try:
                translations = translator.translate(text, script)
            except Unavailable as error:
                notes = (f"words were not looked up in the other language: {error}",)
        terms = parts.analyzer.query_terms(text, snapshot.languages)
        embed = parts.embedder.embed_query
        return AnalyzedQuery(text, terms, script, translations, embed), notes

    def _fusion(self, name: str) -> Fusion | None:
        """None for a leg alone."""
        if name in LEGS:
            return None
        fusion = self._fusions.get(name)
        if fusion is None:
            fusion = load_component(FUSIONS, name, **self.options.get(name, {}))
            self._fusions[name] = fusion
        return fusion

    def _reranked(
        self, snapshot: Snapshot, query: AnalyzedQuery, fused: Fused, clock: _Clock
    ) -> tuple[Fused, dict[str, Ranking]]:
        """The ranking as the rerankers leave it, and how each ranked what it judged."""
        judged: dict[str, Ranking] = {}
        for name, reranker in self.rerankers.items():
            with clock.stage(name):
                found = reranker.rerank(snapshot, query, fused.ranking)
            judged[name] = found.own
            weight = reranker.weight if len(found.own.keys) else 0.0
            fused = replace(fused, ranking=found.ranking, weights={**fused.weights, name: weight})
        return fused, judged


@lru_cache
def _leg(name: str) -> Leg:
    leg: Leg = load_component(LEGS, name)
    return leg


def _rankings(
    snapshot: Snapshot,
    query: AnalyzedQuery,
    names: tuple[str, ...],
    depth: int,
    allowed: Keys | None,
    clock: _Clock,
) -> dict[str, Ranking]:
    """The candidates of each leg."""
    if "dense" in names:
        with clock.stage("embed"):
            _ = query.vector
    rankings = {}
    for name in names:
        with clock.stage(name):
            rankings[name] = _leg(name).search(snapshot, query, depth, allowed)
    return rankings


def _candidates(rankings: Mapping[str, Ranking]) -> Keys:
    """The keys of all rankings, ascending. A third of the time of numpy.unique, which is made
    for more of them."""
    keys: Keys = np.concatenate([ranking.keys for ranking in rankings.values()])
    keys.sort()
    is_new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    return keys[is_new]


def _judged(
    snapshot: Snapshot,
    query: AnalyzedQuery,
    keys: Keys,
    rankings: Mapping[str, Ranking],
    by_ranks: bool,
) -> dict[str, LegResult]:
    """Each leg's ranking with its scores of all candidates, which ascend; nan, where those are
    not asked for, for what it has not found itself."""
    foreign = snapshot.scripts.foreign(query.script, keys)
    results = {}
    for name, ranking in rankings.items():
        leg = _leg(name)
        scores = np.zeros(len(keys), dtype=np.float32)
        if len(ranking.keys):
            scores.fill(np.nan)
            scores[keys.searchsorted(ranking.keys)] = ranking.scores
            if not by_ranks:
                others = np.isnan(scores).nonzero()[0]
                scores[others] = leg.score(snapshot, query, keys[others])
        results[name] = LegResult(ranking, scores, leg.silent(foreign))
    return results


def _check(query: Query) -> None:
    if not query.text.strip():
        raise BadQuery("the query is empty: give some words to search for")
    if len(query.text) > MAX_QUERY_CHARS:
        raise BadQuery(
            f"the query has {len(query.text):,} characters; {MAX_QUERY_CHARS:,} is the limit: "
            "shorten it, or search for one part at a time"
        )
    try:
        query.text.encode()
    except UnicodeEncodeError as error:
        raise BadQuery("the query holds half of a surrogate pair: send it as UTF-8") from error
    if not 1 <= query.k <= MAX_K:
        raise BadQuery(f"k must be from 1 to {MAX_K}, not {query.k}")
    if query.fusion not in METHODS:
        raise BadQuery(f"there is no fusion {query.fusion!r}; choose one of {', '.join(METHODS)}")


def _hits(
    snapshot: Snapshot,
    fused: Fused,
    keys: Keys,
    legs: Mapping[str, LegResult],
    judged: Mapping[str, Ranking],
    k: int,
) -> list[Hit]:
    """The first k that are still there. Deleted ones are rare, so k are loaded at first."""
    hits: list[Hit] = []
    for start in range(0, len(fused.ranking.keys), k):
        page = slice(start, start + k)
        placed = _placed(fused.ranking.keys[page], keys, legs, judged)
        scores = fused.ranking.scores[page].tolist()
        stored = snapshot.chunks(fused.ranking.keys[page].tolist())
        for (key, by_leg), score in zip(placed.items(), scores, strict=True):
            if key in stored and len(hits) < k:
                chunk, metadata = stored[key].chunk, stored[key].metadata
                hits.append(Hit(len(hits) + 1, score, chunk, by_leg, metadata))
        if len(hits) == k:
            break
    return hits


def _placed(
    page: Keys, keys: Keys, legs: Mapping[str, LegResult], judged: Mapping[str, Ranking]
) -> dict[int, dict[str, LegScore]]:
    """By key, in order, what each leg and reranker said of it. `keys`, ascending, are those that
    the legs have scores of."""
    keys_of_page = page.tolist()
    places = keys.searchsorted(page)
    columns: dict[str, list[LegScore]] = {}
    for name, leg in legs.items():
        ranks, scores = _ranks(leg.ranking, keys_of_page), leg.scores[places].tolist()
        columns[name] = [
            LegScore(rank, None if score != score else score)
            for rank, score in zip(ranks, scores, strict=True)
        ]
    for name, own in judged.items():
        scores = own.scores.tolist()
        ranks = _ranks(own, keys_of_page)
        columns[name] = [LegScore(rank, rank and scores[rank - 1]) for rank in ranks]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return dict(zip(keys_of_page, rows, strict=True))


def _ranks(ranking: Ranking, page: Sequence[int]) -> list[int | None]:
    """Of each key of the page, from 1; None where the ranking has it not."""
    ranks = dict(zip(ranking.keys.tolist(), range(1, len(ranking.keys) + 1), strict=True))
    return list(map(ranks.get, page))


def _shown(term: str | AnyOf) -> str:
    return term if isinstance(term, str) else "|".join(term.phrases)


def _notes(
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


class _Clock:
    """Milliseconds by stage, of which none lies within another."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}
        self._stage, self._begun = "", 0.0

    def stage(self, name: str) -> _Clock:
        """What is done with it is the stage of that name."""
        self._stage, self._begun = name, time.perf_counter()
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.timings_ms[self._stage] = (time.perf_counter() - self._begun) * 1000.0
