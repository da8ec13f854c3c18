"""Secrets are nowhere: not in what is logged, stored or answered, whatever a client does. And names
from clients lead to no file but their own."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from rest_server import finished, running

from api.access import EVERY, Role
from api.keys import KeyRing, NewKey
from api.rest.app import create_app
from api.rest.guard import routes_of
from api.rest.logs import log_to_stderr
from api.service_store import ServiceStore
from api.settings import Settings

CHOSEN, MODEL_KEY = "chosen-server-key-5417", "sk-model-key-9362"
OUTSIDE = "root-of-all-secrets-7c1e"
TRAVERSALS = (
    "../../outside.txt", "..%2f..%2foutside.txt", "%2e%2e/%2e%2e/outside.txt",
    "..\\..\\outside.txt", "..%5c..%5coutside.txt", "%252e%252e%252foutside.txt",
    "/etc/passwd", "%2fetc%2fpasswd", "....//....//outside.txt", "..;/outside.txt",
    "outside.txt%00.pdf", "C:%5coutside.txt", "%c0%ae%c0%ae/outside.txt", "~root",
    "file:%2f%2f%2fetc%2fpasswd", "service.db", "..%2fservice.db", "..%2f..%2fservice.db",
    "%00", "%0d%0aSet-Cookie:%20a=b",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A server with its log, and the headers of an admin."""

    client: httpx.Client
    folder: Path
    log: io.StringIO
    admin: dict[str, str]
    secret: str


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    around = tmp_path_factory.mktemp("around")
    (around / "outside.txt").write_text(OUTSIDE)
    folder = around / "data"
    folder.mkdir()
    (folder / "outside.txt").write_text(OUTSIDE)
    _, token = KeyRing(ServiceStore(folder)).create(NewKey("admin", {EVERY: Role.ADMIN}))
    log = io.StringIO()
    log_to_stderr("json", "debug", log)
    settings = Settings.model_validate({
        "data_dir": folder,
        "server": {
            "auth": "required", "api_key": CHOSEN, "failures_per_minute": 0, "audit": "all",
            "requests_per_minute": 0,
        },
        "answer": {"model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key": MODEL_KEY},
    })  # fmt: skip
    with running(settings) as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/v1/collections", json={"name": "c"}, headers=headers).is_success
        yield Scene(client, folder, log, headers, token.split("_")[2])


