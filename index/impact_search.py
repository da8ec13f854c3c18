"""Searches over the segments of a sparse index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.by_filter import ByFilter
from index.contract import IDENTIFIER_MARK, SPARSE_FIELDS, AnyOf, Keys, Ranking
from index.impact_formula import Formula
from index.impact_kernels import Scores
from index.impact_notions import Notions
from index.impact_scores import Evaluation, Part
from index.impact_segment import Mask, Places, Terms, base_of, hash_of
from ingest.contract import cached_property

_MOST_WEIGHED_ANEW = 2_000_000
"""Postings up to which a reader of some chunks has average lengths of its own: it takes hundredths
of a second to make."""
_FEW = 2_000
"""So many allowed chunks are scored one by one."""
_KEPT = 8
_IDENTIFIERS = SPARSE_FIELDS.index("identifiers")
_BODY = SPARSE_FIELDS.index("body")
_BASES = np.array([base_of(field) for field in range(len(SPARSE_FIELDS))], dtype=np.uint64)


@dataclass(frozen=True)
class ImpactReader:
    """A view of the parts as they are now, weighed by a formula. `weights` are those of
    SPARSE_FIELDS."""

    parts: Sequence[Part]
    weights: Sequence[float]
    formula: Formula
    _asked: dict[tuple[str | AnyOf, ...], _Evaluated] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _filters: ByFilter[list[Mask]] = field(
        default_factory=ByFilter, init=False, repr=False, compare=False
    )

    @cached_property
    def _fields(self) -> _Fields:
        held = [
            place
            for place, weight in enumerate(self.weights)
            if weight > 0 and any(part.segment.lengths[place].any() for part in self.parts)
        ]
        texts = [place for place in held if place != _IDENTIFIERS]
        return _Fields(
            _BASES[texts, None],
            np.array([self.weights[place] for place in texts], dtype=np.float64),
            self.weights[_IDENTIFIERS] if _IDENTIFIERS in held else 0.0,
        )

    @cached_property
    def _count(self) -> int:
        return sum(part.count for part in self.parts)

    def __len__(self) -> int:
        return self._count

    def keys(self) -> Keys:
        found = [part.segment.keys[part.alive] for part in self.parts]
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def counts(self, terms: Sequence[str], allowed: Keys | None = None) -> list[int]:
        if not terms or not self.parts:
            return [0] * len(terms)
        masks = None if allowed is None else self._filters.get(allowed, self._masks)
        fields = [_IDENTIFIERS if term.startswith(IDENTIFIER_MARK) else _BODY for term in terms]
        numbers = _BASES[fields] | _hashes(terms)
        spread = np.zeros(len(terms), dtype=np.int64)
        for place, part in enumerate(self.parts):
            ranges = part.find(numbers)
            spread += part.spread(ranges) if masks is None else part.spread_in(ranges, masks[place])
        found: list[int] = spread.tolist()
        return found

    def search(self, terms: Sequence[str | AnyOf], k: int, allowed: Keys | None = None) -> Ranking:
        if not terms or k <= 0 or not len(self) or (allowed is not None and not len(allowed)):
            return Ranking.of([], [])
        evaluations = self._evaluated(terms).parts
        if allowed is not None and len(allowed) <= _FEW:
            found = self._scored(evaluations, allowed)
        else:
            found = self._best(evaluations, k, allowed)
        keys = np.concatenate([some for some, _ in found])
        scores = np.concatenate([some for _, some in found])
        return Ranking.of(keys, _without_last_bits(scores)).head(k)

    def by_term(self, terms: Sequence[str | AnyOf], keys: Keys) -> Scores:
        evaluated = self._evaluated(terms)
        found = np.zeros((len(evaluated.query.terms), len(keys)), dtype=np.float32)
        for part, evaluation in zip(self.parts, evaluated.parts, strict=True):
            docs = part.places(keys)
            columns = keys.searchsorted(part.segment.keys[docs])
            found[:, columns] = evaluated.query.by_term(evaluation, docs)
        return found

    def among(self, keys: Keys) -> ImpactReader:
        """In a large index with the average lengths of all chunks, which a few do not change."""
        parts = [
            replace(part, alive=mask)
            for part, mask in zip(self.parts, self._masks(keys), strict=True)
        ]
        own = Formula.over(self.formula.k1, self.formula.b, [(p.segment, p.alive) for p in parts])
        if own == self.formula or sum(len(part.codes) for part in parts) > _MOST_WEIGHED_ANEW:
            return replace(self, parts=parts)
        weighed = [Part.of(part.segment, part.alive, own) for part in parts]
        return ImpactReader(weighed, self.weights, own)

    def _scored(
        self, evaluations: Sequence[Evaluation], allowed: Keys
    ) -> list[tuple[Keys, Scores]]:
        found = []
        for part, evaluation in zip(self.parts, evaluations, strict=True):
            docs = part.places(allowed)
            scores = evaluation.scores(docs)
            found.append((part.segment.keys[docs[scores > 0]], scores[scores > 0]))
        return found

    def _best(
        self, evaluations: Sequence[Evaluation], k: int, allowed: Keys | None
    ) -> list[tuple[Keys, Scores]]:
        masks: Sequence[Mask | None] = (
            [None if part.is_whole else part.alive for part in self.parts]
            if allowed is None
            else self._filters.get(allowed, self._masks)
        )
        best = np.zeros(k, dtype=np.float32)
        found = []
        for part, evaluation, mask in zip(self.parts, evaluations, masks, strict=True):
            docs, scores = evaluation.best(best, mask)
            found.append((part.segment.keys[docs], scores))
        return found

    def _masks(self, allowed: Keys) -> list[Mask]:
        """Of what is alive and allowed."""
        masks = []
        for part in self.parts:
            mask = np.zeros(len(part.segment), dtype=bool)
            mask[part.segment.places(allowed)] = True
            masks.append(mask & part.alive)
        return masks

    # --- what a query comes to ----------------------------------------------------------------

    def _evaluated(self, terms: Sequence[str | AnyOf]) -> _Evaluated:
        """The query over each part. The last few are kept, with the scores of all chunks: a
        fusion asks for the best, and then for the scores of what others found."""
        asked = tuple(terms)
        known = self._asked.get(asked)
        if known is None:
            query = _Query(Counter(asked), self._fields)
            known = _Evaluated(query, list(query.evaluations(self.parts, len(self))))
            while len(self._asked) >= _KEPT:
                self._asked.pop(next(iter(self._asked)), None)
            self._asked[asked] = known
        return known


class _Evaluated(NamedTuple):
    query: _Query
    parts: Sequence[Evaluation]


@dataclass(frozen=True)
class _Fields:
    """Those that have a weight and hold anything: the `bases` of the text fields, shape (n, 1),
    with their `weights`, and the weight of the field of identifiers."""

    bases: Terms
    weights: npt.NDArray[np.float64]
    of_identifiers: float


class _Query:
    """A query as a row of terms, each a word in a field: field by field, first its words in
    each of the text fields, then its identifiers in theirs."""

    def __init__(self, terms: Mapping[str | AnyOf, int], fields: _Fields) -> None:
        self.terms = terms
        notions: list[tuple[AnyOf, int]] = []
        marked: dict[str, int] = {}
        words: dict[str, int] = {}
        for term, count in terms.items():
            if isinstance(term, AnyOf):
                notions.append((term, count))
            elif term.startswith(IDENTIFIER_MARK):
                marked[term] = count
            else:
                words[term] = count
        for notion, _ in notions:
            for word in chain.from_iterable(notion.wordings):
                words.setdefault(word, 0)
        self._words = list(words)
        self._text_fields = len(fields.weights)
        self._notions = Notions(notions, words, self._text_fields)
        self._identifiers = list(marked) if fields.of_identifiers else []
        counts = [*words.values()] * self._text_fields
        self._numbers = (fields.bases | _hashes(words)).ravel()
        self._weights = fields.weights.repeat(len(words))
        if self._identifiers:
            counts += marked.values()
            ending = _BASES[_IDENTIFIERS] | _hashes(self._identifiers)
            self._numbers = np.concatenate([self._numbers, ending])
            of_ending = np.full(len(marked), fields.of_identifiers)
            self._weights = np.concatenate([self._weights, of_ending])
        self._counts = np.array(counts, dtype=np.float64)

    def evaluations(self, parts: Sequence[Part], chunks: int) -> Iterator[Evaluation]:
        """Over each of the parts, which hold so many chunks together."""
        found = [part.find(self._numbers) for part in parts]
        spread = sum(part.spread(ranges) for part, ranges in zip(parts, found, strict=True))
        rarity = self._weights * np.log1p((chunks - spread + 0.5) / (spread + 0.5))
        counted = rarity * self._counts
        for part, ranges in zip(parts, found, strict=True):
            notions = None
            if self._notions:
                notions = part.of_notions(self._notions, ranges, rarity)
            yield Evaluation(part, ranges, (counted * part.step).astype(np.float32), notions)

    def by_term(self, evaluation: Evaluation, docs: Places) -> Scores:
        """What each of the terms adds to these chunks, shape (terms, docs)."""
        each, notions = evaluation.each(docs)
        ending = self._text_fields * len(self._words)
        texts = each[:ending].reshape(self._text_fields, len(self._words), len(docs))
        rows: dict[str | AnyOf, Scores] = dict(zip(self._words, texts.sum(axis=0), strict=True))
        rows.update(zip(self._identifiers, each[ending:], strict=True))
        asked = (term for term in self.terms if isinstance(term, AnyOf))
        rows.update(zip(asked, notions, strict=True))
        found = np.zeros((len(self.terms), len(docs)), dtype=np.float32)
        for place, term in enumerate(self.terms):
            if term in rows:
                found[place] = rows[term]
        return found


def _hashes(words: Iterable[str]) -> Terms:
    return np.array(list(map(hash_of, words)), dtype=np.uint64)


def _without_last_bits(scores: Scores) -> Scores:
    """To 16 bits, so that equal chunks have equal scores in whichever order they were added up."""
    bits = scores.view(np.int32)
    return ((bits + 0x40) & ~0x7F).view(np.float32)
