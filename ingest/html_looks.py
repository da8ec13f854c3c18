"""Headings of web pages that mark them by looks alone: lines in bold or in large letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.html_tables import HEADINGS, plain_text
from ingest.html_tree import elements, is_leaf
from ingest.styleless_headings import Look, with_headings

_USUAL = 12.0
_BOLD = frozenset(("b", "strong"))
_FONT_SIZES = (_USUAL, 7.5, 10.0, 12.0, 13.5, 18.0, 24.0, 36.0)
_WEIGHT = re.compile(r"font-weight\s*:\s*(\w+)", re.IGNORECASE)
_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)\s*(px|pt|r?em|%)", re.IGNORECASE)
_POINTS = {"px": 0.75, "pt": 1.0, "em": _USUAL, "rem": _USUAL, "%": _USUAL / 100}
_ELSEWHERE = ("li", "td", "th", "dt", "dd", "figcaption", "caption", "pre", "blockquote")


def promote_looks(root: etree._Element) -> None:
    """Make headings of what looks like some, on a page that has one heading by its tags at the
    most. Only looks that the page states on the spot are seen, not its style sheets."""
    tagged = [e for e in elements(root) if e.tag in HEADINGS or e.get("role") == "heading"]
    if len(tagged) > 1:
        return
    lines = [(line, plain_text(line)) for line in _lines(root)]
    lines = [(line, text) for line, text in lines if text and line not in tagged]
    blocks = [Block(BlockKind.PARAGRAPH, text) for _, text in lines]
    looks = {n: _look(line) for n, (line, _) in enumerate(lines)}
    below = 1 if tagged else 0
    made = [
        (line, block.level)
        for (line, _), block in zip(lines, with_headings(blocks, looks)[0], strict=True)
        if block.kind is BlockKind.HEADING
    ]
    if len(made) < 2:
        return
    for line, level in made:
        line.tag = HEADINGS[min(level + below, len(HEADINGS)) - 1]


def _lines(root: etree._Element) -> Iterator[etree._Element]:
    """The blocks of text with no block inside, outside of lists and tables."""
    within: dict[etree._Element, bool] = {}
    for element in elements(root):
        parent = element.getparent()
        inside = within.get(parent, False) if parent is not None else False
        within[element] = inside or element.tag in _ELSEWHERE
        if element.tag in ("p", "div", "center") and not within[element] and is_leaf(element):
            yield element


def _look(line: etree._Element) -> Look:
    """The look of a line, by its tags and styles and those around it."""
    bold, size = _stated(line, (False, _USUAL))
    for outer in line.iterancestors():
        around = _stated(outer, (False, 0.0))
        bold = bold or around[0]
        if around[1] and size == _USUAL:
            size = around[1]
    seen: list[tuple[bool, float]] = []
    within = {line: (bold, size)}
    for element in elements(line):
        if element is not line:
            parent = element.getparent()
            within[element] = _stated(element, within[line if parent is None else parent])
        if (element.text or "").strip():
            seen.append(within[element])
        if element is not line and (element.tail or "").strip():
            parent = element.getparent()
            seen.append(within[line if parent is None else parent])
    return Look(
        size=min((size for _, size in seen), default=size),
        bold=bool(seen) and all(bold for bold, _ in seen),
        centered=line.tag == "center" or line.get("align") == "center",
    )


def _stated(element: etree._Element, around: tuple[bool, float]) -> tuple[bool, float]:
    """Whether the element's text is bold, and its size in points, given those around it."""
    bold, size = around
    style = element.get("style", "")
    weight = _WEIGHT.search(style)
    if weight:
        stated = weight[1].lower()
        bold = int(stated) >= 600 if stated.isdecimal() else stated in ("bold", "bolder")
    elif element.tag in _BOLD:
        bold = True
    points = _SIZE.search(style)
    if points:
        size = float(points[1][:6]) * _POINTS[points[2].lower()]
    elif element.tag == "font" and element.get("size", "").isdecimal():
        size = _FONT_SIZES[min(int(element.get("size", "3")[:3]), len(_FONT_SIZES) - 1)]
    return bold, size
