"""OpenDocument spreadsheets: read row by row, cells as shown, repetitions within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.odf import CHART, DRAW, OFFICE, TABLE, TEXT, XLINK, OdfPackage, OdfStyles
from ingest.odf_tables import chart_title
from ingest.odf_text import text_of
from ingest.ooxml import whole
from ingest.sheets import Area, Marked, column_letters, fill_merged, sheet_blocks
from ingest.tables import clean_cell
from ingest.xlsx_styles import release

MAX_CELLS = 3_000_000
MAX_SHEETS = 1_000
_MAX_COLUMN = 16_384
_TOLD_RANGES = 200
_CELLS = (f"{TABLE}table-cell", f"{TABLE}covered-table-cell")


def read_ods(source: Source) -> Parsed:
    """The blocks of a spreadsheet. Raises UnreadableFile where it is broken or has more than
    MAX_CELLS filled cells."""
    package = OdfPackage.of(source, "an OpenDocument spreadsheet")
    book = _Book(package)
    book.read()
    title, metadata = package.properties()
    return Parsed(tuple(book.blocks), title, 0, {**metadata, **book.noted()})


@dataclass
class _Sheet:
    """A sheet while it is read."""

    name: str
    style: str
    row: int = 1
    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    notes: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    captions: list[str] = field(default_factory=list)


@dataclass
class _Book:
    """A spreadsheet while it is read."""

    package: OdfPackage
    blocks: list[Block] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    hidden: dict[str, list[str]] = field(default_factory=dict)
    cells: int = 0
    styles: OdfStyles = field(default_factory=OdfStyles)

    def read(self) -> None:
        """Read all sheets in order."""
        open_tables: list[_Sheet | None] = []
        tags = ("automatic-styles", "table", "table-row", "table-column", "shapes")
        for event, element in self.package.package.walk("content.xml", tags, ("start", "end")):
            name = str(element.tag).rpartition("}")[2]
            if name == "automatic-styles":
                if event == "end":
                    self.styles.add(element)
            elif name == "table" and event == "start":
                # A table inside a cell or a chart is no sheet.
                open_tables.append(_new_sheet(element) if not open_tables else None)
            elif name == "table":
                sheet = open_tables.pop()
                if sheet is not None:
                    self._finish(sheet)
                    release(element)
            elif event == "end" and len(open_tables) == 1 and open_tables[0] is not None:
                self._part(name, element, open_tables[0])

    def _part(self, name: str, element: etree._Element, sheet: _Sheet) -> None:
        if name == "table-row":
            self._row(element, sheet)
            release(element)
        elif name == "shapes":
            sheet.captions += self._charts(element)
        elif element.get(f"{TABLE}visibility") in ("collapse", "filter"):
            self.hidden.setdefault("columns", []).append(sheet.name)

    def _row(self, element: etree._Element, sheet: _Sheet) -> None:
        times = max(whole(element.get(f"{TABLE}number-rows-repeated"), 1), 1)
        cells: dict[int, str] = {}
        column = 1
        for cell in element:
            if cell.tag not in _CELLS:
                continue
            repeated = max(whole(cell.get(f"{TABLE}number-columns-repeated"), 1), 1)
            if len(cell) or cell.get(f"{OFFICE}value-type"):
                self._cell(cell, (sheet.row, column, repeated), cells, sheet)
            column += repeated
        if cells:
            self.cells += len(cells) * times
            if self.cells > MAX_CELLS:
                raise UnreadableFile(
                    f"{self.package.package.name}: it has more than the {MAX_CELLS:,} filled "
                    "cells that are read; split the spreadsheet or export what matters as CSV"
                )
            for number in range(sheet.row, sheet.row + times):
                sheet.rows[number] = dict(cells)
            if element.get(f"{TABLE}visibility") in ("collapse", "filter"):
                place = f"{sheet.name}!{sheet.row}:{sheet.row + times - 1}"
                self.hidden.setdefault("rows", []).append(place)
        sheet.row += times

    def _cell(
        self,
        cell: etree._Element,
        place: tuple[int, int, int],
        cells: dict[int, str],
        sheet: _Sheet,
    ) -> None:
        row, column, repeated = place
        sheet.captions += self._charts(cell)
        for note in cell.iterfind(f"{OFFICE}annotation"):
            text = clean_cell(" ".join(text_of(p) for p in note.iter(f"{TEXT}p")))
            if text:
                sheet.notes.setdefault((row, column), []).append(text)
        if cell.tag != f"{TABLE}table-cell":
            return
        text = clean_cell(" ".join(text_of(p) for p in cell.iterfind(f"{TEXT}p")))
        text = text or cell.get(f"{OFFICE}string-value") or cell.get(f"{OFFICE}value") or ""
        if not text or column > _MAX_COLUMN:
            return
        for at in range(column, min(column + repeated, _MAX_COLUMN + 1)):
            cells[at] = text
        columns = whole(cell.get(f"{TABLE}number-columns-spanned"), 1)
        rows = whole(cell.get(f"{TABLE}number-rows-spanned"), 1)
        if columns > 1 or rows > 1:
            sheet.merged.append((row, column, row + max(rows, 1) - 1, column + max(columns, 1) - 1))

    def _charts(self, container: etree._Element) -> list[str]:
        found: list[str] = []
        for thing in container.iter(f"{DRAW}object"):
            root = self.package.embedded(thing.get(f"{XLINK}href"))
            for chart in root.iter(f"{CHART}chart") if root is not None else ():
                title = chart_title(chart, text_of)
                found += [title] if title else []
        return found

    def _finish(self, sheet: _Sheet) -> None:
        if len(self.names) >= MAX_SHEETS:
            raise UnreadableFile(
                f"{self.package.package.name}: it has more than the {MAX_SHEETS} sheets that are "
                "read; split the spreadsheet"
            )
        fill_merged(sheet.rows, sheet.merged)
        marked = Marked(merged=bool(sheet.merged), notes=sheet.notes)
        blocks = sheet_blocks([(row, sheet.rows[row]) for row in sorted(sheet.rows)], marked)
        blocks += [Block(BlockKind.CAPTION, text) for text in sheet.captions]
        if not blocks:
            return
        self.names.append(sheet.name)
        if self.styles.attribute("table", sheet.style, "table", f"{TABLE}display") == "false":
            self.hidden.setdefault("sheets", []).append(sheet.name)
        self.blocks += [Block(BlockKind.HEADING, sheet.name, 1), *blocks]

    def noted(self) -> dict[str, Json]:
        """What metadata says of the spreadsheet."""
        found: dict[str, Json] = {"sheets": tuple(self.names)}
        for key, names in sorted(self.hidden.items()):
            found[f"hidden_{key}"] = tuple(dict.fromkeys(names))[:_TOLD_RANGES]
        return found


def _new_sheet(element: etree._Element) -> _Sheet:
    name = " ".join((element.get(f"{TABLE}name") or "").split())
    return _Sheet(name or column_letters(1), element.get(f"{TABLE}style-name") or "")
