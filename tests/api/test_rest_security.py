"""Who is let in, how often, with what, and what the answer keeps a browser from doing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import rest_server
import uvicorn
from starlette.testclient import TestClient

from api.access import EVERY, Role
from api.keys import Key, KeyRing, NewKey
from api.rest.app import create_app
from api.rest.limits import MAX_HEADERS, MAX_URL_BYTES
from api.rest.protection import Protection
from api.rest.server import listen
from api.service_store import ServiceStore
from api.settings import Settings
from ingest.contract import BadInput

ADMIN = NewKey("admin", {EVERY: Role.ADMIN})


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Of the client here, whose responses are of another library."""
    return rest_server.problem(answer, status)


def settings_for(folder: Path, **server: Any) -> Settings:
    return Settings.model_validate({"data_dir": folder, "server": server})


def client_of(folder: Path, **server: Any) -> TestClient:
    """A client of the application by itself: it loads no model, and no collection is opened."""
    return TestClient(
        create_app(settings_for(folder, **server)), "http://127.0.0.1", client=("192.0.2.7", 5000)
    )


def made(folder: Path, new: NewKey = ADMIN) -> tuple[Key, dict[str, str]]:
    key, token = KeyRing(ServiceStore(folder)).create(new)
    return key, {"Authorization": f"Bearer {token}"}


def protection_of(client: TestClient) -> Protection:
    found = client.app.state.protection  # type: ignore[attr-defined]
    assert isinstance(found, Protection)
    return found


@pytest.fixture(scope="module")
def open_client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """Of an application that asks for no key; nothing may make one."""
    hosts = ["braid.test", "*.lan"]
    return client_of(tmp_path_factory.mktemp("open"), allowed_hosts=hosts, audit="all")


# Whether a key is asked for


