"""OpenAPI's account of what the middleware does to routes: ETags, and keys of idempotency."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.rest.etags import CHANGING, PREFIX
from api.rest.guard import routes_of
from api.rest.idempotency import REPLAYED, can_be_replayed
from api.rest.problems import responses

_ETAG = {
    "ETag": {
        "description": "stands for what is given; for If-None-Match and If-Match",
        "schema": {"type": "string"},
    }
}
_REPLAYED = {
    REPLAYED: {
        "description": "`true` where the response is one that was given before",
        "schema": {"type": "string", "enum": ["true"]},
    }
}


def describe_conditions(schema: dict[str, Any], app: FastAPI) -> None:
    """Adds to the schema what routes do not say themselves."""
    for route in routes_of(app):
        if not isinstance(route, APIRoute) or not route.path_format.startswith(PREFIX):
            continue
        for method in sorted(route.methods or ()):
            operation = schema["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _describe(operation, method, can_be_replayed(route))


def _describe(operation: dict[str, Any], method: str, replayed: bool) -> None:
    answers = operation["responses"]
    if method == "GET" and "text/event-stream" not in answers["200"].get("content", {}):
        answers["200"]["headers"] = {**answers["200"].get("headers", {}), **_ETAG}
        answers["304"] = {"description": responses(304)[304]["description"], "headers": _ETAG}
        _take(operation, "If-None-Match", "an ETag: 304 where it is still so")
    elif method in CHANGING:
        answers["412"] = responses(412)[412]
        _take(operation, "If-Match", "an ETag of what this address gives: 412 where it changed")
    if replayed:
        answers.setdefault("409", responses(409)[409])
        for status, answer in answers.items():
            if status.startswith("2"):
                answer["headers"] = {**answer.get("headers", {}), **_REPLAYED}


def _take(operation: dict[str, Any], name: str, description: str) -> None:
    operation.setdefault("parameters", []).append(
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": description,
            "schema": {"type": "string"},
            "example": '"9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"',
        }
    )
