"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from api.rest.guard import routes_of
from api.rest.lanes import TooSlow
from index.pipeline import Replaced
from ingest.contract import BadInput, BraidError, Conflict, Denied, NotFound, Unavailable

MEDIA_TYPE = "application/problem+json"

_STATUS: Sequence[tuple[type[BraidError], int]] = (
    (BadInput, 422),
    (Denied, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooSlow, 504),
    (Replaced, 409),
    (Unavailable, 503),
)
_RETRY_AFTER_S = {409: "5", 503: "10", 504: "10"}
_ADVICE = {
    404: "there is nothing at this address; /docs lists what there is",
    405: "this address does not take that method; /docs lists those it takes",
}
_MEANING = {
    304: "The client has it already, as it is",
    400: "The request cannot be read, for example as JSON",
    401: "The key is missing, wrong, expired or revoked",
    403: "The key gives no right to this; or, where no key is asked for, the request comes from a "
    "page of another site",
    404: "Something that the request names is not there",
    408: "The body stalled, or did not arrive in time, and the request was cut off",
    409: "It exists already, or another process writes to the collection or has put one that was "
    "built anew in its place while files arrived, or the request with this Idempotency-Key is "
    "being carried out",
    412: "It is not as the If-Match says",
    413: "The body, a file or the number of files is over the limit",
    414: "The URL is over the limit of length",
    415: "The body is of a type that this route does not take",
    416: "The file has no such part",
    422: "The request can be read, but something in it is wrong",
    429: "Too many requests: the header `Retry-After` says when to come again",
    431: "There are too many headers",
    500: "A defect of Braid; the server's log has the details under the request id",
    503: "The model is still loading, too many requests are in hand, or something Braid depends on "
    "does not answer",
    504: "It took longer than a request may",
    507: "The disk of the server is full",
}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="where it is, dots between names")
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(description="names the kind of error", examples=["urn:braid:not-found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        description="what is wrong, where, and what to do",
        examples=["no collection 'papers'; there are: default"],
    )
    instance: str = Field(description="the path asked for", examples=["/v1/collections/papers"])
    request_id: str = Field(description="also in the header X-Request-Id and in the log")
    errors: list[Fault] = Field(default_factory=list, description="each fault, where known")


def problem_of(
    status: int, detail: str, path: str, request_id: str, errors: Sequence[Fault] = ()
) -> Problem:
    """A problem of a status, with the status's own title."""
    title = HTTPStatus(status).phrase
    kind = "urn:braid:" + title.lower().replace(" ", "-")
    return Problem(
        type=kind,
        title=title,
        status=status,
        detail=detail,
        instance=path,
        request_id=request_id,
        errors=list(errors),
    )


def status_of(error: BraidError) -> int:
    """The HTTP status that tells a client what it can do about the error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def response_of(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as a response."""
    # What a client sent may hold halves of surrogate pairs, which UTF-8 does not.
    body = json.dumps(problem.model_dump(), ensure_ascii=False).encode("utf-8", "replace")
    given = dict(headers or {})
    if problem.status in _RETRY_AFTER_S:
        given.setdefault("Retry-After", _RETRY_AFTER_S[problem.status])
    return Response(body, problem.status, given, media_type=MEDIA_TYPE)


def problem_for(request: Request, error: BraidError) -> Problem:
    """What a Braid error is to the client of a request."""
    return problem_of(status_of(error), str(error), request.url.path, request_id_of(request))


def request_id_of(request: Request) -> str:
    """The id that the request was given, or chose for itself."""
    return str(getattr(request.state, "request_id", ""))


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's account of the errors of a route: those given, and those of every route."""
    return {
        status: {
            "description": _MEANING[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({401, 403, 408, 414, 422, 429, 431, 500, 503, *statuses})
    }


def install(app: FastAPI) -> None:
    """Makes problems of everything that can go wrong in a route."""

    async def braid_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, BraidError)
        return response_of(problem_for(request, error))

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code
        standard = error.detail == HTTPStatus(status).phrase
        detail = _ADVICE.get(status, error.detail) if standard else error.detail
        headers = dict(error.headers or {})
        if status == 405:
            headers["Allow"] = ", ".join(_allowed_methods(request))
        problem = problem_of(status, detail, request.url.path, request_id_of(request))
        return response_of(problem, headers)

    async def validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        unreadable = [f for f in error.errors() if f["type"] == "json_invalid"]
        if unreadable:
            place, reason = unreadable[0]["loc"][-1], unreadable[0]["ctx"]["error"]
            detail = f"the body is not valid JSON: {reason} at character {place}"
            problem = problem_of(400, detail, request.url.path, request_id_of(request))
            return response_of(problem)
        faults = [
            Fault(field=".".join(map(str, f["loc"])), message=f["msg"]) for f in error.errors()
        ][:20]
        detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults[:5])
        problem = problem_of(422, detail, request.url.path, request_id_of(request), faults)
        return response_of(problem)

    app.add_exception_handler(BraidError, braid_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)


def _allowed_methods(request: Request) -> list[str]:
    """Every method of the path with the fewest parameters that the request matches; the router
    names those of one route alone. An address such as `/documents/text` has its own methods, not
    those of `/documents/{id}`."""
    matching = [one for one in routes_of(request.app) if _matches(one, request)]
    first = min((getattr(one, "path", "") for one in matching), key=_parameters, default="")
    return sorted(
        method
        for route in matching
        if getattr(route, "path", "") == first
        for method in getattr(route, "methods", None) or ()
    )


def _parameters(path: str) -> int:
    return path.count("{")


def _matches(route: BaseRoute, request: Request) -> bool:
    return route.matches(dict(request.scope))[0] is not Match.NONE
