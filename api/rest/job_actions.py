"""/v1/jobs/{id}/events, /cancel and /retry: a job watched, stopped, and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import anyio
from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.access import Caller, Role
from api.gateway import Gateway
from api.rest.answering import streamed
from api.rest.guard import CallerDep, needs
from api.rest.idempotency import creates
from api.rest.jobs import JobId, JobInfo, JobSummary, found_job
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import GatewayDep, ServiceDep
from api.rest.streams import events_doc
from api.rest.uploads import accepted
from index.pipeline import Jobs, View
from ingest.contract import BraidError, Denied, NotFound

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=RetryingRoute)

_LOOK_S = 0.25
_SAMPLE = (
    'event: job\ndata: {"id": "9f1c…", "state": "running", "progress": {"done": 1, "total": 3}}\n\n'
    'event: job\ndata: {"id": "9f1c…", "state": "done", "progress": {"done": 3, "total": 3}}\n\n'
    "event: done\ndata: {}\n\n"
)
_STREAM = events_doc(
    "`job`, as `GET /v1/jobs/{id}` has it but for its documents, whenever it has changed; `done` "
    "when it has ended, or is not to be seen any more",
    ("job", "done"),
    _SAMPLE,
)


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=EventSourceResponse,
    responses={**_STREAM, **responses(404)},
    dependencies=[needs(Role.READ, anywhere=True)],
)
async def events(
    job_id: JobId, gateway: GatewayDep, caller: CallerDep, service: ServiceDep
) -> Response:
    """Events for as long as the job is worked on, by whatever process; a comment comes now and then
    where nothing happens."""
    collection, _ = await run_in_threadpool(found_job, gateway, caller, job_id)
    name = collection.name

    def look() -> tuple[View, int]:
        found = gateway.collection(caller, name)  # another one, once it was built anew
        return found, found.unrestricted.jobs.commits

    return streamed(service, lambda stop: _changes(look, job_id, stop), is_endless=True)


async def _changes(
    look: Callable[[], tuple[View, int]], job_id: str, stop: asyncio.Event
) -> AsyncIterator[ServerSentEvent]:
    seen: tuple[Jobs | None, int, JobSummary | None] = None, -1, None
    while not stop.is_set() and (seen[2] is None or not seen[2].state.is_over):
        try:
            collection, commits = await run_in_threadpool(look)
            jobs = collection.unrestricted.jobs
            if jobs is not seen[0] or commits != seen[1]:
                now = await run_in_threadpool(_summary, collection, job_id)
                if now != seen[2]:
                    yield ServerSentEvent(now.model_dump_json(), event="job")
                seen = jobs, commits, now
                continue
        except (NotFound, Denied):  # it was deleted, or is hidden now
            break
        except BraidError:
            pass  # it is being built anew
        await anyio.sleep(_LOOK_S)
    yield ServerSentEvent("{}", event="done")


def _summary(collection: View, job_id: str) -> JobSummary:
    position = collection.unrestricted.jobs.position(job_id)
    return JobSummary.of(collection.name, collection.job(job_id), position)


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a job",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE, anywhere=True)],
)
def cancel(job_id: JobId, gateway: GatewayDep, caller: CallerDep) -> JobInfo:
    """Nothing more of the job is done, once the document in hand is finished or given up; what is
    stored stays. It stays cancelled after a restart. Refused with 409 where it has ended."""
    collection = _whole(gateway, caller, job_id)
    collection.unrestricted.jobs.cancel(job_id)
    return JobInfo.of(collection.name, collection.job(job_id))


@router.post(
    "/{job_id}/retry",
    status_code=202,
    summary="Try again what failed",
    responses=responses(404, 409, 507),
    dependencies=[needs(Role.WRITE, anywhere=True), creates],
)
def retry(
    job_id: JobId, gateway: GatewayDep, caller: CallerDep, service: ServiceDep, response: Response
) -> JobInfo:
    """Makes a new job of the documents that failed in one that has ended, or whose turn did not
    come, out of the files that are kept of them (`server.keep_failed_days`). Refused with 409 where
    there are none."""
    collection = _whole(gateway, caller, job_id)
    job = collection.unrestricted.jobs.retry(job_id)
    return accepted(collection, job, service, response)


def _whole(gateway: Gateway, caller: Caller, job_id: str) -> View:
    """The collection of a job that the caller may see the whole of, and write to. Raises NotFound,
    and Denied."""
    collection, job = found_job(gateway, caller, job_id)
    caller.check(Role.WRITE, collection.name)
    if len(job.documents) < len(collection.unrestricted.jobs.get(job_id).documents):
        raise Denied("this job has documents that this key does not see")
    return collection
