"""Excel workbooks (XLSX, XLSM)."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.xlsx_book import read_xlsx


@dataclass(frozen=True)
class XlsxParser:
    """Reads XLSX: each sheet a heading, its tables with the values as they are shown. Hidden
    rows, columns and sheets are read too and named in the metadata."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the workbook. Raises UnreadableFile where it is broken."""
        del media_type
        return read_xlsx(source)
