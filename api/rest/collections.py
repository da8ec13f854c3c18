"""/v1/collections"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.rest.guard import CallerDep, needs
from api.rest.idempotency import creates
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import BraidDep, CollectionDep, CollectionName, GatewayDep
from api.rest.values import COLLECTION_PATTERN, Given, json_only
from api.tasks import Tasks
from index.pipeline import View
from ingest.contract import BraidError, NotFound

router = APIRouter(prefix="/v1/collections", tags=["collections"], route_class=RetryingRoute)


class NewCollection(Given):
    """A collection to be made."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "papers"}]})

    name: str = Field(
        description="letters of any script, digits, '_', '-' and '.', 64 characters at the most, "
        "with a letter, a digit or '_' first",
        json_schema_extra={"pattern": COLLECTION_PATTERN},
    )


class CollectionInfo(BaseModel):
    """A collection with the rows of each store; in a sound one all are equal but those of
    documents and facts."""

    name: str = Field(examples=["papers"])
    generation: int = Field(description="acknowledged writes so far", examples=[17])
    documents: int = Field(examples=[16])
    chunks: int = Field(examples=[412])
    vectors: int = Field(examples=[412])
    facts: int = Field(description="chunks whose facts are in the graph", examples=[412])
    sparse: int = Field(description="chunks in the index of words", examples=[412])
    dense: int = Field(description="chunks in the index of vectors", examples=[412])
    originals: int = Field(description="files that are kept as they were handed in", examples=[16])
    fingerprints: dict[str, str] = Field(description="the analyzer and embedder it was built with")

    @classmethod
    def of(cls, collection: View) -> CollectionInfo:
        """The present state of a collection."""
        stats = collection.stats()
        return cls(
            name=stats.name,
            generation=stats.generation,
            documents=stats.documents,
            chunks=stats.chunks,
            vectors=stats.vectors,
            facts=stats.facts,
            sparse=stats.sparse,
            dense=stats.dense,
            originals=stats.originals,
            fingerprints=dict(stats.fingerprints),
        )


class UnopenedCollection(BaseModel):
    """A collection that cannot be opened, and why."""

    name: str
    reason: str


class CollectionList(BaseModel):
    """Every collection, in order of name."""

    collections: list[CollectionInfo]
    unopened: list[UnopenedCollection] = Field(
        default_factory=list, description="those built with other settings, or damaged"
    )


def address_of(collection: str) -> str:
    """The path of a collection."""
    return f"/v1/collections/{quote(collection, safe='')}"


@router.post(
    "",
    status_code=201,
    summary="Create a collection",
    responses=responses(400, 409, 413, 415),
    dependencies=[needs(Role.ADMIN), Depends(json_only), creates],
)
def create(body: NewCollection, braid: BraidDep, response: Response) -> CollectionInfo:
    """Makes an empty collection. Its address is in the header `Location`."""
    collection = braid.store.create(body.name)
    response.headers["Location"] = address_of(collection.name)
    return CollectionInfo.of(collection.view())


@router.get(
    "",
    summary="List the collections",
    responses=responses(),
    dependencies=[needs(Role.READ, anywhere=True)],
)
def list_all(gateway: GatewayDep, caller: CallerDep) -> CollectionList:
    """Every collection that the caller may read, with its counts."""
    found = CollectionList(collections=[])
    for name in gateway.names(caller):
        try:
            found.collections.append(CollectionInfo.of(gateway.collection(caller, name)))
        except NotFound:
            continue  # deleted since it was listed
        except BraidError as error:
            found.unopened.append(UnopenedCollection(name=name, reason=str(error)))
    return found


@router.get(
    "/{collection}",
    summary="Show a collection",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(collection: CollectionDep) -> CollectionInfo:
    """A collection with its counts."""
    return CollectionInfo.of(collection)


@router.delete(
    "/{collection}",
    status_code=204,
    summary="Delete a collection",
    responses=responses(404, 409),
    dependencies=[needs(Role.ADMIN)],
)
def delete(collection: CollectionName, gateway: GatewayDep) -> None:
    """Removes a collection with its documents, indexes, jobs and conversations. Refused with 409,
    which names the holder, while it is being written to."""
    gateway.braid.store.delete(collection)
    gateway.conversations.forget(collection)
    Tasks(gateway.store).forget_collection(collection)
