"""Traces: what OpenTelemetry is told of requests, searches, answers and jobs."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rest_server import finished, running

from api.rest.tracing import tracing_of
from api.settings import Settings
from api.settings_telemetry import TelemetrySettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

ROOT = Path(__file__).resolve().parents[2]
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> list[ReadableSpan]:
    """What was told of a document that was handed in, a question and a request that failed."""
    exporter = InMemorySpanExporter()
    tracing = tracing_of(TelemetrySettings(), exporter)
    settings = Settings(data_dir=tmp_path_factory.mktemp("traced"))
    traced = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    with running(settings, tracing) as client:
        client.post("/v1/collections", json={"name": "traced"}).raise_for_status()
        body = {"documents": [{"id": "a", "text": "质保期为二十四个月。"}]}
        job = client.post("/v1/collections/traced/documents/text", json=body)
        finished(client, job.headers["Location"])
        path = "/v1/collections/traced/query"
        client.post(path, json={"query": "质保期多久？"}, headers=traced).raise_for_status()
        client.get("/v1/collections/none-such")
        client.get("/health")
    return list(exporter.get_finished_spans())


def _named(spans: list[ReadableSpan], name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


def test_a_request_is_a_span_of_the_trace_that_it_names(spans: list[ReadableSpan]) -> None:
    (asked,) = _named(spans, "POST /v1/collections/{collection}/query")
    assert asked.parent is not None
    assert asked.context.trace_id == int(TRACE, 16)
    assert asked.parent.span_id == int(PARENT, 16)
    assert asked.kind.name == "SERVER"
    assert asked.attributes is not None
    assert asked.attributes["http.route"] == "/v1/collections/{collection}/query"
    assert asked.attributes["http.response.status_code"] == 200
    assert asked.attributes["braid.request_id"]
    (missed,) = _named(spans, "GET /v1/collections/{collection}")
    assert missed.attributes is not None
    assert missed.attributes["http.response.status_code"] == 404
    assert not _named(spans, "GET /health")


def test_search_stages_and_answer_lie_in_the_request(spans: list[ReadableSpan]) -> None:
    (asked,) = _named(spans, "POST /v1/collections/{collection}/query")
    (search,) = _named(spans, "braid.search")
    (answer,) = _named(spans, "braid.answer")
    for inner in (search, answer):
        assert inner.parent is not None
        assert inner.parent.span_id == asked.context.span_id
    stages = [span for span in spans if span.name.startswith("braid.search.")]
    assert "braid.search.sparse" in {span.name for span in stages}
    for stage in stages:
        assert stage.parent is not None
        assert stage.parent.span_id == search.context.span_id
        assert stage.start_time is not None
        assert stage.end_time is not None
        assert search.start_time is not None
        assert search.start_time <= stage.start_time <= stage.end_time
    assert answer.attributes is not None
    assert answer.attributes["braid.answer.writer"] == "extractive"


def test_a_job_is_a_trace_with_its_documents(spans: list[ReadableSpan]) -> None:
    (job,) = _named(spans, "braid.job")
    (document,) = _named(spans, "braid.ingest.document")
    assert job.parent is None
    assert document.parent is not None
    assert document.parent.span_id == job.context.span_id
    assert document.attributes is not None
    assert document.attributes["braid.document.state"] == "added"
    assert job.attributes is not None
    assert job.attributes["braid.job.state"] == "done"
    assert {"braid.ingest.embed", "braid.ingest.store"} <= {span.name for span in spans}


def test_no_text_of_documents_or_questions_is_told(spans: list[ReadableSpan]) -> None:
    assert spans
    assert not [span for span in spans if "质保期" in span.to_json()]


def test_nothing_is_loaded_without_a_collector() -> None:
    assert tracing_of(TelemetrySettings()) is None
    program = (
        "import sys\n"
        "from api.rest.app import create_app\n"
        "from api.settings import Settings\n"
        "create_app(Settings())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])\n"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


def test_spans_go_to_the_collector_that_is_set() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer

    got: list[tuple[str, str | None]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers["X-Key"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            given = TelemetrySettings.model_validate(
                {"otlp_endpoint": address, "otlp_headers": {"X-Key": "collector-key"}}
            )
            tracing = tracing_of(given)
            assert tracing is not None
            tracing.on_job_begin("c", "j", 0)
            tracing.on_job_end("done")
            tracing.close()
        finally:
            server.shutdown()
            thread.join()
    assert got == [("/v1/traces", "collector-key")]
