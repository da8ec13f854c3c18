"""POST /v1/collections/{collection}/query: answers, whole or as a stream of events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sse_starlette import ServerSentEvent

from api.access import Role
from api.gateway import Asked
from api.rest.answer_values import AnswerInfo
from api.rest.answering import answer_of, events_of, streamed
from api.rest.guard import CallerDep, needs
from api.rest.problems import (
    Problem,
    problem_for,
    problem_of,
    request_id_of,
    responses,
)
from api.rest.retrying import RetryingRoute
from api.rest.search import (
    ChainInfo,
    ExplanationInfo,
    HitInfo,
    SearchRequest,
    SearchResponse,
    ThemeInfo,
    within,
)
from api.rest.service import CollectionDep, GatewayDep, service_in
from api.rest.values import json_only
from generate.contract import Answer, Event, Outline
from ingest.contract import BraidError

router = APIRouter(
    prefix="/v1/collections/{collection}", tags=["answers"], route_class=RetryingRoute
)
_log = structlog.get_logger("braid.rest")


class HitsEvent(SearchResponse):
    """`hits`: what the answer will rest on, as soon as it is found."""

    conversation: str = Field("", description="id of the conversation; empty: none")
    cached: bool = Field(False, description="the answer was kept from before")


class OutlineEvent(BaseModel):
    """`outline`: the headings of a long answer, before its first piece."""

    headings: list[str]


class DeltaEvent(BaseModel):
    """`delta`: a piece of the answer as it is written, not yet checked."""

    text: str


class DoneEvent(BaseModel):
    """`done`: nothing follows."""


_EVENTS: dict[str, type[BaseModel]] = {
    "hits": HitsEvent,
    "outline": OutlineEvent,
    "delta": DeltaEvent,
    "answer": AnswerInfo,
    "error": Problem,
    "done": DoneEvent,
}
EVENT_MODELS = (HitsEvent, OutlineEvent, DeltaEvent, AnswerInfo, DoneEvent)
"""Models of the data of events, which no route returns."""

_STREAM_SAMPLE = (
    'id: 1\nevent: hits\ndata: {"hits": [...], "generation": 17}\n\n'
    'id: 2\nevent: delta\ndata: {"text": "自发货之日起 24 个月 [1]。"}\n\n'
    'id: 3\nevent: answer\ndata: {"answer": "...", "known": true, "citations": [...]}\n\n'
    "id: 4\nevent: done\ndata: {}\n\n"
)


def _event_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI's account of one kind of event."""
    data = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {
        "type": "object",
        "required": ["id", "event", "data"],
        "properties": {
            "id": {"type": "string", "description": "numbers the events of a stream, from 1"},
            "event": {"const": name},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": data,
            },
        },
    }


_STREAM_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; as events where a stream was asked for: `hits`, then perhaps "
        "an `outline`, `delta` as the answer is written (provisional), then `answer` (checked, "
        "replaces the deltas), or `error` with a problem, and `done` at the end",
        "content": {
            "text/event-stream": {
                "itemSchema": {"oneOf": [_event_schema(*one) for one in _EVENTS.items()]},
                "example": _STREAM_SAMPLE,
            }
        },
    }
}


class QueryRequest(SearchRequest):
    """A question to be answered."""

    stream: bool = Field(
        False, description="answer with server-sent events, as `Accept: text/event-stream` does"
    )
    conversation: str = Field(
        "",
        max_length=64,
        description="id of the conversation that this goes on with, or `new`; its last turns take "
        "the place of `history`",
        examples=["new"],
    )
    cache: bool = Field(True, description="an answer kept from before will do")


class QueryResponse(AnswerInfo):
    """An answer with its citations and the hits that it rests on."""

    hits: list[HitInfo]
    generation: int
    themes: list[ThemeInfo] = Field(
        default_factory=list, description="what answers a question to the collection as a whole"
    )
    chains: list[ChainInfo] = Field(
        default_factory=list, description="how the entity graph leads to hits, with `chains`"
    )
    explanation: ExplanationInfo | None = Field(None, description="with `explain`")


@router.post(
    "/query",
    summary="Ask",
    response_model=QueryResponse,
    responses={**_STREAM_DOC, **responses(400, 404, 409, 413, 415, 504)},
    dependencies=[needs(Role.READ), Depends(json_only)],
)
async def query(
    body: QueryRequest,
    request: Request,
    collection: CollectionDep,
    gateway: GatewayDep,
    caller: CallerDep,
) -> Any:
    """Answers a question from the passages found, each sentence cited and checked. A client that
    goes away stops the writing."""
    service = service_in(request)
    seconds, since = service.settings.server.request_timeout_s, time.monotonic()

    def begun() -> tuple[Asked, HitsEvent]:
        query = within(body.to_query(), seconds)
        asked = gateway.ask(caller, collection, query, body.conversation, cached=body.cache)
        chunks = gateway.braid.theme_chunks(collection, asked.result)
        found = HitsEvent.of(asked.result, chunks, explain=body.explain)
        found.conversation, found.cached = asked.conversation, asked.cached
        return asked, found

    asked, found = await service.lanes.searches.run(begun)
    if body.stream or "text/event-stream" in request.headers.get("Accept", "").lower():
        return streamed(service, lambda stop: _stream(request, asked, found, stop), asked)
    answer = await answer_of(request, asked, seconds - (time.monotonic() - since))
    if answer is None:
        return Response(status_code=204)  # nobody is there to read it
    return QueryResponse(
        **dict(AnswerInfo.of(answer, asked.conversation, cached=asked.cached)),
        hits=found.hits,
        generation=found.generation,
        themes=found.themes,
        chains=found.chains,
        explanation=found.explanation,
    )


async def _stream(
    request: Request, asked: Asked, found: HitsEvent, stop: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    sent = 0

    def event(name: str, model: BaseModel) -> ServerSentEvent:
        nonlocal sent
        sent += 1
        return ServerSentEvent(model.model_dump_json(), event=name, id=str(sent), sep="\n")

    yield event("hits", found)
    try:
        async with aclosing(events_of(request, asked, stop)) as events:
            async for one in events:
                yield event(*_shown(one, asked))
    except BraidError as error:
        yield event("error", problem_for(request, error))
    except Exception:  # the response has begun: an event is the one way left to say it
        _log.exception("stream failed", path=request.url.path)
        yield event("error", _defect(request))
    yield event("done", DoneEvent())


def _shown(event: Event, asked: Asked) -> tuple[str, BaseModel]:
    """The name and the data of an event."""
    if isinstance(event, Answer):
        return "answer", AnswerInfo.of(event, asked.conversation, cached=asked.cached)
    if isinstance(event, Outline):
        return "outline", OutlineEvent(headings=list(event.headings))
    return "delta", DeltaEvent(text=event.text)


def _defect(request: Request) -> Problem:
    request_id = request_id_of(request)
    detail = f"something went wrong inside Braid; the log has it under the request id {request_id}"
    return problem_of(500, detail, request.url.path, request_id)
