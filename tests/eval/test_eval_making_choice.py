"""Which drafts become questions, and how they are spread; a language model's questions."""

from __future__ import annotations

import json

import pytest
from making_fixtures import chunk, reader
from scripted_server import refuse, reply, scripted

from eval.contract import BadDataset
from eval.pipeline import making, questions_text
from generate.generators.openai import OpenAIGenerator
from ingest.contract import Chunk

LINES = (
    ("广茂铁路", 1978, 365), ("大莱龙铁路", 2005, 175), ("龙烟铁路", 2013, 123),
    ("德大铁路", 2010, 290), ("胶济铁路", 1904, 384), ("京九铁路", 1996, 2315),
)  # fmt: skip
ENGLISH = (
    ("Karlsruhe Bridge", "1931", "Meyer Company"), ("Rostock Harbor", "1907", "Olsen Company"),
    ("Windsor Castle", "1856", "Adams Company"), ("Bergen Station", "1913", "Larsen Company"),
)  # fmt: skip


def corpus() -> list[Chunk]:
    chinese = [
        chunk(f"{name}建于{year}年，全长{length}公里。", f"{name}.txt", title=name)
        for name, year, length in LINES
    ]
    english = [
        chunk(
            f"{name} was opened in {year} by the {maker} after many years of work.",
            f"{name}.txt",
            title=name,
        )
        for name, year, maker in ENGLISH
    ]
    return [*chinese, *english]


def made(chunks: list[Chunk], **options: int) -> making.Made:
    return making.make_questions(chunks, reader(), making.Making(**options))


def test_the_same_documents_give_the_same_bytes() -> None:
    first, second = made(corpus(), seed=3), made(corpus()[::-1], seed=3)
    assert questions_text(first.questions) == questions_text(second.questions)
    assert {question.split for question in made(corpus(), seed=1).questions} == {"dev", "test"}


def test_every_question_has_its_place_and_its_answer_in_the_passage() -> None:
    for question in made(corpus()).questions:
        assert question.document.removesuffix(".txt") in question.text
        assert question.answer in question.chunk
        assert question.answer not in question.text


def test_questions_are_spread_over_documents() -> None:
    few = made(corpus(), count=10).questions
    assert len({question.document for question in few}) == 10


def test_what_several_documents_say_is_not_asked() -> None:
    twice = [*corpus(), chunk("广茂铁路建于1978年，全长365公里。", "copy.txt", title="copy")]
    found = made(twice)
    assert not any("广茂" in question.text for question in found.questions)
    assert found.left_out["answered elsewhere, too"] >= 2


def test_what_has_two_answers_is_not_asked() -> None:
    other = chunk("广茂铁路建于1979年，后来通车。", "other.txt", title="other")
    assert not any(
        question.text == "广茂铁路建于哪一年？" for question in made([*corpus(), other]).questions
    )


def test_nothing_to_ask_is_an_error() -> None:
    with pytest.raises(BadDataset, match=r"no question can be made of 1 passages"):
        made([chunk("Hello.")])
    with pytest.raises(BadDataset, match=r"ask for one at least"):
        making.Making(count=0)


def better(message: str) -> str:
    if "Reply with JSON" not in message:
        return "1978年" if "广茂" in message else "NONE"
    name = next((name for name, _, _ in LINES if name in message), "")
    if not name:
        return "I cannot."
    year = next(str(year) for line, year, _ in LINES if line == name)
    asked = {"question": f"{name}是什么时候修好的？", "answer": f"{year}年"}
    return f"Here it is: {json.dumps(asked, ensure_ascii=False)}"


def asked(script: object, budget_tokens: int | None = None) -> making.Asked:
    chunks = corpus()
    library = making.Library(chunks, reader())
    with scripted(script) as server:  # type: ignore[arg-type]
        model = OpenAIGenerator("m", server.base_url, max_retries=0, breaker_failures=99)
        return making.ask_better(
            made(chunks).questions, making.Asking(model, budget_tokens), library.is_specific
        )


def test_a_model_asks_better_where_its_answer_stands_the_check() -> None:
    found = asked(reply(better))
    before = {question.id: question for question in made(corpus()).questions}
    new = [question for question in found.questions if question != before[question.id]]
    assert [question.text for question in new] == ["广茂铁路是什么时候修好的？"] * len(new)
    assert new and found.rewritten == len(new)
    assert all(question.answer == "1978年" for question in new)
    assert found.usage.calls > len(before)
    assert found.usage.prompt_tokens == 10 * found.usage.calls
    assert found.usage.completion_tokens == 5 * found.usage.calls


def test_a_model_that_fails_costs_a_note() -> None:
    found = asked(refuse(500, "broken"))
    assert list(found.questions) == list(made(corpus()).questions)
    assert found.rewritten == found.usage.calls == 0
    assert "failed 3 times in a row" in found.notes[0]


def test_the_budget_is_kept() -> None:
    found = asked(reply(better), budget_tokens=560)
    assert found.usage.prompt_tokens + found.usage.completion_tokens <= 560
    assert any("budget of 560 tokens is used up" in note for note in found.notes)
