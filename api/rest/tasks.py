"""/v1/tasks, and what begins one: /v1/collections/{collection}/reindex and /tune"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sse_starlette import ServerSentEvent

from api.access import EVERY, Caller, Role
from api.rest.answering import streamed
from api.rest.guard import CallerDep, needs
from api.rest.idempotency import creates
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, Service, ServiceDep
from api.rest.streams import events_doc
from api.rest.values import Given, json_only
from api.tasks import ENDED, Task, Tasks, TaskState
from api.works import REINDEX, TUNE
from ingest.contract import BadInput, NotFound

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=RetryingRoute)

MAX_QUESTIONS = 10_000
_LOOK_EVERY_S = 0.3
_EVENTS_DOC = events_doc(
    "`task` whenever something has changed, and `done` when it has ended",
    ("task", "done"),
    'event: task\ndata: {"state": "running", "done": 3, "total": 16}\n\nevent: done\ndata: {}\n\n',
)


class TaskInfo(BaseModel):
    """Work that goes on behind the requests."""

    id: str = Field(examples=["9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"])
    kind: str = Field(description="reindex, tune or evaluation", examples=["reindex"])
    collection: str = Field(examples=["papers"])
    state: TaskState = Field(description="the last three are its end")
    note: str = Field("", description="why it waits, was begun again, or failed")
    done: int = Field(0, description="of `total`", examples=[3])
    total: int | None = Field(None, description="null while nobody knows", examples=[16])
    result: dict[str, Any] | None = Field(None, description="what came of it, once it is done")
    created_at: str = Field(examples=["2026-03-01T08:00:00.000Z"])
    started_at: str | None = Field(None, examples=["2026-03-01T08:00:00.120Z"])
    finished_at: str | None = Field(None, examples=["2026-03-01T08:00:02.500Z"])

    @classmethod
    def of(cls, task: Task, *, whole: bool = True) -> TaskInfo:
        """A task; without its result, which may be long, where it is not `whole`."""
        return cls(
            id=task.id,
            kind=task.kind,
            collection=task.collection,
            state=task.state,
            note=task.note,
            done=task.done,
            total=task.total,
            result=dict(task.result) if whole and task.result is not None else None,
            created_at=task.created_at,
            started_at=task.started_at,
            finished_at=task.finished_at,
        )


class TaskList(Page):
    """Tasks, newest first, without their results."""

    tasks: list[TaskInfo]


class Forgotten(BaseModel):
    """What was deleted."""

    tasks: int = Field(examples=[12])


class TuneRequest(Given):
    """What a collection is to learn from."""

    source: Literal["itself", "feedback", "judged"] = Field(
        "itself",
        description="`feedback`: the ratings that people gave; `judged`: `questions`; `itself`: "
        "questions that the collection asks itself",
    )
    questions: dict[str, dict[str, int]] = Field(
        default_factory=dict,
        max_length=MAX_QUESTIONS,
        description="with `judged`: for each question the grades of its right documents",
        examples=[{"水泵的质保期是多久？": {"AV-200产品说明书.pdf": 1}}],
    )
    dry_run: bool = Field(False, description="say what would be learned, and change nothing")


TaskId = Annotated[str, Path(description="id of the task", max_length=64)]


def tasks_of(service: ServiceDep) -> Tasks:
    """The tasks of the service."""
    return Tasks(service.store)


TasksDep = Annotated[Tasks, Depends(tasks_of)]


def task_address(task_id: str) -> str:
    """The path of a task."""
    return f"/v1/tasks/{task_id}"


def begun(service: Service, task: Task, response: Response) -> TaskInfo:
    """The answer to a request for a task that has just been queued."""
    service.notify()
    response.headers["Location"] = task_address(task.id)
    return TaskInfo.of(task)


def _seen(tasks: Tasks, caller: Caller, task_id: str) -> Task:
    """Raises NotFound for one of a collection that is not the caller's, too."""
    task = tasks.get(task_id)
    if not caller.may(Role.ADMIN, task.collection):
        raise NotFound(f"no task {task_id!r}; GET /v1/tasks lists those there are")
    return task


