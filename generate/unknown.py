"""Saying that the documents hold no answer, and what comes closest in them."""

from __future__ import annotations

from collections.abc import Sequence

from generate.contract import Answer, Passage
from generate.language import NEAREST, UNKNOWN, Script

NEAREST_SHOWN = 3


def unknown(spoken: Script, passages: Sequence[Passage], generator: str) -> Answer:
    """That the answer was not found, and where it might have been: the documents by name, each
    with its headings and page."""
    lines = [UNKNOWN[spoken]]
    nearest = tuple(passages[:NEAREST_SHOWN])
    if nearest:
        lines += ["", NEAREST[spoken], ""]
    lines += [f"- {_place(passage)}" for passage in nearest]
    return Answer("\n".join(lines), (), False, generator, nearest=nearest)


def _place(passage: Passage) -> str:
    chunk = passage.chunk
    page = f" (p. {chunk.pages[0]})" if chunk.pages else ""
    if not chunk.context or chunk.document_id in chunk.context:
        return f"{chunk.context or chunk.document_id}{page}"
    return f"{chunk.document_id}: {chunk.context}{page}"
