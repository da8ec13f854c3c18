"""Jobs watched, cancelled and tried again; documents fetched by URL; requests sent twice; ETags."""

from __future__ import annotations

import http.server
import itertools
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from odd_sources import OddUpload
from rest_server import finished, problem, running, until

import api.rest.upload
import api.rest.worker
from api.rest.upload import UploadLimits
from api.settings import IngestSettings, Settings
from api.settings_server import ServerSettings
from index.lock import writer_lock

BASE = "/v1/collections/j"
PAGE = b"<html><head><title>Canteen</title></head><body><p>Noodles on Thursdays.</p></body></html>"


class Site(http.server.BaseHTTPRequestHandler):
    """A host to be fetched from."""

    def do_GET(self) -> None:
        is_there = self.path.startswith("/canteen")
        self.send_response(200 if is_there else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE if is_there else b"")

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, site: str) -> Settings:
    return Settings(
        data_dir=tmp_path_factory.mktemp("jobs"),
        ingest=IngestSettings(workers=1),
        server=ServerSettings(
            fetch_hosts=(site,), fetch_private=(site,), max_upload_mb=2, max_request_mb=3,
            max_upload_files=5,
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(own: Settings) -> Iterator[httpx.Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.rest.worker, "StoredSource", OddUpload)
        with running(own) as client:
            assert client.post("/v1/collections", json={"name": "j"}).status_code == 201
            yield client


def upload(client: httpx.Client, *names: str, **headers: str) -> httpx.Response:
    sent = [("files", (name, f"The valve {name} opens at nine bar.".encode())) for name in names]
    return client.post(f"{BASE}/documents", files=sent, headers=headers)


def is_over(job: dict[str, Any]) -> bool:
    return job["state"] in ("done", "failed", "cancelled")


def events_of(client: httpx.Client, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    found, name = [], ""
    with client.stream("GET", f"/v1/jobs/{job_id}/events") as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def test_a_job_is_watched_to_its_end(server: httpx.Client) -> None:
    job = upload(server, "a.txt", "b.txt").json()
    events = events_of(server, job["id"])
    assert [name for name, _ in events] == ["job"] * (len(events) - 1) + ["done"]
    told = [data for name, data in events if name == "job"]
    assert told[-1]["state"] == "done"
    assert told[-1]["progress"] == {"done": 2, "total": 2, "document_id": "", "stage": ""}
    assert [one["progress"]["done"] for one in told] == sorted(
        one["progress"]["done"] for one in told
    )
    assert all(one != other for one, other in itertools.pairwise(told))
    assert events_of(server, job["id"])[0][1] == told[-1], "of one that has ended: its end"
    problem(server.get(f"/v1/jobs/{'0' * 32}/events"), 404)


def test_a_running_job_is_cancelled_and_what_is_stored_stays(server: httpx.Client) -> None:
    job = upload(server, "c.txt", "slow.txt", "d.txt").json()
    address = f"/v1/jobs/{job['id']}"
    behind = upload(server, "e.txt").json()
    until(server, address, lambda job: job["progress"]["stage"] == "read")
    waiting = server.get(f"/v1/jobs/{behind['id']}").json()
    assert (waiting["state"], waiting["position"]) == ("queued", 2)
    cancelled = server.post(f"{address}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    assert server.post(f"{address}/cancel").json()["state"] == "cancelled"
    assert finished(server, f"/v1/jobs/{behind['id']}")["counts"]["added"] == 1
    job = server.get(address).json()
    assert (job["state"], job["position"]) == ("cancelled", None)
    states = {row["document_id"]: row["state"] for row in job["documents"]}
    assert states["slow.txt"] == states["d.txt"] == "cancelled"
    problem(server.post(f"/v1/jobs/{behind['id']}/cancel"), 409)
    problem(server.post(f"/v1/jobs/{behind['id']}/retry"), 409)


def test_a_queued_job_is_cancelled_at_once_and_tried_again(
    server: httpx.Client, own: Settings
) -> None:
    with writer_lock(own.data_dir / "collections" / "j"):
        job = upload(server, "f.txt").json()
        problem(server.post(f"/v1/jobs/{job['id']}/retry"), 409)
        cancelled = server.post(f"/v1/jobs/{job['id']}/cancel").json()
        assert cancelled["counts"]["cancelled"] == 1
    taken = server.post(f"/v1/jobs/{job['id']}/retry")
    assert taken.status_code == 202
    again = finished(server, taken.headers["Location"])
    assert [(row["document_id"], row["state"]) for row in again["documents"]] == [
        ("f.txt", "added")
    ]
    assert server.get(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"


def test_what_failed_is_tried_again_from_its_file(server: httpx.Client) -> None:
    job = finished(server, upload(server, "flaky.txt", "g.txt").headers["Location"])
    assert [row["document_id"] for row in job["failures"]] == ["flaky.txt"]
    key = {"Idempotency-Key": uuid.uuid4().hex}
    taken = server.post(f"/v1/jobs/{job['id']}/retry", headers=key)
    twice = server.post(f"/v1/jobs/{job['id']}/retry", headers=key)
    assert twice.json() == taken.json()
    assert twice.headers["Idempotent-Replayed"] == "true"
    again = finished(server, taken.headers["Location"])
    assert again["counts"]["documents"] == 1
    server.post(f"{BASE}/documents/delete", json={"ids": ["flaky.txt"]})
    refused = problem(server.post(f"/v1/jobs/{job['id']}/retry"), 409)
    assert "not kept" in refused["detail"], "deleting a document deletes its file, too"


def test_documents_are_fetched_by_url(server: httpx.Client, site: str) -> None:
    given: list[dict[str, Any]] = [
        {"url": f"http://{site}/canteen?day=4", "metadata": {"n": 1}},
        {"url": f"http://{site}/canteen.html", "id": "menu"},
        {"url": f"http://{site}/gone"},
    ]
    taken = server.post(f"{BASE}/documents/url", json={"documents": given})
    assert taken.status_code == 202, taken.text
    job = finished(server, taken.headers["Location"])
    rows = {row["document_id"]: row for row in job["documents"]}
    assert [row["state"] for row in rows.values()] == ["added", "added", "failed"]
    assert "404" in rows[f"{site}/gone"]["reason"]
    shown = server.get(f"{BASE}/documents/{site}/canteen?day=4".replace("?", "%3F")).json()
    assert (shown["title"], shown["metadata"]["n"]) == ("Canteen", 1)
    assert shown["metadata"]["url"] == given[0]["url"]
    file = server.get(f"{BASE}/original", params={"document": "menu"})
    assert file.content == PAGE
    assert 'filename="canteen.html"' in file.headers["Content-Disposition"]
    failed = server.get(f"{BASE}/documents", params={"state": "failed", "prefix": site}).json()
    assert [row["id"] for row in failed["documents"]] == [f"{site}/gone"]


@pytest.mark.parametrize(
    "url",
    ["http://elsewhere.example/a", "ftp://127.0.0.1/a", "http://", "nonsense", "http://u:p@a/",
     "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"],
)  # fmt: skip
def test_no_other_host_is_fetched_from(server: httpx.Client, url: str) -> None:
    body = {"documents": [{"url": url, "id": "x"}]}
    problem(server.post(f"{BASE}/documents/url", json=body), 422)


def test_nothing_is_fetched_unless_hosts_are_named(client: httpx.Client) -> None:
    client.post("/v1/collections", json={"name": "j"})
    body = {"documents": [{"url": "http://example.com/a"}]}
    refused = problem(client.post(f"{BASE}/documents/url", json=body), 403)
    assert "server.fetch_hosts" in refused["detail"]


def test_an_upload_sent_again_is_taken_in_once(server: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = upload(server, "h.txt", **key), upload(server, "h.txt", **key)
    assert first.request.headers["Content-Type"] != second.request.headers["Content-Type"]
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    jobs = server.get(f"{BASE}/jobs", params={"limit": 100}).json()["jobs"]
    assert [job["id"] for job in jobs].count(first.json()["id"]) == 1
    refused = problem(upload(server, "i.txt", **key), 422)
    assert "another request" in refused["detail"]
    elsewhere = server.post("/v1/collections", json={"name": "k"}, headers=key)
    problem(elsewhere, 422)
    assert upload(server, "h.txt", **{"Idempotency-Key": uuid.uuid4().hex}).json() != first.json()
    finished(server, first.headers["Location"])


def test_what_was_refused_may_be_sent_anew(server: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    for _ in range(2):
        problem(server.post("/v1/collections", json={"name": "-"}, headers=key), 422)
    made = server.post("/v1/collections", json={"name": "made"}, headers=key)
    assert made.status_code == 201
    again = server.post("/v1/collections", json={"name": "made"}, headers=key)
    assert (again.status_code, again.json()) == (201, made.json())
    problem(server.post("/v1/collections", json={"name": "made"}), 409)


def test_limits_of_an_upload(server: httpx.Client) -> None:
    def refused(files: list[tuple[str, tuple[str, bytes]]]) -> str:
        found: str = problem(server.post(f"{BASE}/documents", files=files), 413)["detail"]
        return found

    large = [("files", (f"{number}.txt", bytes(2**20))) for number in range(7)]
    assert "max_request_mb" in refused(large)
    assert "max_upload_mb" in refused([("files", ("x.txt", bytes(2**21 + 1)))])
    small = [("files", (f"{number}.txt", b"x")) for number in range(6)]
    assert "max_upload_files" in refused(small)
    odd = {"metadata": json.dumps([{}, {}])}
    files = {"files": ("a.txt", b"x")}
    problem(server.post(f"{BASE}/documents", files=files, data=odd), 422)


def test_a_full_disk_takes_in_nothing(
    server: httpx.Client, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    files = {"files": ("a.txt", b"text")}
    texts = {"documents": [{"id": "a", "text": "x"}]}
    spool = own.data_dir / "collections" / "j" / "spool"
    before = sorted(spool.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(api.rest.upload.Upload, "_data", refuse)
        assert "full" in problem(server.post(f"{BASE}/documents", files=files), 507)["detail"]
    with monkeypatch.context() as patch:
        patch.setattr("api.rest.uploads.Path.write_bytes", refuse)
        problem(server.post(f"{BASE}/documents/text", json=texts), 507)
    with monkeypatch.context() as patch:
        none = SimpleNamespace(free=3)
        patch.setattr("api.rest.upload.shutil", SimpleNamespace(disk_usage=lambda _: none))
        problem(server.post(f"{BASE}/documents", files=files), 507)
    assert sorted(spool.iterdir()) == before


def test_an_upload_that_stops_coming_is_given_up(
    server: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = UploadLimits(1000, 1000, 5, timeout_s=0.2)
    monkeypatch.setattr(UploadLimits, "of", lambda _: limits)
    with socket.create_connection((server.base_url.host, server.base_url.port or 0)) as line:
        head = (
            f"POST {BASE}/documents HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "path",
    ["", "/documents", "/documents/a.txt", "/jobs", "/chunks?document=a.txt", "/graph/entities",
     "/words", "/synonyms"],
)  # fmt: skip
def test_what_the_client_has_is_not_sent_again(server: httpx.Client, path: str) -> None:
    first = server.get(BASE + path)
    assert first.status_code == 200
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for given in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = server.get(BASE + path, headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    assert server.get(BASE + path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_what_has_changed_is_not_changed_again(server: httpx.Client) -> None:
    until(server, f"{BASE}/jobs", lambda found: all(map(is_over, found["jobs"])))
    words = f"{BASE}/words"
    old = server.get(words).headers["ETag"]
    body = {"words": ["石墨烯"]}
    assert server.put(words, json=body, headers={"If-Match": old}).status_code == 200
    refused = server.put(words, json={"words": []}, headers={"If-Match": old})
    problem(refused, 412)
    assert refused.headers["ETag"] == server.get(words).headers["ETag"] != old
    assert server.delete(words, headers={"If-Match": "*"}).status_code == 200
    document = f"{BASE}/documents/a.txt"
    problem(server.delete(document, headers={"If-Match": '"other"'}), 412)
    tag = server.get(document).headers["ETag"]
    assert server.delete(document, headers={"If-Match": tag}).json()["documents"] == 1
    problem(server.delete(document, headers={"If-Match": tag}), 404)
