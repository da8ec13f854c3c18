"""What the service has done, for Prometheus: counters and histograms that every worker process
adds to.

Labels are bounded: routes are templates, and nothing that a client wrote becomes a label. With
several worker processes the values lie in files that all of them can read (see `share`), and
whichever is asked adds them up.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generate.pipeline import Totals, totals

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.registry import Collector

    from api.events import Ingested
    from generate.contract import Answer
    from retrieve.contract import SearchResult

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which prometheus_client finds the shared files."""

FOLDER = "metrics"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"

_MAX_NAMES = 64
"""So many stages, writers and so on are told apart; the rest is OTHER."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "braid_http_requests": (
        "Requests by route, method and class of status",
        ("route", "method", "status"),
    ),
    "braid_errors": ("Requests that failed, by kind of problem", ("kind",)),
    "braid_searches_irrelevant": ("Searches where nothing seemed to answer", ()),
    "braid_answers": (
        "Answers by what wrote them, whether the passages held one, and whether quoted sentences "
        "stood in for the model that is set",
        ("writer", "known", "fallback"),
    ),
    "braid_citations": ("Citations by what the check made of them", ("outcome",)),
    "braid_cache_requests": ("Questions to the answer cache", ("result",)),
    "braid_model_calls": ("Calls of language models", ("model",)),
    "braid_model_failures": ("Calls of language models that failed", ("model",)),
    "braid_model_tokens": ("Tokens that language models read and wrote", ("model", "direction")),
    "braid_model_cost": ("What language models cost, by the prices set", ("model",)),
    "braid_jobs_ended": ("Jobs that ended, by state", ("state",)),
    "braid_ingested_documents": ("Documents of jobs, by what became of them", ("state",)),
    "braid_ingested_chunks": ("Passages that jobs stored", ()),
    "braid_embedded_chunks": ("Vectors that jobs had to compute", ()),
    "braid_ingestion_seconds": (
        "Where the time of jobs goes; `read` is the wait for the processes that read files",
        ("stage",),
    ),
}
_HISTOGRAMS: dict[str, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    "braid_http_request_seconds": (
        "From a request to the end of its answer",
        ("route", "method"),
        _SECONDS,
    ),
    "braid_search_seconds": ("Searches, those behind answers among them", (), _SECONDS),
    "braid_search_stage_seconds": (
        "Stages of searches, none of which lies within another",
        ("stage",),
        _STAGE_SECONDS,
    ),
    "braid_answer_seconds": ("Answers, without their searches", ("writer",), _SECONDS),
}


def share(data_dir: Path) -> None:
    """Has every process that is started from here on add to the same metrics. To be called before
    the workers are started; what an earlier server left is removed."""
    folder = data_dir / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[SHARED] = str(folder)


class Metrics:
    """The instruments of one application, and what is told to them: an Observer of the gateway and
    of the jobs. `writer` is what is to write answers; another one is a fallback."""

    def __init__(self, writer: str = "extractive") -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            disable_created_metrics,
        )

        # Else there is a second series for each counter, which nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._writer = writer
        self._registry = registry = CollectorRegistry(auto_describe=False)
        self._seen: dict[str, set[str]] = {}
        self._models: dict[str, Totals] = dict(totals())
        self._models_lock = threading.Lock()
        self._counters: dict[str, Any] = {
            name: Counter(name, f"{text}.", labels, registry=registry)
            for name, (text, labels) in _COUNTERS.items()
        }
        self._histograms: dict[str, Any] = {
            name: Histogram(name, f"{text}.", labels, registry=registry, buckets=buckets)
            for name, (text, labels, buckets) in _HISTOGRAMS.items()
        }
        self._in_flight = Gauge(
            "braid_http_requests_in_flight",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def count(self, name: str, by: float = 1.0, **labels: str) -> None:
        """Adds to a counter."""
        self._of(self._counters[name], labels).inc(by)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Adds to a histogram."""
        self._of(self._histograms[name], labels).observe(seconds)

    def _of(self, instrument: Any, labels: dict[str, str]) -> Any:
        return instrument.labels(**labels) if labels else instrument

    def bounded(self, kind: str, name: str) -> str:
        """The name as a label: itself, as long as there are few of the kind."""
        seen = self._seen.setdefault(kind, set())
        if name in seen or len(seen) < _MAX_NAMES:
            seen.add(name)
            return name
        return OTHER

    def follow_models(self) -> None:
        """Takes in what language models were used for since the last time, in this process."""
        with self._models_lock:
            for name, now in totals().items():
                before = self._models.get(name, Totals())
                self._models[name] = now
                model = self.bounded("model", name)
                self.count("braid_model_calls", now.calls - before.calls, model=model)
                self.count("braid_model_failures", now.failed - before.failed, model=model)
                self.count("braid_model_cost", max(now.cost - before.cost, 0.0), model=model)
                read = now.prompt_tokens - before.prompt_tokens
                written = now.completion_tokens - before.completion_tokens
                for direction, by in (("read", read), ("written", written)):
                    self.count("braid_model_tokens", by, model=model, direction=direction)

    # --- requests ----------------------------------------------------------------------------

    def on_request_begin(self) -> None:
        """A request has come in."""
        self._in_flight.inc()

    def on_request_end(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request has been answered; `status` is 0 where its client went away before."""
        self._in_flight.dec()
        self.follow_models()
        method = method if method in METHODS else OTHER
        kind = f"{status // 100}xx" if status else "gone"
        self.count("braid_http_requests", route=route, method=method, status=kind)
        self.observe("braid_http_request_seconds", seconds, route=route, method=method)

    def on_problem(self, kind: str) -> None:
        """A request was answered with a problem of that kind."""
        self.count("braid_errors", kind=self.bounded("kind", kind))

    # --- the gateway -------------------------------------------------------------------------

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """A search took so long."""
        self.observe("braid_search_seconds", seconds)
        if not result.is_relevant:
            self.count("braid_searches_irrelevant")
        for stage, spent in result.explanation.timings_ms.items():
            name = self.bounded("stage", stage)
            self.observe("braid_search_stage_seconds", spent / 1000.0, stage=name)

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """An answer was written, so long after its search."""
        writer = self.bounded("writer", answer.generator)
        known, fallback = (_said(answer.known), _said(answer.generator != self._writer))
        self.count("braid_answers", writer=writer, known=known, fallback=fallback)
        self.observe("braid_answer_seconds", seconds, writer=writer)
        self.count("braid_citations", len(answer.citations), outcome="kept")
        self.count("braid_citations", len(answer.dropped), outcome="dropped")

    def on_cache(self, hit: bool) -> None:
        """The answer cache was asked."""
        self.count("braid_cache_requests", result="hit" if hit else "miss")

    # --- jobs --------------------------------------------------------------------------------

    def on_job_begin(self, collection: str, job: str, documents: int) -> None:
        """The queue says it."""

    def on_document(self, event: Ingested) -> None:
        """A document of a job has had its turn."""
        self.count("braid_ingested_documents", state=event.state.value)
        self.count("braid_ingested_chunks", event.chunks)
        self.count("braid_embedded_chunks", event.embedded)

    def on_stage(self, stage: str, seconds: float) -> None:
        """A stage of a job took so long."""
        self.count("braid_ingestion_seconds", seconds, stage=stage)

    def on_job_end(self, state: str) -> None:
        """A job has ended."""
        self.follow_models()
        self.count("braid_jobs_ended", state=state)

    # --- asked for ---------------------------------------------------------------------------

    def exposed(self, state: Iterable[Collector] = ()) -> tuple[bytes, str]:
        """All of it in Prometheus' text format, with its media type; `state` are collectors of what
        is looked up at this moment."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        registry = CollectorRegistry()
        registry.register(_shared(Path(os.environ[SHARED])) if SHARED in os.environ else self._own)
        for collector in state:
            registry.register(collector)
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4

    @property
    def _own(self) -> Collector:
        return _Forwarded(self._registry)


class _Forwarded:
    """What a registry has, as a collector."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Any]:
        """Its metrics."""
        return self._registry.collect()


def _shared(folder: Path) -> Collector:
    """What all workers have written; those that have died have nothing in flight."""
    import psutil
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

    for file in folder.glob("gauge_live*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            with suppress(OSError):  # another process has just done it
                mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
    return MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]


def _said(value: bool) -> str:
    return "true" if value else "false"
