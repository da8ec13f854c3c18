"""/v1/collections/{collection}/words: the user's dictionary."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from api.access import Role
from api.rest.guard import needs
from api.rest.problems import responses
from api.rest.retrying import RetryingRoute
from api.rest.service import CollectionDep
from api.rest.values import Given, json_only
from index.contract import UserWord
from index.pipeline import MAX_WORDS, View, parse_words
from ingest.contract import NotFound

router = APIRouter(
    prefix="/v1/collections/{collection}/words", tags=["words"], route_class=RetryingRoute
)

_WAIT_S = 5.0
"""How long a change waits for the writer's lock before it gives up with 409."""


class Words(Given):
    """Words of a collection."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"words": ["石墨烯 100 n", "4G网络"]}]}
    )

    words: list[str] = Field(
        max_length=MAX_WORDS,
        description="each with its frequency and part of speech after it, if they are known",
    )


class Word(BaseModel):
    """A word as it is kept."""

    word: str = Field(examples=["石墨烯"])
    frequency: int | None = Field(description="null: as much as it takes to be kept whole")
    tag: str = Field(description="part of speech; it says nothing to a search")


class WordList(BaseModel):
    """The words of a collection, in order."""

    words: list[Word]

    @classmethod
    def of(cls, collection: View) -> WordList:
        """As they are now."""
        kept = collection.unrestricted.ledger.dictionary.words()
        return cls(words=[Word(word=w.word, frequency=w.frequency, tag=w.tag) for w in kept])


@router.get(
    "",
    summary="List the user's words",
    responses=responses(404, 409),
    dependencies=[needs(Role.READ)],
)
def show(collection: CollectionDep) -> WordList:
    """The words that are known beside those of the general dictionary."""
    return WordList.of(collection)


@router.put(
    "",
    summary="Replace the user's words",
    responses=responses(400, 404, 409, 413, 415),
    dependencies=[needs(Role.WRITE), Depends(json_only)],
)
def replace(body: Words, collection: CollectionDep) -> WordList:
    """Keeps these words and no others. When this answers, every text has been cut anew and can
    be found by them; nothing was embedded."""
    return _keep(collection, parse_words(body.words, "words"))


@router.delete(
    "",
    summary="Remove all of the user's words",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def clear(collection: CollectionDep) -> WordList:
    """Cuts every text by the general dictionary alone."""
    return _keep(collection, [])


@router.delete(
    "/{word:path}",
    summary="Remove a word",
    responses=responses(404, 409),
    dependencies=[needs(Role.WRITE)],
)
def remove(
    word: Annotated[str, Path(description="the word")], collection: CollectionDep
) -> WordList:
    """Removes one word; the others stay."""
    with collection.unrestricted.writer(_WAIT_S) as writer:
        kept = collection.unrestricted.ledger.dictionary.words()
        left = [known for known in kept if known.word != word]
        if len(left) == len(kept):
            raise NotFound(f"no word {word!r} in the collection {collection.name!r}")
        writer.set_words(left)
    return WordList.of(collection)


def _keep(collection: View, words: list[UserWord]) -> WordList:
    with collection.unrestricted.writer(_WAIT_S) as writer:
        writer.set_words(words)
    return WordList.of(collection)
