from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler

import pytest
from scripted_server import Script, Scripted, delta, drip, refuse, say, scripted, send, stall

from generate.components import GENERATORS
from generate.contract import (
    Answer,
    Event,
    Generator,
    GeneratorUnavailable,
    Passage,
    Terms,
    TextDelta,
)
from generate.generators.extractive import ExtractiveGenerator
from generate.generators.openai import OpenAIGenerator
from generate.pipeline import AnswerPipeline
from ingest.contract import BadInput, Completion, load_component

MakePassage = Callable[..., Passage]
QUESTION = "How long is the tunnel?"


@pytest.fixture(scope="session")
def passages(passage: MakePassage) -> list[Passage]:
    return [
        passage(1, "The tunnel is 57 km long. It was opened in 2016."),
        passage(2, "The bridge is 3 km long and made of steel."),
    ]


def quick(base_url: str, **options: object) -> OpenAIGenerator:
    settings = {"model": "m", "timeout_s": 5.0, "max_retries": 0, **options}
    return OpenAIGenerator(base_url=base_url, **settings)  # type: ignore[arg-type]


def break_off(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, delta("The tunnel is "), promised=10_000)
    handler.close_connection = True


def garbage_events(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, delta("The tunnel is ") + b"data: {not json\n\n")


def binary(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, b"data: \xff\xfe\x00\x01\n\n")


def web_page(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, b"<html><body>Welcome!</body></html>", media_type="text/html")


def other_json(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, b'data: {"choices": [{"delta": 5}]}\n\n')


def json_list(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, b"data: [1, 2]\n\n")


def error_event(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    send(handler, delta("The tunnel") + b'data: {"error": {"message": "out of memory"}}\n\n')


def not_http(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    handler.close_connection = True


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        (refuse(401, "bad key"), "api_key"),
        (refuse(403, "no entry"), "api_key"),
        (refuse(404, "no such model"), "check model"),
        (refuse(400, "context too long"), "context_tokens"),
        (refuse(429, "slow down"), "rate limit"),
        (refuse(500, "broken"), "broken"),
        (break_off, "broke off"),
        (say("The tunnel", finish=None), "broke off"),
        (say("", finish="stop"), "empty answer"),
        (say("<think>hm, 57?", finish="length"), "max_tokens"),
        (error_event, "out of memory"),
        (garbage_events, "no chat completion"),
        (binary, "no chat completion"),
        (web_page, "broke off"),
        (other_json, "no chat completion"),
        (json_list, "no chat completion"),
        (not_http, "cannot be reached"),
    ],
)
def test_failures_are_told_and_the_passages_answer(
    script: Script, advice: str, passages: list[Passage], terms: Terms
) -> None:
    with scripted(script) as server:
        model = quick(server.base_url)
        with pytest.raises(GeneratorUnavailable, match=advice):
            list(model.stream(QUESTION, passages))
        pipeline = AnswerPipeline(model, ExtractiveGenerator(terms), terms)
        answer = pipeline.answer(QUESTION, passages)
    assert answer.generator == "extractive"
    assert answer.text.startswith("The tunnel is 57 km long. [1]")
    assert advice in answer.notes[-1]


