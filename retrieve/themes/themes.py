"""Themes of a collection, by map and reduce over the communities of its graph (after Edge et al.
2024, "From Local to Global: A Graph RAG Approach", arXiv:2404.16130, without a model).

Map: each community is weighed by its chunks, all alike, or by what a search finds for the subject
of the question. Reduce: communities are taken one after the other, each for what it adds. A
document of which half is told already adds less than one that nothing has been told of, so twelve
themes tell of a large document and of small ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import TypeAlias, TypeVar

from index.contract import Keys, Ranking
from index.graph.contract import Community, Graph, Quote
from index.graph.pipeline import Digest, digest_of
from index.pipeline import Snapshot
from ingest.contract import Chunk
from retrieve.contract import Theme
from retrieve.themes.asking import asked_of_all
from retrieve.themes.mapping import Mapped, Weighed, joined

THEMES = 12
"""So many themes are told at most."""

Finder: TypeAlias = Callable[[str], Ranking]
"""Ranks chunks for a text."""

_LEAST, _LEAST_FOUND = 0.02, 0.1
"""A theme must add so much as the first one did; and where only what a search finds counts."""

_PIECE = 4.0
"""So many chunks of a document are told of before it counts for half as much and less."""

_LARGE = 2.0
"""A community is looked at by its parts where it has so many times the share of a theme."""

_FEW = 2
"""Where there are no more than so many communities for each theme, small ones are joined."""

_ALIKE = 0.6
"""Share of the keywords that two themes must not have in common."""

_SENTENCES, _KEYWORDS = 3, 8
_OR = " / "
"""Between the titles of communities that are one theme."""

_T = TypeVar("_T")


def themes_of(
    snapshot: Snapshot,
    graph: Graph,
    question: str,
    find: Finder,
    k: int = THEMES,
    allowed: Keys | None = None,
) -> Sequence[Theme]:
    """The themes of the chunks that are allowed (all, where it is None) that answer a question,
    the weightiest first: those that together cover most of the collection where the question names
    nothing in particular ("What are the main topics?"), else of what is found for what it names.
    None where nothing in the graph has to do with it. The chunks behind them are `theme.keys`."""
    asked = asked_of_all(question)
    subject = question if asked is None else asked.subject
    weighed = Weighed.of(snapshot, graph, find(subject) if subject else None, allowed)
    mapped = [Mapped.of(community, weighed) for community in graph.communities()]
    frontier = _frontier([one for one in mapped if one.weight > 0], k)
    if not subject and len(frontier) <= _FEW * k:
        frontier = joined(graph, frontier, k)
    told = _reduced(frontier, k, _LEAST_FOUND if subject else _LEAST)
    total = max(float(weighed.weights.sum()), 1e-9)
    themes = [_theme(snapshot, graph, one, one.weight / total) for one in told]
    return sorted(themes, key=lambda theme: -theme.weight)


def _theme(snapshot: Snapshot, graph: Graph, mapped: Mapped, weight: float) -> Theme:
    """A theme in the words of its communities, of each the most telling first."""

    def chunks_of(keys: Sequence[int]) -> Mapping[int, Chunk]:
        return {key: one.chunk for key, one in snapshot.chunks(keys).items()}

    sentences = max(1, _SENTENCES - len(mapped.parts) + 1)
    digests = [digest_of(graph, one, chunks_of, sentences) for one in mapped.parts]
    keys = [one.keys for one in mapped.parts]
    return Theme(
        community=mapped.main.id,
        title=_title(digests),
        keywords=_alternating([one.keywords for one in mapped.parts])[:_KEYWORDS],
        summary=tuple(_quotes(digests)),
        keys=_alternating(keys),
        documents=len(mapped.documents),
        chunks=sum(map(len, keys)),
        weight=weight,
    )


def _title(digests: Sequence[Digest]) -> str:
    if len(digests) == 1:
        return digests[0].community.title
    return _OR.join(digest.named for digest in digests)


def _quotes(digests: Sequence[Digest]) -> list[Quote]:
    return [quote for digest in digests for quote in digest.quotes]


def _alternating(lists: Sequence[Sequence[_T]]) -> tuple[_T, ...]:
    """The first of each, then the second of each, and so on; none twice."""
    rounds = zip_longest(*lists, fillvalue=None)
    return tuple(dict.fromkeys(one for one in chain.from_iterable(rounds) if one is not None))


def _frontier(mapped: Sequence[Mapped], k: int) -> list[Mapped]:
    """Communities that have no chunk in common: the coarsest, but of one that is much larger than
    a theme, or where there are fewer than k, its parts."""
    parts: dict[str, list[Mapped]] = {}
    for one in mapped:
        if one.main.parent is not None:
            parts.setdefault(one.main.parent, []).append(one)
    whole = [one for one in mapped if one.main.parent is None]
    large = _LARGE * sum(one.weight for one in whole) / k
    while True:
        divisible = [one for one in whole if len(parts.get(one.main.id, ())) > 1]
        if not divisible:
            return whole
        largest = max(divisible, key=lambda one: (one.weight, one.main.id))
        if largest.weight <= large and len(whole) >= k:
            return whole
        whole.remove(largest)
        whole.extend(parts[largest.main.id])


def _reduced(candidates: Sequence[Mapped], k: int, least: float) -> list[Mapped]:
    """The themes that together cover most: the sum over documents of the logarithm of what is told
    of each, made as large as a greedy choice makes it (Nemhauser, Wolsey and Fisher 1978)."""
    left = sorted(candidates, key=lambda one: (-one.weight, one.main.id))
    covered: dict[int, float] = {}
    taken: list[Mapped] = []
    first = 0.0
    while left and len(taken) < k:
        gains = [_gain(one.shares, covered) for one in left]
        best = max(range(len(left)), key=gains.__getitem__)  # the first of those that are equal
        first = first or gains[best]
        if gains[best] < least * first:
            break
        one = left.pop(best)
        if any(_alike(one.main, other.main) for other in taken):
            continue
        taken.append(one)
        for document, share in one.shares.items():
            covered[document] = covered.get(document, 0.0) + share
    return taken


def _gain(shares: Mapping[int, float], covered: Mapping[int, float]) -> float:
    gain = 0.0
    for document, share in shares.items():
        told = covered.get(document, 0.0)
        gain += math.log1p((told + share) / _PIECE) - math.log1p(told / _PIECE)
    return gain


def _alike(first: Community, second: Community) -> bool:
    """Whether two communities would be told in the same words."""
    words, others = ({word.casefold() for word in one.keywords} for one in (first, second))
    least = min(len(words), len(others))
    return least > 0 and len(words & others) >= _ALIKE * least
