"""What the routes share: a Braid that loads in the background, and the worker of its jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Annotated

import structlog
from fastapi import Depends, Path, Request
from fastapi.concurrency import run_in_threadpool

from api.compose import Braid
from api.fetching import FetchLimits
from api.gateway import Gateway
from api.originals import Pages
from api.rest.guard import CallerDep
from api.rest.idempotency_store import Replays
from api.rest.lanes import Lanes
from api.rest.values import COLLECTION_PATTERN
from api.rest.watching import Watcher, Watchers, note, request_id
from api.rest.worker import Keeping, Worker
from api.service_store import ServiceStore
from api.settings import Settings
from api.tasks import Tasks, TaskWorker
from api.works import works_of
from index.contract import HAN
from index.pipeline import View
from ingest.contract import BraidError, Unavailable, cached_property

_PATIENCE_S = 120.0
_RELOAD_AFTER_S = 15.0
_log = structlog.get_logger("braid.rest")


@dataclass(frozen=True)
class Neighbour:
    """The process that carries out jobs, where that is another: `ring` tells it of new work (the
    id of a job, or nothing, and that of its request), `search_came` that somebody searches."""

    ring: Callable[[str, str], None]
    search_came: Callable[[], None]


@dataclass
class Service:
    """Loads on `start`, in a thread of its own; requests wait for it in theirs. One thread
    builds every part, so none is built twice. Jobs are carried out by this process where it has
    no `neighbour`."""

    settings: Settings
    watcher: Watcher = field(default_factory=lambda: Watchers(()))
    neighbour: Neighbour | None = None
    store: ServiceStore = field(init=False)
    pages: Pages = field(default_factory=Pages)
    replays: Replays = field(init=False)
    _braid: Braid | None = None
    _gateway: Gateway | None = None
    _worker: Worker | None = None
    _task_worker: TaskWorker | None = None
    _fault: str = ""
    _settled: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _draining: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.store = ServiceStore(self.settings.data_dir)
        self.replays = Replays(self.store, self.settings.data_dir)

    def start(self) -> None:
        """Begins to load; returns at once."""
        self._thread = threading.Thread(target=self._load, name="braid-load", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops the worker and closes the collections."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(60.0)
        if self._task_worker is not None:
            self._task_worker.stop()
        if self._worker is not None:
            self._worker.stop()
        if self._braid is not None:
            self._braid.close()
        self.pages.close()
        self.replays.close()

    @property
    def status(self) -> str:
        """One of "loading", "ok" and "degraded" (see `fault`)."""
        if self._braid is not None:
            return "ok"
        return "degraded" if self._fault else "loading"

    @property
    def fault(self) -> str:
        """Why loading failed; it is tried again."""
        return self._fault

    @property
    def is_draining(self) -> bool:
        """True once it has begun to stop."""
        return self._draining.is_set() or self._stopping.is_set()

    def drain(self) -> None:
        """It is about to be stopped: what is in hand ends, and nothing new should come."""
        self._draining.set()

    def collection_names(self) -> list[str]:
        """Every collection, in order; none before it has loaded."""
        return [] if self._braid is None else self._braid.store.names()

    def braid(self) -> Braid:
        """Blocks until it has loaded. Raises Unavailable where it cannot, or takes too long."""
        self._settled.wait(_PATIENCE_S)
        if self._braid is None:
            raise Unavailable(self._fault or "the model is still loading; try again in a while")
        return self._braid

    @cached_property
    def lanes(self) -> Lanes:
        """Where searches and answers wait for their turn."""
        came = None if self.neighbour is None else self.neighbour.search_came
        return Lanes.of(self.settings.server, came)

    @property
    def is_loaded(self) -> bool:
        """Whether `braid` answers at once."""
        return self._braid is not None

    def gateway(self) -> Gateway:
        """What every door goes through; blocks and raises as `braid` does."""
        self.braid()
        assert self._gateway is not None
        return self._gateway

    def notify(self, job: str = "", request: str = "") -> None:
        """There is a new job, of a request (the one in hand, if none is named): its log lines say
        so."""
        request = request or request_id()
        if job:
            note(job=job)
        if self.neighbour is not None:
            self.neighbour.ring(job, request)
        elif self._worker is not None:
            self._worker.notify(job, request)
            if self._task_worker is not None:
                self._task_worker.notify()

    def _worker_of(self, braid: Braid) -> Worker:
        server = self.settings.server
        return Worker(
            braid.store,
            replace(braid.ingestor, on_stage=self.watcher.on_stage),
            server.max_upload_mb * 2**20,
            braid.keep_tuned,
            self.watcher,
            FetchLimits.of(server),
            Keeping(server.keep_originals, server.keep_failed_days),
        )

    def _load(self) -> None:
        while not self._stopping.is_set():
            try:
                braid = Braid(self.settings)
                _warm_up(braid)
                if self.neighbour is None:
                    self._begin_work(braid)
                self._gateway = Gateway(braid, self.store, self.watcher)
                self._braid, self._fault = braid, ""
            except BraidError as error:
                self._fault = str(error)
                _log.warning("loading failed", reason=self._fault)
            except Exception as error:  # a model's files can make its libraries raise anything
                self._fault = f"loading failed: {type(error).__name__}: {error}"
                _log.exception("loading failed")
            else:
                _log.info("ready")
                return
            finally:
                self._settled.set()
            self._stopping.wait(_RELOAD_AFTER_S)

    def _begin_work(self, braid: Braid) -> None:
        """Jobs and tasks are carried out in this process."""
        self._worker = self._worker_of(braid)
        self._worker.start()
        self._task_worker = TaskWorker(Tasks(self.store), works_of(braid))
        self._task_worker.start()


def _warm_up(braid: Braid) -> None:
    """Builds every part, and opens every collection that can be opened."""
    braid.parts.analyzer.terms("预热 warm-up")
    braid.parts.embedder.count(["预热 warm-up"])
    braid.similarity("预热", ["warm-up"])
    _ = braid.retriever, braid.ingestor, braid.answers
    if braid.translator is not None:
        with suppress(Unavailable):  # a search says so, and goes on without it
            braid.translator.translate("预热", HAN)
    for name in braid.store.names():
        try:
            braid.store.get(name)
        except BraidError as error:
            _log.warning("collection not opened", collection=name, reason=str(error))


def service_in(request: Request) -> Service:
    """The service of the application that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


async def service_of(request: Request) -> Service:
    """The same, as a dependency that takes no thread."""
    return service_in(request)


async def braid_of(service: Annotated[Service, Depends(service_of)]) -> Braid:
    """The loaded Braid; waits for it."""
    return service.braid() if service.is_loaded else await run_in_threadpool(service.braid)


async def gateway_of(service: Annotated[Service, Depends(service_of)]) -> Gateway:
    """What every door goes through; waits for it."""
    return service.gateway() if service.is_loaded else await run_in_threadpool(service.gateway)


CollectionName = Annotated[
    str,
    Path(
        description="name of the collection",
        examples=["papers"],
        json_schema_extra={"pattern": COLLECTION_PATTERN},
    ),
]


def collection_of(
    collection: CollectionName,
    braid: Annotated[Braid, Depends(braid_of)],
    caller: CallerDep,
) -> View:
    """The collection that the path names, as whoever asks may see it; its route has asked for a
    role on it (see guard.py)."""
    return braid.store.get(collection).view(caller.tags)


ServiceDep = Annotated[Service, Depends(service_of)]
GatewayDep = Annotated[Gateway, Depends(gateway_of)]
BraidDep = Annotated[Braid, Depends(braid_of)]
CollectionDep = Annotated[View, Depends(collection_of)]
