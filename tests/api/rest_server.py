"""A real server on a free port, in a thread of this process."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from api.rest.app import create_app
from api.rest.tracing import Tracing
from api.settings import Settings

DEADLINE_S = 120.0


@contextmanager
def running(settings: Settings, tracing: Tracing | None = None) -> Iterator[httpx.Client]:
    """A client of a server over these settings. The server may still be loading."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            create_app(settings, tracing), log_level="warning", timeout_graceful_shutdown=30
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            host, port = listener.getsockname()
            with httpx.Client(base_url=f"http://{host}:{port}", timeout=DEADLINE_S) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(DEADLINE_S)
        assert not thread.is_alive(), "the server did not stop"


def finished(client: httpx.Client, address: str) -> dict[str, Any]:
    """A job once it has ended."""
    return until(client, address, lambda job: job["state"] in ("done", "failed"))


def until(client: httpx.Client, address: str, wanted: Any) -> dict[str, Any]:
    """A resource once it is as wanted."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        found: dict[str, Any] = client.get(address).json()
        if wanted(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{address} did not come to be as wanted: {found}")


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that a response holds, after the checks that hold for every problem."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["status"] == status
    assert found["detail"] and found["title"] and found["type"].startswith("urn:braid:")
    assert found["request_id"] == response.headers["X-Request-Id"]
    assert "Traceback" not in response.text and '.py"' not in response.text
    return found
