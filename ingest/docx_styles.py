"""Styles of Word documents: what a paragraph is by its style, inherited and local settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from ingest.docx_numbering import W, number, value
from ingest.docx_text import visible
from ingest.styleless_headings import Look

_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|заголовок|見出し|제목|标题|標題)\s*(\d)$", re.I
)
_TITLE = re.compile(r"(?:title|标题|標題|titel|titre|título|titolo)$", re.I)
_CAPTION = re.compile(r"caption$|题注|題注|图注|标号|beschriftung|légende", re.I)
_CODE = re.compile(r"\bcode\b|source|listing|preformatted|macro text|代码|程式碼", re.I)
_LISTING = re.compile(
    r"(?:toc|contents|目录|目錄)\s*(?:\d|heading|标题)?$|table of figures$|图表目录$|index\s*\d$",
    re.I,
)
_LIST = re.compile(r"^list\s*(?:bullet|number)\s*(\d)?$", re.I)


@dataclass
class Styles:
    """The paragraph styles by id."""

    elements: dict[str, etree._Element] = field(default_factory=dict)
    default: str = ""
    defaults: etree._Element | None = None

    @staticmethod
    def of(root: etree._Element | None) -> Styles:
        """The styles that a styles part defines."""
        styles = Styles()
        if root is not None:
            styles.defaults = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        for element in root.findall(f"{W}style") if root is not None else ():
            if element.get(f"{W}type", "paragraph") != "paragraph":
                continue
            identifier = element.get(f"{W}styleId") or ""
            styles.elements[identifier] = element
            if element.get(f"{W}default") in ("1", "true", "on"):
                styles.default = identifier
        return styles

    def chain(self, paragraph: etree._Element) -> Iterator[tuple[str, etree._Element]]:
        """The paragraph's style and those that it is based on: (name, element)."""
        identifier: str | None = value(paragraph, f"{W}pPr/{W}pStyle") or self.default
        seen: set[str] = set()
        while identifier and identifier not in seen and identifier in self.elements:
            seen.add(identifier)
            element = self.elements[identifier]
            yield value(element, f"{W}name") or identifier, element
            identifier = value(element, f"{W}basedOn")

    def heading_level(self, paragraph: etree._Element) -> int:
        """1 to 9 for a heading, by its own outline level, its style's name, or its style's
        outline level; 0 for other text."""
        own = number(paragraph, f"{W}pPr/{W}outlineLvl")
        if own is not None:
            return own + 1 if 0 <= own < 9 else 0
        for name, element in self.chain(paragraph):
            match = _HEADING.match(name.strip())
            if match and match.group(1) != "0":
                return int(match.group(1))
            level = number(element, f"{W}pPr/{W}outlineLvl")
            if level is not None:
                return level + 1 if 0 <= level < 9 else 0
        return 0

    def is_title(self, paragraph: etree._Element) -> bool:
        """Whether the paragraph is the document's title."""
        return self._named(paragraph, _TITLE.match)

    def is_caption(self, paragraph: etree._Element) -> bool:
        """Whether the paragraph is a caption."""
        return self._named(paragraph, _CAPTION.search)

    def is_code(self, paragraph: etree._Element) -> bool:
        """Whether the paragraph is code by its style."""
        return self._named(paragraph, _CODE.search)

    def is_listing(self, paragraph: etree._Element) -> bool:
        """Whether the paragraph is of a table of contents, a list of figures or an index."""
        return self._named(paragraph, _LISTING.match)

    def look(self, paragraph: etree._Element) -> Look:
        """How the paragraph is set, its own settings over those of its styles."""
        inherited = [
            found
            for _, element in self.chain(paragraph)
            if (found := element.find(f"{W}rPr")) is not None
        ]
        if self.defaults is not None:
            inherited.append(self.defaults)
        runs = [run for run in visible(paragraph) if run.tag == f"{W}r" and _holds_text(run)]
        chains = [
            [*([own] if (own := run.find(f"{W}rPr")) is not None else []), *inherited]
            for run in runs
        ]
        aligned = [paragraph, *(element for _, element in self.chain(paragraph))]
        centered = next((jc for e in aligned if (jc := value(e, f"{W}pPr/{W}jc"))), "") == "center"
        sizes = [_first(chain, "sz") for chain in chains]
        fonts = {_font(chain) for chain in chains}
        return Look(
            max((int(size) / 2 for size in sizes if size.isdecimal()), default=0.0),
            bool(chains) and all(_is_bold(chain) for chain in chains),
            centered,
            fonts.pop() if len(fonts) == 1 else "",
        )

    def _named(self, paragraph: etree._Element, test: Callable[[str], object]) -> bool:
        return any(test(name.strip()) for name, _ in self.chain(paragraph))

    def numbering(self, paragraph: etree._Element) -> tuple[str, int] | None:
        """The list and the depth (from 0) of the paragraph, its own or its style's; the depth
        is -1 where it depends on the style. None where the paragraph is in no list, "0" being
        Word's name for none."""
        name: str | None = None
        depth: int | None = None
        by_style: int | None = None
        for element in (paragraph, *(element for _, element in self.chain(paragraph))):
            found = value(element, f"{W}pPr/{W}numPr/{W}numId")
            level = number(element, f"{W}pPr/{W}numPr/{W}ilvl")
            depth = level if depth is None else depth
            if found is not None:
                name = found
                break
        for style, _ in self.chain(paragraph):
            if match := _LIST.match(style.strip()):
                by_style = int(match.group(1) or 1) - 1
                break
        if name == "0" or (name is None and by_style is None):
            return None
        if depth is None and by_style is None:
            return name or "", -1
        return name or "", min(max(depth if depth is not None else by_style or 0, 0), 8)

    def style_ids(self, paragraph: etree._Element) -> list[str]:
        """The ids of the paragraph's style and of those that it is based on."""
        return [element.get(f"{W}styleId") or "" for _, element in self.chain(paragraph)]


def _holds_text(run: etree._Element) -> bool:
    return any((text.text or "").strip() for text in run.iter(f"{W}t"))


def _first(chain: list[etree._Element], name: str) -> str:
    """The value of a run property in the first settings that have it."""
    return next((found for settings in chain if (found := value(settings, f"{W}{name}"))), "")


def _is_bold(chain: list[etree._Element]) -> bool:
    for settings in chain:
        found = settings.find(f"{W}b")
        if found is not None:
            return found.get(f"{W}val", "1") not in ("0", "false", "off")
    return False


def _font(chain: list[etree._Element]) -> str:
    for settings in chain:
        fonts = settings.find(f"{W}rFonts")
        for name in ("eastAsia", "ascii") if fonts is not None else ():
            if fonts is not None and fonts.get(f"{W}{name}"):
                return fonts.get(f"{W}{name}") or ""
    return ""
