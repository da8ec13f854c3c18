"""When a request that failed is worth another try, and when to make it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_S, MOST_S = 0.5, 8.0
LONGEST_ASKED_S = 30.0
"""A server that wants more time than this is not waited for."""
_TRANSIENT = frozenset({408, 409, 425, 429})


def is_transient(status: int | None) -> bool:
    """Whether an answer with this status may come out otherwise soon; None is no answer at all."""
    return status is None or status in _TRANSIENT or status >= 500


def pause_s(attempt: int, headers: Mapping[str, str]) -> float | None:
    """Seconds before another try, after the attempt of this number (from 1): as long as the server
    says (`retry-after`), else half a second, doubled each time, less up to a quarter at random, so
    that those who failed together do not come back together. None: not worth waiting for."""
    asked = _asked_s(headers)
    if asked is not None:
        return asked if asked <= LONGEST_ASKED_S else None
    longest = min(FIRST_S * 2.0 ** (attempt - 1), MOST_S)
    return longest * (1.0 - 0.25 * random.random())


def _asked_s(headers: Mapping[str, str]) -> float | None:
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.replace(".", "", 1).isdigit():
        return float(milliseconds) / 1000.0
    written = headers.get("retry-after", "").strip()
    if not written:
        return None
    if written.replace(".", "", 1).isdigit():
        return float(written)
    try:
        at = parsedate_to_datetime(written)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)
