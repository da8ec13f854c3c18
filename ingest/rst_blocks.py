"""The document tree of docutils as blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes

from ingest.contract import Block, BlockKind, Json
from ingest.lines import join_lines
from ingest.tables import Cell, expand, make_table, table_block

_ROLE = re.compile(r":[\w:+.-]+:`(!?~?)([^`<]*?)\s*(?:<[^`>]*>)?`|`([^`<]+?)\s*(?:<[^`>]*>)?`_*")
_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|]+\| +)?([\w:+.-]+)::[ \t]*(.*)")
_OPTION = re.compile(r"\s*:[\w-]+:(?:\s|$)")
# What shows other files, or nothing at all.
_SILENT = frozenset(
    """
    toctree index automodule autoclass autofunction automethod autodata autoattribute
    autosummary literalinclude include raw only currentmodule module py:module
    py:currentmodule highlight tabularcolumns sectionauthor codeauthor bibliography
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_PATHS = frozenset(("image", "figure", "csv-table", "list-table", "table"))
_CODE = frozenset(
    ("code", "code-block", "sourcecode", "ipython", "prompt", "jupyter-execute", "parsed")
)
_VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
    "seealso": "See also",
}
_SKIPPED = (
    nodes.comment, nodes.substitution_definition, nodes.target, nodes.pending, nodes.raw,
    nodes.transition, nodes.docinfo, nodes.title, nodes.problematic, nodes.footnote,
    nodes.citation,
)  # fmt: skip
_DEEPEST = 4


@dataclass
class RstText:
    """What a document holds."""

    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    metadata: dict[str, Json] = field(default_factory=dict)
    languages: dict[str, None] = field(default_factory=dict)


def read_doctree(tree: Any, read: Callable[[str], Any]) -> RstText:
    """The blocks of a document tree; `read` makes a tree of the content of a directive that
    docutils does not know."""
    found = RstText()
    walk = _Walk(found, read, _notes(tree))
    title = tree.next_node(nodes.title, descend=True) if tree.get("title") else None
    base = 0
    if title is not None and title.parent is tree:
        found.title = inline(title)
        walk.add(BlockKind.HEADING, found.title, 1)
        base = 1
    _read_metadata(tree, found)
    walk.children(tree, base)
    walk.end()
    if found.languages:
        found.metadata["code_languages"] = tuple(found.languages)
    return found


def inline(node: Any) -> str:
    """The text of a node on one line (lines of a line block apart), as a reader sees it."""
    parts: list[str] = []
    for part in node.findall(lambda n: isinstance(n, nodes.Text | nodes.image)):
        parent = part.parent
        if isinstance(part, nodes.image):
            parts.append(part.get("alt", ""))
        elif isinstance(parent, nodes.footnote_reference | nodes.citation_reference | nodes.raw):
            continue
        elif isinstance(parent, nodes.problematic):
            parts.append(_ROLE.sub(_plain_role, str(part)))
        elif isinstance(parent, nodes.math):
            parts.append(f"${part}$")
        else:
            parts.append(str(part))
    return join_lines("".join(parts).split("\n"))


def _plain_role(match: re.Match[str]) -> str:
    """What an unknown role shows: `:func:`~a.b`` is b."""
    text = match[2] if match[2] is not None else match[3]
    if match[1] and "~" in match[1]:
        text = text.rsplit(".", 1)[-1]
    return text.strip()


def _notes(tree: Any) -> dict[str, str]:
    """The texts of footnotes and citations by their id."""
    found: dict[str, str] = {}
    for note in tree.findall(lambda n: isinstance(n, nodes.footnote | nodes.citation)):
        texts = (inline(c) for c in note.children if not isinstance(c, nodes.label))
        text = "\n".join(filter(None, texts))
        if isinstance(note, nodes.citation):
            text = f"[{note.children[0].astext()}] {text}"
        for identifier in note["ids"][:1]:
            found[identifier] = text
    return found


def _read_metadata(tree: Any, found: RstText) -> None:
    """The fields at the top of the document and its meta directives."""
    for info in tree.findall(nodes.docinfo):
        for item in info.children:
            if isinstance(item, nodes.field):
                name, value = inline(item.children[0]).lower(), inline(item.children[1])
            elif isinstance(item, nodes.authors):
                name, value = "author", ", ".join(inline(author) for author in item.children)
            else:
                name, value = type(item).__name__, inline(item)
            if value:
                found.metadata.setdefault("created" if name == "date" else name, value)
            if name in ("tags", "keywords", "category"):
                parts = (part.strip() for part in re.split("[,，、;；]", value))
                found.metadata[name] = tuple(filter(None, parts))
    for meta in tree.findall(nodes.meta):
        if meta.get("name") and meta.get("content"):
            found.metadata.setdefault(meta["name"].lower(), meta["content"])


