"""Parts of a dataset, of growing size, for the same queries: how quality, latency and costs change
with the size of a collection."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from eval.contract import Dataset
from ingest.contract import BadInput

_RELEVANT_SHARE = 0.5
"""Of the smallest part are relevant documents, at the most: the others are what a search has to
tell them from."""


def dataset_parts(dataset: Dataset, sizes: Sequence[int]) -> list[Dataset]:
    """A dataset of each size, smallest first, each within the next. All have the same queries:
    those whose relevant documents, together, are half of the smallest part. Which queries and
    which documents is decided by hashes of their ids. Raises BadInput for sizes that the dataset
    does not have, or that have room for no query.
    """
    wanted = sorted(set(sizes))
    if not wanted or wanted[-1] > len(dataset.documents) or wanted[0] < 1:
        raise BadInput(
            f"{dataset.name} has {len(dataset.documents):,} documents: parts can have 1 to that "
            f"many, not {', '.join(f'{size:,}' for size in wanted) or 'none'}"
        )
    queries, relevant = _queries_within(dataset, int(wanted[0] * _RELEVANT_SHARE))
    if not queries:
        raise BadInput(
            f"{wanted[0]:,} documents of {dataset.name} are too few for the relevant ones of any "
            "query: give larger sizes"
        )
    others = [document.id for document in dataset.documents if document.id not in relevant]
    others.sort(key=_hash)
    return [
        _part(dataset, size, queries, relevant | set(others[: size - len(relevant)]))
        for size in wanted
    ]


def _queries_within(dataset: Dataset, room: int) -> tuple[dict[str, str], set[str]]:
    """Queries, in the dataset's order, whose relevant documents are no more than `room`."""
    stored = {document.id for document in dataset.documents}
    chosen: set[str] = set()
    relevant: set[str] = set()
    for query_id in sorted(dataset.queries, key=_hash):
        grades = dataset.qrels[query_id]
        right = {name for name, grade in grades.items() if grade > 0 and name in stored}
        if right and len(relevant | right) <= room:
            chosen.add(query_id)
            relevant |= right
    return {name: text for name, text in dataset.queries.items() if name in chosen}, relevant


def _part(dataset: Dataset, size: int, queries: dict[str, str], kept: set[str]) -> Dataset:
    note = f"{size:,} of {len(dataset.documents):,} documents, {len(queries):,} queries"
    return replace(
        dataset,
        name=f"{dataset.name}-{size}",
        documents=[document for document in dataset.documents if document.id in kept],
        queries=queries,
        qrels={query_id: dataset.qrels[query_id] for query_id in queries},
        notes=(*dataset.notes, note),
    )


def _hash(identifier: str) -> str:
    return hashlib.sha256(identifier.encode("utf-8")).hexdigest()
