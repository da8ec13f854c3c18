"""OpenDocument files (ODT, ODP, ODS)."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.odf_book import read_ods
from ingest.odf_document import read_odt
from ingest.odf_slides import read_odp


@dataclass(frozen=True)
class OpenDocumentParser:
    """Reads ODT as it looks with all changes accepted, ODP one page a slide, ODS sheet by
    sheet. `page_furniture` keeps running headers and footers of texts as FURNITURE; `notes`
    keeps the speaker's notes of slides as paragraphs under them."""

    page_furniture: bool = True
    notes: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the file. Raises UnreadableFile where it is broken."""
        if media_type.endswith(".presentation"):
            return read_odp(source, notes=self.notes)
        if media_type.endswith(".spreadsheet"):
            return read_ods(source)
        return read_odt(source, page_furniture=self.page_furniture)
