"""OpenAI's chat completions: each collection is a model that answers with citations."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Depends, Request, Response
from sse_starlette import ServerSentEvent

from api.access import Role
from api.conversations import plain_citation
from api.doors.errors import OpenAIError, OpenAIFault, door_responses
from api.doors.openai_values import (
    Annotation,
    ChatCompletion,
    ChatRequest,
    ChatUsage,
    Choice,
    CitedPassage,
    ModelInfo,
    ModelList,
    Told,
    UrlCitation,
    Written,
)
from api.gateway import Asked
from api.rest.answering import answer_of, events_of, streamed
from api.rest.guard import CallerDep, needs
from api.rest.service import GatewayDep, service_in
from api.rest.values import json_only
from generate.contract import Answer, TextDelta
from ingest.contract import BadInput, BraidError, NotFound
from retrieve.contract import MAX_QUERY_CHARS, Query, Turn

router = APIRouter(prefix="/v1", tags=["OpenAI"])
_log = structlog.get_logger("braid.rest")

PREFIX = "braid/"
"""Before the name of a collection, in the id of its model."""

_PLACE_MARKS = re.compile(r"\s*\[\d+\]")
_DOORS = "/v1/chat/completions"


@router.get(
    "/models",
    summary="List models",
    responses=door_responses("/v1/models"),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def models(gateway: GatewayDep, caller: CallerDep) -> ModelList:
    """Each collection that may be read is a model."""
    return ModelList(data=[ModelInfo(id=PREFIX + name) for name in gateway.names(caller)])


@router.get(
    "/models/{model:path}",
    summary="Show a model",
    responses=door_responses("/v1/models", 404),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def model(model: str, gateway: GatewayDep, caller: CallerDep) -> ModelInfo:
    """A collection, as a model."""
    found = gateway.collection(caller, _collection_named(model))
    return ModelInfo(id=PREFIX + found.name)


@router.post(
    "/chat/completions",
    summary="Complete a chat",
    response_model=ChatCompletion,
    responses={
        200: {
            "content": {
                "text/event-stream": {
                    "itemSchema": {
                        "type": "object",
                        "required": ["data"],
                        "properties": {"data": {"type": "string"}},
                    },
                    "example": 'data: {"object": "chat.completion.chunk", ...}\n\ndata: [DONE]\n\n',
                }
            }
        },
        **door_responses(_DOORS, 404, 409, 413, 415),
    },
    dependencies=[needs(Role.READ, anywhere=True), Depends(json_only)],
)
async def complete(
    body: ChatRequest, request: Request, gateway: GatewayDep, caller: CallerDep
) -> Any:
    """Answers the last question from the collection that `model` names, as a query does. The
    stream gives the answer as it is written; its last chunk has the citations that stood the check,
    and the checked answer where that is not what was written."""

    def begun() -> Asked:
        collection = gateway.collection(caller, _collection_named(body.model))
        question, turns = _question_of(body)
        query = Query(
            question, body.braid.k, filter=body.braid.filter, history=gateway.latest(turns)
        )
        return gateway.ask(caller, collection, query, cached=body.braid.cache)

    service = service_in(request)
    asked = await service.lanes.searches.run(begun)
    completion = _Completion(body, str(request.base_url), asked)
    if body.stream:
        return streamed(service, lambda stop: _chunks(completion, request, stop), asked)
    answer = await answer_of(request, asked, service.settings.server.request_timeout_s)
    if answer is None:
        return Response(status_code=204)  # nobody is there to read it
    return completion.whole(answer)


class _Completion:
    """What the chunks of one answer have in common."""

    def __init__(self, body: ChatRequest, base: str, asked: Asked) -> None:
        self.asked = asked
        self.wants_usage = bool(body.stream_options and body.stream_options.include_usage)
        self._chunks = f"{base}v1/collections/{quote(_collection_named(body.model))}/chunks/"
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._model = body.model
        self._created = int(time.time())

    def whole(self, answer: Answer) -> ChatCompletion:
        """The answer at once."""
        return ChatCompletion(
            id=self._id,
            created=self._created,
            model=self._model,
            choices=[Choice(message=self._written(answer))],
            usage=ChatUsage.of(answer),
            braid=Told.of(answer, self.asked),
        )

    def chunk(
        self, delta: dict[str, Any], finish: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """A piece of the answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**self._head(), "choices": [choice], **more}

    def last(self, answer: Answer) -> dict[str, Any]:
        """What comes with the end: the citations, and the answer that they are of."""
        written = self._written(answer).model_dump(include={"annotations", "citations"})
        told = Told.of(answer, self.asked).model_dump()
        return self.chunk(written, "stop", braid={**told, "answer": answer.text})

    def usage(self, answer: Answer) -> dict[str, Any]:
        """What it cost."""
        return {**self._head(), "choices": [], "usage": ChatUsage.of(answer).model_dump()}

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
        }

    def _written(self, answer: Answer) -> Written:
        annotations = [
            Annotation(
                url_citation=UrlCitation(
                    url=self._chunks + quote(one.chunk.id),
                    title=one.chunk.title or one.chunk.document_id,
                    start_index=one.answer_span[0],
                    end_index=one.answer_span[1],
                )
            )
            for one in answer.citations
        ]
        citations = [CitedPassage.model_validate(plain_citation(one)) for one in answer.citations]
        return Written(content=answer.text, annotations=annotations, citations=citations)


