"""XML: DocBook, JATS and TEI, RSS and Atom, sitemaps, and XML of any other kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.encodings import declared_charset, decode
from ingest.mojibake import undo

if TYPE_CHECKING:
    from lxml import etree

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)([A-Za-z][\w.-]*);")
_DOCUMENTS = {
    "book", "article", "chapter", "section", "refentry", "tei", "teicorpus", "topic", "concept",
    "task", "reference", "dita", "part", "appendix", "preface", "set",
}  # fmt: skip
_DEEPEST = 200


@dataclass(frozen=True)
class XmlParser:
    """Reads application/xml. Entities that a file defines and DTDs are not read; the names of
    HTML's characters are."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the document. Raises UnreadableFile where it is no XML, defines
        entities in a way that hides its text, or is nested absurdly deeply."""
        from ingest.xml_blocks import Walk, XmlText, has_title, local
        from ingest.xml_feeds import document_metadata, read_feed, read_sitemap

        del media_type
        root = _tree(source)
        name = local(root)
        entries = any(local(element) in ("item", "entry") for element in root.iter())
        if name in ("rss", "rdf", "feed") and entries:
            found = read_feed(root)
        elif name in ("urlset", "sitemapindex"):
            found = read_sitemap(root)
        elif name in _DOCUMENTS:
            found = XmlText()
            found.title, found.metadata = document_metadata(root)
            if has_title(root) or not found.title:
                Walk(found, known=True).take(root, 0)
            else:
                found.add(BlockKind.HEADING, found.title, 1)
                Walk(found, known=True).children(root, 1)
        else:
            found = XmlText()
            Walk(found).take(root, 0)
        headings = [b for b in found.blocks if b.kind is BlockKind.HEADING and b.level == 1]
        title = found.title
        if not title and len(headings) == 1 and found.blocks[0] is headings[0]:
            title = headings[0].text
        return Parsed(tuple(found.blocks), title, 0, found.metadata)


def _tree(source: Source) -> etree._Element:
    """The root element, entities and DTD left aside."""
    import html

    from lxml import etree

    text = undo(decode(source.data, declared_charset(source.data)).text)
    text = _DECLARATION.sub("", text.removeprefix("\ufeff").replace("\x00", ""))
    text = _DOCTYPE.sub("", text, count=1)
    text = _ENTITY.sub(lambda match: html.unescape(match[0]).replace("&", "&amp;"), text)
    data = text.encode("utf-8", "replace")
    root: etree._Element | None = None
    reason = ""
    for recover in (False, True):
        parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=recover,
            remove_pis=True,
            remove_comments=True,
        )
        try:
            root = etree.fromstring(data, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            reason = reason or " ".join(str(error).split())
            if "depth" in reason.lower():
                break
        if root is not None:
            break
    if root is None:
        raise UnreadableFile(
            f"{source.name}: not readable as XML ({reason or 'it has no element'}); mend it, or "
            "rename it to .txt to read it as text"
        )
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise UnreadableFile(
                f"{source.name}: its elements are nested more than {_DEEPEST} deep, which no "
                "document is"
            )
    return root
