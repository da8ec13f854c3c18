"""Where a passage stands, in words."""

from __future__ import annotations

from ingest.contract import Chunk


def place_of(chunk: Chunk) -> str:
    """Document, pages, headings."""
    pages = ""
    if chunk.pages:
        first, last = chunk.pages
        pages = f", p. {first}" if first == last else f", pp. {first}-{last}"
    headings = " > ".join(chunk.heading_path)
    return f"{chunk.document_id}{pages}" + (f" · {headings}" if headings else "")
