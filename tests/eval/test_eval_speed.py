"""Latencies as a distribution, and searches a second."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.latency import histogram
from eval.throughput import WARM_UP, throughput


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 1e6), max_size=50), st.integers(1, 30))
def test_every_latency_lies_in_a_bin(latencies: list[float], bins: int) -> None:
    found = histogram(latencies, bins)
    assert sum(found.counts) == len(latencies)
    assert list(found.edges_ms) == sorted(found.edges_ms)
    if latencies:
        assert len(found.edges_ms) == len(found.counts) + 1
        assert found.edges_ms[-1] == pytest.approx(max(*latencies, 1e-3))


def test_bins_have_equal_ratios() -> None:
    found = histogram([1.0, 5.0, 20.0, 99.0, 100.0], bins=2)
    assert found.edges_ms == pytest.approx((1.0, 10.0, 100.0))
    assert list(found.counts) == [2, 3]
    assert histogram([7.0, 7.0]).counts == (2,)
    assert histogram([]).counts == ()


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_share_the_queries(threads: int) -> None:
    lock = threading.Lock()
    asked: Counter[str] = Counter()
    at_once: list[int] = []
    meeting = threading.Barrier(threads)

    def search(text: str) -> str:
        with lock:
            asked[text] += 1
            first = asked.total() <= threads
        if first:  # no thread goes on before all have begun
            at_once.append(meeting.wait(30))
        return text.upper()

    queries = ["a", "b", "c", "d"]
    done = throughput(search, queries, threads, 12)
    assert Counter(done.found) == dict.fromkeys("ABCD", 3)
    assert len(done.latencies_ms) == 12
    assert done.threads == len(at_once) == threads
    assert done.per_s == pytest.approx(12 / done.wall_s)
    assert asked.total() == 12 + min(12, threads * WARM_UP)
