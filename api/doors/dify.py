"""Dify's external knowledge: a collection as a knowledge base of Dify.

After Dify's "External Knowledge API"; the endpoint to register is the address of this server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.doors.errors import door_responses
from api.rest.guard import CallerDep, needs
from api.rest.service import GatewayDep, service_in
from api.rest.values import Given, json_only
from ingest.contract import BadInput
from retrieve.contract import MAX_K, Hit, Query, SearchResult

router = APIRouter(tags=["Dify"])

_PATH = "/retrieval"
_MOST_CONDITIONS = 100
_MEANING = "dense"
"""The leg whose score is a cosine."""

_ORDER = {
    ">": "$gt", "<": "$lt", "≥": "$gte", "≤": "$lte", "before": "$lt", "after": "$gt",
}  # fmt: skip
_TEXT = {"contains": "$contains", "start with": "$startswith", "end with": "$endswith"}
_NEGATED = ("not contains", "is not", "≠", "not in", "not empty", "not null")

Operator = Literal[
    "contains", "not contains", "start with", "end with", "is", "is not", "in", "not in", "empty",
    "not empty", "null", "not null", "=", "≠", ">", "<", "≥", "≤", "before", "after",
]  # fmt: skip


class RetrievalSetting(Given):
    """How much is wanted."""

    model_config = ConfigDict(extra="allow")

    top_k: int = Field(ge=1, le=MAX_K, description="records at the most", examples=[5])
    score_threshold: float = Field(
        0.0, ge=0, le=1, description="no record has a lower score; 0: all that is nearest"
    )


class DifyCondition(Given):
    """A condition over metadata; where several names are given, for any of them."""

    model_config = ConfigDict(extra="allow")

    name: str | list[str] = Field(examples=["author"])
    comparison_operator: Operator
    value: str | float | int | list[str | float | int] | None = None


class MetadataCondition(Given):
    """Which documents may be found."""

    model_config = ConfigDict(extra="allow")

    logical_operator: Literal["and", "or"] | None = "and"
    conditions: list[DifyCondition] | None = Field(None, max_length=_MOST_CONDITIONS)


class RetrievalRequest(Given):
    """A question of Dify's."""

    model_config = ConfigDict(extra="allow")

    knowledge_id: str = Field(description="name of a collection", examples=["papers"])
    query: str = Field(examples=["水泵的质保期是多久？"])
    retrieval_setting: RetrievalSetting
    metadata_condition: MetadataCondition | None = None


class Record(BaseModel):
    """A passage."""

    content: str
    score: float = Field(
        description="from 0 to 1, comparable between questions: the cosine of the question to the "
        "passage, or to the nearest of those that are ranked below it",
        examples=[0.87],
    )
    title: str
    metadata: dict[str, Any] = Field(
        description="of the document, with `document_id`, `chunk_id`, `headings` and `pages`"
    )


class Records(BaseModel):
    """Passages, best first."""

    records: list[Record]


@router.post(
    _PATH,
    summary="Retrieve for Dify",
    responses=door_responses(_PATH, 404, 409, 413, 415),
    dependencies=[needs(Role.READ, anywhere=True), Depends(json_only)],
)
async def retrieve(
    body: RetrievalRequest, request: Request, gateway: GatewayDep, caller: CallerDep
) -> Records:
    """The passages of a collection that answer a question. Where nothing in the collection seems to
    answer it, and a threshold is given, there are none."""

    def found() -> Records:
        collection = gateway.collection(caller, body.knowledge_id)
        expression = _filter(body.metadata_condition)
        query = Query(body.query, body.retrieval_setting.top_k, filter=expression or None)
        result = gateway.search(caller, collection, query)
        least = body.retrieval_setting.score_threshold
        if least > 0 and not result.is_relevant:
            return Records(records=[])
        scored = zip(result.hits, _scores(result), strict=True)
        return Records(records=[_record(hit, score) for hit, score in scored if score >= least])

    return await service_in(request).lanes.searches.run(found)


def _record(hit: Hit, score: float) -> Record:
    chunk = hit.chunk
    place = {
        "document_id": chunk.document_id,
        "chunk_id": chunk.id,
        "headings": list(chunk.heading_path),
        "pages": list(chunk.pages) if chunk.pages else [],
    }
    return Record(
        content=chunk.parent.text if chunk.parent else chunk.text,
        score=score,
        title=chunk.title or chunk.document_id,
        metadata={**hit.metadata, **place},
    )


def _scores(result: SearchResult) -> list[float]:
    """A score for each hit that falls with its rank, so that whoever sorts by it keeps the order:
    the best cosine of the hit and of those after it."""
    best, scores = 0.0, []
    for hit in reversed(result.hits):
        leg = hit.legs.get(_MEANING)
        own = leg.score if leg is not None and leg.score is not None else 0.0
        best = max(best, min(float(own), 1.0))
        scores.append(round(best, 4))
    return scores[::-1]


def _filter(condition: MetadataCondition | None) -> dict[str, Any]:
    """The same as a filter of ours. Raises BadInput."""
    parts = [_part(one) for one in (condition.conditions if condition else None) or ()]
    if not parts:
        return {}
    joined = "$or" if condition and condition.logical_operator == "or" else "$and"
    return {joined: parts}


def _part(condition: DifyCondition) -> dict[str, Any]:
    names = [condition.name] if isinstance(condition.name, str) else condition.name
    if not names:
        raise BadInput("metadata_condition: a condition has no name")
    test = _test(condition.comparison_operator, condition.value)
    joined = "$and" if condition.comparison_operator in _NEGATED else "$or"
    return {joined: [{name: test} for name in names]}


def _test(operator: str, value: Any) -> Mapping[str, Any]:
    """What a field has to be. Dify sends numbers as text, so such text stands for both."""
    if operator in ("empty", "null", "not empty", "not null"):
        return {"$nin" if operator.startswith("not") else "$in": [None, ""]}
    if value is None:
        raise BadInput(f"metadata_condition: the operator '{operator}' needs a value")
    if operator in ("in", "not in"):
        given = value.split(",") if isinstance(value, str) else value
        listed = [one.strip() if isinstance(one, str) else one for one in _listed(given)]
        return {"$nin" if operator == "not in" else "$in": _both(listed)}
    if operator in ("is", "=", "is not", "≠"):
        return {"$in" if operator in ("is", "=") else "$nin": _both(_listed(value))}
    if isinstance(value, list):
        raise BadInput(f"metadata_condition: the operator '{operator}' needs a single value")
    if operator in _ORDER:
        number = _number(value) if operator not in ("before", "after") else None
        return {_ORDER[operator]: value if number is None else number}
    if operator == "not contains":
        return {"$not": {"$contains": str(value)}}
    return {_TEXT[operator]: str(value)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _both(values: Sequence[Any]) -> list[Any]:
    """The values, and the numbers that they are the text of."""
    numbers = [_number(value) for value in values if isinstance(value, str)]
    return [*values, *(number for number in numbers if number is not None)]


def _number(value: Any) -> float | int | None:
    if isinstance(value, int | float):
        return value
    try:
        number = float(value)
    except ValueError:
        return None
    if number in (float("inf"), float("-inf")) or number != number:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
