"""What those ask who watch over the service: /health, /ready, /metrics and the log."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from rest_server import finished, running

from api.rest.logs import log_to_stderr
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = "水泵每月检查一次。质保期为二十四个月。"


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def watched(
    tmp_path_factory: pytest.TempPathFactory, log: io.StringIO
) -> Iterator[tuple[httpx.Client, Path]]:
    """A server of its own whose log is kept, with a collection."""
    import structlog

    folder = tmp_path_factory.mktemp("watched")
    before = structlog.get_config()
    log_to_stderr("json", "info", log)
    try:
        with running(Settings(data_dir=folder)) as client:
            client.post("/v1/collections", json={"name": "seen"}).raise_for_status()
            body = {"documents": [{"id": "a", "text": TEXT}]}
            headers = {"X-Request-Id": "handed-in"}
            job = client.post("/v1/collections/seen/documents/text", json=body, headers=headers)
            finished(client, job.headers["Location"])
            asked = {"query": "质保期多久？"}
            client.post("/v1/collections/seen/search", json=asked).raise_for_status()
            client.post("/v1/collections/seen/query", json=asked).raise_for_status()
            client.get("/v1/collections/none-such")
            client.get("/nowhere/at/all")
            yield client, folder
    finally:
        structlog.configure(**before)


def _samples(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def _value(found: dict[Any, float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_metrics_say_what_was_done(watched: tuple[httpx.Client, Path]) -> None:
    client, _ = watched
    found = _samples(client)
    search = "/v1/collections/{collection}/search"
    told = {"route": search, "method": "POST"}
    assert _value(found, "braid_http_requests_total", **told, status="2xx") == 1
    assert _value(found, "braid_http_request_seconds_count", **told) == 1
    assert _value(found, "braid_http_request_seconds_bucket", **told, le="60.0") == 1
    unmatched = {"route": "unmatched", "method": "GET", "status": "4xx"}
    assert _value(found, "braid_http_requests_total", **unmatched) == 1
    assert _value(found, "braid_errors_total", kind="not-found") == 2
    assert _value(found, "braid_search_seconds_count") == 2
    assert _value(found, "braid_search_stage_seconds_count", stage="sparse") == 2
    written = {"writer": "extractive", "known": "true", "fallback": "false"}
    assert _value(found, "braid_answers_total", **written) == 1
    assert _value(found, "braid_citations_total", outcome="kept") >= 1
    assert _value(found, "braid_ingested_documents_total", state="added") == 1
    for stage in ("read", "chunk", "embed", "store"):
        assert _value(found, "braid_ingestion_seconds_total", stage=stage) > 0
    assert _value(found, "braid_jobs_ended_total", state="done") == 1
    assert _value(found, "braid_http_requests_in_flight") == 1  # this one


def test_metrics_say_how_things_stand(watched: tuple[httpx.Client, Path]) -> None:
    client, _ = watched
    found = _samples(client)
    assert _value(found, "braid_collections") == 1
    assert _value(found, "braid_collection_documents", collection="seen", state="stored") == 1
    assert _value(found, "braid_collection_chunks", collection="seen") == 1
    assert _value(found, "braid_jobs", collection="seen", state="queued") == 0
    assert _value(found, "braid_job_oldest_seconds", collection="seen") == 0
    assert _value(found, "braid_process_resident_bytes") > 2**20
    assert _value(found, "braid_ready") == 1


def test_nothing_that_a_client_wrote_becomes_a_label(watched: tuple[httpx.Client, Path]) -> None:
    client, _ = watched
    client.request("BREW", "/v1/collections/secret-name/documents/secret-id")
    client.get("/v1/jobs/secret-job")
    text = client.get("/metrics").text
    assert "secret" not in text
    assert "BREW" not in text
    assert "质保期" not in text


def test_two_applications_keep_their_metrics_apart(
    watched: tuple[httpx.Client, Path], client: httpx.Client
) -> None:
    mine, _ = watched
    before = _value(_samples(mine), "braid_search_seconds_count")
    client.post("/v1/collections", json={"name": "apart"})
    client.post("/v1/collections/apart/search", json={"query": "x"}).raise_for_status()
    assert _value(_samples(mine), "braid_search_seconds_count") == before


_WORKER = """
import os, sys, time
from pathlib import Path
from api.rest.metrics import Metrics, share
folder, number = Path(sys.argv[1]), int(sys.argv[2])
metrics = Metrics()
for _ in range(number):
    metrics.on_request_begin()
    metrics.on_request_end("/x", "GET", 200, 0.01)
