"""A real small model behind a real server. What it writes is often wrong, which is what the
checks are for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from llm_server import MODEL_NAME, LlmServer, OwnServer

from generate.contract import Answer, GeneratorUnavailable, Outline, Passage, Terms, TextDelta
from generate.generators.extractive import ExtractiveGenerator
from generate.generators.openai import OpenAIGenerator
from generate.marks import marks
from generate.numbers import missing, numbers
from generate.pipeline import AnswerPipeline

MakePassage = Callable[..., Passage]


@pytest.fixture(scope="module")
def passages(passage: MakePassage) -> list[Passage]:
    return [
        passage(
            1,
            "The Lindau tunnel is 57 km long. It was opened on 1 June 2016 and cost 12 billion "
            "francs. Trains pass it at up to 230 km/h.",
            "Tunnels",
        ),
        passage(2, "The Orla bridge is 3 km long and made of steel.", "Bridges"),
    ]


def small(server: LlmServer, **options: object) -> OpenAIGenerator:
    model = OpenAIGenerator(MODEL_NAME, server.base_url, server.api_key, max_tokens=40)
    return replace(model, **options)  # type: ignore[arg-type]


def pipeline(model: OpenAIGenerator, terms: Terms) -> AnswerPipeline:
    return AnswerPipeline(model, ExtractiveGenerator(terms), terms)


@pytest.mark.parametrize(
    "question",
    [
        "How long is the Lindau tunnel?",
        "Compare the Lindau tunnel with the Orla bridge.",
        "When was the tunnel opened?",
        "Summarize.",
    ],
)
def test_no_citation_outlives_what_its_passage_says(
    llm: LlmServer, question: str, passages: list[Passage], terms: Terms
) -> None:
    *pieces, answer = pipeline(small(llm), terms).stream(question, passages)
    if isinstance(pieces[0], Outline):  # the headings come before the first piece
        pieces = pieces[1:]
    assert len(pieces) > 1
    assert all(
        isinstance(piece, Outline) or (isinstance(piece, TextDelta) and piece.text)
        for piece in pieces
    )
    assert isinstance(answer, Answer)
    texts = {p.number: f"{p.chunk.context}\n{p.chunk.text}" for p in passages}
    for citation in answer.citations:
        start_, end = citation.answer_span
        claim = answer.text[start_:end]
        for mark in reversed(marks(claim)):
            claim = claim[: mark.start] + " " + claim[mark.end :]
        assert missing(numbers(claim), numbers(texts[citation.number])) == []
        shared = set(terms(claim)) & set(terms(texts[citation.number]))
        assert shared
    cited = {citation.number for citation in answer.citations}
    assert {n for mark in marks(answer.text) for n in mark.numbers} == cited


def test_the_model_answers_from_the_passage(
    llm: LlmServer, passages: list[Passage], terms: Terms
) -> None:
    answer = pipeline(small(llm), terms).answer("How long is the Lindau tunnel?", passages[:1])
    assert answer.generator == f"openai:{MODEL_NAME}"
    assert "57 km" in answer.text
    assert 1 in {citation.number for citation in answer.citations}


def test_a_wrong_key_and_a_wrong_model(
    llm: LlmServer, passages: list[Passage], terms: Terms
) -> None:
    question = "How long is the Lindau tunnel?"
    for model, advice in (
        (small(llm, api_key="wrong"), "api_key"),
        (small(llm, model="gpt-9"), "check model"),
    ):
        answer = pipeline(model, terms).answer(question, passages)
        assert answer.text.startswith("The Lindau tunnel is 57 km long. [1]")
        assert advice in answer.notes[-1]


def test_a_server_killed_in_the_middle(
    llm: LlmServer, model_folder: Path, passages: list[Passage], terms: Terms
) -> None:
    server = OwnServer(model_folder)  # unpacked already by the one that the other tests share
    try:
        model = small(server.address, max_tokens=400, max_retries=0)
        events = pipeline(model, terms).stream("Tell everything about the tunnel.", passages)
        first = next(events)
        server.kill()
        *_, answer = events
    finally:
        server.kill()
    assert isinstance(first, TextDelta)
    assert isinstance(answer, Answer)
    assert answer.generator == "extractive"
    assert "extractive answered instead" in answer.notes[-1]
    assert answer.citations
    with pytest.raises(GeneratorUnavailable, match="cannot be reached"):
        list(model.stream("Is anybody there?", passages))
