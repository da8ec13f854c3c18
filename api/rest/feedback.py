"""/v1/collections/{collection}/feedback"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.rest.collections import address_of
from api.rest.guard import CallerDep, needs
from api.rest.idempotency import creates
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import MAX_ID_CHARS, Given, json_only
from index.pipeline import LEAST_RATING, MOST_RATING, Feedback
from ingest.contract import BadInput, NotFound
from retrieve.contract import MAX_QUERY_CHARS

router = APIRouter(
    prefix="/v1/collections/{collection}/feedback", tags=["feedback"], route_class=RetryingRoute
)

_MAX_COMMENT, _MAX_ANSWER = 4_000, 20_000


class NewFeedback(Given):
    """A rating of what was found for a query, or of the answer that was shown."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "query": "水泵的质保期是多久？",
                    "document_id": "AV-200产品说明书.pdf",
                    "rating": 3,
                    "comment": "第 7 页",
                }
            ]
        }
    )

    query: str = Field(
        min_length=1,
        max_length=MAX_QUERY_CHARS,
        description="what was asked",
        json_schema_extra={"pattern": r"\S"},
    )
    chunk_id: str = Field("", max_length=MAX_ID_CHARS, description="the passage that is rated")
    document_id: str = Field("", max_length=4096, description="or the document")
    rating: int = Field(
        ge=LEAST_RATING,
        le=MOST_RATING,
        description="-1 (thumbs down) and 0: it does not help; 1 (thumbs up): it does; 2, 3: it is "
        "good, or just what was looked for",
    )
    comment: str = Field("", max_length=_MAX_COMMENT)
    answer: str = Field(
        "",
        max_length=_MAX_ANSWER,
        description="the answer that was shown; kept until a document is deleted, which it may "
        "quote",
    )


class FeedbackInfo(BaseModel):
    """A rating that was given."""

    id: str = Field(examples=["9f1c2e4b7a6d4f0c8e3b5a1d2c4f6e80"])
    query: str = Field(examples=["水泵的质保期是多久？"])
    document_id: str = Field(examples=["AV-200产品说明书.pdf"])
    chunk_id: str = Field(description="empty where the document was rated")
    rating: int = Field(examples=[3])
    comment: str
    answer: str
    caller: str = Field(description="id of the key that it was given with", examples=["local"])
    created_at: str = Field(examples=["2026-03-01T08:00:00.000Z"])

    @classmethod
    def of(cls, feedback: Feedback) -> FeedbackInfo:
        """The same."""
        return cls(**{name: getattr(feedback, name) for name in cls.model_fields})


class FeedbackList(Page):
    """Ratings, newest first."""

    feedback: list[FeedbackInfo]
    questions: int = Field(
        description="questions of which a document that is there was found to help: from 50 on the "
        "collection can be tuned by them",
        examples=[63],
    )


@router.post(
    "",
    status_code=201,
    summary="Rate a result",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.READ), Depends(json_only), creates],
)
def give(
    body: NewFeedback, collection: CollectionDep, caller: CallerDep, response: Response
) -> FeedbackInfo:
    """Keeps a rating in place of the caller's earlier one of the same document for the same
    query."""
    if not body.query.strip():
        raise BadInput("query: it is empty; say what was asked")
    document_id = body.document_id
    if body.chunk_id:
        found = collection.chunk(body.chunk_id).chunk.document_id
        if document_id not in ("", found):
            raise BadInput(f"chunk_id: that passage is of another document than {document_id!r}")
        document_id = found
    if not document_id:
        raise BadInput("say what is rated: give `chunk_id` or `document_id`")
    collection.record(document_id)  # NotFound for one that is not there, or not for the caller
    feedback = collection.unrestricted.feedback.add(
        body.query,
        document_id,
        body.rating,
        chunk_id=body.chunk_id,
        comment=body.comment,
        answer=body.answer,
        caller=caller.id,
    )
    response.headers["Location"] = f"{address_of(collection.name)}/feedback/{feedback.id}"
    return FeedbackInfo.of(feedback)


@router.get(
    "", summary="List ratings", responses=responses(404, 409), dependencies=[needs(Role.WRITE)]
)
def list_all(
    collection: CollectionDep,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000, description="ratings on a page")] = 100,
    after: Annotated[
        str, Query(max_length=64, description="only ratings older than this one; from `next`")
    ] = "",
) -> FeedbackList:
    """The ratings of a collection, newest first."""
    found = collection.newest_feedback(limit + 1, after)
    path = f"{address_of(collection.name)}/feedback"
    page, address = paged(response, found, path, {"limit": limit}, lambda one: one.id)
    return FeedbackList(
        feedback=[FeedbackInfo.of(one) for one in page],
        questions=len(collection.judged()),
        next=address,
    )


@router.delete(
    "/{feedback_id}",
    status_code=204,
    summary="Delete a rating",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def delete(
    collection: CollectionDep,
    feedback_id: Annotated[str, Path(description="id of the rating", max_length=64)],
) -> None:
    """Deletes a rating."""
    ratings = collection.unrestricted.feedback
    found = ratings.get(feedback_id)
    if not collection.sees(found.document_id):
        raise NotFound(f"no feedback {feedback_id!r}")
    ratings.delete(feedback_id)
