"""XML as blocks: DocBook, JATS and TEI by their own elements, feeds and sitemaps by their entries,
anything else by what its elements are called and hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from ingest.contract import Block, BlockKind, Json
from ingest.html_tree import drop
from ingest.lines import join_lines
from ingest.tables import Cell, expand, make_table, table_block

_TITLES = frozenset(("title", "head", "heading", "caption", "headline", "标题"))
_INLINE = frozenset(
    """
    emphasis italic bold b i u em strong sub sup xref link ulink uri ext-link phrase quote
    literal command filename code-inline hi ref term citetitle monospace underline sc styled-content
    inline-formula named-content email tt abbrev acronym firstterm application option parameter
    replaceable userinput systemitem varname function classname methodname productname trademark
    span a small mark ph keyword uicontrol codeph lb persname placename name-inline
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_CODE = frozenset(
    ("programlisting", "screen", "code", "preformat", "codeblock", "pre", "literallayout")
)
_PARAGRAPHS = frozenset(("para", "simpara", "p", "ab", "l", "attrib", "disp-quote-p"))
_ITEMS = frozenset(("listitem", "list-item", "item", "li", "member", "step"))
_LISTS = frozenset(
    """
    itemizedlist orderedlist list ul ol simplelist procedure variablelist def-list dl
    """.split()  # noqa: SIM905
)
_NUMBERED = frozenset(("orderedlist", "ol", "procedure"))
_NOTES = frozenset(("footnote", "fn", "note-foot"))
_OUT = frozenset(("index", "toc", "indexterm", "teiheader", "script", "style"))
_ABOUT = frozenset(
    ("info", "bookinfo", "articleinfo", "sectioninfo", "chapterinfo", "front", "article-meta")
)
_REFERENCES = frozenset(("ref", "biblioentry", "bibliomixed", "bibl"))
_FORMULAS = frozenset(("disp-formula", "informalequation", "equation", "math"))
_CALLED = ("name", "id", "title", "key", "type")
_FIELD = 200
_DEEPEST_HEADING = 9


def local(element: etree._Element | None) -> str:
    """The name of an element without its namespace, in lower case; "" for a comment or None."""
    tag = None if element is None else element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def has_title(element: etree._Element) -> bool:
    """Whether a child of the element is its title."""
    return any(local(child) in _TITLES for child in element)


def text_of(element: etree._Element) -> str:
    """All text below the element on one line; elements that are no part of a sentence are
    parted by a space."""
    parts: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        name = local(node)
        if event in ("comment", "pi"):
            parts.append(node.tail or "")
            continue
        if name not in _INLINE and node is not element:
            parts.append(" ")
        if event == "start":
            parts.append(node.text or "")
        elif node is not element:
            parts.append(node.tail or "")
    return join_lines("".join(parts).split("\n"))


@dataclass
class XmlText:
    """What a document holds."""

    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    metadata: dict[str, Json] = field(default_factory=dict)

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text.strip():
            self.blocks.append(Block(kind, text.strip(), level))


