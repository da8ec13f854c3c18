"""Places in a page that have to be found again in its blocks: marks for footnotes and anchors.

A mark is a pair of private characters around a letter and a number. It is put into the text of
the tree before it is read, and taken out of the blocks afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from lxml import etree

from ingest.contract import Block, BlockKind, Table
from ingest.html_tables import plain_text
from ingest.html_tree import drop, elements
from ingest.tables import clean_cell, to_markdown

_OPEN, _CLOSE = "\U0010ff00", "\U0010ff01"
MARK = re.compile(f"{_OPEN}([an])(\\d+){_CLOSE}")
_NOTE_TYPES = {"footnote", "endnote", "rearnote", "note", "doc-footnote", "doc-endnote"}
_REFERENCES = {"noteref", "doc-noteref"}
_BACK = {"backlink", "doc-backlink"}
_CONTAINERS = {"footnotes", "endnotes", "rearnotes", "doc-endnotes"}
_NOTE_ID = re.compile(r"(?:user-content-)?(?:fn|footnote|endnote|note)[-_:.]?\w{1,20}$", re.I)


def mark(kind: str, number: int) -> str:
    """The mark of a kind (`a` an anchor, `n` a note) and number."""
    return f"{_OPEN}{kind}{number}{_CLOSE}"


def _types(element: etree._Element) -> set[str]:
    names = f"{element.get('epub:type', '')} {element.get('role', '')} {element.get('class', '')}"
    return set(names.lower().split())


def take_notes(root: etree._Element, page: str = "") -> dict[str, str]:
    """The texts of the page's footnotes by `page#id`; they are taken out of the tree, and so
    are the containers that held nothing else."""
    found: dict[str, str] = {}
    containers: list[etree._Element] = []
    for element in list(elements(root)):
        types = _types(element)
        if types & _CONTAINERS and element.tag not in ("body", "html"):
            containers.append(element)
        identifier = element.get("id", "")
        inside = any(parent in containers for parent in element.iterancestors())
        listed = inside and element.tag in ("li", "p", "div", "aside")
        if identifier and (types & _NOTE_TYPES or (listed and _NOTE_ID.match(identifier))):
            if any(f"{page}#{a.get('id', '')}" in found for a in element.iterancestors()):
                continue
            for link in list(element.iter("a")):
                if _types(link) & (_BACK | {"footnote-back", "footnote-backref"}):
                    drop(link)
            found[f"{page}#{identifier}"] = plain_text(element).strip(" ↩︎⏎^")
    for key in found:
        wanted = key.rpartition("#")[2]
        for element in [e for e in elements(root) if e.get("id") == wanted][:1]:
            drop(element)
    for container in containers:
        if len(plain_text(container)) < 30:
            drop(container)
    return found


def mark_notes(
    root: etree._Element, notes: Mapping[str, str], key_of: Callable[[str], str]
) -> dict[int, str]:
    """Put a mark in place of each reference to a note; the keys of the marks by number.
    `key_of` makes `page#id` of a reference's address."""
    placed: dict[int, str] = {}
    for link in list(root.iter("a")):
        href = link.get("href", "")
        key = key_of(href) if "#" in href else ""
        if key not in notes:
            if _types(link) & _REFERENCES and len(plain_text(link)) <= 4:
                _replace(link, "")
            continue
        number = len(placed)
        placed[number] = key
        _replace(link, mark("n", number))
    return placed


def _replace(link: etree._Element, text: str) -> None:
    """The text in place of the link, and of the <sup> that holds nothing else."""
    parent = link.getparent()
    if parent is not None and parent.tag == "sup" and len(parent) == 1:
        own = f"{parent.text or ''}{link.tail or ''}".strip(" []()")
        if not own:
            link = parent
    link.tail = text + (link.tail or "")
    drop(link)


def place(blocks: Sequence[Block], notes: Mapping[int, str]) -> list[Block]:
    """The blocks without marks; each note follows the block that holds its mark first."""
    out: list[Block] = []
    left = dict(notes)
    for block in blocks:
        if _OPEN not in block.text:
            out.append(block)
            continue
        clean = without_marks(block)
        if clean.text.strip():
            out.append(clean)
        for kind, number in MARK.findall(block.text):
            text = left.pop(int(number), "") if kind == "n" else ""
            if text:
                out.append(Block(BlockKind.FOOTNOTE, text))
    return out


def without_marks(block: Block) -> Block:
    """The block without its marks, in its table, too."""
    if block.table is None:
        return replace(block, text=MARK.sub("", block.text).strip())
    rows = tuple(tuple(clean_cell(MARK.sub("", c)) for c in row) for row in block.table.rows)
    table = Table(rows, block.table.header_rows)
    return replace(block, table=table, text=to_markdown(table))
