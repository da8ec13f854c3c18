"""What the words around an English name tell of its type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.graph.contract import EntityType
from index.graph.definitions import is_born_after
from index.graph.spans import NameSpan

_PERSON_BEFORE = re.compile(
    r"(?:\b(?:directed|written|produced|composed|edited|sung|performed|played|portrayed|painted|designed|hosted|created|invented|discovered) by"
    r"|\bstarring|\bstars|\bmarried(?: to)?"
    r"|\b(?:son|daughter|wife|husband|widow|father|mother|brother|sister|child|grandson|granddaughter|nephew|niece|cousin|friend|pupil|student) of"
    r"|\b(?:his|her) (?:son|daughter|wife|husband|father|mother|brother|sister|uncle|aunt|cousin|friend)"
    r"|\b(?:actor|actress|singer|director|writer|author|novelist|composer|producer|poet|painter|politician|president|"
    r"screenwriter|musician|guitarist|drummer|footballer|emperor|architect|physicist|historian)),? $"
)
_PLACE_BEFORE = re.compile(
    r"\b(?:born(?: on [^,.]{4,20},?)? (?:in|at)|located (?:in|at)|based in|headquartered in|city of|town of|village of|province of|state of|"
    r"died (?:in|at)|buried (?:in|at)|lives in|resides in|moved to|suburb of|capital of|north of|south of|east of|west of) $"
)
_LIST = frozenset((", ", " and ", ", and ", " & "))
_LOOK_BACK = 40


def typed(text: str, names: Sequence[NameSpan]) -> list[NameSpan]:
    """Names of no type, with the type that stands before or after them; `names` are in order."""
    found: list[NameSpan] = []
    for name in names:
        kind = name.type
        if kind is EntityType.OTHER:
            before = text[max(0, name.start - _LOOK_BACK) : name.start]
            last = found[-1] if found else None
            if _PERSON_BEFORE.search(before) or is_born_after(text, name.end):
                kind = EntityType.PERSON
            elif _PLACE_BEFORE.search(before):
                kind = EntityType.PLACE
            elif (
                last is not None
                and last.type in (EntityType.PERSON, EntityType.PLACE)
                and text[last.end : name.start] in _LIST
                and (last.type is EntityType.PERSON) == (" " in text[name.start : name.end])
            ):
                kind = last.type
        found.append(name._replace(type=kind))
    return found


def shared(text: str, names: Sequence[NameSpan]) -> list[NameSpan]:
    """Names of no type, with the type that they have elsewhere; a part of a person's name is the
    person's."""
    types: dict[str, EntityType] = {}
    for name in names:
        if name.type in (EntityType.OTHER, EntityType.TERM):
            continue
        types.setdefault(text[name.start : name.end], name.type)
    for written, kind in list(types.items()):
        if kind is EntityType.PERSON and " " in written:
            for part in (written.split()[0], written.split()[-1]):
                if len(part) > 2 and part[0].isupper():
                    types.setdefault(part, kind)
    return [
        name._replace(type=types.get(text[name.start : name.end], name.type))
        if name.type is EntityType.OTHER
        else name
        for name in names
    ]
