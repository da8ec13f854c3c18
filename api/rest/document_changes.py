"""PATCH /v1/collections/{collection}/documents/{id}: what is said of a document."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from api.access import Role
from api.handing_in import check_metadata, check_whole, tags_for
from api.rest.documents import WAIT_S, DocumentId, DocumentInfo, info_of
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import AccessTags, Given, JsonObject, json_only

router = APIRouter(
    prefix="/v1/collections/{collection}/documents", tags=["documents"], route_class=RetryingRoute
)


class DocumentChange(Given):
    """What is to be said of a document; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"metadata": {"year": 2025}, "access": ["hr"]}]}
    )

    metadata: JsonObject = Field(
        default_factory=dict, description="keys to be set, or removed where the value is null"
    )
    access: AccessTags | None = Field(
        None, description="access tags in place of those there are; none: it is for everyone"
    )


@router.patch(
    "/{document_id:path}",
    summary="Change what is said of a document",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def change(
    body: DocumentChange, collection: CollectionDep, document_id: DocumentId
) -> DocumentInfo:
    """Changes metadata and access tags, which searches follow at once; nothing is read or embedded
    again. Tags hold for what is packed in the document, too."""
    info_of(collection, document_id)
    check_metadata(body.metadata)
    with collection.unrestricted.writer(WAIT_S) as writer:
        info_of(collection, document_id)
        tags = None
        if body.access is not None:
            check_whole(collection, [document_id])
            tags = tags_for(collection, document_id, body.access)
        writer.describe([document_id], body.metadata, tags)
    return info_of(collection, document_id)