def test_loopback_asks_for_none_until_there_is_one(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    assert client.get("/v1/me").json() == {
        "id": "local", "name": "local", "grants": {"*": "admin"}, "tags": None, "expires_at": None
    }  # fmt: skip
    body = {"name": "first", "grants": {"*": "admin"}}
    token = client.post("/v1/keys", json=body).json()["token"]
    problem(client.get("/v1/me"), 401)
    me = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert me["name"] == "first"


@pytest.mark.parametrize(
    "server",
    [{"auth": "required"}, {"api_key": "x"}, {"host": "0.0.0.0"}, {"host": "::"},
     {"host": "no.such.host.invalid"}],
)  # fmt: skip
def test_elsewhere_everyone_needs_one(tmp_path: Path, server: dict[str, str]) -> None:
    client = client_of(tmp_path, **server)
    problem(client.get("/v1/me"), 401)
    problem(client.get("/metrics"), 401)
    for path in ("/health", "/ready", "/docs", "/openapi.json"):
        assert client.get(path).status_code in (200, 503), path
    _, bearer = made(tmp_path)
    assert client.get("/v1/me", headers=bearer).status_code == 200
    assert client.get(
        "/v1/me", headers={"Authorization": f"bearer  {bearer['Authorization'][7:]} "}
    )


def test_it_listens_to_others_only_with_an_admin(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"braid keys create .*server\.api_key"):
        listen(settings_for(tmp_path, host="0.0.0.0", port=0))
    made(tmp_path, NewKey("reader", {EVERY: Role.READ}))
    with pytest.raises(BadInput, match="admin"):
        listen(settings_for(tmp_path, host="0.0.0.0", port=0, auth="required"))
    key, _ = made(tmp_path)
    listen(settings_for(tmp_path, host="0.0.0.0", port=0)).close()
    KeyRing(ServiceStore(tmp_path)).revoke(key.id)
    with pytest.raises(BadInput, match="admin"):
        listen(settings_for(tmp_path, host="0.0.0.0", port=0))
    listen(settings_for(tmp_path, host="0.0.0.0", port=0, api_key="x")).close()


def test_missing_wrong_expired_and_revoked_sound_the_same(tmp_path: Path) -> None:
    client = client_of(tmp_path, auth="required")
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    _, expired = made(tmp_path, NewKey("e", {EVERY: Role.ADMIN}, expires_at=soon))
    key, revoked = made(tmp_path)
    protection_of(client).ring.revoke(key.id)
    time.sleep(0.4)
    said = set()
    for headers in ({}, {"Authorization": "Bearer braid_x_y"}, expired, revoked):
        answer = client.get("/v1/me", headers=headers)
        said.add(problem(answer, 401)["detail"])
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert len(said) == 1


def test_the_store_out_of_order_lets_nobody_in(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    (tmp_path / "service.db").write_bytes(b"no database" * 1_000)
    problem(client.get("/v1/me"), 503)


# Keys over REST


def test_keys_are_made_listed_and_revoked(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    _, bearer = made(tmp_path)
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"name": "wiki", "grants": {"papers": "read"}, "tags": ["b", "a"], "expires_at": ends}
    answer = client.post("/v1/keys", json=body, headers=bearer)
    assert answer.status_code == 201
    new = answer.json()
    assert answer.headers["Location"] == f"/v1/keys/{new['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (new["tags"], new["state"], new["used_at"]) == (["a", "b"], "active", None)
    theirs = {"Authorization": f"Bearer {new['token']}"}
    assert client.get("/v1/me", headers=theirs).json()["grants"] == {"papers": "read"}
    for method, path in (
        ("GET", "/v1/keys"),
        ("DELETE", f"/v1/keys/{new['id']}"),
        ("GET", "/v1/audit"),
    ):
        problem(client.request(method, path, headers=theirs), 403)
    problem(client.post("/v1/keys", json=body, headers=theirs), 403)
    listed = client.get("/v1/keys", headers=bearer)
    assert [key["name"] for key in listed.json()["keys"]] == ["admin", "wiki"]
    assert "token" not in listed.text and new["token"].split("_")[2] not in listed.text
    assert client.delete(f"/v1/keys/{new['id']}", headers=bearer).status_code == 204
    problem(client.get("/v1/me", headers=theirs), 401)
    found = problem(client.delete(f"/v1/keys/{new['token']}", headers=bearer), 404)
    assert new["token"].split("_")[2] not in json.dumps(found["detail"])


def test_a_key_with_tags_or_an_end_gives_no_more_on(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    ends = datetime.now(UTC) + timedelta(days=1)
    _, bearer = made(tmp_path, NewKey("a", {EVERY: Role.ADMIN}, frozenset({"hr"}), ends))
    until = client.get("/v1/me", headers=bearer).json()["expires_at"]
    body: dict[str, Any] = {
        "name": "n", "grants": {"*": "admin"}, "tags": ["hr"], "expires_at": until
    }  # fmt: skip
    for change in ({"tags": None}, {"tags": ["it"]}, {"expires_at": None}):
        problem(client.post("/v1/keys", json={**body, **change}, headers=bearer), 403)
    assert client.post("/v1/keys", json=body, headers=bearer).status_code == 201


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"name": "a\r\nb"}, {"grants": {}}, {"grants": {"papers": "owner"}},
     {"tags": [""]}, {"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "2100-01-01T00:00:00"},
     {"secret": "x"}, {"name": "x" * 65}],
)  # fmt: skip
def test_a_wrong_key_is_refused(open_client: TestClient, change: dict[str, Any]) -> None:
    body = {"name": "n", "grants": {"*": "read"}, **change}
    problem(open_client.post("/v1/keys", json=body), 422)
    assert not protection_of(open_client).ring.is_used()


# From this machine, and not through a browser


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("127.0.0.1:8080", 200), ("localhost", 200), ("LOCALHOST:1", 200),
        ("[::1]:8080", 200), ("app.localhost", 200), ("braid.test", 200), ("x.lan:8080", 200),
        ("evil.example.com", 403), ("127.0.0.1.evil.com", 403), ("localhost.evil.com", 403),
        ("evil.com#localhost", 403), ("192.0.2.7", 403), ("", 403), ("braid.test.evil.com", 403),
    ],
)  # fmt: skip
def test_without_keys_it_answers_under_the_names_of_this_machine(
    open_client: TestClient, host: str, status: int
) -> None:
    for path in ("/v1/me", "/openapi.json", "/health"):
        assert open_client.get(path, headers={"Host": host}).status_code == status


