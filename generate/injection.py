"""Passages that speak to the language model instead of to a reader.

A passage is data, whatever it says. What has the signs of an order to a model (`ingest.injection`)
is kept from the writer all the same: chunks that were known by them when they were stored are not
searched for an answer at all (`index.withholding`), and what is read around a chunk is looked at
when it is packed (`generate.passages`). What passes is fenced (`generate.prompt`), and what is
written is checked (`generate.citations`, `generate.sanitizing`).
"""

from __future__ import annotations

from ingest.contract import Chunk
from ingest.pipeline import HIDDEN, ROLE, signs_in


def why_left_out(chunk: Chunk) -> str:
    """A note on a chunk that speaks to a model; "" for any other."""
    signs = signs_in(chunk)
    return f"a passage of {chunk.document_id!r} was left out: it holds {signs}" if signs else ""


def neutral(text: str) -> str:
    """A text in which nothing parts the roles of a chat or the passages of a prompt, and nothing
    is hidden. Raises nothing; what is read stays as it is written but for these."""
    shown = HIDDEN.sub("", text)
    while True:
        parted = ROLE.sub(lambda match: _parted(match.group()), shown)
        if parted == shown:
            return shown
        shown = parted


def _parted(mark: str) -> str:
    """A mark that says the same and means nothing to a template."""
    return mark[0] + " " + mark[1:]
