"""A job that waits while its collection is locked, outlives its server, and is done by the next
one, which asks for a key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from rest_server import finished, problem, running, until

from api.settings import Settings
from api.settings_server import ServerSettings
from index.lock import writer_lock

KEY = "s3cret-密钥"
TEXT = "The spare key of the pump house hangs behind the door of room 12."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("restart")


@pytest.fixture(scope="module")
def waiting(data: Path) -> Iterator[dict[str, Any]]:
    """The job as the first server left it."""
    folder = data / "collections" / "slow"
    # The lock is freed after the server has ended, so that it cannot do the job itself.
    with ExitStack() as lock, running(Settings(data_dir=data)) as client:
        assert client.post("/v1/collections", json={"name": "slow"}).status_code == 201
        lock.enter_context(writer_lock(folder))
        taken = client.post(
            "/v1/collections/slow/documents",
            files=[("files", ("a.txt", TEXT.encode())), ("files", ("b.txt", b"Not much."))],
            data={"metadata": json.dumps({"floor": 1})},
        )
        job = until(client, taken.headers["Location"], lambda job: job["note"])
        problem(client.delete("/v1/collections/slow"), 409)
        assert client.get("/v1/collections/slow").json()["documents"] == 0
    yield job


@pytest.fixture(scope="module")
def client(data: Path, waiting: dict[str, Any]) -> Iterator[httpx.Client]:
    server = ServerSettings(api_key=SecretStr(KEY), failures_per_minute=0)
    with running(Settings(data_dir=data, server=server)) as client:
        yield client


@pytest.fixture
def keyed(client: httpx.Client) -> Iterator[httpx.Client]:
    bearer = {b"Authorization": f"Bearer {KEY}".encode()}
    with httpx.Client(base_url=client.base_url, headers=bearer, timeout=120) as keyed:
        yield keyed


ROUTES = [
    ("GET", "/v1/collections"),
    ("POST", "/v1/collections"),
    ("GET", "/v1/collections/slow"),
    ("DELETE", "/v1/collections/slow"),
    ("POST", "/v1/collections/slow/documents"),
    ("GET", "/v1/collections/slow/documents/a.txt"),
    ("DELETE", "/v1/collections/slow/documents/a.txt"),
    ("POST", "/v1/collections/slow/search"),
    ("POST", "/v1/collections/slow/query"),
    ("GET", "/v1/jobs/x"),
    ("GET", "/no/such/route"),
    ("GET", "/health/"),
    ("GET", "/health//"),
    ("GET", "/static"),
    ("GET", "/docs/../v1/collections"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x"]
)
def test_nobody_gets_in_without_the_key(
    client: httpx.Client, method: str, path: str, header: str | None
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    refused = client.request(method, path, headers=headers)
    problem(refused, 401)
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_health_and_what_shows_no_data_ask_for_no_key(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/openapi.json"):
        assert client.get(path).status_code in (200, 307)
    found = client.get("/health")
    assert found.status_code == 200
    assert found.json()["status"] in ("loading", "ok")
    assert found.json()["version"]


def test_the_job_waited_and_said_for_whom(waiting: dict[str, Any]) -> None:
    assert waiting["state"] == "queued"
    assert "being written to by process" in waiting["note"]


def test_the_next_server_does_the_job(
    keyed: httpx.Client, waiting: dict[str, Any], data: Path
) -> None:
    folder = data / "collections" / "slow" / "spool" / waiting["id"]
    job = finished(keyed, f"/v1/jobs/{waiting['id']}")
    assert (job["state"], job["note"]) == ("done", "")
    assert [item["state"] for item in job["documents"]] == ["added", "added"]
    assert not folder.exists()
    body = {"query": "where is the spare key?", "filter": {"floor": 1}, "k": 1}
    hits = keyed.post("/v1/collections/slow/search", json=body).json()["hits"]
    assert hits[0]["text"] == TEXT
    for name, text in (("a.txt", TEXT), ("b.txt", "Not much.")):
        kept = keyed.get("/v1/collections/slow/original", params={"document": name})
        assert kept.content == text.encode()
