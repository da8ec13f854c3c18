"""Word documents (DOCX)."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.docx_reader import read_docx


@dataclass(frozen=True)
class DocxParser:
    """Reads DOCX as it looks with all changes accepted. `page_furniture` keeps running headers
    and footers as FURNITURE."""

    page_furniture: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the document. Raises UnreadableFile where it is broken."""
        del media_type
        return read_docx(source, page_furniture=self.page_furniture)
