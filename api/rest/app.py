"""The application: routes, middleware, life and documentation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from api.doors import dify, mcp, openai, rerank
from api.doors.errors import DoorErrors
from api.doors.mcp import McpDoor
from api.rest import (
    admin,
    answers,
    audit,
    chunks,
    collections,
    conversations,
    document_changes,
    documents,
    evaluations,
    feedback,
    graph,
    graph_decisions,
    job_actions,
    jobs,
    keys,
    monitoring,
    pages,
    problems,
    search,
    synonyms,
    tasks,
    uploads,
    words,
)
from api.rest.conditions import describe_conditions
from api.rest.entry import OPEN_PATHS
from api.rest.etags import Etags, NotModified, not_modified
from api.rest.guard import check_guarded
from api.rest.idempotency import Idempotency
from api.rest.metrics import Metrics
from api.rest.middleware import BodyLimit, RequestLog, template_of
from api.rest.problems import Problem
from api.rest.protection import Protection
from api.rest.response_headers import ResponseHeaders
from api.rest.service import Neighbour, Service
from api.rest.tracing import TracedRequests, Tracing, tracing_of
from api.rest.watching import Notes, Watcher, Watchers
from api.settings import Settings
from api.version import version
from api.web import site

_ROUTES = (
    collections,
    uploads,
    document_changes,
    documents,
    chunks,
    pages,
    words,
    synonyms,
    graph,
    graph_decisions,
    jobs,
    job_actions,
    search,
    answers,
    feedback,
    evaluations,
    tasks,
    admin,
    monitoring,
    conversations,
    openai,
    dify,
    rerank,
    keys,
    audit,
)
_GUARDED_ELSEWHERE = frozenset({mcp.PATH})
"""Paths of mounted applications, which ask the gateway."""

_DESCRIPTION = """
Retrieval-augmented generation for Chinese and English documents: upload files, search them by
words and by meaning, and ask questions that are answered with checked citations.

Errors are problem documents (RFC 9457). Every response has an `X-Request-Id`.
"""


def watched(settings: Settings, metrics: Metrics, tracing: Tracing | None) -> Watchers:
    """Who is told of the work of a process of the service."""
    watchers: list[Watcher] = [metrics, Notes(settings.server.log_questions)]
    return Watchers([*watchers, *([tracing] if tracing else [])])


def create_app(
    settings: Settings,
    tracing: Tracing | None = None,
    neighbour: Neighbour | None = None,
) -> FastAPI:
    """The service over the collections of the settings. Loading begins when it starts up, in a
    thread of its own; /health answers meanwhile. `tracing` stands in for the one that is set. Where
    there is a `neighbour`, that process carries out jobs."""
    server = settings.server
    metrics = Metrics(settings.answer.model or "extractive")
    tracing = tracing or tracing_of(settings.telemetry)
    service = Service(settings, watched(settings, metrics, tracing), neighbour)
    protection = Protection.of(settings, service.store)
    tools = McpDoor(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        protection.start()
        async with tools.open():
            yield
        await run_in_threadpool(service.stop)
        await run_in_threadpool(protection.stop)
        if tracing is not None:
            await run_in_threadpool(tracing.close)

    app = FastAPI(
        title="Braid",
        version=version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    app.state.service, app.state.metrics = service, metrics
    # The last one added is the outermost.
    app.add_middleware(Etags, routes=lambda: app)
    app.add_middleware(Idempotency, replays=service.replays, routes=lambda: app)
    app.add_middleware(BodyLimit)
    protection.install(app)
    if tracing is not None:
        app.add_middleware(TracedRequests, tracing=tracing, template=template_of)
    app.add_middleware(RequestLog, metrics=metrics, slow_s=server.slow_request_s)
    app.add_middleware(DoorErrors)
    app.add_middleware(ResponseHeaders)
    problems.install(app)
    app.add_exception_handler(NotModified, not_modified)
    for module in _ROUTES:
        app.include_router(module.router)
    app.router.routes.append(Route(mcp.PATH, tools, include_in_schema=False))
    app.include_router(site.web_router())
    check_guarded(app, OPEN_PATHS | site.PATHS, _GUARDED_ELSEWHERE)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's account, with problems in place of its own validation errors."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            components.pop(name, None)
        _drop_validation_errors(schema)
        for model in (Problem, *answers.EVENT_MODELS):
            found = model.model_json_schema(ref_template="#/components/schemas/{model}")
            components.update(found.pop("$defs", {}))
            components[model.__name__] = found
        describe_conditions(schema, app)
        app.openapi_schema = schema
    return app.openapi_schema


def _drop_validation_errors(schema: dict[str, Any]) -> None:
    """Takes out the 422 that FastAPI adds to routes which answer in another way: doors, in the
    form that their clients know."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            told = operation["responses"].get("422", {}).get("content", {})
            if any("HTTPValidationError" in str(one) for one in told.values()):
                del operation["responses"]["422"]
