"""Excel workbooks: sheets with their cells as shown, tables, comments and charts.

Rows are read one after the other; a sheet's stated dimensions are not believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby

from lxml import etree

from ingest.charts import chart_title
from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.drawing_text import paragraphs
from ingest.ooxml import OfficePackage, R, flag, whole
from ingest.sheets import Area, Marked, column_letters, fill_merged, sheet_blocks
from ingest.xlsx_styles import CellReader, release, rich_text

MAX_CELLS = 3_000_000
MAX_SHEETS = 1_000
_MAX_ROW, _MAX_COLUMN = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})$")
_GENERIC_TABLE = re.compile(r"(?:table|表|表格|tabelle|tableau|tabla)_?\d*(?:_\d+)*", re.I)
_THREADED = re.compile(r"^\[Threaded comment\].*?(?:Comment|注释|批注|評論):\s*", re.S)
_TOLD_RANGES = 200


def read_xlsx(source: Source) -> Parsed:
    """The blocks of a workbook. Raises UnreadableFile where it is broken or has more than
    MAX_CELLS filled cells."""
    office = OfficePackage.of(source, "an Excel workbook")
    book = _Book(office, office.main_root())
    book.read()
    title, metadata = office.properties()
    return Parsed(tuple(book.blocks), title, 0, {**metadata, **book.noted()})


def place_of(reference: str) -> tuple[int, int] | None:
    """(row, column) of `B3`, from 1; None for what is no cell of a sheet."""
    match = _REFERENCE.match(reference.strip())
    if match is None:
        return None
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    row = int(match[2])
    return (row, column) if 0 < row <= _MAX_ROW and column <= _MAX_COLUMN else None


def area_of(reference: str | None) -> Area | None:
    """The area of `A1:C9` or `A1`; None for what is none."""
    first, _, last = (reference or "").partition(":")
    one, two = place_of(first), place_of(last or first)
    if one is None or two is None:
        return None
    return (min(one[0], two[0]), min(one[1], two[1]), max(one[0], two[0]), max(one[1], two[1]))


@dataclass
class _Sheet:
    """What a sheet says beside its cells."""

    merged: list[Area] = field(default_factory=list)
    frozen: int = 0
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    drawings: list[str] = field(default_factory=list)


@dataclass
class _Book:
    """A workbook while it is read."""

    office: OfficePackage
    root: etree._Element
    blocks: list[Block] = field(default_factory=list)
    cells: int = 0
    names: list[str] = field(default_factory=list)
    hidden: dict[str, list[str]] = field(default_factory=dict)
    without_values: int = 0
    lost: list[str] = field(default_factory=list)

    def read(self) -> None:
        """Read all sheets in the order of their tabs."""
        settings = self.root.find("{*}workbookPr")
        reader = CellReader.of(self.office, from_1904=flag(settings, "date1904"))
        listed = self.root.findall("{*}sheets/{*}sheet")
        if len(listed) > MAX_SHEETS:
            raise UnreadableFile(
                f"{self.office.package.name}: it has {len(listed)} sheets, more than the "
                f"{MAX_SHEETS} that are read; split the workbook"
            )
        for entry in listed:
            name = " ".join((entry.get("name") or "").split())
            part = self.office.target(self.office.main, entry.get(f"{R}id"))
            if not part:
                self.lost.append(name)
                continue
            if entry.get("state", "visible") != "visible":
                self.hidden.setdefault("sheets", []).append(name)
            blocks = self._sheet(part, name, reader)
            if blocks:
                self.names.append(name)
                self.blocks += [Block(BlockKind.HEADING, name, 1), *blocks]
        self.without_values = reader.without_values

    def noted(self) -> dict[str, Json]:
        """What metadata says of the workbook."""
        found: dict[str, Json] = {"sheets": tuple(self.names)}
        for key, names in sorted(self.hidden.items()):
            found[f"hidden_{key}"] = tuple(names[:_TOLD_RANGES])
        if self.without_values:
            found["formulas_without_values"] = self.without_values
        if self.lost:
            found["unreadable_sheets"] = tuple(self.lost)
        return found

    def _sheet(self, part: str, name: str, reader: CellReader) -> list[Block]:
        sheet = self._survey(part)
        rows = self._rows(part, reader)
        fill_merged(rows, sheet.merged)
        marked = Marked(
            self._tables(part, sheet),
            sheet.frozen,
            merged=bool(sheet.merged),
            notes=self._comments(part),
        )
        blocks = sheet_blocks([(number, rows[number]) for number in sorted(rows)], marked)
        for drawing in sheet.drawings:
            blocks += self._drawing(self.office.target(part, drawing))
        self._note_hidden(name, sheet)
        return blocks

    def _survey(self, part: str) -> _Sheet:
        """What stands around the cells; rows are passed over."""
        sheet = _Sheet()
        tags = ("row", "mergeCell", "pane", "col", "tablePart", "drawing")
        for _, element in self.office.package.walk(part, tags):
            tag = str(element.tag).rpartition("}")[2]
            if tag == "row":
                if flag(element, "hidden"):
                    sheet.hidden_rows.append(whole(element.get("r")))
                release(element)
            elif tag == "mergeCell":
                area = area_of(element.get("ref"))
                sheet.merged += [area] if area else []
            elif tag == "pane" and element.get("state", "").startswith("frozen"):
                sheet.frozen = whole((element.get("ySplit") or "0").split(".")[0])
            elif tag == "col" and flag(element, "hidden"):
                sheet.hidden_columns.append((whole(element.get("min")), whole(element.get("max"))))
            elif tag == "tablePart":
                sheet.tables.append(element.get(f"{R}id") or "")
            elif tag == "drawing":
                sheet.drawings.append(element.get(f"{R}id") or "")
        return sheet

    def _rows(self, part: str, reader: CellReader) -> dict[int, dict[int, str]]:
        """The filled cells by row and column."""
        rows: dict[int, dict[int, str]] = {}
        number = 0
        for _, element in self.office.package.walk(part, ("row",)):
            number = whole(element.get("r"), number + 1)
            cells: dict[int, str] = {}
            column = 0
            for cell in element:
                place = place_of(cell.get("r") or "")
                column = place[1] if place else column + 1
                text = reader.shown(cell)
                if text and column <= _MAX_COLUMN:
                    cells[column] = text
            if cells and 0 < number <= _MAX_ROW:
                rows.setdefault(number, {}).update(cells)
                self.cells += len(cells)
            release(element)
            if self.cells > MAX_CELLS:
                raise UnreadableFile(
                    f"{self.office.package.name}: it has more than the {MAX_CELLS:,} filled cells "
                    "that are read; split the workbook or export what matters as CSV"
                )
        return rows

    def _tables(self, part: str, sheet: _Sheet) -> tuple[tuple[Area, int, str], ...]:
        found: list[tuple[Area, int, str]] = []
        for identifier in sheet.tables:
            root = self.office.root(self.office.target(part, identifier))
            area = area_of(root.get("ref")) if root is not None else None
            if root is None or area is None:
                continue
            name = root.get("displayName") or ""
            shown = "" if _GENERIC_TABLE.fullmatch(name) else name.replace("_", " ")
            found.append((area, whole(root.get("headerRowCount"), 1), shown))
        return tuple(found)

    def _comments(self, part: str) -> dict[tuple[int, int], list[str]]:
        """The comments on cells: threads where there are some, else notes."""
        found: dict[tuple[int, int], list[str]] = {}
        for kind, tag in (("threadedComment", "threadedComment"), ("comments", "comment")):
            threaded = set(found)
            for target in self.office.related(part, kind):
                root = self.office.root(target)
                for element in root.iter(f"{{*}}{tag}") if root is not None else ():
                    place = place_of(element.get("ref") or "")
                    text = _comment_text(element)
                    if place and text and place not in threaded:
                        found.setdefault(place, []).append(text)
        return found

    def _drawing(self, part: str) -> list[Block]:
        """The titles of the charts and the texts of the boxes that lie on the sheet."""
        blocks: list[Block] = []
        for chart in self.office.related(part, "chart"):
            root = self.office.root(chart)
            title = chart_title(root) if root is not None else ""
            blocks += [Block(BlockKind.CAPTION, title)] if title else []
        root = self.office.root(part)
        for body in root.iter("{*}txBody") if root is not None else ():
            blocks += [Block(BlockKind.PARAGRAPH, p.text) for p in paragraphs(body)]
        return blocks

    def _note_hidden(self, name: str, sheet: _Sheet) -> None:
        if sheet.hidden_columns:
            self.hidden.setdefault("columns", []).extend(
                f"{name}!{column_letters(min(a, _MAX_COLUMN))}:"
                f"{column_letters(min(b, _MAX_COLUMN))}"
                for a, b in sheet.hidden_columns
            )
        if sheet.hidden_rows:
            self.hidden.setdefault("rows", []).extend(
                f"{name}!{a}:{b}" for a, b in _ranges(sheet.hidden_rows)
            )


def _comment_text(element: etree._Element) -> str:
    text = element.find("{*}text")
    if text is None:
        return ""
    shown = rich_text(text) if len(text) else " ".join((text.text or "").split())
    return _THREADED.sub("", shown)


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    runs = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    members = [[number for _, number in run] for _, run in runs]
    return [(run[0], run[-1]) for run in members]
