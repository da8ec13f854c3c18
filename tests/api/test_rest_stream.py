"""Streams with a language model behind them, which here is a scripted endpoint."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from rest_server import finished, running

from api.settings import Settings
from api.settings_answer import AnswerSettings

TEXT = "The warranty lasts 24 months from the day of delivery."


class Endless(BaseHTTPRequestHandler):
    """Writes a word every 20 ms for as long as anybody listens."""

    gone = threading.Event()
    written = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        piece = {"index": 0, "delta": {"content": "months "}, "finish_reason": None}
        line = b"data: " + json.dumps({**chunk, "choices": [piece]}).encode() + b"\n\n"
        try:
            for _ in range(3_000):
                self.wfile.write(line)
                self.wfile.flush()
                Endless.written += 1
                time.sleep(0.02)
        except OSError:
            Endless.gone.set()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def written(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    data: Path = tmp_path_factory.mktemp("stream")
    answer = AnswerSettings(model="m", base_url=endpoint)
    with running(Settings(data_dir=data, answer=answer)) as client:
        client.post("/v1/collections", json={"name": "s"})
        body = {"documents": [{"id": "w", "text": TEXT}]}
        taken = client.post("/v1/collections/s/documents/text", json=body)
        assert finished(client, taken.headers["Location"])["counts"]["added"] == 1
        yield client


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_stops_the_writing(written: httpx.Client, stream: bool) -> None:
    Endless.gone.clear()
    Endless.written = 0
    body = {"query": "How long does the warranty last?", "stream": stream}
    timeout = httpx.Timeout(60.0, read=60.0 if stream else 1.0)
    with httpx.Client(base_url=written.base_url, timeout=timeout) as client:
        if stream:
            with client.stream("POST", "/v1/collections/s/query", json=body) as response:
                for line in response.iter_lines():
                    if line.startswith("event: delta"):
                        break
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/collections/s/query", json=body)
    assert Endless.gone.wait(10), "the endpoint is still being read from"
    assert 0 < Endless.written < 1_000
    assert written.get("/health").json()["status"] == "ok"
