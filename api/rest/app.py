"""The application: routes, middleware, life and documentation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse

from api.rest import (
    answers,
    collections,
    documents,
    graph,
    graph_decisions,
    jobs,
    problems,
    search,
    synonyms,
    words,
)
from api.rest.guard import check_guarded
from api.rest.middleware import OPEN_PATHS, BodyLimit, KeyCheck, RequestLog
from api.rest.problems import Problem
from api.rest.service import Service, ServiceDep
from api.settings import Settings
from api.version import version

_ROUTES = (
    collections,
    documents,
    words,
    synonyms,
    graph,
    graph_decisions,
    jobs,
    search,
    answers,
)
_DESCRIPTION = """
Retrieval-augmented generation for Chinese and English documents: upload files, search them by
words and by meaning, and ask questions that are answered with checked citations.

Errors are problem documents (RFC 9457). Every response has an `X-Request-Id`.
"""


class Health(BaseModel):
    """Whether the service is there, and whether it is ready to work."""

    status: Literal["loading", "ok", "degraded"] = Field(
        description="`loading`: requests wait for the model; `degraded`: it cannot be loaded, "
        "`detail` says why, and it is tried again"
    )
    version: str = Field(examples=["0.1.0"])
    detail: str = ""


def create_app(settings: Settings) -> FastAPI:
    """The service over the collections of the settings. Loading begins when it starts up, in a
    thread of its own; /health answers meanwhile."""
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await run_in_threadpool(service.stop)

    key = settings.server.api_key.get_secret_value()
    app = FastAPI(
        title="Braid",
        version=version(),
        description=_DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    app.state.service = service
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(KeyCheck, key=key)
    app.add_middleware(RequestLog)
    problems.install(app)
    for module in _ROUTES:
        app.include_router(module.router)
    app.add_api_route("/health", health, tags=["service"], summary="Health")
    app.add_api_route("/", to_docs, include_in_schema=False, response_class=RedirectResponse)
    check_guarded(app, OPEN_PATHS | {"/"})
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


async def health(service: ServiceDep) -> Health:
    """Answers at once, whatever else is going on, and asks for no key."""
    return Health(status=service.status, version=version(), detail=service.fault)


async def to_docs() -> str:
    """The documentation is the front page."""
    return "/docs"


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
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(problem.pop("$defs"))
        components["Problem"] = problem
        app.openapi_schema = schema
    return app.openapi_schema
