"""An endpoint that is slow, down or overloaded, what it costs, and a listener that goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from scripted_server import Script, Scripted, delta, refuse, say, scripted, send, stall

from generate.accounting import ACCOUNTS, Accounts, Totals
from generate.breaker import CircuitBreaker
from generate.contract import (
    Answer,
    GeneratorUnavailable,
    Outline,
    Passage,
    Terms,
    TextDelta,
    Usage,
)
from generate.generators.extractive import ExtractiveGenerator
from generate.generators.openai import OpenAIGenerator
from generate.pipeline import AnswerPipeline
from generate.retrying import LONGEST_ASKED_S, is_transient, pause_s
from index.graph.pipeline import Prices

MakePassage = Callable[..., Passage]
QUESTION = "How long is the tunnel?"


@pytest.fixture(scope="session")
def passages(passage: MakePassage) -> list[Passage]:
    return [passage(1, "The tunnel is 57 km long."), passage(2, "The bridge is 3 km long.")]


def model_of(server: Scripted, **options: object) -> OpenAIGenerator:
    return OpenAIGenerator("m", server.base_url, **{"max_retries": 0, **options})  # type: ignore[arg-type]


def first_then(first: Script, then: Script) -> Script:
    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        (first if len(state.requests) == 1 else then)(handler, state)

    return script


def test_pauses_grow_and_follow_the_server() -> None:
    for attempt, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (9, 8.0)):
        pauses = [pause_s(attempt, {}) for _ in range(50)]
        assert all(p is not None and 0.75 * longest <= p <= longest for p in pauses)
    assert pause_s(1, {"retry-after": "7"}) == 7.0
    assert pause_s(1, {"retry-after-ms": "250"}) == 0.25
    assert pause_s(1, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    assert pause_s(1, {"retry-after": str(LONGEST_ASKED_S + 1)}) is None
    assert pause_s(1, {"retry-after": "soon"}) is not None
    assert [is_transient(s) for s in (None, 429, 500, 503, 400, 401, 404)] == [True] * 4 + [
        False
    ] * 3


def test_the_server_says_when_to_come_back(passages: list[Passage]) -> None:
    def busy(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        handler.send_response(429)
        handler.send_header("retry-after-ms", "10")
        handler.send_header("content-length", "2")
        handler.end_headers()
        handler.wfile.write(b"{}")

    with scripted(first_then(busy, say("It is 57 km long [1]."))) as server:
        *_, answer = model_of(server, max_retries=1).stream(QUESTION, passages)
    assert isinstance(answer, Answer)
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_will_not_change_is_not_tried_again(passages: list[Passage], status: int) -> None:
    with scripted(refuse(status, "no")) as server, pytest.raises(GeneratorUnavailable):
        list(model_of(server, max_retries=3).stream(QUESTION, passages))
    assert len(server.requests) == 1


def test_a_breaker_opens_probes_and_closes() -> None:
    now = [0.0]
    breaker = CircuitBreaker(2, 10.0, lambda: now[0])
    for _ in range(2):
        assert breaker.admits()
        breaker.failed()
    assert not breaker.admits() and breaker.rests_s == 10.0
    now[0] = 11.0
    assert breaker.admits() and not breaker.admits()  # one probes, the others wait
    breaker.failed()
    assert not breaker.admits()
    now[0] = 22.0
    assert breaker.admits()
    breaker.left()
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits() and breaker.admits() and breaker.rests_s == 0.0


def test_one_of_many_probes() -> None:
    now = [0.0]
    breaker = CircuitBreaker(1, 1.0, lambda: now[0])
    breaker.failed()
    now[0] = 2.0
    gate = threading.Barrier(8)
    admitted: list[bool] = []

    def ask() -> None:
        gate.wait()
        admitted.append(breaker.admits())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 1


def test_a_dead_endpoint_is_left_alone_by_answers_and_searches(
    passages: list[Passage], terms: Terms
) -> None:
    with scripted(refuse(503, "down")) as server:
        model = model_of(server, breaker_failures=2, breaker_rest_s=600.0)
        for _ in range(2):
            with pytest.raises(GeneratorUnavailable, match="down"):
                model.complete("Hello")
        pipeline = AnswerPipeline(model, ExtractiveGenerator(terms), terms)
        answer = pipeline.answer(QUESTION, passages)
        with pytest.raises(GeneratorUnavailable, match="is not asked again"):
            model.complete("Hello")
    assert len(server.requests) == 2
    assert answer.text.startswith("The tunnel is 57 km long. [1]")
    assert "2 times in a row" in answer.notes[-1]


def test_a_refusal_does_not_open_the_breaker(passages: list[Passage]) -> None:
    with scripted(refuse(401, "bad key")) as server:
        model = model_of(server, breaker_failures=1)
        for _ in range(2):
            with pytest.raises(GeneratorUnavailable, match="api_key"):
                list(model.stream(QUESTION, passages))
    assert len(server.requests) == 2


def test_a_slow_beginning_is_given_up(passages: list[Passage], terms: Terms) -> None:
    with scripted(stall) as server:
        model = model_of(server, first_token_s=0.2)
        answer = AnswerPipeline(model, ExtractiveGenerator(terms), terms).answer(QUESTION, passages)
    assert answer.generator == "extractive"
    assert "did not begin its answer in 0.2 s" in answer.notes[-1]


def test_what_an_answer_costs(passages: list[Passage]) -> None:
    prices = Prices(2.0, 10.0)
    before = ACCOUNTS.totals().get("openai:m", Totals())
    with scripted(say("It is 57 km long [1].", usage=(1000, 50))) as server:
        *_, counted = model_of(server, prices=prices).stream(QUESTION, passages)
        assert server.requests[0]["stream_options"] == {"include_usage": True}
    with scripted(say("It is 57 km long [1].")) as server:
        *_, estimated = model_of(server).stream(QUESTION, passages)
    assert isinstance(counted, Answer) and isinstance(estimated, Answer)
    assert counted.usage == Usage(1, 1000, 50, False, prices.of(1000, 50))
    assert estimated.usage.is_estimate and estimated.usage.cost is None
    assert estimated.usage.prompt_tokens > 100 and estimated.usage.completion_tokens > 4
    after = ACCOUNTS.totals()["openai:m"]
    assert after.calls == before.calls + 2
    assert after.estimated == before.estimated + 1
    assert after.cost == pytest.approx(before.cost + 0.0025)


def test_accounts_lose_nothing_between_threads() -> None:
    accounts = Accounts()

    def spend() -> None:
        for _ in range(200):
            accounts.spent("m", Usage(1, 2, 3, False, 0.5))
            accounts.failed("m")

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts.totals() == {"m": Totals(800, 800, 0, 1600, 2400, 400.0)}


def test_who_goes_away_stops_the_model(passages: list[Passage], terms: Terms) -> None:
    gone = threading.Event()

    def until_gone(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        while not state.released.wait(0.02):
            try:
                handler.wfile.write(delta("word "))
                handler.wfile.flush()
            except OSError:
                gone.set()
                return

    with scripted(until_gone) as server:
        pipeline = AnswerPipeline(model_of(server), ExtractiveGenerator(terms), terms)
        events = pipeline.stream(QUESTION, passages)
        assert isinstance(next(events), TextDelta)
        events.close()  # type: ignore[attr-defined]
        assert gone.wait(10)


def test_a_long_answer_has_its_headings_first(passage: MakePassage, terms: Terms) -> None:
    passages = [
        passage(1, "Open the valve. Start the pump.", headings=("Starting",)),
        passage(2, "Close the valve. Stop the pump.", headings=("Stopping",)),
    ]
    told = "### Starting\n\nOpen the valve [1].\n\n### Stopping\n\nClose the valve [2]."
    with scripted(say(told)) as server:
        pipeline = AnswerPipeline(model_of(server), ExtractiveGenerator(terms), terms)
        first, *_, answer = pipeline.stream("What are the steps to run the pump?", passages)
    assert first == Outline(("Starting", "Stopping"))
    assert isinstance(answer, Answer)
    assert answer.outline == ("Starting", "Stopping")
    assert answer.support == 1.0
    system = server.requests[0]["messages"][0]["content"]
    assert "numbered steps" in system and "Starting; Stopping" in system


def test_what_else_can_be_asked(passage: MakePassage, terms: Terms) -> None:
    table = "| Code | Meaning |\n| --- | --- |\n| E07 | Oil level low |\n| E08 | Seal hot |"
    passages = [
        passage(1, "The pump weighs 12 kg."),
        passage(2, table, headings=("Alarm codes",)),
        passage(3, "A gateway is a device that joins networks.", headings=("Terms",)),
        passage(4, "阀门是一种控制流体的装置。"),
    ]
    pipeline = AnswerPipeline(ExtractiveGenerator(terms), ExtractiveGenerator(terms), terms)
    answer = pipeline.answer("How much does the pump weigh?", passages)
    assert answer.suggestions == (
        "What is given for E07 under “Meaning”?",
        "What is meant by “gateway”?",
    )
    for asked, held in zip(answer.suggestions, ("Oil level low", "joins networks"), strict=True):
        assert held in pipeline.answer(asked, passages).text
    assert pipeline.answer("水泵多重？", passages[:1]).suggestions == ()


def test_an_unfinished_answer_is_not_sent_twice(passages: list[Passage]) -> None:
    def half(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        send(handler, delta("The tunnel is "), promised=10_000)
        handler.close_connection = True

    with scripted(half) as server, pytest.raises(GeneratorUnavailable, match="broke off"):
        list(model_of(server, max_retries=3).stream(QUESTION, passages))
    assert len(server.requests) == 1
