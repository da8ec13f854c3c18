"""/v1/collections/{collection}/graph: what was decided of names, by rules and by people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api.access import Role
from api.graph import (
    candidates_shown,
    merge_plain,
    merges_like,
)
from api.graph_decisions import alias_sets, decide, keep_aliases, undo
from api.rest.graph import PageQuery, SkipQuery, next_page
from api.rest.graph_values import (
    Aliases,
    AliasList,
    CandidateInfo,
    CandidateList,
    DecisionInfo,
    DecisionList,
    DecisionRequest,
    MergeInfo,
    MergeList,
    UndoneInfo,
)
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import json_only
from index.graph.contract import Decision
from index.graph.pipeline import alias_line, parse_aliases

router = APIRouter(
    prefix="/v1/collections/{collection}/graph", tags=["graph"], route_class=RetryingRoute
)


@router.get(
    "/merges",
    summary="List merges and decisions",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def merges(
    collection: CollectionDep,
    query: Annotated[str, Query(max_length=200, description="a part of a name")] = "",
    limit: PageQuery = 100,
    skip: SkipQuery = 0,
) -> MergeList:
    """The names that are taken for one thing, by which rule or decision; and what people
    decided."""
    found = merges_like(collection.graph(), query)
    wanted: dict[str, str | int] = {"query": query, "limit": limit}
    more = next_page(collection, "merges", wanted, skip) if len(found) > skip + limit else None
    page = found[skip : skip + limit]
    return MergeList(
        merges=[MergeInfo.model_validate(merge_plain(merge)) for merge in page],
        decisions=_told(collection.decisions()),
        next=more,
    )


@router.get(
    "/candidates",
    summary="List what may be one thing",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def candidates(collection: CollectionDep, limit: PageQuery = 20) -> CandidateList:
    """Entities that are alike by their letters or, across scripts, by the passages that name them:
    for people to look at. Nothing is merged for that."""
    found = candidates_shown(collection, limit)
    return CandidateList(candidates=[CandidateInfo.model_validate(pair) for pair in found])


@router.delete(
    "/merges/{merge_id}",
    summary="Take a merge back",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def undo_merge(merge_id: str, collection: CollectionDep) -> UndoneInfo:
    """A merge that rules made is taken back by deciding that its names are two things; one that
    was decided, by deleting the decision. 409 for one that stands in the alias file."""
    undone = undo(collection, merge_id)
    return UndoneInfo(removed=_told(undone.removed), added=_told(undone.added))


def _told(decisions: tuple[Decision, ...]) -> list[DecisionInfo]:
    return [DecisionInfo.model_validate(one, from_attributes=True) for one in decisions]


@router.get(
    "/decisions",
    summary="List decisions",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def decisions(collection: CollectionDep) -> DecisionList:
    """What people decided of names, in order."""
    return DecisionList(decisions=_told(collection.decisions()))


@router.post(
    "/decisions",
    status_code=201,
    summary="Decide of names",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def add_decision(body: DecisionRequest, collection: CollectionDep) -> DecisionInfo:
    """Decides that names are one thing, or that they are not; the graph follows at once, and
    nothing is extracted or embedded again."""
    given = decide(collection, body.kind, body.names, body.documents, body.note)
    return _told((given,))[0]


@router.delete(
    "/decisions/{number}",
    summary="Take a decision back",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def remove_decision(number: Annotated[int, Path(ge=1)], collection: CollectionDep) -> UndoneInfo:
    """Takes a decision back: the graph is as if it had never been taken."""
    undone = undo(collection, str(number))
    return UndoneInfo(removed=_told(undone.removed), added=_told(undone.added))


@router.get(
    "/aliases",
    summary="List the aliases",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def aliases(collection: CollectionDep) -> AliasList:
    """The sets of names that are one thing each, whatever texts say."""
    return AliasList(aliases=[list(names) for names in alias_sets(collection)])


@router.put(
    "/aliases",
    summary="Replace the aliases",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def replace_aliases(body: Aliases, collection: CollectionDep) -> AliasList:
    """Keeps these sets of names and no others; the graph follows at once."""
    lines = [alias_line(names) for names in body.aliases]
    keep_aliases(collection, parse_aliases(lines, "aliases"))
    return aliases(collection)
