"""POST /v1/collections/{collection}/query: answers, whole or as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import structlog
from anyio import CancelScope, to_thread
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access import Role
from api.rest.guard import CallerDep, needs
from api.rest.problems import (
    Problem,
    problem_for,
    problem_of,
    request_id_of,
    responses,
)
from api.rest.search import (
    BoxInfo,
    ChainInfo,
    ExplanationInfo,
    HitInfo,
    SearchRequest,
    SearchResponse,
    ThemeInfo,
    pages_of,
)
from api.rest.service import CollectionDep, GatewayDep
from api.rest.values import json_only
from generate.contract import Answer, Citation, Event, Outline
from ingest.contract import BraidError

router = APIRouter(prefix="/v1/collections/{collection}", tags=["answers"])
_log = structlog.get_logger("braid.rest")

_STREAM_SAMPLE = (
    'event: hits\ndata: {"hits": [...], "generation": 17}\n\n'
    'event: delta\ndata: {"text": "自发货之日起 24 个月 [1]。"}\n\n'
    'event: answer\ndata: {"answer": "...", "known": true, "citations": [...]}\n\n'
    "event: done\ndata: {}\n\n"
)
_STREAM_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; as events where a stream was asked for: `hits`, then `delta` "
        "as the answer is written (provisional), then `answer` (checked, replaces the deltas), "
        "or `error` with a problem, and `done` at the end",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM_SAMPLE}},
    }
}


class QueryRequest(SearchRequest):
    """A question to be answered."""

    stream: bool = Field(
        False, description="answer with server-sent events, as `Accept: text/event-stream` does"
    )


class CitationInfo(BaseModel):
    """A checked link from a sentence of the answer to a passage."""

    number: int = Field(description="the n of its mark [n]", examples=[1])
    chunk_id: str
    document_id: str = Field(examples=["AV-200产品说明书.pdf"])
    title: str
    heading_path: list[str]
    pages: list[int] | None = Field(description="first and last page", examples=[[7, 7]])
    boxes: list[BoxInfo]
    quote: str = Field(description="the part of the passage that supports the sentence")
    span: list[int] = Field(
        description="start and end (exclusive) of the sentence in the answer, in characters",
        examples=[[0, 19]],
    )
    support: float = Field(description="from 0 to 1", examples=[0.93])

    @classmethod
    def of(cls, citation: Citation) -> CitationInfo:
        """The same citation."""
        chunk = citation.chunk
        return cls(
            number=citation.number,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            title=chunk.title,
            heading_path=list(chunk.heading_path),
            pages=pages_of(chunk),
            boxes=[BoxInfo.of(box) for box in chunk.boxes],
            quote=citation.quote,
            span=list(citation.answer_span),
            support=float(citation.support),
        )


class AnswerInfo(BaseModel):
    """An answer with its citations."""

    answer: str = Field(
        description="Markdown with [n] marks", examples=["自发货之日起 24 个月 [1]。"]
    )
    known: bool = Field(description="false where the passages hold no answer")
    citations: list[CitationInfo]
    dropped: list[str] = Field(description="citations that did not stand the check, and why")
    notes: list[str] = Field(description="what did not go as asked, such as a fallback")
    generator: str = Field(description="what wrote it", examples=["extractive"])

    @classmethod
    def of(cls, answer: Answer) -> AnswerInfo:
        """The same answer."""
        return cls(
            answer=answer.text,
            known=answer.known,
            citations=[CitationInfo.of(citation) for citation in answer.citations],
            dropped=list(answer.dropped),
            notes=list(answer.notes),
            generator=answer.generator,
        )


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
    responses={**_STREAM_DOC, **responses(400, 404, 409, 413, 415)},
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
    events, result = await run_in_threadpool(gateway.ask, caller, collection, body.to_query())
    chunks = await run_in_threadpool(gateway.braid.theme_chunks, collection, result)
    found = SearchResponse.of(result, chunks, explain=body.explain)
    if body.stream or "text/event-stream" in request.headers.get("Accept", "").lower():
        return EventSourceResponse(_stream(request, events, found), sep="\n")
    async with aclosing(_stepped(events)) as steps:
        async for event in steps:
            if isinstance(event, Answer):
                return QueryResponse(
                    **dict(AnswerInfo.of(event)),
                    hits=found.hits,
                    generation=found.generation,
                    themes=found.themes,
                    chains=found.chains,
                    explanation=found.explanation,
                )
            if await request.is_disconnected():
                return Response(status_code=204)  # nobody is there to read it
    raise AssertionError("a stream of events ends with an Answer")


async def _stepped(events: Iterator[Event]) -> AsyncGenerator[Event, None]:
    """The events, each made in a thread. Closing this closes them after the step in hand."""
    end = object()
    try:
        while (event := await to_thread.run_sync(next, events, end)) is not end:
            yield event  # type: ignore[misc]
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            with CancelScope(shield=True):
                await to_thread.run_sync(close)


async def _stream(
    request: Request, events: Iterator[Event], found: SearchResponse
) -> AsyncIterator[ServerSentEvent]:
    yield _sent("hits", found)
    try:
        async with aclosing(_stepped(events)) as steps:
            async for event in steps:
                if isinstance(event, Answer):
                    yield _sent("answer", AnswerInfo.of(event))
                elif isinstance(event, Outline):
                    yield _sent("outline", _Outline(headings=list(event.headings)))
                else:
                    yield ServerSentEvent(_Delta(text=event.text).model_dump_json(), event="delta")
    except BraidError as error:
        yield _sent("error", problem_for(request, error))
    except Exception:  # the response has begun: an event is the one way left to say it
        _log.exception("stream failed", path=request.url.path)
        yield _sent("error", _defect(request))
    yield ServerSentEvent("{}", event="done")


class _Delta(BaseModel):
    text: str


class _Outline(BaseModel):
    headings: list[str]


def _sent(name: str, model: BaseModel) -> ServerSentEvent:
    return ServerSentEvent(model.model_dump_json(), event=name)


def _defect(request: Request) -> Problem:
    request_id = request_id_of(request)
    detail = f"something went wrong inside Braid; the log has it under the request id {request_id}"
    return problem_of(500, detail, request.url.path, request_id)
