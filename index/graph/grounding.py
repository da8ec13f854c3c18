"""Makes facts of what a language model says of a chunk, and leaves out what the chunk does not.

A model names things that it knows from elsewhere, or from the example that it was shown. What
the chunk's text, title or headings do not name is left out, and so is a relation of which one end
is not named; a description with a number that the chunk does not have is left out alone.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from index.function_words import function_words
from index.graph.contract import ChunkFacts, EntityType, Field, Mention, Statement
from index.graph.model_replies import FoundEntity, FoundRelation, Reply
from index.graph.named_places import NamedPlaces, Place
from index.words import normalize
from ingest.contract import Chunk
from ingest.pipeline import split_sentences

_KEYWORDS = 10
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

_TYPES = {
    EntityType.PERSON: "person people human character individual 人物 人 人名 个人 角色",
    EntityType.ORGANIZATION: (
        "organization organisation company institution agency group team brand business "
        "corporation 组织 机构 公司 企业 组织机构 团体 学校 政府"
    ),
    EntityType.PLACE: (
        "place location city country geo gpe region facility building site 地点 地名 地方 城市 "
        "国家 地理位置 位置 地区"
    ),
    EntityType.WORK: (
        "work book film movie song album artwork publication document law product 作品 书籍 书 "
        "电影 著作 产品 法律 文件"
    ),
    EntityType.EVENT: "event conference war meeting incident 事件 会议 活动 战争",
    EntityType.TERM: (
        "term concept technology method theory field notion discipline process material 术语 概念 "
        "技术 方法 名词 理论 学科"
    ),
    EntityType.DATE: "date time year period day 日期 时间 年份",
    EntityType.AMOUNT: "amount quantity number money percent value 数量 金额 数字 数值",
    EntityType.IDENTIFIER: "identifier code id model version 编号 代码 型号 标识符",
}
_TYPE_OF = {word: kind for kind, words in _TYPES.items() for word in words.split()}
_BARE = frozenset(map(normalize, (*function_words(), "him", "one", "本文", "作者")))


@dataclass(frozen=True, slots=True)
class Grounded:
    """The facts that a chunk bears out, and how much was left out: entities that it does not
    name, relations without both ends, descriptions with numbers of the model's own."""

    facts: ChunkFacts
    entities: int = 0
    ungrounded: int = 0
    unrelated: int = 0
    undescribed: int = 0


def grounded(chunk: Chunk, replies: Iterable[Reply]) -> Grounded:
    """The facts of a chunk by what a model answered about it, first answer first."""
    work = _Grounding(chunk)
    held = list(replies)
    for reply in held:
        for entity in reply.entities:
            work.add(entity)
    for reply in held:
        for relation in reply.relations:
            work.relate(relation)
    return work.done()


@dataclass
class _Thing:
    type: EntityType
    name: str
    places: list[Place]
    description: str = ""