@dataclass
class _Walk:
    """The state of one walk over a tree."""

    found: RstText
    read: Callable[[str], Any]
    notes: dict[str, str]
    marker: str = ""
    lists: int = 0
    prefix: str = ""
    nested: int = 0

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text.strip():
            self.found.blocks.append(Block(kind, text, level))

    def children(self, node: Any, level: int) -> None:
        """The blocks of all below the node, `level` being that of the heading above."""
        for child in node.children:
            self.take(child, level)

    def take(self, node: Any, level: int) -> None:
        """The blocks of one node."""
        if isinstance(node, nodes.section):
            title = node.next_node(nodes.title)
            if title is not None:
                self.add(BlockKind.HEADING, inline(title), level + 1)
            self.children(node, level + 1)
        elif isinstance(node, _SKIPPED):
            return
        elif isinstance(node, nodes.system_message):
            self._unknown(node, level)
        elif isinstance(node, nodes.Admonition):
            self._admonition(node, level)
        elif isinstance(node, nodes.topic | nodes.sidebar):
            self._topic(node, level)
        elif isinstance(node, nodes.decoration):
            for part in node.findall(nodes.paragraph):
                self.add(BlockKind.FURNITURE, inline(part))
        elif not self._list(node, level) and not self._leaf(node):
            self.children(node, level)

    def _leaf(self, node: Any) -> bool:
        """A node that is one block; False for any other."""
        if isinstance(node, nodes.paragraph | nodes.attribution | nodes.rubric | nodes.subtitle):
            self._paragraph(inline(node))
        elif isinstance(node, nodes.line_block):
            lines = (inline(line) for line in node.findall(nodes.line))
            self._paragraph("\n".join(filter(None, lines)))
        elif isinstance(node, nodes.literal_block | nodes.doctest_block):
            self._code(node)
        elif isinstance(node, nodes.math_block):
            self.add(BlockKind.FORMULA, f"$$\n{node.astext().strip()}\n$$")
        elif isinstance(node, nodes.caption):
            self.add(BlockKind.CAPTION, inline(node))
        elif isinstance(node, nodes.image):
            self.add(BlockKind.CAPTION, node.get("alt", ""))
        elif isinstance(node, nodes.table):
            self._table(node)
        else:
            return False
        self._refer(node)
        return True

    def _paragraph(self, text: str) -> None:
        if not text:
            return
        text, self.prefix = self.prefix + text, ""
        if self.lists:
            self.add(BlockKind.LIST_ITEM, self.marker + text, self.lists)
            self.marker = ""
        else:
            self.add(BlockKind.PARAGRAPH, text)

    def _refer(self, node: Any) -> None:
        """The notes that the block refers to for the first time."""
        for mark in node.findall(
            lambda n: isinstance(n, nodes.footnote_reference | nodes.citation_reference)
        ):
            self.add(BlockKind.FOOTNOTE, self.notes.pop(mark.get("refid", ""), ""))

    def end(self) -> None:
        """Notes that nothing refers to."""
        for text in self.notes.values():
            self.add(BlockKind.FOOTNOTE, text)

    def _code(self, node: Any) -> None:
        self.add(BlockKind.CODE, node.astext().strip("\n").rstrip())
        classes = node.get("classes", [])
        if classes[:1] == ["code"] and len(classes) > 1:
            self.found.languages[classes[1]] = None

    def _list(self, node: Any, level: int) -> bool:
        """A list of any kind; False for any other node."""
        items: Iterable[tuple[str, Any]]
        if isinstance(node, nodes.bullet_list):
            items = (("- ", child) for child in node.children)
        elif isinstance(node, nodes.enumerated_list):
            items = _enumerated(node)
        elif isinstance(node, nodes.definition_list):
            items = _defined(node)
        elif isinstance(node, nodes.field_list):
            items = ((f"- {inline(f.children[0])}: ", f.children[1]) for f in node.children)
        elif isinstance(node, nodes.option_list):
            items = (
                (
                    f"- {', '.join(option.astext() for option in o.children[0].children)}: ",
                    o.children[1],
                )
                for o in node.children
            )
        else:
            return False
        self.lists += 1
        for marker, item in items:
            self.marker = marker
            self.children(item, level)
            if self.marker:
                self.add(BlockKind.LIST_ITEM, marker.rstrip(" :"), self.lists)
            self.marker = ""
        self.lists -= 1
        return True

    def _admonition(self, node: Any, level: int) -> None:
        title = next((c for c in node.children if isinstance(c, nodes.title)), None)
        name = inline(title) if title is not None else type(node).__name__.capitalize()
        self.prefix = f"{name}: "
        self.children(node, level)
        self.prefix = ""

    def _topic(self, node: Any, level: int) -> None:
        if "contents" in node.get("classes", []):
            return
        title = next((c for c in node.children if isinstance(c, nodes.title)), None)
        if title is not None:
            self._paragraph(inline(title))
        self.children(node, level)

    def _table(self, node: Any) -> None:
        title = next((c for c in node.children if isinstance(c, nodes.title)), None)
        if title is not None:
            self.add(BlockKind.CAPTION, inline(title))
        rows: list[list[Cell]] = []
        header = 0
        for row in node.findall(nodes.row):
            header += isinstance(row.parent, nodes.thead)
            rows.append(
                [
                    Cell(_cell(e), e.get("morecols", 0) + 1, e.get("morerows", 0) + 1)
                    for e in row.children
                ]
            )
        table = make_table(expand(rows), header)
        if table.rows:
            self.found.blocks.append(table_block(table))

    def _unknown(self, node: Any, level: int) -> None:
        """The content of a directive that docutils does not know."""
        literal = next((c for c in node.children if isinstance(c, nodes.literal_block)), None)
        match = _DIRECTIVE.match(literal.astext()) if literal is not None else None
        if literal is None or match is None or match[1] in _SILENT or self.nested >= _DEEPEST:
            return
        content = _content(literal.astext())
        if match[1] in _CODE:
            self.add(BlockKind.CODE, content)
            if match[2].strip():
                self.found.languages[match[2].split()[0]] = None
            return
        if match[2] and match[1] in _VERSIONS:
            self.prefix = f"{_VERSIONS[match[1]]} {match[2].strip()}: "
            if not content:
                self.prefix = ""
                self._paragraph(f"{_VERSIONS[match[1]]} {match[2].strip()}.")
        elif match[1] in _VERSIONS:
            self.prefix = f"{_VERSIONS[match[1]]}: "
        elif match[2] and match[1] not in _PATHS:
            self._paragraph(_ROLE.sub(_plain_role, match[2].strip()))
        if content.strip():
            tree = self.read(content)
            self.notes.update(_notes(tree))
            self.nested += 1
            self.children(tree, level)
            self.nested -= 1
        self.prefix = ""


