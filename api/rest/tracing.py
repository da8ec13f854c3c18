"""Traces by OpenTelemetry: a span for each request, with those of its search, its stages, its
answer, and one for each job with its documents. Nothing of it is loaded while no collector is set.

Names and attributes follow OpenTelemetry's conventions for HTTP servers and for generative AI.
Stages are told when they are over: their spans lie side by side from the beginning of the search.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.events import Ingested, State
from api.rest.watching import note
from api.settings_telemetry import TelemetrySettings
from api.version import version
from generate.contract import Answer
from ingest.contract import BadInput
from retrieve.contract import SearchResult

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_OPEN = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by machines; not traced."""

_TRACE_HEADERS = ("traceparent", "tracestate")
_INSTALLED = "opentelemetry.exporter.otlp.proto.http"


def tracing_of(settings: TelemetrySettings, exporter: SpanExporter | None = None) -> Tracing | None:
    """What traces, sending to the collector that is set (or to the exporter given); None where
    none is. Raises BadInput where the extra is not installed."""
    if not settings.otlp_endpoint and exporter is None:
        return None
    try:
        found = importlib.util.find_spec(_INSTALLED)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise BadInput(
            "telemetry.otlp_endpoint is set, but OpenTelemetry is not installed: "
            "pip install 'braid-rag[otel]'"
        )
    return Tracing(_provider(settings, exporter))


def _provider(settings: TelemetrySettings, exporter: SpanExporter | None) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    resource = Resource.create(
        {"service.name": settings.service_name, "service.version": version()}
    )
    provider = TracerProvider(
        resource=resource, sampler=ParentBasedTraceIdRatio(settings.sample), shutdown_on_exit=False
    )
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return provider
    headers = {name: value.get_secret_value() for name, value in settings.otlp_headers.items()}
    address = f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"
    sender = OTLPSpanExporter(endpoint=address, headers=headers)
    provider.add_span_processor(BatchSpanProcessor(sender))
    return provider


@dataclass
class Tracing:
    """Makes spans of what it is told: a Watcher (see api/rest/watching.py)."""

    provider: TracerProvider
    _job: threading.local = field(default_factory=threading.local)

    def close(self) -> None:
        """Sends what is left."""
        self.provider.shutdown()

    def _span(
        self, name: str, seconds: float, attributes: Mapping[str, Any], parent: Span | None = None
    ) -> Span:
        """A span that ends now and took so long; it is to be ended by `_done`."""
        from opentelemetry.trace import set_span_in_context

        start = time.time_ns() - int(seconds * 1e9)
        context = None if parent is None else set_span_in_context(parent)
        tracer = self.provider.get_tracer("braid", version())
        return tracer.start_span(name, context, attributes=attributes, start_time=start)

    # --- the gateway -------------------------------------------------------------------------

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """A span for the search, and one in it for each of its stages."""
        explanation = result.explanation
        search = self._span(
            "braid.search",
            seconds,
            {
                "braid.search.fusion": explanation.fusion,
                "braid.search.hits": len(result.hits),
                "braid.search.relevant": result.is_relevant,
                "braid.collection.generation": result.generation,
            },
        )
        left = seconds
        for stage, ms in explanation.timings_ms.items():
            span = self._span(f"braid.search.{stage}", left, {}, search)
            left = max(left - ms / 1000.0, 0.0)
            span.end(time.time_ns() - int(left * 1e9))
        search.end()

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """A span for the answer, and one in it for the model, where one was called."""
        span = self._span(
            "braid.answer",
            seconds,
            {
                "braid.answer.writer": answer.generator,
                "braid.answer.known": answer.known,
                "braid.answer.citations": len(answer.citations),
                "braid.answer.dropped": len(answer.dropped),
            },
        )
        span.end()

    def on_cache(self, hit: bool) -> None:
        """An event of the request's span."""
        from opentelemetry.trace import get_current_span

        get_current_span().add_event("braid.answer_cache", {"hit": hit})

    # --- jobs --------------------------------------------------------------------------------

    def on_job_begin(self, collection: str, job: str, documents: int) -> None:
        """A trace of its own for each job: the request has long been answered."""
        attributes = {
            "braid.collection": collection,
            "braid.job.id": job,
            "braid.job.documents": documents,
        }
        self._job.span = self._span("braid.job", 0.0, attributes)
        self._job.begun = time.perf_counter()

    def on_document(self, event: Ingested) -> None:
        """A span for each document: from the one before it to its being stored."""
        from opentelemetry.trace import StatusCode

        now = time.perf_counter()
        span = self._span(
            "braid.ingest.document",
            now - self._job.begun,
            {
                "braid.document.state": event.state.value,
                "braid.document.chunks": event.chunks,
                "braid.document.embedded": event.embedded,
            },
            self._job.span,
        )
        if event.state is State.FAILED:
            span.set_status(StatusCode.ERROR, event.stage)
        span.end()
        self._job.begun = now

    def on_stage(self, stage: str, seconds: float) -> None:
        """A span of the job."""
        self._span(f"braid.ingest.{stage}", seconds, {}, self._job.span).end()

    def on_job_end(self, state: str) -> None:
        """The span of the job ends."""
        from opentelemetry.trace import StatusCode

        self._job.span.set_attribute("braid.job.state", state)
        if state == "failed":
            self._job.span.set_status(StatusCode.ERROR)
        self._job.span.end()


@dataclass(frozen=True)
class TracedRequests:
    """The span of a request, in the trace that its `traceparent` names. `template` gives the route
    that took it."""

    app: ASGIApp
    tracing: Tracing
    template: Callable[[Scope], str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self.app(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, StatusCode, format_trace_id
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        method = scope["method"]
        headers = Headers(scope=scope)
        carrier = {name: headers[name] for name in _TRACE_HEADERS if name in headers}
        context = TraceContextTextMapPropagator().extract(carrier)
        tracer = self.tracing.provider.get_tracer("braid", version())
        with tracer.start_as_current_span(method, context, SpanKind.SERVER) as span:
            note(trace_id=format_trace_id(span.get_span_context().trace_id))

            async def seen(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = message["status"]
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(StatusCode.ERROR)
                        span.set_attribute("error.type", str(status))
                await send(message)

            try:
                await self.app(scope, receive, seen)
            finally:
                route = self.template(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "url.path": scope["path"],
                        "url.scheme": scope.get("scheme", "http"),
                        "braid.request_id": scope.get("state", {}).get("request_id", ""),
                    }
                )