@dataclass
class _Grounding:
    chunk: Chunk
    things: dict[str, _Thing] = field(default_factory=dict)
    related: list[tuple[str, str, FoundRelation]] = field(default_factory=list)
    ungrounded: int = 0
    unrelated: int = 0
    undescribed: int = 0

    def __post_init__(self) -> None:
        self.places = NamedPlaces(self.chunk)
        self.numbers = _numbers(f"{self.chunk.context}\n{self.chunk.text}")

    def add(self, entity: FoundEntity) -> None:
        form = self._form(entity.name, _type_of(entity.type))
        if form is None:
            self.ungrounded += 1
            return
        thing = self.things[form]
        if thing.type is EntityType.OTHER:
            thing.type = _type_of(entity.type)
        if entity.description and not thing.description:
            thing.description = self._checked(entity.description)

    def relate(self, relation: FoundRelation) -> None:
        """Names that only a relation has are things, too, where the chunk names both."""
        if not (self._is_named(relation.head) and self._is_named(relation.tail)):
            self.unrelated += 1
            return
        head = self._form(relation.head, EntityType.OTHER)
        tail = self._form(relation.tail, EntityType.OTHER)
        if head is None or tail is None or head == tail:
            self.unrelated += 1
            return
        self.related.append((head, tail, relation))

    def _is_named(self, name: str) -> bool:
        return _is_name(name) and bool(self.places.find(name))

    def _form(self, name: str, kind: EntityType) -> str | None:
        """What the thing is known by here, made known where it was not; None where the chunk does
        not name it."""
        found = self.places.find(name) if _is_name(name) else []
        if not found:
            return None
        written = self.places.written(found[0])
        form = normalize(written)
        thing = self.things.setdefault(form, _Thing(kind, written, []))
        thing.places += [place for place in found if place not in thing.places]
        return form

    def _checked(self, description: str) -> str:
        """A description whose numbers are the chunk's."""
        if _numbers(description) <= self.numbers:
            return description
        self.undescribed += 1
        return ""

    def done(self) -> Grounded:
        sentences = split_sentences(self.chunk.text)
        mentions, numbers_of = self._mentions([start for start, _ in sentences])
        statements: dict[tuple[int, int, str], Statement] = {}
        for head, tail, relation in self.related:
            statement = self._statement(mentions, numbers_of[head], numbers_of[tail], relation)
            statements.setdefault((statement.head, statement.tail, statement.kind), statement)
        words = Counter(word for _, _, relation in self.related for word in relation.keywords)
        facts = ChunkFacts(
            mentions=tuple(mentions),
            statements=tuple(statements.values()),
            sentences=tuple(sentences),
            keywords=tuple(word for word, _ in words.most_common(_KEYWORDS)),
            descriptions=tuple(
                (thing.name, thing.description)
                for thing in self.things.values()
                if thing.description
            ),
        )
        return Grounded(facts, len(self.things), self.ungrounded, self.unrelated, self.undescribed)

    def _mentions(self, starts: Sequence[int]) -> tuple[list[Mention], dict[str, list[int]]]:
        """The mentions by place, and those of each thing. A name within another one is left out,
        unless the thing is named nowhere else."""
        taken = {place for thing in self.things.values() for place in thing.places}
        free = {place for place in taken if not any(_is_within(place, one) for one in taken)}
        found: list[tuple[Place, str]] = []
        for form, thing in self.things.items():
            outside = [place for place in thing.places if place in free]
            found += [(place, form) for place in outside or thing.places]
        order = {one: number for number, one in enumerate(Field)}
        found.sort(key=lambda item: (order[item[0].field], item[0].start, -item[0].end, item[1]))
        numbers_of: dict[str, list[int]] = {form: [] for form in self.things}
        mentions: list[Mention] = []
        for place, form in found:
            numbers_of[form].append(len(mentions))
            sentence = -1
            if place.field is Field.TEXT:
                sentence = bisect.bisect_right(starts, place.start) - 1
            mentions.append(
                Mention(
                    self.places.written(place),
                    self.things[form].type,
                    place.start,
                    place.end,
                    place.field,
                    sentence,
                )
            )
        return mentions, numbers_of

    def _statement(
        self,
        mentions: Sequence[Mention],
        heads: Sequence[int],
        tails: Sequence[int],
        relation: FoundRelation,
    ) -> Statement:
        """In the sentence that names both, or else in one that names the tail, or the head."""
        sentences = {mentions[number].sentence for number in heads}
        both = [number for number in tails if mentions[number].sentence in sentences - {-1}]
        tail = (both or tails)[0]
        sentence = mentions[tail].sentence
        head = next((n for n in heads if mentions[n].sentence == sentence), heads[0])
        if sentence < 0:
            sentence = mentions[head].sentence
        return Statement(
            head,
            tail,
            relation.kind or (relation.keywords[0] if relation.keywords else "related"),
            sentence,
            relation.keywords,
            relation.strength,
            self._checked(relation.description) if relation.description else "",
        )


def _is_within(place: Place, other: Place) -> bool:
    return (
        place != other
        and place.field is other.field
        and other.start <= place.start
        and place.end <= other.end
    )


def _is_name(name: str) -> bool:
    """Whether it can name something: a single letter or a function word does not, but WHO does."""
    form = normalize(name).strip()
    letters = sum(character.isalnum() for character in form)
    return letters > (1 if form.isascii() else 0) and (form not in _BARE or name.isupper())


def _type_of(word: str) -> EntityType:
    plain = normalize(word).strip(" .。-_")
    for candidate in (plain, *re.split(r"[\s/|,，、_-]+", plain)):
        if candidate in _TYPE_OF:
            return _TYPE_OF[candidate]
    return EntityType.OTHER


def _numbers(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text)
    return {number.replace(",", "").rstrip(".") for number in _NUMBER.findall(plain)}
