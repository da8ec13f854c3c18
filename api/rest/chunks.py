"""/v1/collections/{collection}/chunks: the passages that documents were cut into."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.access import Role
from api.rest.collections import address_of
from api.rest.guard import needs
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.search import BoxInfo, pages_of
from api.rest.service import CollectionDep
from ingest.contract import Chunk, NotFound

router = APIRouter(
    prefix="/v1/collections/{collection}/chunks", tags=["chunks"], route_class=RetryingRoute
)

_ID = "9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"


class ChunkInfo(BaseModel):
    """A passage of a document."""

    id: str = Field(examples=[_ID])
    document_id: str = Field(examples=["reports/2024年度报告.pdf"])
    ordinal: int = Field(description="its place among those of the document, from 0", examples=[3])
    kind: str = Field(description="paragraph, list_item, table, code, …", examples=["paragraph"])
    title: str = Field(description="of the document", examples=["2024年度报告"])
    heading_path: list[str] = Field(description="outermost first", examples=[["质保", "期限"]])
    section: list[str] = Field(
        description="numbered headings above it, outermost first", examples=[["chapter:2"]]
    )
    text: str = Field(examples=["自发货之日起质保 24 个月。"])
    span: list[int] = Field(
        description="start and end (exclusive) in the document's text, in characters",
        examples=[[120, 134]],
    )
    pages: list[int] | None = Field(
        description="first and last page; null where the format has none", examples=[[7, 7]]
    )
    boxes: list[BoxInfo] = Field(description="where it stands on its pages, in points")
    parent_text: str | None = Field(
        None, description="what is to be read in place of the text, where chunks are cut so"
    )

    @classmethod
    def of(cls, chunk: Chunk) -> ChunkInfo:
        """The same passage."""
        return cls(
            id=chunk.id,
            document_id=chunk.document_id,
            ordinal=chunk.ordinal,
            kind=chunk.kind.value,
            title=chunk.title,
            heading_path=list(chunk.heading_path),
            section=list(chunk.section),
            text=chunk.text,
            span=list(chunk.span),
            pages=pages_of(chunk),
            boxes=[BoxInfo.of(box) for box in chunk.boxes],
            parent_text=chunk.parent.text if chunk.parent else None,
        )


class ChunkDetail(ChunkInfo):
    """A passage with what stands around it."""

    metadata: dict[str, Any] = Field(description="of the document", examples=[{"year": 2024}])
    before: list[ChunkInfo] = Field(description="passages before it in the document, in order")
    after: list[ChunkInfo] = Field(description="passages after it, in order")
    page_images: list[str] = Field(
        description="addresses of its pages as pictures, where the file has some",
        examples=[[f"/v1/collections/papers/chunks/{_ID}/pages/7"]],
    )


class ChunkList(Page):
    """Passages of a document, in order."""

    chunks: list[ChunkInfo]


ChunkId = Annotated[str, Path(description="id of the chunk", max_length=64, examples=[_ID])]


@router.get(
    "",
    summary="List the chunks of a document",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def list_of(
    collection: CollectionDep,
    response: Response,
    document: Annotated[str, Query(max_length=4096, description="id of the document")],
    limit: Annotated[int, Query(ge=1, le=1000, description="chunks on a page")] = 100,
    after: Annotated[
        int, Query(ge=-1, le=2**31, description="only chunks after this one; from `next`")
    ] = -1,
) -> ChunkList:
    """The passages that a document was cut into, in order."""
    collection.record(document)
    chunks = collection.document_chunks(document)
    left = [chunk for chunk in chunks if chunk.ordinal > after]
    path, wanted = f"{address_of(collection.name)}/chunks", {"document": document, "limit": limit}
    page, address = paged(response, left, path, wanted, lambda one: one.ordinal)
    return ChunkList(chunks=[ChunkInfo.of(chunk) for chunk in page], next=address)


@router.get(
    "/{chunk_id}",
    summary="Show a chunk",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(
    collection: CollectionDep,
    chunk_id: ChunkId,
    context: Annotated[
        int, Query(ge=0, le=20, description="so many passages before and after it come along")
    ] = 1,
) -> ChunkDetail:
    """A passage, where it stands, and what stands around it."""
    stored = collection.chunk(chunk_id)
    chunk = stored.chunk
    near = collection.around(chunk, context) if context else [chunk]
    if not any(one.id == chunk_id for one in near):
        raise NotFound(f"no chunk {chunk_id!r} in the collection {collection.name!r}")
    pages = sorted({box.page for box in chunk.boxes})
    address = f"{address_of(collection.name)}/chunks/{chunk_id}/pages"
    return ChunkDetail(
        **dict(ChunkInfo.of(chunk)),
        metadata=dict(stored.metadata),
        before=[ChunkInfo.of(one) for one in near if one.ordinal < chunk.ordinal],
        after=[ChunkInfo.of(one) for one in near if one.ordinal > chunk.ordinal],
        page_images=[f"{address}/{page}" for page in pages],
    )
