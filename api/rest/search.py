"""POST /v1/collections/{collection}/search"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Self

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.graph import cited_plain
from api.rest.graph_values import CitedInfo
from api.rest.guard import CallerDep, needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, GatewayDep, ServiceDep
from api.rest.values import Filter, Given, json_only
from index.graph.pipeline import CitedSentence
from ingest.contract import Box, Chunk
from retrieve.contract import (
    MAX_CHAINS,
    MAX_K,
    MAX_QUERY_CHARS,
    MAX_TURNS,
    MODES,
    Chain,
    Explanation,
    Hit,
    Query,
    SearchResult,
    Theme,
    Turn,
)
from retrieve.pipeline import METHODS, STEPS

router = APIRouter(
    prefix="/v1/collections/{collection}", tags=["search"], route_class=RetryingRoute
)


class TurnInfo(Given):
    """A question asked before, with its answer."""

    question: str = Field(max_length=MAX_QUERY_CHARS)
    answer: str = Field("", max_length=MAX_QUERY_CHARS)


class SearchRequest(Given):
    """A question to a collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "水泵的质保期是多久？",
                    "k": 5,
                    "filter": {"year": {"$gte": 2023}, "language": {"$in": ["zh", "en"]}},
                    "explain": True,
                }
            ]
        }
    )

    query: str = Field(
        description="words or a question, in any language",
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUERY_CHARS, "pattern": r"\S"},
    )
    k: int = Field(10, ge=1, le=MAX_K, description="hits at the most")
    fusion: str = Field(
        "default",
        description="how the legs are merged, or one leg alone",
        json_schema_extra={"enum": list(METHODS)},
    )
    filter: Filter | None = Field(
        None,
        description="Mongo operators ($eq $ne $gt $gte $lt $lte $in $nin $and $or $not $exists), "
        "and $contains $startswith $endswith, over metadata, document_id, title and media_type",
    )
    history: list[TurnInfo] = Field(
        default_factory=list,
        max_length=MAX_TURNS,
        description="the turns of the conversation before, oldest first",
    )
    steps: dict[str, bool] = Field(
        default_factory=dict,
        description=f"switches steps on or off: {', '.join(STEPS)}, or a reranker",
        examples=[{"spelling": False}],
    )
    budget_ms: float | None = Field(
        None, gt=0, description="time the search may take; what does not fit is cut, and said"
    )
    diversity: float = Field(
        0.0, ge=0, le=1, description="how much a hit loses by repeating those before it (MMR)"
    )
    per_document: int | None = Field(None, ge=1, description="hits of one document at the most")
    context_tokens: int = Field(
        0, ge=0, le=100_000, description="so much of what stands around a hit comes as `context`"
    )
    mode: str = Field(
        "mix",
        description="what the entity graph has to do with it: `mix` (it joins what the texts "
        "find), `naive` (nothing), or the graph alone: `local` (the entities asked for), `global` "
        "(themes), `hybrid` (both)",
        json_schema_extra={"enum": list(MODES)},
    )
    chains: int = Field(
        0, ge=0, le=MAX_CHAINS, description="so many ways by which the graph leads to hits"
    )
    explain: bool = Field(False, description="say why each hit is there")

    def to_query(self) -> Query:
        """The query that retrieval takes."""
        return Query(
            self.query,
            self.k,
            self.fusion,
            self.filter,
            history=[Turn(turn.question, turn.answer) for turn in self.history],
            steps=self.steps,
            budget_ms=self.budget_ms,
            diversity=self.diversity,
            per_document=self.per_document,
            context_tokens=self.context_tokens,
            mode=self.mode,
            chains=self.chains,
        )


