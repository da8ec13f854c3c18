"""The OpenAI door, by OpenAI's own client."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import openai
import pytest
from door_fixtures import ANSWER, KEY, Door
from openai.types.chat import ChatCompletionChunk
from scripted_server import refuse, say

QUESTION = "How long does the warranty last?"


@pytest.fixture
def client(door: Door) -> Any:
    with openai.OpenAI(base_url=f"{door.base_url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def asked(client: openai.OpenAI, question: str = QUESTION, **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": question}]
    body = {"braid": {"cache": False}, **more.pop("extra_body", {})}
    found: Any = client.chat.completions.create(
        model="braid/manuals", messages=messages, extra_body=body, **more
    )
    return found


def chunks(client: openai.OpenAI, **more: Any) -> list[ChatCompletionChunk]:
    return list(asked(client, stream=True, **more))


def written(found: list[ChatCompletionChunk]) -> str:
    return "".join(one.choices[0].delta.content or "" for one in found if one.choices)


def test_each_collection_is_a_model(client: openai.OpenAI) -> None:
    assert "braid/manuals" in [model.id for model in client.models.list()]
    assert client.models.retrieve("braid/manuals").owned_by == "braid"
    with pytest.raises(openai.NotFoundError, match="no collection"):
        client.models.retrieve("braid/nowhere")


def test_an_answer_comes_with_citations_in_both_forms(client: openai.OpenAI) -> None:
    completion = asked(client, temperature=0.3, max_tokens=50, user="somebody")
    message = completion.choices[0].message
    assert message.content is not None and "24 months" in message.content
    assert completion.choices[0].finish_reason == "stop"
    (citation,) = message.model_extra["citations"]
    assert citation["document_id"] == "manual.md"
    assert "24 months" in citation["quote"]
    start, end = citation["span"]
    assert "24 months" in message.content[start:end]
    assert message.annotations is not None
    url = message.annotations[0].url_citation
    assert (url.start_index, url.end_index) == (start, end)
    assert url.title == "AV-200 pump"
    assert url.url.endswith(f"/v1/collections/manuals/chunks/{citation['chunk_id']}")
    assert completion.usage is not None
    assert completion.usage.total_tokens == (
        completion.usage.prompt_tokens + completion.usage.completion_tokens
    )
    assert completion.model_extra["braid"]["known"] is True


def test_a_stream_has_the_same_answer_citations_and_usage(client: openai.OpenAI) -> None:
    whole = asked(client)
    found = chunks(client, stream_options={"include_usage": True})
    assert found[0].choices[0].delta.role == "assistant"
    assert written(found) == ANSWER
    *_, last, usage = found
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.model_extra is not None
    assert (
        last.choices[0].delta.model_extra["citations"]
        == (whole.choices[0].message.model_extra["citations"])
    )
    assert last.model_extra["braid"]["answer"] == whole.choices[0].message.content  # type: ignore[index]
    assert not usage.choices and usage.usage == whole.usage
    assert len({one.id for one in found}) == 1


def test_the_asynchronous_client_streams_too(door: Door) -> None:
    async def read() -> str:
        text = ""
        async with openai.AsyncOpenAI(base_url=f"{door.base_url}/v1", api_key=KEY) as client:
            stream = await client.chat.completions.create(
                model="braid/manuals", messages=[{"role": "user", "content": QUESTION}], stream=True
            )
            async for one in stream:
                text += (one.choices[0].delta.content or "") if one.choices else ""
        return text

    assert "24 months" in asyncio.run(read())


def test_turns_before_are_read_with_the_question(client: openai.OpenAI, door: Door) -> None:
    messages: Any = [
        {"role": "system", "content": "Talk like a pirate."},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": [{"type": "text", "text": "And when does it begin?"}]},
    ]
    client.chat.completions.create(
        model="braid/manuals", messages=messages, extra_body={"braid": {"cache": False}}
    )
    final = door.speaker.prompts()[-1]
    assert "warranty" in final.splitlines()[-1], "the question does not stand by itself"
    assert not any("pirate" in prompt for prompt in door.speaker.prompts())


def test_a_filter_restricts_the_documents(client: openai.OpenAI) -> None:
    body = {"braid": {"cache": False, "filter": {"year": 2021}}}
    completion = asked(client, extra_body=body)
    cited = completion.choices[0].message.model_extra["citations"]
    assert all(one["document_id"] == "差旅费.md" for one in cited)


def test_where_the_model_fails_a_stream_says_the_whole_answer(
    client: openai.OpenAI, door: Door
) -> None:
    door.speaker.script = refuse(500, "broken")
    found = chunks(client)
    assert "24 months" in written(found)
    told = found[-1].model_extra["braid"]  # type: ignore[index]
    assert told["generator"] == "extractive" and told["notes"]


def test_what_breaks_off_is_followed_by_the_answer(client: openai.OpenAI, door: Door) -> None:
    door.speaker.script = say("The warranty is about to", finish=None)
    text = written(chunks(client))
    before, _, after = text.partition("\n\n---\n\n")
    assert before == "The warranty is about to"
    assert "24 months" in after


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "braid/nowhere"}, 404, "model_not_found"),
        ({"model": "gpt-4o"}, 404, "model_not_found"),
        ({"messages": []}, 400, None),
        ({"messages": [{"role": "assistant", "content": "Hello"}]}, 400, None),
        ({"n": 3}, 400, None),
        ({"stream": "perhaps"}, 400, None),
        ({"braid": {"filter": {"year": {"$near": 1}}}}, 400, None),
    ],
)
def test_errors_are_in_openais_form(
    door: Door, body: dict[str, Any], status: int, code: str | None
) -> None:
    messages = [{"role": "user", "content": QUESTION}]
    given = {"model": "braid/manuals", "messages": messages, **body}
    response = door.client.post("/v1/chat/completions", json=given)
    assert response.status_code == status
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error" and error["message"]
    assert error["code"] == code


def test_without_the_key_the_client_is_told_so(door: Door) -> None:
    with (
        openai.OpenAI(base_url=f"{door.base_url}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="key"),
    ):
        client.models.list()


def test_a_body_that_is_no_json_is_an_error_of_the_same_form(door: Door) -> None:
    headers = {"Content-Type": "application/json"}
    response = door.client.post("/v1/chat/completions", content=b"{", headers=headers)
    assert response.status_code == 400 and "JSON" in response.json()["error"]["message"]
    response = door.client.post("/v1/chat/completions", content=b"a=b")
    assert response.status_code == 415 and response.json()["error"]["message"]
    assert re.fullmatch(r"application/json", response.headers["Content-Type"])


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_ends_the_call_of_the_model(door: Door, stream: bool) -> None:
    door.speaker.script = door.speaker.silent
    body = {
        "model": "braid/manuals",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": stream,
        "braid": {"cache": False},
    }
    with door.hanging_up("/v1/chat/completions", body) as line:
        assert door.speaker.asked.wait(30)
        if stream:
            line.settimeout(10)
            assert b"assistant" in line.recv(65536), "nothing was said before the model was"
    assert door.speaker.gone.wait(10), "the model is still being waited for"
