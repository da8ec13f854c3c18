"""Errors in the words that the clients of each door understand.

Whatever goes wrong is a problem (see api/rest/problems.py), wherever on its way a request fails;
on the paths of a door it is put into the door's own form here, the last thing before it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, Field
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import MEDIA_TYPE

Form: TypeAlias = Callable[[Mapping[str, Any], Headers], tuple[int, dict[str, Any]]]
"""Makes a status and a body of a problem and of the headers of its request."""

_UNREADABLE = 422
"""What these clients know as 400."""


class OpenAIFault(BaseModel):
    """What is wrong, as OpenAI says it."""

    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = None
    code: str | None = Field(None, examples=["model_not_found"])


class OpenAIError(BaseModel):
    """An error, as OpenAI says it."""

    error: OpenAIFault


class DifyError(BaseModel):
    """An error, as Dify's documentation has it."""

    error_code: int = Field(
        description="1001: no bearer token; 1002: no right; 2001: no such knowledge; else the "
        "status, 422 and 400 alike 400",
        examples=[2001],
    )
    error_msg: str


class CohereError(BaseModel):
    """An error, as Cohere says it."""

    message: str


def _openai(problem: Mapping[str, Any], _: Headers) -> tuple[int, dict[str, Any]]:
    status = int(problem["status"])
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
    fault = OpenAIFault(message=problem["detail"], type=kind, code=codes.get(status))
    return status, OpenAIError(error=fault).model_dump()


def _dify(problem: Mapping[str, Any], headers: Headers) -> tuple[int, dict[str, Any]]:
    status = int(problem["status"])
    given = headers.get("Authorization", "").lower().startswith("bearer ")
    codes = {401: 1002 if given else 1001, 403: 1002, 404: 2001, _UNREADABLE: 400}
    return status, DifyError(
        error_code=codes.get(status, status), error_msg=problem["detail"]
    ).model_dump()


def _cohere(problem: Mapping[str, Any], _: Headers) -> tuple[int, dict[str, Any]]:
    return int(problem["status"]), CohereError(message=problem["detail"]).model_dump()


_FORMS: Mapping[str, tuple[type[BaseModel], Form]] = {
    "/v1/models": (OpenAIError, _openai),
    "/v1/chat/completions": (OpenAIError, _openai),
    "/retrieval": (DifyError, _dify),
    "/v1/rerank": (CohereError, _cohere),
    "/v2/rerank": (CohereError, _cohere),
}


def door_responses(path: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's account of the errors of a door."""
    model, _ = _FORMS[path]
    every = {400, 401, 403, 429, 500, 503, 504, *statuses}
    return {status: {"model": model} for status in sorted(every)}


@dataclass(frozen=True)
class DoorErrors:
    """Puts problems into the form of the door that they leave by."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = _form_of(scope["path"]) if scope["type"] == "http" else None
        if form is None:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        begin: Message | None = None
        body = b""

        async def put(message: Message) -> None:
            nonlocal begin, body
            if message["type"] == "http.response.start":
                found = Headers(raw=message["headers"]).get("Content-Type", "")
                if found.startswith(MEDIA_TYPE):
                    begin = message
                    return
            if begin is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                for part in _translated(begin, body, form, headers):
                    await send(part)

        await self.app(scope, receive, put)


def _form_of(path: str) -> Form | None:
    known = "/v1/models" if path.startswith("/v1/models/") else path
    found = _FORMS.get(known)
    return None if found is None else found[1]


def _translated(begin: Message, body: bytes, form: Form, headers: Headers) -> tuple[Message, ...]:
    status, said = form(json.loads(body), headers)
    if status == _UNREADABLE:
        status = 400
    data = json.dumps(said, ensure_ascii=False).encode()
    changed = {**begin, "status": status, "headers": list(begin["headers"])}
    given = MutableHeaders(scope=changed)
    given["Content-Type"] = "application/json"
    given["Content-Length"] = str(len(data))
    return changed, {"type": "http.response.body", "body": data}
