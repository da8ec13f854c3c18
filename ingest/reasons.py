"""Reasons as one line: what libraries say may have many, or repeat half of the file."""

from __future__ import annotations

from ingest.contract import UnreadableFile

LONGEST_REASON = 600


def one_line(reason: str) -> str:
    """The reason without line breaks and what cannot be shown; the middle of a long one is left
    out, since it ends with what to do."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    if len(flat) <= LONGEST_REASON:
        return flat
    half = LONGEST_REASON // 2 - 2
    return f"{flat[:half]} … {flat[-half:]}"


def with_one_line(error: UnreadableFile) -> UnreadableFile:
    """The error, or one of its kind with its reason as one line."""
    reason = one_line(str(error))
    if reason == str(error):
        return error
    return type(error)(reason)
