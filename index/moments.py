"""Moments as the catalog and the files of a collection keep them."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now(timespec: str = "milliseconds") -> str:
    """Now, in ISO 8601, in UTC, down to what `timespec` of `datetime.isoformat` names."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
