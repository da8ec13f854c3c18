"""Latencies of searches, by percentile and as a distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_LEAST_MS = 1e-3
"""What took less is counted as that: a ratio needs something above nothing."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long searches took, in milliseconds; all zero where there was none."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


def summarize(latencies_ms: Sequence[float]) -> Latency:
    """Percentiles with linear interpolation, as numpy computes them."""
    import numpy as np

    if not latencies_ms:
        return Latency(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    sample = np.asarray(latencies_ms, dtype=np.float64)
    p50, p95, p99 = (float(value) for value in np.percentile(sample, (50, 95, 99)))
    return Latency(len(sample), float(sample.mean()), p50, p95, p99, float(sample.max()))


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many latencies lie between neighbouring edges (milliseconds, ascending, one more than
    there are counts); the last bin has its upper edge."""

    edges_ms: Sequence[float]
    counts: Sequence[int]


def histogram(latencies_ms: Sequence[float], bins: int = 20) -> Histogram:
    """The distribution over bins of equal ratio, from the least to the greatest: latencies spread
    over powers of ten. Empty where there are none."""
    import numpy as np

    if not latencies_ms:
        return Histogram((), ())
    sample = np.maximum(np.asarray(latencies_ms, dtype=np.float64), _LEAST_MS)
    least, most = float(sample.min()), float(sample.max())
    if least == most:
        return Histogram((least, most), (len(sample),))
    edges = np.geomspace(least, most, bins + 1)
    edges[0], edges[-1] = least, most
    counts, _ = np.histogram(sample, edges)
    return Histogram(tuple(edges.tolist()), tuple(int(count) for count in counts))
