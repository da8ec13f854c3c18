"""/v1/collections/{collection}/synonyms: words that mean the same."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.access import Role
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import Given, json_only
from index.pipeline import MAX_RULES, View, parse_synonyms, synonym_line

router = APIRouter(
    prefix="/v1/collections/{collection}/synonyms", tags=["synonyms"], route_class=RetryingRoute
)

_EXAMPLE: list[JsonValue] = ["年假, 带薪假, annual leave", "WFH => remote work"]


class Synonyms(Given):
    """Rules, as Solr and Elasticsearch write them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"synonyms": _EXAMPLE}]})

    synonyms: list[str] = Field(
        max_length=MAX_RULES,
        description="'a, b' where each stands for the other; 'a => b, c' where who asks for a asks "
        "for b and c, too",
    )


class SynonymList(BaseModel):
    """The rules of a collection, in order."""

    synonyms: list[str] = Field(examples=[_EXAMPLE])

    @classmethod
    def of(cls, collection: View) -> SynonymList:
        """As they are now."""
        rules = collection.unrestricted.ledger.synonyms.rules().rules
        return cls(synonyms=[synonym_line(rule) for rule in rules])


@router.get(
    "", summary="List the synonyms", responses=responses(404, 409), dependencies=[needs(Role.READ)]
)
def show(collection: CollectionDep) -> SynonymList:
    """The rules by which searches are widened."""
    return SynonymList.of(collection)


@router.put(
    "",
    summary="Replace the synonyms",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def replace(body: Synonyms, collection: CollectionDep) -> SynonymList:
    """Keeps these rules and no others; the next search has them, and nothing is indexed anew."""
    collection.unrestricted.ledger.synonyms.replace(parse_synonyms(body.synonyms, "synonyms"))
    return SynonymList.of(collection)
