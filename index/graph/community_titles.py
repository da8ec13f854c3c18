"""What a community is called, and its keywords."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.function_words import function_words
from index.graph.clusters import Members
from index.graph.ground import Floats, Ground
from index.graph.telling import Numbers, centrality_of, distinctive
from ingest.contract import cached_property

_KEYWORDS = 8
_CANDIDATES = 40
_IN_TITLE = 3
"""Names in a title, at most."""

_TITLE_CHARS, _PART_CHARS = 90, 60
"""Of a title, and of each of its parts."""

_SUBJECT_FITS = 0.4
"""A subject names a community where the chunks about it and the community's are so much the same
(F1)."""

_STRANGER = 0.25
"""What the chunks of a community name, but belongs to another, counts so much as its own."""

BETWEEN = " · "
"""Between the parts of a title."""


@dataclass(frozen=True, eq=False)
class Naming:
    """Names the groups of one level. `assigned` has the group of each chunk."""

    ground: Ground
    groups: Sequence[Members]
    assigned: Numbers

    @cached_property
    def centrality(self) -> Floats:
        return centrality_of(self.ground, self.groups)

    def keywords(self) -> list[tuple[str, ...]]:
        """The names by which each group is told from the others, best first."""
        entities = self.ground.entities
        found = distinctive(self.ground, self.assigned, len(self.groups))
        told = []
        for number, members in enumerate(self.groups):
            row = slice(found.indptr[number], found.indptr[number + 1])
            named, scores = found.indices[row], found.data[row]
            own = np.isin(named, members)
            weights = scores * np.where(own, np.sqrt(self.centrality[named]), _STRANGER)
            best = np.lexsort((named, -weights))[:_CANDIDATES]
            names = [entities[place].name for place in named[best] if _says(entities[place].name)]
            if not names:
                central = members[np.lexsort((members, -self.centrality[members]))]
                names = [entities[place].name for place in central[:_CANDIDATES]]
            told.append(tuple(unlike(names, _KEYWORDS)))
        return told

    def subjects(self) -> list[str]:
        """What each group is about as a whole: the name that the titles or headings of most of its
        chunks have, and of few others; empty where there is none."""
        about = self.ground.subjects
        rows = np.repeat(np.arange(about.shape[0]), np.diff(about.indptr))
        full = (about.data >= 1.0) & (self.assigned[rows] >= 0)
        pairs = self.assigned[rows[full]] * about.shape[1] + about.indices[full]
        together, counts = np.unique(pairs, return_counts=True)
        group, entity = np.divmod(together, about.shape[1])
        in_all = np.bincount(about.indices[about.data >= 1.0], minlength=about.shape[1])
        sizes = np.bincount(self.assigned[self.assigned >= 0], minlength=len(self.groups))
        fits = 2.0 * counts / (in_all[entity] + sizes[group])
        best = [""] * len(self.groups)
        for place in np.lexsort((entity, -fits)):
            if fits[place] >= _SUBJECT_FITS and not best[group[place]]:
                best[group[place]] = self.ground.entities[entity[place]].name
        return best


def title_of(subjects: Sequence[str], keywords: Iterable[str]) -> str:
    """A title of what the community is about as a whole and its first keywords."""
    parts: list[str] = []
    for name in unlike([*subjects, *keywords], _IN_TITLE):
        shown = " ".join(name.split())
        if len(shown) > _PART_CHARS:
            shown = f"{shown[: _PART_CHARS - 1]}…"
        if parts and sum(map(len, parts)) + len(shown) > _TITLE_CHARS:
            break
        parts.append(shown)
    return BETWEEN.join(parts)


def _says(name: str) -> bool:
    """Whether it is more than a word that binds others."""
    return name.casefold() not in _binding_words()


@lru_cache(maxsize=1)
def _binding_words() -> frozenset[str]:
    return frozenset(function_words())


def unlike(names: Iterable[str], count: int) -> list[str]:
    """The first names of which none is a part of another, once case, spaces and marks are passed
    over."""
    kept: list[str] = []
    folded: list[str] = []
    for name in names:
        plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
        if not plain or any(plain in other or other in plain for other in folded):
            continue
        kept.append(name)
        folded.append(plain)
        if len(kept) == count:
            break
    return kept
