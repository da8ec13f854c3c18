"""A real HTTP server that answers as it is told: for what a healthy model server does not do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Scripted:
    """The server's address, the requests that it got, and the event that ends its stalls."""

    base_url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


Script = Callable[[BaseHTTPRequestHandler, Scripted], None]


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    """Run the script for every POST until the block ends."""
    state = Scripted("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            self.asked = json.loads(self.rfile.read(length))
            state.requests.append(self.asked)
            script(self, state)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def refuse(status: int, message: str) -> Script:
    """An error in OpenAI's form."""

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        body = json.dumps({"error": {"message": message, "type": "x"}}).encode()
        send(handler, body, status, "application/json")

    return script


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    media_type: str = "text/event-stream",
    promised: int | None = None,
) -> None:
    """A whole response, or less of it than was promised."""
    handler.send_response(status)
    handler.send_header("content-type", media_type)
    handler.send_header("content-length", str(len(body) if promised is None else promised))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


def stall(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    """Say nothing until the test is over."""
    state.released.wait(30)


def drip(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    """A word now and then, without end."""
    handler.send_response(200)
    handler.send_header("content-type", "text/event-stream")
    handler.end_headers()
    while not state.released.is_set():
        try:
            handler.wfile.write(delta("word "))
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


def delta(text: str, finish: str | None = None) -> bytes:
    """One event of a completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode()


def say(*pieces: str, finish: str | None = "stop", usage: tuple[int, int] | None = None) -> Script:
    """A whole answer in pieces, with the tokens that were read and written where these are
    given."""

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        body = b"".join(map(delta, pieces))
        if finish is not None:
            body += delta("", finish) + (counted(*usage) if usage else b"") + b"data: [DONE]\n\n"
        send(handler, body)

    return script


def counted(prompt_tokens: int, completion_tokens: int) -> bytes:
    """The event that tells how many tokens were read and written."""
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return f"data: {json.dumps(chunk | {'choices': [], 'usage': usage})}\n\n".encode()


def reply(write: Callable[[str], str]) -> Script:
    """An answer to each message by itself, whichever comes first; a message has 10 tokens and
    an answer 5."""

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        message = handler.asked["messages"][-1]["content"]  # type: ignore[attr-defined]
        say(write(message), usage=(10, 5))(handler, state)

    return script
