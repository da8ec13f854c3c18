"""Office documents of before 2007 (DOC, XLS, PPT), through LibreOffice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.contract import Parsed, Source
from ingest.docx_reader import read_docx
from ingest.pptx_deck import read_pptx
from ingest.soffice import converted
from ingest.xlsx_book import read_xlsx

_KINDS: dict[str, tuple[str, str, Callable[[Source], Parsed]]] = {
    "application/msword": (".doc", "docx", read_docx),
    "application/vnd.ms-excel": (".xls", "xlsx", read_xlsx),
    "application/vnd.ms-powerpoint": (".ppt", "pptx", read_pptx),
}


@dataclass(frozen=True)
class LegacyOfficeParser:
    """Reads DOC, XLS and PPT by converting them to DOCX, XLSX and PPTX with LibreOffice, in at
    most `timeout_s` seconds. Macros are never run and links never followed."""

    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ValueError("timeout_s is a number of seconds above 0")

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the document. Raises UnreadableFile where LibreOffice is not installed
        or cannot read the file."""
        suffix, target, read = _KINDS[media_type]
        data = converted(source.data, source.name, suffix, target, self.timeout_s)
        parsed = read(replace(source, data=data))
        return replace(parsed, metadata={**parsed.metadata, "converted_by": "LibreOffice"})
