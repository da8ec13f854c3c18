"""/v1/collections/{collection}/graph: entities, how they are related, and what was decided."""

from __future__ import annotations

import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.responses import Response

from api.access import Role
from api.drawing.files import drawing_of
from api.drawing.page import page_policy
from api.graph import (
    community_of,
    community_plain,
    community_shown,
    entity_plain,
    entity_shown,
    neighbours_plain,
    path_plain,
    relations_shown,
    told_community,
    view_of,
)
from api.rest.collections import address_of
from api.rest.graph_values import (
    CommunityDetail,
    CommunityInfo,
    CommunityList,
    EntityDetail,
    EntityInfo,
    EntityList,
    GraphCounts,
    Neighbours,
    PathInfo,
    PathList,
)
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from index.graph.contract import EntityType
from index.graph.pipeline import (
    MAX_HOPS,
    MAX_NODES,
    MAX_PATHS,
    GraphView,
    Nearness,
    entities_like,
    export_graph,
)
from index.pipeline import View

router = APIRouter(
    prefix="/v1/collections/{collection}/graph", tags=["graph"], route_class=RetryingRoute
)

_FILES = {
    "graphml": ("graph.graphml", "application/graphml+xml"),
    "json": ("graph.json", "application/json"),
    "csv": ("graph.zip", "application/zip"),
}
_CLOSED = "default-src 'none'; style-src 'unsafe-inline'"
"""What a picture may load, and run: nothing."""


def _view_of(collection: CollectionDep) -> GraphView:
    return view_of(collection)


ViewDep = Annotated[GraphView, Depends(_view_of)]
EntityId = Annotated[
    str,
    Path(description="its id, or a name that no other entity has", examples=["阿里巴巴"]),
]
NodesQuery = Annotated[int, Query(ge=1, le=MAX_NODES, description="entities, itself among them")]
HopsQuery = Annotated[int, Query(ge=1, le=MAX_HOPS)]
PageQuery = Annotated[int, Query(ge=1, le=1000, description="so many on a page")]
SkipQuery = Annotated[int, Query(ge=0, description="so many are passed over; from `next`")]


def _numbered(view: GraphView, entity_id: str) -> int:
    """The entity with that id, else the one of that name."""
    exact = view.exact(entity_id)
    return view.number(entity_id) if exact is None else exact


