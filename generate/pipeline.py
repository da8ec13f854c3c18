"""Question and passages to a checked answer, whatever writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
)
from generate.passages import passages_from_hits
from generate.themes import answer_from_themes, passages_from_themes
from ingest.contract import Chunk, Model, load_component
from retrieve.contract import Theme

__all__ = ["AnswerPipeline", "build_answers", "build_model", "passages_from_hits"]


@dataclass(frozen=True, slots=True)
class AnswerPipeline:
    """Answers with citations that have been checked.

    `generator` writes; where it is unavailable, `fallback`, which depends on nothing outside,
    does, and the answer's notes say so. `terms` and `similarity` are what citations are checked
    with. An answer of which no sentence can be tied to a passage is replaced by the fallback's
    too, unless `keep_unsupported`.
    """

    generator: Generator
    fallback: Generator
    terms: Terms
    similarity: Similarity | None = None
    keep_unsupported: bool = False

    def answer(self, question: str, passages: Sequence[Passage]) -> Answer:
        """The checked answer."""
        for event in self.stream(question, passages):
            if isinstance(event, Answer):
                return event
        raise AssertionError("a stream ends with an Answer")

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        """Pieces as they are written, then the checked answer, which replaces them.

        Where the generator's pieces come to nothing, the fallback's answer follows whole.
        Without passages there is nothing to write from, and the generator is not asked.
        """
        written: Answer | None = None
        begun = False
        note = ""
        try:
            for event in self.generator.stream(question, passages) if passages else ():
                if isinstance(event, Answer):
                    written = self._checked(event, passages)
                else:
                    begun = True
                    yield event
        except GeneratorUnavailable as error:
            note = f"{error}; {self.fallback.name} answered instead"
        if written is not None:
            if written.citations or not written.known or self.keep_unsupported:
                yield written
                return
            note = (
                f"no sentence of the answer by {written.generator} could be tied to a passage; "
                f"{self.fallback.name} answered instead"
            )
        for event in self.fallback.stream(question, passages):
            if isinstance(event, Answer):
                checked = self._checked(event, passages)
                dropped = (*(written.dropped if written else ()), *checked.dropped)
                notes = (*checked.notes, note) if note else checked.notes
                yield replace(checked, dropped=dropped, notes=notes)
            elif not begun:  # pieces of two answers must not be read as one
                yield event

    def answer_themes(
        self,
        question: str,
        themes: Sequence[Theme],
        chunks: Mapping[int, Chunk],
        overview: str = "",
    ) -> Answer:
        """The checked answer that themes, and a model's overview of them, make to a question about
        the collection as a whole; `chunks` are those that their summaries quote, by key."""
        passages = passages_from_themes(themes, chunks)
        written = answer_from_themes(question, themes, chunks, overview)
        return self._checked(written, passages)

    def _checked(self, answer: Answer, passages: Sequence[Passage]) -> Answer:
        return CitationChecker(self.terms, self.similarity).check(answer, passages)


def build_answers(
    terms: Terms, similarity: Similarity | None, model: Mapping[str, Any] | None
) -> AnswerPipeline:
    """The pipeline with the OpenAI-compatible model of these options as its writer, or the
    extractive one where none is given. Raises BadInput for wrong options."""
    extractive: Generator = load_component(
        GENERATORS, "extractive", terms=terms, similarity=similarity
    )
    writer = extractive if model is None else load_component(GENERATORS, "openai", **model)
    return AnswerPipeline(writer, extractive, terms, similarity)


def build_model(model: Mapping[str, Any]) -> Model:
    """The OpenAI-compatible model of these options. Raises BadInput for wrong options."""
    built: Model = load_component(GENERATORS, "openai", **model)
    return built
