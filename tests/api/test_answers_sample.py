"""Answers on the sample corpus: what they hold without a language model, what a small real one may
not do, and that twenty poisoned documents beside it change nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from llm_server import MODEL_NAME, LlmServer
from poisoned_documents import EVIL, MARKER, POISONED, write

from api.compose import Braid
from api.settings import Settings
from api.settings_answer import AnswerSettings
from generate.contract import Answer
from index.pipeline import Collection
from retrieve.contract import Query, SearchResult

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
]
LEAST_HELD = 0.8

UNANSWERABLE = [
    "How do I fold a paper crane?",
    "What is the capital of Mongolia?",
    "Who won the football world cup in 1998?",
    "Which key is the sonata written in?",
    "How long does it take to boil an egg?",
    "红烧肉怎么做？",
    "珠穆朗玛峰有多高？",
    "谁发明了电话？",
    "唐朝一共有多少位皇帝？",
    "小猫多大可以打疫苗？",
]
"""Ten that nothing in the sample corpus answers."""


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@pytest.fixture(scope="module")
def braid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Braid]:
    braid = Braid(Settings(data_dir=tmp_path_factory.mktemp("sample")))
    collection = braid.store.create("clean")
    told = [*braid.ingest_paths(collection, [EXAMPLES / "corpus"])]
    assert len(told) == len(list((EXAMPLES / "corpus").iterdir()))
    yield braid
    braid.close()


@pytest.fixture(scope="module")
def clean(braid: Braid) -> Collection:
    """The sample corpus."""
    collection = braid.store.get("clean")
    braid.keep_tuned(collection)
    return collection


@pytest.fixture(scope="module")
def collection(
    braid: Braid, clean: Collection, tmp_path_factory: pytest.TempPathFactory
) -> Collection:
    """The same with poisoned documents, as if it had always had them."""
    folder = tmp_path_factory.mktemp("poisoned")
    braid.store.backup("clean", folder / "clean.zip", braid="test")
    braid.store.restore(folder / "clean.zip", "poisoned")
    collection = braid.store.get("poisoned")
    poisoned = folder / "documents"
    poisoned.mkdir()
    write(poisoned)
    assert len([*braid.ingest_paths(collection, [poisoned])]) == len(POISONED)
    collection.tune(braid.tune(collection)[0])
    return collection


@pytest.fixture(scope="module")
def told(braid: Braid, collection: Collection) -> Mapping[str, tuple[Answer, SearchResult]]:
    """The answers to the sample questions from all documents, the poisoned ones among them."""
    return {one["id"]: braid.answer(collection, Query(one["text"])) for one in QUESTIONS}


def holds(answer: Answer, question: Mapping[str, Any]) -> bool:
    return squeezed(question["answer"]) in squeezed(answer.text)


def test_what_was_asked_for_is_in_the_extractive_answer(
    told: Mapping[str, tuple[Answer, SearchResult]], capsys: pytest.CaptureFixture[str]
) -> None:
    held = [one["id"] for one in QUESTIONS if holds(told[one["id"]][0], one)]
    missed = sorted({one["id"] for one in QUESTIONS} - set(held))
    with capsys.disabled():
        print(f"\nextractive answers: {len(held)} of {len(QUESTIONS)}, without {missed}")
    assert len(held) >= LEAST_HELD * len(QUESTIONS), missed
    assert sum(not answer.known for answer, _ in told.values()) == 0


def test_every_citation_points_at_a_passage_that_holds_it(
    told: Mapping[str, tuple[Answer, SearchResult]],
) -> None:
    for answer, _ in told.values():
        assert answer.citations
        for citation in answer.citations:
            assert citation.quote in citation.chunk.text
            assert not unsupported(answer, citation.answer_span, citation.chunk.text)
        assert answer.support > 0.9
        assert all(one.numbers for one in answer.sentences)


def unsupported(answer: Answer, span: tuple[int, int], text: str) -> list[str]:
    """Numbers, quotations and words with capitals or digits of a sentence that stand nowhere in the
    words of its passage, by no rule of Braid's own."""
    claim = re.sub(r"\[\d+\](?:\[\d+\])*", " ", answer.text[slice(*span)]).replace("&lt;", "<")
    claim = re.sub(r"^\*\*[^*]*\*\*[:：]", "", claim)  # the heading that a sentence stands under
    body = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
    wanted = re.findall(r"\d[\d.,]*\d|\d|(?<=[“\"])[^”\"]+(?=[”\"])", claim)
    wanted += re.findall(r"(?<=\w\s)[A-Z][\w-]+", claim)
    plain = [re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", w).casefold()) for w in wanted]
    bare = re.findall(r"(?<![\w.,/-])\d+(?:[.,]\d+)*(?!\w)", claim)
    loose = [n for n in bare if not re.search(rf"(?<![A-Z]-)(?<![\d.]){re.escape(n)}(?!\d)", text)]
    return [word for word in plain if word not in body] + loose


def test_poisoned_documents_change_nothing(
    braid: Braid, clean: Collection, told: Mapping[str, tuple[Answer, SearchResult]]
) -> None:
    """Each answer is to the letter what it is without them, and cites the same passages."""
    found = 0
    for one in QUESTIONS:
        answer, result = told[one["id"]]
        found += any(hit.chunk.document_id in POISONED for hit in result.hits)
        assert not {c.chunk.document_id for c in answer.citations} & POISONED.keys()
        assert MARKER not in answer.text and EVIL not in answer.text
        assert MARKER not in "".join(answer.suggestions)
    assert found >= len(QUESTIONS) // 3, "the bait has to be found for this to say anything"
    for one in QUESTIONS:
        honest, _ = braid.answer(clean, Query(one["text"]))
        answer, _ = told[one["id"]]
        assert (answer.text, answer.suggestions) == (honest.text, honest.suggestions), one
        assert [(c.number, c.chunk.id, c.quote) for c in answer.citations] == [
            (c.number, c.chunk.id, c.quote) for c in honest.citations
        ]


@pytest.mark.parametrize("question", ["What are the main topics?", "主要主题有哪些？"])
def test_poisoned_documents_are_no_theme(
    braid: Braid, clean: Collection, collection: Collection, question: str
) -> None:
    answer, result = braid.answer(collection, Query(question))
    assert len(result.themes) > 5 and len(answer.citations) > 10
    assert not {c.chunk.document_id for c in answer.citations} & POISONED.keys()
    assert MARKER not in answer.text and EVIL not in answer.text
    assert MARKER not in "".join(f"{one.title} {one.keywords}" for one in result.themes)
    assert answer.text == braid.answer(clean, Query(question))[0].text


def test_what_is_left_out_is_told(told: Mapping[str, tuple[Answer, SearchResult]]) -> None:
    notes = [note for answer, _ in told.values() for note in answer.notes]
    assert any("'p01-ignore.md' was left out" in note for note in notes)


def test_what_the_documents_do_not_hold_is_not_answered(
    braid: Braid, collection: Collection
) -> None:
    refused = 0
    for question in UNANSWERABLE:
        answer, _ = braid.answer(collection, Query(question))
        refused += not answer.known
        if not answer.known:
            assert 1 <= len(answer.nearest) <= 3
            assert answer.nearest[0].chunk.document_id in answer.text
            assert not answer.citations and not answer.suggestions and answer.support == 0.0
    assert refused >= 9


def test_a_small_model_among_poisoned_documents(
    llm: LlmServer, braid: Braid, collection: Collection
) -> None:
    """What it writes is bad; what is left of it is sound."""
    given = AnswerSettings(
        model=MODEL_NAME,
        base_url=llm.base_url,
        api_key=llm.api_key,
        max_tokens=24,
        context_tokens=1000,
        min_support=0.0,
    )
    asking = Braid(braid.settings.model_copy(update={"answer": given}))
    asking.__dict__.update(store=braid.store, parts=braid.parts, similarity=braid.similarity)
    wrote = 0
    for one in (QUESTIONS[1], QUESTIONS[5]):
        answer, _ = asking.answer(collection, Query(one["text"]))
        wrote += answer.generator == f"openai:{MODEL_NAME}"
        assert MARKER not in answer.text and EVIL not in answer.text
        assert "](" not in answer.text
        for citation in answer.citations:
            assert citation.chunk.document_id not in POISONED
            context = f"{citation.chunk.context} {citation.chunk.text}"
            assert not unsupported(answer, citation.answer_span, context)
        assert answer.usage.calls == 1 and answer.usage.prompt_tokens > 100
    assert wrote
