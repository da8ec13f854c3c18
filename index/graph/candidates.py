"""Entities that may be one thing, for people to look at: nothing is merged for being alike.

Two names in one script are compared by their letters; names in different scripts by the company
of the passages that name them, as vectors have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.contract import Vectors
from index.graph.contract import EntityType, Graph
from index.graph.names import has_han

MOST_COMPARED = 3000
"""Entities, those of the highest authority: every two of them are compared."""

NEAR_NAMES = 0.8
"""Likeness of letters (normalised Indel similarity) that is worth a look."""

NEAR_COMPANY = 0.5
"""Cosine of mean vectors, less what all have in common, that is worth a look across scripts."""

_NEVER = (EntityType.DATE, EntityType.AMOUNT, EntityType.IDENTIFIER, EntityType.SECTION)
_VAGUE = (EntityType.TERM, EntityType.OTHER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two entities by their numbers, and how alike they are (0 to 1) by their `names` (0 across
    scripts) and by the `company` of the passages that name them."""

    first: int
    second: int
    names: float
    company: float

    @property
    def likeness(self) -> float:
        """What candidates are ordered by: the mean of both, or the company alone across scripts."""
        return (self.names + self.company) / 2 if self.names else self.company


def candidates(graph: Graph, vectors: Vectors, limit: int = 50) -> list[Candidate]:
    """The most alike first. `vectors` are those of the graph's chunks, in the order of its keys,
    shape (chunks, dimension). Entities that a sentence tells of together are left out: who names
    both means two, unless their names are alike."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    entities = [graph.entity(number) for number in range(len(graph.ids))]
    chosen = [n for n, entity in enumerate(entities) if entity.type not in _NEVER]
    chosen = sorted(chosen, key=lambda n: (-entities[n].authority, n))[:MOST_COMPARED]
    if len(chosen) < 2:
        return []
    numbers = np.array(sorted(chosen))
    names = [graph.ids[n].partition("#")[0] for n in numbers.tolist()]
    is_han = np.array([has_han(name) for name in names])
    company = _company(graph, numbers, vectors)
    near_names = cdist(names, names, scorer=Indel.normalized_similarity, score_cutoff=NEAR_NAMES)
    is_cross = is_han[:, None] != is_han[None, :]
    near_names[is_cross] = 0
    is_near = (near_names > 0) | (is_cross & (company >= NEAR_COMPANY))
    found = []
    for i, j in np.argwhere(np.triu(is_near, k=1)).tolist():
        first, second = int(numbers[i]), int(numbers[j])
        one, other = entities[first].type, entities[second].type
        if one != other and one not in _VAGUE and other not in _VAGUE:
            continue
        by_name = float(near_names[i, j])
        if by_name or second not in graph.edges.row(first)[0]:
            found.append(Candidate(first, second, by_name, max(float(company[i, j]), 0.0)))
    return sorted(found, key=lambda pair: (-pair.likeness, pair.first, pair.second))[:limit]


def _company(
    graph: Graph, numbers: npt.NDArray[np.int64], vectors: Vectors
) -> npt.NDArray[np.float32]:
    """Cosines of the mean vectors of the chunks that name each entity, the mean of all chunks
    taken off: passages of any two subjects are alike in most models."""
    means = np.zeros((len(numbers), vectors.shape[1]), dtype=np.float32)
    centre = vectors.mean(axis=0)
    for place, number in enumerate(numbers.tolist()):
        chunks, _ = graph.naming.row(number)
        means[place] = vectors[chunks].mean(axis=0) - centre
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    cosines: npt.NDArray[np.float32] = means @ means.T
    return cosines
