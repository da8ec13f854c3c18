"""Flowing text of OpenDocument files as blocks: headings, paragraphs, lists, tables, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingest.alt_text import alt_text
from ingest.bullets import without_bullet
from ingest.contract import Block, BlockKind
from ingest.odf import DRAW, OFFICE, SVG, TABLE, TEXT, XLINK, OdfPackage, OdfStyles, marker
from ingest.odf_tables import chart_blocks, table_blocks
from ingest.ooxml import whole
from ingest.styleless_headings import Look

_TITLE = re.compile(r"title|标题|標題", re.I)
_CAPTION = re.compile(r"caption|题注|題注", re.I)
_CODE = re.compile(r"preformatted text|source ?code|code|预格式化的文字", re.I)
_BLANKS = re.compile(r"[^\S\n\t]+")
_LISTINGS = frozenset(
    f"{TEXT}{name}"
    for name in (
        "table-of-content", "illustration-index", "table-index", "object-index", "user-index",
        "alphabetical-index",
    )
)  # fmt: skip
_OPENED = frozenset(
    (f"{TEXT}section", f"{TEXT}bibliography", f"{TEXT}index-body", f"{TEXT}numbered-paragraph")
)
_SKIPPED = frozenset(
    (
        f"{TEXT}note", f"{OFFICE}annotation", f"{OFFICE}annotation-end", f"{TEXT}ruby-text",
        f"{TEXT}tracked-changes", f"{TEXT}page-number", f"{TEXT}page-count", f"{SVG}title",
        f"{SVG}desc", f"{TEXT}hidden-text", f"{TEXT}index-title-template",
    )
)  # fmt: skip
_SHAPES = frozenset(
    f"{DRAW}{name}"
    for name in ("frame", "custom-shape", "rect", "ellipse", "line", "connector", "polygon", "path")
)


def raw_text(paragraph: etree._Element) -> str:
    """The paragraph's text as it stands, without notes, comments and what floats beside it."""
    parts: list[str] = []
    stack: list[etree._Element | str] = [paragraph]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node.tag == f"{TEXT}s":
            parts.append(" " * min(whole(node.get(f"{TEXT}c"), 1), 1_000))
        elif node.tag == f"{TEXT}tab":
            parts.append("\t")
        elif node.tag == f"{TEXT}line-break":
            parts.append("\n")
        elif node.tag not in _SKIPPED and node.tag not in _SHAPES and node.tag != f"{DRAW}g":
            stack += [piece for child in reversed(node) for piece in (child.tail or "", child)]
            stack.append(re.sub(r"[\r\n\t]+", " ", node.text or ""))
    return "".join(parts)


def text_of(paragraph: etree._Element) -> str:
    """The paragraph's text, runs of blanks as one."""
    lines = (_BLANKS.sub(" ", line).strip() for line in raw_text(paragraph).split("\n"))
    return "\n".join(line for line in lines if line).replace("\t", " ")


@dataclass
class _List:
    """A list while it is read: its style, how far each level has come, and the depth."""

    style: str
    counts: dict[int, int]
    depth: int = 1