def paths() -> list[tuple[str, str]]:
    """Every method and path there is."""
    return [
        (method, route.path)
        for route in routes_of(create_app(Settings()))
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def test_no_secret_is_logged_stored_or_told(scene: Scene) -> None:
    client, secret = scene.client, scene.secret
    chosen = {"Authorization": f"Bearer {CHOSEN}"}
    new = {"name": "n", "grants": {"*": "read"}}
    made = client.post("/v1/keys", json=new, headers=chosen).json()
    other = made["token"].split("_")[2]
    said: list[str] = []
    right = [scene.admin, chosen, {"Authorization": f"Bearer {made['token']}"}]
    wrong = {"Authorization": f"Bearer {made['token']}x"}
    for number, (method, path) in enumerate(paths()):
        for headers in (right[number % 3], wrong):
            if method == "DELETE" and path == "/v1/collections/{collection}":
                continue
            address = path.replace("{collection}", "c").replace(":path}", "}")
            address = "/".join("x" if part[:1] == "{" else part for part in address.split("/"))
            answer = client.request(method, address, headers=headers, content=b"{not json")
            said.append(answer.text + str(answer.headers))
    document = {"id": "a", "text": "The pump is greased once a month."}
    taken = client.post(
        "/v1/collections/c/documents/text", json={"documents": [document]}, headers=scene.admin
    )
    with httpx.Client(base_url=client.base_url, headers=scene.admin) as keyed:
        finished(keyed, taken.headers["Location"])
    query = {"query": "How often is the pump greased?"}
    answer = client.post("/v1/collections/c/query", json=query, headers=scene.admin)
    assert answer.status_code == 200
    said.append(answer.text)
    # What people do wrong: the token in the path, in the query, as a name.
    for address in (f"/v1/keys/{made['token']}", f"/v1/me?token={made['token']}",
                    f"/v1/{made['token']}"):  # fmt: skip
        client.delete(address, headers=scene.admin)
    assert client.delete(f"/v1/keys/{made['id']}", headers=chosen).status_code == 204
    said.append(client.get("/v1/keys", headers=chosen).text)
    said.append(client.get("/v1/audit?limit=1000", headers=chosen).text)
    assert '"path":"/v1/collections/c/query"' in said[-1]
    said.append(client.get("/openapi.json").text + client.get("/docs").text)
    logged = scene.log.getvalue()
    assert logged.count("\n") > 200 and '"event": "audit"' in logged
    stored = [path.read_bytes() for path in sorted(scene.folder.rglob("*")) if path.is_file()]
    for word in (secret, other, CHOSEN, MODEL_KEY):
        assert word not in logged
        assert not any(word in text for text in said)
        assert not any(word.encode() in data for data in stored)
    for word in (secret, other):
        assert not any(bytes.fromhex(word) in data for data in stored)
    assert query["query"] not in logged, "questions are logged only where that is set"
    assert query["query"] not in said[-2], "nor are they in the audit log"
    assert all(json.loads(line) for line in logged.splitlines())


def test_no_name_leads_to_another_file(scene: Scene) -> None:
    before = sorted(path for path in scene.folder.parent.rglob("*") if "service." not in path.name)
    names = [(method, path) for method, path in paths() if "{" in path]
    assert len(names) > 40
    faults = []
    for number, (method, path) in enumerate(names):
        is_file = path.endswith("/documents/{document_id:path}") and method == "GET"
        # Each name three ways, so that each way is tried on many routes.
        tricks = [TRAVERSALS[(3 * number + n) % len(TRAVERSALS)] for n in range(3)]
        for trick in TRAVERSALS if is_file else tricks:
            parts = path.split("/")
            for place in [n for n, part in enumerate(parts) if part.startswith("{")]:
                filled = [
                    trick if n == place else ("c" if part == "{collection}" else "x")
                    if part.startswith("{") else part
                    for n, part in enumerate(parts)
                ]  # fmt: skip
                if method == "DELETE" and path == "/v1/collections/{collection}":
                    continue
                answer = scene.client.request(
                    method, "/".join(filled), headers=scene.admin,
                    json={} if method in ("POST", "PUT", "PATCH") else None,
                )  # fmt: skip
                told = OUTSIDE in answer.text or "root:" in answer.text
                if told or answer.status_code >= 500 or "Set-Cookie" in answer.headers:
                    faults.append(f"{method} {path} with {trick}: {answer.status_code}")
    for trick in TRAVERSALS:
        for folder in ("/static/", "/docs/", "/"):
            answer = scene.client.get(folder + trick)
            if OUTSIDE in answer.text or "root:" in answer.text or answer.status_code >= 500:
                faults.append(f"{folder}{trick}: {answer.status_code}")
    assert faults == []
    after = sorted(path for path in scene.folder.parent.rglob("*") if "service." not in path.name)
    assert [path for path in after if path not in before] == []


@pytest.mark.parametrize(
    "name", ["../../outside.txt", "..\\..\\outside.txt", "/etc/cron.d/x", "C:\\x.txt", "a\x00b.txt",
             "a\r\nSet-Cookie: x=1.txt", ".htaccess", "a/../../b.txt", "x" * 300 + ".txt"]
)  # fmt: skip
def test_no_file_is_stored_under_a_name_that_a_client_chose(scene: Scene, name: str) -> None:
    boundary = b'--b\r\nContent-Disposition: form-data; name="files"; filename="'
    given = name.replace("\r", "%0D").replace("\n", "%0A").encode()
    body = boundary + given + b'"\r\n\r\nWords of a file.\r\n--b--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = scene.client.post(
        "/v1/collections/c/documents", content=body, headers={**scene.admin, **kind}
    )
    assert answer.status_code in (202, 400, 422), answer.text
    assert "Set-Cookie" not in answer.headers
    if answer.status_code == 202:
        with httpx.Client(base_url=scene.client.base_url, headers=scene.admin) as keyed:
            finished(keyed, answer.headers["Location"])
    assert (scene.folder / "outside.txt").read_text() == OUTSIDE
    assert (scene.folder.parent / "outside.txt").read_text() == OUTSIDE
    marks = (name, name.rpartition("/")[2], name.rpartition("\\")[2])
    stored = {path.name for path in scene.folder.rglob("*")} - {"outside.txt"}
    assert stored.isdisjoint(marks)
