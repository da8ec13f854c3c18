"""OpenDocument texts as blocks."""

from __future__ import annotations

from ingest.captions import with_captions
from ingest.contract import Block, BlockKind, Parsed, Source
from ingest.odf import STYLE, TEXT, OdfPackage
from ingest.odf_text import FlowReader, text_of
from ingest.styleless_headings import with_headings

_FURNITURE = ("header", "footer", "header-left", "footer-left", "header-first", "footer-first")
_PROMOTED = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def read_odt(source: Source, *, page_furniture: bool = True) -> Parsed:
    """The blocks of a text; running headers and footers come last, as FURNITURE, where
    `page_furniture` asks for them. Raises UnreadableFile where the file is broken."""
    package = OdfPackage.of(source, "an OpenDocument text")
    body, styles = package.body("text")
    reader = FlowReader(package, styles)
    reader.read(body)
    blocks = with_captions(reader.blocks, reader.pictures)
    looks = {i: look for i, look in reader.looks.items() if blocks[i].kind in _PROMOTED}
    blocks, found = with_headings(blocks, looks)
    if page_furniture:
        blocks += _furniture(package)
    title, metadata = package.properties()
    if package.package.damaged:
        metadata["damaged_parts"] = tuple(package.package.damaged)
    return Parsed(tuple(blocks), title or reader.title or found, 0, metadata)


def _furniture(package: OdfPackage) -> list[Block]:
    """Running headers and footers, each text once."""
    texts: dict[str, None] = {}
    root = package.styles_root
    for master in root.iter(f"{STYLE}master-page") if root is not None else ():
        for name in _FURNITURE:
            for place in master.iterfind(f"{STYLE}{name}"):
                for paragraph in place.iter(f"{TEXT}p", f"{TEXT}h"):
                    text = text_of(paragraph)
                    if text:
                        texts[text] = None
    return [Block(BlockKind.FURNITURE, text) for text in sorted(texts)]
