"""What the cells of an Excel workbook show: shared texts, number formats, the value of a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from ingest.builtin_formats import BUILTIN
from ingest.number_format import displayed, number_of, plain
from ingest.ooxml import OfficePackage, whole
from ingest.tables import clean_cell


@dataclass
class CellReader:
    """The shared texts and number formats of a workbook."""

    texts: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    from_1904: bool = False
    without_values: int = 0

    @staticmethod
    def of(office: OfficePackage, *, from_1904: bool = False) -> CellReader:
        """What the workbook's parts say."""
        reader = CellReader(from_1904=from_1904)
        for part in office.related(office.main, "sharedStrings"):
            for _, element in office.package.walk(part, ("si",)):
                reader.texts.append(rich_text(element))
                release(element)
        for part in office.related(office.main, "styles"):
            root = office.root(part)
            reader.formats = _formats(root) if root is not None else []
        return reader

    def shown(self, cell: etree._Element) -> str:
        """The text that the cell shows, on one line. A formula that was never calculated shows
        itself."""
        kind = cell.get("t", "n")
        value = formula = None
        for child in cell:
            name = _local(child)
            if name == "v":
                value = child.text
            elif name == "f":
                formula = child.text
            elif name == "is":
                return clean_cell(rich_text(child))
        if value is None or not value.strip():
            if formula and kind != "str":
                self.without_values += 1
                return clean_cell(f"={formula}")
            return ""
        if kind == "s":
            index = whole(value, -1)
            return self.texts[index] if 0 <= index < len(self.texts) else ""
        if kind == "b":
            return "TRUE" if value.strip() in ("1", "true") else "FALSE"
        if kind == "n":
            return self._number(value, whole(cell.get("s"), 0))
        if kind == "d":
            return _iso(value.strip())
        return clean_cell(value)

    def _number(self, text: str, style: int) -> str:
        value = number_of(text)
        if value is None:
            return clean_cell(text)
        code = self.formats[style] if 0 <= style < len(self.formats) else "General"
        if code == "General":
            return plain(value)
        return clean_cell(displayed(value, code, from_1904=self.from_1904))


def rich_text(element: etree._Element) -> str:
    """The text of a shared or inline string on one line, without its phonetic guides."""
    parts: list[str] = []
    for child in element:
        name = _local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [part.text or "" for part in child if _local(part) == "t"]
    return clean_cell("".join(parts).replace("_x000D_", " "))


def release(element: etree._Element) -> None:
    """Free an element that has been read while its document still is, and those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _iso(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.time() == datetime.min.time():
        return moment.date().isoformat()
    return moment.replace(tzinfo=None).isoformat(" ", timespec="seconds")


def _formats(root: etree._Element) -> list[str]:
    """The format of each cell style by its number."""
    own = {
        whole(element.get("numFmtId"), -1): element.get("formatCode") or "General"
        for element in root.iter("{*}numFmt")
    }
    styles = root.find("{*}cellXfs")
    codes: list[str] = []
    for style in styles if styles is not None else ():
        number = whole(style.get("numFmtId"))
        code = own.get(number) or BUILTIN.get(number, "General")
        codes.append("General" if code.lower() == "general" else code)
    return codes