def _content(text: str) -> str:
    """The content of a directive, without its arguments and options."""
    lines = text.split("\n")[1:]
    while lines and (_OPTION.match(lines[0]) or not lines[0].strip()):
        lines.pop(0)
    indent = min((len(ln) - len(ln.lstrip()) for ln in lines if ln.strip()), default=0)
    return "\n".join(line[indent:] for line in lines).strip("\n")


def _enumerated(node: Any) -> Iterator[tuple[str, Any]]:
    first = int(node.get("start", 1))
    kind = node.get("enumtype", "arabic")
    for number, item in enumerate(node.children, first):
        if kind in ("loweralpha", "upperalpha") and number <= 26:
            shown = chr((97 if kind == "loweralpha" else 65) + number - 1)
        elif kind in ("lowerroman", "upperroman") and number < 4000:
            shown = _roman(number)
            shown = shown.lower() if kind == "lowerroman" else shown
        else:
            shown = str(number)
        yield f"{node.get('prefix', '')}{shown}{node.get('suffix', '.')} ", item


def _defined(node: Any) -> Iterator[tuple[str, Any]]:
    for item in node.children:
        parts = [c for c in item.children if not isinstance(c, nodes.definition)]
        term = inline(parts[0]) if parts else ""
        for classifier in parts[1:]:
            if isinstance(classifier, nodes.classifier):
                term += f" ({inline(classifier)})"
        definition = next((c for c in item.children if isinstance(c, nodes.definition)), None)
        yield f"- {term}: ", definition if definition is not None else nodes.definition()


def _cell(entry: Any) -> str:
    """The text of a cell, its paragraphs and list items parted."""
    kinds = nodes.paragraph | nodes.line | nodes.literal_block | nodes.image
    parts = list(entry.findall(lambda n: isinstance(n, kinds)))
    return " ".join(filter(None, (inline(part) for part in parts)))


def _roman(number: int) -> str:
    """The number in capital Roman numerals."""
    out = ""
    for value, mark in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    ):
        out += mark * (number // value)
        number %= value
    return out
