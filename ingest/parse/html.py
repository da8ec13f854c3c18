"""Web pages: the main content with its structure, without what surrounds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.encodings import declared_charset, decode
from ingest.mojibake import undo

if TYPE_CHECKING:
    from lxml import etree

_LEAST_TITLE = 4
_LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#-]+)")


@dataclass(frozen=True)
class HtmlParser:
    """Reads HTML. `main_only` leaves out navigation, banners, footers and the like; where that
    would lose running text, more of the page is kept, all that is visible at worst."""

    main_only: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the page. Raises UnreadableFile where it has no visible text."""
        from ingest.html_blocks import read_blocks
        from ingest.html_looks import promote_looks
        from ingest.html_main import drop_invisible, drop_unfit, main_content
        from ingest.html_marks import mark_notes, place, take_notes
        from ingest.html_math import plain_math
        from ingest.html_metadata import page_metadata

        del media_type
        tree = _tree(source)
        metadata = page_metadata(tree)
        body = tree.find("body")
        body = tree if body is None else body
        drop_unfit(body)
        plain_math(body)
        notes = take_notes(body)
        placed = mark_notes(body, notes, lambda href: f"#{href.rpartition('#')[2]}")
        drop_invisible(body)
        content = main_content(body) if self.main_only else body
        promote_looks(content)
        first: dict[str, int] = {}
        for number, key in placed.items():
            first.setdefault(key, number)
        blocks = place(read_blocks(content), {number: notes[key] for key, number in first.items()})
        blocks += [
            Block(BlockKind.FOOTNOTE, text) for key, text in notes.items() if key not in first
        ]
        languages = _code_languages(content)
        if languages:
            metadata["code_languages"] = languages
        if not blocks:
            raise UnreadableFile(
                f"{source.name}: the page has no visible text; save it from a browser once its "
                "scripts have run, or give another format"
            )
        headings = [b.text for b in blocks if b.kind is BlockKind.HEADING and b.level == 1]
        title = _title(tree, headings)
        return Parsed(tuple(_with_levels(blocks)), title, 0, metadata)


def _tree(source: Source) -> etree._Element:
    from lxml import etree

    text = decode(source.data, declared_charset(source.data)).text
    text = undo(text).replace("\x00", "")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.LxmlError as error:
        raise UnreadableFile(f"{source.name}: not readable as HTML ({error})") from error
    # The stubs do not know that a file without elements gives None.
    if tree is None:
        raise UnreadableFile(f"{source.name}: there is no HTML in the file")
    return tree


def _title(tree: etree._Element, headings: list[str]) -> str:
    """The title: a top heading that the page's title holds (sites put their own words around it),
    else og:title, <title>, the only top heading."""
    element = tree.find(".//head/title")
    stated = "" if element is None else " ".join("".join(map(str, element.itertext())).split())
    for heading in headings[:1]:
        if stated.startswith(heading) or (len(heading) >= _LEAST_TITLE and heading in stated):
            return heading
    from ingest.html_metadata import meta_of

    shared = meta_of(tree).get("og:title", "")
    return shared or stated or (headings[0] if len(headings) == 1 else "")


def _code_languages(content: etree._Element) -> tuple[str, ...]:
    """The languages that the page's code states, in order."""
    found: dict[str, None] = {}
    for code in content.iter("pre", "code"):
        around = [code, *list(code.iterancestors("div", "pre"))[:2]]
        for element in around:
            match = _LANGUAGE.search(element.get("class", ""))
            if match:
                found[match[1].lower()] = None
                break
    return tuple(found)


def _with_levels(blocks: list[Block]) -> list[Block]:
    """The blocks, with the topmost heading level that occurs made 1."""
    top = min((b.level for b in blocks if b.kind is BlockKind.HEADING), default=1)
    if top <= 1:
        return blocks
    return [
        Block(b.kind, b.text, b.level - top + 1) if b.kind is BlockKind.HEADING else b
        for b in blocks
    ]
