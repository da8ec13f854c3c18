"""What extraction with a model will take, before it is begun: with a real small model behind a
real server, and by answers of servers that are told what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from index_room import WordSumEmbedder
from llm_server import MODEL_NAME, LlmServer
from model_extraction_room import (
    PLACES,
    answering,
    collection_of,
    extraction,
    facts_of,
    sentence,
    sound_answer,
)
from scripted_server import scripted

from generate.generators.openai import OpenAIGenerator
from index.graph.model_estimate import Asked, estimate, spread
from index.graph.pipeline import Budget, ModelExtraction, Prices

PRICES = Prices(0.5, 1.5)
REAL_TEXTS = [
    "The Lindau tunnel is 57 km long. It was built by Orla Rail AG.",
    "Anna Keller opened the tunnel on 1 June 2016. She is head of the rail office of Lindau, and "
    "she had asked for the tunnel to be built for ten years before that.",
    "华为技术有限公司由任正非于1987年在深圳创立，主要生产通信设备。",
    "The Orla bridge is 3 km long and made of steel.",
    "北京大学的前身是京师大学堂，鲁迅曾在那里任教。",
    "Employees have twenty-five days of paid leave a year. Whoever has worked for ten years has "
    "two more, and whoever is over fifty has one more for every year until the age of sixty.",
    "Motors are covered for five years by Belmar Works.",
    "任正非是华为的创始人。",
]


@pytest.fixture
def small(llm: LlmServer) -> ModelExtraction:
    model = OpenAIGenerator(MODEL_NAME, llm.base_url, llm.api_key)
    return ModelExtraction(
        model, WordSumEmbedder().count, gleanings=0, max_tokens=24, prices=PRICES
    )


def test_a_real_model(small: ModelExtraction, tmp_path: Path) -> None:
    """The estimate by a probe is within a quarter of what is used then; a budget stops in time;
    whatever the model writes is read, or asked for once more."""
    collection = collection_of(tmp_path / "c", REAL_TEXTS)
    store = collection.model_answers
    blind = small.estimate(store)
    assert (blind.chunks, blind.measured, blind.seconds, blind.error) == (8, 0, None, None)
    expected, probe = small.probe(store, 3)
    assert (probe.done, expected.chunks, expected.measured) == (3, 5, 3)
    limit = round(expected.tokens * 0.4)
    first = small.build(store, Budget(max_tokens=limit))
    assert first.stopped == "budget"
    assert 0 < first.usage.tokens <= limit
    assert limit - first.usage.tokens < 700  # less than the longest prompt and its answer
    rest = small.build(store, workers=2)
    assert (first.done + rest.done, rest.left, rest.stopped) == (5, 0, "")
    read = first.usage.prompt_tokens + rest.usage.prompt_tokens
    wrote = first.usage.completion_tokens + rest.usage.completion_tokens
    assert expected.prompt_tokens == pytest.approx(read, rel=0.25)
    assert expected.completion_tokens == pytest.approx(wrote, rel=0.25)
    assert expected.price == pytest.approx(first.price + rest.price, rel=0.25)
    assert expected.seconds is not None
    assert expected.seconds > 0
    for text, facts in facts_of(collection).items():
        assert all(text[m.start : m.end] == m.name for m in facts.mentions if m.sentence >= 0)


def test_gleaning_and_second_tries_are_in_the_estimate(tmp_path: Path) -> None:
    texts = [sentence(place) + " It has a market." * (n % 5) for n, place in enumerate(PLACES * 3)]
    collection = collection_of(tmp_path / "c", texts, documents=4)

    def write(message: str) -> str:
        if "Found already" in message:
            return '{"entities": ["market"]}' if "market" in message else "{}"
        is_odd = len(message) % 5 == 0 and "no usable JSON" not in message
        return "no" if is_odd else sound_answer(message)

    with scripted(answering(write)) as server:
        model = extraction(server.base_url, gleanings=2, prices=PRICES)
        expected, probe = model.probe(collection.model_answers, 8, workers=2)
        report = model.build(collection.model_answers, workers=2)
    assert (probe.done, report.done) == (8, 16)
    assert report.usage.calls > 16
    assert expected.calls == pytest.approx(report.usage.calls, rel=0.25)
    assert expected.prompt_tokens == pytest.approx(report.usage.prompt_tokens, rel=0.25)
    assert expected.completion_tokens == pytest.approx(report.usage.completion_tokens, rel=0.25)
    assert expected.price == pytest.approx(report.price, rel=0.25)
    assert expected.error is not None
    assert 0 < expected.error < 0.5


def test_what_was_answered_before_is_no_part_of_it(tmp_path: Path) -> None:
    texts = [sentence(place) for place in PLACES]
    collection = collection_of(tmp_path / "c", texts)
    store = collection.model_answers
    with scripted(answering()) as server:
        model = extraction(server.base_url, gleanings=1)
        model.build(store, Budget(max_calls=4))  # two chunks
        halfway = model.estimate(store)
        asked = len(server.requests)
        model.build(store)
        nothing = model.estimate(store)
        assert len(server.requests) == 16
    assert asked == 4
    assert (halfway.chunks, halfway.measured, halfway.calls) == (6, 2, 12)
    assert (nothing.chunks, nothing.calls, nothing.tokens, nothing.price) == (0, 0, 0, 0.0)


def test_a_probe_keeps_within_its_budget_and_is_not_repeated(tmp_path: Path) -> None:
    collection = collection_of(tmp_path / "c", [sentence(place) for place in PLACES])
    store = collection.model_answers
    with scripted(answering()) as server:
        model = extraction(server.base_url)
        _, none = model.probe(store, 0)
        _, report = model.probe(store, 5, Budget(max_calls=2))
        model.build(store)
        messages = [request["messages"][-1]["content"] for request in server.requests]
    assert (none.chunks, none.usage.calls) == (0, 0)
    assert (report.usage.calls, report.stopped) == (2, "budget")
    assert len(messages) == len(set(messages)) == 8


def test_a_probe_stands_for_all() -> None:
    chunks = {key: Asked(is_chinese=key % 10 == 0, counted=100 + key) for key in range(1, 201)}
    for count in (1, 2, 5, 20, 199):
        chosen = spread(chunks, count)
        assert len(chosen) == len(set(chosen)) == count
    chosen = spread(chunks, 10)
    assert sum(chunks[key].is_chinese for key in chosen) == 1
    counts = [chunks[key].counted for key in chosen if not chunks[key].is_chinese]
    assert sum(counts) / len(counts) == pytest.approx(200, abs=8)
    assert spread(chunks, 500) == sorted(chunks)
    assert spread({}, 5) == []


def test_languages_are_measured_apart() -> None:
    measured = [
        Asked(True, 100, 1, 300, 80, is_whole=True),
        Asked(False, 100, 1, 120, 40, is_whole=True),
    ]
    due = [Asked(True, 200), Asked(False, 50), Asked(False, 50, 1, 60, 40)]
    found = estimate(due, measured, PRICES, call_limits=(1, 60), seconds_per_call=2.0)
    assert (found.calls, found.prompt_tokens, found.completion_tokens) == (2, 660, 120)
    assert found.seconds == 4.0
    only_chinese = estimate([Asked(False, 100)], measured[:1], PRICES, call_limits=(1, 60))
    assert only_chinese.prompt_tokens == 300