@dataclass
class Walk:
    """The state of one walk over a document; `children` and `take` hand each other the level of
    the heading above. Depth is bounded by the parser. `known` says that the elements are those of
    DocBook, JATS or TEI."""

    found: XmlText
    known: bool = False
    lists: int = 0
    marker: str = ""

    def take(self, element: etree._Element, level: int) -> None:
        """The blocks of an element."""
        name = local(element)
        if not name or (self.known and name in _OUT):
            return
        if self.known and name in _ABOUT:
            for abstract in (e for e in element.iter() if local(e) == "abstract"):
                if not has_title(abstract):
                    self.found.add(BlockKind.HEADING, "Abstract", level + 1)
                self.take(abstract, level)
        elif self.known and name in _REFERENCES:
            self.found.add(BlockKind.PARAGRAPH, text_of(element))
        elif name in _CODE and ("\n" in "".join(map(str, element.itertext())) or name != "code"):
            self.found.add(BlockKind.CODE, "".join(map(str, element.itertext())).strip("\n"))
        elif name in ("table", "informaltable", "tgroup", "table-wrap"):
            self._table(element)
        elif name in _LISTS:
            self._list(element, level)
        elif name in _NOTES:
            self.found.add(BlockKind.FOOTNOTE, text_of(element))
        elif name in _FORMULAS:
            self.found.add(BlockKind.FORMULA, text_of(element))
        elif name in _PARAGRAPHS and not self._holds_blocks(element):
            self._paragraph(element)
        elif len(element) == 0 or not self._holds_elements(element):
            self._leaf(element, name, level)
        else:
            self._container(element, name, level)

    def children(self, element: etree._Element, level: int) -> None:
        """The blocks of all that is in the element, loose text included."""
        if element.text and element.text.strip():
            self._text(join_lines(element.text.split("\n")))
        for child in element:
            self.take(child, level)
            if child.tail and child.tail.strip():
                self._text(join_lines(child.tail.split("\n")))

    def _holds_elements(self, element: etree._Element) -> bool:
        return any(local(child) not in _INLINE for child in element if local(child))

    def _holds_blocks(self, element: etree._Element) -> bool:
        wanted = _CODE | _LISTS | _FORMULAS | {"table", "informaltable", "table-wrap"}
        wanted -= {"code", "math"}
        return any(local(node) in wanted for node in element.iter())

    def _text(self, text: str) -> None:
        if self.lists:
            self.found.add(BlockKind.LIST_ITEM, self.marker + text, self.lists)
            self.marker = ""
        else:
            self.found.add(BlockKind.PARAGRAPH, text)

    def _paragraph(self, element: etree._Element) -> None:
        notes = [node for node in element.iter() if local(node) in _NOTES]
        texts = [text_of(note) for note in notes]
        for note in notes:
            drop(note)
        self._text(text_of(element))
        for text in texts:
            self.found.add(BlockKind.FOOTNOTE, text)

    def _leaf(self, element: etree._Element, name: str, level: int) -> None:
        """An element with text alone: a heading, or `name: text` where it is short."""
        text = text_of(element)
        if not text:
            text = ", ".join(f"{local_name(k)}={element.get(k)}" for k in element.attrib)
        if name in _TITLES:
            self.found.add(BlockKind.HEADING, text, max(min(level, _DEEPEST_HEADING), 1))
        elif text and len(text) <= _FIELD and name not in _PARAGRAPHS and not self.lists:
            self.found.add(BlockKind.LIST_ITEM, f"- {name}: {text}", 1)
        elif text:
            self._text(text)

    def _container(self, element: etree._Element, name: str, level: int) -> None:
        rows = [] if self.known else _records(element)
        if rows:
            self.found.blocks.append(table_block(make_table(rows)))
            return
        heading = next((child for child in element if local(child) in _TITLES), None)
        figure = name in ("figure", "fig", "informalfigure", "mediaobject")
        if heading is not None and not figure:
            label = next((c for c in element if local(c) in ("label", "num")), None)
            text = " ".join(
                filter(None, (text_of(label) if label is not None else "", text_of(heading)))
            )
            self.found.add(BlockKind.HEADING, text, min(level + 1, _DEEPEST_HEADING))
            for child in element:
                if child is not heading and child is not label:
                    self.take(child, level + 1)
        elif figure:
            self.found.add(BlockKind.CAPTION, text_of(element))
        else:
            if not self.known and level < _DEEPEST_HEADING and _is_data(element):
                called = (str(element.get(k)) for k in element.attrib if local_name(k) in _CALLED)
                level += 1
                self.found.add(BlockKind.HEADING, " ".join((name, *called)), level)
            self.children(element, level)

    def _list(self, element: etree._Element, level: int) -> None:
        self.lists += 1
        number = 0
        numbered = local(element) in _NUMBERED or element.get("list-type") == "order"
        for child in element:
            name = local(child)
            if name in ("varlistentry", "def-item"):
                term = next((c for c in child if local(c) == "term"), None)
                self.marker = f"- {text_of(term)}: " if term is not None else "- "
                for part in child:
                    if part is not term:
                        self.children(part, level)
            elif name in _ITEMS:
                number += 1
                self.marker = f"{number}. " if numbered else "- "
                self.children(child, level)
            elif name in _TITLES:
                self.found.add(BlockKind.PARAGRAPH, text_of(child))
        self.marker = ""
        self.lists -= 1

    def _table(self, element: etree._Element) -> None:
        for child in element.iter():
            if local(child) in ("title", "caption", "label") and not _in_row(child, element):
                if local(child.getparent()) == "caption":
                    continue
                self.found.add(BlockKind.CAPTION, text_of(child))
        rows: list[list[Cell]] = []
        header = 0
        for row in element.iter():
            if local(row) not in ("row", "tr"):
                continue
            parent = row.getparent()
            header += parent is not None and local(parent) == "thead"
            cells = [c for c in row if local(c) in ("entry", "td", "th", "cell")]
            rows.append([_cell(c) for c in cells])
        table = make_table(expand(rows), header or 1)
        if table.rows:
            self.found.blocks.append(table_block(table))


