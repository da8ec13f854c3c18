"""Latencies of searches, by percentile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