class BoxInfo(BaseModel):
    """A rectangle on a page (from 1); points (1/72 inch) from the top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def of(cls, box: Box) -> BoxInfo:
        """The same rectangle."""
        return cls(page=box.page, x0=box.x0, y0=box.y0, x1=box.x1, y1=box.y1)


class LegInfo(BaseModel):
    """Where one leg or reranker placed a hit."""

    rank: int | None = Field(description="from 1; null where it did not return it")
    score: float | None


class HitInfo(BaseModel):
    """A passage, and where it stands."""

    rank: int = Field(description="from 1", examples=[1])
    score: float = Field(description="comparable within one result only", examples=[187.3])
    chunk_id: str = Field(examples=["0b7c1f0c5d3a4e0f9c1b2a3d4e5f6071"])
    document_id: str = Field(examples=["AV-200产品说明书.pdf"])
    title: str = Field(examples=["AV-200 产品说明书"])
    heading_path: list[str] = Field(
        description="headings from the outermost inwards", examples=[["6 质保", "6.1 期限"]]
    )
    section: list[str] = Field(
        description="numbers of its headings as scheme:number, outermost first; schemes are "
        "part, chapter, section, article, appendix, item, decimal, roman and list",
        examples=[["decimal:6", "decimal:6.1"]],
    )
    text: str = Field(examples=["自发货之日起 24 个月。"])
    parent: str | None = Field(
        None, description="the larger passage that is read in its place, with some chunkers"
    )
    kind: str = Field(description="paragraph, table, list_item, code, ...", examples=["paragraph"])
    pages: list[int] | None = Field(
        description="first and last page; null where there are none", examples=[[7, 7]]
    )
    boxes: list[BoxInfo] = Field(description="where it lies on its pages")
    metadata: dict[str, Any] = Field(
        description="of the document; `duplicate_of` and `duplicate_similarity` where it repeats "
        "another"
    )
    copies: list[str] = Field(
        default_factory=list, description="ids of passages that say the same, left out"
    )
    context: str | None = Field(
        None,
        description="the passage with what stands around it, where that was asked for; empty "
        "where it stands in the context of a better hit",
    )
    legs: dict[str, LegInfo] | None = Field(None, description="with `explain`")

    @classmethod
    def of(cls, hit: Hit, *, explain: bool) -> HitInfo:
        """A hit, with its place in each leg where that is asked for."""
        chunk = hit.chunk
        legs = {name: LegInfo(rank=at.rank, score=at.score) for name, at in hit.legs.items()}
        return cls(
            rank=hit.rank,
            score=hit.score,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            title=chunk.title,
            heading_path=list(chunk.heading_path),
            section=list(chunk.section),
            text=chunk.text,
            parent=chunk.parent.text if chunk.parent else None,
            kind=chunk.kind.value,
            pages=pages_of(chunk),
            boxes=[BoxInfo.of(box) for box in chunk.boxes],
            metadata=dict(hit.metadata),
            copies=list(hit.copies),
            context=hit.context,
            legs=legs if explain else None,
        )


class ExplanationInfo(BaseModel):
    """How a result came about."""

    terms: list[str] = Field(description="what the words were looked up as")
    translations: list[list[str]] = Field(
        description="what each word was looked up as in the other language; empty where no "
        "passage is in it"
    )
    fusion: str
    weights: dict[str, float] = Field(description="of each leg; 0 is no vote")
    allowed: int | None = Field(description="chunks that the filter left; null without one")
    timings_ms: dict[str, float]
    notes: list[str]
    steps: dict[str, Any] = Field(description="what each step found, of those that did something")
    cut: list[str] = Field(description="steps that the budget left no time for")
    understood: dict[str, Any] = Field(
        description="language, script, question_type, keywords, identifiers, numbers and dates of "
        "the question, and the text that was `searched`"
    )

    @classmethod
    def of(cls, explanation: Explanation) -> ExplanationInfo:
        """The same explanation."""
        return cls(
            terms=list(explanation.terms),
            translations=[notion.phrases for notion in explanation.translations],
            fusion=explanation.fusion,
            weights={name: float(weight) for name, weight in explanation.weights.items()},
            allowed=explanation.allowed,
            timings_ms={name: round(ms, 3) for name, ms in explanation.timings_ms.items()},
            notes=list(explanation.notes),
            steps=dict(explanation.steps),
            cut=list(explanation.cut),
            understood=dict(explanation.understood),
        )


class LinkInfo(BaseModel):
    """What a sentence says of two entities."""

    head: str
    relation: str = Field(description="in the words of the text; `together` where there are none")
    tail: str
    sentence: str
    chunk_id: str
    document_id: str
    span: list[int] = Field(description="of the sentence in the text of the passage")


class ChainInfo(BaseModel):
    """How the graph leads to a hit."""

    kind: str = Field(
        description="`path`: link by link from an entity of the question; `neighbour`: what the "
        "hit says of one"
    )
    rank: int = Field(description="of the hit")
    links: list[LinkInfo]

    @classmethod
    def of(cls, chain: Chain) -> ChainInfo:
        """The same chain."""
        links = [LinkInfo(**asdict(link) | {"span": list(link.span)}) for link in chain.links]
        return cls(kind=chain.kind, rank=chain.rank, links=links)


class ThemeInfo(BaseModel):
    """What a part of the collection is about."""

    community: str = Field(description="id of the community that it stands for")
    title: str
    keywords: list[str]
    summary: list[CitedInfo]
    documents: int
    chunks: int
    weight: float = Field(description="its share in the answer, 0 to 1")
    answer: str = Field(description="a model's, to the question; empty without one")

    @classmethod
    def of(cls, theme: Theme, chunks: Mapping[int, Chunk]) -> ThemeInfo:
        """The same theme; of its sentences those whose chunks are there."""
        summary = [
            CitedInfo.model_validate(cited_plain(CitedSentence(quote.text, chunks[quote.key])))
            for quote in theme.summary
            if quote.key in chunks
        ]
        return cls(
            community=theme.community,
            title=theme.title,
            keywords=list(theme.keywords),
            summary=summary,
            documents=theme.documents,
            chunks=theme.chunks,
            weight=float(theme.weight),
            answer=theme.answer,
        )


class SearchResponse(BaseModel):
    """Hits, best first."""

    hits: list[HitInfo]
    generation: int = Field(description="the state of the collection they come from", examples=[17])
    relevant: bool = Field(
        description="false where nothing seems to answer the query; the hits are what is nearest"
    )
    notes: list[str] = Field(default_factory=list, description="what the searcher should know")
    themes: list[ThemeInfo] = Field(
        default_factory=list, description="what answers a question to the collection as a whole"
    )
    overview: str = Field("", description="what a model makes of the themes; empty without one")
    chains: list[ChainInfo] = Field(
        default_factory=list, description="how the entity graph leads to hits, with `chains`"
    )
    explanation: ExplanationInfo | None = Field(None, description="with `explain`")

    @classmethod
    def of(cls, result: SearchResult, chunks: Mapping[int, Chunk], *, explain: bool) -> Self:
        """A result, explained where that is asked for; `chunks` are those that its themes
        quote."""
        return cls(
            themes=[ThemeInfo.of(theme, chunks) for theme in result.themes],
            overview=result.overview,
            chains=[ChainInfo.of(chain) for chain in result.chains],
            hits=[HitInfo.of(hit, explain=explain) for hit in result.hits],
            generation=result.generation,
            relevant=result.is_relevant,
            notes=list(result.explanation.notes),
            explanation=ExplanationInfo.of(result.explanation) if explain else None,
        )


def within(query: Query, seconds: float) -> Query:
    """The query, whose search ends itself when nobody waits for it any more."""
    most = seconds * 1000
    return replace(query, budget_ms=min(query.budget_ms or most, most))


def pages_of(chunk: Chunk) -> list[int] | None:
    """First and last page."""
    return list(chunk.pages) if chunk.pages else None


@router.post(
    "/search",
    summary="Search",
    response_model=SearchResponse,
    responses=responses(400, 404, 409, 413, 415, 504),
    dependencies=[needs(Role.READ), Depends(json_only)],
)
async def search(
    body: SearchRequest,
    collection: CollectionDep,
    gateway: GatewayDep,
    caller: CallerDep,
    service: ServiceDep,
) -> Response:
    """The passages that answer a question best, by words and by meaning."""

    def found() -> bytes:
        query = within(body.to_query(), service.settings.server.request_timeout_s)
        result = gateway.search(caller, collection, query)
        chunks = gateway.braid.theme_chunks(collection, result)
        shown = SearchResponse.of(result, chunks, explain=body.explain)
        return shown.model_dump_json().encode()

    return Response(await service.lanes.searches.run(found), media_type="application/json")