def _joined(pieces: Sequence[Event]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


def test_a_failure_keeps_its_cause(passages: list[Passage]) -> None:
    with (
        scripted(refuse(401, "bad key")) as server,
        pytest.raises(GeneratorUnavailable) as caught,
    ):
        list(quick(server.base_url, api_key="sk-secret").stream(QUESTION, passages))
    assert caught.value.__cause__ is not None
    assert "sk-secret" not in str(caught.value)
    assert "sk-secret" not in repr(quick(server.base_url, api_key="sk-secret"))


def test_nobody_listens(passages: list[Passage]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(GeneratorUnavailable, match="cannot be reached"):
        list(quick(f"http://127.0.0.1:{port}/v1").stream(QUESTION, passages))


def test_a_silent_server_is_given_up(passages: list[Passage]) -> None:
    with scripted(stall) as server, pytest.raises(GeneratorUnavailable, match="timeout_s"):
        list(quick(server.base_url, timeout_s=0.3).stream(QUESTION, passages))


def test_a_server_that_never_ends_is_given_up(passages: list[Passage]) -> None:
    with scripted(drip) as server, pytest.raises(GeneratorUnavailable, match="total_timeout_s"):
        list(quick(server.base_url, total_timeout_s=0.5).stream(QUESTION, passages))


def test_a_passing_failure_is_retried(passages: list[Passage]) -> None:
    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        first = len(state.requests) == 1
        (refuse(503, "starting") if first else say("It is 57 km long [1]."))(handler, state)

    with scripted(script) as server:
        events = list(quick(server.base_url, max_retries=1).stream(QUESTION, passages))
    assert len(server.requests) == 2
    assert isinstance(events[-1], Answer)


def test_the_request(passages: list[Passage]) -> None:
    with scripted(say("It is 57 km long [1].")) as server:
        list(quick(server.base_url, max_tokens=77).stream(QUESTION, passages))
        modern = quick(server.base_url, temperature=None, token_limit="max_completion_tokens")
        list(modern.stream("隧道多长？", passages))
    first, second = server.requests
    assert first["stream"] is True
    assert (first["max_tokens"], first["temperature"]) == (77, 0.0)
    assert '<passage number="2">' in first["messages"][1]["content"]
    assert first["messages"][1]["content"].endswith(f"Question: {QUESTION}")
    assert "temperature" not in second
    assert second["max_completion_tokens"] == 1024
    assert "编号的段落" in second["messages"][0]["content"]


def test_one_message_completed() -> None:
    with scripted(say("<think>well</think>", "[1,", " 2]", usage=(7, 5))) as server:
        assert quick(server.base_url).complete("Count.") == Completion("[1, 2]", 7, 5)
    assert server.requests[0]["messages"] == [{"role": "user", "content": "Count."}]
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    with scripted(say("One.")) as server:
        assert quick(server.base_url).complete("Count.", 40) == Completion("One.", None, None)
        assert quick(server.base_url, max_tokens=30).complete("Count.", 40).text == "One."
    assert [request["max_tokens"] for request in server.requests] == [40, 30]
    with scripted(say("One, two", finish="length", usage=(7, 3))) as server:
        assert quick(server.base_url).complete("Count.") == Completion("One, two", 7, 3, True)
    with scripted(break_off) as server, pytest.raises(GeneratorUnavailable, match="broke off"):
        quick(server.base_url).complete("Count.")


@pytest.mark.parametrize("script", [stall, drip])
def test_one_message_is_not_waited_for_longer_than_allowed(script: Script) -> None:
    with (
        scripted(script) as server,
        pytest.raises(GeneratorUnavailable, match=r"0\.2 s"),
    ):
        quick(server.base_url, max_retries=3).complete("Count.", timeout_s=0.2)
    assert len(server.requests) == 1


def test_a_server_that_does_not_know_how_to_count_tokens_is_asked_without() -> None:
    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        if "stream_options" in state.requests[-1]:
            refuse(400, "unknown field stream_options")(handler, state)
        else:
            say("One.")(handler, state)

    with scripted(script) as server:
        assert quick(server.base_url).complete("Count.") == Completion("One.")
    assert len(server.requests) == 2


def test_a_checked_answer(passages: list[Passage], terms: Terms) -> None:
    script = say(
        "<thi", "nk>57? 58?</th", "ink>The tunnel is ", "57 km long [1]", ". It cost 9 [1]."
    )
    with scripted(script) as server:
        model = quick(server.base_url)
        pipeline = AnswerPipeline(model, ExtractiveGenerator(terms), terms)
        *pieces, answer = pipeline.stream(QUESTION, passages)
    assert all(isinstance(piece, TextDelta) for piece in pieces)
    assert _joined(pieces) == "The tunnel is 57 km long [1]. It cost 9 [1]."
    assert isinstance(answer, Answer)
    assert answer.text == "The tunnel is 57 km long [1]. It cost 9."
    assert answer.generator == "openai:m"
    assert "number 9" in answer.dropped[0]


def test_a_cut_answer_says_so(passages: list[Passage]) -> None:
    with scripted(say("It is 57 km", finish="length")) as server:
        *_, answer = quick(server.base_url).stream(QUESTION, passages)
    assert isinstance(answer, Answer)
    assert "max_tokens" in answer.notes[0]


def test_an_answer_that_nothing_supports_is_replaced(passages: list[Passage], terms: Terms) -> None:
    with scripted(say("Napoleon dug it by hand in 1804 [1].")) as server:
        pipeline = AnswerPipeline(quick(server.base_url), ExtractiveGenerator(terms), terms)
        answer = pipeline.answer(QUESTION, passages)
        kept = AnswerPipeline(
            quick(server.base_url), ExtractiveGenerator(terms), terms, keep_unsupported=True
        ).answer(QUESTION, passages)
    assert answer.text.startswith("The tunnel is 57 km long. [1]")
    assert "could be tied to a passage" in answer.notes[-1]
    assert "1804" in answer.dropped[0]
    assert kept.text == "Napoleon dug it by hand in 1804."


def test_no_passages_no_request(terms: Terms) -> None:
    with scripted(say("I know everything.")) as server:
        pipeline = AnswerPipeline(quick(server.base_url), ExtractiveGenerator(terms), terms)
        answer = pipeline.answer(QUESTION, [])
    assert server.requests == []
    assert not answer.known


@pytest.mark.parametrize(
    "options",
    [
        {"model": ""},
        {"base_url": "localhost:8000"},
        {"timeout_s": 0},
        {"max_tokens": 9000},
        {"token_limit": "tokens"},
        {"colour": "red"},
    ],
)
def test_bad_options(options: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        load_component(GENERATORS, "openai", **{"model": "m", **options})


def test_components(terms: Terms) -> None:
    assert load_component(GENERATORS, "openai", model="m").name == "openai:m"
    assert load_component(GENERATORS, "extractive", terms=terms).name == "extractive"
    with pytest.raises(BadInput, match="extractive, openai"):
        load_component(GENERATORS, "parrot")
    assert sorted(GENERATORS) == ["extractive", "openai"]


@pytest.mark.parametrize("name", sorted(GENERATORS))
def test_every_generator_keeps_the_contract(
    name: str, passages: list[Passage], terms: Terms
) -> None:
    with scripted(say("The tunnel is ", "57 km long. [1]")) as server:
        choices: dict[str, dict[str, object]] = {
            "extractive": {"terms": terms},
            "openai": {"model": "m", "base_url": server.base_url},
        }
        options = choices[name]
        made: Generator = load_component(GENERATORS, name, **options)
        *pieces, last = made.stream(QUESTION, passages)
    assert pieces
    assert all(isinstance(piece, TextDelta) for piece in pieces)
    assert isinstance(last, Answer)
    assert _joined(pieces).strip() == last.text
    assert last.generator == made.name
