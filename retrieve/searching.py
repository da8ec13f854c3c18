"""One search, from the question as it is asked to what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from index.contract import AnyOf, Keys, Ranking
from index.pipeline import Snapshot, script_of
from ingest.contract import Json, Unavailable
from retrieve.after.choosing import Choosing
from retrieve.candidates import candidates_of, judged_by, rankings_of
from retrieve.clock import Clock
from retrieve.contract import (
    GLOBAL,
    HYBRID,
    MIX,
    NAIVE,
    Analysis,
    AnalyzedQuery,
    Explanation,
    Found,
    Fused,
    Query,
    SearchResult,
    Understood,
)
from retrieve.costs import AFTER
from retrieve.graph.leading import Leading
from retrieve.graph.step import GRAPH
from retrieve.model_steps import FOLLOW_UP, QUERY_STEPS, reader_of, standing_alone, written
from retrieve.notes import Fault, notes_of
from retrieve.ranking import lifted
from retrieve.relevance import is_relevant
from retrieve.smoothing import SMOOTHING, Smoothing
from retrieve.themes.asking import asked_of_all
from retrieve.themes.step import THEMES_STEP, Thematic, ThemesTold
from retrieve.themes.themes import THEMES
from retrieve.themes.writing import STEP as MAP_REDUCE
from retrieve.told import Told
from retrieve.understanding.understand import understand
from retrieve.variants import Searched, Variant, merged, variants_of, with_passages
from retrieve.verbatim import stands_in

if TYPE_CHECKING:
    from retrieve.pipeline import Retriever

_BY_MEANING = "dense"
"""The leg that a small budget has no time for."""

_LISTWISE, _SECTIONS = "listwise", "sections"

_FAR_AHEAD = 15.0
"""Points of the default fusion by which the best passage elsewhere is too far ahead of the best in
the section named. One that is about just what is asked is so far over one that shares its words."""

_BY_THEMES = (GLOBAL, HYBRID, MIX)
"""Modes in which themes answer a question to the collection as a whole."""

_DEEPER = 10
"""So many times deeper is searched once, where the limit for each document leaves too few."""


@dataclass(frozen=True)
class Searching:
    """A search of a `snapshot` by what a `retriever` has; `names` are the legs that it takes, and
    `steps` the steps and rerankers."""

    retriever: Retriever
    snapshot: Snapshot
    query: Query
    names: tuple[str, ...]
    steps: Set[str]
    clock: Clock
    told: Told

    def result(self) -> SearchResult:
        """The hits, with how they came about."""
        query, snapshot, clock, told = self.query, self.snapshot, self.clock, self.told
        asked = self._standing_alone()
        understood, analyzed, already = self._understood(asked)
        told.reports.update(understood.reports)
        texts = self._written(asked)
        if texts.get("hyde"):
            analyzed = with_passages(analyzed, texts["hyde"], snapshot.parts.embedder)
        variants = variants_of(texts)
        allowed = understood.allowed
        leading = Leading(
            snapshot,
            query,
            query.mode if GRAPH in self.steps else NAIVE,
            clock,
            told,
            self.retriever.costs,
        )
        fusion = self.retriever.fusion(query.fusion, snapshot, analyzed.script)
        whole = self._themes(asked, allowed)

        def found_by(depth: int) -> Found:
            if whole.themes:
                return whole.found
            found = already
            if found is None or depth > self._depth or texts.get("hyde"):
                found = self._found(analyzed, allowed, depth, clock)
            if variants:
                found = self._with_variants(Searched(analyzed, found), variants, allowed, depth)
            found = leading.led(analyzed, found, allowed, fusion)
            return self._refined(analyzed, self._reranked(analyzed, found), understood.first)

        depth = self._depth
        found = found_by(depth)
        begun_ms = clock.elapsed_ms
        judged = "relevance" in self.steps and not whole.themes
        relevant = not judged or is_relevant(snapshot, analyzed, found)
        choosing = Choosing(
            snapshot, query, analyzed, "duplicates" in self.steps, clock, told.reports
        )
        searchable = len(snapshot.dense) if allowed is None else len(allowed)
        chosen = choosing.choose(found, searchable, lambda: found_by(_DEEPER * depth))
        told.notes.extend(chosen.notes)
        self.retriever.costs.learn(AFTER, clock.elapsed_ms - begun_ms)
        if told.cut:
            told.notes.append(f"the budget of {query.budget_ms:g} ms has cut {'; '.join(told.cut)}")
        explanation = self._explained(understood, analyzed, chosen.found)
        chains = leading.chains(chosen.hits, chosen.found)
        return SearchResult(
            query,
            chosen.hits,
            snapshot.generation,
            explanation,
            relevant,
            themes=whole.themes,
            overview=whole.overview,
            chains=chains,
            question=_by_itself(asked.text, understood),
        )

    def _themes(self, asked: Query, allowed: Keys | None) -> ThemesTold:
        """What themes tell to a question to the collection as a whole; nothing to any other, and
        where there is no graph."""
        is_on = {GRAPH, THEMES_STEP} <= self.steps and self.query.mode in _BY_THEMES
        if not is_on or asked_of_all(asked.text) is None:
            return ThemesTold(())
        graph = self.snapshot.graph()
        if graph is None:
            return ThemesTold(())
        retriever = self.retriever
        model = retriever.model if MAP_REDUCE in self.steps else None
        thematic = Thematic(self.snapshot, graph, self._ranked, model, self.clock, retriever.pace)
        with self.clock.stage(THEMES_STEP):
            found = thematic.told(asked.text, THEMES, allowed)
        self.told.add(found.written)
        if found.themes:
            self.told.reports[THEMES_STEP] = found.report()
        return found

    def _ranked(self, text: str) -> Ranking:
        """The chunks that the legs find for a text as it stands."""
        return self._found(self.plainly_analyzed(text), None, self._depth, Clock()).ranking

    def _explained(
        self, understood: Understood, analyzed: AnalyzedQuery, found: Found
    ) -> Explanation:
        snapshot, told, allowed = self.snapshot, self.told, understood.allowed
        return Explanation(
            terms=[_shown(term) for term in analyzed.terms],
            translations=analyzed.translations,
            fusion=self.query.fusion,
            weights=found.weights,
            allowed=None if allowed is None else len(allowed),
            timings_ms=self.clock.timings_ms,
            notes=tuple(
                dict.fromkeys(
                    (
                        *notes_of(snapshot, analyzed, found.legs, allowed),
                        *understood.notes,
                        *told.notes,
                    )
                )
            ),
            steps=told.reports,
            cut=tuple(told.cut),
            understood=_read_out(understood),
        )

    def _standing_alone(self) -> Query:
        """The query with a follow-up question made to stand by itself, its history then spent."""
        query, model = self.query, self.retriever.model
        if model is None or not query.history or FOLLOW_UP not in self.steps:
            return query
        with self.clock.stage(FOLLOW_UP):
            reader = reader_of(query.text, self.snapshot.parts.analyzer)
            found = standing_alone(model, reader, query.history, self.clock, self.retriever.pace)
        self.told.add(found)
        for text in found.texts.get(FOLLOW_UP, ()):
            return replace(query, text=text, history=())
        return query

    @property
    def _smoothing(self) -> Smoothing | None:
        is_on = SMOOTHING in self.steps and SMOOTHING not in self.told.cut
        return self.retriever.smoothing if is_on else None

    @property
    def _depth(self) -> int:
        """Candidates taken from each leg."""
        return max(self.retriever.depth, self.query.k)

    def _understood(self, asked: Query) -> tuple[Understood, AnalyzedQuery, Found | None]:
        """The query as it is read, and for the legs, with what they find where that is known
        already. A section that it names restricts it where what answers may stand there;
        "according to section 7.8" may be asked of a text in which no heading has that number, or
        one of many that have."""
        understood, analyzed = self._read(asked, self.steps)
        if _SECTIONS not in understood.reports:
            return understood, analyzed, None
        anywhere, plain = self._read(asked, self.steps - {_SECTIONS})
        within = self._found(analyzed, understood.allowed, self._depth, self.clock)
        of_all = self._found(analyzed, anywhere.allowed, self._depth, self.clock)
        best, other = within.ranking.scores, of_all.ranking.scores
        if len(best) and best[0] >= other[0] - _FAR_AHEAD:
            return understood, analyzed, within
        self.told.notes.append("what answers best is not in the section named: all are searched")
        return anywhere, plain, None

    def _read(self, asked: Query, steps: Set[str]) -> tuple[Understood, AnalyzedQuery]:
        with self.clock.stage("understand"):
            understood = understand(self.snapshot, asked, steps)
        with self.clock.stage("analyze"):
            script = understood.analysis.script
            return understood, self._analyzed(understood.text, understood.terms, script)

    def _analyzed(self, text: str, terms: Sequence[str | AnyOf], script: str) -> AnalyzedQuery:
        translations: Sequence[AnyOf] = ()
        translator = self.retriever.translator if "translated" in self.names else None
        if translator is not None and len(self.snapshot.scripts.all_foreign(script)):
            try:
                translations = translator.translate(text, script)
            except Unavailable as error:
                said = f"words were not looked up in the other language: {error}"
                self.told.notes.append(Fault(said))
        embed = self.snapshot.parts.embedder.embed_query
        return AnalyzedQuery(text, terms, script, translations, embed)

    def _written(self, query: Query) -> Mapping[str, Sequence[str]]:
        """The texts that a language model makes of the question, by step."""
        names = [name for name in QUERY_STEPS if name in self.steps]
        model = self.retriever.model
        if model is None or not names:
            return {}
        with self.clock.stage("model"):
            reader = reader_of(query.text, self.snapshot.parts.analyzer)
            found = written(model, names, reader, self.clock, self.retriever.pace)
        self.told.add(found)
        return found.texts

    def _found(
        self, analyzed: AnalyzedQuery, allowed: Keys | None, depth: int, clock: Clock
    ) -> Found:
        """What the legs find, merged. Where the budget has no time for the meaning, the words
        decide by themselves, and that is told."""
        retriever, snapshot = self.retriever, self.snapshot
        fusion = retriever.fusion(self.query.fusion, snapshot, analyzed.script)
        taken = self.names
        if fusion is not None and not retriever.costs.time_for_meaning(clock):
            taken = tuple(name for name in taken if name != _BY_MEANING)
            steps = (SMOOTHING, *retriever.rerankers)
            cut = (_BY_MEANING, *(name for name in steps if name in self.steps))
            self.told.cut.extend(name for name in cut if name not in self.told.cut)
        rankings = rankings_of(snapshot, analyzed, taken, depth, allowed, clock)
        rankings = {name: rankings.get(name, Ranking.of([], [])) for name in self.names}
        keys = candidates_of(rankings)
        with clock.stage("rescore"):
            by_ranks = fusion is None or fusion.by_ranks
            legs = judged_by(snapshot, analyzed, keys, rankings, by_ranks)
        if self._smoothing is not None and fusion is not None and not by_ranks:
            with clock.stage(SMOOTHING):
                legs = self._smoothing.smoothed(snapshot, analyzed, keys, legs, fusion)
        with clock.stage("fusion"):
            if fusion is None:
                fused = Fused(rankings[self.query.fusion], {self.query.fusion: 1.0})
            elif not len(keys):
                fused = Fused(Ranking.of([], []), dict.fromkeys(legs, 0.0))
            else:
                fused = fusion.fuse(keys, legs, len(analyzed.terms))
        retriever.costs.learn_legs(clock)
        return Found(keys, legs, fused.ranking, fused.weights)

    def _with_variants(
        self,
        question: Searched,
        variants: Sequence[Variant],
        allowed: Keys | None,
        depth: int,
    ) -> Found:
        """What is found for the question and for its variants, merged."""
        snapshot, script = self.snapshot, question.query.script
        others = []
        with self.clock.stage("variants"):
            for variant in variants:
                analyzed = self.plainly_analyzed(variant.text)
                found = self._found(analyzed, allowed, depth, Clock())
                others.append(Searched(analyzed, found, variant))
            fusion = self.retriever.fusion(self.query.fusion, snapshot, script)
            return merged(snapshot, question, others, fusion, self._smoothing)

    def plainly_found(self, text: str) -> tuple[AnalyzedQuery, Found]:
        """What the legs and rerankers find for a text as it stands."""
        analyzed = self.plainly_analyzed(text)
        found = self._found(analyzed, None, self.retriever.depth, self.clock)
        return analyzed, self._reranked(analyzed, found)

    def plainly_analyzed(self, text: str) -> AnalyzedQuery:
        """A text for the legs as it stands, nothing read out of it."""
        terms = self.snapshot.parts.analyzer.query_terms(text, self.snapshot.languages)
        return self._analyzed(text, terms, script_of(text))

    def _reranked(self, analyzed: AnalyzedQuery, found: Found) -> Found:
        """What was found, in the order that the rerankers leave it in."""
        retriever, told = self.retriever, self.told
        if _BY_MEANING in told.cut:
            return found
        ordered = retriever.reranking.order(
            self.snapshot, analyzed, found, self.query.k, self.clock, self.steps
        )
        told.reports.update(ordered.reports)
        told.cut.extend(ordered.cut)
        told.notes.extend(ordered.notes)
        found = ordered.found
        if retriever.listwise is not None and _LISTWISE in self.steps:
            with self.clock.stage(_LISTWISE):
                reranked = retriever.listwise.rerank(
                    self.snapshot, analyzed, found.ranking, self.clock.left_ms
                )
            told.add_reranked(_LISTWISE, reranked)
            found = replace(
                found,
                ranking=reranked.ranking,
                weights={**found.weights, _LISTWISE: float(len(reranked.own.keys) > 0)},
                judged={**found.judged, _LISTWISE: reranked.own},
            )
        return found

    def _refined(self, analyzed: AnalyzedQuery, found: Found, first: Keys | None) -> Found:
        """What was found, ordered by what the best are like, unless a model has read them; then by
        who is to come `first`, and by who says just this."""
        if not len(found.ranking.keys):
            return found
        judges = [name for name, own in found.judged.items() if len(own.keys)]
        read = any(map(self.retriever.reads, judges))
        if "feedback" in self.steps and _BY_MEANING not in self.told.cut and not read:
            with self.clock.stage("feedback"):
                feedback = self.retriever.feedback
                ranking = feedback.reorder(self.snapshot, found.ranking, analyzed.script)
            found = replace(found, ranking=ranking)
        if first is not None:
            found = replace(found, ranking=lifted(found.ranking, first))
        if "verbatim" in self.steps:
            with self.clock.stage("verbatim"):
                ranking, count = stands_in(self.snapshot, analyzed.text, found)
            found = replace(found, ranking=ranking)
            if count:
                self.told.reports["verbatim"] = {"passages": count}
        return found


_OF_ANALYSIS = tuple(field.name for field in fields(Analysis))


def _read_out(understood: Understood) -> Mapping[str, Json]:
    """The question's analysis, with the text that is searched."""
    told = {name: getattr(understood.analysis, name) for name in _OF_ANALYSIS}
    return {**told, "searched": understood.text}


def _shown(term: str | AnyOf) -> str:
    return term if isinstance(term, str) else "|".join(term.phrases)


def _by_itself(text: str, understood: Understood) -> str:
    """A question with those before it that it goes on from, as far as it was read so."""
    report = understood.reports.get(FOLLOW_UP)
    before = report.get("questions") if isinstance(report, Mapping) else None
    return " ".join((*map(str, before), text)) if isinstance(before, list) else text
