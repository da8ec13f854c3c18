"""/v1/collections/{collection}/documents"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.handing_in import check_whole
from api.rest.collections import address_of
from api.rest.guard import needs
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import Given, json_only
from index.contract import DeleteReceipt, DocumentRecord, DocumentState, Status
from index.pipeline import DocumentFilter, View
from ingest.contract import NotFound
from ingest.pipeline import has_page_pictures

router = APIRouter(
    prefix="/v1/collections/{collection}/documents", tags=["documents"], route_class=RetryingRoute
)

WAIT_S = 5.0
"""How long a deletion waits for the writer's lock before it gives up with 409."""


class DocumentIds(Given):
    """Documents to be deleted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["notes/晨会.txt"]}]})

    ids: list[str] = Field(min_length=1, max_length=10_000)


class DocumentLinks(BaseModel):
    """Where more of a document is to be had."""

    chunks: str = Field(examples=["/v1/collections/papers/chunks?document=a.pdf"])
    original: str = Field(
        description="the file itself", examples=["/v1/collections/papers/original?document=a.pdf"]
    )
    pages: str | None = Field(
        description="its pages as pictures, with `&page=N` after it; null where there are none",
        examples=["/v1/collections/papers/pages?document=a.pdf"],
    )

    @classmethod
    def of(cls, collection: str, record: DocumentRecord) -> DocumentLinks:
        """Of a document of a collection."""
        place, asked = address_of(collection), f"document={quote(record.id, safe='')}"
        drawn = record.page_count > 0 and has_page_pictures(record.media_type)
        return cls(
            chunks=f"{place}/chunks?{asked}",
            original=f"{place}/original?{asked}",
            pages=f"{place}/pages?{asked}" if drawn else None,
        )


class DocumentInfo(BaseModel):
    """What is known of a document."""

    id: str = Field(examples=["reports/2024年度报告.pdf"])
    title: str = Field(examples=["2024年度报告"])
    media_type: str = Field(examples=["application/pdf"])
    content_hash: str = Field(description="SHA-256 of its bytes")
    page_count: int = Field(description="0 where the format has no pages", examples=[9])
    chunk_count: int = Field(examples=[31])
    metadata: dict[str, Any] = Field(examples=[{"author": "李明", "language": "zh"}])
    generation: int = Field(description="the write that brought it to its present state")
    state: Status = Field(
        description="`ok`; `failed` (what is stored, if anything, is an earlier content); "
        "`unpacked`: an archive whose members are documents"
    )
    stage: str = Field("", description="where it failed: load, read, chunk, embed or store")
    error: str = Field("", description="why it failed")
    attempts: int = Field(0, description="how often in a row it failed")
    container: str = Field("", description="the outermost file that it is packed in")
    links: DocumentLinks

    @classmethod
    def of(
        cls, collection: str, record: DocumentRecord | None, state: DocumentState
    ) -> DocumentInfo:
        """What the catalog says of a document; of one that is not stored, little."""
        record = record or DocumentRecord(state.document_id, "", "", "", "", 0, 0)
        return cls(
            state=state.status,
            stage=state.stage,
            error=state.error,
            attempts=state.attempts,
            container=state.origin.container,
            id=record.id,
            title=record.title,
            media_type=record.media_type,
            content_hash=record.content_hash,
            page_count=record.page_count,
            chunk_count=record.chunk_count,
            metadata=dict(record.metadata),
            generation=record.generation,
            links=DocumentLinks.of(collection, record),
        )


class _Wanted(BaseModel):
    """Which documents are asked for."""

    limit: int = Field(100, ge=1, le=1000, description="documents on a page")
    after: str = Field("", max_length=4096, description="only ids after this one; from `next`")
    state: Status | None = Field(
        None, description="only those that stand so; `failed` has those that were never stored"
    )
    prefix: str = Field("", max_length=4096, description="only ids that begin so")
    title: str = Field("", max_length=1000, description="only titles that have this in them")
    media_type: str = Field(
        "", max_length=200, description="only those of this type", examples=["application/pdf"]
    )


class DocumentList(Page):
    """Documents in order of id."""

    documents: list[DocumentInfo]


class DeletionReceipt(BaseModel):
    """Rows that went from each store."""

    documents: int = Field(examples=[1])
    chunks: int = Field(examples=[31])
    vectors: int = Field(examples=[31])
    facts: int = Field(description="chunks whose facts went from the graph", examples=[31])
    sparse: int = Field(examples=[31])
    dense: int = Field(examples=[31])
    originals: int = Field(description="files that were kept", examples=[1])
    generation: int = Field(examples=[18])

    @classmethod
    def of(cls, receipt: DeleteReceipt) -> DeletionReceipt:
        """What a deletion did."""
        return cls(
            documents=receipt.documents,
            chunks=receipt.chunks,
            vectors=receipt.vectors,
            facts=receipt.facts,
            sparse=receipt.sparse,
            dense=receipt.dense,
            originals=receipt.originals,
            generation=receipt.generation,
        )


DocumentId = Annotated[
    str, Path(description="id of the document; its slashes stay as they are in the address")
]


@router.get(
    "", summary="List documents", responses=responses(404, 409), dependencies=[needs(Role.READ)]
)
def list_of(
    collection: CollectionDep,
    response: Response,
    wanted: Annotated[_Wanted, Query()],
) -> DocumentList:
    """The documents of a collection, in order of id: those that are stored, or, with `state`,
    those that stand so."""
    found = list(islice(_found(collection, wanted), wanted.limit + 1))
    path, asked = f"{address_of(collection.name)}/documents", wanted.model_dump(mode="json")
    page, address = paged(response, found, path, asked, lambda one: one.id)
    return DocumentList(documents=list(page), next=address)


def _found(collection: View, wanted: _Wanted) -> Iterator[DocumentInfo]:
    """All that are wanted, in order, as far as they are asked for."""
    asked = DocumentFilter(wanted.prefix, wanted.title, wanted.media_type)
    if wanted.state is None:
        for record in collection.records(wanted.after, wanted.limit + 1, asked):
            yield info_of(collection, record.id)
        return
    after = wanted.after
    while page := collection.states(wanted.state, after, wanted.limit + 1):
        after = page[-1].document_id
        for state in page:
            info = info_of(collection, state.document_id)
            if asked.fits(info.id, info.title, info.media_type):
                yield info


def info_of(collection: View, document_id: str) -> DocumentInfo:
    """Raises NotFound for a document that was neither stored nor failed."""
    state = collection.state(document_id)
    try:
        record = collection.record(document_id)
    except NotFound:
        if state is None:
            raise
        return DocumentInfo.of(collection.name, None, state)
    return DocumentInfo.of(collection.name, record, state or DocumentState(document_id, Status.OK))


@router.post(
    "/delete",
    summary="Delete several documents",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def delete_several(body: DocumentIds, collection: CollectionDep) -> DeletionReceipt:
    """Deletes documents, with what is packed in them, from every store. Ids that are not there
    count nothing."""
    with collection.unrestricted.writer(WAIT_S) as writer:
        ids = [name for name in body.ids if collection.sees(name)]
        check_whole(collection, ids)
        return DeletionReceipt.of(writer.delete(ids))


@router.get(
    "/{document_id:path}",
    summary="Show a document",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(collection: CollectionDep, document_id: DocumentId) -> DocumentInfo:
    """What is known of a document."""
    return info_of(collection, document_id)


@router.delete(
    "/{document_id:path}",
    summary="Delete a document",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def delete(collection: CollectionDep, document_id: DocumentId) -> DeletionReceipt:
    """Deletes a document, with what is packed in it, from every store and counts what went.
    Refused with 409 while another write is going on that does not end within seconds."""
    info_of(collection, document_id)
    with collection.unrestricted.writer(WAIT_S) as writer:
        info_of(collection, document_id)  # it may have gone while we waited
        check_whole(collection, [document_id])
        return DeletionReceipt.of(writer.delete([document_id]))
