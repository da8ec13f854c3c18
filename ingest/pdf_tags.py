"""Tagged PDF: blocks from the structure tree that the program which wrote the file left in it.

What a word processor or a browser says of its own document is exact where no reading of the page
can be: heading levels, cells and their spans, paragraphs and tables that run over pages.
Source: ISO 32000-1, 14.7 and 14.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.pdf_text import Path, Tagged

_REFERENCE = re.compile(r"(\d+) \d+ R|<<|>>|\b\d+\b|[\[\]]")
_SPAN = re.compile(r"/(ColSpan|RowSpan)\s+(\d{1,3})")
_HEADINGS = {"H": 1, "H1": 1, "H2": 2, "H3": 3, "H4": 4, "H5": 5, "H6": 6, "Title": 1}
_NAMED = {"title": "Title", "subtitle": "P", "caption": "Caption"}
_CELLS = ("TD", "TH")
_MOST_KIDS = 200_000


@dataclass(frozen=True, slots=True)
class Element:
    """The block that a line belongs to: its role (`H`, `P`, `LI`, `Table`, `Note`, `Caption`,
    `TOC`, `Figure`, `Code`, `Formula`), the path of the element, a heading's level or a list
    item's depth; for a cell also the path of the cell."""

    role: str
    path: Path
    level: int = 0
    cell: Path = ()


def element_of(tagged: Tagged) -> Element | None:
    """The block of a line; None where no element says what it is."""
    roles = [
        _NAMED.get(name.casefold(), role)
        for role, name in zip(tagged.roles, tagged.names, strict=True)
    ]
    path = tagged.path
    depth = roles.count("L")
    table = _first(roles, ("Table",))
    if table is not None:
        cell = _first(roles, _CELLS)
        if cell is not None:
            return Element("Table", path[: table + 1], cell=path[: cell + 1])
        caption = _first(roles, ("Caption",))
        if caption is not None:
            return Element("Caption", path[: caption + 1])
        return None
    for role, names in (
        ("TOC", ("TOC", "TOCI", "Index")),
        ("Note", ("Note", "FENote")),
        ("Caption", ("Caption",)),
        ("Figure", ("Figure",)),
        ("Formula", ("Formula",)),
        ("Code", ("Code",)),
    ):
        at = _first(roles, names)
        if at is not None:
            return Element(role, path[: at + 1])
    for at in range(len(roles) - 1, -1, -1):
        if roles[at] in _HEADINGS:
            return Element("H", path[: at + 1], _HEADINGS[roles[at]])
    item = _last(roles, "LI")
    if item is not None:
        inner = _last(roles, "P")
        return Element("LI", _item_path(path, roles, item, inner), depth)
    at_p = _last(roles, "P")
    if at_p is not None:
        return Element("P", path[: at_p + 1])
    quote = _last(roles, "BlockQuote")
    return Element("P", path[: quote + 1]) if quote is not None else None


def _item_path(path: Path, roles: Sequence[str], item: int, inner: int | None) -> Path:
    """The item itself for its first paragraph, the paragraph for a later one."""
    if inner is not None and inner > item and path[inner] > 0 and "LBody" in roles[item:inner]:
        return path[: inner + 1]
    return path[: item + 1]


def _first(roles: Sequence[str], names: Sequence[str]) -> int | None:
    return next((index for index, role in enumerate(roles) if role in names), None)


def _last(roles: Sequence[str], name: str) -> int | None:
    return next((i for i in range(len(roles) - 1, -1, -1) if roles[i] == name), None)


@dataclass(slots=True)
class CellPlace:
    """A cell of a table in the tree: its path, its spans, whether it is a header."""

    path: Path
    columns: int = 1
    rows: int = 1
    header: bool = False


