"""OpenDocument packages: content, styles, properties; names and lengths.

Source: OASIS OpenDocument 1.3, part 3 (schema).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingest.contract import Json, Source, UnreadableFile
from ingest.counting import written
from ingest.ooxml import whole
from ingest.package import Package
from ingest.properties import properties
from ingest.styleless_headings import Look

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE, DRAW, STYLE, FO, SVG, PRESENTATION, META, CHART = (
    f"{{{_NS}{name}:1.0}}"
    for name in (
        "office", "text", "table", "drawing", "style", "xsl-fo-compatible", "svg-compatible",
        "presentation", "meta", "chart",
    )
)  # fmt: skip
LOEXT = "{urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0}"
DC = "{http://purl.org/dc/elements/1.1/}"
XLINK = "{http://www.w3.org/1999/xlink}"
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)\s*(cm|mm|in|pt|pc|px)?")
_POINTS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pt": 1.0, "pc": 12.0, "px": 0.75, "": 1.0}
_HEADING = re.compile(r"(?:heading|标题|標題|überschrift|titre)\s*([1-9])", re.I)
_FORMS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "一": "chineseCounting",
    "壹": "chineseLegalSimplified",
    "①": "decimalEnclosedCircle",
    "甲": "ideographTraditional",
    "子": "ideographZodiac",
    "１": "decimalFullWidth",
}


def points(text: str | None) -> float:
    """A length (`2.5cm`) in points, 0 where it is none."""
    match = _LENGTH.match(text or "")
    return float(match[1]) * _POINTS[match[2] or ""] if match else 0.0


def all_text(element: etree._Element) -> str:
    """All text below the element, runs of blanks as one."""
    return " ".join("".join(map(str, element.itertext())).split())


def style_name(name: str) -> str:
    """The name of a style as it is shown: `Heading 1` for `Heading_20_1`."""
    return re.sub(r"_([0-9a-fA-F]{2})_", lambda m: chr(int(m[1], 16)), name)


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One level of a list style: the number's form ("" for none, "bullet"), what stands around
    it, how many outer levels it shows, the number it starts with, and LibreOffice's pattern for
    the whole (`%1%.%2%`)."""

    form: str
    before: str = ""
    after: str = ""
    shown: int = 1
    start: int = 1
    pattern: str = ""

    @staticmethod
    def of(element: etree._Element) -> ListLevel:
        """The level that an element of a list or outline style defines."""
        if "bullet" in str(element.tag) or "image" in str(element.tag):
            return ListLevel("bullet")
        form = (element.get(f"{STYLE}num-format") or "").strip()
        return ListLevel(
            _FORMS.get(form[:1], "decimal") if form else "",
            element.get(f"{STYLE}num-prefix") or "",
            element.get(f"{STYLE}num-suffix") or "",
            max(whole(element.get(f"{TEXT}display-levels"), 1), 1),
            whole(element.get(f"{TEXT}start-value"), 1),
            element.get(f"{LOEXT}num-list-format") or "",
        )


@dataclass
class OdfStyles:
    """Styles by family and name, list styles by name and level (from 1), and the numbering of
    headings by level."""

    styles: dict[tuple[str, str], etree._Element] = field(default_factory=dict)
    lists: dict[str, dict[int, ListLevel]] = field(default_factory=dict)
    outline: dict[int, ListLevel] = field(default_factory=dict)
    defaults: dict[str, etree._Element] = field(default_factory=dict)

    def add(self, root: etree._Element | None) -> None:
        """Add the styles that a part defines."""
        for element in root.iter(f"{STYLE}style") if root is not None else ():
            key = (element.get(f"{STYLE}family") or "", element.get(f"{STYLE}name") or "")
            self.styles[key] = element
        for element in root.iter(f"{STYLE}default-style") if root is not None else ():
            self.defaults[element.get(f"{STYLE}family") or ""] = element
        for element in root.iter(f"{TEXT}list-style") if root is not None else ():
            self.lists[element.get(f"{STYLE}name") or ""] = _levels(element)
        for element in root.iter(f"{TEXT}outline-style") if root is not None else ():
            self.outline = _levels(element)

    def chain(self, family: str, name: str | None) -> Iterator[tuple[str, etree._Element]]:
        """The style and those that it inherits from: (name as shown, element)."""
        seen: set[str] = set()
        while name and name not in seen and (family, name) in self.styles:
            seen.add(name)
            element = self.styles[family, name]
            yield element.get(f"{STYLE}display-name") or style_name(name), element
            name = element.get(f"{STYLE}parent-style-name")

    def heading_levels(self, name: str | None) -> dict[int, ListLevel]:
        """The numbering of headings of a style: the list that it names, none where it names an
        empty one, else the outline."""
        for _, element in self.chain("paragraph", name):
            stated = element.get(f"{STYLE}list-style-name")
            if stated is not None:
                return self.lists.get(stated, {}) if stated != "Outline" else self.outline
        return self.outline

    def heading_level(self, name: str | None) -> int:
        """The level of headings of a paragraph style, 0 for other styles. LibreOffice writes
        some headings as paragraphs of such a style."""
        for shown, element in self.chain("paragraph", name):
            stated = element.get(f"{STYLE}default-outline-level")
            if stated is not None:
                return min(max(whole(stated), 0), 9)
            if match := _HEADING.fullmatch(shown):
                return int(match[1])
        return 0

    def is_named(self, name: str | None, pattern: re.Pattern[str]) -> bool:
        """Whether a paragraph style, or one that it inherits from, has such a name."""
        return any(pattern.fullmatch(shown) for shown, _ in self.chain("paragraph", name))

    def attribute(self, family: str, name: str | None, kind: str, key: str) -> str:
        """A property of a style (`text`, `fo:font-size`), inherited where it has none of its
        own; "" where none is stated."""
        elements = [element for _, element in self.chain(family, name)]
        for element in (*elements, *([d] if (d := self.defaults.get(family)) is not None else [])):
            found = element.find(f"{STYLE}{kind}-properties")
            if found is not None and found.get(key):
                return found.get(key) or ""
        return ""

    def look(self, paragraph: etree._Element) -> Look:
        """How a paragraph is set, by its style and those of its spans."""
        name = paragraph.get(f"{TEXT}style-name")
        spans = [span for span in paragraph.iter(f"{TEXT}span") if all_text(span)]
        covered = sum(len(all_text(span)) for span in spans)
        whole_text = covered >= len(all_text(paragraph))

        def stated(key: str) -> list[str]:
            own = self.attribute("paragraph", name, "text", key)
            inside = [
                self.attribute("text", span.get(f"{TEXT}style-name"), "text", key) or own
                for span in spans
            ]
            return inside if inside and whole_text else [*inside, own]

        weights = stated(f"{FO}font-weight")
        fonts = set(stated(f"{STYLE}font-name-asian") + stated(f"{STYLE}font-name"))
        aligned = self.attribute("paragraph", name, "paragraph", f"{FO}text-align")
        return Look(
            max(
                (points(size) for size in stated(f"{FO}font-size") if "%" not in size), default=0.0
            ),
            all(weight == "bold" or weight >= "600" for weight in weights if weight)
            and any(weights),
            aligned == "center",
            fonts.pop() if len(fonts) == 1 else "",
        )


