"""Compiled loops give what the same loops give when Python runs them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import impact_kernels as kernels
from index.compiled import compiled


def doubled(values: Any, into: Any) -> int:
    """Writes twice the values, and says how many."""
    for place in range(len(values)):
        into[place] = 2 * values[place]
    return len(values)


def test_what_is_read_may_be_read_only_and_what_is_written_may_not() -> None:
    function = compiled("u1[]", "i8[]=")(doubled)
    values, into = np.arange(5, dtype=np.uint8), np.zeros(5, dtype=np.int64)
    for _ in range(2):
        assert function(values, into) == 5
        assert into.tolist() == [0, 2, 4, 6, 8]
        values.flags.writeable = False
    into.flags.writeable = False
    with pytest.raises(TypeError):
        function(values, into)
    with pytest.raises(TypeError):
        function(values[::2], np.zeros(3, dtype=np.int64))


def test_it_is_compiled_anew_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    with pytest.raises(RuntimeError, match="cannot cache"):
        numba.njit(cache=True)(doubled)
    into = np.zeros(2, dtype=np.int64)
    assert compiled("u1[]", "i8[]=")(doubled)(np.array([3, 4], dtype=np.uint8), into) == 2
    assert into.tolist() == [6, 8]


@given(
    st.lists(st.floats(0, 10, width=32), max_size=40),
    st.lists(st.floats(0, 10, width=32), max_size=40),
    st.integers(1, 12),
)
def test_the_best_scores_are_kept(first: list[float], second: list[float], k: int) -> None:
    best = np.zeros(k, dtype=np.float32)
    everywhere = np.empty(0, dtype=bool)
    for scores in (first, second):
        kernels.take_in(np.array(scores, dtype=np.float32), everywhere, best)
    assert sorted(best.tolist()) == sorted([*first, *second, *[0.0] * k])[-k:]
    assert best[0] == best.min()


@given(st.data())
def test_looking_up_and_adding_up_agree(data: st.DataObject) -> None:
    lists = data.draw(st.lists(st.sets(st.integers(0, 60), max_size=30), max_size=6))
    docs = np.array([doc for one in lists for doc in sorted(one)], dtype=np.uint16)
    ends = np.cumsum([len(one) for one in lists], dtype=np.int64)
    ranges = np.column_stack([np.concatenate([[0], ends])[:-1], ends]).astype(np.int64)
    ranges = np.ascontiguousarray(ranges.reshape(-1, 2)[: len(lists)])
    codes = np.arange(1, len(docs) + 1, dtype=np.uint8)
    factors = np.arange(1, len(lists) + 1, dtype=np.float32)
    scores = np.zeros(61, dtype=np.float32)
    kernels.add_up(docs, codes, ranges, factors, scores)
    for doc in range(61):
        wanted = sum(
            float(codes[place]) * (term + 1)
            for term, (begin, end) in enumerate(ranges.tolist())
            for place in range(begin, end)
            if docs[place] == doc
        )
        assert scores[doc] == wanted
    wanted_docs = np.array(
        sorted(data.draw(st.sets(st.integers(0, 60), max_size=20))), dtype=np.int64
    )
    found = np.zeros(len(wanted_docs), dtype=np.float32)
    kernels.look_up(docs, codes, ranges, factors, wanted_docs, found)
    assert found.tolist() == scores[wanted_docs].tolist()
