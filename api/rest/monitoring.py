"""/health, /ready and /metrics: what those ask who watch over the service."""

from __future__ import annotations

from typing import Literal

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.access import Role
from api.rest.guard import needs
from api.rest.metrics import Metrics
from api.rest.problems import responses
from api.rest.service import Service, ServiceDep
from api.rest.state_metrics import StateCollector
from api.version import version
from ingest.contract import BraidError

_log = structlog.get_logger("braid.rest")

router = APIRouter(tags=["service"])

_SAMPLE = (
    "# HELP braid_http_requests_total Requests by route, method and class of status.\n"
    "# TYPE braid_http_requests_total counter\n"
    'braid_http_requests_total{method="POST",route="/v1/collections/{collection}/search",'
    'status="2xx"} 42.0\n'
)


class Health(BaseModel):
    """Whether the service is there."""

    status: Literal["loading", "ok", "degraded"] = Field(
        description="`loading`: requests wait for the model; `degraded`: it cannot be loaded, "
        "`detail` says why, and it is tried again"
    )
    version: str = Field(examples=["0.1.0"])
    detail: str = ""


class Part(BaseModel):
    """A part that the service needs to work."""

    name: Literal["model", "store", "collections", "server"]
    ready: bool
    detail: str = Field("", description="what is missing")


class Readiness(BaseModel):
    """Whether requests should be sent here."""

    ready: bool
    parts: list[Part]


@router.get("/health", summary="Health")
async def health(service: ServiceDep) -> Health:
    """Answers at once, whatever else is going on, and asks for no key."""
    return Health(status=service.status, version=version(), detail=service.fault)


@router.get(
    "/ready",
    summary="Readiness",
    responses={503: {"model": Readiness, "description": "Some part is not ready"}},
)
def ready(service: ServiceDep, response: Response) -> Readiness:
    """Whether this server can work now: the model is loaded, its store and the catalog of every
    collection answer, and it is not shutting down. Asks for no key, and names no collection."""
    parts = [_model(service), _store(service), _collections(service), _server(service)]
    found = Readiness(ready=all(part.ready for part in parts), parts=parts)
    if not found.ready:
        response.status_code = 503
    return found


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={
        **responses(),
        200: {
            "description": "In Prometheus' text format",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": _SAMPLE}},
        },
    },
    dependencies=[needs(Role.READ)],
)
def metrics(request: Request, service: ServiceDep) -> Response:
    """What the service has done and how it stands, for Prometheus: of all worker processes
    together. Needs a key that may read every collection."""
    kept = request.app.state.metrics
    assert isinstance(kept, Metrics)
    text, media_type = kept.exposed([StateCollector(service)])
    return Response(text, media_type=media_type)


def _model(service: Service) -> Part:
    waiting = "the model is loading" if service.status == "loading" else service.fault
    loaded = service.status == "ok"
    return Part(name="model", ready=loaded, detail="" if loaded else waiting)


def _store(service: Service) -> Part:
    try:
        service.store.rows("SELECT 1")
    except BraidError as error:
        _log.warning("store does not answer", reason=str(error))
        text = "the service's own store does not answer: the log says why"
        return Part(name="store", ready=False, detail=text)
    return Part(name="store", ready=True)


def _collections(service: Service) -> Part:
    """Says how many do not answer, not which: whoever asks has no key."""
    if service.status != "ok":
        return Part(name="collections", ready=False, detail="they open when the model is loaded")
    names = service.collection_names()
    failing = [name for name in names if not _answers(service, name)]
    if failing:
        text = f"{len(failing)} of {len(names)} cannot be opened: `braid doctor` says which and why"
        return Part(name="collections", ready=False, detail=text)
    return Part(name="collections", ready=True)


def _answers(service: Service, name: str) -> bool:
    try:
        service.braid().store.get(name).jobs.waiting()
    except (BraidError, OSError):
        return name not in service.collection_names()  # deleted meanwhile
    return True


def _server(service: Service) -> Part:
    if service.is_draining:
        return Part(name="server", ready=False, detail="it is shutting down")
    return Part(name="server", ready=True)
