"""Rich Text Format: headings, lists, tables, notes and metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.lines import ends_sentence
from ingest.numbering import numbering
from ingest.rtf_content import Paragraph, Rtf
from ingest.rtf_reader import Reader
from ingest.rtf_tables import Row, build_table
from ingest.tables import table_block

_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|标题|標題|見出し)\s*(\d)", re.IGNORECASE
)
_TITLE = re.compile(r"(?:title|标题|標題|titel|titre)$", re.IGNORECASE)
_CAPTION = re.compile(r"caption|题注|圖表標題|table$|figure$|illustration$", re.IGNORECASE)
_CODE = re.compile(r"preformatted|source code|code|代码", re.IGNORECASE)
_TOC = re.compile(r"(?:toc|目录|目錄|contents)\s*(?:\d|heading)", re.IGNORECASE)
_BULLET = re.compile(r"[^\w(（]+|o")
_LONGEST_HEADING = 120
_REASON = "save it again from Word or LibreOffice as .docx"


@dataclass(frozen=True)
class RtfParser:
    """Reads RTF as it looks with all changes accepted. `page_furniture` keeps running headers
    and footers as FURNITURE."""

    page_furniture: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the document. Raises UnreadableFile where it holds no RTF."""
        del media_type
        if b"{\\rtf" not in source.data[:1024]:
            raise UnreadableFile(
                f"{source.name}: it does not begin as a Rich Text document; {_REASON}"
            )
        rtf = Reader().read(source.data)
        writer = _Writer(rtf)
        blocks = writer.write()
        if self.page_furniture:
            blocks += [Block(BlockKind.FURNITURE, text) for text in sorted(rtf.furniture) if text]
        info = dict(rtf.info)
        title = info.pop("title", "") or writer.title
        metadata: dict[str, Json] = {
            ("description" if key == "doccomm" else key): value
            for key, value in sorted(info.items())
        }
        return Parsed(tuple(blocks), title, 0, metadata)


@dataclass
class _Writer:
    """Paragraphs and rows as blocks."""

    rtf: Rtf
    blocks: list[Block] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    title: str = ""
    levels: dict[int, int] = field(default_factory=dict)
    body: int = 24

    def write(self) -> list[Block]:
        self.levels = self._levels_by_looks()
        for part in _grouped(self.rtf.content):
            if isinstance(part, list):
                self._end_code()
                self._table(part)
            else:
                self._paragraph(part)
        self._end_code()
        return self.blocks

    def _name(self, paragraph: Paragraph) -> str:
        style = self.rtf.styles.get(paragraph.style)
        return style.name if style else ""

    def _stated_level(self, paragraph: Paragraph) -> int:
        """The heading level that the paragraph or its style states, from 1; 0 without one."""
        style = self.rtf.styles.get(paragraph.style)
        named = _HEADING.match(style.name) if style else None
        if named:
            return min(max(int(named[1]), 1), 9)
        level = paragraph.level if paragraph.level >= 0 else (style.level if style else -1)
        return level + 1 if 0 <= level <= 8 else 0

    def _levels_by_looks(self) -> dict[int, int]:
        """Where no paragraph states its level: the level of each size that headings have, by
        descending size; bold lines in the size of the text have size 0."""
        paragraphs = [part for part in self.rtf.content if isinstance(part, Paragraph)]
        if any(self._stated_level(paragraph) for paragraph in paragraphs):
            return {}
        self.body = body = self._body_size(paragraphs)
        found = {self._looks(paragraph, body) for paragraph in paragraphs} - {-1}
        headed = (len(part.text) for part in paragraphs if self._looks(part, body) >= 0)
        if sum(headed) * 2 > sum(len(part.text) for part in paragraphs):
            return {}
        return {size: level for level, size in enumerate(sorted(found, reverse=True), 1)}

    def _body_size(self, paragraphs: Sequence[Paragraph]) -> int:
        sizes: dict[int, int] = {}
        for paragraph in paragraphs:
            sizes[paragraph.size] = sizes.get(paragraph.size, 0) + len(paragraph.text)
        return max(sizes, key=lambda size: (sizes[size], -size), default=24)

    def _looks(self, paragraph: Paragraph, body: int) -> int:
        """The size of what looks as a heading, 0 for one that is bold only, else -1."""
        text = paragraph.text.strip()
        if not text or len(text) > _LONGEST_HEADING or "\n" in text or paragraph.marker:
            return -1
        if paragraph.mono or paragraph.toc or ends_sentence(text) or text.endswith((",", "，")):
            return -1
        if paragraph.size * 20 >= body * 23:
            return paragraph.size
        numbered = numbering(text) is not None
        if paragraph.bold and paragraph.size >= body and (numbered or len(text) <= 60):
            return 0
        return -1

    def _paragraph(self, paragraph: Paragraph) -> None:
        name = self._name(paragraph)
        text = paragraph.text
        if text and (paragraph.mono or _CODE.search(name)) and not self._stated_level(paragraph):
            self.code.append(text)
        elif text:
            self._end_code()
            self.blocks.append(self._block(replace(paragraph, text=text.strip()), name))
        for note in paragraph.notes:
            self._end_code()
            self.blocks.append(Block(BlockKind.FOOTNOTE, note))

    def _block(self, paragraph: Paragraph, name: str) -> Block:
        text, flat = paragraph.text, paragraph.text.replace("\n", " ")
        marker = paragraph.marker
        if paragraph.level == -2:
            return Block(BlockKind.FOOTNOTE, text)
        if paragraph.toc or _TOC.match(name):
            return Block(BlockKind.FURNITURE, flat)
        level = self._stated_level(paragraph)
        if not level and self.levels:
            level = self.levels.get(self._looks(paragraph, self.body), 0)
        bullet = not marker or _BULLET.fullmatch(marker) is not None
        if level:
            return Block(BlockKind.HEADING, flat if bullet else f"{marker} {flat}", level)
        if _TITLE.match(name):
            self.title = self.title or flat
            return Block(BlockKind.HEADING, flat, 1)
        if _CAPTION.search(name):
            return Block(BlockKind.CAPTION, flat)
        if marker or paragraph.depth >= 0:
            shown = f"- {text}" if bullet else f"{marker} {text}"
            return Block(BlockKind.LIST_ITEM, shown, max(paragraph.depth, 0) + 1)
        return Block(BlockKind.PARAGRAPH, text)

    def _end_code(self) -> None:
        text = "\n".join(self.code).strip("\n")
        self.code.clear()
        if text:
            self.blocks.append(Block(BlockKind.CODE, text))

    def _table(self, rows: list[Row]) -> None:
        if max(len(row.cells) for row in rows) == 1:
            # A frame around text rather than a table.
            texts = (line for row in rows for line in row.cells[0].split("\n"))
            self.blocks += [Block(BlockKind.PARAGRAPH, text) for text in texts if text.strip()]
            return
        table = build_table(rows)
        if table.rows:
            self.blocks.append(table_block(table))


def _grouped(content: Sequence[Paragraph | Row]) -> Iterator[Paragraph | list[Row]]:
    """The content with the rows that follow each other together; a note in between waits."""
    rows: list[Row] = []
    waiting: list[Paragraph] = []
    for part in content:
        if isinstance(part, Row):
            rows.append(part)
        elif rows and part.level == -2:
            waiting.append(part)
        else:
            if rows:
                yield rows
                rows = []
                yield from waiting
                waiting = []
            yield part
    if rows:
        yield rows
    yield from waiting
