"""Reads the entities and relations out of what a language model wrote.

What is JSON of the form asked for is taken as it is. What is nearly that (fences, comments, talk
around it, missing quotes, cut off in the middle) is repaired first (`json_repair`), and other
names of the fields are understood. Items that lack what they need are left out and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ingest.contract import Completion

_MOST_CHARS = 60_000
"""Of an answer, what is read: a model that repeats itself writes on and on."""
_NAME_CHARS, _TEXT_CHARS, _WORD_CHARS = 120, 500, 40
_KEYWORDS = 8
_DEPTH = 4
"""Of lists and objects around what was asked for."""

_THOUGHT = re.compile(r"^.*?</think>|<think>.*$", re.DOTALL)
_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_SEPARATORS = re.compile(r"[,，、;；|]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OPENING = re.compile(r"[{\[]")
_BROKEN = "\ufffd"


def _line(value: object) -> str:
    """Plain text on one line; of an object, nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).replace(_BROKEN, "").split())


def _words(value: object) -> tuple[str, ...]:
    """A list of words, or words between commas."""
    items = value if isinstance(value, list) else _SEPARATORS.split(_line(value))
    words = (_line(item)[:_WORD_CHARS] for item in items)
    return tuple(dict.fromkeys(word for word in words if word))[:_KEYWORDS]


def _share(value: object) -> float:
    """From 0 to 1; of numbers over 1 it is taken that they count to 10, or to 100."""
    found = _NUMBER.search(_line(value))
    if found is None:
        return 1.0
    number = float(found.group())
    scale = 1.0 if number <= 1 else 10.0 if number <= 10 else 100.0
    return min(number / scale, 1.0)


Name = Annotated[
    str,
    BeforeValidator(lambda value: _line(value).strip("\"'“”‘’《》「」*_ ")),
    Field(min_length=1, max_length=_NAME_CHARS),
]
Text = Annotated[str, BeforeValidator(lambda value: _line(value)[:_TEXT_CHARS])]


def _called(*names: str) -> Any:
    return AliasChoices(*names)


class FoundEntity(BaseModel):
    """A thing that the model says the text names."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name = Field(
        validation_alias=_called("name", "entity", "entity_name", "title", "名称", "实体", "名字")
    )
    type: Text = Field(
        "", validation_alias=_called("type", "entity_type", "category", "label", "类型", "类别")
    )
    description: Text = Field(
        "", validation_alias=_called("description", "entity_description", "描述", "说明")
    )


class FoundRelation(BaseModel):
    """What the model says that the text says of two things."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    head: Name = Field(
        validation_alias=_called(
            "head", "source", "subject", "from", "source_entity", "src", "头", "主语", "头实体"
        )
    )
    tail: Name = Field(
        validation_alias=_called(
            "tail", "target", "object", "to", "target_entity", "tgt", "尾", "宾语", "尾实体"
        )
    )
    kind: Annotated[str, BeforeValidator(lambda value: _line(value)[:_WORD_CHARS])] = Field(
        "",
        validation_alias=_called(
            "kind", "relation", "relationship", "predicate", "type", "label", "关系", "类型", "谓语"
        ),
    )
    keywords: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        (), validation_alias=_called("keywords", "relationship_keywords", "关键词", "关键字")
    )
    strength: Annotated[float, BeforeValidator(_share)] = Field(
        1.0, validation_alias=_called("strength", "weight", "confidence", "score", "强度", "权重")
    )
    description: Text = Field(
        "", validation_alias=_called("description", "relationship_description", "描述", "说明")
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What was found in an answer, how many items were left out, and whether the answer had to
    be repaired."""

    entities: tuple[FoundEntity, ...] = ()
    relations: tuple[FoundRelation, ...] = ()
    dropped: int = 0
    is_repaired: bool = False


_ENTITIES = ("entities", "entity", "nodes", "实体", "实体列表")
_RELATIONS = ("relations", "relationships", "relation", "edges", "关系", "关系列表")


def read(completion: Completion) -> Reply | None:
    """What the answer holds; None where it cannot be read."""
    text = _FENCE.sub("", _THOUGHT.sub("", completion.text[:_MOST_CHARS])).strip()
    values, rest = _strict(text)
    if rest:
        values.append(_repaired(rest))
    found = _Items()
    if values in ([[]], [{}]):
        return Reply()
    if not sum(found.take(value) for value in values):
        return None
    if rest.count("{") > rest.count("}"):
        found.drop_last()
    return found.reply(is_repaired=bool(rest))


def _strict(text: str) -> tuple[list[object], str]:
    """The JSON values in a text, one after the other, and the rest from where it is no JSON."""
    decoder = json.JSONDecoder()
    values: list[object] = []
    place = 0
    while (opening := _OPENING.search(text, place)) is not None:
        try:
            value, place = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            return values, text[opening.start() :]
        values.append(value)
    return values, ""


def _repaired(text: str) -> object:
    import json_repair

    try:
        return json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None


class _Items:
    """Items as they are taken out of JSON."""

    def __init__(self) -> None:
        self.entities: list[object] = []
        self.relations: list[object] = []

    def take(self, value: object, depth: int = 0) -> bool:
        """Takes what it knows of a value; whether it knows its form."""
        if isinstance(value, list) and depth < _DEPTH:
            return sum(self.take(item, depth + 1) for item in value) > 0
        if not isinstance(value, Mapping) or depth >= _DEPTH:
            return False
        is_known = False
        for names, items in ((_ENTITIES, self.entities), (_RELATIONS, self.relations)):
            for name in names:
                held = value.get(name)
                if isinstance(held, list):
                    items.extend(held)
                    is_known = True
        if is_known:
            return True
        for model, items in ((FoundRelation, self.relations), (FoundEntity, self.entities)):
            if _valid(model, value) is not None:
                items.append(value)
                return True
        inside = [inner for inner in value.values() if isinstance(inner, Mapping)]
        return sum(self.take(inner, depth + 1) for inner in inside) > 0

    def drop_last(self) -> None:
        """Leaves out the item in the middle of which the model was stopped."""
        for items in (self.relations, self.entities):
            if items:
                items.pop()
                return

    def reply(self, is_repaired: bool) -> Reply:
        entities = [_valid(FoundEntity, _named(item)) for item in self.entities]
        relations = [_valid(FoundRelation, _paired(item)) for item in self.relations]
        kept = tuple(dict.fromkeys(item for item in entities if item is not None))
        related = tuple(dict.fromkeys(item for item in relations if item is not None))
        dropped = entities.count(None) + relations.count(None)
        return Reply(kept, related, dropped, is_repaired)


Item = TypeVar("Item", bound=BaseModel)


def _valid(model: type[Item], value: object) -> Item | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _named(item: object) -> object:
    """A bare string is a name."""
    return {"name": item} if isinstance(item, str) else item


def _paired(item: object) -> object:
    """A list of three is head, kind and tail."""
    if isinstance(item, list) and len(item) == 3:
        return dict(zip(("head", "kind", "tail"), item, strict=True))
    return item
