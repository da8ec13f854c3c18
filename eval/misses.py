"""Finds the queries that a leg served worst, and shows what came instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.contract import Dataset, DatasetDocument, LegReport, LegRun, Miss

WORST = 20
_SHOWN = 3
_EXCERPT_CHARS = 80


def worst_queries(
    dataset: Dataset, run: LegRun, report: LegReport, count: int = WORST
) -> list[Miss]:
    """The queries with the lowest values, below the best possible of 1, of the report's first
    measure; equal ones in the dataset's order.
    """
    values = next(iter(report.per_query.values()), {})
    order = {query_id: place for place, query_id in enumerate(dataset.queries)}
    poor = [query_id for query_id, value in values.items() if value < 1.0 and query_id in order]
    poor.sort(key=lambda query_id: (values[query_id], order[query_id]))
    documents = {document.id: document for document in dataset.documents}
    return [_miss(dataset, run, query_id, documents) for query_id in poor[:count]]


def _miss(
    dataset: Dataset, run: LegRun, query_id: str, documents: Mapping[str, DatasetDocument]
) -> Miss:
    relevant = {name: grade for name, grade in dataset.qrels[query_id].items() if grade > 0}
    best = sorted(relevant, key=lambda name: (-relevant[name], name))
    ranking = [name for name, _ in run.rankings.get(query_id, ())]
    rank = next((rank for rank, name in enumerate(ranking, 1) if name in relevant), None)
    return Miss(
        leg=run.leg,
        query_id=query_id,
        query=dataset.queries[query_id],
        expected=describe_documents(best[:_SHOWN], documents),
        found=describe_documents(ranking[:_SHOWN], documents),
        rank=rank,
    )


def describe_documents(names: Sequence[str], documents: Mapping[str, DatasetDocument]) -> list[str]:
    """Documents by id, a line each: title, beginning of the text, id."""
    lines: list[str] = []
    for name in names:
        document = documents.get(name)
        if document is None:
            lines.append(f"{name} (not in the corpus)")
            continue
        title, text = (" ".join(part.split()) for part in (document.title, document.text))
        cut = text if len(text) <= _EXCERPT_CHARS else text[:_EXCERPT_CHARS] + "…"
        lines.append(f"{': '.join(part for part in (title, cut) if part)} ({name})")
    return lines
