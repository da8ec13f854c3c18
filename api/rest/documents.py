"""/v1/collections/{collection}/documents"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.rest.collections import address_of
from api.rest.guard import needs
from api.rest.jobs import JobInfo, job_address
from api.rest.problems import responses
from api.rest.service import CollectionDep, Service, ServiceDep
from api.rest.upload import MAX_FILES, receive_files
from api.rest.values import Given, JsonObject, document_id_of, json_only
from index.contract import DeleteReceipt, DocumentRecord, DocumentState, Status
from index.pipeline import Collection, Job, JobDocument
from ingest.contract import BadInput, NotFound, Unavailable

router = APIRouter(prefix="/v1/collections/{collection}/documents", tags=["documents"])

_WAIT_S = 5.0
"""How long a deletion waits for the writer's lock before it gives up with 409."""

_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MAX_FILES,
                            "items": {"type": "string", "format": "binary"},
                            "description": "the files; each one's name becomes its id",
                        },
                        "metadata": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "a JSON object, kept with each document",
                            "examples": ['{"author": "李明", "year": 2024}'],
                        },
                        "ids": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "a JSON array: an id for each file, in order",
                            "examples": ['["reports/2024.pdf"]'],
                        },
                    },
                }
            }
        },
    }
}


class TextDocument(Given):
    """A document handed in as text."""

    id: str = Field(description="its stable id; a slash is allowed", examples=["notes/晨会.txt"])
    text: str = Field(min_length=1, examples=["水泵每月检查一次。\n\nBearings are greased yearly."])
    title: str = Field("", max_length=1_000, examples=["晨会记录"])
    metadata: JsonObject = Field(default_factory=dict, examples=[{"author": "李明"}])


class TextDocuments(Given):
    """Documents handed in as text."""

    documents: list[TextDocument] = Field(min_length=1, max_length=MAX_FILES)