def _levels(style: etree._Element) -> dict[int, ListLevel]:
    return {
        whole(level.get(f"{TEXT}level"), 1): ListLevel.of(level)
        for level in style
        if isinstance(level.tag, str) and level.get(f"{TEXT}level")
    }


def marker(levels: dict[int, ListLevel], counts: dict[int, int], depth: int) -> str:
    """The marker of an item at `depth` (from 1) with a space after it, `counts` being how far
    each level has come; "- " for bullets, "" where none is shown."""
    level = levels.get(depth)
    if level is None or level.form == "bullet":
        return "- "
    if not level.form:
        return ""

    def number(at: int) -> str:
        one = levels.get(at, level)
        return "" if one.form in ("", "bullet") else written(counts.get(at, one.start), one.form)

    if level.pattern:
        shown = re.sub(r"%(\d{1,2})%", lambda match: number(int(match[1])), level.pattern)
    else:
        first = max(depth - level.shown + 1, 1)
        numbers = filter(None, map(number, range(first, depth + 1)))
        shown = f"{level.before}{'.'.join(numbers)}{level.after}"
    return f"{shown.strip()} " if shown.strip() else ""


@dataclass
class OdfPackage:
    """An open OpenDocument package."""

    package: Package
    styles_root: etree._Element | None

    @staticmethod
    def of(source: Source, what: str) -> OdfPackage:
        """The package in the file's bytes. Raises UnreadableFile where it is none, or is locked
        with a password."""
        package = Package.of(source, what)
        if "content.xml" not in package:
            raise UnreadableFile(
                f"{source.name}: not readable as {what}: it has no content; get a whole copy of it"
            )
        manifest = package.read("META-INF/manifest.xml") or b""
        if b"encryption-data" in manifest:
            raise UnreadableFile(
                f"{source.name}: it is locked with a password; save it without one first"
            )
        return OdfPackage(package, package.root("styles.xml"))

    def body(self, kind: str) -> tuple[etree._Element, OdfStyles]:
        """The element under office:body that holds the document, and all styles. Raises
        UnreadableFile where there is none."""
        root = self.package.root("content.xml")
        found = root.find(f"{OFFICE}body/{OFFICE}{kind}") if root is not None else None
        if found is None:
            raise UnreadableFile(
                f"{self.package.name}: not readable as {self.package.what}: it has no body; save "
                "it again from the program that made it"
            )
        return found, self.styles(root)

    def styles(self, content: etree._Element | None) -> OdfStyles:
        """The styles of the package, those of its content part given."""
        styles = OdfStyles()
        styles.add(self.styles_root)
        styles.add(content)
        return styles

    def embedded(self, href: str | None) -> etree._Element | None:
        """The content of an object inside the package, None for what lies outside of it."""
        path = (href or "").removeprefix("./").strip("/")
        if not path or "://" in path or path.startswith(".."):
            return None
        return self.package.root(f"{path}/content.xml")

    def properties(self) -> tuple[str, dict[str, Json]]:
        """The title and the metadata that the file states."""
        root = self.package.root("meta.xml")
        meta = root.find(f"{OFFICE}meta") if root is not None else None
        if meta is None:
            return "", {}
        keywords = [element.text or "" for element in meta.findall(f"{META}keyword")]
        stated = {
            "title": meta.findtext(f"{DC}title") or "",
            "author": meta.findtext(f"{META}initial-creator")
            or meta.findtext(f"{DC}creator")
            or "",
            "created": meta.findtext(f"{META}creation-date") or "",
            "modified": meta.findtext(f"{DC}date") or "",
            "language": meta.findtext(f"{DC}language") or "",
            "subject": meta.findtext(f"{DC}subject") or "",
            "keywords": "; ".join(keywords),
        }
        return properties(stated)
