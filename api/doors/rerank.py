"""Cohere's rerank: texts that a client has, put in order by how well they answer a question.

Also what clients of Jina's rerank send, which differs in nothing that matters.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.doors.errors import door_responses
from api.gateway import Gateway
from api.rest.guard import needs
from api.rest.service import GatewayDep, service_in
from api.rest.values import Given, json_only
from ingest.contract import BadInput, NotFound
from retrieve.contract import MAX_QUERY_CHARS

router = APIRouter(tags=["Cohere"])

MODEL = "braid"
"""The model that stands for the best way to judge that there is."""

_MAX_DOCUMENTS = 1_000
_MAX_TOKENS = 4_096


class TextDocument(Given):
    """A text in an object; other fields make no difference."""

    model_config = ConfigDict(extra="allow")

    text: str


class RerankRequest(Given):
    """Texts to be put in order."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(
        MODEL,
        description="`braid`: the best way there is here; or `cross_encoder` (where one is set), "
        "`late_interaction`, `cosine`",
    )
    query: str = Field(min_length=1, max_length=MAX_QUERY_CHARS)
    documents: list[str | TextDocument] = Field(
        min_length=1, max_length=_MAX_DOCUMENTS, description="texts, or objects with a `text`"
    )
    top_n: Annotated[int, Field(ge=1)] | None = Field(None, description="so many; unset: all")
    return_documents: bool | None = Field(False, description="give the texts back, too")
    max_tokens_per_doc: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description=f"so much of a text is looked at; unset: {_MAX_TOKENS:,}"
    )


class GivenText(BaseModel):
    """A text as it came."""

    text: str


class Ranked(BaseModel):
    """A text in its place."""

    index: int = Field(description="of the text among those that came, from 0")
    relevance_score: float = Field(description="from 0 to 1")
    document: GivenText | None = None


class ApiVersion(BaseModel):
    """Whose words these are."""

    version: str = "1"


class Meta(BaseModel):
    """What Cohere's clients expect besides."""

    api_version: ApiVersion = ApiVersion()
    judged_by: str = Field(description="the way in which they were judged")


class RerankResponse(BaseModel):
    """The texts, best first."""

    id: str
    model: str
    results: list[Ranked]
    meta: Meta


@router.post(
    "/v2/rerank",
    summary="Rerank texts (v2)",
    response_model_exclude_none=True,
    responses=door_responses("/v2/rerank", 404, 413, 415),
    dependencies=[needs(Role.READ, anywhere=True), Depends(json_only)],
)
@router.post(
    "/v1/rerank",
    summary="Rerank texts",
    response_model_exclude_none=True,
    responses=door_responses("/v1/rerank", 404, 413, 415),
    dependencies=[needs(Role.READ, anywhere=True), Depends(json_only)],
)
async def rerank(body: RerankRequest, request: Request, gateway: GatewayDep) -> RerankResponse:
    """Puts texts in order by how well they answer a question. Nothing is stored, and no collection
    is looked into."""
    return await service_in(request).lanes.searches.run(lambda: _ranked(body, gateway))


def _ranked(body: RerankRequest, gateway: Gateway) -> RerankResponse:
    if not body.query.strip():
        raise BadInput("query: it is empty")
    judge = gateway.braid.retriever.judge_texts(gateway.braid.parts.embedder)
    if body.model not in (MODEL, *judge.ways):
        raise NotFound(
            f"there is no model {body.model[:100]!r} here: {MODEL}, {', '.join(judge.ways)}"
        )
    texts = [one if isinstance(one, str) else one.text for one in body.documents]
    way, scores = judge.judge(
        body.query,
        texts,
        body.max_tokens_per_doc or _MAX_TOKENS,
        "" if body.model == MODEL else body.model,
    )
    order = sorted(range(len(texts)), key=lambda place: (-scores[place], place))[: body.top_n]
    results = [
        Ranked(
            index=place,
            relevance_score=round(float(scores[place]), 6),
            document=GivenText(text=texts[place]) if body.return_documents else None,
        )
        for place in order
    ]
    return RerankResponse(
        id=str(uuid.uuid4()), model=body.model, results=results, meta=Meta(judged_by=way)
    )
