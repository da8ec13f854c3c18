"""A server that asks for a key, with a language model behind it: a real HTTP endpoint that says
what a test wants it to."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from rest_server import finished, running
from scripted_server import Script, Scripted, say, scripted

from api.settings import Settings
from api.settings_answer import AnswerSettings
from api.settings_conversations import ConversationSettings
from api.settings_server import ServerSettings

KEY = "the-key-of-the-doors-0123456789abcdef"
ANSWER = "The warranty lasts 24 months from the day of delivery [1]."
MANUAL = """# AV-200 pump

## Warranty

The warranty lasts 24 months from the day of delivery.

## Lubrication

Bearings take 20 g of polyurea grease every 4,000 hours.
"""
POLICY = """# 差旅费管理规定

## 住宿标准

一线城市的住宿费每人每晚不超过六百五十元。

## 报销期限

出差结束后十五个工作日内必须提交报销单。
"""
DOCUMENTS = [
    {
        "id": "manual.md",
        "title": "AV-200 pump",
        "text": MANUAL,
        "metadata": {"year": 2023, "author": "Li Wei", "tags": ["pump", "water"]},
    },
    {
        "id": "差旅费.md",
        "title": "差旅费管理规定",
        "text": POLICY,
        "metadata": {"year": 2021, "author": "财务部", "issued": "2021-06-01"},
    },
]


@dataclass
class Speaker:
    """The model: `script` is what it does when it is asked, and `gone` is set when whoever asked
    has hung up."""

    script: Script
    gone: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    state: Scripted = field(default_factory=lambda: Scripted(""))

    def silent(self, handler: BaseHTTPRequestHandler, _: Scripted) -> None:
        """Reads the question, and says nothing for as long as anybody waits."""
        self.asked.set()
        if select.select([handler.connection], [], [], 20)[0] and not handler.connection.recv(1):
            self.gone.set()

    def prompts(self) -> list[str]:
        """What it was last asked, message by message."""
        return [str(one["content"]) for one in self.state.requests[-1]["messages"]]


@dataclass(frozen=True)
class Door:
    """A client with the key of the server, the model behind it, and the server's data folder. The
    collection `manuals` holds DOCUMENTS."""

    client: httpx.Client
    speaker: Speaker
    folder: Path

    @contextmanager
    def hanging_up(self, path: str, body: dict[str, Any]) -> Iterator[socket.socket]:
        """A request that nobody waits for: the line is cut when the block ends."""
        host, port = self.client.base_url.host, self.client.base_url.port
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        with socket.create_connection((host, port or 80)) as line:
            line.sendall(head.encode() + data)
            yield line

    @property
    def base_url(self) -> str:
        return str(self.client.base_url).rstrip("/")


@pytest.fixture(scope="session")
def door_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    speaker = Speaker(say(ANSWER, usage=(100, 12)))
    with scripted(lambda handler, state: speaker.script(handler, state)) as state:
        speaker.state = state
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("doors"),
            answer=AnswerSettings(
                model="m", base_url=state.base_url, max_retries=0, breaker_failures=1_000
            ),
            conversations=ConversationSettings(max_turns=4, per_caller=3, history_turns=2),
            server=ServerSettings(api_key=KEY, heartbeat_s=0.2),
        )
        with running(settings) as client:
            client.headers["Authorization"] = f"Bearer {KEY}"
            client.post("/v1/collections", json={"name": "manuals"})
            address = "/v1/collections/manuals/documents/text"
            taken = client.post(address, json={"documents": DOCUMENTS})
            assert finished(client, taken.headers["Location"])["counts"]["added"] == 2
            yield Door(client, speaker, settings.data_dir)


@pytest.fixture
def door(door_server: Door) -> Door:
    """The same, with a model that answers."""
    speaker = door_server.speaker
    speaker.script = say(ANSWER, usage=(100, 12))
    speaker.gone.clear()
    speaker.asked.clear()
    speaker.state.requests.clear()
    return door_server
