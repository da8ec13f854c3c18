"""Word documents (DOCX)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.docx_numbering import Numbering, W, number, value
from ingest.docx_styles import Styles
from ingest.docx_text import footnote_ids, is_monospaced, raw_text, text_boxes, text_of
from ingest.tables import Cell, expand, make_table, table_block

if TYPE_CHECKING:
    from lxml import etree

_WRAPPERS = frozenset(
    f"{W}{n}" for n in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
)
_MAX_BYTES = 1 << 30
_REASON = "save it again from Word or LibreOffice as .docx"


@dataclass(frozen=True)
class DocxParser:
    """Reads DOCX as it looks with all changes accepted. `page_furniture` keeps running headers
    and footers as FURNITURE."""

    page_furniture: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the document. Raises UnreadableFile where it is broken."""
        del media_type
        document = _open(source)
        reader = _Reader(
            Styles.of(_related(document, "styles")),
            Numbering.of(_related(document, "numbering")),
            {
                kind: _notes(_related(document, f"{kind}s"), kind)
                for kind in ("footnote", "endnote")
            },
        )
        reader.read(document.element.body)
        blocks = reader.blocks
        if self.page_furniture:
            blocks = [*blocks, *_furniture(document)]
        metadata = _metadata(document)
        title = metadata.pop("title", "") or reader.title
        return Parsed(tuple(blocks), str(title), 0, metadata)


