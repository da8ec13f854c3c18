"""How soon after retrieval the first event of an answer leaves, with a language model that takes
its time; and how soon the line to the model is cut when the client hangs up.

    python bench/first_event.py [QUESTIONS]

Everything runs on this machine: the service in a thread, and a server that speaks as a language
model does and waits half a second before it says anything.
"""

from __future__ import annotations

import json
import logging
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn

from api.rest.app import create_app
from api.settings import Settings
from api.settings_answer import AnswerSettings
from api.settings_server import ServerSettings

_THINKS_S = 0.5
_DOCUMENTS = 300
_WORDS = ("pump", "valve", "seal", "motor", "bearing", "filter", "gauge", "pipe")


class SlowModel(BaseHTTPRequestHandler):
    """Says one sentence, after a while; notices when nobody waits any more."""

    asked = threading.Event()
    gone: float = 0.0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        SlowModel.asked.set()
        self.connection.settimeout(_THINKS_S)
        try:
            if not self.connection.recv(1):
                SlowModel.gone = time.perf_counter()
                return
        except TimeoutError:
            pass
        choice = {"index": 0, "delta": {"content": "It is so [1]."}, "finish_reason": "stop"}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        line = json.dumps({**chunk, "choices": [choice]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(b"data: " + line + b"\n\ndata: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@contextmanager
def served(folder: Path) -> Iterator[httpx.Client]:
    """A client of a server with some documents."""
    model = ThreadingHTTPServer(("127.0.0.1", 0), SlowModel)
    model.daemon_threads = True
    threading.Thread(target=model.serve_forever, daemon=True).start()
    settings = Settings(
        data_dir=folder,
        answer=AnswerSettings(model="m", base_url=f"http://127.0.0.1:{model.server_port}/v1"),
        server=ServerSettings(jobs="thread"),
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = listener.getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            fill(client)
            yield client
        server.should_exit = True
        thread.join()
    model.shutdown()


def fill(client: httpx.Client) -> None:
    """Documents about machines."""
    client.post("/v1/collections", json={"name": "machines"})
    documents = [
        {
            "id": f"d{number}",
            "text": f"The {_WORDS[number % 8]} of line {number} is checked every {number + 3} days "
            f"by the crew of hall {number % 17}, and replaced after {number * 7} hours.",
        }
        for number in range(_DOCUMENTS)
    ]
    address = "/v1/collections/machines/documents/text"
    job = client.post(address, json={"documents": documents}).headers["Location"]
    while client.get(job).json()["state"] not in ("done", "failed"):
        time.sleep(0.2)


def first_event(client: httpx.Client, number: int) -> dict[str, float]:
    """Milliseconds of one question until its first event, and those that were retrieval."""
    word = _WORDS[number % 8]
    body = {
        "query": f"How often is the {word} of line {number} checked?",
        "stream": True,
        "cache": False,
        "explain": True,
    }
    begun = time.perf_counter()
    address = "/v1/collections/machines/query"
    found: dict[str, float] = {}
    with client.stream("POST", address, json=body) as response:
        for line in response.iter_lines():
            if line.startswith("data: ") and not found:
                first = (time.perf_counter() - begun) * 1000
                said: Any = json.loads(line[6:])
                retrieval = sum(said["explanation"]["timings_ms"].values())
                found = {"first": first, "retrieval": retrieval, "after": first - retrieval}
            if line.startswith("event: answer"):
                found["answer"] = (time.perf_counter() - begun) * 1000
    return found


def hang_up(client: httpx.Client) -> float:
    """Milliseconds from a client's hanging up to the model's noticing."""
    SlowModel.gone = 0.0
    SlowModel.asked.clear()
    data = json.dumps({"query": "How often is the pump checked?", "cache": False}).encode()
    url = client.base_url
    head = (
        f"POST /v1/collections/machines/query HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 80)) as line:
        line.sendall(head.encode() + data)
        SlowModel.asked.wait(10)
    cut = time.perf_counter()
    while not SlowModel.gone and time.perf_counter() - cut < 5:
        time.sleep(0.002)
    return (SlowModel.gone - cut) * 1000 if SlowModel.gone else float("nan")


def main(questions: int = 40) -> None:
    """Prints the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as client:
        for number in range(3):
            first_event(client, number)
        found = [first_event(client, number) for number in range(questions)]
        for name in ("retrieval", "first", "after", "answer"):
            values = sorted(one[name] for one in found)
            p95 = values[int(len(values) * 0.95) - 1]
            print(f"{name:10} p50 {statistics.median(values):7.1f} ms   p95 {p95:7.1f} ms")
        cuts = sorted(hang_up(client) for _ in range(10))
        print(f"{'hung up':10} p50 {statistics.median(cuts):7.1f} ms   max {cuts[-1]:7.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