class DocumentIds(Given):
    """Documents to be deleted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": ["notes/晨会.txt"]}]})

    ids: list[str] = Field(min_length=1, max_length=10_000)


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

    @classmethod
    def of(cls, record: DocumentRecord | None, state: DocumentState) -> DocumentInfo:
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
        )


class DocumentList(BaseModel):
    """Documents in order of id."""

    documents: list[DocumentInfo]
    next: str | None = Field(None, description="address of the next page; null on the last")


class DeletionReceipt(BaseModel):
    """Rows that went from each store."""

    documents: int = Field(examples=[1])
    chunks: int = Field(examples=[31])
    vectors: int = Field(examples=[31])
    facts: int = Field(description="chunks whose facts went from the graph", examples=[31])
    sparse: int = Field(examples=[31])
    dense: int = Field(examples=[31])
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
            generation=receipt.generation,
        )


_DocumentId = Annotated[
    str, Path(description="id of the document; its slashes stay as they are in the address")
]


@router.post(
    "",
    status_code=202,
    summary="Upload files",
    responses=responses(400, 404, 409, 413, 415),
    openapi_extra=_UPLOAD_BODY,
    dependencies=[needs(Role.WRITE)],
)
async def upload(
    request: Request, response: Response, collection: CollectionDep, service: ServiceDep
) -> JobInfo:
    """Takes in files, which a job then reads and indexes; its address is in `Location`. When
    this answers, the files are on disk and the job survives a restart. A document that has the
    id already is replaced."""
    jobs = collection.jobs
    folder = await run_in_threadpool(jobs.new_folder)
    try:
        limit = service.settings.server.max_upload_mb * 2**20
        documents = await receive_files(request, folder, limit)
        job = await run_in_threadpool(jobs.submit, folder, documents)
    except BaseException:
        # Not in the thread pool: a request that was cancelled may await nothing more.
        jobs.discard(folder)
        raise
    return _accepted(collection, job, service, response)


@router.post(
    "/text",
    status_code=202,
    summary="Hand in texts",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def add_texts(
    body: TextDocuments, response: Response, collection: CollectionDep, service: ServiceDep
) -> JobInfo:
    """Takes in documents as plain text; otherwise as an upload of files."""
    documents = [
        JobDocument(number, document_id_of(item.id), title=item.title, metadata=item.metadata)
        for number, item in enumerate(body.documents)
    ]
    seen: set[str] = set()
    for document in documents:
        if document.document_id in seen:
            raise BadInput(f"{document.document_id!r} names two documents: give each its own id")
        seen.add(document.document_id)
    jobs = collection.jobs
    folder = jobs.new_folder()
    try:
        _store(folder, [item.text for item in body.documents])
        job = jobs.submit(folder, documents)
    except BaseException:
        jobs.discard(folder)
        raise
    return _accepted(collection, job, service, response)


def _store(folder: FilePath, texts: Sequence[str]) -> None:
    try:
        for number, text in enumerate(texts):
            (folder / str(number)).write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise Unavailable(f"the texts cannot be stored: {error.strerror or error}") from error


def _accepted(collection: Collection, job: Job, service: Service, response: Response) -> JobInfo:
    service.notify()
    response.headers["Location"] = job_address(job.id)
    return JobInfo.of(collection.name, job)


@router.get(
    "", summary="List documents", responses=responses(404, 409), dependencies=[needs(Role.READ)]
)
def list_of(
    collection: CollectionDep,
    limit: Annotated[int, Query(ge=1, le=1000, description="documents on a page")] = 100,
    after: Annotated[
        str, Query(max_length=4096, description="only ids after this one; from `next`")
    ] = "",
    state: Annotated[
        Status | None,
        Query(description="only those that stand so; `failed` has those that were never stored"),
    ] = None,
) -> DocumentList:
    """The documents of a collection, in order of id: those that are stored, or, with `state`,
    those that stand so."""
    if state is None:
        found = [_info(collection, record.id) for record in collection.records(after, limit + 1)]
    else:
        states = collection.ledger.states.of(state, after, limit + 1)
        found = [_info(collection, item.document_id) for item in states]
    page = found[:limit]
    more = None
    if len(found) > limit:
        wanted = f"limit={limit}" if state is None else f"limit={limit}&state={state}"
        last = quote(page[-1].id, safe="")
        more = f"{address_of(collection.name)}/documents?{wanted}&after={last}"
    return DocumentList(documents=page, next=more)


def _info(collection: Collection, document_id: str) -> DocumentInfo:
    """Raises NotFound for a document that was neither stored nor failed."""
    state = collection.ledger.states.get(document_id)
    try:
        record = collection.record(document_id)
    except NotFound:
        if state is None:
            raise
        return DocumentInfo.of(None, state)
    return DocumentInfo.of(record, state or DocumentState(document_id, Status.OK))


@router.post(
    "/delete",
    summary="Delete several documents",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def delete_several(body: DocumentIds, collection: CollectionDep) -> DeletionReceipt:
    """Deletes documents, with what is packed in them, from every store. Ids that are not there
    count nothing."""
    with collection.writer(_WAIT_S) as writer:
        return DeletionReceipt.of(writer.delete(body.ids))


@router.get(
    "/{document_id:path}",
    summary="Show a document",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(collection: CollectionDep, document_id: _DocumentId) -> DocumentInfo:
    """What is known of a document."""
    return _info(collection, document_id)


@router.delete(
    "/{document_id:path}",
    summary="Delete a document",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def delete(collection: CollectionDep, document_id: _DocumentId) -> DeletionReceipt:
    """Deletes a document, with what is packed in it, from every store and counts what went.
    Refused with 409 while another write is going on that does not end within seconds."""
    _info(collection, document_id)
    with collection.writer(_WAIT_S) as writer:
        _info(collection, document_id)  # it may have gone while we waited
        return DeletionReceipt.of(writer.delete([document_id]))
