"""Shapes of PowerPoint slides: where they stand, what they inherit, what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingest.alt_text import alt_text
from ingest.charts import C, chart_blocks
from ingest.contract import Block, BlockKind
from ingest.diagrams import D, diagram_blocks
from ingest.drawing_text import Paragraph, paragraphs, text_blocks, text_of
from ingest.header_rows import header_rows, title_above
from ingest.ooxml import MC, A, OfficePackage, R, chosen, flag, whole
from ingest.slide_order import Rectangle
from ingest.slides import Role, Shape
from ingest.tables import Cell, expand, make_table, table_block

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
EMU = 12_700
"""English Metric Units in a point."""

_TITLES = ("title", "ctrTitle")
_FURNITURE = ("dt", "ftr", "sldNum", "hdr")
_SHAPES = tuple(f"{P}{name}" for name in ("sp", "pic", "graphicFrame"))
_Transform = tuple[float, float, float, float]
"""Offset and scale along both axes: x' = x0 + x * sx, y' = y0 + y * sy."""


@dataclass
class Master:
    """A slide's layout or master: its placeholders, the list styles for each kind of text, and
    the master that it inherits from."""

    root: etree._Element
    parent: Master | None = None
    placeholders: dict[tuple[str, str], etree._Element] = field(default_factory=dict)

    @staticmethod
    def of(root: etree._Element, parent: Master | None = None) -> Master:
        """A layout (with its master as parent) or a master."""
        found = Master(root, parent)
        for shape in root.iter(f"{P}sp"):
            place = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
            if place is not None:
                kind, index = place.get("type", "obj"), place.get("idx", "0")
                found.placeholders.setdefault((_family(kind), index), shape)
                found.placeholders.setdefault((_family(kind), ""), shape)
                found.placeholders.setdefault(("", index), shape)
        return found

    def ancestors(self, kind: str, index: str) -> Iterator[etree._Element]:
        """The placeholders that one of this kind and index inherits from, nearest first. A
        layout's is found by its index, a master's by its kind."""
        keys = [(_family(kind), index), ("", index), (_family(kind), "")]
        if self.parent is None:
            keys = [(_family(kind), ""), ("body", "")]
        for key in keys:
            if key in self.placeholders:
                yield self.placeholders[key]
                break
        if self.parent is not None:
            yield from self.parent.ancestors(kind, index)

    def text_style(self, kind: str) -> etree._Element | None:
        """The master's list style for titles, bodies or other text."""
        if self.parent is not None:
            return self.parent.text_style(kind)
        family = _family(kind) if kind else ""
        name = {"title": "titleStyle", "body": "bodyStyle"}.get(family, "otherStyle")
        return self.root.find(f"{P}txStyles/{P}{name}")


def _family(kind: str) -> str:
    """The kind of the master's placeholder that this one goes back to."""
    if kind in _TITLES:
        return "title"
    return kind if kind in _FURNITURE else "body"


@dataclass
class SlideReader:
    """Reads the shapes of one slide: its part, and the layout that it follows."""

    office: OfficePackage
    part: str
    layout: Master | None
    default_style: etree._Element | None = None

    def shapes(self, tree: etree._Element) -> list[Shape]:
        """The shapes that hold something, groups opened, in the file's order."""
        found: list[Shape] = []
        pending: list[tuple[etree._Element, _Transform]] = [
            (child, (0.0, 0.0, 1.0, 1.0)) for child in reversed(tree)
        ]
        while pending:
            element, transform = pending.pop()
            if element.tag == f"{MC}AlternateContent":
                branch = chosen(element)
                pending += [(c, transform) for c in reversed(branch if branch is not None else ())]
            elif element.tag == f"{P}grpSp":
                inner = _inside(element, transform)
                pending += [(child, inner) for child in reversed(element)]
            elif element.tag in _SHAPES:
                shape = self._shape(element, transform)
                if shape is not None:
                    found.append(shape)
        return found

    def _shape(self, element: etree._Element, transform: _Transform) -> Shape | None:
        named = element.find(f"./*/{P}cNvPr")
        if flag(named, "hidden"):
            return None
        place = element.find(f"./*/{P}nvPr/{P}ph")
        kind = place.get("type", "obj") if place is not None else ""
        index = place.get("idx", "0") if place is not None else ""
        inherited = (
            list(self.layout.ancestors(kind, index))
            if self.layout is not None and place is not None
            else []
        )
        rectangle = _rectangle([element, *inherited], transform)
        if element.tag == f"{P}graphicFrame":
            return self._made(self._frame(element), rectangle)
        if element.tag == f"{P}pic":
            description = alt_text((named.get("descr") if named is not None else None) or "")
            blocks = [Block(BlockKind.CAPTION, description)] if description else []
            return self._made(blocks, rectangle)
        return self._text(element, kind, rectangle, inherited)

    def _made(self, blocks: list[Block], rectangle: Rectangle) -> Shape | None:
        return Shape(tuple(blocks), rectangle) if blocks else None

    def _text(
        self,
        element: etree._Element,
        kind: str,
        rectangle: Rectangle,
        inherited: list[etree._Element],
    ) -> Shape | None:
        styles = [
            style
            for shape in inherited
            if (style := shape.find(f"{P}txBody/{A}lstStyle")) is not None
        ]
        if self.layout is not None:
            style = self.layout.text_style(kind)
            styles += [style] if style is not None else []
        if not kind and self.default_style is not None:
            styles.append(self.default_style)
        found = paragraphs(element.find(f"{P}txBody"), styles)
        if not found:
            return None
        size = max(paragraph.size for paragraph in found)
        if kind in _FURNITURE:
            role = Role.FURNITURE
        elif kind in _TITLES:
            role = Role.TITLE
        else:
            role = Role.SUBTITLE if kind == "subTitle" else Role.SHAPE
        if role is Role.SHAPE:
            blocks = text_blocks(found)
        else:
            blocks = [Block(BlockKind.PARAGRAPH, paragraph.text) for paragraph in found]
        return Shape(tuple(blocks), rectangle, role, size)

    def _frame(self, element: etree._Element) -> list[Block]:
        """What a graphic frame holds: a table, a chart or a diagram."""
        table = element.find(f"{A}graphic/{A}graphicData/{A}tbl")
        if table is not None:
            return table_blocks(table)
        chart = element.find(f"{A}graphic/{A}graphicData/{C}chart")
        if chart is not None:
            return chart_blocks(
                self.office.root(self.office.target(self.part, chart.get(f"{R}id")))
            )
        diagram = element.find(f"{A}graphic/{A}graphicData/{D}relIds")
        if diagram is not None:
            return diagram_blocks(
                self.office.root(self.office.target(self.part, diagram.get(f"{R}dm")))
            )
        return []


