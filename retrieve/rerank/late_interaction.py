"""Late interaction: each word of a question looks for its own best place in a passage.

One vector has to stand for a whole passage; here the vectors of its tokens are kept, and a
passage counts what its best token gives to each token of the question (MaxSim, Khattab and
Zaharia 2020, "ColBERT", arXiv:2004.12832). The model needs no training for it: the tokens of an
embedder that averages them carry their meaning already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Keys
from index.pipeline import Snapshot
from ingest.contract import BadInput
from retrieve.contract import AnalyzedQuery, Scores

_STORED_MS, _COMPUTED_MS = 0.2, 20.0
_COMPUTED_AT_ONCE = 4
"""Enough for two cores."""


@dataclass(frozen=True)
class LateInteraction:
    """`weight` times the mean of the best cosines of the query's tokens is added to the scores of
    the first `depth`. The passages' token vectors are those that are stored, or `computed` when
    they are asked for."""

    weight: float = 100.0
    depth: int = 30
    computed: bool = False

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise BadInput(f"the weight of late interaction must be over 0, not {self.weight}")
        if self.depth < 1:
            raise BadInput(f"the depth of late interaction must be 1 or more, not {self.depth}")

    @property
    def own_unit(self) -> bool:
        """No: a mean of cosines is a cosine."""
        return False

    @property
    def at_once(self) -> int:
        """All that are stored: they cost less than to look in between."""
        return min(_COMPUTED_AT_ONCE, self.depth) if self.computed else self.depth

    @property
    def by_call(self) -> bool:
        return False

    @property
    def guess_ms(self) -> float:
        return _COMPUTED_MS if self.computed else _STORED_MS

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        """The mean over the query's tokens of the best cosine to a token of each chunk; nan for a
        chunk without tokens."""
        scores = np.full(len(keys), np.nan, dtype=np.float32)
        if len(query.tokens):
            tokens = snapshot.computed_tokens(keys) if self.computed else snapshot.tokens(keys)
            if len(tokens.places):
                scores[tokens.places] = tokens.max_products(query.tokens).mean(axis=1)
        return scores
