"""/v1/collections/{collection}/evaluations"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.rest.collections import address_of
from api.rest.guard import needs
from api.rest.idempotency import creates
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import BraidDep, CollectionDep, ServiceDep
from api.rest.tasks import MAX_QUESTIONS, TaskInfo, TasksDep, begun
from api.rest.values import Given, JsonObject, json_only
from api.tasks import Task, Tasks, TaskState
from api.works import EVALUATION
from ingest.contract import BadInput, Conflict, NotFound
from retrieve.contract import MODES
from retrieve.pipeline import METHODS

router = APIRouter(
    prefix="/v1/collections/{collection}/evaluations",
    tags=["evaluation"],
    route_class=RetryingRoute,
)

_LEGS = (*METHODS, *(mode for mode in MODES if mode not in METHODS))


class NewEvaluation(Given):
    """Questions whose right places are known."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "warranty",
                    "questions": [
                        {
                            "id": "q1",
                            "text": "水泵的质保期是多久？",
                            "document": "AV-200产品说明书.pdf",
                            "page": 7,
                        }
                    ],
                    "legs": ["sparse", "dense", "default"],
                }
            ]
        }
    )

    questions: list[JsonObject] = Field(
        min_length=1,
        max_length=MAX_QUESTIONS,
        description="as `braid eval run` takes them: `id`, `text`, `document`, and `page` or "
        "`heading` where the place is known",
    )
    legs: list[str] = Field(
        default_factory=lambda: ["sparse", "dense", "default"],
        min_length=1,
        max_length=len(_LEGS),
        description="ways of searching that are compared",
        json_schema_extra={"items": {"type": "string", "enum": list(_LEGS)}},
    )
    k: int = Field(10, ge=10, le=100, description="results looked at")
    name: str = Field("", max_length=200, description="of the set of questions, for the report")


class EvaluationInfo(BaseModel):
    """An evaluation run with its measures, once it is done."""

    id: str = Field(description="that of its task, too")
    task: TaskInfo = Field(description="how far it is; without the result, which stands here")
    name: str = Field(examples=["warranty"])
    questions: int = Field(examples=[40])
    legs: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="for each leg its measures, means over the questions, and its latencies",
        examples=[{"default": {"Success@1": 0.9, "RR@10": 0.94, "p50_ms": 21.0, "p95_ms": 40.2}}],
    )
    settings: dict[str, str] = Field(default_factory=dict, description="what was measured")
    report: str | None = Field(None, description="address of the report as a page")


class Evaluation(EvaluationInfo):
    """The same with each question."""

    per_query: dict[str, dict[str, dict[str, float]]] = Field(
        default_factory=dict, description="by leg, measure and id of the question"
    )
    misses: list[dict[str, Any]] = Field(
        default_factory=list,
        description="questions whose place is not among the first three: leg, query_id, query, "
        "expected, found, rank",
    )
    missing_documents: list[str] = Field(
        default_factory=list, description="documents asked for that the collection does not have"
    )


class EvaluationList(Page):
    """Evaluation runs, newest first."""

    evaluations: list[EvaluationInfo]


EvaluationId = Annotated[str, Path(description="id of the evaluation run", max_length=64)]


def _fields(task: Task) -> dict[str, Any]:
    report = (task.result or {}).get("report", {})
    address = f"{address_of(task.collection)}/evaluations/{task.id}/report"
    return {
        "id": task.id,
        "task": TaskInfo.of(task, whole=False),
        "name": task.given["name"],
        "questions": len(task.given["questions"]),
        "legs": report.get("legs", {}),
        "settings": report.get("settings", {}),
        "report": address if task.state is TaskState.DONE else None,
    }


def _found(tasks: Tasks, collection: str, evaluation_id: str) -> Task:
    """Raises NotFound."""
    try:
        task = tasks.get(evaluation_id)
    except NotFound:
        task = None
    if task is None or (task.kind, task.collection) != (EVALUATION, collection):
        raise NotFound(f"no evaluation run {evaluation_id!r} of the collection {collection!r}")
    return task


@router.post(
    "",
    status_code=202,
    summary="Begin an evaluation run",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.ADMIN, everything=True), Depends(json_only), creates],
)
def begin(
    body: NewEvaluation,
    collection: CollectionDep,
    service: ServiceDep,
    tasks: TasksDep,
    response: Response,
) -> TaskInfo:
    """Begins to search every question by every leg in this collection, and to measure at which
    rank its place stands. `Location` names the task, whose id is that of the run."""
    from eval.pipeline import questions_of

    wrong = [leg for leg in body.legs if leg not in _LEGS]
    if wrong:
        raise BadInput(f"legs: there is no {wrong[0]!r}; there are {', '.join(_LEGS)}")
    if len(set(body.legs)) < len(body.legs):
        raise BadInput("legs: one is named twice")
    questions_of(body.questions, body.name or collection.name)  # raises BadInput for a wrong one
    return begun(service, tasks.submit(EVALUATION, collection.name, body.model_dump()), response)


@router.get(
    "",
    summary="List evaluation runs",
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def list_all(
    collection: CollectionDep,
    tasks: TasksDep,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=100, description="runs on a page")] = 20,
    after: Annotated[
        str, Query(max_length=64, description="only runs older than this one; from `next`")
    ] = "",
) -> EvaluationList:
    """The evaluation runs of a collection, newest first, also those that wait or failed."""
    found = tasks.newest([collection.name], EVALUATION, after, limit + 1)
    path = f"{address_of(collection.name)}/evaluations"
    page, address = paged(response, found, path, {"limit": limit}, lambda one: one.id)
    return EvaluationList(
        evaluations=[EvaluationInfo(**_fields(one)) for one in page],
        next=address,
    )


@router.get(
    "/{evaluation_id}",
    summary="Show an evaluation run",
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def show(collection: CollectionDep, tasks: TasksDep, evaluation_id: EvaluationId) -> Evaluation:
    """The measures of each leg and question, and what was missed."""
    task = _found(tasks, collection.name, evaluation_id)
    result = task.result or {}
    return Evaluation(
        **_fields(task),
        per_query=result.get("report", {}).get("per_query", {}),
        misses=result.get("misses", []),
        missing_documents=result.get("missing_documents", []),
    )


@router.get(
    "/{evaluation_id}/report",
    summary="The report of an evaluation run",
    response_class=HTMLResponse,
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN, everything=True)],
)
def report(
    collection: CollectionDep,
    tasks: TasksDep,
    braid: BraidDep,
    evaluation_id: EvaluationId,
    language: Annotated[
        Literal["en", "zh"] | None,
        Query(description="language of the report; as `evaluation.language` is set, if not given"),
    ] = None,
) -> HTMLResponse:
    """The report as one HTML page, as `braid eval run --report` writes it. 409 before the run is
    done."""
    from eval.contract import Miss
    from eval.pipeline import render, report_from_json, study_of

    task = _found(tasks, collection.name, evaluation_id)
    if task.result is None:
        said = f": {task.note}" if task.note else ""
        raise Conflict(f"the evaluation run {evaluation_id!r} is {task.state.value}{said}")
    misses = [Miss(**miss) for miss in task.result["misses"]]
    study = study_of(report_from_json(task.result["report"]), misses)
    spoken = language or braid.settings.evaluation.language
    return HTMLResponse(render("html", study, language=spoken))
