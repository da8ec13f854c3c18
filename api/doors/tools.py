"""The tools that Braid is to a language model: what each takes and gives, as text to be read and as
data. How they are offered is for the protocol to say (see mcp.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller
from api.gateway import Asked, Gateway
from api.places import place_of
from api.rest.answer_values import AnswerInfo, ChunkText, CitationInfo
from api.rest.lanes import Lanes
from api.rest.values import Filter
from generate.contract import Answer
from index.pipeline import View
from ingest.contract import BadInput, NotFound
from retrieve.contract import MAX_QUERY_CHARS, Query

_MOST = 50
"""Passages in one result: a model has to read them."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NoInput(_Input):
    """Nothing."""


class CollectionInput(_Input):
    """Where to look."""

    collection: str = Field(
        "", description="name of the collection; may be left out where there is but one"
    )


class SearchInput(CollectionInput):
    """What to look for."""

    query: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARS,
        description="a question or key words, in the user's language: Chinese finds English "
        "passages and the other way round",
    )
    k: int = Field(5, ge=1, le=_MOST, description="passages at the most")
    filter: Filter | None = Field(
        None,
        description='restricts the documents by metadata, as a Mongo expression: {"year": '
        '{"$gte": 2023}}',
    )


class AskInput(CollectionInput):
    """What to answer."""

    question: str = Field(
        min_length=1, max_length=MAX_QUERY_CHARS, description="the question, as it was asked"
    )
    filter: Filter | None = Field(None, description="as in braid_search")
    conversation: str = Field(
        "",
        max_length=64,
        description="'new' begins a conversation; its id, which comes back, goes on with it, so "
        "that follow-up questions are understood",
    )


class DocumentInput(CollectionInput):
    """What to read."""

    document_id: str = Field(min_length=1, max_length=512, description="as a passage names it")
    after: int = Field(0, ge=0, description="`next` of the part before")
    limit: int = Field(20, ge=1, le=200, description="passages at the most")


class SearchOutput(BaseModel):
    """Passages, best first."""

    passages: list[ChunkText]
    relevant: bool = Field(description="false: nothing seems to answer it, this is merely nearest")


class AskOutput(BaseModel):
    """An answer with its citations."""

    answer: str
    known: bool = Field(description="false where the documents hold no answer")
    support: float
    citations: list[CitationInfo]
    conversation: str
    notes: list[str]


class ToolCollection(BaseModel):
    """A collection of documents."""

    name: str
    documents: int
    passages: int


class CollectionsOutput(BaseModel):
    """The collections that may be read."""

    collections: list[ToolCollection]


class DocumentOutput(BaseModel):
    """A part of a document, in order."""

    document_id: str
    title: str
    passages: list[ChunkText]
    next: int | None = Field(description="give it as `after` for the next part; null at the end")


@dataclass(frozen=True)
class Said:
    """What a tool gives: to be read, and as data."""

    text: str
    data: BaseModel


@dataclass(frozen=True)
class Desk:
    """Where tools do their work: the gateway, and the lanes in which it waits for its turn."""

    gateway: Gateway
    lanes: Lanes


@dataclass(frozen=True)
class Tool:
    """A tool; `run` is given a desk, the caller and an instance of `takes`, and raises
    BraidError."""

    name: str
    title: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    run: Callable[[Desk, Caller, Any], Awaitable[Said]]


async def _list(desk: Desk, caller: Caller, _: NoInput) -> Said:
    def found() -> CollectionsOutput:
        listed = []
        for one in desk.gateway.collections(caller):
            stats = one.stats()
            listed.append(
                ToolCollection(name=one.name, documents=stats.documents, passages=stats.chunks)
            )
        return CollectionsOutput(collections=listed)

    data = await desk.lanes.searches.run(found)
    lines = [f"- {one.name}: {one.documents} documents" for one in data.collections]
    return Said("\n".join(lines) or "There is no collection that may be read.", data)


async def _search(desk: Desk, caller: Caller, given: SearchInput) -> Said:
    def found() -> SearchOutput:
        collection = _collection(desk.gateway, caller, given.collection)
        result = desk.gateway.search(
            caller, collection, Query(given.query, given.k, filter=given.filter)
        )
        passages = [ChunkText.to_read(hit.chunk) for hit in result.hits]
        return SearchOutput(passages=passages, relevant=result.is_relevant)

    data = await desk.lanes.searches.run(found)
    shown = [f"[{number}] {_headed(one)}" for number, one in enumerate(data.passages, start=1)]
    if not data.relevant:
        shown.insert(0, "Nothing here seems to answer this; these passages are merely nearest.")
    return Said("\n\n".join(shown) or "Nothing was found.", data)


