"""An answer to a question about the collection as a whole: its themes, each in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generate.contract import Answer, Passage
from generate.injection import why_left_out
from generate.language import Language, language
from generate.marks import Mark, marks, rewrite
from ingest.contract import Chunk
from retrieve.contract import Theme

_SPREAD: dict[Language, str] = {
    "zh": "{documents} 份文档，{chunks} 个段落",
    "en": "{documents} documents, {chunks} passages",
}


def trusted(chunks: Mapping[int, Chunk]) -> tuple[dict[int, Chunk], tuple[str, ...]]:
    """The chunks that speak to a reader, and notes on those that speak to a language model."""
    why = {key: why_left_out(chunk) for key, chunk in chunks.items()}
    kept = {key: chunk for key, chunk in chunks.items() if not why[key]}
    return kept, tuple(dict.fromkeys(filter(None, why.values())))


def passages_from_themes(themes: Sequence[Theme], chunks: Mapping[int, Chunk]) -> list[Passage]:
    """The passages that the summaries of themes quote, numbered from 1 in the order in which they
    are quoted; `chunks` by the keys that the quotes name. A chunk that has gone is left out."""
    weights: dict[int, float] = {}
    for theme in themes:
        for quote in theme.summary:
            if quote.key in chunks:
                weights.setdefault(quote.key, theme.weight)
    return [
        Passage(number, chunks[key], weight)
        for number, (key, weight) in enumerate(weights.items(), start=1)
    ]


def answer_from_themes(
    question: str, themes: Sequence[Theme], chunks: Mapping[int, Chunk], overview: str = ""
) -> Answer:
    """A heading for each theme, what a model says of it, where one was asked, and the sentences of
    its summary, each with the mark of its passage; before them the `overview` that a model gives,
    whose numbers of themes become those of their first passages. The citations are not checked
    yet."""
    spoken = language(question)
    passages = passages_from_themes(themes, chunks)
    numbers = {passage.chunk.id: passage.number for passage in passages}
    firsts = [
        next((numbers[chunks[q.key].id] for q in theme.summary if q.key in chunks), 0)
        for theme in themes
    ]

    def of_passage(mark: Mark) -> list[int]:
        named = (firsts[number - 1] for number in mark.numbers if 0 < number <= len(firsts))
        return [number for number in named if number]

    blocks = [rewrite(overview, marks(overview), of_passage)] if overview else []
    for theme in themes:
        spread = _SPREAD[spoken].format(documents=theme.documents, chunks=theme.chunks)
        quoted = [
            f"{' '.join(quote.text.split())} [{numbers[chunks[quote.key].id]}]"
            for quote in theme.summary
            if quote.key in chunks
        ]
        parts = [f"### {theme.title} ({spread})", theme.answer, " ".join(quoted)]
        blocks.append("\n\n".join(filter(None, parts)))
    return Answer("\n\n".join(blocks), (), bool(themes), "themes")
