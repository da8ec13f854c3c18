"""E-books in EPUB: chapters in reading order, under the headings of the table of contents."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile

if TYPE_CHECKING:
    from lxml import etree

    from ingest.epub_book import Entry

_MOST_PAGES = 20_000
_LONGEST_LABEL = 300
_NO_CHAPTER = re.compile(
    r"(?:table of )?contents|cover(?: page| image)?|title ?page|目\s*[录錄次]|封面|书名页|扉页",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class EpubParser:
    """Reads EPUB 2 and 3. The cover and the contents are left out; footnotes follow the block
    that refers to them."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the book. Raises UnreadableFile where it is damaged or encrypted."""
        from ingest.epub_book import read_book
        from ingest.html_marks import take_notes
        from ingest.package import Package

        del media_type
        package = Package.of(source, "an EPUB")
        book = read_book(package)
        trees: dict[str, etree._Element] = {}
        notes: dict[str, str] = {}
        for page in book.pages[:_MOST_PAGES]:
            data = package.read(page)
            tree = _tree(data) if data else None
            if tree is None or _is_contents(tree):
                continue
            notes.update(take_notes(tree, page))
            trees[page] = tree
        blocks: list[Block] = []
        level = 0
        used: set[str] = set()
        for page, tree in trees.items():
            here = (entry for entry in book.entries if entry.page == page)
            entries = [entry for entry in here if not _NO_CHAPTER.fullmatch(entry.label.strip())]
            read, level = _read_page(page, tree, entries, notes, level, used)
            blocks += read
        blocks += [
            Block(BlockKind.FOOTNOTE, text) for key, text in notes.items() if key not in used
        ]
        if not blocks:
            raise UnreadableFile(
                f"{source.name}: the book has no text in its pages; where it is made of pictures, "
                "convert it to PDF"
            )
        return Parsed(tuple(blocks), book.title, 0, book.metadata)


def _tree(data: bytes) -> etree._Element | None:
    """The body of a page without what is never seen."""
    from lxml import etree

    from ingest.encodings import declared_charset, decode
    from ingest.html_main import drop_invisible

    text = decode(data, declared_charset(data)).text.replace("\x00", "")
    # An empty element written short is not closed for a reader of HTML.
    text = re.sub(r"<(a|span|div|p|i|b|em|td|th|title|script)\b([^<>]*)/>", r"<\1\2></\1>", text)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_pis=True)
    try:
        tree: etree._Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return None
    body = None if tree is None else tree.find("body")
    if body is None:
        return None
    drop_invisible(body)
    return body


def _is_contents(body: etree._Element) -> bool:
    """Whether the page is a table of contents: hardly anything but links to other pages."""
    from ingest.html_tree import text_length

    if "toc" in f"{body.get('epub:type', '')} {body.get('class', '')}".split():
        return True
    links = [a for a in body.iter("a") if a.get("href") and "//" not in a.get("href", "")]
    linked = sum(text_length(link) for link in links)
    return len(links) >= 3 and linked > 0.7 * text_length(body)


def _read_page(
    page: str,
    body: etree._Element,
    entries: Sequence[Entry],
    notes: Mapping[str, str],
    level: int,
    used: set[str],
) -> tuple[list[Block], int]:
    """The blocks of a page under the headings that lead to it; `level` is that of the heading
    before, given and returned. The keys of notes that are referred to go into `used`."""
    from ingest.epub_book import resolve
    from ingest.html_blocks import read_blocks
    from ingest.html_marks import mark, mark_notes, place

    folder = posixpath.dirname(page)

    def key_of(href: str) -> str:
        part, anchor = resolve(folder, href)
        return f"{part or page}#{anchor}"

    placed = mark_notes(body, notes, key_of)
    used.update(placed.values())
    by_id = {e.get("id") or e.get("name") or "": e for e in body.iter() if isinstance(e.tag, str)}
    at_top: list[Entry] = []
    for number, entry in enumerate(entries):
        element = by_id.get(entry.anchor) if entry.anchor else None
        if element is None or element is body:
            at_top.append(entry)
        else:
            element.text = mark("a", number) + (element.text or "")
    blocks, level = _under_headings(read_blocks(body), entries, at_top, level)
    first: dict[str, int] = {}
    for number, key in placed.items():
        first.setdefault(key, number)
    return place(blocks, {number: notes[key] for key, number in first.items()}), level


def _under_headings(
    blocks: Sequence[Block], entries: Sequence[Entry], at_top: Sequence[Entry], level: int
) -> tuple[list[Block], int]:
    """The blocks with a heading for each entry where it leads to. What repeats the entry's label
    there gives way to it; other headings go below."""
    from ingest.html_marks import MARK

    out: list[Block] = []
    shift: int | None = 0
    label = ""
    queue = list(at_top)
    for block in blocks:
        queue += [entries[int(n)] for kind, n in MARK.findall(block.text) if kind == "a"]
        for entry in queue:
            out.append(Block(BlockKind.HEADING, entry.label[:_LONGEST_LABEL], entry.depth))
            level, label, shift = entry.depth, _letters(entry.label), None
        queue.clear()
        text = _letters(MARK.sub("", block.text))
        if label and not text:
            out.append(block)
            continue
        repeats = label and len(block.text) <= _LONGEST_LABEL and text in label
        if block.kind is BlockKind.HEADING:
            if repeats or (label and label in text):
                shift = level - block.level
                label = label.replace(text, "", 1)
                if not repeats:
                    out[-1] = replace(out[-1], text=MARK.sub("", block.text))
                continue
            if level:
                if shift is None:
                    shift = level + 1 - block.level
                block = replace(block, level=min(max(block.level + shift, level + 1), 9))
        elif repeats and block.kind is BlockKind.PARAGRAPH and label.startswith(text):
            label = label.replace(text, "", 1)
            continue
        label = ""
        out.append(block)
    out += (Block(BlockKind.HEADING, entry.label, entry.depth) for entry in queue)
    return out, level


def _letters(text: str) -> str:
    return _LETTERS.sub("", text).casefold()
