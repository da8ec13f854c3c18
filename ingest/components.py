"""The parsers and chunkers by name, for `ingest.contract.load_component`.

A value is "module:Class"; the module is imported when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODP = "application/vnd.oasis.opendocument.presentation"
ODS = "application/vnd.oasis.opendocument.spreadsheet"

PARSERS: Mapping[str, str] = {
    "application/pdf": "ingest.parse.pdf:PdfParser",
    DOCX: "ingest.parse.docx:DocxParser",
    PPTX: "ingest.parse.pptx:PptxParser",
    XLSX: "ingest.parse.xlsx:XlsxParser",
    "text/csv": "ingest.parse.delimited:DelimitedParser",
    "text/tab-separated-values": "ingest.parse.delimited:DelimitedParser",
    "application/msword": "ingest.parse.legacy_office:LegacyOfficeParser",
    "application/vnd.ms-excel": "ingest.parse.legacy_office:LegacyOfficeParser",
    "application/vnd.ms-powerpoint": "ingest.parse.legacy_office:LegacyOfficeParser",
    ODT: "ingest.parse.opendocument:OpenDocumentParser",
    ODP: "ingest.parse.opendocument:OpenDocumentParser",
    ODS: "ingest.parse.opendocument:OpenDocumentParser",
    "text/html": "ingest.parse.html:HtmlParser",
    "text/markdown": "ingest.parse.markdown:MarkdownParser",
    "text/plain": "ingest.parse.text:TextParser",
    "application/rtf": "ingest.parse.rtf:RtfParser",
    "message/rfc822": "ingest.parse.mail:MailParser",
    "application/vnd.ms-outlook": "ingest.parse.outlook:OutlookParser",
    "text/x-rst": "ingest.parse.rst:RstParser",
    "application/epub+zip": "ingest.parse.epub:EpubParser",
    "application/json": "ingest.parse.json_records:JsonParser",
    "application/x-ndjson": "ingest.parse.json_records:JsonParser",
    "application/x-ipynb+json": "ingest.parse.notebook:NotebookParser",
    "application/xml": "ingest.parse.xml:XmlParser",
    "image/bmp": "ingest.parse.image:ImageParser",
    "image/gif": "ingest.parse.image:ImageParser",
    "image/jpeg": "ingest.parse.image:ImageParser",
    "image/png": "ingest.parse.image:ImageParser",
    "image/tiff": "ingest.parse.image:ImageParser",
    "image/webp": "ingest.parse.image:ImageParser",
    "text/x-source": "ingest.parse.source_code:SourceCodeParser",
}

PARSER_VERSIONS: Mapping[str, int] = {
    "application/pdf": 3,
    DOCX: 2,
    PPTX: 1,
    XLSX: 1,
    "text/csv": 1,
    "text/tab-separated-values": 1,
    "application/msword": 1,
    "application/vnd.ms-excel": 1,
    "application/vnd.ms-powerpoint": 1,
    ODT: 1,
    ODP: 1,
    ODS: 1,
    "text/html": 2,
    "text/markdown": 2,
    "text/plain": 3,
    "application/rtf": 2,
    "message/rfc822": 1,
    "application/vnd.ms-outlook": 1,
    "text/x-rst": 1,
    "application/epub+zip": 1,
    "application/json": 1,
    "application/x-ndjson": 1,
    "application/x-ipynb+json": 1,
    "application/xml": 1,
    "image/bmp": 1,
    "image/gif": 1,
    "image/jpeg": 1,
    "image/png": 1,
    "image/tiff": 1,
    "image/webp": 1,
    "text/x-source": 1,
}
"""Raised whenever a parser's output changes, so that documents are read again."""

CHUNKERS: Mapping[str, str] = {
    "structure": "ingest.chunk.structure:StructureChunker",
    "fixed": "ingest.chunk.fixed:FixedChunker",
    "recursive": "ingest.chunk.recursive:RecursiveChunker",
    "sentence": "ingest.chunk.sentence:SentenceChunker",
    "semantic": "ingest.chunk.semantic:SemanticChunker",
    "parent_child": "ingest.chunk.parent_child:ParentChildChunker",
    "proposition": "ingest.chunk.proposition:PropositionChunker",
}

UNPACKERS: Mapping[str, str] = {
    "application/zip": "ingest.unpack.zip:ZipUnpacker",
    "application/x-tar": "ingest.unpack.tar:TarUnpacker",
    "application/gzip": "ingest.unpack.compressed:CompressedUnpacker",
    "application/x-bzip2": "ingest.unpack.compressed:CompressedUnpacker",
    "application/x-xz": "ingest.unpack.compressed:CompressedUnpacker",
    "message/rfc822": "ingest.unpack.mail:MailUnpacker",
    "application/mbox": "ingest.unpack.mbox:MboxUnpacker",
    "application/vnd.ms-outlook": "ingest.unpack.outlook:OutlookUnpacker",
}
"""What lists the files inside a file. A type may be in PARSERS too: a mail has a text and
attachments."""

OCR_ENGINES: Mapping[str, str] = {
    "rapidocr": "ingest.ocr.rapidocr:RapidOcr",
    "tesseract": "ingest.ocr.tesseract:Tesseract",
}
