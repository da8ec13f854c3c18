"""PowerPoint presentations (PPTX)."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.pptx_deck import read_pptx


@dataclass(frozen=True)
class PptxParser:
    """Reads PPTX, one page a slide, hidden slides too. `notes` keeps the speaker's notes, as
    paragraphs under their slide."""

    notes: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the presentation. Raises UnreadableFile where it is broken."""
        del media_type
        return read_pptx(source, notes=self.notes)
