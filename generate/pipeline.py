"""Question and passages to a checked answer, whatever writes it."""

from __future__ import annotations

from collections.abc import Generator as Generation
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from generate.accounting import Totals, totals
from generate.citations import CitationChecker
from generate.components import GENERATORS
from generate.contract import (
    Answer,
    Event,
    Generator,
    GeneratorUnavailable,
    Passage,
    Similarity,
    Terms,
    TextDelta,
    Translate,
)
from generate.language import script
from generate.outline import headings_in
from generate.passages import Packed, passages_from_hits
from generate.prompt import room_for_passages
from generate.question import understand
from generate.sanitizing import Pieces, sanitized
from generate.scoring import relevant, score
from generate.stopping import Stop, Stopped
from generate.suggestions import suggestions
from generate.support import unheard_of
from generate.themes import answer_from_themes, passages_from_themes, trusted
from generate.units import cut
from generate.unknown import NEAREST_SHOWN, unknown
from ingest.contract import Chunk, Model, load_component
from retrieve.contract import Theme
from retrieve.pipeline import Fault

__all__ = [
    "AnswerPipeline",
    "Packed",
    "Stop",
    "Stopped",
    "Totals",
    "build_answers",
    "build_model",
    "passages_from_hits",
    "room_for_passages",
    "totals",
]