metrics.on_request_begin()
print("done", flush=True)
sys.stdin.read()
"""


def test_workers_add_up_and_the_dead_have_nothing_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.rest.metrics import FOLDER, SHARED, Metrics, share

    left = tmp_path / FOLDER / "counter_1.db"
    left.parent.mkdir()
    left.write_bytes(b"left by an earlier server")
    monkeypatch.setenv(SHARED, "")
    share(tmp_path)
    assert not left.exists()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _WORKER, str(tmp_path)]
    workers = [
        subprocess.Popen(
            [*command, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        for number in (3, 4)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"done\n"
        text = Metrics().exposed()[0].decode()
        assert 'braid_http_requests_total{method="GET",route="/x",status="2xx"} 7.0' in text
        assert "braid_http_requests_in_flight 2.0" in text
        workers[0].kill()
        workers[0].wait()
        text = Metrics().exposed()[0].decode()
        assert 'braid_http_requests_total{method="GET",route="/x",status="2xx"} 7.0' in text
        assert "braid_http_requests_in_flight 1.0" in text
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def test_ready_says_what_is_missing_and_names_nothing(watched: tuple[httpx.Client, Path]) -> None:
    client, folder = watched
    said = client.get("/ready")
    assert said.status_code == 200
    assert said.json()["ready"]
    assert {part["name"] for part in said.json()["parts"]} == {
        "model", "store", "collections", "server",
    }  # fmt: skip
    broken = folder / "collections" / "hidden-name"
    broken.mkdir()
    (broken / "catalog.sqlite").write_bytes(b"no catalog")
    try:
        said = client.get("/ready")
    finally:
        shutil.rmtree(broken)
    assert said.status_code == 503
    parts = {part["name"]: part for part in said.json()["parts"]}
    assert not parts["collections"]["ready"]
    assert "1 of 2" in parts["collections"]["detail"]
    assert parts["model"]["ready"]
    assert "hidden" not in said.text
    assert str(folder) not in said.text
    assert client.get("/ready").status_code == 200


def test_what_needs_a_key_and_what_does_not(tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from api.rest.app import create_app

    settings = Settings(data_dir=tmp_path).model_copy()
    server = settings.server.model_copy(update={"api_key": _secret("k" * 20)})
    app = create_app(settings.model_copy(update={"server": server}))
    client = TestClient(app)  # not entered: the model is not loaded
    assert client.get("/health").json()["status"] == "loading"
    said = client.get("/ready")
    assert said.status_code == 503
    assert not said.json()["ready"]
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer " + "k" * 20}).is_success


def _secret(text: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(text)


def _lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_the_log_says_who_asked_what_and_how_long(
    watched: tuple[httpx.Client, Path], log: io.StringIO
) -> None:
    requests = [line for line in _lines(log) if line["event"].endswith("request")]
    search = next(line for line in requests if line["path"] == "/v1/collections/seen/search")
    assert search["route"] == "/v1/collections/{collection}/search"
    assert search["status"] == 200
    assert search["ms"] > 0
    assert search["key"] == "local"
    assert search["collection"] == "seen"
    assert search["generation"] >= 1
    assert search["request_id"]
    answered = next(line for line in requests if line["path"] == "/v1/collections/seen/query")
    assert answered["writer"] == "extractive"
    assert answered["known"] is True


def test_the_lines_of_a_job_have_the_id_of_its_request(
    watched: tuple[httpx.Client, Path], log: io.StringIO
) -> None:
    lines = _lines(log)
    request = next(
        line
        for line in lines
        if line["event"].endswith("request") and line["request_id"] == "handed-in"
    )
    job = [line for line in lines if line["event"] in ("job begins", "job done")]
    assert [line["request_id"] for line in job] == ["handed-in", "handed-in"]
    assert {line["job"] for line in job} == {request["job"]}


def test_no_question_stands_in_the_log(
    watched: tuple[httpx.Client, Path], log: io.StringIO
) -> None:
    assert len(_lines(log)) > 5
    assert "质保期" not in log.getvalue()
    assert "\\u8d28" not in log.getvalue()


def test_lines_of_libraries_are_json_too_and_levels_hold() -> None:
    import logging

    import structlog

    before = structlog.get_config()
    stream = io.StringIO()
    try:
        log_to_stderr("json", "warning", stream)
        structlog.get_logger("braid.test").info("left out")
        structlog.get_logger("braid.test").warning("kept", more=1)
        logging.getLogger("some.library").warning("broken %s", "pipe")
        logging.getLogger("some.library").info("left out")
    finally:
        structlog.configure(**before)
        logging.basicConfig(handlers=[], force=True)
    lines = _lines(stream)
    assert [line["event"] for line in lines] == ["kept", "broken pipe"]
    assert lines[1]["logger"] == "some.library"
    assert {line["level"] for line in lines} == {"warning"}


def test_the_dashboard_and_the_alerts_name_metrics_that_there_are(
    watched: tuple[httpx.Client, Path],
) -> None:
    import re

    import yaml

    client, _ = watched
    families = text_string_to_metric_families(client.get("/metrics").text)
    there = {family.name for family in families}
    folder = ROOT / "examples" / "monitoring"
    dashboard = json.loads((folder / "grafana-dashboard.json").read_text(encoding="utf-8"))
    alerts = yaml.safe_load((folder / "braid-alerts.yml").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    named = set(re.findall(r"braid_\w+", " ".join(expressions)))
    bare = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in named}
    assert bare - there == set()
    made = {name for name in there if name not in bare}
    assert made <= {"braid_build_info", "braid_collection_generation", "braid_searches_irrelevant"}
    scrape = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))
    assert scrape["scrape_configs"][0]["metrics_path"] == "/metrics"
    assert all((folder / name).is_file() for name in scrape["rule_files"])
