"""/v1/collections/{collection}/conversations: what the caller has asked before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field

from api.access import Role
from api.conversations import Conversation, KeptTurn
from api.rest.collections import address_of
from api.rest.guard import CallerDep, needs
from api.rest.paging import Page, paged
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep, GatewayDep

router = APIRouter(
    prefix="/v1/collections/{collection}/conversations",
    tags=["conversations"],
    route_class=RetryingRoute,
)

ConversationId = Annotated[
    str, PathParameter(description="id of a conversation of the caller's", max_length=64)
]


class ConversationInfo(BaseModel):
    """A conversation that is kept."""

    id: str = Field(examples=["6f1c0e2a9b5d4c7e8f00112233445566"])
    title: str = Field(description="its first question")
    created_at: datetime
    used_at: datetime = Field(description="when its last question was asked")
    turns: int

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationInfo:
        """The same conversation."""
        return cls(
            id=conversation.id,
            title=conversation.title,
            created_at=_moment(conversation.created_at),
            used_at=_moment(conversation.used_at),
            turns=conversation.turns,
        )


class ConversationList(Page):
    """The caller's conversations with a collection, those used last first."""

    conversations: list[ConversationInfo]


class KeptTurnInfo(BaseModel):
    """A question with its answer."""

    number: int
    question: str
    answer: str | None = Field(
        description="null while it is being written, and where a document that it cites has been "
        "deleted since or may be seen no longer"
    )
    known: bool
    generator: str
    citations: list[dict[str, Any]] = Field(
        description="number, chunk_id, document_id, title, pages, quote, span and support of each"
    )
    asked_at: datetime

    @classmethod
    def of(cls, turn: KeptTurn) -> KeptTurnInfo:
        """The same turn."""
        return cls(
            number=turn.number,
            question=turn.question,
            answer=turn.answer,
            known=turn.known,
            generator=turn.generator,
            citations=list(turn.citations),
            asked_at=_moment(turn.asked_at),
        )


class FullConversation(ConversationInfo):
    """A conversation with its turns."""

    history: list[KeptTurnInfo] = Field(description="its turns, oldest first")


@router.get(
    "",
    summary="List conversations",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def list_all(
    collection: CollectionDep,
    gateway: GatewayDep,
    caller: CallerDep,
    response: Response,
    after: Annotated[
        str, Query(max_length=64, description="only those used before this one; from `next`")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ConversationList:
    """The caller's conversations with the collection that are kept still."""
    found = gateway.conversations.page(caller.id, collection.name, after, limit + 1)
    path = f"{address_of(collection.name)}/conversations"
    page, address = paged(response, found, path, {"limit": limit}, lambda one: one.id)
    return ConversationList(
        conversations=[ConversationInfo.of(one) for one in page],
        next=address,
    )


@router.get(
    "/{conversation}",
    summary="Show a conversation",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(
    conversation: ConversationId,
    collection: CollectionDep,
    gateway: GatewayDep,
    caller: CallerDep,
) -> FullConversation:
    """A conversation of the caller's, with its turns."""
    found = gateway.conversations.get(caller.id, collection.name, conversation)
    turns = gateway.turns(collection, found.id)
    return FullConversation(
        **dict(ConversationInfo.of(found)), history=[KeptTurnInfo.of(turn) for turn in turns]
    )


@router.delete(
    "/{conversation}",
    status_code=204,
    summary="Delete a conversation",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def delete(
    conversation: ConversationId,
    collection: CollectionDep,
    gateway: GatewayDep,
    caller: CallerDep,
) -> None:
    """Removes a conversation of the caller's with all its turns."""
    gateway.conversations.delete(caller.id, collection.name, conversation)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
