"""Jobs and their documents as rows of the catalog, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from index.database import Row
from ingest.contract import Json

QUEUED, FAILED, CANCELLED = "queued", "failed", "cancelled"
"""States of a document: its turn has not come; it could not be read; its job was cancelled before
its turn."""

INSERT = "INSERT INTO job_documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
DOCUMENTS = """
SELECT job_documents.*, coalesce(url, '') AS url FROM job_documents
LEFT JOIN job_addresses USING (job, number) WHERE job = ? ORDER BY job_documents.number
"""
JOBS = """
SELECT jobs.*, document_id AS at_document, stage AS at_stage FROM jobs
LEFT JOIN job_progress ON job_progress.job = jobs.number
"""


class JobState(StrEnum):
    """Where a job is. DONE says that every document has had its turn, not that each could be
    read; FAILED says that the job itself could not be carried out; CANCELLED that somebody did not
    want the rest of it."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be done."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class JobDocument:
    """One document of a job; its bytes are `spool/<job id>/<number>`.

    `title` is None for a file, and the title given for a text that was handed in; `url` is where
    the file is to be fetched from, empty where it was handed in. `state` is QUEUED until its turn
    has come, then what became of it; `stage` and `reason` are a failure's. What was found packed in
    a document stands among the others, without bytes of its own.
    """

    number: int
    document_id: str
    file_name: str = ""
    title: str | None = None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    state: str = QUEUED
    stage: str = ""
    reason: str = ""
    chunks: int = 0
    embedded: int = 0
    url: str = ""

    def as_new(self) -> JobDocument:
        """The same, its turn still to come."""
        return replace(self, state=QUEUED, stage="", reason="", chunks=0, embedded=0)

    @property
    def is_member(self) -> bool:
        """Whether it was found packed in another."""
        return not self.file_name and self.title is None and not self.url


@dataclass(frozen=True, slots=True)
class Job:
    """A job with its documents. `note` says why it waits or failed; `attempts` counts how often
    work on it was begun and cut off. Times are ISO 8601 in UTC. `document_id` and `stage` say what
    it is at while it is worked on, and may lag by a second."""

    id: str
    state: JobState
    note: str
    attempts: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    documents: Sequence[JobDocument]
    document_id: str = ""
    stage: str = ""

    @property
    def unfinished(self) -> list[JobDocument]:
        """The documents that were handed in and are not stored as they should be: they failed, or
        something packed in them did, or their turn did not come."""
        left = () if self.state is JobState.DONE else (QUEUED,)
        bad = [item for item in self.documents if item.state in (FAILED, CANCELLED, *left)]
        names = {item.document_id for item in bad if not item.is_member}
        members = [item.document_id for item in bad if item.is_member]
        return [
            item
            for item in self.documents
            if not item.is_member
            and (
                item.document_id in names
                or any(name.startswith(f"{item.document_id}/") for name in members)
            )
        ]


def row_of(job: int, item: JobDocument) -> tuple[Any, ...]:
    """Values of a row of `job_documents`, in the order of the schema."""
    return (
        job, item.number, item.document_id, item.file_name, item.title,
        json.dumps(item.metadata, ensure_ascii=False, sort_keys=True),
        item.state, item.stage, item.reason, item.chunks, item.embedded,
    )  # fmt: skip


def job_of(row: Row, documents: Sequence[Row]) -> Job:
    """The job of a row of JOBS with its rows of DOCUMENTS."""
    return Job(
        id=row["id"],
        state=JobState(row["state"]),
        note=row["note"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        document_id=row["at_document"] or "",
        stage=row["at_stage"] or "",
        documents=[
            JobDocument(
                number=item["number"],
                document_id=item["document_id"],
                file_name=item["file_name"],
                title=item["title"],
                metadata=json.loads(item["metadata"]),
                state=item["state"],
                stage=item["stage"],
                reason=item["reason"],
                chunks=item["chunks"],
                embedded=item["embedded"],
                url=item["url"],
            )
            for item in documents
        ],
    )
