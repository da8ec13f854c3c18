"""OpenDocument presentations as slides."""

from __future__ import annotations

import re

from lxml import etree

from ingest.alt_text import alt_text
from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.odf import (
    DRAW,
    FO,
    PRESENTATION,
    STYLE,
    SVG,
    TABLE,
    TEXT,
    XLINK,
    OdfPackage,
    OdfStyles,
    all_text,
    points,
)
from ingest.odf_tables import chart_blocks, table_blocks
from ingest.odf_text import FlowReader, text_of
from ingest.slide_order import Rectangle
from ingest.slides import Role, Shape, Slide, parsed_deck

MAX_SLIDES = 5_000
_TRANSLATE = re.compile(r"translate\s*\(\s*(\S+?)[\s,]+(\S+?)\s*\)")
_FURNITURE = ("header", "footer", "date-time", "page-number")
_NOT_SHOWN = ("notes", "page", "handout")
_SIZE = (720.0, 540.0)


def read_odp(source: Source, *, notes: bool = True) -> Parsed:
    """The blocks of a presentation. Raises UnreadableFile where it is broken or has more than
    MAX_SLIDES slides."""
    package = OdfPackage.of(source, "an OpenDocument presentation")
    body, styles = package.body("presentation")
    pages = body.findall(f"{DRAW}page")
    if len(pages) > MAX_SLIDES:
        raise UnreadableFile(
            f"{source.name}: it has {len(pages)} slides, more than the {MAX_SLIDES} that are "
            "read; split it"
        )
    if not pages:
        raise UnreadableFile(f"{source.name}: the presentation has no slides")
    sizes = _page_sizes(package)
    slides: list[Slide] = []
    for number, page in enumerate(pages, start=1):
        width, height = sizes.get(page.get(f"{DRAW}master-page-name") or "", _SIZE)
        slide = Slide(number, width, height, _shapes(page, package, styles))
        visibility = styles.attribute(
            "drawing-page", page.get(f"{DRAW}style-name"), "drawing-page",
            f"{PRESENTATION}visibility",
        )  # fmt: skip
        slide.hidden = visibility == "hidden"
        if notes:
            slide.notes = _notes(page)
        slides.append(slide)
    title, metadata = package.properties()
    return parsed_deck(slides, title, metadata, _furniture(body, package))


def _shapes(page: etree._Element, package: OdfPackage, styles: OdfStyles) -> list[Shape]:
    found: list[Shape] = []
    stack = list(reversed(page))
    while stack:
        element = stack.pop()
        if element.tag in (f"{DRAW}g", f"{DRAW}a"):
            stack.extend(reversed(element))
            continue
        kind = element.get(f"{PRESENTATION}class") or ""
        if (
            not str(element.tag).startswith(DRAW)
            or kind in _NOT_SHOWN
            or element.get(f"{PRESENTATION}placeholder") == "true"
        ):
            continue
        blocks = _content(element, package, styles)
        role = {"title": Role.TITLE, "subtitle": Role.SUBTITLE}.get(kind, Role.SHAPE)
        if kind in _FURNITURE:
            role = Role.FURNITURE
        if blocks:
            size = max((styles.look(p).size for p in element.iter(f"{TEXT}p")), default=0.0)
            found.append(Shape(tuple(blocks), _rectangle(element), role, size))
    return found


def _content(element: etree._Element, package: OdfPackage, styles: OdfStyles) -> list[Block]:
    if element.tag != f"{DRAW}frame":
        reader = FlowReader(package, styles)
        reader.read(element)
        return reader.blocks
    table = element.find(f"{TABLE}table")
    if table is not None:
        return table_blocks(table, text_of)
    box = element.find(f"{DRAW}text-box")
    if box is not None:
        reader = FlowReader(package, styles)
        reader.read(box)
        return reader.blocks
    for thing in element.iterfind(f"{DRAW}object"):
        blocks = chart_blocks(package.embedded(thing.get(f"{XLINK}href")), text_of)
        if blocks:
            return blocks
    description = element.findtext(f"{SVG}desc") or element.findtext(f"{SVG}title") or ""
    text = alt_text(description)
    return [Block(BlockKind.CAPTION, text)] if text else []


def _rectangle(element: etree._Element) -> Rectangle:
    x, y = points(element.get(f"{SVG}x")), points(element.get(f"{SVG}y"))
    width, height = points(element.get(f"{SVG}width")), points(element.get(f"{SVG}height"))
    moved = _TRANSLATE.search(element.get(f"{DRAW}transform") or "")
    if moved:
        x, y = x + points(moved[1]), y + points(moved[2])
    if not width and element.get(f"{SVG}x1"):
        ends = [points(element.get(f"{SVG}{key}")) for key in ("x1", "y1", "x2", "y2")]
        return (min(ends[0], ends[2]), min(ends[1], ends[3]),
                max(ends[0], ends[2]), max(ends[1], ends[3]))  # fmt: skip
    return (x, y, x + width, y + height)


def _notes(page: etree._Element) -> list[str]:
    found: list[str] = []
    for frame in page.iterfind(f"{PRESENTATION}notes/{DRAW}frame"):
        if frame.get(f"{PRESENTATION}class") == "notes":
            found += [text for p in frame.iter(f"{TEXT}p") if (text := text_of(p))]
    return found


def _page_sizes(package: OdfPackage) -> dict[str, tuple[float, float]]:
    """Width and height in points of the pages of each master."""
    layouts: dict[str, tuple[float, float]] = {}
    found: dict[str, tuple[float, float]] = {}
    root = package.styles_root
    for layout in root.iter(f"{STYLE}page-layout") if root is not None else ():
        stated = layout.find(f"{STYLE}page-layout-properties")
        if stated is not None:
            size = (points(stated.get(f"{FO}page-width")), points(stated.get(f"{FO}page-height")))
            layouts[layout.get(f"{STYLE}name") or ""] = size
    for master in root.iter(f"{STYLE}master-page") if root is not None else ():
        size = layouts.get(master.get(f"{STYLE}page-layout-name") or "", _SIZE)
        found[master.get(f"{STYLE}name") or ""] = size if all(size) else _SIZE
    return found


def _furniture(body: etree._Element, package: OdfPackage) -> list[str]:
    """Footers, and the texts that masters show outside of placeholders."""
    found = [
        all_text(element)
        for name in ("header-decl", "footer-decl")
        for element in body.iterfind(f"{PRESENTATION}{name}")
    ]
    root = package.styles_root
    for master in root.iter(f"{STYLE}master-page") if root is not None else ():
        for shape in master:
            if str(shape.tag).startswith(DRAW) and not shape.get(f"{PRESENTATION}class"):
                texts = [text_of(p) for p in shape.iter(f"{TEXT}p")]
                found.append(" ".join(text for text in texts if text))
    return [text for text in found if text]