def _open(source: Source) -> Any:
    """The document as python-docx sees it."""
    import docx

    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as package:
            size = sum(item.file_size for item in package.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        size = 0  # python-docx says what is wrong with it
    if size > _MAX_BYTES:
        raise UnreadableFile(
            f"{source.name}: it unpacks to {size >> 20} MiB, more than the {_MAX_BYTES >> 20} MiB "
            "that are read; split the document"
        )
    try:
        return docx.Document(io.BytesIO(source.data))
    except Exception as error:  # python-docx lets any fault of zip, XML and content through
        raise UnreadableFile(
            f"{source.name}: not readable as a Word document ({type(error).__name__}: {error}); "
            f"{_REASON}"
        ) from error


def _related(document: Any, kind: str) -> etree._Element | None:
    """The root of a part that belongs to the document, None where there is none."""
    from lxml import etree

    for relation in document.part.rels.values():
        if relation.is_external or not relation.reltype.endswith(f"/{kind}"):
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
        root: etree._Element | None = etree.fromstring(relation.target_part.blob, parser)
        return root
    return None


def _notes(root: etree._Element | None, kind: str) -> dict[str, str]:
    """The text of each note by id, separators left out."""
    found: dict[str, str] = {}
    for note in root.findall(f"{W}{kind}") if root is not None else ():
        text = " ".join(filter(None, (text_of(p) for p in note.iter(f"{W}p")))).strip()
        if text and note.get(f"{W}type", "normal") == "normal":
            found[note.get(f"{W}id") or ""] = text
    return found


@dataclass
class _Reader:
    """The state of one pass over a document's body."""

    styles: Styles
    lists: Numbering
    notes: dict[str, dict[str, str]]
    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    code: list[str] = field(default_factory=list)

    def read(self, container: etree._Element) -> None:
        """Read what stands in the container, in order."""
        for element in _content(container):
            if element.tag == f"{W}p":
                self._paragraph(element)
            else:
                self._end_code()
                self._table(element)
        self._end_code()

    def _paragraph(self, element: etree._Element) -> None:
        text = text_of(element)
        if text and (self.styles.is_code(element) or is_monospaced(element)):
            self.code.append(raw_text(element).rstrip())
        elif not text and self.code:
            self.code.append("")
        else:
            self._end_code()
            if text:
                self.blocks.append(self._block(element, text))
        for box in text_boxes(element):
            self.read(box)
        for kind, identifier in footnote_ids(element):
            note = self.notes[kind].get(identifier)
            if note:
                self._end_code()
                self.blocks.append(Block(BlockKind.FOOTNOTE, note))

    def _block(self, element: etree._Element, text: str) -> Block:
        numbering = self.styles.numbering(element)
        marker = self.lists.marker(*numbering) if numbering else ""
        level = self.styles.heading_level(element)
        flat = text.replace("\n", " ")
        if level:
            bullet = marker.startswith("- ")
            return Block(BlockKind.HEADING, flat if bullet else marker + flat, level)
        if self.styles.is_title(element):
            self.title = self.title or flat
            return Block(BlockKind.HEADING, flat, 1)
        if self.styles.is_caption(element):
            return Block(BlockKind.CAPTION, flat)
        if numbering:
            return Block(BlockKind.LIST_ITEM, marker + text, numbering[1] + 1)
        return Block(BlockKind.PARAGRAPH, text)

    def _end_code(self) -> None:
        text = "\n".join(self.code).strip("\n").rstrip()
        self.code.clear()
        if text:
            self.blocks.append(Block(BlockKind.CODE, text))

    def _table(self, element: etree._Element) -> None:
        rows = [row for row in _content(element, f"{W}tr") if not _is_deleted(row)]
        header = 0
        while header < len(rows) and _is_header(rows[header]):
            header += 1
        width = max((len(list(_content(row, f"{W}tc"))) for row in rows), default=0)
        if width == 1:
            # A frame around text rather than a table.
            for row in rows:
                for cell in _content(row, f"{W}tc"):
                    self.read(cell)
            return
        table = make_table(expand(_cells(rows)), header or 1)
        if table.rows:
            self.blocks.append(table_block(table))
        for kind, identifier in footnote_ids(element):
            note = self.notes[kind].get(identifier)
            if note:
                self.blocks.append(Block(BlockKind.FOOTNOTE, note))


def _content(container: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """Paragraphs and tables (or elements with the tags) of the container, those in content
    controls and insertions included."""
    wanted = tags or (f"{W}p", f"{W}tbl")
    stack = list(reversed(container))
    while stack:
        element = stack.pop()
        if element.tag in wanted:
            yield element
        elif element.tag in _WRAPPERS:
            stack.extend(reversed(element))


def _is_on(row: etree._Element, path: str) -> bool:
    found = row.find(path)
    return found is not None and found.get(f"{W}val", "1") not in ("0", "false", "off")


def _is_header(row: etree._Element) -> bool:
    return _is_on(row, f"{W}trPr/{W}tblHeader")


def _is_deleted(row: etree._Element) -> bool:
    return row.find(f"{W}trPr/{W}del") is not None


def _cells(rows: list[etree._Element]) -> list[list[Cell]]:
    """The rows' cells; one that is merged downwards covers as many rows as it goes on in."""
    laid: list[list[tuple[int, int, str, str]]] = []  # column, columns, text, vertical merge
    for row in rows:
        column = number(row, f"{W}trPr/{W}gridBefore") or 0
        line: list[tuple[int, int, str, str]] = [(c, 1, "", "") for c in range(column)]
        for cell in _content(row, f"{W}tc"):
            columns = max(number(cell, f"{W}tcPr/{W}gridSpan") or 1, 1)
            merge = ""
            if cell.find(f"{W}tcPr/{W}vMerge") is not None:
                merge = value(cell, f"{W}tcPr/{W}vMerge") or "continue"
            line.append((column, columns, _cell_text(cell), merge))
            column += columns
        laid.append(line)
    above: dict[int, str] = {}
    out: list[list[Cell]] = []
    for line in laid:
        going: dict[int, str] = {}
        cells: list[Cell] = []
        for column, columns, text, merge in line:
            shown = above.get(column, text) if merge == "continue" else text
            if merge:
                going[column] = shown
            cells.append(Cell(shown, columns))
        above = going
        out.append(cells)
    return out


def _cell_text(cell: etree._Element) -> str:
    """All text of a cell, that of tables and text boxes inside it too."""
    return " ".join(filter(None, (text_of(p) for p in cell.iter(f"{W}p"))))


def _furniture(document: Any) -> list[Block]:
    """Running headers and footers, each text once."""
    texts: dict[str, None] = {}
    for relation in document.part.rels.values():
        if relation.is_external or not relation.reltype.endswith(("/header", "/footer")):
            continue
        for paragraph in relation.target_part.element.iter(f"{W}p"):
            text = text_of(paragraph)
            if text:
                texts[text] = None
    return [Block(BlockKind.FURNITURE, text) for text in sorted(texts)]


def _metadata(document: Any) -> dict[str, Json]:
    """Core properties that are set."""
    found: dict[str, Json] = {}
    relations = document.part.package.rels.values()
    if not any(relation.reltype.endswith("/core-properties") for relation in relations):
        return found  # python-docx would make some up
    try:
        core = document.core_properties
        for key in ("title", "author", "subject", "keywords", "category"):
            text = " ".join((getattr(core, key) or "").split())
            if text:
                found[key] = text
        for key in ("created", "modified"):
            moment = getattr(core, key)
            if moment is not None:
                found[key] = moment.isoformat()
    except (ValueError, AttributeError, KeyError) as error:
        found["properties_error"] = str(error)
    return found
