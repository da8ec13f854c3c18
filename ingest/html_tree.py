"""A tree of HTML elements: walking it, taking elements out, how much text they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ingest.html_tables import BLOCK_TAGS

PROSE = 60
"""Text from this length on is running text (a Han character counts twice)."""
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """The element and all below it, comments and instructions passed over."""
    return (element for element in root.iter() if isinstance(element.tag, str))


def text_length(root: etree._Element) -> int:
    """Characters of the text below the element, white space aside."""
    return sum(len("".join(str(piece).split())) for piece in root.itertext("*"))


def drop(element: etree._Element) -> None:
    """Take the element out of its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


def extents(root: etree._Element) -> dict[etree._Element, tuple[int, int, int]]:
    """For each element the length of its text (a Han character counts twice), that of it within
    links, and the number of its links. One pass: an outer element is the sum of its inner ones,
    however deep."""
    found: dict[etree._Element, tuple[int, int, int]] = {}
    for node in reversed(list(elements(root))):
        length, linked, links = _dense(node.text), 0, 0
        for child in node:
            inner = found.get(child, (0, 0, 0))  # a comment has no text
            length += inner[0] + _dense(child.tail)
            linked += inner[1]
            links += inner[2]
        is_link = node.tag == "a"
        found[node] = (length, length if is_link else linked, links + is_link)
    return found


def _dense(text: str | None) -> int:
    """Characters without white space, a Han character as two: it says as much."""
    return sum(map(len, text.split())) + len(_WIDE.findall(text)) if text else 0


def prose_length(root: etree._Element) -> int:
    """Length of the paragraphs that are long and not mostly links."""
    total = 0
    found = extents(root)
    for element in root.iter("p", "li", "td", "dd", "pre", "blockquote"):
        if element.tag != "p" and next(element.iter("p"), None) is not None:
            continue
        length, linked, _ = found[element]
        if length >= PROSE and linked <= length // 2:
            total += length
    return total


def is_leaf(element: etree._Element) -> bool:
    """Whether the element is a block of text with no block inside."""
    return element.tag in BLOCK_TAGS and not any(
        child.tag in BLOCK_TAGS for child in elements(element) if child is not element
    )