def table_blocks(table: etree._Element) -> list[Block]:
    """A DrawingML table, its title row as a caption above it."""
    rows: list[list[Cell]] = []
    for row in table.iterfind(f"{A}tr"):
        cells: list[Cell] = []
        for cell in row.iterfind(f"{A}tc"):
            if flag(cell, "hMerge") or flag(cell, "vMerge"):
                continue
            lines = (text_of(p) for p in cell.iter(f"{A}p"))
            text = " ".join(line for line in lines if line)
            spans = (whole(cell.get("gridSpan"), 1), whole(cell.get("rowSpan"), 1))
            cells.append(Cell(text, max(spans[0], 1), max(spans[1], 1)))
        rows.append(cells)
    laid = expand(rows)
    caption, skipped = title_above(laid)
    laid = laid[skipped:]
    first = flag(table.find(f"{A}tblPr"), "firstRow")
    made = make_table(laid, header_rows(laid, at_least=1 if first else 0))
    blocks = [Block(BlockKind.CAPTION, line) for line in caption.split("\n") if line]
    return [*blocks, table_block(made)] if made.rows else blocks


def notes_of(root: etree._Element | None) -> list[Paragraph]:
    """The paragraphs of a notes page's body."""
    found: list[Paragraph] = []
    for shape in root.iter(f"{P}sp") if root is not None else ():
        place = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        if place is not None and place.get("type") == "body":
            found += paragraphs(shape.find(f"{P}txBody"))
    return found


def own_texts(root: etree._Element) -> list[str]:
    """The texts that a layout or master shows on its slides: those outside placeholders."""
    found: list[str] = []
    for shape in root.iter(f"{P}sp"):
        if shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph") is None:
            text = " ".join(p.text for p in paragraphs(shape.find(f"{P}txBody")))
            found += [" ".join(text.split())] if text else []
    return found


def _rectangle(chain: list[etree._Element], transform: _Transform) -> Rectangle:
    """The place of a shape, its own or that of the first in the chain that states one."""
    for element in chain:
        frame = element.find(f"{P}xfrm")
        frame = element.find(f"{P}spPr/{A}xfrm") if frame is None else frame
        if frame is None:
            continue
        offset, extent = frame.find(f"{A}off"), frame.find(f"{A}ext")
        if offset is None or extent is None:
            continue
        x, y = whole(offset.get("x")) / EMU, whole(offset.get("y")) / EMU
        width, height = whole(extent.get("cx")) / EMU, whole(extent.get("cy")) / EMU
        x0, y0, sx, sy = transform
        return (x0 + x * sx, y0 + y * sy, x0 + (x + width) * sx, y0 + (y + height) * sy)
    return (0.0, 0.0, 0.0, 0.0)


def _inside(group: etree._Element, outer: _Transform) -> _Transform:
    """The transform of what stands in a group."""
    frame = group.find(f"{P}grpSpPr/{A}xfrm")
    if frame is None:
        return outer
    numbers: list[float] = []
    for name, keys in (("off", "xy"), ("ext", "xy"), ("chOff", "xy"), ("chExt", "xy")):
        element = frame.find(f"{A}{name}")
        prefix = "c" if name.endswith(("ext", "Ext")) else ""
        numbers += [
            whole(element.get(prefix + key)) / EMU if element is not None else 0.0 for key in keys
        ]
    x, y, width, height, inner_x, inner_y, inner_width, inner_height = numbers
    sx = width / inner_width if inner_width else 1.0
    sy = height / inner_height if inner_height else 1.0
    x0, y0, outer_sx, outer_sy = outer
    return (
        x0 + (x - inner_x * sx) * outer_sx,
        y0 + (y - inner_y * sy) * outer_sy,
        outer_sx * sx,
        outer_sy * sy,
    )
