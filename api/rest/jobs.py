"""/v1/jobs and /v1/collections/{collection}/jobs"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from api.access import Caller, Role
from api.gateway import Gateway
from api.rest.collections import address_of
from api.rest.guard import CallerDep, needs
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, GatewayDep
from index.pipeline import Job, JobState, View
from ingest.contract import NotFound

router = APIRouter(prefix="/v1", tags=["jobs"], route_class=RetryingRoute)

_FAILED = "failed"


class JobCounts(BaseModel):
    """Documents of a job by what became of them, and what they came to."""

    documents: int = Field(examples=[3])
    queued: int = Field(0, description="their turn has not come", examples=[0])
    added: int = Field(0, examples=[2])
    updated: int = Field(0, examples=[0])
    unchanged: int = Field(0, examples=[0])
    unpacked: int = Field(0, description="archives whose members are documents", examples=[0])
    deleted: int = Field(0, description="gone from an archive that was replaced", examples=[0])
    failed: int = Field(0, examples=[1])
    cancelled: int = Field(0, description="their job was cancelled before", examples=[0])
    chunks: int = Field(0, description="of those added and updated", examples=[31])
    embedded: int = Field(0, description="vectors that had to be computed", examples=[31])


class JobDocumentInfo(BaseModel):
    """A document of a job, or one that was found packed in it."""

    document_id: str = Field(examples=["reports/2024年度报告.pdf"])
    state: str = Field(
        description="queued, added, updated, unchanged, unpacked, deleted, failed or cancelled",
        examples=["added"],
    )
    stage: str = Field(
        "", description="where it failed: load, read, chunk, embed or store", examples=[""]
    )
    reason: str = Field("", description="why it failed")
    chunks: int = Field(0, examples=[14])
    embedded: int = Field(0, examples=[14])


class JobProgress(BaseModel):
    """How far a job is."""

    done: int = Field(description="documents that have had their turn", examples=[1])
    total: int = Field(description="documents that are known of so far", examples=[3])
    document_id: str = Field("", description="what is at hand; empty where nothing is")
    stage: str = Field("", description="of its work: fetch, read, chunk or embed")


class JobSummary(BaseModel):
    """A job, without its documents."""

    id: str = Field(examples=["9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"])
    collection: str = Field(examples=["papers"])
    state: JobState = Field(
        description="`done`: every document has had its turn, and those that could not be read "
        "are listed; `failed`: the job itself could not be carried out; `cancelled`: what was "
        "stored before stays"
    )
    position: int | None = Field(
        None, description="place in the queue, from 1; null of a job that does not wait in it"
    )
    note: str = Field("", description="why it waits or failed")
    created_at: str = Field(examples=["2026-03-01T08:00:00.000Z"])
    started_at: str | None = Field(None, examples=["2026-03-01T08:00:00.120Z"])
    finished_at: str | None = Field(None, examples=["2026-03-01T08:00:02.500Z"])
    counts: JobCounts
    progress: JobProgress

    @classmethod
    def of(cls, collection: str, job: Job, position: int | None = None) -> JobSummary:
        """A job of a collection, without its documents, at its place in the queue."""
        states = Counter(item.state for item in job.documents)
        counts = JobCounts(
            documents=len(job.documents),
            queued=states["queued"],
            added=states["added"],
            updated=states["updated"],
            unchanged=states["unchanged"],
            unpacked=states["unpacked"],
            deleted=states["deleted"],
            failed=states[_FAILED],
            cancelled=states["cancelled"],
            chunks=sum(item.chunks for item in job.documents),
            embedded=sum(item.embedded for item in job.documents),
        )
        return cls(
            id=job.id,
            collection=collection,
            state=job.state,
            note=job.note,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            position=position,
            counts=counts,
            progress=JobProgress(
                done=counts.documents - counts.queued - counts.cancelled,
                total=counts.documents,
                document_id=job.document_id,
                stage=job.stage,
            ),
        )


class JobInfo(JobSummary):
    """A job with what became of each document."""

    documents: list[JobDocumentInfo]
    failures: list[JobDocumentInfo] = Field(description="the documents that failed, again")

    @classmethod
    def of(cls, collection: str, job: Job, position: int | None = None) -> JobInfo:
        """A job of a collection, at its place in the queue."""
        documents = [
            JobDocumentInfo(
                document_id=item.document_id,
                state=item.state,
                stage=item.stage,
                reason=item.reason,
                chunks=item.chunks,
                embedded=item.embedded,
            )
            for item in job.documents
        ]
        return cls(
            **dict(JobSummary.of(collection, job, position)),
            documents=documents,
            failures=[item for item in documents if item.state == _FAILED],
        )


class JobList(Page):
    """Jobs, newest first."""

    jobs: list[JobSummary]


JobId = Annotated[
    str,
    Path(description="id of the job", max_length=64, examples=["9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"]),
]


def job_address(job_id: str) -> str:
    """The path of a job."""
    return f"/v1/jobs/{job_id}"


@router.get(
    "/jobs/{job_id}",
    summary="Show a job",
    responses=responses(404),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def show(job_id: JobId, gateway: GatewayDep, caller: CallerDep) -> JobInfo:
    """The state of a job, with what became of each of its documents."""
    collection, job = found_job(gateway, caller, job_id)
    return JobInfo.of(collection.name, job, collection.unrestricted.jobs.position(job_id))


def found_job(gateway: Gateway, caller: Caller, job_id: str) -> tuple[View, Job]:
    """A job of whatever collection, as the caller may see it. Raises NotFound."""
    for collection in gateway.collections(caller):
        try:
            return collection, collection.job(job_id)
        except NotFound:
            continue  # it is another's
    raise NotFound(
        f"no job {job_id!r}; the jobs of a collection are at /v1/collections/{{name}}/jobs"
    )


@router.get(
    "/collections/{collection}/jobs",
    summary="List the jobs of a collection",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def list_of(
    collection: CollectionDep,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100, description="jobs on a page")] = 20,
    after: Annotated[
        str, Query(max_length=64, description="only jobs older than this one; from `next`")
    ] = "",
) -> JobList:
    """The jobs of a collection, newest first."""
    found, path = collection.newest_jobs(limit + 1, after), f"{address_of(collection.name)}/jobs"
    page, address = paged(response, found, path, {"limit": limit}, lambda one: one.id)
    position = collection.unrestricted.jobs.position
    return JobList(
        jobs=[JobSummary.of(collection.name, job, position(job.id)) for job in page],
        next=address,
    )
