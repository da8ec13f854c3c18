"""What a key may not see, no door shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2
import openai
import pytest
from door_fixtures import Door
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from rest_server import finished

SECRET = "The merger with Globex is called project Marigold and costs 512 million."
QUESTION = "What is the merger with Globex called?"


@dataclass(frozen=True)
class Reader:
    """Whoever holds a key."""

    base_url: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def tool(self, name: str, arguments: dict[str, Any]) -> Any:
        async def run() -> Any:
            async with httpx2.AsyncClient(headers=self.headers, timeout=60) as http:
                transport = streamable_http_client(f"{self.base_url}/mcp", http_client=http)
                async with Client(transport) as client:
                    return await client.call_tool(name, arguments)

        return asyncio.run(run())

    def chat(self) -> str:
        with openai.OpenAI(base_url=f"{self.base_url}/v1", api_key=self.key) as client:
            messages: Any = [{"role": "user", "content": QUESTION}]
            return client.chat.completions.create(
                model="braid/guarded", messages=messages
            ).model_dump_json()

    def dify(self) -> str:
        body = {
            "knowledge_id": "guarded",
            "query": QUESTION,
            "retrieval_setting": {"top_k": 5, "score_threshold": 0},
        }
        address = f"{self.base_url}/retrieval"
        return httpx.post(address, json=body, headers=self.headers, timeout=60).text


@pytest.fixture(scope="module")
def guarded(door_server: Door) -> Iterator[Door]:
    client = door_server.client
    client.post("/v1/collections", json={"name": "guarded"})
    documents = [
        {"id": "secret", "text": SECRET, "access": ["board"]},
        {"id": "open", "text": "The canteen opens at 11:30."},
    ]
    address = "/v1/collections/guarded/documents/text"
    taken = client.post(address, json={"documents": documents})
    assert taken.status_code == 202, taken.text
    assert finished(client, taken.headers["Location"])["counts"]["added"] == 2
    yield door_server
    client.delete("/v1/collections/guarded")


def reader(door: Door, tags: list[str], collection: str = "guarded") -> Reader:
    body = {"name": "reader", "grants": {collection: "read"}, "tags": tags}
    made = door.client.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    return Reader(door.base_url, made.json()["token"])


def test_every_door_shows_a_document_to_who_may_see_it_alone(guarded: Door, door: Door) -> None:
    door.speaker.script = lambda handler, state: handler.send_error(500)
    board, staff = reader(door, ["board"]), reader(door, ["staff"])
    seen = [
        (
            one.tool("braid_search", {"query": QUESTION}).content[0].text,
            one.tool("braid_ask", {"question": QUESTION}).content[0].text,
            one.tool("braid_get_document", {"document_id": "secret"}).content[0].text,
            one.chat(),
            one.dify(),
        )
        for one in (board, staff)
    ]
    assert all("Marigold" in text for text in seen[0]), seen[0]
    assert not any("Marigold" in text for text in seen[1]), seen[1]
    listed = staff.tool("braid_list_collections", {}).structured_content
    assert listed == {"collections": [{"name": "guarded", "documents": 1, "passages": 1}]}


def test_a_kept_answer_is_for_those_with_the_same_tags(guarded: Door, door: Door) -> None:
    address = "/v1/collections/guarded/query"
    answers = {}
    for tags in ("board", "staff"):
        headers = reader(door, [tags]).headers
        body = {"query": QUESTION}
        for _ in range(2):
            answers[tags] = httpx.post(
                f"{door.base_url}{address}", json=body, headers=headers, timeout=60
            ).json()
    assert "Marigold" not in str(answers["staff"])
    assert any(hit["document_id"] == "secret" for hit in answers["board"]["hits"])


def test_a_conversation_is_its_keys_alone(guarded: Door, door: Door) -> None:
    one, other = reader(door, ["board"]), reader(door, ["board"])
    base = f"{door.base_url}/v1/collections/guarded"
    body = {"query": QUESTION, "conversation": "new"}
    asked = httpx.post(f"{base}/query", json=body, headers=one.headers, timeout=60).json()
    address = f"{base}/conversations/{asked['conversation']}"
    assert httpx.get(address, headers=one.headers).status_code == 200
    assert httpx.get(address, headers=other.headers).status_code == 404
    assert httpx.delete(address, headers=other.headers).status_code == 404


def test_a_key_for_another_collection_opens_no_door_here(guarded: Door, door: Door) -> None:
    stranger = reader(door, ["board"], collection="elsewhere")
    assert stranger.tool("braid_search", {"query": "x", "collection": "guarded"}).is_error
    assert "1002" in stranger.dify()
    with pytest.raises(openai.PermissionDeniedError):
        stranger.chat()
