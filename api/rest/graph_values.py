"""The entity graph as the service shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from api.rest.paging import Page
from api.rest.values import Given
from index.graph.contract import DecisionKind, EntityType
from index.graph.pipeline import MAX_ALIAS_SETS

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]


class GraphCounts(BaseModel):
    """Rows of a graph."""

    generation: int = Field(description="the write that it has come to")
    chunks: int = Field(description="passages that entities were looked for in", examples=[302])
    pending: int = Field(description="passages that were not looked at yet")
    entities: int = Field(examples=[1290])
    mentions: int = Field(examples=[3162])
    relations: int = Field(description="pairs of entities that are related", examples=[3284])
    statements: int = Field(description="relations that a sentence states, each time")
    merges: int
    decisions: int
    communities: int


class EntityInfo(BaseModel):
    """A thing that texts name."""

    id: str = Field(examples=["阿里巴巴"])
    name: str = Field(description="its commonest name", examples=["阿里巴巴"])
    type: EntityType
    aliases: list[str] = Field(description="its other names", examples=[["Alibaba", "阿里"]])
    chunks: int = Field(description="passages that name it")
    mentions: int
    authority: float = Field(description="PageRank; 1 is usual")
    description: str = Field(description="a model's; empty without one")


class EntityList(Page):
    """Entities, the best match first, then by authority."""

    entities: list[EntityInfo]


class CitedInfo(BaseModel):
    """A sentence, and where it stands."""

    sentence: str = Field(examples=["阿里巴巴由马云创立。"])
    document_id: str
    chunk_id: str
    pages: list[int] | None = Field(description="first and last page; null where there are none")
    heading_path: list[str]


class RelationInfo(BaseModel):
    """What two entities have to do with each other."""

    head: str = Field(description="id of an entity")
    tail: str = Field(description="id of an entity")
    kind: str = Field(
        description="in the words of the text; `together` where it only names both",
        examples=["创立"],
    )
    weight: float
    keywords: list[str]
    description: str
    evidence: list[CitedInfo] = Field(description="some of the sentences that say so")


class MergeInfo(BaseModel):
    """Two names that are taken for one thing."""

    id: str
    first: str
    second: str
    reason: str = Field(examples=["acronym"])
    by: str = Field(description="rules, aliases or user")
    passages: int = Field(description="that say so")


class CandidateInfo(BaseModel):
    """Two entities that may be one thing; nothing is merged for that."""

    first: EntityInfo
    second: EntityInfo
    likeness: float = Field(description="from 0 to 1: what they are ordered by")
    names: float = Field(description="likeness of the letters of their names; 0 across scripts")
    company: float = Field(description="of the passages that name them, by their vectors")


class CandidateList(BaseModel):
    """Entities that may be one thing, the most alike first."""

    candidates: list[CandidateInfo]


class EntityDetail(EntityInfo):
    """All that is told of an entity."""

    documents: dict[str, int] = Field(description="how often each names it")
    merges: list[MergeInfo]
    communities: list[str] = Field(description="ids, the coarsest first")
    relations: list[RelationInfo] = Field(description="heaviest first")


class NeighbourInfo(EntityInfo):
    """An entity near another."""

    hops: int
    by: str = Field(description="id of the entity by which it was reached")
    nearness: float = Field(description="1 to 0")


class Neighbours(BaseModel):
    """What is nearest to an entity."""

    neighbours: list[NeighbourInfo] = Field(description="nearest first")
    relations: list[RelationInfo] = Field(
        description="among them: first those of the entity itself, then by weight"
    )


class PathInfo(BaseModel):
    """How two entities are connected."""

    entities: list[EntityInfo]
    steps: list[list[RelationInfo]] = Field(description="between each two that follow one another")
    weight: float = Field(description="of the lightest step")


class PathList(BaseModel):
    """Paths, best first; none where nothing connects the two."""

    paths: list[PathInfo]


class CommunityInfo(BaseModel):
    """Entities that belong together."""

    id: str
    level: int = Field(description="0 is the coarsest")
    parent: str | None
    title: str
    keywords: list[str]
    summary: str
    size: int
    entities: list[str] = Field(description="ids")


class CommunityList(BaseModel):
    """Communities of a level, those first that most passages tell of."""

    communities: list[CommunityInfo]


class CommunityDetail(CommunityInfo):
    """All that is told of a community."""

    parts: list[str] = Field(description="ids of the communities that it is made of")
    evidence: list[CitedInfo] = Field(description="the sentences of the summary")


class DecisionInfo(BaseModel):
    """What someone decided of names."""

    number: int
    kind: DecisionKind
    names: list[str]
    documents: list[str]
    by: str = Field(description="user, or aliases for the alias file")
    note: str
    decided_at: str


class MergeList(Page):
    """Names that are taken for one thing, and what was decided."""

    merges: list[MergeInfo]
    decisions: list[DecisionInfo]


class DecisionRequest(Given):
    """What is to be decided."""

    kind: DecisionKind = Field(
        strict=False,
        description="`merge`: the names are one thing; `separate`: they are not, whatever rules "
        "say; `split`: the one name is another thing in the documents given",
    )
    names: list[Name] = Field(min_length=1, max_length=100, examples=[["阿里巴巴", "Alibaba"]])
    documents: list[str] = Field(default_factory=list, max_length=10_000)
    note: str = Field("", max_length=1_000)


class DecisionList(BaseModel):
    """What was decided, in order."""

    decisions: list[DecisionInfo]


class UndoneInfo(BaseModel):
    """What was taken back, and what was decided in its place."""

    removed: list[DecisionInfo]
    added: list[DecisionInfo]


class Aliases(Given):
    """The alias file of a collection."""

    aliases: list[Annotated[list[Name], Field(json_schema_extra={"minItems": 2})]] = Field(
        max_length=MAX_ALIAS_SETS,
        description="names of one thing, two or more to a set",
        examples=[[["阿里巴巴", "Alibaba", "阿里"]]],
    )

    @model_validator(mode="after")
    def _two_names(self) -> Aliases:
        for names in self.aliases:
            if len({" ".join(name.split()) for name in names}) < 2:
                raise ValueError(f"a thing needs two names at least: {names}")
        return self


class AliasList(BaseModel):
    """The sets of names of a collection, in order."""

    aliases: list[list[str]]
