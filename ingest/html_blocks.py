"""A tree of HTML elements as blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.html_tables import BLOCK_TAGS, holds_data, plain_text, read_table
from ingest.tables import table_block

_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_BREAK = "\x00"
_SPACES = re.compile(r"\s+")
_BREAKS = re.compile(f" *{_BREAK}[ {_BREAK}]*")
_PARAGRAPH_BREAK = re.compile(f"{_BREAK}[ ]*{_BREAK}")


@dataclass
class _List:
    """An open list: the number of its next item, None where it is not numbered."""

    number: int | None


@dataclass
class _Walk:
    """The state of one walk over a tree."""

    blocks: list[Block] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    marker: str = ""
    term: str = ""
    kinds: list[tuple[etree._Element, BlockKind, int]] = field(default_factory=list)

    def flush(self) -> None:
        """End the block whose text has been gathered."""
        joined = _SPACES.sub(" ", "".join(self.text))
        self.text.clear()
        kind, level = self.kinds[-1][1:] if self.kinds else (BlockKind.PARAGRAPH, 0)
        for piece in _PARAGRAPH_BREAK.split(joined):
            text = _BREAKS.sub("\n", piece).strip()
            if not text:
                continue
            if kind is BlockKind.HEADING:
                text = text.replace("\n", " ")
            if kind is BlockKind.LIST_ITEM:
                text, self.marker = self.marker + text, ""
            self.blocks.append(Block(kind, text, level))

    def start(self, element: etree._Element) -> bool:
        """Enter an element; True where all of it has been read."""
        tag = str(element.tag)
        if tag in ("br", "wbr"):
            self.text.append(_BREAK if tag == "br" else "")
            return False
        if tag == "math":
            self.text.append(f" {element.get('alttext') or plain_text(element)} ")
            return True
        if tag not in BLOCK_TAGS:
            self.text.append(element.text or "")
            return False
        self.flush()
        if tag in ("pre", "listing", "xmp"):
            self._code(element)
            return True
        if tag == "table" and holds_data(element):
            self._table(element)
            return True
        if tag == "dt":
            self._end_term()
            self.term = plain_text(element)
            return True
        self._open(element, tag)
        self.text.append(element.text or "")
        return False

    def _open(self, element: etree._Element, tag: str) -> None:
        if tag in _LISTS:
            start = element.get("start", "1")
            first = int(start[:6]) if start.isdecimal() else 1
            self.lists.append(_List(first if tag == "ol" else None))
        elif tag == "li":
            self.marker = self._next_marker()
            self.kinds.append((element, BlockKind.LIST_ITEM, max(len(self.lists), 1)))
        elif tag == "dd":
            self.marker = f"- {self.term}: " if self.term else "- "
            self.term = ""
            self.kinds.append((element, BlockKind.LIST_ITEM, len(self.lists) + 1))
        elif tag in ("figcaption", "caption"):
            self.kinds.append((element, BlockKind.CAPTION, 0))
        elif tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.kinds.append((element, BlockKind.HEADING, int(tag[1])))
        elif element.get("role") == "heading":
            level = element.get("aria-level", "2")
            self.kinds.append(
                (element, BlockKind.HEADING, int(level) if level in "123456789" and level else 2)
            )

    def _next_marker(self) -> str:
        if not self.lists or self.lists[-1].number is None:
            return "- "
        number = self.lists[-1].number
        self.lists[-1].number = number + 1
        return f"{number}. "

    def _end_term(self) -> None:
        if self.term:
            self.blocks.append(Block(BlockKind.LIST_ITEM, f"- {self.term}", len(self.lists) + 1))
            self.term = ""

    def _code(self, element: etree._Element) -> None:
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        text = "".join(map(str, element.itertext())).replace("\r\n", "\n").strip("\n").rstrip()
        if text.strip():
            self.blocks.append(Block(BlockKind.CODE, text))

    def _table(self, element: etree._Element) -> None:
        caption, table = read_table(element)
        if caption:
            self.blocks.append(Block(BlockKind.CAPTION, caption))
        if table.rows:
            self.blocks.append(table_block(table))

    def end(self, element: etree._Element) -> None:
        """Leave an element."""
        tag = str(element.tag)
        if tag not in BLOCK_TAGS:
            return
        self.flush()
        if tag in _LISTS and self.lists:
            self.lists.pop()
        if tag == "dl":
            self._end_term()
        if tag == "li" or tag == "dd":
            self.marker = ""
        if self.kinds and self.kinds[-1][0] is element:
            self.kinds.pop()


def read_blocks(root: etree._Element) -> list[Block]:
    """The blocks of the element in document order. It is not changed but for line breaks in
    code; any depth of nesting is read."""
    walk = _Walk()
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if skipped is None and event == "start" and walk.start(element):
            skipped = element
        elif event == "end":
            if skipped is None:
                walk.end(element)
            elif skipped is element:
                skipped = None
            if skipped is None and element is not root:
                walk.text.append(element.tail or "")
    walk.flush()
    return walk.blocks
