"""How the service stands at the moment it is asked, for Prometheus: collections, the queue, its
processes. Read from what all worker processes share, so that each of them says the same."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import psutil

from api.rest.metrics import SHARED
from api.version import version
from index.pipeline import Collection, JobState
from ingest.contract import BraidError

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

    from api.rest.service import Service

MAX_COLLECTIONS = 50
"""So many have values of their own, in order of name; the others are counted alone."""

_JOB_STATES = (JobState.QUEUED, JobState.RUNNING)


class StateCollector:
    """A collector of prometheus_client."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Gauges, made anew each time."""
        yield from self._about()
        yield from _processes()
        yield from self._collections()

    def _about(self) -> Iterator[GaugeMetricFamily]:
        text = "Always 1; the labels say what runs"
        build = _gauge("braid_build_info", text, "version", "python")
        build.add_metric([version(), platform.python_version()], 1)
        yield build
        ready = _gauge("braid_ready", "1 where this process takes requests, see /ready")
        ready.add_metric([], float(self._service.status == "ok"))
        yield ready

    def _collections(self) -> Iterator[GaugeMetricFamily]:
        names = self._service.collection_names()
        total = _gauge("braid_collections", "Collections")
        total.add_metric([], len(names))
        families = (
            _gauge("braid_collection_documents", "Documents by state", "collection", "state"),
            _gauge("braid_collection_chunks", "Passages", "collection"),
            _gauge("braid_collection_generation", "Writes so far", "collection"),
            _gauge("braid_jobs", "Jobs that wait or are worked on", "collection", "state"),
            _gauge("braid_job_oldest_seconds", "Age of the oldest job not ended", "collection"),
        )
        unopened = 0
        for name in names[:MAX_COLLECTIONS]:
            try:
                _add(families, self._service.braid().store.get(name))
            except (BraidError, OSError):
                unopened += 1
        closed = _gauge("braid_collections_unopened", "Collections that cannot be opened")
        closed.add_metric([], unopened)
        yield from (total, closed, *families)


def _add(families: tuple[GaugeMetricFamily, ...], collection: Collection) -> None:
    documents, chunks, generation, jobs, oldest = families
    name, stats = collection.name, collection.stats()
    failed = collection.ledger.states.counts()
    documents.add_metric([name, "stored"], stats.documents)
    for status, number in sorted(failed.items()):
        if status.value != "ok":
            documents.add_metric([name, status.value], number)
    chunks.add_metric([name], stats.chunks)
    generation.add_metric([name], stats.generation)
    counts, begun = collection.jobs.waiting()
    for state in _JOB_STATES:
        jobs.add_metric([name, state.value], counts.get(state, 0))
    oldest.add_metric([name], _age(begun))


def _age(moment: str) -> float:
    """Seconds since a moment in ISO 8601; 0 where there is none."""
    if not moment:
        return 0.0
    return max(time.time() - datetime.fromisoformat(moment).timestamp(), 0.0)


def _processes() -> Iterator[GaugeMetricFamily]:
    """Memory and time of the server with all of its processes, the readers of files among them."""
    own = psutil.Process()
    root = psutil.Process(os.getppid()) if SHARED in os.environ else own
    memory, seconds, count = 0, 0.0, 0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.Error):  # it has ended meanwhile
            with process.oneshot():
                memory += process.memory_info().rss
                used = process.cpu_times()
            seconds += used.user + used.system
            count += 1
    for name, text, value in (
        ("braid_process_resident_bytes", "Memory of the server and its processes", memory),
        ("braid_process_cpu_seconds", "Processor time of those that run now", seconds),
        ("braid_processes", "Processes, those that read files among them", count),
        ("braid_process_start_time_seconds", "When it was started (Unix)", root.create_time()),
    ):
        family = _gauge(name, text)
        family.add_metric([], value)
        yield family


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, f"{text}.", labels=labels)