@dataclass(frozen=True, slots=True)
class AnswerPipeline:
    """Answers with citations that have been checked.

    `generator` writes; where it is unavailable, or too slow, `fallback`, which depends on nothing
    outside, does, and the answer's notes say so. `terms` and `similarity` are what citations are
    checked with. An answer of which no sentence can be tied to a passage, or whose support is less
    than `min_support`, is replaced by the fallback's too, unless `keep_unsupported`.
    """

    generator: Generator
    fallback: Generator
    terms: Terms
    similarity: Similarity | None = None
    keep_unsupported: bool = False
    min_support: float = 0.3

    def answer(
        self, question: str, passages: Sequence[Passage], *, doubted: bool = False
    ) -> Answer:
        """The checked answer."""
        for event in self.stream(question, passages, doubted=doubted):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with an Answer")

    def stream(
        self,
        question: str,
        passages: Sequence[Passage],
        *,
        doubted: bool = False,
        notes: Sequence[str] = (),
    ) -> Iterator[Event]:
        """Pieces as they are written, then the checked answer, which replaces them.

        Where the generator's pieces come to nothing, the fallback's answer follows whole. Without
        passages there is nothing to write from, and the generator is not asked. Nor is it where the
        search has `doubted` that anything here answers, and no sentence comes near the question.
        `notes` go before the answer's own. Closing the stream closes the generator's.
        """
        for event in self._written(question, passages, doubted):
            if isinstance(event, Answer):
                yield self._rounded_off(question, event, passages, notes)
            else:
                yield event

    def _written(
        self, question: str, passages: Sequence[Passage], doubted: bool
    ) -> Iterator[Event]:
        if doubted and passages and self._finds_nothing(question, passages):
            yield unknown(script(question), passages, self.generator.name)
            return
        written: Answer | None = None
        begun = False
        note = ""
        try:
            with closing(self._safe(question, passages)) as events:
                for event in events:
                    if isinstance(event, Answer):
                        written = self._checked(event, passages)
                    else:
                        begun = begun or isinstance(event, TextDelta)
                        yield event
        except GeneratorUnavailable as error:
            note = Fault(f"{error}; {self.fallback.name} answered instead")
        if written is not None:
            note = self._fault(written)
            if not note:
                yield written
                return
        for event in self.fallback.stream(question, passages):
            if isinstance(event, Answer):
                checked = self._checked(event, passages)
                dropped = (*(written.dropped if written else ()), *checked.dropped)
                notes = (*checked.notes, note) if note else checked.notes
                usage = written.usage if written else checked.usage
                yield replace(checked, dropped=dropped, notes=notes, usage=usage)
            elif not begun:  # pieces of two answers must not be read as one
                yield event

    def _safe(self, question: str, passages: Sequence[Passage]) -> Generation[Event, None, None]:
        """The generator's events, their pieces cut so that none shows what the whole would not."""
        pieces = Pieces(passages)
        for event in self.generator.stream(question, passages) if passages else ():
            if not isinstance(event, TextDelta):
                rest = pieces.rest() if isinstance(event, Answer) else ""
                if rest:
                    yield TextDelta(rest)
                yield event
            elif shown := pieces.add(event.text):
                yield TextDelta(shown)

    def _fault(self, written: Answer) -> str:
        """Why an answer is not good enough to be given; "" where it is."""
        if self.keep_unsupported or not written.known:
            return ""
        if not written.citations:
            return (
                f"no sentence of the answer by {written.generator} could be tied to a passage; "
                f"{self.fallback.name} answered instead"
            )
        if written.support < self.min_support and written.generator != self.fallback.name:
            return (
                f"the passages hold up only {written.support:.0%} of the answer by "
                f"{written.generator} (min_support); {self.fallback.name} answered instead"
            )
        return ""

    def _finds_nothing(self, question: str, passages: Sequence[Passage]) -> bool:
        """Whether no sentence of the passages comes near the question."""
        asked = understand(question, self.terms)
        units = [unit for passage in passages for unit in cut(passage)]
        scored = score(asked, units, self.terms, self.similarity)
        return not relevant(scored, self.similarity is not None)

    def _rounded_off(
        self, question: str, answer: Answer, passages: Sequence[Passage], notes: Sequence[str]
    ) -> Answer:
        """The answer with what goes beside it: what is nearest where there is none, else its
        headings and what else can be asked."""
        told = dict.fromkeys((*notes, *unheard_of(question, passages), *answer.notes))
        if not answer.known:
            told_unknown = answer.text
            if passages and not answer.nearest:
                told_unknown = unknown(script(question), passages, answer.generator).text
            nearest = tuple(passages[:NEAREST_SHOWN])
            return replace(answer, text=told_unknown, nearest=nearest, notes=tuple(told))
        return replace(
            answer,
            notes=tuple(told),
            outline=headings_in(answer.text),
            suggestions=suggestions(question, answer, passages, self.terms),
        )

    def answer_themes(
        self,
        question: str,
        themes: Sequence[Theme],
        chunks: Mapping[int, Chunk],
        overview: str = "",
        notes: Sequence[str] = (),
    ) -> Answer:
        """The checked answer that themes, and a model's overview of them, make to a question about
        the collection as a whole; `chunks` are those that their summaries quote, by key. Those that
        speak to a language model are left out. `notes` go before the answer's own."""
        kept, left_out = trusted(chunks)
        passages = passages_from_themes(themes, kept)
        written = answer_from_themes(question, themes, kept, overview)
        checked = self._checked(written, passages)
        told = dict.fromkeys((*notes, *left_out, *checked.notes))
        return replace(checked, notes=tuple(told))

    def _checked(self, answer: Answer, passages: Sequence[Passage]) -> Answer:
        text, notes = sanitized(answer.text, passages)
        safe = replace(answer, text=text, notes=(*answer.notes, *notes))
        return CitationChecker(self.terms, self.similarity).check(safe, passages)


def build_answers(
    terms: Terms,
    similarity: Similarity | None,
    model: Mapping[str, Any] | None,
    translate: Translate | None = None,
    min_support: float = 0.3,
) -> AnswerPipeline:
    """The pipeline with the OpenAI-compatible model of these options as its writer, or the
    extractive one where none is given. Raises BadInput for wrong options."""
    extractive: Generator = load_component(
        GENERATORS, "extractive", terms=terms, similarity=similarity, translate=translate
    )
    writer = extractive if model is None else load_component(GENERATORS, "openai", **model)
    return AnswerPipeline(writer, extractive, terms, similarity, min_support=min_support)


def build_model(model: Mapping[str, Any]) -> Model:
    """The OpenAI-compatible model of these options. Raises BadInput for wrong options."""
    built: Model = load_component(GENERATORS, "openai", **model)
    return built
