"""Word documents as blocks, as they look with all changes accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from ingest.alt_text import alt_text
from ingest.bullets import without_bullet
from ingest.captions import reads_as_caption, with_captions
from ingest.charts import C, chart_blocks
from ingest.contract import Block, BlockKind, Parsed, Source
from ingest.diagrams import D, diagram_blocks
from ingest.docx_numbering import Numbering, W
from ingest.docx_styles import Styles
from ingest.docx_tables import content, frame_cells, paragraphs_in, table_blocks
from ingest.docx_text import (
    footnote_ids,
    is_formula,
    is_monospaced,
    raw_text,
    text_boxes,
    text_of,
    visible,
)
from ingest.docx_toc import listing_paragraphs
from ingest.ooxml import OfficePackage, R
from ingest.styleless_headings import Look, with_headings

_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_SEQUENCE = re.compile(r"\s*SEQ\b", re.I)


def read_docx(source: Source, *, page_furniture: bool = True) -> Parsed:
    """The blocks of a Word document; running headers and footers come last, as FURNITURE,
    where `page_furniture` asks for them. Raises UnreadableFile where the file is broken."""
    office = OfficePackage.of(source, "a Word document")
    body = office.main_root().find(f"{W}body")
    styles = Styles.of(_part(office, "styles"))
    reader = _Reader(
        office,
        styles,
        Numbering.of(_part(office, "numbering")),
        {kind: _notes(_part(office, f"{kind}s"), kind) for kind in ("footnote", "endnote")},
    )
    if body is not None:
        reader.listings = listing_paragraphs(body, styles)
        reader.read(body)
    blocks = with_captions(reader.blocks, reader.pictures)
    looks = {i: look for i, look in reader.looks.items() if blocks[i].kind in _PROMOTED}
    blocks, found = with_headings(blocks, looks)
    if page_furniture:
        blocks += _furniture(office)
    title, metadata = office.properties()
    if office.package.damaged:
        metadata["damaged_parts"] = tuple(office.package.damaged)
    return Parsed(tuple(blocks), title or reader.title or found, 0, metadata)


_PROMOTED = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def _part(office: OfficePackage, kind: str) -> etree._Element | None:
    """The root of a part that belongs to the document, None where there is none."""
    return next((office.root(part) for part in office.related(office.main, kind)), None)


def _notes(root: etree._Element | None, kind: str) -> dict[str, str]:
    """The text of each note by id, separators left out."""
    found: dict[str, str] = {}
    for note in root.findall(f"{W}{kind}") if root is not None else ():
        text = " ".join(filter(None, (text_of(p) for p in paragraphs_in(note)))).strip()
        if text and note.get(f"{W}type", "normal") == "normal":
            found[note.get(f"{W}id") or ""] = text
    return found


@dataclass
class _Reader:
    """The state of one pass over a document's body."""

    office: OfficePackage
    styles: Styles
    lists: Numbering
    notes: dict[str, dict[str, str]]
    listings: set[etree._Element] = field(default_factory=set)
    blocks: list[Block] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    pictures: set[int] = field(default_factory=set)
    title: str = ""
    code: list[str] = field(default_factory=list)

    def read(self, container: etree._Element) -> None:
        """Read what stands in the container, in order."""
        for element in content(container):
            if element.tag == f"{W}p":
                self._paragraph(element)
            else:
                self._end_code()
                self._table(element)
        self._end_code()

    def _paragraph(self, element: etree._Element) -> None:
        text = text_of(element)
        if element in self.listings:
            self._end_code()
            if text:
                self.blocks.append(Block(BlockKind.FURNITURE, text.replace("\n", " ")))
            return
        if text and (self.styles.is_code(element) or is_monospaced(element)):
            self.code.append(raw_text(element).rstrip())
        elif not text and self.code:
            self.code.append("")
        else:
            self._end_code()
            if text:
                self._text(element, text)
        for box in text_boxes(element):
            self.read(box)
        self._drawings(element)
        self._footnotes(element)

    def _text(self, element: etree._Element, text: str) -> None:
        block = self._block(element, text)
        if block.kind in _PROMOTED:
            self.looks[len(self.blocks)] = self.styles.look(element)
        self.blocks.append(block)

    def _block(self, element: etree._Element, text: str) -> Block:
        marker, depth = self._marker(element)
        level = self.styles.heading_level(element)
        flat = text.replace("\n", " ")
        if level:
            bullet = marker.startswith("- ")
            return Block(BlockKind.HEADING, flat if bullet else marker + flat, level)
        if self.styles.is_title(element):
            self.title = self.title or flat
            return Block(BlockKind.HEADING, flat, 1)
        if is_formula(element):
            return Block(BlockKind.FORMULA, flat)
        if self.styles.is_caption(element) or _is_counted(element, flat):
            return Block(BlockKind.CAPTION, marker + flat)
        if depth is not None:
            return Block(BlockKind.LIST_ITEM, marker + text, depth + 1)
        listed = without_bullet(text)
        if listed is not None:
            return Block(BlockKind.LIST_ITEM, f"- {listed}", 1)
        return Block(BlockKind.PARAGRAPH, text)

    def _marker(self, element: etree._Element) -> tuple[str, int | None]:
        """The marker of a paragraph in a list, which is counted now, and its depth from 0; ("",
        None) for other paragraphs."""
        numbering = self.styles.numbering(element)
        if numbering is None:
            return "", None
        name, depth = numbering
        if depth < 0:
            styles = self.styles.style_ids(element)
            depth = max((self.lists.depth_of_style(name, style) for style in styles), default=0)
        return self.lists.marker(name, depth), depth

    def _cell_text(self, element: etree._Element) -> str:
        """The text of a paragraph in a table, with its number where it has one."""
        marker, _ = self._marker(element)
        text = text_of(element).replace("\n", " ")
        return text if marker.startswith("- ") else (marker + text).strip()

    def _end_code(self) -> None:
        text = "\n".join(self.code).strip("\n").rstrip()
        self.code.clear()
        if text:
            self.blocks.append(Block(BlockKind.CODE, text))

    def _table(self, element: etree._Element) -> None:
        frame = frame_cells(element)
        if frame is not None:
            for cell in frame:
                self.read(cell)
            return
        self.blocks += table_blocks(element, self._cell_text)
        self._drawings(element)
        self._footnotes(element)

    def _footnotes(self, element: etree._Element) -> None:
        for kind, identifier in footnote_ids(element):
            note = self.notes[kind].get(identifier)
            if note:
                self._end_code()
                self.blocks.append(Block(BlockKind.FOOTNOTE, note))

    def _drawings(self, element: etree._Element) -> None:
        """What the drawings anchored in a paragraph or table hold beside text boxes."""
        for node in visible(element):
            found: list[Block] = []
            if node.tag == f"{C}chart":
                found = chart_blocks(self._target(node.get(f"{R}id")))
            elif node.tag == f"{D}relIds":
                found = diagram_blocks(self._target(node.get(f"{R}dm")))
            elif node.tag == f"{_WP}docPr":
                self.pictures.add(len(self.blocks))
                description = alt_text(node.get("descr") or "")
                found = [Block(BlockKind.CAPTION, description)] if description else []
            if found:
                self._end_code()
                self.blocks += found

    def _target(self, identifier: str | None) -> etree._Element | None:
        return self.office.root(self.office.target(self.office.main, identifier))


def _is_counted(element: etree._Element, text: str) -> bool:
    """Whether a paragraph is counted as figures and tables are, and reads as their caption."""
    if not reads_as_caption(text):
        return False
    codes = [node.text or "" for node in element.iter(f"{W}instrText")]
    codes += [node.get(f"{W}instr") or "" for node in element.iter(f"{W}fldSimple")]
    return any(_SEQUENCE.match(code) for code in codes)


def _furniture(office: OfficePackage) -> list[Block]:
    """Running headers and footers, each text once."""
    texts: dict[str, None] = {}
    for part in office.related(office.main, "header", "footer"):
        root = office.root(part)
        for paragraph in paragraphs_in(root) if root is not None else ():
            text = text_of(paragraph)
            if text:
                texts[text] = None
    return [Block(BlockKind.FURNITURE, text) for text in sorted(texts)]
