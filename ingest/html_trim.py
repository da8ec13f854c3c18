"""What stands around the substance of a web page cut off: short texts before and after it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from ingest.html_tables import HEADINGS, holds_data, plain_text
from ingest.html_tree import PROSE, drop, elements, extents, is_leaf
from ingest.web_phrases import is_site_phrase

_LEAST_PROSE = 200
_WHOLE = frozenset(("p", "pre", "table", "ul", "ol", "dl", "blockquote", "figure", *HEADINGS))
_PARTS = frozenset(("span", "a", "i", "em", "b", "time", "small", "label"))
_ATTACHED = re.compile(r"附件|attachments?\b|downloads?\b", re.IGNORECASE)


def trimmed(root: etree._Element) -> etree._Element:
    """The element that holds the substance of the page: running text, tables of data, code, and
    headings over text. What comes before the page's heading and what follows the substance
    outside of the innermost element that holds it are short texts: menus, notices, counters; so
    are the phrases of sites around running text. They are taken out. A page with little running
    text stays as it is."""
    _tidy_bars(root)
    sizes = extents(root)
    substance, prose = _substance(root, sizes)
    if prose < _LEAST_PROSE:
        return root
    core = _innermost(root, substance)
    heads = [element for element in elements(root) if element.tag == "h1"]
    head = heads[0] if len(heads) == 1 else None
    if head is None or _holds(core, head):
        found = core
    else:
        found = _innermost(root, {*substance, head})
        if _comes_first(found, head, core):
            _drop_outside(found, head, core)
        else:
            found = root
    _drop_phrases(found, substance, head)
    return found


def _tidy_bars(root: etree._Element) -> None:
    """Bars of dates, counters and buttons, whose parts only style sheets set apart: the parts
    that are the site's phrases go, blanks part the others."""
    for bar in list(elements(root)):
        parts = [part for part in bar if isinstance(part.tag, str)]
        bare = not (bar.text or "").strip() and not any((p.tail or "").strip() for p in parts)
        if len(parts) < 2 or not bare or any(part.tag not in _PARTS for part in parts):
            continue
        for part in parts:
            part.tail = part.tail or " "
            if is_site_phrase(plain_text(part)):
                drop(part)


def _substance(
    root: etree._Element, sizes: Mapping[etree._Element, tuple[int, int, int]]
) -> tuple[set[etree._Element], int]:
    """The elements that count, and the length of the running text."""
    found: set[etree._Element] = set()
    prose = 0
    for element in elements(root):
        length, linked, _ = sizes[element]
        if element.tag in HEADINGS and element.tag != "h1":
            parent = element.getparent()
            around = sizes[root if parent is None else parent]
            counts = around[1] * 2 < around[0] - length and not is_site_phrase(plain_text(element))
        elif element.tag == "table":
            counts = holds_data(element)
        elif element.tag in ("pre", "math", "figure"):
            counts = length > 0
        elif is_leaf(element):
            text = plain_text(element)
            long = length >= PROSE and linked * 2 <= length and not is_site_phrase(text)
            prose += length if long else 0
            counts = long or _ATTACHED.match(text) is not None
        else:
            counts = False
        if counts:
            found.add(element)
    return found, prose


def _innermost(root: etree._Element, wanted: set[etree._Element]) -> etree._Element:
    """The lowest element that holds all that are wanted."""
    below: dict[etree._Element, int] = {}
    for element in reversed(list(elements(root))):
        below[element] = (element in wanted) + sum(below.get(child, 0) for child in element)
    found = root
    while True:
        inner = next((child for child in found if below.get(child, 0) == below[root]), None)
        if inner is None or inner.tag in _WHOLE:
            return found
        found = inner


def _holds(outer: etree._Element, inner: etree._Element) -> bool:
    return outer is inner or any(above is outer for above in inner.iterancestors())


def _comes_first(root: etree._Element, one: etree._Element, other: etree._Element) -> bool:
    return next(e for e in elements(root) if e is one or e is other) is one


def _drop_outside(root: etree._Element, head: etree._Element, core: etree._Element) -> None:
    """Take out what comes before the heading and what follows the core."""
    before = True
    inside = {*core.iter()}
    after = False
    for element in list(elements(root)):
        if element is head:
            before = False
        elif element in inside:
            after = True
        elif (before and not _holds(element, head)) or (after and not _holds(element, core)):
            drop(element)


def _drop_phrases(
    root: etree._Element, substance: set[etree._Element], head: etree._Element | None
) -> None:
    """Take out the words of the site before the first and after the last piece of substance."""
    ordered = list(elements(root))
    places = [n for n, element in enumerate(ordered) if element in substance]
    first, last = (places[0], places[-1]) if places else (0, 0)
    last += sum(1 for _ in elements(ordered[last])) - 1 if ordered else 0
    if head is not None:
        under = ordered.index(head)
        first = next((place for place in places if place > under), first)
    for place, element in enumerate(ordered):
        if first <= place <= last or element is root or element is head:
            continue
        simple = not len(element) or is_leaf(element) or element.tag in ("a", "span")
        if simple and is_site_phrase(plain_text(element)):
            drop(element)
