"""RSS and Atom feeds, sitemaps, and what DocBook and JATS say of a document."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from ingest.contract import Block, BlockKind, Json
from ingest.tables import make_table, table_block
from ingest.xml_blocks import XmlText, local, text_of

_HEADS = ("info", "bookinfo", "articleinfo", "titlestmt")
_LONGEST_HTML = 2_000_000


def read_feed(root: etree._Element) -> XmlText:
    """The entries of an RSS or Atom feed, each under its title."""
    found = XmlText()
    channel = next((c for c in root if local(c) == "channel"), root)
    found.title = _child(channel, "title")
    for key, names in (
        ("description", ("description", "subtitle")),
        ("lang", ("language",)),
        ("url", ("link", "id")),
        ("modified", ("lastbuilddate", "updated")),
    ):
        value = next(filter(None, (_child(channel, name) for name in names)), "")
        if value:
            found.metadata[key] = value
    found.add(BlockKind.HEADING, found.title, 1)
    for entry in (e for e in root.iter() if local(e) in ("item", "entry")):
        found.add(BlockKind.HEADING, _child(entry, "title") or "(untitled)", 2)
        about = [
            f"{label}: {value}"
            for label, names in (
                ("Date", ("pubdate", "published", "updated", "date")),
                ("Author", ("author", "creator")),
                ("Link", ("link",)),
            )
            if (value := next(filter(None, (_child(entry, name) for name in names)), ""))
        ]
        found.add(BlockKind.PARAGRAPH, "\n".join(about))
        text = next(
            filter(
                None, (_raw(entry, n) for n in ("encoded", "content", "description", "summary"))
            ),
            "",
        )
        found.blocks += _html(text)
    return found


def read_sitemap(root: etree._Element) -> XmlText:
    """The addresses of a sitemap."""
    rows = [["url", "modified"]]
    rows += (
        [_child(e, "loc"), _child(e, "lastmod")] for e in root if local(e) in ("url", "sitemap")
    )
    found = XmlText()
    if len(rows) > 1:
        found.blocks.append(table_block(make_table(rows)))
    return found


def _child(element: etree._Element, name: str) -> str:
    for child in element:
        if local(child) == name:
            text = text_of(child) or child.get("href", "")
            if text:
                return text
    return ""


def _raw(element: etree._Element, name: str) -> str:
    """The text of a child, its markup kept (XHTML in Atom is elements, not text)."""
    for child in element:
        if local(child) == name:
            if len(child):
                return "".join(etree.tostring(inner, encoding="unicode") for inner in child)
            return (child.text or "").strip()
    return ""


def _html(text: str) -> list[Block]:
    """The blocks of a fragment of HTML."""
    if not text:
        return []
    if "<" not in text or len(text) > _LONGEST_HTML:
        return [Block(BlockKind.PARAGRAPH, text)]
    from ingest.html_blocks import read_blocks
    from ingest.html_main import drop_invisible

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_pis=True)
    try:
        tree = etree.fromstring(f"<body>{text}</body>".encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return [Block(BlockKind.PARAGRAPH, text)]
    drop_invisible(tree)
    low = []
    for block in read_blocks(tree):
        level = block.level + 2 if block.kind is BlockKind.HEADING else block.level
        low.append(Block(block.kind, block.text, level, table=block.table))
    return low


def document_metadata(root: etree._Element) -> tuple[str, dict[str, Json]]:
    """The title and the metadata that DocBook's info and JATS's front matter state."""
    title = ""
    found: dict[str, Json] = {}
    authors: list[str] = []
    for element in root.iter():
        name = local(element)
        if name in ("article-title", "booktitle") or (
            name == "title"
            and local(element.getparent()) in _HEADS
            and local(element.getparent()) in ("info", "bookinfo", "articleinfo", "titlestmt")
        ):
            title = title or text_of(element)
        elif name in ("author", "contrib") and len(authors) < 50:
            parts = {local(part): text_of(part) for part in element.iter()}
            given = parts.get("firstname") or parts.get("given-names") or ""
            family = parts.get("surname", "")
            whole = (
                " ".join(filter(None, (given, family)))
                or parts.get("personname")
                or text_of(element)
            )
            if whole and whole not in authors and len(whole) < 100:
                authors.append(whole)
        elif name in ("pubdate", "pub-date") and "created" not in found:
            parts = {local(part): (part.text or "").strip() for part in element}
            date = [parts.get(unit, "") for unit in ("year", "month", "day")]
            text = "-".join(f"{int(d):02d}" for d in date if d.isdecimal()) or text_of(element)
            if text:
                found["created"] = text
        elif name in ("kwd", "keyword"):
            found["tags"] = (*_tags(found), text_of(element))
    if authors:
        found["author"] = ", ".join(authors)
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang", root.get("lang", ""))
    if language:
        found["lang"] = language
    return title, found


def _tags(found: dict[str, Json]) -> Iterator[str]:
    value = found.get("tags", ())
    if isinstance(value, tuple):
        yield from map(str, value)