async def _chunks(
    completion: _Completion, request: Request, stop: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    """The stream; its first chunk leaves before anything is written."""
    yield _event(completion.chunk({"role": "assistant", "content": ""}))
    written = ""
    try:
        async with aclosing(events_of(request, completion.asked, stop)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    written += event.text
                    yield _event(completion.chunk({"content": event.text}))
                elif isinstance(event, Answer):
                    rest = _rest(written, event.text)
                    if rest:
                        yield _event(completion.chunk({"content": rest}))
                    yield _event(completion.last(event))
                    if completion.wants_usage:
                        yield _event(completion.usage(event))
    except BraidError as error:
        yield _event(_failed(str(error)))
    except Exception:  # the response has begun: this is the one way left to say it
        _log.exception("stream failed", path=request.url.path)
        yield _event(_failed("something went wrong inside Braid; its log has the details"))
    yield ServerSentEvent("[DONE]", sep="\n")


def _rest(written: str, answer: str) -> str:
    """What is to be read after what was written: nothing where that is the answer, but for its
    marks; else the answer, for a stream cannot take anything back."""
    if not written:
        return answer
    if _plain(written) == _plain(answer):
        return ""
    return f"\n\n---\n\n{answer}"


def _plain(text: str) -> str:
    return "".join(_PLACE_MARKS.sub("", text).split())


def _event(data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(data, ensure_ascii=False), sep="\n")


def _failed(message: str) -> dict[str, Any]:
    return OpenAIError(error=OpenAIFault(message=message, type="server_error")).model_dump()


def _collection_named(model: str) -> str:
    """The collection that a model's id names. Raises NotFound."""
    name = model.removeprefix(PREFIX)
    if name == model or not name:
        raise NotFound(
            f"there is no model {model[:100]!r}: the models are the collections, as 'braid/NAME'; "
            "GET /v1/models lists them"
        )
    return name


def _question_of(body: ChatRequest) -> tuple[str, Sequence[Turn]]:
    """The last question of a chat, and the turns before it. Raises BadInput."""
    if body.n not in (None, 1):
        raise BadInput(f"n: one answer is given to a question, not {body.n}")
    turns: list[Turn] = []
    asked = ""
    for message in body.messages:
        if message.role == "user":
            if asked:
                turns.append(Turn(asked[:MAX_QUERY_CHARS]))
            asked = message.text
        elif message.role == "assistant" and asked:
            turns.append(Turn(asked[:MAX_QUERY_CHARS], message.text[:MAX_QUERY_CHARS]))
            asked = ""
    if not asked.strip():
        raise BadInput("messages: the last one has to be the user's, with a question as text")
    return asked, turns
