"""How strongly entities belong together: the edges of a graph, and their authority.

Two entities are joined where a sentence names both, where a statement is made of them, where one
is what the document is about and the other is named in it, or where two chunks at least name
both. The weight is their normalised pointwise mutual information over the chunks (Bouma 2009), by
the logarithm of how often they are together; a statement counts as two sentences. What is
together by chance alone has no edge. Everything is counted in whole numbers, so that the order of
chunks makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.graph.contract import Incidence
from index.graph.facts import STRENGTH_UNITS
from index.graph.sparse_rows import Floats, Ints, incidence, numbered

MOST_EDGES = 128
"""Of an entity; the heaviest stay."""

MOST_IN_CHUNK = 48
"""Entities of a chunk that count as together in it; in long lists it means nothing."""

LEAST_OF_STATEMENT = 0.3
"""The association of a pair of which something is said, however often each is named."""

_SENTENCE = 1 << 21
_SUBJECT = 1 << 42
_DAMPING = 0.85
_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class Together:
    """What stands together with what: pairs (chunk, entity), (sentence, entity) and (chunk,
    entity that its title names), each once, and (head, tail, strength) of statements; `chunks`
    is how many name each entity."""

    in_chunk: tuple[Ints, Ints, Ints]
    in_sentence: tuple[Ints, Ints]
    of_title: tuple[Ints, Ints]
    statements: tuple[Ints, Ints, Floats]
    chunks: Ints
    chunk_count: int
    sentence_count: int


def edges_of(together: Together, joins: npt.NDArray[np.bool_]) -> Incidence:
    """Entities by entities, both ways; `joins` are those that standing together says something
    of (a date does not join what happened on it)."""
    count = len(together.chunks)
    first, second, pairs = _counts(together, joins)
    near, sentences = pairs % _SENTENCE, (pairs // _SENTENCE) % _SENTENCE
    subjects = pairs // _SUBJECT
    first, second, strength, places = _with_statements(together, first, second, count)
    near, sentences, subjects = (
        _placed(values, places, len(first)) for values in (near, sentences, subjects)
    )
    supported = (sentences + subjects > 0) | (near > 1) | (strength > 0)
    chunk_count = together.chunk_count + 1
    # A statement may join what no chunk's count does, such as a date.
    at_least_once = np.maximum(near, 1)
    expected = together.chunks[first].astype(np.float64) * together.chunks[second]
    mutual = np.log(at_least_once * chunk_count / np.maximum(expected, 1))
    mutual /= np.log(chunk_count / np.minimum(at_least_once, chunk_count - 0.5))
    mutual[strength > 0] = np.maximum(mutual[strength > 0], LEAST_OF_STATEMENT)
    support = 0.5 * near + sentences + 0.5 * subjects + 2 * strength / STRENGTH_UNITS
    weight = mutual * np.log2(1 + support)
    keep = supported & (weight > 1e-3)
    return _bounded(first[keep], second[keep], weight[keep], count)


def _counts(together: Together, joins: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Pairs (the lower first) with their counts, packed into one number."""
    from scipy import sparse

    def matrix(rows: Ints, columns: Ints, height: int) -> Any:
        keep = joins[columns]
        rows, columns = rows[keep], columns[keep]
        ones = np.ones(len(rows), dtype=np.int64)
        return sparse.csr_matrix((ones, (rows, columns)), shape=(height, len(joins)))

    chunk, entity, often = together.in_chunk
    most = _most_named(chunk, often, entity)
    chunks = matrix(chunk[most], entity[most], together.chunk_count)
    sentences = matrix(*together.in_sentence, together.sentence_count)
    titles = matrix(*together.of_title, together.chunk_count)
    of_titles = titles.T @ chunks
    packed = chunks.T @ chunks + (sentences.T @ sentences) * _SENTENCE
    packed = packed + (of_titles + of_titles.T) * _SUBJECT
    upper = sparse.triu(packed, k=1, format="csr")
    upper.sort_indices()
    rows = np.repeat(np.arange(len(joins), dtype=np.int64), np.diff(upper.indptr))
    return rows, upper.indices.astype(np.int64), upper.data


