"""POST /v1/collections/{collection}/documents: files, texts and URLs handed in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from api.access import Role
from api.fetching import FetchLimits, check_url
from api.handing_in import metadata_with
from api.rest.guard import needs
from api.rest.idempotency import creates
from api.rest.jobs import JobInfo, job_address
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, Service, ServiceDep
from api.rest.upload import MAX_FILES, UploadLimits, not_stored, receive_files
from api.rest.values import MAX_ID_CHARS, AccessTags, Given, JsonObject, document_id_of, json_only
from index.pipeline import Job, JobDocument, Jobs, View
from ingest.contract import BadInput, Denied

router = APIRouter(
    prefix="/v1/collections/{collection}/documents", tags=["documents"], route_class=RetryingRoute
)

_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "additionalProperties": False,
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
                            "description": "a JSON object, kept with each document, or a JSON "
                            "array: an object for each file, in order",
                            "examples": [
                                '{"author": "李明", "year": 2024}',
                                '[{"year": 2023}, {"year": 2024}]',
                            ],
                        },
                        "access": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "a JSON array: access tags of each document; who holds "
                            "one of them sees it. Left out: a new document is for everyone (for "
                            "those who hold the writer's tags, if the key has some), another keeps "
                            "its tags",
                            "examples": ['["hr"]'],
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

    id: str = Field(
        description="its stable id; a slash is allowed",
        examples=["notes/晨会.txt"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_ID_CHARS},
    )
    text: str = Field(min_length=1, examples=["水泵每月检查一次。\n\nBearings are greased yearly."])
    title: str = Field("", max_length=1_000, examples=["晨会记录"])
    metadata: JsonObject = Field(default_factory=dict, examples=[{"author": "李明"}])
    access: AccessTags | None = Field(
        None,
        description="access tags: who holds one of them sees it. Left out: a new document is for "
        "everyone (for those who hold the writer's tags, if the key has some), another keeps its "
        "tags",
        examples=[["hr"]],
    )


class TextDocuments(Given):
    """Documents handed in as text."""

    documents: list[TextDocument] = Field(min_length=1, max_length=MAX_FILES)


class UrlDocument(Given):
    """A document to be fetched."""

    url: str = Field(max_length=2_000, examples=["https://example.com/reports/2024年度报告.pdf"])
    id: str | None = Field(
        None,
        description="its stable id; left out: the URL without `https://`",
        examples=["reports/2024年度报告.pdf"],
    )
    metadata: JsonObject = Field(default_factory=dict, examples=[{"author": "李明"}])
    access: AccessTags | None = Field(
        None, description="access tags, as with texts", examples=[["hr"]]
    )


class UrlDocuments(Given):
    """Documents to be fetched."""

    documents: list[UrlDocument] = Field(min_length=1, max_length=MAX_FILES)


@router.post(
    "",
    status_code=202,
    summary="Upload files",
    responses=responses(400, 404, 408, 409, 413, 415, 507),
    openapi_extra=_UPLOAD_BODY,
    dependencies=[needs(Role.WRITE), creates],
)
async def upload(
    request: Request, response: Response, collection: CollectionDep, service: ServiceDep
) -> JobInfo:
    """Takes in files, which a job then reads and indexes; its address is in `Location`. When
    this answers, the files are on disk and the job survives a restart. A document that has the
    id already is replaced."""
    jobs = collection.unrestricted.jobs
    folder = await run_in_threadpool(jobs.new_folder)
    try:
        limits = UploadLimits.of(service.settings.server)
        documents = await receive_files(request, folder, limits, collection)
        job = await run_in_threadpool(jobs.submit, folder, documents)
    except BaseException:
        # Not in the thread pool: a request that was cancelled may await nothing more.
        jobs.discard(folder)
        raise
    return accepted(collection, job, service, response)


@router.post(
    "/text",
    status_code=202,
    summary="Hand in texts",
    responses=responses(400, 404, 409, 413, 415, 507),
    dependencies=[needs(Role.WRITE), Depends(json_only), creates],
)
def add_texts(
    body: TextDocuments, response: Response, collection: CollectionDep, service: ServiceDep
) -> JobInfo:
    """Takes in documents as plain text; otherwise as an upload of files."""
    documents = [_text_document(collection, *numbered) for numbered in enumerate(body.documents)]
    texts = [item.text for item in body.documents]
    return accepted(collection, _submitted(collection, documents, texts), service, response)


@router.post(
    "/url",
    status_code=202,
    summary="Hand in documents by URL",
    responses=responses(400, 404, 409, 413, 415, 507),
    dependencies=[needs(Role.WRITE), Depends(json_only), creates],
)
def add_urls(
    body: UrlDocuments, response: Response, collection: CollectionDep, service: ServiceDep
) -> JobInfo:
    """Takes in addresses of documents, which the job fetches before it reads them; what cannot be
    fetched fails alone, with the reason. Refused with 403 unless `server.fetch_hosts` names hosts
    to fetch from, and with 422 for a host that it does not name."""
    limits = FetchLimits.of(service.settings.server)
    if not limits.hosts:
        raise Denied(
            "this server fetches nothing by URL: name the hosts it may fetch from in "
            "server.fetch_hosts, or upload the files"
        )
    documents = []
    for number, item in enumerate(body.documents):
        check_url(item.url, limits)
        name = document_id_of(_id_of_url(item.url) if item.id is None else item.id)
        metadata = metadata_with(collection, name, {"url": item.url, **item.metadata}, item.access)
        documents.append(JobDocument(number, name, metadata=metadata, url=item.url))
    return accepted(collection, _submitted(collection, documents, ()), service, response)


def _id_of_url(url: str) -> str:
    address = url.partition("#")[0].partition("://")[2]
    return "/".join(part for part in address.split("/") if part not in ("", ".", ".."))


def _submitted(collection: View, documents: Sequence[JobDocument], texts: Sequence[str]) -> Job:
    seen: set[str] = set()
    for document in documents:
        if document.document_id in seen:
            raise BadInput(f"{document.document_id!r} names two documents: give each its own id")
        seen.add(document.document_id)
    jobs = collection.unrestricted.jobs
    folder = jobs.new_folder()
    try:
        _store(folder, texts, jobs)
        return jobs.submit(folder, documents)
    except BaseException:
        jobs.discard(folder)
        raise


def _text_document(collection: View, number: int, item: TextDocument) -> JobDocument:
    name = document_id_of(item.id)
    metadata = metadata_with(collection, name, item.metadata, item.access)
    return JobDocument(number, name, title=item.title, metadata=metadata)


def _store(folder: Path, texts: Sequence[str], jobs: Jobs) -> None:
    try:
        for number, text in enumerate(texts):
            (folder / str(number)).write_bytes(text.encode("utf-8"))
    except OSError as error:
        jobs.check_in_place()
        raise not_stored("the texts", error) from error


def accepted(collection: View, job: Job, service: Service, response: Response) -> JobInfo:
    """Tells of a job that was taken in."""
    service.notify(job.id)
    response.headers["Location"] = job_address(job.id)
    return JobInfo.of(collection.name, job, collection.unrestricted.jobs.position(job.id))