def _is_data(element: etree._Element) -> bool:
    """Whether the element is a record: several short fields, and no running text."""
    leaves = [child for child in element if local(child) and not len(child)]
    return (
        len(leaves) >= 2
        and not any(local(leaf) in _PARAGRAPHS | _INLINE for leaf in leaves)
        and all(len(leaf.text or "") <= _FIELD for leaf in leaves)
    )


def _in_row(element: etree._Element, table: etree._Element) -> bool:
    for parent in element.iterancestors():
        if parent is table:
            return False
        if local(parent) in ("row", "tr"):
            return True
    return False


def _cell(cell: etree._Element) -> Cell:
    def number(name: str) -> int:
        value = cell.get(name, "")
        return int(value) if value.isdecimal() and len(value) < 5 else 0

    columns, rows = number("colspan") or 1, number("rowspan") or number("morerows") + 1
    start, end = (re.findall(r"\d+", cell.get(name, "")) for name in ("namest", "nameend"))
    if start and end and len(start[0]) < 5 and len(end[0]) < 5:
        columns = max(int(end[0]) - int(start[0]) + 1, 1)
    return Cell(text_of(cell), columns, rows)


def local_name(name: object) -> str:
    """An attribute's name without its namespace."""
    return str(name).rpartition("}")[2]


def _records(element: etree._Element) -> list[Sequence[str]]:
    """The rows of a table where all children are records of one kind with plain short fields."""
    children = [child for child in element if local(child)]
    names = {local(child) for child in children}
    if len(children) < 2 or len(names) != 1 or names & (_ITEMS | _PARAGRAPHS | _INLINE):
        return []
    columns: dict[str, None] = {}
    records: list[dict[str, str]] = []
    for child in children:
        record = dict(_fields(child))
        if not record or any(len(value) > _FIELD or value == "\x00" for value in record.values()):
            return []
        columns.update(dict.fromkeys(record))
        records.append(record)
    if len(columns) < 2 or len(columns) > 60:
        return []
    return [list(columns), *([r.get(name, "") for name in columns] for r in records)]


def _fields(record: etree._Element) -> Iterator[tuple[str, str]]:
    """The attributes and the plain children of a record; a field that is not plain is NUL."""
    for name, value in record.attrib.items():
        yield local_name(name), str(value)
    seen: dict[str, str] = {}
    for child in record:
        name = local(child)
        if not name:
            continue
        plain = not any(len(inner) for inner in child) and len(child) <= 20
        text = text_of(child) if plain else "\x00"
        seen[name] = f"{seen[name]}; {text}" if name in seen else text
    yield from seen.items()