@dataclass(slots=True)
class Tree:
    """The structure tree of an open document, read as far as it is asked for."""

    document: Any
    _kids: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def rows(self, table: Path) -> list[list[CellPlace]]:
        """The rows of the table at a path, in order, empty cells included."""
        xref = self._at(table)
        return list(self._rows(xref, table, 0)) if xref else []

    def _rows(self, xref: int, path: Path, depth: int) -> Iterator[list[CellPlace]]:
        for index, kid in enumerate(self.kids(xref)):
            role = self._role(kid)
            if role == "TR":
                yield [
                    self._cell(cell, (*path, index, place))
                    for place, cell in enumerate(self.kids(kid))
                    if cell and self._role(cell) in _CELLS
                ]
            elif kid and depth < 4 and role not in _CELLS:
                yield from self._rows(kid, (*path, index), depth + 1)

    def _cell(self, xref: int, path: Path) -> CellPlace:
        place = CellPlace(path, header=self._role(xref) == "TH")
        attributes = self.document.xref_get_key(xref, "A")[1]
        for reference in re.findall(r"(\d+) \d+ R", attributes)[:8]:
            attributes += self.document.xref_object(int(reference), compressed=True)
        for name, value in _SPAN.findall(attributes):
            if name == "ColSpan":
                place.columns = max(1, int(value))
            else:
                place.rows = max(1, int(value))
        return place

    def _role(self, xref: int) -> str:
        if not xref:
            return ""
        name = str(self.document.xref_get_key(xref, "S")[1]).lstrip("/")
        return str(self._mapped(name))

    def _mapped(self, name: str) -> str:
        if name in ("TR", "TD", "TH", "Table", "THead", "TBody", "TFoot"):
            return name
        root = self._root()
        mapped = self.document.xref_get_key(root, f"RoleMap/{name}")[1] if root else "null"
        return str(mapped).lstrip("/") if mapped != "null" else name

    def _root(self) -> int:
        kind, value = self.document.xref_get_key(self.document.pdf_catalog(), "StructTreeRoot")
        return int(value.split()[0]) if kind == "xref" else 0

    def _at(self, path: Path) -> int:
        xref = self._root()
        for place in path:
            kids = self.kids(xref)
            if place >= len(kids) or not kids[place]:
                return 0
            xref = kids[place]
        return xref

    def kids(self, xref: int) -> tuple[int, ...]:
        """The children of an element in order; 0 for those that are content and no elements."""
        found = self._kids.get(xref)
        if found is None:
            kind, value = self.document.xref_get_key(xref, "K")
            found = _kids_in(value) if kind in ("array", "xref", "int", "dict") else ()
            self._kids[xref] = found
        return found


def _kids_in(value: str) -> tuple[int, ...]:
    out: list[int] = []
    depth = 0
    for match in _REFERENCE.finditer(value):
        token = match.group()
        if token == "<<":
            depth += 1
            if depth == 1:
                out.append(0)
        elif token == ">>":
            depth -= 1
        elif depth == 0 and token not in "[]":
            out.append(int(match[1]) if match[1] else 0)
        if len(out) > _MOST_KIDS:
            break
    return tuple(out)


def is_tagged(document: Any) -> bool:
    """Whether the file says that it is tagged and has a tree."""
    try:
        catalog = document.pdf_catalog()
        return bool(document.xref_get_key(catalog, "StructTreeRoot")[0] == "xref")
    except Exception:  # a damaged catalog
        return False


def trustworthy(sample: Sequence[Sequence[Tagged]]) -> bool:
    """Whether the tags of some pages say what they should: nearly all text lies in an element
    with a meaning, no element swallows whole pages, cells run from left to right."""
    total = told = 0
    sizes: dict[tuple[int, Path], int] = {}
    for number, page in enumerate(sample):
        for tagged in page:
            length = len(tagged.line.text.strip())
            total += length
            element = element_of(tagged)
            if element is not None:
                told += length
                key = (number, element.cell or element.path)
                sizes[key] = sizes.get(key, 0) + length
        if not _runs_rightwards(page):
            return False
    if total == 0 or told < 0.7 * total:
        return False
    return max(sizes.values()) < max(4000, 0.6 * total)


def _runs_rightwards(page: Sequence[Tagged]) -> bool:
    """Whether cells further on in a row stand further to the right."""
    places: dict[Path, float] = {}
    for tagged in page:
        element = element_of(tagged)
        if element is not None and element.cell:
            x = tagged.line.box[0]
            places[element.cell] = min(places.get(element.cell, x), x)
    wrong = right = 0
    before: Path = ()
    for path in sorted(places):
        if before and before[:-1] == path[:-1]:
            if places[path] + 2 >= places[before]:
                right += 1
            else:
                wrong += 1
        before = path
    return wrong * 20 <= right