@router.get(
    "/tasks",
    summary="List tasks",
    responses=responses(404),
    dependencies=[needs(Role.ADMIN, anywhere=True, everything=True)],
)
def list_all(
    service: ServiceDep,
    tasks: TasksDep,
    caller: CallerDep,
    response: Response,
    kind: Annotated[
        Literal["", "reindex", "tune", "evaluation"], Query(description="only of this kind")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=100, description="tasks on a page")] = 20,
    after: Annotated[
        str, Query(max_length=64, description="only tasks older than this one; from `next`")
    ] = "",
) -> TaskList:
    """The tasks of the collections on which the caller has the role, newest first."""
    collections = None
    if not caller.may(Role.ADMIN, EVERY):
        collections = [name for name in caller.grants if caller.may(Role.ADMIN, name)]
    found = tasks.newest(collections, kind, after, limit + 1)
    wanted = {"kind": kind, "limit": limit}
    page, address = paged(response, found, "/v1/tasks", wanted, lambda one: one.id)
    return TaskList(tasks=[TaskInfo.of(task, whole=False) for task in page], next=address)


@router.delete(
    "/tasks",
    summary="Delete old tasks",
    responses=responses(),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def forget(
    tasks: TasksDep,
    older_than_days: Annotated[
        float, Query(ge=0, le=36_500, description="deletes those that ended longer ago")
    ] = 30.0,
) -> Forgotten:
    """Deletes tasks that ended so long ago, evaluation runs with their reports among them."""
    moment = datetime.now(UTC) - timedelta(days=older_than_days)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Forgotten(tasks=tasks.forget(text))


@router.get(
    "/tasks/{task_id}",
    summary="Show a task",
    responses=responses(404),
    dependencies=[needs(Role.ADMIN, anywhere=True, everything=True)],
)
def show(task_id: TaskId, tasks: TasksDep, caller: CallerDep) -> TaskInfo:
    """Where a task is and, once it is done, what came of it."""
    return TaskInfo.of(_seen(tasks, caller, task_id))


@router.post(
    "/tasks/{task_id}/cancel",
    summary="Cancel a task",
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN, anywhere=True, everything=True)],
)
def cancel(task_id: TaskId, tasks: TasksDep, caller: CallerDep) -> TaskInfo:
    """Ends a task that waits. One that runs ends when it is next at a place where it can: nothing
    of the collection has changed then. Refused with 409 once it has ended."""
    _seen(tasks, caller, task_id)
    return TaskInfo.of(tasks.cancel(task_id))


@router.get(
    "/tasks/{task_id}/events",
    summary="Follow a task",
    responses={**_EVENTS_DOC, **responses(404)},
    response_class=Response,
    dependencies=[needs(Role.ADMIN, anywhere=True, everything=True)],
)
def follow(task_id: TaskId, service: ServiceDep, tasks: TasksDep, caller: CallerDep) -> Any:
    """The task as it goes on, as server-sent events, until it has ended."""
    first = _seen(tasks, caller, task_id)

    async def events(stop: asyncio.Event) -> AsyncIterator[ServerSentEvent]:
        task, told = first, ""
        while True:
            text = TaskInfo.of(task, whole=task.state in ENDED).model_dump_json()
            if text != told:
                yield ServerSentEvent(text, event="task", sep="\n")
                told = text
            if task.state in ENDED or stop.is_set():
                break
            await asyncio.sleep(_LOOK_EVERY_S)
            task = await run_in_threadpool(tasks.get, task_id)
        yield ServerSentEvent("{}", event="done", sep="\n")

    return streamed(service, events, is_endless=True)


@router.post(
    "/collections/{collection}/reindex",
    status_code=202,
    summary="Build a collection anew",
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN, everything=True), creates],
)
def reindex(
    collection: CollectionDep, service: ServiceDep, tasks: TasksDep, response: Response
) -> TaskInfo:
    """Begins to build a collection anew from its own documents, with the settings now in force. It
    is searched and written to meanwhile; the new one takes its place when it is whole."""
    return begun(service, tasks.submit(REINDEX, collection.name, {}), response)


@router.post(
    "/collections/{collection}/tune",
    status_code=202,
    summary="Tune a collection",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.ADMIN, everything=True), Depends(json_only), creates],
)
def tune(
    body: TuneRequest,
    collection: CollectionDep,
    service: ServiceDep,
    tasks: TasksDep,
    response: Response,
) -> TaskInfo:
    """Begins to learn from a collection how much meaning weighs against words, and when nothing in
    it is relevant."""
    if bool(body.questions) != (body.source == "judged"):
        raise BadInput("`questions` go with the source 'judged', and it needs some")
    return begun(service, tasks.submit(TUNE, collection.name, body.model_dump()), response)
