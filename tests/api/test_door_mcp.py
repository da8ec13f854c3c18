"""The MCP door, by the client of the same protocol, over both of its transports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from door_fixtures import KEY, Door
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from rest_server import finished

QUESTION = "How long does the warranty last?"
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}


def over_http(door: Door, work: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    """What work gives with a client of the running server."""

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        import httpx2

        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{door.base_url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await work(client)

    return asyncio.run(run())


def test_the_tools_say_what_they_take_and_give(door: Door) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in over_http(door, work)}
    assert set(tools) == {
        "braid_search",
        "braid_ask",
        "braid_list_collections",
        "braid_get_document",
    }
    for tool in tools.values():
        assert tool.description and tool.input_schema["type"] == "object" and tool.output_schema
    assert tools["braid_search"].input_schema["required"] == ["query"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_collections_and_passages_are_found(door: Door, mode: str) -> None:
    async def work(client: Client) -> Any:
        listed = await client.call_tool("braid_list_collections", {})
        found = await client.call_tool("braid_search", {"query": QUESTION, "k": 2})
        return listed, found

    listed, found = over_http(door, work, mode)
    assert {"name": "manuals", "documents": 2, "passages": 2} in (
        listed.structured_content["collections"]
    )
    assert "24 months" in found.content[0].text and "manual.md" in found.content[0].text
    assert found.structured_content["passages"][0]["document_id"] == "manual.md"
    assert found.structured_content["relevant"] is True


def test_a_document_is_read_part_by_part(door: Door) -> None:
    paragraphs = [f"On day {day} the pump ran for {day + 100} hours. " * 12 for day in range(30)]
    text = "\n\n".join(paragraphs)
    door.client.post("/v1/collections", json={"name": "long"})
    taken = door.client.post(
        "/v1/collections/long/documents/text", json={"documents": [{"id": "log", "text": text}]}
    )
    finished(door.client, taken.headers["Location"])

    async def work(client: Client) -> Any:
        parts: list[Any] = []
        after: int | None = 0
        while after is not None:
            given = {"collection": "long", "document_id": "log", "after": after, "limit": 4}
            part = await client.call_tool("braid_get_document", given)
            parts.append(part)
            after = part.structured_content["next"]
        return parts

    try:
        parts = over_http(door, work)
    finally:
        assert door.client.delete("/v1/collections/long").status_code == 204
    assert len(parts) > 2
    read = "".join(
        passage["text"] for part in parts for passage in part.structured_content["passages"]
    )
    assert "".join(read.split()) == "".join(text.split())
    assert "more: after=4" in parts[0].content[0].text


def test_an_answer_comes_as_text_and_as_data(door: Door) -> None:
    async def work(client: Client) -> Any:
        first = await client.call_tool("braid_ask", {"question": QUESTION, "conversation": "new"})
        id = first.structured_content["conversation"]
        then = {"question": "And when does it begin?", "conversation": id}
        return first, await client.call_tool("braid_ask", then)

    first, then = over_http(door, work)
    assert "24 months" in first.content[0].text
    assert "Sources:\n[1] manual.md" in first.content[0].text
    (citation,) = first.structured_content["citations"]
    assert citation["document_id"] == "manual.md" and "24 months" in citation["quote"]
    assert then.structured_content["conversation"] == first.structured_content["conversation"]
    assert "warranty" in door.speaker.prompts()[-1].splitlines()[-1]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("braid_search", {"query": "x", "collection": "nowhere"}, "no collection"),
        ("braid_search", {"query": "x", "kk": 1}, "kk"),
        ("braid_search", {"query": ""}, "query"),
        ("braid_get_document", {"document_id": "nothing"}, "no document"),
        ("braid_ask", {"question": "x", "conversation": "of-another"}, "no conversation"),
    ],
)
def test_what_goes_wrong_is_said_to_the_model(
    door: Door, tool: str, arguments: dict[str, Any], said: str
) -> None:
    async def work(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    result = over_http(door, work)
    assert result.is_error and said in result.content[0].text


def test_nobody_gets_in_without_the_key(door: Door) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        response = httpx.post(
            f"{door.base_url}/mcp", json=call, headers={**MCP_HEADERS, **headers}, timeout=60
        )
        assert response.status_code == 401


def test_a_server_without_a_key_is_reached_by_its_own_name_alone(client: httpx.Client) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    asked = client.post("/mcp", json=call, headers=MCP_HEADERS)
    assert asked.status_code == 200, asked.text
    rebound = client.post("/mcp", json=call, headers={**MCP_HEADERS, "Host": "evil.example"})
    assert rebound.status_code in (400, 403, 421)
    foreign = {**MCP_HEADERS, "Origin": "http://evil.example"}
    assert client.post("/mcp", json=call, headers=foreign).status_code == 403


def test_a_client_that_goes_away_ends_the_call_of_the_model(door: Door) -> None:
    door.speaker.script = door.speaker.silent

    async def work(client: Client) -> None:
        asking = asyncio.create_task(
            client.call_tool("braid_ask", {"question": "Who pays for the warranty?"})
        )
        await asyncio.to_thread(door.speaker.asked.wait, 20)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.to_thread(door.speaker.gone.wait, 10)

    over_http(door, work)
    assert door.speaker.gone.is_set(), "the model is still being waited for"


def test_the_command_serves_the_tools_over_stdio(door: Door, tmp_path: Path) -> None:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from api.cli import main; main()", "mcp", "--data-dir", str(door.folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "HF_HUB_OFFLINE": "1"},
        cwd=tmp_path,
    )

    async def run() -> Any:
        async with Client(stdio_client(server)) as client:
            found = await client.call_tool("braid_search", {"query": QUESTION})
            answer = await client.call_tool("braid_ask", {"question": QUESTION})
            return found, answer

    found, answer = asyncio.run(run())
    assert "24 months" in found.content[0].text
    assert "24 months" in answer.content[0].text
    assert answer.structured_content["citations"][0]["document_id"] == "manual.md"