async def _ask(desk: Desk, caller: Caller, given: AskInput) -> Said:
    def begun() -> Asked:
        collection = _collection(desk.gateway, caller, given.collection)
        query = Query(given.question, filter=given.filter)
        return desk.gateway.ask(caller, collection, query, given.conversation)

    asked = await desk.lanes.searches.run(begun)
    async with aclosing(desk.lanes.answers.steps(asked)) as events:
        answers = [event async for event in events if isinstance(event, Answer)]
    if not answers:
        raise NotFound("the question was withdrawn before there was an answer")
    info = AnswerInfo.of(answers[-1], asked.conversation, cached=asked.cached)
    data = AskOutput(**info.model_dump(include=set(AskOutput.model_fields)))
    places = {one.number: place_of(one.chunk) for one in answers[-1].citations}
    sources = "\n".join(f"[{number}] {place}" for number, place in sorted(places.items()))
    shown = [data.answer, *([f"Sources:\n{sources}"] if sources else [])]
    if asked.conversation:
        shown.append(f"Conversation: {asked.conversation}")
    return Said("\n\n".join(shown), data)


async def _document(desk: Desk, caller: Caller, given: DocumentInput) -> Said:
    def found() -> DocumentOutput:
        collection = _collection(desk.gateway, caller, given.collection)
        record = collection.record(given.document_id)
        chunks = collection.document_chunks(record.id)
        page = chunks[given.after : given.after + given.limit]
        end = given.after + len(page)
        return DocumentOutput(
            document_id=record.id,
            title=record.title,
            passages=[ChunkText.to_read(chunk) for chunk in page],
            next=end if end < len(chunks) else None,
        )

    data = await desk.lanes.searches.run(found)
    texts = dict.fromkeys(passage.text for passage in data.passages)
    shown = [f"# {data.title or data.document_id}", *texts]
    if data.next is not None:
        shown.append(f"(There is more: after={data.next})")
    return Said("\n\n".join(shown), data)


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "braid_list_collections",
            "List collections",
            "Lists the document collections that can be searched, with how many documents each "
            "holds. Call it first where you do not know which collection to search.",
            NoInput,
            CollectionsOutput,
            _list,
        ),
        Tool(
            "braid_search",
            "Search documents",
            "Finds the passages of a collection that answer a question, by words, by meaning and "
            "by the entities they name, in Chinese and English. Use it for facts that may stand in "
            "the user's own documents, and cite document and page. Each passage comes with its "
            "document, headings and pages.",
            SearchInput,
            SearchOutput,
            _search,
        ),
        Tool(
            "braid_ask",
            "Ask documents",
            "Answers a question from a collection. Every sentence carries marks [n] of passages "
            "that were checked to support it, and what is not in the documents is said to be "
            "unknown. Use it for a finished answer; braid_search gives the passages to read.",
            AskInput,
            AskOutput,
            _ask,
        ),
        Tool(
            "braid_get_document",
            "Read a document",
            "Gives the text of a document of a collection in order, part by part. Use it where a "
            "passage that was found is not enough and what stands around it is needed.",
            DocumentInput,
            DocumentOutput,
            _document,
        ),
    )
}


def _collection(gateway: Gateway, caller: Caller, name: str) -> View:
    """The collection of that name, or the only one. Raises BadInput, Denied, NotFound."""
    if name:
        return gateway.collection(caller, name)
    names = gateway.names(caller)
    if len(names) != 1:
        there = ", ".join(names[:50]) or "none that may be read"
        raise BadInput(f"say which `collection`: there are {there}")
    return gateway.collection(caller, names[0])


def _headed(passage: ChunkText) -> str:
    """A passage under where it stands."""
    place = " > ".join((passage.title or passage.document_id, *passage.heading_path))
    pages = ""
    if passage.pages:
        first, last = passage.pages[0], passage.pages[-1]
        pages = f", page {first}" if first == last else f", pages {first}-{last}"
    return f"{place}{pages} (document {passage.document_id})\n{passage.text}"
