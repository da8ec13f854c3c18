"""Passages in which the whole query stands word for word come first.

A line that was copied out of a document is looked for as it is, and however rare its words are,
BM25 sees them one by one: of passages that share many of them, it may prefer a shorter one. A
passage that holds all of a long query as it stands is no accident.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from index.contract import Analyzer, Ranking
from index.pipeline import Snapshot
from retrieve.contract import Found
from retrieve.ranking import lifted

_LOOKED_AT, _LOOKED_AT_CLOSELY = 30, 5
"""Candidates whose text is looked at, and those that are looked at in simplified characters, too,
which takes ten times as long: the best by words, for a passage that holds all of them is near the
top."""

_LEAST_HAN, _LEAST_LETTERS = 8, 20
"""So long is a query whose place says something: of two words, many passages hold both."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_LETTERS = re.compile(r"[^\W_]+")
_KEPT = 512
"""Texts that are kept as they are compared in simplified characters."""


def stands_in(snapshot: Snapshot, text: str, found: Found) -> tuple[Ranking, int]:
    """The ranking with those that hold the text first, and how many do. They stand in the order
    that they had, white space and punctuation aside; their scores are lifted over the others'."""
    analyzer = snapshot.parts.analyzer
    written, wanted = _bare(text), _bare(analyzer.normal(text))
    long_enough = len(wanted) >= _LEAST_LETTERS or len(_HAN.findall(wanted)) >= _LEAST_HAN
    if not long_enough or "sparse" not in found.legs:
        return found.ranking, 0
    looked_at = found.legs["sparse"].ranking.head(_LOOKED_AT).keys.tolist()
    stored = snapshot.chunks(looked_at)
    closely = set(looked_at[:_LOOKED_AT_CLOSELY])
    characters = "".join(dict.fromkeys(_HAN.findall(written)))
    holding = [
        key
        for key, at in stored.items()
        if (_has_all(at.chunk.text, characters) and written in _bare(at.chunk.text))
        or (key in closely and wanted in _bare_normal(analyzer, at.chunk.text))
    ]
    if not holding:
        return found.ranking, 0
    return lifted(found.ranking, np.asarray(holding, dtype=np.int64)), len(holding)


def _has_all(text: str, characters: str) -> bool:
    """A hundred times as fast as to compare the text, and few have all the question's."""
    return all(character in text for character in characters)


def _bare(text: str) -> str:
    return "".join(_LETTERS.findall(text.casefold()))


@lru_cache(maxsize=_KEPT)
def _bare_normal(analyzer: Analyzer, text: str) -> str:
    return _bare(analyzer.normal(text))
