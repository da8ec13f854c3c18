"""Web pages: the main content with its structure, without what surrounds it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.encodings import declared_charset, decode

if TYPE_CHECKING:
    from lxml import etree

_META: Mapping[str, tuple[str, ...]] = {
    "author": ("author", "article:author", "dc.creator", "citation_author"),
    "description": ("description", "og:description", "dc.description"),
    "created": ("article:published_time", "date", "dc.date", "pubdate", "citation_date"),
    "modified": ("article:modified_time", "last-modified", "og:updated_time"),
}


@dataclass(frozen=True)
class HtmlParser:
    """Reads HTML. `main_only` leaves out navigation, banners, footers and the like; where that
    would lose running text, more of the page is kept, all that is visible at worst."""

    main_only: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the page. Raises UnreadableFile where it has no visible text."""
        from ingest.html_blocks import read_blocks

        del media_type
        tree = _tree(source)
        body = tree.find("body")
        content = self._content(tree if body is None else body)
        blocks = read_blocks(content)
        if not blocks:
            raise UnreadableFile(
                f"{source.name}: the page has no visible text; save it from a browser once its "
                "scripts have run, or give another format"
            )
        headings = [b.text for b in blocks if b.kind is BlockKind.HEADING and b.level == 1]
        title = _title(tree, headings)
        return Parsed(tuple(_with_levels(blocks)), title, 0, _metadata(tree))

    def _content(self, body: etree._Element) -> etree._Element:
        """The part of the page to read: the strictest cut that keeps its running text."""
        from ingest.html_main import drop_boilerplate, drop_invisible, keeps_enough, main_root

        drop_invisible(body)
        if not self.main_only:
            return body
        for by_name in (True, False):
            trial = copy.deepcopy(body)
            drop_boilerplate(trial, by_name=by_name)
            found = main_root(trial)
            if keeps_enough(found, body):
                return found
        return body


def _tree(source: Source) -> etree._Element:
    from lxml import etree

    text = decode(source.data, declared_charset(source.data)).text.replace("\x00", "")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.LxmlError as error:
        raise UnreadableFile(f"{source.name}: not readable as HTML ({error})") from error
    # The stubs do not know that a file without elements gives None.
    if tree is None:
        raise UnreadableFile(f"{source.name}: there is no HTML in the file")
    return tree


def _meta(tree: etree._Element) -> dict[str, str]:
    """The page's <meta> elements by name or property in lower case; the first wins."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = (element.get("name") or element.get("property") or "").strip().lower()
        content = " ".join((element.get("content") or "").split())
        if name and content:
            found.setdefault(name, content)
    return found


def _title(tree: etree._Element, headings: list[str]) -> str:
    """The title: a top heading that the page's title begins with (a site's name often follows
    there), else og:title, <title>, the only top heading."""
    element = tree.find(".//head/title")
    stated = "" if element is None else " ".join("".join(map(str, element.itertext())).split())
    for heading in headings[:1]:
        if stated.startswith(heading):
            return heading
    shared = _meta(tree).get("og:title", "")
    return shared or stated or (headings[0] if len(headings) == 1 else "")


def _metadata(tree: etree._Element) -> dict[str, Json]:
    meta = _meta(tree)
    found: dict[str, Json] = {}
    for key, names in _META.items():
        value = next((meta[name] for name in names if name in meta), "")
        if value:
            found[key] = value
    language = (tree.get("lang") or "").strip()
    if language:
        found["lang"] = language
    links = [e for e in tree.iter("link") if (e.get("rel") or "").lower() == "canonical"]
    url = (links[0].get("href") or "") if links else ""
    if url or "og:url" in meta:
        found["url"] = url or meta["og:url"]
    return found


def _with_levels(blocks: list[Block]) -> list[Block]:
    """The blocks, with the topmost heading level that occurs made 1."""
    top = min((b.level for b in blocks if b.kind is BlockKind.HEADING), default=1)
    if top <= 1:
        return blocks
    return [
        Block(b.kind, b.text, b.level - top + 1) if b.kind is BlockKind.HEADING else b
        for b in blocks
    ]
