"""/v1/jobs and /v1/collections/{collection}/jobs"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.access import Role
from api.rest.collections import address_of
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.service import BraidDep, CollectionDep
from index.pipeline import Job, JobState
from ingest.contract import BraidError, NotFound

router = APIRouter(prefix="/v1", tags=["jobs"])

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
    chunks: int = Field(0, description="of those added and updated", examples=[31])
    embedded: int = Field(0, description="vectors that had to be computed", examples=[31])


class JobDocumentInfo(BaseModel):
    """A document of a job, or one that was found packed in it."""

    document_id: str = Field(examples=["reports/2024年度报告.pdf"])
    state: str = Field(
        description="queued, added, updated, unchanged, unpacked, deleted or failed",
        examples=["added"],
    )
    stage: str = Field(
        "", description="where it failed: load, read, chunk, embed or store", examples=[""]
    )
    reason: str = Field("", description="why it failed")
    chunks: int = Field(0, examples=[14])
    embedded: int = Field(0, examples=[14])


class JobSummary(BaseModel):
    """A job, without its documents."""

    id: str = Field(examples=["9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"])
    collection: str = Field(examples=["papers"])
    state: JobState = Field(
        description="`done`: every document has had its turn, and those that could not be read "
        "are listed; `failed`: the job itself could not be carried out"
    )
    note: str = Field("", description="why it waits or failed")
    created_at: str = Field(examples=["2026-03-01T08:00:00.000Z"])
    started_at: str | None = Field(None, examples=["2026-03-01T08:00:00.120Z"])
    finished_at: str | None = Field(None, examples=["2026-03-01T08:00:02.500Z"])
    counts: JobCounts

    @classmethod
    def of(cls, collection: str, job: Job) -> JobSummary:
        """A job of a collection, without its documents."""
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
            counts=counts,
        )


class JobInfo(JobSummary):
    """A job with what became of each document."""

    documents: list[JobDocumentInfo]
    failures: list[JobDocumentInfo] = Field(description="the documents that failed, again")

    @classmethod
    def of(cls, collection: str, job: Job) -> JobInfo:
        """A job of a collection."""
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
            **dict(JobSummary.of(collection, job)),
            documents=documents,
            failures=[item for item in documents if item.state == _FAILED],
        )


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobSummary]
    next: str | None = Field(None, description="address of the next page; null on the last")


def job_address(job_id: str) -> str:
    """The path of a job."""
    return f"/v1/jobs/{job_id}"


@router.get(
    "/jobs/{job_id}",
    summary="Show a job",
    responses=responses(404),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def show(
    job_id: Annotated[str, Path(description="id of the job", max_length=64)], braid: BraidDep
) -> JobInfo:
    """The state of a job, with what became of each of its documents."""
    for name in braid.store.names():
        try:
            return JobInfo.of(name, braid.store.get(name).jobs.get(job_id))
        except BraidError:
            continue  # it is another's, or this collection cannot be opened
    raise NotFound(
        f"no job {job_id!r}; the jobs of a collection are at {address_of('{name}')}/jobs"
    )


@router.get(
    "/collections/{collection}/jobs",
    summary="List the jobs of a collection",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def list_of(
    collection: CollectionDep,
    limit: Annotated[int, Query(ge=1, le=100, description="jobs on a page")] = 20,
    before: Annotated[str, Query(max_length=64, description="only jobs older than this one")] = "",
) -> JobList:
    """The jobs of a collection, newest first."""
    found = collection.jobs.newest(limit + 1, before)
    page = found[:limit]
    more = f"{address_of(collection.name)}/jobs?limit={limit}&before={page[-1].id}" if page else ""
    return JobList(
        jobs=[JobSummary.of(collection.name, job) for job in page],
        next=more if len(found) > limit else None,
    )