@router.get(
    "/stats",
    summary="Count what the graph has",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def stats(collection: CollectionDep) -> GraphCounts:
    """The rows of the graph of all that is stored now."""
    return GraphCounts.model_validate(collection.graph().stats(), from_attributes=True)


@router.get(
    "/entities",
    summary="List entities",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def entities(
    collection: CollectionDep,
    view: ViewDep,
    query: Annotated[str, Query(max_length=200, description="a part of a name")] = "",
    kind: Annotated[EntityType | None, Query(alias="type")] = None,
    limit: PageQuery = 100,
    skip: SkipQuery = 0,
) -> EntityList:
    """Entities whose names have the query in them (else those whose names are like it), by
    authority."""
    found = entities_like(view.graph, query, kind, limit + 1, skip)
    wanted = {"query": query, "type": kind.value if kind else "", "limit": limit}
    more = next_page(collection, "entities", wanted, skip) if len(found) > limit else None
    told = [EntityInfo.model_validate(entity_plain(entity)) for entity in found[:limit]]
    return EntityList(entities=told, next=more)


def next_page(collection: View, what: str, wanted: dict[str, str | int], skip: int) -> str:
    """The address of the next page."""
    given = {name: value for name, value in wanted.items() if value != ""}
    asked = urlencode(given | {"skip": skip + int(given["limit"])}, quote_via=quote)
    return f"{address_of(collection.name)}/graph/{what}?{asked}"


@router.get(
    "/entities/{entity_id:path}/neighbours",
    summary="Show what is near an entity",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def neighbours(
    entity_id: EntityId, view: ViewDep, limit: NodesQuery = 30, hops: HopsQuery = 2
) -> Neighbours:
    """The entities nearest to one, with what relates any two of them and the sentences that say
    so."""
    near = view.neighbourhood(_numbered(view, entity_id), limit, hops)
    links = view.links(relations_shown(near, len(near.relations)))
    return Neighbours.model_validate(neighbours_plain(near, links))


@router.get(
    "/entities/{entity_id:path}/drawing.svg",
    summary="Draw what is near an entity",
    response_class=Response,
    responses={**responses(404, 409), 200: {"content": {"image/svg+xml": {}}}},
    dependencies=[needs(Role.READ)],
)
def drawing_svg(
    entity_id: EntityId, view: ViewDep, limit: NodesQuery = 30, hops: HopsQuery = 2
) -> Response:
    """A picture: discs by authority and type, lines by weight."""
    made = drawing_of(view, _numbered(view, entity_id), ".svg", limit, hops)
    return Response(
        made.text, headers={"Content-Security-Policy": _CLOSED}, media_type="image/svg+xml"
    )


@router.get(
    "/entities/{entity_id:path}/drawing.html",
    summary="Draw what is near an entity, with what is said of it",
    response_class=Response,
    responses={**responses(404, 409), 200: {"content": {"text/html": {}}}},
    dependencies=[needs(Role.READ)],
)
def drawing_html(
    entity_id: EntityId, view: ViewDep, limit: NodesQuery = 30, hops: HopsQuery = 2
) -> Response:
    """A page that needs nothing else: the picture, and the relations with their sentences."""
    made = drawing_of(view, _numbered(view, entity_id), ".html", limit, hops)
    policy = f"{page_policy()}; frame-ancestors 'none'; sandbox allow-scripts"
    headers = {"Content-Security-Policy": policy}
    return Response(made.text, headers=headers, media_type="text/html")


@router.get(
    "/entities/{entity_id:path}",
    summary="Show an entity",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def entity(
    entity_id: EntityId,
    view: ViewDep,
    relations: Annotated[int, Query(ge=0, le=1000, description="so many relations")] = 20,
) -> EntityDetail:
    """Its names and why they are taken for one thing, where it is named, and what it has to do
    with."""
    number = _numbered(view, entity_id)
    links = view.links(view.graph.relations_of(number)[:relations])
    return EntityDetail.model_validate(entity_shown(view, number, links))


@router.get(
    "/path",
    summary="Connect two entities",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def path(
    view: ViewDep,
    first: Annotated[str, Query(alias="from", max_length=200, description="name or id")],
    second: Annotated[str, Query(alias="to", max_length=200, description="name or id")],
    by: Annotated[
        Nearness, Query(description="paths of few hops first, or of the heaviest relations")
    ] = Nearness.HOPS,
    limit: Annotated[int, Query(ge=1, le=MAX_PATHS)] = 3,
) -> PathList:
    """How two entities are connected, with the sentences that say so."""
    found = view.paths(view.number(first), view.number(second), by, limit)
    return PathList(paths=[PathInfo.model_validate(path_plain(one)) for one in found])


@router.get(
    "/communities",
    summary="List communities",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def communities(
    view: ViewDep,
    level: Annotated[int, Query(ge=0, description="0 is the coarsest")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> CommunityList:
    """Groups of entities that belong together, with what their passages say."""
    found = [one for one in view.graph.communities() if one.level == level][:limit]
    told = (community_plain(told_community(view, one)[0]) for one in found)
    return CommunityList(communities=[CommunityInfo.model_validate(one) for one in told])


@router.get(
    "/communities/{community_id}",
    summary="Show a community",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def community(community_id: str, view: ViewDep) -> CommunityDetail:
    """What its passages say of it, and the communities that it is made of."""
    found = community_of(view.graph, community_id)
    return CommunityDetail.model_validate(community_shown(view, found))


@router.get(
    "/export",
    summary="Export the graph",
    response_class=FileResponse,
    responses={
        **responses(404, 409),
        200: {"content": {media_type: {} for _, media_type in _FILES.values()}},
    },
    dependencies=[needs(Role.READ)],
)
def export(
    view: ViewDep,
    form: Annotated[
        Literal["graphml", "json", "csv"],
        Query(alias="format", description="csv comes as a ZIP of four files"),
    ] = "json",
) -> FileResponse:
    """The whole graph, for other tools."""
    name, media_type = _FILES[form]
    folder = tempfile.TemporaryDirectory(prefix="braid-graph-")
    try:
        file = FilePath(folder.name) / name
        export_graph(view, file, form)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        file, media_type=media_type, filename=name, background=BackgroundTask(folder.cleanup)
    )
