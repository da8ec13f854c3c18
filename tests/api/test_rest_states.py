"""Where documents stand, over REST: failures, archives, an upload that crashes its reader."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from odd_sources import CrashingUpload
from rest_server import finished, problem, running

import api.rest.worker
from api.settings import IngestSettings, Settings

RED = b"The red valve opens at nine bar."


def packed(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{name}.txt", data)
    return made.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("states"), ingest=IngestSettings(workers=1)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.rest.worker, "StoredSource", CrashingUpload)
        with running(settings) as client:
            assert client.post("/v1/collections", json={"name": "s"}).status_code == 201
            yield client


def upload(client: httpx.Client, **files: bytes) -> dict[str, Any]:
    sent = [("files", (name.replace("_", "."), data)) for name, data in files.items()]
    taken = client.post("/v1/collections/s/documents", files=sent)
    assert taken.status_code == 202, taken.text
    return finished(client, taken.headers["Location"])


def listed(client: httpx.Client, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address = str(httpx.URL("/v1/collections/s/documents", params={"limit": "1", **query}))
    while address:
        page = client.get(address).json()
        found += page["documents"]
        address = page["next"]
    return found


def test_an_upload_that_crashes_its_reader_fails_alone(server: httpx.Client) -> None:
    job = upload(server, a_txt=RED, crash_txt=b"A pump.", empty_txt=b"", z_txt=b"A grey valve.")
    assert job["state"] == "done"
    rows = {row["document_id"]: row for row in job["documents"]}
    assert [rows[name]["state"] for name in ("a.txt", "crash.txt", "empty.txt", "z.txt")] == [
        "added", "failed", "failed", "added"
    ]  # fmt: skip
    assert (rows["crash.txt"]["stage"], rows["empty.txt"]["stage"]) == ("read", "load")
    assert "crashed" in rows["crash.txt"]["reason"]
    assert server.get("/health").json()["status"] == "ok"

    assert [row["id"] for row in listed(server)] == ["a.txt", "z.txt"]
    failed = listed(server, state="failed")
    assert [(row["id"], row["stage"], row["attempts"]) for row in failed] == [
        ("crash.txt", "read", 1), ("empty.txt", "load", 1)
    ]  # fmt: skip
    assert "crashed" in failed[0]["error"]
    one = server.get("/v1/collections/s/documents/crash.txt").json()
    assert (one["state"], one["chunk_count"]) == ("failed", 0)
    assert server.get("/v1/collections/s/documents/a.txt").json()["state"] == "ok"
    problem(server.get("/v1/collections/s/documents?state=lost"), 422)

    assert server.delete("/v1/collections/s/documents/crash.txt").json()["documents"] == 0
    problem(server.get("/v1/collections/s/documents/crash.txt"), 404)
    assert upload(server, empty_txt=b"Filled.")["counts"]["added"] == 1
    assert listed(server, state="failed") == []


def test_an_archive_is_a_job_of_many_documents(server: httpx.Client) -> None:
    job = upload(server, p_zip=packed(one=RED, two=b"A blue pump.", bad=b""))
    assert job["counts"] == {
        "documents": 4, "queued": 0, "added": 2, "updated": 0, "unchanged": 0, "unpacked": 1,
        "deleted": 0, "failed": 1, "cancelled": 0, "chunks": 2,
        "embedded": job["counts"]["embedded"],
    }  # fmt: skip
    assert [row["document_id"] for row in job["failures"]] == ["p.zip/bad.txt"]
    assert [row["id"] for row in listed(server, state="unpacked")] == ["p.zip"]
    assert {row["container"] for row in listed(server) if "/" in row["id"]} == {"p.zip"}

    again = upload(server, p_zip=packed(one=RED))
    assert (again["counts"]["unchanged"], again["counts"]["deleted"]) == (1, 2)
    body = {"query": "red valve", "filter": {"container": "p.zip"}, "k": 5}
    hits = server.post("/v1/collections/s/search", json=body).json()["hits"]
    assert [hit["document_id"] for hit in hits] == ["p.zip/one.txt"]

    receipt = server.delete("/v1/collections/s/documents/p.zip").json()
    assert (receipt["documents"], receipt["chunks"]) == (1, receipt["vectors"])
    problem(server.delete("/v1/collections/s/documents/p.zip"), 404)
    problem(server.get("/v1/collections/s/documents/p.zip/one.txt"), 404)


def test_nothing_of_it_stays_on_the_disk(server: httpx.Client, tmp_path_factory: Any) -> None:
    upload(server, q_zip=packed(one=RED))
    (folder,) = Path(tmp_path_factory.getbasetemp()).glob("states0/collections/s")
    assert not (folder / "scratch").exists()