def _most_named(chunk: Ints, often: Ints, entity: Ints) -> npt.NDArray[np.bool_]:
    """Which pairs are among the most named of their chunk."""
    sizes = np.bincount(chunk, minlength=1)
    keep = np.ones(len(chunk), dtype=bool)
    if len(chunk) == 0 or sizes.max() <= MOST_IN_CHUNK:
        return keep
    order = np.lexsort((entity, -often, chunk))
    rank = np.empty(len(chunk), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rank[order] = np.arange(len(chunk)) - starts[chunk[order]]
    return rank < MOST_IN_CHUNK


def _with_statements(
    together: Together, first: Ints, second: Ints, width: int
) -> tuple[Ints, Ints, Floats, npt.NDArray[np.intp]]:
    """All pairs, those of statements among them, with what statements add up to, and the place
    of each of the pairs given."""
    head, tail, strengths = together.statements
    low, high = np.minimum(head, tail), np.maximum(head, tail)
    apart = low != high
    said = low[apart] * width + high[apart]
    codes = first * width + second
    said, of_said = numbered(said)
    sums = np.bincount(of_said, weights=strengths[apart], minlength=len(said))
    at = np.searchsorted(codes, said)
    is_new = np.append(codes, -1)[at] != said
    every = np.insert(codes, at[is_new], said[is_new])
    places = np.arange(len(codes)) + np.searchsorted(said[is_new], codes)
    strength = np.zeros(len(every))
    strength[np.searchsorted(every, said)] = sums
    return every // max(width, 1), every % max(width, 1), strength, places


def _placed(values: Ints, places: npt.NDArray[np.intp], length: int) -> Ints:
    found = np.zeros(length, dtype=np.int64)
    found[places] = values
    return found


def _bounded(first: Ints, second: Ints, weight: Floats, count: int) -> Incidence:
    """Both ways, without those that are not among the heaviest of either end."""
    rows = np.concatenate([first, second])
    columns = np.concatenate([second, first])
    weights = np.concatenate([weight, weight]).astype(np.float32)
    degrees = np.bincount(rows, minlength=count)
    crowded = np.flatnonzero(degrees[rows] > MOST_EDGES)
    if len(crowded):
        row, column, heavy = rows[crowded], columns[crowded], weights[crowded]
        order = np.lexsort((column, -heavy, row))
        starts = np.searchsorted(row[order], row[order])
        keep = np.ones(len(rows), dtype=bool)
        keep[crowded[order]] = np.arange(len(order)) - starts < MOST_EDGES
        keep = np.tile(keep[: len(first)] & keep[len(first) :], 2)
        rows, columns, weights = rows[keep], columns[keep], weights[keep]
    order = np.argsort(rows * max(count, 1) + columns)
    return incidence(rows[order], columns[order], weights[order], count)


def authority_of(edges: Incidence) -> npt.NDArray[np.float32]:
    """PageRank over the edges by their weights, times the number of entities."""
    from scipy import sparse

    count = len(edges)
    if not count:
        return np.empty(0, dtype=np.float32)
    matrix = sparse.csr_matrix(
        (edges.values.astype(np.float64), edges.columns, edges.offsets), shape=(count, count)
    )
    out = np.asarray(matrix.sum(axis=1)).ravel()
    share = np.divide(1.0, out, out=np.zeros(count), where=out > 0)
    alone = out == 0
    rank = np.full(count, 1.0)
    for _ in range(_ROUNDS):
        # The matrix is symmetric: it stands for its own transpose.
        moved = matrix @ (rank * share)
        rank = (1 - _DAMPING) + _DAMPING * (moved + rank[alone].sum() / count)
    return rank.astype(np.float32)
