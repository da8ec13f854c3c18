"""GET /v1/doctor and /v1/collections/{collection}/backup"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from api.access import Role
from api.doctor import examine
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import BraidDep, CollectionDep, ServiceDep
from api.version import version
from index.pipeline import utc_now
from ingest.contract import Unavailable

router = APIRouter(prefix="/v1", tags=["admin"], route_class=RetryingRoute)

BACKUPS = "backups"
_FILE_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "the backup, a ZIP that `braid restore` reads",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FindingInfo(BaseModel):
    """One thing that was looked at."""

    subject: str = Field(examples=["collection papers"])
    fault: bool
    text: str = Field(
        description="what is wrong and what to do, or what is right",
        examples=["16 documents, 412 chunks, sound"],
    )


class Examination(BaseModel):
    """What the doctor found."""

    ok: bool
    findings: list[FindingInfo]


@router.get(
    "/doctor",
    summary="Examine everything",
    responses=responses(),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def doctor(braid: BraidDep) -> Examination:
    """Looks at settings, model and every collection, all of each catalog compared with its
    indexes, as `braid doctor` does: that takes a while. `ok` is false where anything is wrong."""
    findings = [
        FindingInfo(subject=one.subject, fault=one.fault, text=one.text) for one in examine(braid)
    ]
    return Examination(ok=not any(one.fault for one in findings), findings=findings)


@router.get(
    "/collections/{collection}/backup",
    summary="Back a collection up",
    response_class=FileResponse,
    responses={**_FILE_DOC, **responses(404, 409)},
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def backup(collection: CollectionDep, braid: BraidDep, service: ServiceDep) -> FileResponse:
    """A collection as one file, of one generation, with the jobs that wait and their uploads. It is
    made aside, which takes as much room on the server's disk for as long as it is fetched; reading
    and writing go on meanwhile."""
    root = service.settings.data_dir / BACKUPS
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=root))
    except OSError as error:
        raise Unavailable(f"no backup can be made in {root}: {error.strerror or error}") from error
    target = scratch / f"{collection.name}.braid"
    try:
        braid.store.backup(collection.name, target, braid=version())
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    moment = utc_now("seconds").replace(":", "")
    return FileResponse(
        target,
        media_type="application/zip",
        filename=f"{collection.name}-{moment}.braid",
        background=BackgroundTask(shutil.rmtree, scratch, ignore_errors=True),
    )