@dataclass
class FlowReader:
    """Reads flowing text; the blocks come one after the other, notes after the paragraph that
    refers to them."""

    package: OdfPackage
    styles: OdfStyles
    blocks: list[Block] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    pictures: set[int] = field(default_factory=set)
    title: str = ""
    code: list[str] = field(default_factory=list)
    outline: dict[int, int] = field(default_factory=dict)
    counts_by_id: dict[str, dict[int, int]] = field(default_factory=dict)
    counts_by_style: dict[str, dict[int, int]] = field(default_factory=dict)

    def read(self, container: etree._Element) -> None:
        """Read what stands in the container, in order."""
        for element in container:
            self._element(element)
        self._end_code()

    def _element(self, element: etree._Element) -> None:
        if element.tag in (f"{TEXT}p", f"{TEXT}h"):
            self._paragraph(element)
            return
        if element.tag == f"{TEXT}list":
            self._end_code()
            self._list(element, None)
        elif element.tag == f"{TABLE}table":
            self._table(element)
        elif element.tag in _LISTINGS:
            self._end_code()
            for paragraph in element.iter(f"{TEXT}p", f"{TEXT}h"):
                text = text_of(paragraph)
                if text:
                    self.blocks.append(Block(BlockKind.FURNITURE, text.replace("\n", " ")))
        elif element.tag in _OPENED:
            self.read(element)
        elif element.tag in _SHAPES or element.tag == f"{DRAW}g":
            self._float(element)

    def _paragraph(self, element: etree._Element, item: str = "", depth: int = 0) -> None:
        """A paragraph or heading; `item` is its marker and `depth` its level in a list."""
        name = element.get(f"{TEXT}style-name")
        text = text_of(element)
        if not depth and text and self.styles.is_named(name, _CODE):
            self.code.append(raw_text(element).rstrip())
        elif not text and self.code and not depth:
            self.code.append("")
        else:
            self._end_code()
            if text:
                self._text(element, text, item, depth)
        for node in _floating(element):
            self._float(node)
        self._notes(element)

    def _text(self, element: etree._Element, text: str, item: str, depth: int) -> None:
        name = element.get(f"{TEXT}style-name")
        flat = text.replace("\n", " ")
        level = self.styles.heading_level(name)
        if element.tag == f"{TEXT}h":
            level = min(max(whole(element.get(f"{TEXT}outline-level"), 1), 1), 9)
        if level:
            number = self._heading_number(element, level) or (item if item != "- " else "")
            self.blocks.append(Block(BlockKind.HEADING, number + flat, level))
        elif self.styles.is_named(name, _TITLE):
            self.title = self.title or flat
            self.blocks.append(Block(BlockKind.HEADING, flat, 1))
        elif self.styles.is_named(name, _CAPTION):
            self.blocks.append(Block(BlockKind.CAPTION, flat))
        else:
            self.looks[len(self.blocks)] = self.styles.look(element)
            listed = None if depth else without_bullet(text)
            if listed is not None:
                item, text, depth = "- ", listed, 1
            kind = BlockKind.LIST_ITEM if depth else BlockKind.PARAGRAPH
            self.blocks.append(Block(kind, item + text, depth))

    def _heading_number(self, element: etree._Element, level: int) -> str:
        """The number that the outline gives to a heading, with a space after it."""
        levels = self.styles.heading_levels(element.get(f"{TEXT}style-name"))
        if element.get(f"{TEXT}is-list-header") == "true" or level not in levels:
            return ""
        own = levels[level]
        restart = element.get(f"{TEXT}start-value")
        count = self.outline.get(level, own.start - 1) + 1
        self.outline[level] = whole(restart, count) if restart else count
        for deeper in [at for at in self.outline if at > level]:
            del self.outline[deeper]
        found = marker(levels, self.outline, level)
        return "" if found == "- " else found

    def _list(self, element: etree._Element, outer: _List | None) -> None:
        style = element.get(f"{TEXT}style-name") or (outer.style if outer else "")
        if outer is not None:
            depth = outer.depth + 1
            here = _List(style, outer.counts, min(depth, 9))
        else:
            here = _List(style, self._counts(element, style))
        for item in element:
            if item.tag == f"{TEXT}list-header":
                for child in item:
                    self._item_part(child, here, "")
            elif item.tag == f"{TEXT}list-item":
                self._item(item, here)
        if outer is None:
            self.counts_by_id[element.get("{http://www.w3.org/XML/1998/namespace}id") or ""] = (
                here.counts
            )
            self.counts_by_style[style] = here.counts

    def _counts(self, element: etree._Element, style: str) -> dict[int, int]:
        """Where the numbers of a list go on from."""
        before = element.get(f"{TEXT}continue-list")
        if before and before in self.counts_by_id:
            return self.counts_by_id[before]
        if element.get(f"{TEXT}continue-numbering") == "true":
            return self.counts_by_style.get(style, {})
        return {}

    def _item(self, item: etree._Element, here: _List) -> None:
        levels = self.styles.lists.get(here.style, {})
        first = item[0] if len(item) else None
        if first is None or first.tag == f"{TEXT}list":
            sign = ""
        else:
            start = levels[here.depth].start if here.depth in levels else 1
            count = here.counts.get(here.depth, start - 1) + 1
            here.counts[here.depth] = whole(item.get(f"{TEXT}start-value"), count)
            for deeper in [at for at in here.counts if at > here.depth]:
                del here.counts[deeper]
            sign = marker(levels, here.counts, here.depth)
        for child in item:
            self._item_part(child, here, sign)
            sign = ""

    def _item_part(self, child: etree._Element, here: _List, sign: str) -> None:
        if child.tag == f"{TEXT}list":
            self._list(child, here)
        elif child.tag in (f"{TEXT}p", f"{TEXT}h"):
            levels = self.styles.lists.get(here.style, {})
            unmarked = here.depth in levels and not levels[here.depth].form
            self._paragraph(child, sign, 0 if unmarked else here.depth)
        else:
            self._element(child)

    def _table(self, element: etree._Element) -> None:
        self._end_code()
        self.blocks += table_blocks(element, text_of)
        self._notes(element)

    def _float(self, element: etree._Element) -> None:
        """What floats in or beside a paragraph: text boxes, shapes with text, pictures with a
        description, charts."""
        if element.tag == f"{DRAW}g":
            for child in element:
                if child.tag in _SHAPES or child.tag == f"{DRAW}g":
                    self._float(child)
            return
        box = element.find(f"{DRAW}text-box") if element.tag == f"{DRAW}frame" else element
        if box is not None:
            self.read(box)
            return
        self.pictures.add(len(self.blocks))
        for thing in element.iterfind(f"{DRAW}object"):
            self.blocks += chart_blocks(self.package.embedded(thing.get(f"{XLINK}href")), text_of)
        description = element.findtext(f"{SVG}desc") or element.findtext(f"{SVG}title") or ""
        if alt_text(description):
            self.blocks.append(Block(BlockKind.CAPTION, alt_text(description)))

    def _notes(self, element: etree._Element) -> None:
        for note in element.iter(f"{TEXT}note"):
            body = note.find(f"{TEXT}note-body")
            lines = [text_of(p) for p in body.iter(f"{TEXT}p")] if body is not None else []
            text = " ".join(line for line in lines if line)
            if text:
                self._end_code()
                self.blocks.append(Block(BlockKind.FOOTNOTE, text))

    def _end_code(self) -> None:
        text = "\n".join(self.code).strip("\n").rstrip()
        self.code.clear()
        if text:
            self.blocks.append(Block(BlockKind.CODE, text))


def _floating(paragraph: etree._Element) -> Iterator[etree._Element]:
    """The outermost shapes anchored in a paragraph."""
    stack = list(reversed(paragraph))
    while stack:
        node = stack.pop()
        if node.tag in _SHAPES or node.tag == f"{DRAW}g":
            yield node
        elif node.tag not in _SKIPPED:
            stack.extend(reversed(node))
