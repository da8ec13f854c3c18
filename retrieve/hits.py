"""Ranked keys as hits, with what each leg and reranker said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.contract import Keys, Ranking
from index.pipeline import Snapshot
from ingest.contract import Chunk
from retrieve.after.duplicates import Copies
from retrieve.after.grouping import Quota
from retrieve.contract import Found, Hit, LegScore


@dataclass(frozen=True)
class Sieve:
    """What keeps a chunk from a place of its own: that it is a copy of a better hit (unless
    `copies` is None), or that its document has its `quota`."""

    copies: Copies | None
    quota: Quota

    def takes(self, chunk: Chunk, hits: list[Hit]) -> bool:
        """Whether it becomes the next of the hits; a copy is noted with the hit it repeats."""
        if self.copies is None:
            return self.quota.takes(chunk.document_id)
        said = self.copies.said(chunk)
        repeated = self.copies.repeated(said)
        if repeated is not None:
            hit = hits[repeated]
            hits[repeated] = replace(hit, copies=(*hit.copies, chunk.id))
            return False
        if not self.quota.takes(chunk.document_id):
            return False
        self.copies.keep(said)
        return True


def load_hits(snapshot: Snapshot, found: Found, k: int, sieve: Sieve) -> list[Hit]:
    """The first k that are still there and that the sieve takes. Others are rare, so k are loaded
    at first."""
    hits: list[Hit] = []
    for start in range(0, len(found.ranking.keys), k):
        page = slice(start, start + k)
        placed = _placed(found.ranking.keys[page], found)
        scores = found.ranking.scores[page].tolist()
        stored = snapshot.chunks(found.ranking.keys[page].tolist())
        for (key, by_leg), score in zip(placed.items(), scores, strict=True):
            if len(hits) == k:
                return hits
            if key in stored and sieve.takes(stored[key].chunk, hits):
                chunk, metadata = stored[key].chunk, stored[key].metadata
                hits.append(Hit(len(hits) + 1, score, chunk, by_leg, metadata))
        if len(hits) == k:
            break
    return hits


def _placed(page: Keys, found: Found) -> dict[int, dict[str, LegScore]]:
    """By key, in order, what each leg and reranker said of it."""
    keys_of_page = page.tolist()
    places = found.keys.searchsorted(page)
    columns: dict[str, list[LegScore]] = {}
    for name, leg in found.legs.items():
        ranks, scores = _ranks(leg.ranking, keys_of_page), leg.scores[places].tolist()
        columns[name] = [
            LegScore(rank, None if score != score else score)
            for rank, score in zip(ranks, scores, strict=True)
        ]
    for name, own in found.judged.items():
        scores = own.scores.tolist()
        ranks = _ranks(own, keys_of_page)
        columns[name] = [LegScore(rank, rank and scores[rank - 1]) for rank in ranks]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return dict(zip(keys_of_page, rows, strict=True))


def _ranks(ranking: Ranking, page: Sequence[int]) -> list[int | None]:
    """Of each key of the page, from 1; None where the ranking has it not."""
    ranks = dict(zip(ranking.keys.tolist(), range(1, len(ranking.keys) + 1), strict=True))
    return list(map(ranks.get, page))
