"""What the routes share: a Braid that loads in the background, and the worker of its jobs."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from fastapi import Depends, Path, Request

from api.compose import Braid
from api.gateway import Gateway
from api.rest.worker import Worker
from api.service_store import ServiceStore
from api.settings import Settings
from index.contract import HAN
from index.pipeline import Collection
from ingest.contract import BraidError, Unavailable

_PATIENCE_S = 120.0
_RELOAD_AFTER_S = 15.0
_log = structlog.get_logger("braid.rest")


@dataclass
class Service:
    """Loads on `start`, in a thread of its own; requests wait for it in theirs. One thread
    builds every part, so none is built twice."""

    settings: Settings
    store: ServiceStore = field(init=False)
    _braid: Braid | None = None
    _worker: Worker | None = None
    _fault: str = ""
    _settled: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.store = ServiceStore(self.settings.data_dir)

    def start(self) -> None:
        """Begins to load; returns at once."""
        self._thread = threading.Thread(target=self._load, name="braid-load", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops the worker and closes the collections."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(60.0)
        if self._worker is not None:
            self._worker.stop()
        if self._braid is not None:
            self._braid.close()

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

    def braid(self) -> Braid:
        """Blocks until it has loaded. Raises Unavailable where it cannot, or takes too long."""
        self._settled.wait(_PATIENCE_S)
        if self._braid is None:
            raise Unavailable(self._fault or "the model is still loading; try again in a while")
        return self._braid

    def notify(self) -> None:
        """There is a new job."""
        if self._worker is not None:
            self._worker.notify()

    def _load(self) -> None:
        while not self._stopping.is_set():
            try:
                braid = Braid(self.settings)
                _warm_up(braid)
                most = self.settings.server.max_upload_mb * 2**20
                self._worker = Worker(braid.store, braid.ingestor, most, braid.keep_tuned)
                self._worker.start()
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


def service_of(request: Request) -> Service:
    """The service of the application that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def braid_of(service: Annotated[Service, Depends(service_of)]) -> Braid:
    """The loaded Braid; waits for it."""
    return service.braid()


def gateway_of(braid: Annotated[Braid, Depends(braid_of)]) -> Gateway:
    """What every door goes through."""
    return Gateway(braid)


def collection_of(
    collection: Annotated[str, Path(description="name of the collection", examples=["papers"])],
    braid: Annotated[Braid, Depends(braid_of)],
) -> Collection:
    """The collection that the path names; its route has asked for a role on it (see guard.py)."""
    return braid.store.get(collection)


ServiceDep = Annotated[Service, Depends(service_of)]
GatewayDep = Annotated[Gateway, Depends(gateway_of)]
BraidDep = Annotated[Braid, Depends(braid_of)]
CollectionDep = Annotated[Collection, Depends(collection_of)]