def test_with_a_key_it_answers_under_every_name(tmp_path: Path) -> None:
    _, bearer = made(tmp_path)
    headers = {"Host": "evil.example.com", "Origin": "http://evil.example.com", **bearer}
    answer = client_of(tmp_path).post("/v1/keys", headers=headers, json={})
    assert answer.status_code == 422, "a page cannot know the key"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 422),
        ({"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}, 422),
        ({"Origin": "https://page.lan"}, 422),
        ({"Origin": "http://evil.com"}, 403),
        ({"Origin": "http://127.0.0.1:3000"}, 403),
        ({"Origin": "http://127.0.0.1.evil.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "multipart/form-data; boundary=b"]
)
def test_a_page_of_another_site_changes_nothing(
    tmp_path: Path, headers: dict[str, str], status: int, kind: str
) -> None:
    client = client_of(tmp_path, allowed_hosts=["page.lan"])
    answer = client.post("/v1/keys", content=b"{}", headers={**headers, "Content-Type": kind})
    wanted = 415 if status == 422 and kind != "application/json" else status
    problem(answer, wanted)
    assert client.get("/v1/me", headers=headers).status_code == 200


# Rates


def test_a_key_has_its_rate_and_is_told(tmp_path: Path) -> None:
    client = client_of(tmp_path, requests_per_minute=6, request_burst=3)
    _, bearer = made(tmp_path)
    _, other = made(tmp_path)
    left = [client.get("/v1/me", headers=bearer).headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get("/v1/me", headers=bearer)
    problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert client.get("/v1/me", headers=other).status_code == 200
    assert all(client.get("/health").status_code == 200 for _ in range(5))


def test_without_keys_there_is_a_rate_only_where_one_is_set(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    assert "RateLimit-Limit" not in client.get("/v1/me").headers
    assert not (tmp_path / "service.rates").exists()
    client = client_of(tmp_path, requests_per_minute=6, request_burst=1)
    assert [client.get("/v1/me").status_code for _ in range(2)] == [200, 429]
    made(tmp_path)
    client = client_of(tmp_path)
    _, bearer = made(tmp_path)
    assert client.get("/v1/me", headers=bearer).headers["RateLimit-Limit"] == "200"


def test_who_guesses_has_few_tries_and_locks_no_key_out(tmp_path: Path) -> None:
    client = client_of(tmp_path, api_key="hunter2", failures_per_minute=3)
    _, bearer = made(tmp_path)
    chosen = {"Authorization": "Bearer hunter2"}
    assert client.get("/v1/me", headers=chosen).json()["id"] == "settings"
    tries = [{"Authorization": f"Bearer hunter{number}"} for number in (7, 8, 9)]
    assert [client.get("/v1/me", headers=one).status_code for one in tries] == [401, 401, 401]
    refused = client.get("/v1/me", headers=chosen)
    problem(refused, 429)
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.get("/v1/me", headers=bearer).status_code == 200
    elsewhere = TestClient(client.app, "http://127.0.0.1", client=("192.0.2.8", 5000))
    assert elsewhere.get("/v1/me", headers=chosen).status_code == 200


# Limits


def test_heads_are_limited(open_client: TestClient) -> None:
    client = open_client
    problem(client.get("/v1/me?" + "a" * MAX_URL_BYTES), 414)
    problem(client.get("/v1/me", headers={f"X-{n}": "1" for n in range(MAX_HEADERS)}), 431)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A real server, whose collections are never loaded."""
    folder = tmp_path_factory.mktemp("served")
    app = create_app(settings_for(folder, body_timeout_s=0.4, concurrent_requests=2))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, lifespan="off", log_level="critical", h11_max_incomplete_event_size=32_768
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()
        server.should_exit = True
        thread.join()


HEAD = b"POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def said(address: tuple[str, int], *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """What the server says to these bytes until it hangs up."""
    with socket.create_connection(address, timeout=30) as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
            time.sleep(pause_s)
        answer = b""
        try:
            while data := connection.recv(65_536):
                answer += data
        except ConnectionResetError:
            pass
        return answer


def test_a_body_that_stalls_or_drips_is_cut_off(served: tuple[str, int]) -> None:
    head = HEAD + b"Content-Length: 100\r\n\r\n"
    stalled = said(served, head + b'{"name"')
    assert stalled.startswith(b"HTTP/1.1 408 ") and b"urn:braid:request-timeout" in stalled
    dripped = said(served, head, *[b" "] * 20, pause_s=0.1)
    assert dripped.startswith(b"HTTP/1.1 408 ")
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert said(served, chunked + b"1\r\n{\r\n").startswith(b"HTTP/1.1 408 ")
    upload = HEAD.replace(b"application/json", b"multipart/form-data; boundary=b")
    refused = said(served, upload + b"Content-Length: 9\r\nSec-Fetch-Site: cross-site\r\n\r\n")
    assert refused.startswith(b"HTTP/1.1 408 "), "also where what is refused is read to its end"


def test_a_head_that_does_not_end_is_cut_off(served: tuple[str, int]) -> None:
    long = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000
    assert said(served, long).startswith(b"HTTP/1.1 400 ")


def test_too_many_at_once_are_refused(served: tuple[str, int]) -> None:
    host, port = served
    head = HEAD + b"Content-Length: 100\r\n\r\n"
    with (
        socket.create_connection(served) as one,
        socket.create_connection(served) as two,
        httpx.Client(base_url=f"http://{host}:{port}") as client,
    ):
        for connection in (one, two):
            connection.sendall(head)
        end = time.monotonic() + 20
        while (answer := client.get("/v1/me")).status_code != 503 and time.monotonic() < end:
            for connection in (one, two):
                connection.sendall(b" ")
        assert problem(answer, 503)["detail"].startswith("2 requests are in hand")
        assert answer.headers["Retry-After"] == "1"
        assert client.get("/health").status_code == 200
    while client_status(host, port) == 503 and time.monotonic() < end:
        time.sleep(0.05)
    assert client_status(host, port) == 200, "they are counted out again"


def client_status(host: str, port: int) -> int:
    return httpx.get(f"http://{host}:{port}/v1/me").status_code


# Headers


def test_every_answer_keeps_browsers_in_check(tmp_path: Path) -> None:
    client = client_of(tmp_path, auth="required")
    _, bearer = made(tmp_path)
    for path in ("/health", "/docs", "/openapi.json", "/v1/me", "/nothing", "/v1/keys"):
        for headers in ({}, bearer):
            answer = client.get(path, headers=headers)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            policy = answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert ("sandbox" in policy) is (path != "/docs")
            if "json" in answer.headers["Content-Type"]:
                kept = "private, no-cache" if "ETag" in answer.headers else "no-store"
                assert answer.headers["Cache-Control"] == kept


@pytest.mark.parametrize(
    "given", ["a\r\nSet-Cookie: x=1", "a\nb", "a\x00b", "\u00e9" * 8, "a" * 65]
)
def test_no_header_is_taken_over_from_a_client(tmp_path: Path, given: str) -> None:
    client = client_of(tmp_path)
    answer = client.get("/v1/me", headers={b"X-Request-Id": given.encode()})
    assert answer.headers["X-Request-Id"] != given
    assert "Set-Cookie" not in answer.headers
    for path in ("/v1/jobs/%0d%0aSet-Cookie:%20x=1", "/v1/keys/a%0d%0aSet-Cookie:x"):
        answer = client.delete(path)
        assert "Set-Cookie" not in answer.headers
        assert answer.status_code in (404, 405)


# What is written down


def test_changes_denials_and_the_use_of_admin_routes_are_written_down(tmp_path: Path) -> None:
    client = client_of(tmp_path, auth="required")
    admin, bearer = made(tmp_path)
    reader, other = made(tmp_path, NewKey("r", {"papers": Role.READ}))
    client.get("/v1/me", headers=bearer)
    client.get("/v1/keys", headers=bearer)
    body = {"name": "n", "grants": {"*": "read"}}
    client.post("/v1/keys", json=body, headers=other)
    client.post("/v1/keys?q=what+is+asked", json=body, headers=bearer)
    client.get("/v1/me")
    client.delete("/v1/collections/papers", headers=other)
    client.get("/v1/nothing", headers=bearer)
    protection_of(client).audit.flush()
    page = client.get("/v1/audit?limit=4", headers=bearer).json()
    rest = client.get(page["next"], headers=bearer).json()
    entries = page["entries"] + rest["entries"]
    assert rest["next"] is None
    assert [(one["key"], one["method"], one["path"], one["status"]) for one in entries] == [
        (reader.id, "DELETE", "/v1/collections/papers", 403),
        ("", "GET", "/v1/me", 401),
        (admin.id, "POST", "/v1/keys", 201),
        (reader.id, "POST", "/v1/keys", 403),
        (admin.id, "GET", "/v1/keys", 200),
    ]
    assert entries[0]["collection"] == "papers"
    assert entries[0]["route"] == "/v1/collections/{collection}"
    assert {one["address"] for one in entries} == {"192.0.2.7"}
    denied = client.get("/v1/audit?denied=true", headers=bearer).json()["entries"]
    assert [one["status"] for one in denied] == [403, 401, 403]
    since = client.get("/v1/audit?since=2100-01-01T00:00:00Z", headers=bearer).json()
    assert since == {"entries": [], "next": None}
    problem(client.get("/v1/audit?since=yesterday", headers=bearer), 422)


def test_everything_is_written_down_where_that_is_set(open_client: TestClient) -> None:
    client = open_client
    client.get("/v1/me")
    client.get("/health")
    client.get("/v1/nothing")
    log = protection_of(client).audit
    log.flush()
    entries = client.get("/v1/audit?limit=2").json()["entries"]
    assert [one["path"] for one in entries] == ["/v1/nothing", "/v1/me"]
